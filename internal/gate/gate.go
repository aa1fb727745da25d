// Package gate decides whether a request may talk to the daemon at all, before
// anything else is looked at: the name it calls the daemon by, and the page it
// comes from. Neither a good token nor a good password helps who fails here.
//
// The rules, and why each is there:
//
//   - Host must be one of ours. A page whose name an attacker re-binds to our
//     address sends its own name, in Host and in Origin alike; no comparison of
//     the two finds that, only the list does.
//   - Origin, where there is one, must be the page we served (same scheme, same
//     host and port) or one of those configured. "null" (a file, a sandboxed
//     frame) is foreign.
//   - No Origin means no browser on a socket or a POST: every browser sends one
//     there. Such a caller passes and still needs its token. Should the browser
//     say in Sec-Fetch-Site that the request is cross-site, it is foreign.
package gate

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options say what the daemon answers to.
type Options struct {
	// Hosts are the names and addresses people call the daemon by, without port.
	// At least one.
	Hosts []string
	// Origins are pages from elsewhere that may call, "https://wms.example":
	// needed when a proxy speaks TLS for the daemon.
	Origins []string
	Log     *slog.Logger        // nil means slog.Default
	Count   func(reason string) // counts what is turned away; may be nil
}

// A Gate checks requests. It may be used from any goroutine.
type Gate struct {
	hosts   map[string]bool
	origins map[string]bool
	log     *slog.Logger
	count   func(string)

	mu   sync.Mutex
	said map[string]time.Time // guarded by mu; reason and address -> when it was logged
}

// New checks o and gives its gate.
func New(o Options) (*Gate, error) {
	g := &Gate{hosts: map[string]bool{}, origins: map[string]bool{}, log: o.Log, count: o.Count, said: map[string]time.Time{}}
	if g.log == nil {
		g.log = slog.Default()
	}
	if g.count == nil {
		g.count = func(string) {}
	}
	if len(o.Hosts) == 0 {
		return nil, fmt.Errorf("gate: no host name is allowed: name those that people call the daemon by")
	}
	for _, h := range o.Hosts {
		name := hostname(h)
		if name == "" || strings.ContainsAny(h, "/*") {
			return nil, fmt.Errorf("gate: host %q is not a name or an address", h)
		}
		g.hosts[name] = true
	}
	for _, s := range o.Origins {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" {
			return nil, fmt.Errorf("gate: origin %q: want scheme://host[:port]", s)
		}
		g.origins[strings.ToLower(s)] = true
	}
	return g, nil
}

// hostname gives the name in "name", "name:port" or "[v6]:port", in lower case.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Reasons why a request is turned away.
const (
	ForeignHost   = "foreign-host"
	ForeignOrigin = "foreign-origin"
	CrossSite     = "cross-site"
)

// Foreign gives the reason why r may not talk to the daemon, or "".
func (g *Gate) Foreign(r *http.Request) string {
	if !g.hosts[hostname(r.Host)] {
		return ForeignHost
	}
	switch origins := r.Header["Origin"]; {
	case len(origins) > 1:
		return ForeignOrigin
	case len(origins) == 1:
		if !g.ours(r, origins[0]) {
			return ForeignOrigin
		}
		return ""
	}
	if safe(r) {
		return ""
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return ""
	}
	return CrossSite
}

// safe reports whether r can neither change anything nor open a socket.
func safe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Upgrade") == ""
}

func (g *Gate) ours(r *http.Request, origin string) bool {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	origin = strings.ToLower(origin)
	return origin == scheme+"://"+strings.ToLower(r.Host) || g.origins[origin]
}

// Wrap lets only those through to next that may talk to the daemon; the others
// get 403 and one sentence.
func (g *Gate) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Admit(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// Admit reports whether r may go on; if not it has been answered.
func (g *Gate) Admit(w http.ResponseWriter, r *http.Request) bool {
	why := g.Foreign(r)
	if why == "" {
		return true
	}
	g.Note(r, why)
	w.Header().Set("Connection", "close")
	http.Error(w, "这里打不开 floord（"+why+"）：请用设置里 [http] hosts 写的名称打开。\n"+
		"floord does not open here ("+why+"): use a name that [http] hosts in its settings allows.", http.StatusForbidden)
	return false
}

// Bounds of what is logged: one line an address, reason and hour, and no more
// addresses than fit here, so that nobody fills the log from outside.
const (
	sayAgain = time.Hour
	maxSaid  = 1024
)

// Note counts a refused or broken connection and logs it, once an hour for each
// reason and address. Nothing that the caller sent is logged.
func (g *Gate) Note(r *http.Request, reason string) { g.note(r.RemoteAddr, reason) }

func (g *Gate) note(addr, reason string) {
	g.count(reason)
	from, _, err := net.SplitHostPort(addr)
	if err != nil {
		from = addr
	}
	if g.sayNow(reason + " " + from) {
		g.log.Warn("connection refused", "reason", reason, "from", from)
	}
}

// Watch notes the connections of s that end before their request is whole: a
// client too slow, headers too large, noise. It is called before s serves.
func (g *Gate) Watch(s *http.Server) {
	var half sync.Map // net.Conn that has sent something and asked nothing yet
	type key struct{}
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, key{}, c) }
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		half.Delete(r.Context().Value(key{}))
		next.ServeHTTP(w, r)
	})
	s.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateActive:
			half.Store(c, true)
		case http.StateIdle, http.StateHijacked:
			half.Delete(c)
		case http.StateClosed:
			if _, ok := half.LoadAndDelete(c); ok {
				g.note(c.RemoteAddr().String(), "no-request")
			}
		}
	}
}

func (g *Gate) sayNow(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if last, ok := g.said[key]; ok && now.Sub(last) < sayAgain {
		return false
	}
	if len(g.said) >= maxSaid {
		for k, at := range g.said {
			if now.Sub(at) >= sayAgain {
				delete(g.said, k)
			}
		}
		if len(g.said) >= maxSaid {
			return false // still counted
		}
	}
	g.said[key] = now
	return true
}
