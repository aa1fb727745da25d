// Package qimen speaks Qimen (奇门), the words that ERPs already have for a
// warehouse, both ways: the ERP gives us delivery orders and cancels them, and we
// tell it what becomes of them. The field names are those of the platform's API
// metadata; how requests are signed was seen only in secondary sources.
package qimen

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/sign"
)

// Limits of a request.
const (
	maxBody  = 2 << 20
	maxLines = 500
	maxSkew  = 10 * time.Minute
)

// Options say who the ERP is and what the floor does when it asks.
type Options struct {
	Channel  floor.ChannelID
	Customer string // the warehouse's id at the ERP (customerId): the shop of its orders
	AppKey   string
	Secret   func() (string, error) // read anew at each use
	URL      string                 // of the ERP
	Client   *http.Client           // nil: one with a limit of time
	Carriers map[floor.CarrierID]string

	// Create takes an order in, durably. Cancel stops one and says whether nothing
	// of it will leave; if not, how far it is, for people.
	Create func(context.Context, floor.ShopOrder) error
	Cancel func(ctx context.Context, number string) (stopped bool, how string, err error)
	// Refused is told of a request that is not the ERP's.
	Refused func(ctx context.Context, result string)
}

// A Channel is one ERP. It is an http.Handler for what the ERP asks, and a
// channel.Channel for what we tell it.
type Channel struct{ o Options }

var _ channel.Channel = (*Channel)(nil)

// New makes a Channel. It asks nothing yet.
func New(o Options) (*Channel, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("qimen: %q is no http address", o.URL)
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 30 * time.Second}
	}
	return &Channel{o}, nil
}

// ---- what the ERP asks

// An answer is the body of every Qimen answer.
type answer struct {
	XMLName xml.Name `xml:"response"`
	Flag    string   `xml:"flag"`
	Code    string   `xml:"code"`
	Message string   `xml:"message"`
	ID      string   `xml:"deliveryOrderId,omitempty"`
}

// request is what of the requests we read.
type request struct {
	XMLName xml.Name `xml:"request"`
	Order   struct {
		Code     string `xml:"deliveryOrderCode"`
		Type     string `xml:"orderType"`
		Created  string `xml:"createTime"`
		Placed   string `xml:"placeOrderTime"`
		Paid     string `xml:"payTime"`
		Operated string `xml:"operateTime"`
		Latest   string `xml:"latestDeliveryTime"`
		Collect  string `xml:"latestCollectionTime"`
		Carrier  string `xml:"logisticsCode"`
		Urgent   string `xml:"isUrgency"`
		Buyer    string `xml:"buyerMessage"`
		Seller   string `xml:"sellerMessage"`
		Remark   string `xml:"remark"`
		Amount   string `xml:"totalAmount"`
		To       struct {
			Name     string `xml:"name"`
			Mobile   string `xml:"mobile"`
			Tel      string `xml:"tel"`
			Province string `xml:"province"`
			City     string `xml:"city"`
			Area     string `xml:"area"`
			Detail   string `xml:"detailAddress"`
			Oaid     string `xml:"oaid"`
		} `xml:"receiverInfo"`
	} `xml:"deliveryOrder"`
	Lines []struct {
		Code  string `xml:"itemCode"`
		Name  string `xml:"itemName"`
		Qty   string `xml:"planQty"`
		Price string `xml:"actualPrice"`
		Type  string `xml:"inventoryType"`
	} `xml:"orderLines>orderLine"`

	OrderCode string `xml:"orderCode"` // of order.cancel
}

