package pdd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/sign"
)

// newClient makes a client that gives up on a silent gateway. It follows no
// redirect: the parameters hold the token.
func newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 20 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConnsPerHost = 8
	return &http.Client{
		Transport:     t,
		Timeout:       45 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// call asks the gateway and gives the answer's bytes. Errors of the wire and of
// HTTP are classified here, those the platform says in JSON by the map.
//
// The platform refuses calls stamped ten minutes off its clock. The first such
// answer tells its clock, so the call is made once more, stamped anew.
func (s *Shop) call(ctx context.Context, method string, params map[string]string) ([]byte, error) {
	before := s.app.Skew()
	body, err := s.once(ctx, method, params)
	if err == nil && (s.app.Skew()-before).Abs() > 5*time.Minute {
		return s.once(ctx, method, params)
	}
	return body, err
}

func (s *Shop) once(ctx context.Context, method string, params map[string]string) ([]byte, error) {
	if err := s.wait(ctx, method); err != nil {
		return nil, err
	}
	form, err := s.sign(method, params)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.app.gateway, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	resp, err := s.app.http.Do(req)
	if err != nil {
		return nil, channel.Lost(ctx, method, bare(err))
	}
	defer resp.Body.Close()
	s.app.learnClock(resp.Header)
	body, err := io.ReadAll(io.LimitReader(resp.Body, channelmap.MaxPayload+1))
	if err != nil {
		return nil, channel.Lost(ctx, method, fmt.Errorf("after %d bytes: %w", len(body), bare(err)))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, httpError(method, resp, body)
	}
	return body, nil
}

// wait keeps to the rates the platform grants. A wait that ctx will not outlive
// is not begun.
func (s *Shop) wait(ctx context.Context, method string) error {
	limiter := s.limits[method]
	if limiter == nil {
		limiter = s.app.limits[method]
	}
	if limiter == nil {
		return nil
	}
	if err := limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", method, context.Cause(ctx))
		}
		return &channel.Error{Class: channel.RateLimited, Op: method, Code: "own-limit", After: time.Second,
			Zh: "本机已达到拼多多的调用额度,系统会稍后自动重试。", En: "this site has used up the rate Pinduoduo grants; it will be asked again later"}
	}
	return nil
}

// sign adds the common parameters and the signature.
func (s *Shop) sign(method string, params map[string]string) (url.Values, error) {
	token, err := s.o.Token()
	if err != nil || token == "" {
		return nil, &channel.Error{Class: channel.Unauthorized, Op: method, Code: "no-token", Err: err,
			Zh: "读不到拼多多的访问令牌,请检查令牌文件。", En: "the Pinduoduo access token cannot be read; check the token file"}
	}
	all := map[string]string{
		"type": method, "client_id": s.app.clientID, "access_token": token, "data_type": "JSON",
		"timestamp": strconv.FormatInt(s.app.now().Unix(), 10),
	}
	for k, v := range params {
		if v != "" {
			all[k] = v
		}
	}
	all["sign"] = sign.PDD(all, s.app.secret)
	form := url.Values{}
	for k, v := range all {
		form.Set(k, v)
	}
	return form, nil
}

// learnClock takes the platform's clock from the Date header. Its seconds and
// the way it travelled make up to two seconds, which are no skew.
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

// httpError classifies an answer that is not 200. Its body is named by hash: it
// may be anybody's page.
func httpError(method string, resp *http.Response, body []byte) error {
	e := &channel.Error{Class: channel.Retryable, Op: method, Code: "http-" + strconv.Itoa(resp.StatusCode),
		Err: fmt.Errorf("payload %s of %d bytes", channelmap.Sum(body)[:12], len(body)),
		Zh:  "平台服务器出错,系统会自动重试。", En: "the shop's server failed; it will be asked again"}
	switch c := resp.StatusCode; {
	case c == http.StatusTooManyRequests:
		e.Class, e.After = channel.RateLimited, 5*time.Second
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n <= 3600 {
			e.After = time.Duration(n) * time.Second
		}
	case c == http.StatusUnauthorized, c == http.StatusForbidden:
		e.Class = channel.Unauthorized
		e.Zh, e.En = "平台拒绝了本机的访问,请检查网络出口与授权。", "the shop denies this site; check the network's address and the authorisation"
	case c >= 300 && c < 500 && c != http.StatusRequestTimeout:
		e.Class = channel.Refused
		e.Zh, e.En = "网关地址不像拼多多的接口,请检查配置或网络代理。", "the gateway does not look like Pinduoduo; check the configuration or the proxy"
	}
	return e
}

// bare takes the URL out of an http error: it says nothing, and hides the cause.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
