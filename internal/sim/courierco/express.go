package courierco

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/internal/sim/wire"
)

// An Express pretends to be a carrier that gives a number for each parcel: "sf",
// "zto", "yto" or "jdl" as they speak on the wire, or a platform's waybill service:
// "cainiao", "pdd", "douyin". It checks signatures and clocks, knows places it does
// not go to and addresses it cannot read, has a balance, and answers an id asked
// twice as it is told. It is an http.Handler; all methods may be called meanwhile.
type Express struct {
	Faults wire.Faults // by operation: "book", "void", "find", "print", "track"

	o ExpressOptions

	mu     sync.Mutex
	left   int               // numbers that may still be given; guarded by mu, like all below
	next   int64             // the next number's count
	orders map[string]*order // by id
	byNo   map[string]*order
	again  bool   // the next number is one that was given already
	words  string // said to every request instead of an answer
	last   string // number given last
}

// ExpressOptions are who the service is and whom it knows.
type ExpressOptions struct {
	Kind     string
	ID       string // app key, partner id
	Secret   string
	Customer string
	Token    string // of the kinds that want one
	Balance  int
	// Strict answers an id asked twice with a no, instead of its first number.
	Strict bool
}

type order struct {
	id, no          string
	void, collected bool
	at              time.Time // of the first scan
}

// NewExpress makes a service.
func NewExpress(o ExpressOptions) *Express {
	return &Express{o: o, left: o.Balance, next: time.Now().Unix() % 1e7 * 1000, orders: map[string]*order{}, byNo: map[string]*order{}}
}

// TopUp sets how many numbers may still be given.
func (x *Express) TopUp(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.left = n
}

// Say makes every request be answered with this no, until "" is given.
func (x *Express) Say(words string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.words = words
}

// Repeat makes the next new order get the number of the one before.
func (x *Express) Repeat() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.again = true
}

// Sold counts the numbers given and not void.
func (x *Express) Sold() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, o := range x.orders {
		if !o.void {
			n++
		}
	}
	return n
}

// Collect makes a number one that was picked up at that moment.
func (x *Express) Collect(no string, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if o := x.byNo[no]; o != nil {
		o.collected, o.at = true, at
	}
}

// A line is one of a parcel's track: what happened, in Beijing's time.
type line struct{ what, at string }

// track tells what became of a number: it was asked for, then perhaps collected, and
// moved on.
func (x *Express) track(number string) ([]line, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.byNo[number]
	if o == nil {
		return nil, &no{"UNKNOWN", "未查询到运单"}
	}
	if !o.collected {
		return nil, nil
	}
	at := func(d time.Duration) string {
		return o.at.Add(d).In(time.FixedZone("", 8*3600)).Format(time.DateTime)
	}
	return []line{{"moved", at(3 * time.Hour)}, {"taken", at(0)}, {"asked", at(-20 * time.Minute)}}, nil
}

// A no is why a request fails, in the carrier's words.
type no struct{ code, words string }

func (n *no) Error() string { return n.words }

// book gives an order its number, once.
func (x *Express) book(id, province, city, detail, phone string) (*order, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orders[id]
	switch {
	case id == "":
		return nil, &no{"PARAM", "订单号不能为空"}
	case o != nil && o.void:
		return nil, &no{"CANCELLED", "订单已取消,不能再次下单"}
	case o != nil && x.o.Strict:
		return o, &no{"DUPLICATE", "重复下单"}
	case o != nil:
		return o, nil
	case strings.HasPrefix(province, "西藏"):
		return nil, &no{"NO_ROUTE", "目的地超范围,不派送"}
	case province == "" || city == "" || len(detail) < 4 || phone == "":
		return nil, &no{"ADDRESS", "收件人地址或电话不完整"}
	case x.left < 1:
		return nil, &no{"BALANCE", "电子面单余额不足"}
	}
	x.left--
	o = &order{id: id, no: x.number()}
	if x.again && x.last != "" {
		o.no, x.again = x.last, false
	}
	x.last = o.no
	x.orders[id], x.byNo[o.no] = o, o
	return o, nil
}

func (x *Express) number() string {
	x.next++
	switch x.o.Kind {
	case "sf":
		return fmt.Sprintf("SF%013d", 7000000000000+x.next)
	case "zto":
		return fmt.Sprintf("73%012d", x.next)
	case "jdl":
		return fmt.Sprintf("JDVA%011d", x.next)
	}
	return fmt.Sprintf("YT%013d", 8000000000000+x.next)
}