// ServeHTTP answers one request of the ERP. An answer of success means that the
// disk has it.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || r.Method != http.MethodPost {
		write(w, http.StatusRequestEntityTooLarge, answer{Flag: "failure", Code: "too-large", Message: "报文过大或不是 POST"})
		return
	}
	q := r.URL.Query()
	if status, code, text := c.genuine(q, body); code != "" {
		c.o.Refused(r.Context(), code)
		write(w, status, answer{Flag: "failure", Code: code, Message: text})
		return
	}
	a := answer{Flag: "success", Code: "0"}
	switch method := strings.TrimPrefix(strings.TrimPrefix(q.Get("method"), "taobao.qimen."), "qimen."); method {
	case "deliveryorder.create":
		o, err := c.order(body, time.Now())
		if err == nil {
			err = c.o.Create(r.Context(), o)
		}
		if a.ID = o.Number; err != nil {
			a = failure("create", err)
		}
	case "order.cancel":
		var in request
		if err := decode(body, &in); err != nil || in.OrderCode == "" {
			a = failure("cancel", errors.Join(errors.New("没有 orderCode"), err))
			break
		}
		stopped, how, err := c.o.Cancel(r.Context(), in.OrderCode)
		switch {
		case err != nil:
			a = failure("cancel", err)
		case !stopped:
			a = answer{Flag: "failure", Code: "not-stopped", Message: how}
		}
	default:
		a = answer{Flag: "failure", Code: "unsupported", Message: "本仓不支持 " + method}
	}
	write(w, http.StatusOK, a)
}

func failure(code string, err error) answer {
	return answer{Flag: "failure", Code: code, Message: err.Error()}
}

func write(w http.ResponseWriter, status int, a answer) {
	out, _ := xml.Marshal(a) // texts can always be encoded
	w.Header().Set("Content-Type", "text/xml;charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), out...))
}

// genuine says why a request is not the ERP's; code is "" if it is.
func (c *Channel) genuine(q url.Values, body []byte) (status int, code, text string) {
	secret, err := c.o.Secret()
	if err != nil {
		return http.StatusServiceUnavailable, "closed", "仓库没有配置密钥"
	}
	query := map[string]string{}
	for name := range q {
		query[name] = q.Get(name)
	}
	if q.Get("app_key") != c.o.AppKey || q.Get("customerId") != c.o.Customer || !sign.Same(sign.Qimen(query, body, secret), q.Get("sign")) {
		return http.StatusUnauthorized, "forged", "签名错误"
	}
	at, err := time.ParseInLocation(time.DateTime, q.Get("timestamp"), china)
	if err != nil || time.Since(at).Abs() > maxSkew {
		return http.StatusConflict, "replayed", "时间戳超出允许范围"
	}
	return 0, "", ""
}

var china = time.FixedZone("GMT+8", 8*3600)

func decode(body []byte, into *request) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = true
	return d.Decode(into)
}

