package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"floord/sync/channel/channelmap"
)

// A Plug makes a question a platform's own: who asks, and the signature.
type Plug func(r *Request, a Account)

// plain gives the plugs that need nothing but the map.
func plain(auth channelmap.Auth) (Plug, error) {
	switch auth.Kind {
	case "none":
		return func(*Request, Account) {}, nil
	case "bearer":
		return func(r *Request, a Account) { r.Header.Set("Authorization", "Bearer "+a.Token) }, nil
	case "basic":
		return func(r *Request, a Account) {
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.Client+":"+a.Secret)))
		}, nil
	case "header":
		return func(r *Request, a Account) { r.Header.Set(auth.Name, a.Token) }, nil
	case "query":
		return func(r *Request, a Account) { r.Query[auth.Name] = a.Token }, nil
	case "hmac":
		return func(r *Request, a Account) { hmacPlug(auth, r, a) }, nil
	}
	return nil, fmt.Errorf("auth.kind %q is none of bearer, basic, header, query, hmac and none", auth.Kind)
}

func hmacPlug(auth channelmap.Auth, r *Request, a Account) {
	at := strconv.FormatInt(r.Now.Unix(), 10)
	path := r.URL
	if u, err := url.Parse(r.URL); err == nil {
		path = u.EscapedPath()
	}
	body := string(r.Body)
	if r.Body == nil {
		body = values(r.Form).Encode()
	}
	text := strings.NewReplacer("{method}", r.HTTP, "{path}", path, "{query}", values(r.Query).Encode(), "{time}", at,
		"{body}", body, "{client}", a.Client).Replace(auth.Text)
	r.Header.Set(auth.Name, Digest([]byte(text), a.Secret, auth.Hex))
	if auth.Client != "" {
		r.Header.Set(auth.Client, a.Client)
	}
	if auth.Time != "" {
		r.Header.Set(auth.Time, at)
	}
	if a.Token != "" {
		r.Header.Set("Authorization", "Bearer "+a.Token)
	}
}

// Digest is an HMAC-SHA256 in hex or base64.
func Digest(text []byte, secret string, inHex bool) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	if inHex {
		return hex.EncodeToString(mac.Sum(nil))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