func (x *Express) find(id string) (*order, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if o := x.orders[id]; o != nil {
		return o, nil
	}
	return nil, &no{"UNKNOWN", "未找到订单"}
}

// cancel voids an order by its id, or else by its number.
func (x *Express) cancel(id, number string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orders[id]
	if o == nil {
		o = x.byNo[number]
	}
	switch {
	case o == nil:
		return &no{"UNKNOWN", "未找到订单"}
	case o.void:
		return &no{"CANCELLED", "订单已取消"}
	case o.collected:
		return &no{"COLLECTED", "快件已揽收,不可撤单"}
	}
	o.void = true
	x.left++
	return nil
}

// ServeHTTP answers one call.
func (x *Express) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 256<<10))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST a small body", http.StatusBadRequest)
		return
	}
	speak := map[string]func(*http.Request, string) (string, func() any){
		"sf": x.sf, "zto": x.zto, "yto": x.yto, "jdl": x.jdl, "pdd": x.pdd, "douyin": x.douyin, "cainiao": x.top,
	}[x.o.Kind]
	op, answer := speak(r, string(body))
	x.Faults.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(answer())
	}), func(*http.Request) string { return op }).ServeHTTP(w, r)
}

// told gives the no that every request gets, or nil.
func (x *Express) told() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.words == "" {
		return nil
	}
	return &no{"TOLD", x.words}
}

func text(m map[string]any, path ...string) string {
	for _, p := range path[:len(path)-1] {
		m, _ = m[p].(map[string]any)
	}
	switch v := m[path[len(path)-1]].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func parse(s string) map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(s), &m)
	return m
}