// order reads a delivery order. What cannot be read holds it and is named.
func (c *Channel) order(body []byte, now time.Time) (floor.ShopOrder, error) {
	var in request
	if err := decode(body, &in); err != nil {
		return floor.ShopOrder{}, fmt.Errorf("报文不是 XML: %w", err)
	}
	d := &in.Order
	o := floor.ShopOrder{Channel: c.o.Channel, Shop: c.o.Customer, Number: d.Code, State: floor.ShopPaid, Content: channelmap.Sum(body), Raw: body,
		BuyerNote: cut(d.Buyer, 1000), SellerNote: cut(strings.TrimSpace(d.Seller+" "+d.Remark), 1000),
		To: floor.Recipient{Name: cut(d.To.Name, 200), Phone: cut(first(d.To.Mobile, d.To.Tel), 200), Province: cut(d.To.Province, 200), City: cut(d.To.City, 200),
			District: cut(d.To.Area, 200), Detail: cut(d.To.Detail, 200), Token: cut(d.To.Oaid, 200), Masked: d.To.Oaid != ""}}
	if o.Number == "" || len(o.Number) > 64 || len(in.Lines) == 0 || len(in.Lines) > maxLines {
		return o, fmt.Errorf("deliveryOrderCode 要 1 到 64 位,orderLine 要 1 到 %d 行", maxLines)
	}
	bad := func(field, value string) {
		if len(o.Holds) < 12 {
			o.Holds = append(o.Holds, floor.Hold{Code: floor.HoldUnmapped, Field: field, Text: cut(value, 40)})
		}
	}
	moment := func(field, s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateTime, s, china)
		if err != nil {
			bad(field, s)
			return time.Time{}
		}
		return t.UTC()
	}
	o.CreatedAt, o.PaidAt = moment("placeOrderTime", d.Placed), moment("payTime", d.Paid)
	o.ShipBy, o.CollectBy = moment("latestDeliveryTime", d.Latest), moment("latestCollectionTime", d.Collect)
	if o.ModifiedAt = moment("operateTime", first(d.Operated, d.Created)); o.ModifiedAt.IsZero() {
		o.ModifiedAt = now.UTC().Truncate(time.Second)
	}
	if d.Urgent == "Y" || d.Urgent == "true" {
		o.Flags = append(o.Flags, "urgent")
	}
	if o.BuyerNote != "" {
		o.Flags = append(o.Flags, "buyer_message")
	}
	switch d.Type {
	case "JYCK", "HHCK", "BFCK", "QTCK":
	default:
		bad("orderType", d.Type)
	}
	var total floor.Fen
	for i, l := range in.Lines {
		at := fmt.Sprintf("orderLines[%d].", i)
		whole, rest, _ := strings.Cut(l.Qty, ".") // some ERPs say 2.0000
		qty, err := strconv.Atoi(whole)
		if err != nil || strings.Trim(rest, "0") != "" || qty < 1 || qty > 1_000_000 {
			bad(at+"planQty", l.Qty)
		}
		if l.Code == "" || len(l.Code) > 64 {
			bad(at+"itemCode", l.Code)
		}
		if l.Type != "" && l.Type != "ZP" { // ZP is sound stock
			bad(at+"inventoryType", l.Type)
		}
		if l.Price != "" {
			fen, err := channelmap.Yuan(l.Price)
			if err != nil || fen < 0 {
				bad(at+"actualPrice", l.Price)
			}
			total += fen * floor.Fen(max(qty, 0))
		}
		o.Lines = append(o.Lines, floor.ShopLine{SKU: floor.SKU(cut(l.Code, 64)), Qty: qty, Name: cut(l.Name, 200)})
	}
	if o.Pay = total; d.Amount != "" {
		fen, err := channelmap.Yuan(d.Amount)
		if err != nil || fen < 0 {
			bad("totalAmount", d.Amount)
		}
		o.Pay = fen
	}
	return o, nil
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// cut drops control characters and cuts to most runes.
func cut(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s))
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// Try prints how a saved request is understood: XML as it came, or JSON that has
// it as body.
func Try(w io.Writer, payload []byte) error {
	var saved struct{ Body string }
	if json.Unmarshal(payload, &saved) == nil && saved.Body != "" {
		payload = []byte(saved.Body)
	}
	if !bytes.Contains(payload, []byte("<deliveryOrder>")) {
		var any struct{ XMLName xml.Name }
		return xml.Unmarshal(payload, &any)
	}
	o, err := (&Channel{}).order(payload, time.Now())
	if err != nil {
		return err
	}
	return channel.WriteOrders(w, []floor.ShopOrder{o})
}

// ---- what we tell the ERP

// Pull gives nothing: the ERP comes by itself.
func (c *Channel) Pull(_ context.Context, after channel.Cursor) (channel.Page, error) {
	return channel.Page{Next: after}, nil
}

// Check cannot ask: what the ERP wants to say of an order, it has said.
func (c *Channel) Check(context.Context, string) (floor.ShopOrder, error) {
	return floor.ShopOrder{}, &channel.Error{Class: channel.Retryable, Op: "check", Code: "not-asked",
		Zh: "奇门不提供订单查询,以已收到的指令为准。", En: "Qimen has no question for one order; what the ERP has said counts"}
}

// Answer tells nothing: a cancel was answered when it was asked.
func (c *Channel) Answer(ctx context.Context, _ channel.Answer) error { return ctx.Err() }

type item struct {
	Code string `xml:"itemCode"`
	Qty  int    `xml:"quantity"`
}

type confirmation struct {
	XMLName xml.Name `xml:"request"`
	Order   struct {
		Code    string `xml:"deliveryOrderCode"`
		Status  string `xml:"status"`
		OutBiz  string `xml:"outBizCode"`
		Confirm int    `xml:"confirmType"` // 1: more parcels follow
		At      string `xml:"orderConfirmTime"`
		Done    string `xml:"operateTime"`
	} `xml:"deliveryOrder"`
	Package struct {
		Carrier string `xml:"logisticsCode"`
		Waybill string `xml:"expressCode"`
		Items   []item `xml:"items>item"`
	} `xml:"packages>package"`
}

