package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// newClient is the client when none is given: it neither waits for ever nor
// follows the platform somewhere else.
func newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 20 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConnsPerHost = 32
	return &http.Client{
		Transport:     t,
		Timeout:       45 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask puts one question and gives the answer, which is no refusal. A token that
// is over is renewed, and a clock found wrong is set right; then it asks once more.
func (s *Shop) ask(ctx context.Context, name string, v channelmap.Vars) (channelmap.Value, error) {
	c := s.app.m.Call(name)
	before := s.app.Skew()
	answer, err := s.once(ctx, c, v)
	var e *channel.Error
	switch {
	case err == nil || !errors.As(err, &e):
	case e.Renew && s.app.m.Call("renew") != nil:
		if why := s.renew(ctx); why != nil {
			return answer, why
		}
		answer, err = s.once(ctx, c, v)
	case (s.app.Skew() - before).Abs() > time.Minute:
		answer, err = s.once(ctx, c, v)
	}
	return answer, err
}

// once puts the question one time.
func (s *Shop) once(ctx context.Context, c *channelmap.Call, v channelmap.Vars) (channelmap.Value, error) {
	if err := s.wait(ctx, c.Method); err != nil {
		return channelmap.Value{}, err
	}
	token, err := s.token(ctx, c)
	if err != nil {
		return channelmap.Value{}, err
	}
	req, err := s.request(ctx, c, v, token)
	if err != nil {
		return channelmap.Value{}, &channel.Error{Class: channel.Refused, Op: c.Method, Code: "question", Err: err,
			Zh: "向平台提问的内容无法组成,请联系实施人员检查渠道映射。", En: "the question to the shop cannot be put; call whoever set the channel up"}
	}
	answer, err := s.exchange(ctx, c, req)
	if e := (*channel.Error)(nil); errors.As(err, &e) && e.Class == channel.RateLimited {
		s.app.ban(c.Method, e)
	}
	return answer, err
}

// exchange sends a question and reads the answer.
func (s *Shop) exchange(ctx context.Context, c *channelmap.Call, req *http.Request) (answer channelmap.Value, err error) {
	heard := Heard{Method: c.Method}
	if s.o.Heard != nil {
		begun := time.Now()
		defer func() {
			if !errors.Is(ctx.Err(), context.Canceled) { // else it is we who broke it off
				heard.Took, heard.Err = time.Since(begun), err
				s.o.Heard(heard)
			}
		}()
	}
	resp, err := s.app.http.Do(req)
	if err != nil {
		return channelmap.Value{}, channel.Lost(ctx, c.Method, bare(err))
	}
	defer resp.Body.Close()
	heard.Status = resp.StatusCode
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		heard.CertEnds = resp.TLS.PeerCertificates[0].NotAfter
	}
	s.app.learnClock(resp.Header)
	body, err := readBody(resp.Body)
	if err != nil {
		return channelmap.Value{}, channel.Lost(ctx, c.Method, fmt.Errorf("after %d bytes: %w", len(body), bare(err)))
	}
	answer, err = s.read(c, resp, body)
	s.unread(c.Method, body, err)
	return answer, err
}

// bodies are where answers are read into, to be copied once their length is known.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readBody reads an answer, of which the first byte too many is the last.
func readBody(r io.Reader) ([]byte, error) {
	b := bodies.Get().(*bytes.Buffer)
	b.Reset()
	_, err := b.ReadFrom(io.LimitReader(r, channelmap.MaxPayload+1))
	body := bytes.Clone(b.Bytes())
	if b.Cap() <= 1<<20 { // one larger is rare
		bodies.Put(b)
	}
	return body, err
}

// request signs the question.
func (s *Shop) request(ctx context.Context, c *channelmap.Call, v channelmap.Vars, token string) (*http.Request, error) {
	now := s.app.now()
	text := map[string]string{"shop": s.o.Shop, "client": s.app.account.Client}
	maps.Copy(text, v.Text)
	v.Text = text
	times := map[string]time.Time{"now": now}
	maps.Copy(times, v.Times)
	v.Times = times
	filled, err := s.app.m.Fill(c, v)
	if err != nil {
		return nil, err
	}
	a := s.app.account
	a.Shop, a.Token = s.o.Shop, token
	base := c.URL
	switch {
	case base == "":
		base = s.app.url
	case s.app.aside != "":
		base = s.app.aside
	}
	r := &Request{Method: c.Method, HTTP: c.HTTP, URL: strings.TrimSuffix(base, "/") + filled.Path, Query: map[string]string{},
		Form: map[string]string{}, Body: filled.Body, Header: http.Header{}, Now: now}
	if filled.Path == "" {
		r.URL = base
	}
	if r.Body != nil || r.HTTP == http.MethodGet {
		r.Query = filled.Params
	} else {
		r.Form = filled.Params
	}
	if !c.Plain {
		s.app.plug(r, a)
	}
	return r.http(ctx)
}

