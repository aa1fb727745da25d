package api

import (
	"context"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// early is how long before its end a token is renewed.
const early = 10 * time.Minute

// token gives the token to put c with, a fresh one if the one at hand ends soon.
func (s *Shop) token(ctx context.Context, c *channelmap.Call) (string, error) {
	renew := s.app.m.Call("renew")
	if s.o.Token == "" || c == renew || c.Plain {
		return "", nil
	}
	t, err := s.o.Token.Read()
	soon := !t.Ends.IsZero() && time.Until(t.Ends) < early
	if renew != nil && (err != nil || soon) {
		why := s.renew(ctx)
		if why != nil && (err != nil || time.Until(t.Ends) <= 0) {
			return "", why
		}
		t, err = s.o.Token.Read()
	}
	if err != nil {
		return "", s.noToken(err)
	}
	return t.Access, nil
}

func (s *Shop) noToken(err error) error {
	return &channel.Error{Class: channel.Unauthorized, Op: "token", Code: "no-token", Err: err,
		Zh: "读不到店铺的访问令牌,请检查令牌文件。", En: "the shop's access token cannot be read; check the token file"}
}

// renew asks for a new token and writes it down. Callers that come together make
// one renewal; a token that fails right after one is not renewed again at once.
func (s *Shop) renew(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.renewed) < time.Minute {
		return nil
	}
	old, _ := s.o.Token.Read() // none: some platforms give one for the secret alone
	c := s.app.m.Call("renew")
	v, err := s.once(ctx, c, channelmap.Vars{Text: map[string]string{"secret": s.app.account.Secret, "refresh": old.Refresh}})
	if err != nil {
		return err
	}
	t := channel.Token{Refresh: old.Refresh}
	access, refresh, ends := s.app.m.Renewed(v, time.Now())
	if access == "" {
		return &channel.Error{Class: channel.Unauthorized, Op: c.Method, Code: "no-token",
			Zh: "平台没有给出新的访问令牌,请店铺管理员重新授权。", En: "the shop gave no new access token; let its owner grant it again"}
	}
	if t.Access, t.Ends = access, ends.UTC(); refresh != "" {
		t.Refresh = refresh
	}
	if err := s.o.Token.Write(t); err != nil {
		return s.noToken(err)
	}
	s.renewed = time.Now()
	return nil
}

// TokenEnds is when the shop's token ends; zero if nobody knows.
func (s *Shop) TokenEnds() time.Time {
	t, _ := s.o.Token.Read()
	return t.Ends
}
