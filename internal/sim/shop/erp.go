package shop

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"floord/internal/sim/wire"
)

// An ERP pretends to be one that drives a warehouse over Qimen: it sends orders,
// and hears how far each is and which parcels left.
type ERP struct {
	Faults wire.Faults // of what it is told

	customer, client, secret string

	mu      sync.Mutex
	orders  int                 // guarded by mu, like all below
	steps   map[string][]string // by order
	parcels map[string][]string // waybills by order
	told    map[string]int      // confirmations by order
}

// NewERP makes an ERP of one customer.
func NewERP(customer, client, secret string) *ERP {
	return &ERP{customer: customer, client: client, secret: secret, steps: map[string][]string{}, parcels: map[string][]string{}, told: map[string]int{}}
}

// Place sends an order to a warehouse, whose door for this customer is at hook, until
// it is taken, and gives its number.
func (e *ERP) Place(hook string, o Order) (string, error) {
	e.mu.Lock()
	e.orders++
	number := fmt.Sprintf("DO%08d", e.orders)
	e.mu.Unlock()
	var b strings.Builder
	text := func(tag, value string) {
		fmt.Fprintf(&b, "<%s>", tag)
		_ = xml.EscapeText(&b, []byte(value)) // a Builder takes all
		fmt.Fprintf(&b, "</%s>", tag)
	}
	now := time.Now()
	b.WriteString("<request><deliveryOrder>")
	text("deliveryOrderCode", number)
	text("orderType", "JYCK")
	text("operateTime", local(now))
	text("payTime", local(now))
	text("latestDeliveryTime", local(now.Add(o.ShipIn)))
	text("buyerMessage", o.Memo)
	b.WriteString("<receiverInfo>")
	text("name", o.Name)
	text("mobile", o.Phone)
	text("province", o.Province)
	text("city", o.City)
	text("area", o.District)
	text("detailAddress", o.Street)
	b.WriteString("</receiverInfo></deliveryOrder><orderLines>")
	for _, it := range o.Items {
		b.WriteString("<orderLine>")
		text("itemCode", it.SKU)
		text("itemName", it.Name)
		text("planQty", fmt.Sprint(it.Qty))
		text("actualPrice", yuan(o.PayFen))
		b.WriteString("</orderLine>")
	}
	b.WriteString("</orderLines></request>")
	return number, e.ask(hook, "deliveryorder.create", b.String())
}

func (e *ERP) ask(hook, method, body string) error {
	q := url.Values{"method": {"taobao.qimen." + method}, "app_key": {e.client}, "customerId": {e.customer}, "format": {"xml"}, "v": {"2.0"},
		"sign_method": {"md5"}, "timestamp": {local(time.Now())}}
	q.Set("sign", strings.ToUpper(md5hex(e.secret+pairs(q, true)+body+e.secret)))
	resp, err := http.Post(hook+"?"+q.Encode(), "text/xml", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err == nil && !strings.Contains(string(said), "<flag>success</flag>") {
		err = fmt.Errorf("%s: %s: %.200s", method, resp.Status, said)
	}
	return err
}

// ServeHTTP hears what the warehouse says.
func (e *ERP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.Faults.Before(http.HandlerFunc(e.hear), func(r *http.Request) string { return r.URL.Query().Get("method") }).ServeHTTP(w, r)
}

func (e *ERP) hear(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var said struct {
		Code     string   `xml:"deliveryOrder>deliveryOrderCode"`
		Waybills []string `xml:"packages>package>expressCode"`
		Order    string   `xml:"order>orderCode"`
		Step     string   `xml:"process>processStatus"`
	}
	q := r.URL.Query()
	answer := "<response><flag>failure</flag><code>sign-check-failure</code><message>签名错误</message></response>"
	if err == nil && q.Get("sign") == strings.ToUpper(md5hex(e.secret+pairs(q, true)+string(body)+e.secret)) && xml.Unmarshal(body, &said) == nil {
		e.mu.Lock()
		switch {
		case said.Code != "":
			e.parcels[said.Code], e.told[said.Code] = said.Waybills, e.told[said.Code]+1
		case said.Order != "":
			e.steps[said.Order] = append(e.steps[said.Order], said.Step)
		}
		e.mu.Unlock()
		answer = "<response><flag>success</flag><code>0</code><message></message></response>"
	}
	w.Header().Set("Content-Type", "text/xml;charset=utf-8")
	_, _ = io.WriteString(w, answer)
}

// Shipped gives the waybill of an order, and how often it was said.
func (e *ERP) Shipped(number string) (waybill string, times int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w := e.parcels[number]; len(w) > 0 {
		waybill = w[len(w)-1]
	}
	return waybill, e.told[number]
}

// Steps gives what the ERP heard of an order's way.
func (e *ERP) Steps(number string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.steps[number]...)
}
