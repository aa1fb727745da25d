// Package courierco pretends to be the demonstration carrier's service over real
// HTTP: it sells waybill numbers against a balance, once per request id, takes
// unused ones back, and knows its sort codes. Faults are set while it runs.
package courierco

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/internal/sim/wire"
)

// A Service pretends to be the carrier, for one account. It is an http.Handler.
// All methods may be called while it serves.
type Service struct {
	Faults wire.Faults // by operation: "numbers", "void", "routes", "balance", "track"

	account, key string

	mu      sync.Mutex
	left    int                 // numbers that may still be bought; guarded by mu, like all below
	next    int64               // the next number's count
	sold    map[string]*waybill // by number
	asked   map[string]sale     // by request id
	refused string              // a code every call gets
	again   bool                // the next sale names its first number twice
	ahead   time.Duration       // of the real clock
}

type waybill struct {
	void, collected bool
	at              time.Time // of the first scan
}

type sale struct {
	count   int
	numbers []string
}

// New makes a service that knows one account and lets it buy so many numbers.
func New(account, key string, balance int) *Service {
	return &Service{account: account, key: key, left: balance, next: time.Now().Unix() % 1e8 * 1000, sold: map[string]*waybill{}, asked: map[string]sale{}}
}

// TopUp sets how many numbers may still be bought.
func (s *Service) TopUp(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = n
}

// Refuse makes every call get this code ("RATE", "BUSY"), until "" is given.
func (s *Service) Refuse(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = code
}

// Repeat makes the next sale's answer name its first number twice.
func (s *Service) Repeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = true
}

// Advance moves the service's clock ahead of the real one by d more.
func (s *Service) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Collect makes a number one that was scanned for the first time at that moment. It
// reports whether it was sold and not void.
func (s *Service) Collect(number string, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.sold[number]
	if w == nil || w.void {
		return false
	}
	w.collected, w.at = true, at
	return true
}

// Sold counts the numbers sold and not void, and those collected.
func (s *Service) Sold() (sold, collected int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.sold {
		if !w.void {
			sold++
		}
		if w.collected {
			collected++
		}
	}
	return sold, collected
}

