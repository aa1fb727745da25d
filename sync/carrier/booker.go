package carrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// A Booker is an account that gives a number for one parcel to one recipient, as
// most carriers and all platforms do. All methods may be called from several
// goroutines. An error is an *Error, or ctx's own.
type Booker interface {
	// Book gives the shipment's number. The same ID asked again, after a lost
	// answer or a restart, gives the same number.
	Book(ctx context.Context, s Shipment) (Booking, error)

	// Void gives a number back. What is void already, or was never known, counts as
	// done. no may be empty where the carrier goes by the ID alone.
	Void(ctx context.Context, id string, no floor.WaybillNo) error
}

// A Shipment is one parcel for which a number is wanted.
type Shipment struct {
	ID      string // 1 to 64 characters of printable ASCII, never used for another
	From    Party
	To      floor.Recipient // cipher and token where the platform hides it
	Number  string          // the shop's own number of the order
	Also    []string        // of further orders that go in the same parcel
	Grams   floor.Grams     // 0 = not known
	Goods   string          // what is in it, in a few words
	Count   int             // pieces
	Package int             // of the order, from 1
}

// A Party is a sender.
type Party struct {
	Name, Phone                      string
	Province, City, District, Detail string
}

// A Booking is the answer to a Shipment.
type Booking struct {
	Waybill  floor.WaybillNo
	SortCode string
	Ticket   *floor.Ticket // where only the platform's component can make the label
}

// CheckShipment says what is wrong with a shipment, or nil.
func CheckShipment(s Shipment) error {
	if !plain(s.ID) {
		return &Error{Class: Refused, Op: "book", Code: "shipment-id", Zh: "取号请求编号无效。", En: "the shipment's id is not 1 to 64 characters of printable ASCII"}
	}
	return nil
}

// CheckBooking says whether an answer can be a booking. A wrong one reaches no parcel.
func CheckBooking(b Booking) (Booking, error) {
	if !ValidNo(b.Waybill) {
		return Booking{}, &Error{Class: Refused, Op: "book", Code: "answer-number", Zh: "承运商返回的单号格式不对,请联系承运商。", En: "the carrier gave a number that is no waybill number; call the carrier"}
	}
	if len(b.SortCode) > 64 {
		b.SortCode = ""
	}
	return b, nil
}

// Wire checks a service's address, own where there is none, and gives it without its
// last slash, and a client, NewClient's where there is none.
func Wire(address, own string, c *http.Client) (string, *http.Client, error) {
	if address == "" {
		address = own
	}
	if c == nil {
		c = NewClient()
	}
	base, err := Base(address)
	return base, c, err
}

// Encode gives compact JSON with sorted keys and no HTML escapes, as signatures are
// made over it.
func Encode(op string, v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// Beijing is a moment as the carriers and platforms write it.
func Beijing(t time.Time) string {
	return t.In(time.FixedZone("UTC+8", 8*3600)).Format(time.DateTime)
}

// Voided is the error of a void: a number that is void already is done.
func Voided(err error) error {
	if err != nil && ClassOf(err) == Spent {
		return nil
	}
	return err
}

// maxAnswer bounds an answer. The table of 3,000 districts is about 300 kB.
const maxAnswer = 4 << 20

// NewClient makes a client that gives up on a silent carrier and follows no
// redirect: a request may hold a token.
func NewClient() *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Base checks a service's address and gives it without its last slash.
func Base(service string) (string, error) {
	u, err := url.Parse(service)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", fmt.Errorf("%q is no http address", service)
	}
	return strings.TrimSuffix(service, "/"), nil
}

// Post sends a body and gives the answer's. What goes wrong on the wire or in HTTP
// is classified here; what the carrier says in its answer, by the driver.
func Post(ctx context.Context, c *http.Client, op, address, kind, body string, header map[string]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", kind)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, Lost(ctx, op, bare(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, Lost(ctx, op, bare(err))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, httpError(op, resp)
	}
	if len(answer) > maxAnswer {
		return nil, Unread(op, fmt.Errorf("more than %d bytes", maxAnswer))
	}
	return answer, nil
}

// Unread is the error of an answer that makes no sense: a page of a proxy, half a
// JSON. It may have taken effect.
func Unread(op string, err error) error {
	return &Error{Class: Retryable, Op: op, Code: "answer", Err: err,
		Zh: "承运商返回的内容无法读取,系统会自动重试。", En: "the carrier's answer cannot be read; it will be asked again"}
}

