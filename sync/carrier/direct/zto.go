package direct

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// ZTO is an account at ZTO's open platform: JSON whose digest stands in a header.
// Source: the platform's Java samples.
type ZTO struct{ a Account }

var (
	_ carrier.Booker  = (*ZTO)(nil)
	_ carrier.Tracker = (*ZTO)(nil)
)

// NewZTO makes the driver. Account.Customer is the e-waybill account.
func NewZTO(a Account) (*ZTO, error) {
	a, err := a.check("https://japi.zto.com")
	if err != nil {
		return nil, fmt.Errorf("zto: %w", err)
	}
	return &ZTO{a}, nil
}

// SignZTO gives the header x-dataDigest.
func SignZTO(body, secret string) string { return b64md5(body + secret) }

// Book implements carrier.Booker.
func (c *ZTO) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	ask := map[string]any{
		"partnerType": "2", "orderType": "1", "partnerOrderCode": s.ID,
		"accountInfo": map[string]any{"accountId": c.a.Customer, "type": 1},
		"senderInfo": map[string]any{
			"senderName": s.From.Name, "senderPhone": s.From.Phone, "senderProvince": s.From.Province, "senderCity": s.From.City,
			"senderDistrict": s.From.District, "senderAddress": s.From.Detail,
		},
		"receiveInfo": map[string]any{
			"receiverName": s.To.Name, "receiverMobile": s.To.Phone, "receiverProvince": s.To.Province, "receiverCity": s.To.City,
			"receiverDistrict": s.To.District, "receiverAddress": s.To.Detail,
		},
		"summaryInfo": map[string]any{"quantity": 1},
		"orderItems":  []any{map[string]any{"name": s.Goods, "quantity": max(s.Count, 1), "weight": s.Grams}},
	}
	var got struct {
		No   string `json:"billCode"`
		Mark struct {
			Mark string `json:"mark"`
		} `json:"bigMarkInfo"`
	}
	err := c.call(ctx, "book", "zto.open.createOrder", ask, &got)
	if classOf(err) == carrier.Duplicate {
		var found []struct {
			No   string `json:"billCode"`
			Mark string `json:"mark"`
		}
		err = c.call(ctx, "book", "zto.open.getOrderInfo", map[string]any{"type": 0, "orderCode": s.ID}, &found)
		if err == nil && len(found) > 0 {
			got.No, got.Mark.Mark = found[0].No, found[0].Mark
		}
	}
	if err != nil {
		return carrier.Booking{}, err
	}
	return carrier.CheckBooking(carrier.Booking{Waybill: floor.WaybillNo(got.No), SortCode: got.Mark.Mark})
}

// Void implements carrier.Booker.
func (c *ZTO) Void(ctx context.Context, id string, no floor.WaybillNo) error {
	err := c.call(ctx, "void", "zto.open.cancelPreOrder", map[string]any{"cancelType": "1", "orderCode": id, "billCode": no}, nil)
	return carrier.Voided(err)
}

func (c *ZTO) call(ctx context.Context, op, method string, ask, into any) error {
	body, err := carrier.Encode(op, ask)
	if err != nil {
		return err
	}
	answer, err := carrier.Post(ctx, c.a.Client, op, c.a.URL+"/"+method, "application/json;charset=UTF-8", body, map[string]string{
		"x-appKey": c.a.ID, "x-dataDigest": SignZTO(body, c.a.Secret),
	})
	if err != nil {
		return err
	}
	var got struct {
		Status *bool           `json:"status"`
		Code   string          `json:"statusCode"`
		Msg    string          `json:"message"`
		Result json.RawMessage `json:"result"`
	}
	if err := decode(op, answer, &got); err != nil {
		return err
	}
	switch {
	case got.Status == nil:
		return carrier.Unread(op, errors.New("no status"))
	case !*got.Status:
		return carrier.Judge(op, got.Code, got.Msg, nil)
	}
	return decodePart(op, got.Result, into)
}

// AtOnce implements carrier.Tracker.
func (c *ZTO) AtOnce() int { return 1 }

// Collected implements carrier.Tracker.
func (c *ZTO) Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	var got []struct {
		At   json.RawMessage `json:"scanDate"`
		Type string          `json:"scanType"`
	}
	return one(numbers, func(no floor.WaybillNo) ([]carrier.Trace, error) {
		err := c.call(ctx, "track", "zto.merchant.waybill.track.query", map[string]any{"billCode": no}, &got)
		var track []carrier.Trace
		for _, s := range got {
			track = append(track, carrier.Trace{At: carrier.Moment(s.At), Taken: s.Type == "收件" || s.Type == "揽收", Moved: slices.Contains(ztoMoved, s.Type)})
		}
		return track, err
	})
}

// ztoMoved are the scans behind the collection.
var ztoMoved = []string{"发件", "到件", "派件", "签收", "第三方签收", "派件入三方", "退件签收"}