func digest64(s string) string {
	sum := md5.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func wordsOf(err error) (code, words string) {
	if n, ok := err.(*no); ok {
		return n.code, n.words
	}
	return "", ""
}

// late reports whether a request's milliseconds are more than ten minutes off.
func late(ms string) bool {
	n, err := strconv.ParseInt(ms, 10, 64)
	return err != nil || time.Since(time.UnixMilli(n)).Abs() > 10*time.Minute
}

// ---- SF: form in, JSON in a text in JSON out

func (x *Express) sf(_ *http.Request, body string) (string, func() any) {
	form, _ := url.ParseQuery(body)
	data, at := form.Get("msgData"), form.Get("timestamp")
	op := map[string]string{"EXP_RECE_CREATE_ORDER": "book", "EXP_RECE_UPDATE_ORDER": "void", "EXP_RECE_SEARCH_ORDER_RESP": "find", "EXP_RECE_SEARCH_ROUTES": "track"}[form.Get("serviceCode")]
	return op, func() any {
		fail := func(code, msg string) any {
			return map[string]any{"apiResultCode": code, "apiErrorMsg": msg, "apiResponseID": "0001", "apiResultData": ""}
		}
		// Java's URLEncoder, letter by letter.
		var java strings.Builder
		for _, c := range []byte(data + at + x.o.Secret) {
			switch {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("*-._", c) >= 0:
				java.WriteByte(c)
			case c == ' ':
				java.WriteByte('+')
			default:
				fmt.Fprintf(&java, "%%%02X", c)
			}
		}
		switch {
		case form.Get("partnerID") != x.o.ID:
			return fail("A1004", "无对应服务权限")
		case form.Get("msgDigest") != digest64(java.String()):
			return fail("A1006", "数字签名无效")
		case late(at):
			return fail("A1002", "请求时效已过期")
		}
		ask := parse(data)
		id := text(ask, "orderId")
		var o *order
		found := map[string]any{"orderId": id, "filterResult": 2}
		err := x.told()
		if err == nil {
			switch op {
			case "book":
				var to map[string]any
				if list, ok := ask["contactInfoList"].([]any); ok {
					for _, c := range list {
						if m, _ := c.(map[string]any); text(m, "contactType") == "2" {
							to = m
						}
					}
				}
				o, err = x.book(id, text(to, "province"), text(to, "city"), text(to, "address"), text(to, "mobile"))
			case "void":
				err = x.cancel(id, "")
			case "find":
				o, err = x.find(id)
			case "track":
				of := []any{}
				numbers, _ := ask["trackingNumber"].([]any)
				if len(numbers) == 0 || len(numbers) > 10 || text(ask, "methodType") != "1" {
					return fail("A1001", "必传参数不可为空")
				}
				for _, n := range numbers {
					routes := []any{}
					track, _ := x.track(fmt.Sprint(n))
					for _, l := range track {
						routes = append(routes, map[string]any{"acceptTime": l.at, "acceptAddress": "深圳市", "opCode": map[string]string{"moved": "31", "taken": "50", "asked": "8000"}[l.what]})
					}
					of = append(of, map[string]any{"mailNo": n, "routes": routes})
				}
				found = map[string]any{"routeResps": of}
			default:
				return fail("A1001", "必传参数不可为空")
			}
		}
		inner := map[string]any{"success": err == nil, "errorCode": "S0000", "errorMsg": nil, "msgData": nil}
		if code, words := wordsOf(err); code == "NO_ROUTE" {
			inner["success"], inner["msgData"] = true, map[string]any{"orderId": id, "filterResult": 3, "remark": words, "waybillNoInfoList": []any{}}
		} else if err != nil {
			inner["errorCode"] = map[string]string{"DUPLICATE": "8016", "UNKNOWN": "8024", "CANCELLED": "8037"}[code]
			inner["errorMsg"] = words
		} else {
			if o != nil {
				found["waybillNoInfoList"] = []any{map[string]any{"waybillType": 1, "waybillNo": o.no}}
				found["routeLabelInfo"] = []any{map[string]any{"code": "1000", "routeLabelData": map[string]any{"waybillNo": o.no, "destTransferCode": "571B", "destRouteLabel": "571B-CD-012"}}}
			}
			inner["msgData"] = found
		}
		data, _ := json.Marshal(inner)
		return map[string]any{"apiResultCode": "A1000", "apiErrorMsg": "", "apiResponseID": "0001", "apiResultData": string(data)}
	}
}

// ---- ZTO

func (x *Express) zto(r *http.Request, body string) (string, func() any) {
	method := strings.TrimPrefix(r.URL.Path, "/")
	op := map[string]string{"zto.open.createOrder": "book", "zto.open.cancelPreOrder": "void", "zto.open.getOrderInfo": "find", "zto.merchant.waybill.track.query": "track"}[method]
	return op, func() any {
		fail := func(code, msg string) any {
			return map[string]any{"status": false, "statusCode": code, "message": msg, "result": nil}
		}
		if r.Header.Get("x-appKey") != x.o.ID || r.Header.Get("x-dataDigest") != digest64(body+x.o.Secret) {
			return fail("S206", "签名校验失败")
		}
		ask := parse(body)
		var o *order
		err := x.told()
		var result any
		if err == nil {
			switch op {
			case "book":
				if o, err = x.book(text(ask, "partnerOrderCode"), text(ask, "receiveInfo", "receiverProvince"), text(ask, "receiveInfo", "receiverCity"), text(ask, "receiveInfo", "receiverAddress"), text(ask, "receiveInfo", "receiverMobile")); err == nil {
					result = map[string]any{"billCode": o.no, "orderCode": "26" + o.no, "siteCode": "02100", "bigMarkInfo": map[string]any{"bagAddr": "杭州", "mark": "310-012 03"}}
				}
			case "void":
				err = x.cancel(text(ask, "orderCode"), text(ask, "billCode"))
			case "find":
				if o, err = x.find(text(ask, "orderCode")); err == nil {
					result = []any{map[string]any{"billCode": o.no, "mark": "310-012 03"}}
				}
			case "track":
				var track []line
				scans := []any{}
				track, err = x.track(text(ask, "billCode"))
				for _, l := range track {
					at, _ := time.ParseInLocation(time.DateTime, l.at, time.FixedZone("", 8*3600))
					scans = append(scans, map[string]any{"scanType": map[string]string{"moved": "发件", "taken": "收件", "asked": "下单"}[l.what], "scanDate": at.UnixMilli()})
				}
				result = scans
			default:
				return fail("S101", "接口不存在")
			}
		}
		if err != nil {
			code, words := wordsOf(err)
			return fail(map[string]string{"BALANCE": "S208", "DUPLICATE": "S207"}[code], words)
		}
		return map[string]any{"status": true, "statusCode": "SYS000", "message": "操作成功", "result": result}
	}
}

// ---- YTO

func (x *Express) yto(r *http.Request, body string) (string, func() any) {
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/open/"), "/")
	op := map[string]string{"privacy_create_adapter": "book", "korder_cancel_adapter": "void", "track_query_adapter": "track"}[part[0]]
	return op, func() any {
		fail := func(code, msg string) map[string]any {
			return map[string]any{"success": false, "code": code, "message": msg}
		}
		outer := parse(body)
		param := text(outer, "param")
		if len(part) != 4 || part[2] != x.o.ID || part[3] != x.o.Customer {
			return fail("1002", "客户编码未授权")
		}
		if text(outer, "sign") != digest64(param+part[0]+part[1]+x.o.Secret) {
			return fail("1001", "签名错误")
		}
		if late(text(outer, "timestamp")) {
			return fail("1001", "时间戳过期,签名无效")
		}
		ask := parse(param)
		id := text(ask, "logisticsNo")
		err := x.told()
		var o *order
		if err == nil && op == "track" {
			track, err := x.track(text(ask, "NUMBER"))
			if len(track) == 0 {
				return map[string]any{"code": "1001", "map": map[string]any{text(ask, "NUMBER"): []any{}}, "message": "查询结果为空。", "success": err == nil}
			}
			scans := []any{}
			for _, l := range track {
				scans = append(scans, map[string]any{"waybill_No": text(ask, "NUMBER"), "upload_Time": l.at, "infoContent": map[string]string{"moved": "ARRIVAL", "taken": "GOT", "asked": "ACCEPT"}[l.what]})
			}
			return scans
		}
		if err == nil && op == "book" {
			o, err = x.book(id, text(ask, "recipientProvinceName"), text(ask, "recipientCityName"), text(ask, "recipientAddress"), text(ask, "recipientMobile"))
		} else if err == nil {
			err = x.cancel(id, "")
		}
		if err != nil {
			code, words := wordsOf(err)
			a := fail(code, words)
			if o != nil {
				a["mailNo"], a["shortAddress"] = o.no, "310-012-000" // of the first time
			}
			return a
		}
		a := map[string]any{"success": true, "logisticsNo": id}
		if o != nil {
			a["mailNo"], a["shortAddress"] = o.no, "310-012-000"
		}
		return a
	}
}

// ---- JD Logistics

func (x *Express) jdl(r *http.Request, body string) (string, func() any) {
	q := r.URL.Query()
	op := map[string]string{"/ecap/v1/orders/create": "book", "/ecap/v1/orders/cancel": "void", "/ecap/v1/orders/details/query": "find", "/ecap/v1/orders/trace/query": "track"}[r.URL.Path]
	return op, func() any {
		fail := func(code int, msg string) any {
			return map[string]any{"success": false, "code": code, "msg": msg, "data": nil, "requestId": "0"}
		}
		sum := md5.Sum([]byte(x.o.Secret + "access_token" + q.Get("access_token") + "app_key" + q.Get("app_key") + "method" + r.URL.Path + "param_json" + body + "timestamp" + q.Get("timestamp") + "v" + q.Get("v") + x.o.Secret))
		at, err := time.ParseInLocation(time.DateTime, q.Get("timestamp"), time.FixedZone("", 8*3600))
		switch {
		case q.Get("app_key") != x.o.ID || q.Get("access_token") != x.o.Token:
			return fail(10001, "无效的token")
		case q.Get("sign") != fmt.Sprintf("%X", sum):
			return fail(10002, "签名错误")
		case err != nil || time.Since(at).Abs() > 10*time.Minute:
			return fail(10003, "签名时间戳过期")
		}
		var list []map[string]any
		if json.Unmarshal([]byte(body), &list) != nil || len(list) != 1 {
			return fail(2000, "参数错误")
		}
		ask := list[0]
		id := text(ask, "orderId")
		var o *order
		var track []line
		if err = x.told(); err == nil {
			switch op {
			case "book":
				o, err = x.book(id, text(ask, "receiverContact", "provinceName"), text(ask, "receiverContact", "cityName"), text(ask, "receiverContact", "fullAddress"), text(ask, "receiverContact", "mobile"))
			case "void":
				err = x.cancel(id, text(ask, "waybillCode"))
			case "find":
				o, err = x.find(id)
			case "track":
				track, err = x.track(text(ask, "waybillCode"))
			}
		}
		if err != nil {
			_, words := wordsOf(err)
			return fail(3000, words)
		}
		data := map[string]any{"orderCode": "ECO00000000001", "freightPre": 0, "needRetry": false}
		if op == "track" {
			lines := []any{}
			for _, l := range track {
				title := map[string]string{"moved": "快件已发往下一站", "taken": "揽收完成", "asked": "揽收任务已分配"}[l.what]
				lines = append(lines, map[string]any{"waybillCode": text(ask, "waybillCode"), "operationTitle": title, "operationTime": l.at})
			}
			data = map[string]any{"traceDetails": lines}
		}
		if o != nil {
			data["waybillCode"] = o.no
		}
		return map[string]any{"success": true, "code": 1000, "msg": "success", "requestId": "00", "data": data}
	}
}