// Report implements channel.Channel by deliveryorder.confirm. outBizCode is the
// report's key: the ERP takes the same one once.
func (c *Channel) Report(ctx context.Context, r channel.Report) error {
	code := c.o.Carriers[r.Carrier]
	if code == "" {
		code = strings.ToUpper(string(r.Carrier)) // Qimen's codes are SF, YTO, ZTO ...
	}
	now := time.Now().In(china).Format(time.DateTime)
	var in confirmation
	in.Order.Code, in.Order.Status, in.Order.OutBiz, in.Order.At, in.Order.Done = r.Number, "DELIVERED", r.Key, now, now
	if r.Part {
		in.Order.Status, in.Order.Confirm = "PARTDELIVERED", 1
	}
	in.Package.Carrier, in.Package.Waybill = code, string(r.Waybill)
	for _, l := range r.Lines {
		in.Package.Items = append(in.Package.Items, item{string(l.SKU), l.Qty})
	}
	return c.ask(ctx, "taobao.qimen.deliveryorder.confirm", in)
}

type process struct {
	XMLName xml.Name `xml:"request"`
	Order   struct {
		Code string `xml:"orderCode"`
		Type string `xml:"orderType"`
	} `xml:"order"`
	Process struct {
		Status string `xml:"processStatus"`
		At     string `xml:"operateTime"`
	} `xml:"process"`
}

// Progress tells the ERP how far an order is: ACCEPT, PICK, CHECK, PACKAGE, WEIGH,
// DELIVERED, EXCEPTION.
func (c *Channel) Progress(ctx context.Context, number, status string, at time.Time) error {
	var in process
	in.Order.Code, in.Order.Type = number, "JYCK"
	in.Process.Status, in.Process.At = status, at.In(china).Format(time.DateTime)
	return c.ask(ctx, "taobao.qimen.orderprocess.report", in)
}

// ask sends one request and reads its answer.
func (c *Channel) ask(ctx context.Context, method string, in any) error {
	secret, err := c.o.Secret()
	if err != nil {
		return &channel.Error{Class: channel.Unauthorized, Op: method, Code: "no-secret", Err: err, Zh: "读不到奇门密钥文件。", En: "the secret file cannot be read"}
	}
	body, err := xml.Marshal(in)
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), body...)
	query := map[string]string{"method": method, "app_key": c.o.AppKey, "customerId": c.o.Customer, "format": "xml", "v": "2.0",
		"sign_method": "md5", "timestamp": time.Now().In(china).Format(time.DateTime)}
	query["sign"] = sign.Qimen(query, body, secret)
	v := url.Values{}
	for k, s := range query {
		v.Set(k, s)
	}
	u, _ := url.Parse(c.o.URL) // New has parsed it
	u.RawQuery = v.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/xml;charset=utf-8")
	resp, err := c.o.Client.Do(req)
	if err != nil {
		return channel.Lost(ctx, method, bare(err))
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return channel.Lost(ctx, method, bare(err))
	}
	var a answer
	if xml.Unmarshal(out, &a) != nil || a.Flag == "" {
		return &channel.Error{Class: channel.Retryable, Op: method, Code: "http-" + strconv.Itoa(resp.StatusCode),
			Zh: "ERP 没有给出奇门应答,系统会自动重试。", En: "the ERP gave no Qimen answer; it will be asked again"}
	}
	if a.Flag != "success" {
		said := cut(a.Message, 100)
		class := channel.Refused
		if strings.Contains(a.Code, "sign") {
			class = channel.Unauthorized
		}
		return &channel.Error{Class: class, Op: method, Code: cut(a.Code, 64), Zh: "ERP 拒绝了上报:" + said + "。请组长查看。", En: "the ERP refused: " + said + "; a lead should look"}
	}
	return nil
}

// bare gives the cause of a client's error without the address, which is signed.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