// A Request is a question on its way to be signed. A plug adds to it.
type Request struct {
	Method      string // the platform's name of what is asked
	HTTP        string
	URL         string            // without its query
	Query, Form map[string]string // a form goes out if there is no body
	Body        []byte            // JSON
	Header      http.Header
	Now         time.Time // by the platform's clock
}

// http makes the request that goes out.
func (r *Request) http(ctx context.Context) (*http.Request, error) {
	body, kind := string(r.Body), "application/json"
	if r.Body == nil {
		body, kind = values(r.Form).Encode(), "application/x-www-form-urlencoded;charset=utf-8"
	}
	if r.HTTP == http.MethodGet {
		body, kind = "", ""
	}
	address := r.URL
	if len(r.Query) > 0 {
		address += "?" + values(r.Query).Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.HTTP, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

func values(of map[string]string) url.Values {
	v := url.Values{}
	for name, text := range of {
		v.Set(name, text)
	}
	return v
}

// read classifies an answer. A status that is no success may have the platform's
// own words in its body, which the map knows.
func (s *Shop) read(c *channelmap.Call, resp *http.Response, body []byte) (channelmap.Value, error) {
	good := resp.StatusCode >= 200 && resp.StatusCode < 300
	if good && len(body) == 0 {
		body = []byte("{}")
	}
	v, err := s.app.m.Envelope(c.Method, body, resp.Header)
	var e *channel.Error
	switch {
	case good:
		return v, err
	case errors.As(err, &e) && (e.Known || e.Code != "" && e.Code != "no-object" && asked(resp.StatusCode)):
		if after := retryAfter(resp); e.Class == channel.RateLimited {
			e.After = max(e.After, after)
		}
		return channelmap.Value{}, e
	}
	return channelmap.Value{}, httpError(c.Method, resp, body)
}

// asked reports whether a status is about the question, and not about who asks or
// about the server.
func asked(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

// wait waits until the rates allow the call.
func (s *Shop) wait(ctx context.Context, method string) error {
	s.app.mu.Lock()
	banned := time.Until(s.app.banned[method])
	s.app.mu.Unlock()
	if banned > 0 {
		return limited(method, "still-limited", banned)
	}
	for _, l := range []*rate.Limiter{s.lane[method], s.limits[method], s.app.limits[method]} {
		if l == nil {
			continue
		}
		if err := l.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%s: %w", method, context.Cause(ctx))
			}
			return limited(method, "own-limit", time.Second)
		}
	}
	return nil
}

// ban keeps a method quiet for as long as the platform wants.
func (a *App) ban(method string, e *channel.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.banned[method] = time.Now().Add(e.After)
}

// learnClock compares the platform's clock with ours. Answers come whole seconds.
func (a *App) learnClock(h http.Header) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	skew := time.Until(at)
	if skew.Abs() <= 2*time.Second {
		skew = 0
	}
	a.skew.Store(int64(skew.Round(time.Second)))
}

func limited(method, code string, after time.Duration) error {
	return &channel.Error{Class: channel.RateLimited, Op: method, Code: code, After: after,
		Zh: "已达到平台允许的调用频率,系统会稍后自动重试。", En: "the rate the shop grants is used up; it will be asked again later"}
}

// httpError classifies an answer whose status says no.
func httpError(method string, resp *http.Response, body []byte) error {
	e := &channel.Error{Class: channel.Retryable, Op: method, Code: "http-" + strconv.Itoa(resp.StatusCode),
		Err: fmt.Errorf("payload %s of %d bytes", channelmap.Sum(body)[:12], len(body)),
		Zh:  "平台服务器出错,系统会自动重试。", En: "the shop's server failed; it will be asked again"}
	switch c := resp.StatusCode; {
	case c == http.StatusTooManyRequests:
		return limited(method, e.Code, max(retryAfter(resp), 5*time.Second))
	case c == http.StatusUnauthorized, c == http.StatusForbidden:
		e.Class, e.Renew = channel.Unauthorized, c == http.StatusUnauthorized
		e.Zh, e.En = "平台拒绝了本机的访问,请检查网络出口与授权。", "the shop denies this site; check the network's address and the authorisation"
	case c >= 300 && c < 500 && c != http.StatusRequestTimeout:
		e.Class = channel.Refused
		e.Zh, e.En = "地址不像该平台的接口,请检查配置或网络代理。", "the address does not look like the shop's; check the configuration or the proxy"
	}
	return e
}

func retryAfter(resp *http.Response) time.Duration {
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n <= 86400 {
		return time.Duration(n) * time.Second
	}
	return 0
}

// bare gives the cause of a client's error without the address it names: the
// address may hold a signature.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