func httpError(op string, resp *http.Response) error {
	e := &Error{Class: Retryable, Op: op, Code: "http-" + strconv.Itoa(resp.StatusCode),
		Zh: "承运商服务器出错,系统会自动重试。", En: "the carrier's server failed; it will be asked again"}
	switch c := resp.StatusCode; {
	case c == http.StatusTooManyRequests:
		e.Class, e.After = RateLimited, 5*time.Second
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n <= 3600 {
			e.After = time.Duration(n) * time.Second
		}
	case c == http.StatusUnauthorized:
		e.Class = Unauthorized
		e.Zh, e.En = "承运商拒绝了本机的访问,请核对账号与密钥。", "the carrier denies this account; check it and its key"
	case c >= 300 && c < 500 && c != http.StatusRequestTimeout:
		e.Class = Refused
		e.Zh, e.En = "承运商地址不对或被代理拦截,请检查配置。", "the carrier's address is wrong or a proxy is in the way; check the configuration"
	}
	return e
}

// bare takes the URL out of an http error: it hides the cause.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// said are words by which carriers' refusals are told apart where their codes are
// not documented; the first that fits counts.
var said = []struct {
	class Class
	words []string
}{
	{Spent, []string{"已取消", "已作废", "已消单", "canceled", "cancelled"}},
	{Duplicate, []string{"重复", "已存在", "duplicate"}},
	{Exhausted, []string{"余额", "单号不足", "库存不足", "可用数量", "balance"}},
	{Unserved, []string{"不可达", "超范围", "超出服务范围", "不派送", "停发", "不支持该地区", "无法送达", "无路由", "not deliverable", "no route"}},
	{BadAddress, []string{"地址", "省市区", "收件人", "手机", "电话", "address"}},
	{RateLimited, []string{"限流", "频繁", "次数", "too fast", "limit"}},
	{Unauthorized, []string{"签名", "密钥", "授权", "权限", "token", "session", "白名单", "sign"}},
	{Retryable, []string{"系统", "繁忙", "超时", "稍后", "busy", "timeout", "internal"}},
}

// Judge gives the error of a carrier's no. known says what its documented codes
// mean; of others the words of its message decide, and what those do not tell is
// Refused. The carrier's own message goes to the person who looks.
func Judge(op, code, text string, known map[string]Class) error {
	class, ok := known[code]
	if !ok {
		class = Refused
		low := strings.ToLower(text)
	search:
		for _, s := range said {
			for _, w := range s.words {
				if strings.Contains(low, w) {
					class = s.class
					break search
				}
			}
		}
	}
	e := &Error{Class: class, Op: op, Code: short(code, 40)}
	e.Zh, e.En = sentence(class)
	if text = short(text, 80); text != "" && class != BadAddress { // which may quote the recipient
		e.Zh, e.En = e.Zh+"（"+text+"）", e.En+" ("+text+")"
	}
	if class == RateLimited {
		e.After = 2 * time.Second
	}
	return e
}

// short gives the first n characters of a text from outside, on one line.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return s
}

func sentence(c Class) (zh, en string) {
	switch c {
	case Unauthorized:
		return "承运商不认可账号或签名,请核对账号、密钥与授权", "the carrier rejects the account or its signature; check account, key and permission"
	case Exhausted:
		return "电子面单余额不足,请充值", "the waybill account is empty; top it up"
	case RateLimited:
		return "承运商限流,系统会稍后自动重试", "the carrier limits the rate; it will be asked again later"
	case Retryable:
		return "承运商系统繁忙,系统会自动重试", "the carrier is busy; it will be asked again"
	case Unserved:
		return "承运商不送这个地区,请换承运商", "the carrier does not serve this place; take another"
	case BadAddress:
		return "承运商认不出收件信息,请核对地址和电话", "the carrier cannot read the recipient; check address and phone"
	case Duplicate:
		return "这个订单编号已取过号", "a number was given for this id already"
	case Spent:
		return "这个订单编号已作废,系统会换编号再取", "this id is void; another is taken"
	}
	return "承运商拒绝了请求,请组长联系承运商", "the carrier refused; a lead should call it"
}
