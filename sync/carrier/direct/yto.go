package direct

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// YTO is an account at YTO's open platform: the parameters are JSON in a text, and
// that text, the method and its version are signed. Source: the platform's pages;
// its own vector of the digest is in the tests.
type YTO struct{ a Account }

var (
	_ carrier.Booker  = (*YTO)(nil)
	_ carrier.Tracker = (*YTO)(nil)
)

// NewYTO makes the driver. Account.ID is the app's code, Account.Customer the
// customer's.
func NewYTO(a Account) (*YTO, error) {
	a, err := a.check("https://openapi.yto.net.cn:11443")
	if err == nil && a.Customer == "" {
		err = errors.New("the customer's code is needed")
	}
	if err != nil {
		return nil, fmt.Errorf("yto: %w", err)
	}
	return &YTO{a}, nil
}

// SignYTO gives the signature of a call.
func SignYTO(param, method, version, secret string) string {
	return b64md5(param + method + version + secret)
}

// ytoVersion is that of the methods used here.
const ytoVersion = "v1"

// Book implements carrier.Booker.
func (c *YTO) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	ask := map[string]any{
		"logisticsNo": s.ID,
		"senderName":  s.From.Name, "senderMobile": s.From.Phone, "senderProvinceName": s.From.Province, "senderCityName": s.From.City,
		"senderCountyName": s.From.District, "senderAddress": s.From.Detail,
		"recipientName": s.To.Name, "recipientMobile": s.To.Phone, "recipientProvinceName": s.To.Province, "recipientCityName": s.To.City,
		"recipientCountyName": s.To.District, "recipientAddress": s.To.Detail,
		"goods": []any{map[string]any{"name": s.Goods, "quantity": max(s.Count, 1)}},
	}
	if s.Grams > 0 {
		ask["weight"] = kilos(int64(s.Grams))
	}
	got, err := c.call(ctx, "book", "privacy_create_adapter", ask)
	// A duplicate is answered with the number that was given first.
	if err != nil && (classOf(err) != carrier.Duplicate || got.No == "") {
		return carrier.Booking{}, err
	}
	return carrier.CheckBooking(carrier.Booking{Waybill: floor.WaybillNo(got.No), SortCode: got.Short})
}

// Void implements carrier.Booker.
func (c *YTO) Void(ctx context.Context, id string, _ floor.WaybillNo) error {
	_, err := c.call(ctx, "void", "korder_cancel_adapter", map[string]any{"logisticsNo": id, "cancelDesc": "不发货"})
	return carrier.Voided(err)
}

type ytoAnswer struct {
	Success *bool  `json:"success"`
	No      string `json:"mailNo"`
	Short   string `json:"shortAddress"`
	Code    any    `json:"code"` // number or text
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// post sends a call and gives the answer as it is.
func (c *YTO) post(ctx context.Context, op, method string, ask any) ([]byte, error) {
	param, err := carrier.Encode(op, ask)
	if err != nil {
		return nil, err
	}
	body, err := carrier.Encode(op, map[string]string{
		"timestamp": strconv.FormatInt(time.Now().UnixMilli(), 10), "param": param, "format": "JSON",
		"sign": SignYTO(param, method, ytoVersion, c.a.Secret),
	})
	if err != nil {
		return nil, err
	}
	address := c.a.URL + "/open/" + method + "/" + ytoVersion + "/" + url.PathEscape(c.a.ID) + "/" + url.PathEscape(c.a.Customer)
	return carrier.Post(ctx, c.a.Client, op, address, "application/json;charset=UTF-8", body, nil)
}

func (c *YTO) call(ctx context.Context, op, method string, ask any) (ytoAnswer, error) {
	var got ytoAnswer
	answer, err := c.post(ctx, op, method, ask)
	if err != nil {
		return got, err
	}
	return got, c.read(op, answer, &got)
}

// read reads an answer that is no list, and what it says no to.
func (c *YTO) read(op string, answer []byte, got *ytoAnswer) error {
	if err := decode(op, answer, got); err != nil {
		return err
	}
	ok := got.Success
	if ok == nil && got.No != "" {
		yes := true // some answers with a number say no more
		ok = &yes
	}
	switch {
	case ok == nil && got.Code == nil && got.Message == "" && got.Reason == "":
		return carrier.Unread(op, errors.New("no success"))
	case ok == nil || !*ok:
		code := ""
		if got.Code != nil {
			code = fmt.Sprint(got.Code)
		}
		return carrier.Judge(op, code, got.Message+got.Reason, nil)
	}
	return nil
}

// ytoMoved are the states of a track behind the collection.
var ytoMoved = []string{"ARRIVAL", "DEPARTURE", "SENT_SCAN", "INBOUND", "SIGNED", "AIRSEND", "AIRPICK"}

// AtOnce implements carrier.Tracker.
func (c *YTO) AtOnce() int { return 1 }

// Collected implements carrier.Tracker. The answer is a list of scans, or an object
// that says why there is none.
func (c *YTO) Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	return one(numbers, func(no floor.WaybillNo) ([]carrier.Trace, error) {
		answer, err := c.post(ctx, "track", "track_query_adapter", map[string]any{"NUMBER": no})
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(bytes.TrimSpace(answer), []byte("[")) {
			var no ytoAnswer
			return nil, c.read("track", answer, &no)
		}
		var got []struct {
			At    json.RawMessage `json:"upload_Time"`
			State string          `json:"infoContent"`
		}
		if err := decode("track", answer, &got); err != nil {
			return nil, err
		}
		var track []carrier.Trace
		for _, s := range got {
			track = append(track, carrier.Trace{At: carrier.Moment(s.At), Taken: s.State == "GOT", Moved: slices.Contains(ytoMoved, s.State)})
		}
		return track, nil
	})
}