// ServeHTTP answers one call.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Faults.Before(http.HandlerFunc(s.serve), func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/v1/") }).ServeHTTP(w, r)
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST a small JSON", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	code, data := s.answer(r, body)
	s.mu.Unlock()
	if data == nil {
		data = struct{}{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": "", "data": data})
}

func (s *Service) answer(r *http.Request, body []byte) (code string, data any) {
	at := r.Header.Get("X-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	mac := hmac.New(sha256.New, []byte(s.key))
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s", s.account, at, r.URL.Path, body)
	sign, _ := base64.StdEncoding.DecodeString(r.Header.Get("X-Sign"))
	switch {
	case r.Header.Get("X-Account") != s.account:
		return "NO_ACCOUNT", nil
	case !hmac.Equal(sign, mac.Sum(nil)):
		return "BAD_SIGN", nil
	case err != nil || time.Now().Add(s.ahead).Sub(time.Unix(seconds, 0)).Abs() > 10*time.Minute:
		return "BAD_CLOCK", nil
	case s.refused != "":
		return s.refused, nil
	}
	var ask struct {
		ID     string `json:"request_id"`
		Count  int    `json:"count"`
		Number string `json:"number"`

		Numbers []string `json:"numbers"`
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		return "BAD_REQUEST", nil
	}
	switch r.URL.Path {
	case "/v1/numbers":
		return s.sell(ask.ID, ask.Count)
	case "/v1/void":
		return s.void(ask.Number), nil
	case "/v1/routes":
		return "OK", map[string]any{"routes": routes}
	case "/v1/track":
		scans := []map[string]any{}
		for _, no := range ask.Numbers {
			if w := s.sold[no]; w != nil && w.collected {
				scans = append(scans, map[string]any{"number": no, "at": w.at.UnixMilli()})
			}
		}
		return "OK", map[string]any{"scans": scans}
	case "/v1/balance":
		return "OK", map[string]any{"left": s.left}
	}
	return "BAD_REQUEST", nil
}

// sell sells numbers once per request id.
func (s *Service) sell(id string, count int) (code string, data any) {
	done, known := s.asked[id]
	switch {
	case id == "" || count < 1 || count > 200:
		return "BAD_REQUEST", nil
	case known && done.count != count:
		return "ID_REUSED", nil
	case !known && s.left < count:
		return "NO_BALANCE", nil
	case !known:
		done = sale{count: count}
		for range count {
			no := s.number()
			s.sold[no] = &waybill{}
			done.numbers = append(done.numbers, no)
		}
		s.left -= count
		s.asked[id] = done
	}
	shown := append([]string(nil), done.numbers...)
	if s.again && len(shown) > 1 {
		shown[1], s.again = shown[0], false
	}
	return "OK", map[string]any{"numbers": shown}
}

// number gives the next waybill number: DX, an eleven-digit count, and two check
// digits. The count begins at the time of day the service started, so that one
// started anew does not sell the numbers of the one before.
func (s *Service) number() string {
	n := s.next
	s.next++
	return fmt.Sprintf("DX%011d%02d", n, checksum(n))
}

func checksum(n int64) int64 { return (n*37 + 11) % 97 }

func (s *Service) void(number string) string {
	w := s.sold[number]
	switch {
	case w == nil:
		return "NO_NUMBER"
	case w.collected:
		return "IN_USE"
	case w.void:
		return "ALREADY_VOID"
	}
	w.void = true
	s.left++
	return "OK"
}

type route struct {
	Province string `json:"province"`
	City     string `json:"city"`
	District string `json:"district"`
	Code     string `json:"code"`
}

// provinces are the carrier's first sort: the telephone code of the capital.
var provinces = map[string]string{
	"北京市": "010", "上海市": "021", "天津市": "022", "重庆市": "023", "河北省": "311", "山西省": "351", "内蒙古自治区": "471",
	"辽宁省": "024", "吉林省": "431", "黑龙江省": "451", "江苏省": "025", "浙江省": "571", "安徽省": "551", "福建省": "591",
	"江西省": "791", "山东省": "531", "河南省": "371", "湖北省": "027", "湖南省": "731", "广东省": "020", "广西壮族自治区": "771",
	"海南省": "898", "四川省": "028", "贵州省": "851", "云南省": "871", "西藏自治区": "891", "陕西省": "029", "甘肃省": "931",
	"青海省": "971", "宁夏回族自治区": "951", "新疆维吾尔自治区": "991",
}

// cities are those with a sort of their own.
var cities = map[string]string{
	"深圳市": "广东省", "广州市": "广东省", "东莞市": "广东省", "佛山市": "广东省", "杭州市": "浙江省", "宁波市": "浙江省", "温州市": "浙江省",
	"苏州市": "江苏省", "南京市": "江苏省", "无锡市": "江苏省", "成都市": "四川省", "武汉市": "湖北省", "西安市": "陕西省", "青岛市": "山东省",
	"济南市": "山东省", "郑州市": "河南省", "长沙市": "湖南省", "厦门市": "福建省", "福州市": "福建省", "沈阳市": "辽宁省", "大连市": "辽宁省",
}

// routes is the table the service gives out, in no order.
var routes = func() []route {
	var all []route
	for p, code := range provinces {
		all = append(all, route{Province: p, Code: code + "-000 00"})
	}
	for c, p := range cities {
		h := fnv.New32a()
		h.Write([]byte(c))
		n := h.Sum32()
		all = append(all, route{Province: p, City: c, Code: fmt.Sprintf("%s-%03d %02d", provinces[p], n%1000, n/1000%100)})
	}
	return all
}()
