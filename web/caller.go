package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/time/rate"
)

// A caller is who asks the API: the operator, or a paired device with whoever is
// logged in on it.
type caller struct {
	root   bool
	device floor.Device
	person floor.Person // zero if nobody is
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// by says who asks the foreman. key is the caller's own name of this request;
// without one it is a request of its own.
func (a *api) by(ctx context.Context, key string) foreman.By {
	c := callerOf(ctx)
	who := "admin"
	if !c.root {
		who = string(c.device.ID)
	}
	if key == "" {
		key = "once-" + requestID()
	}
	day := time.Now().In(a.o.Zone).Format("20060102")
	by := foreman.By{Person: c.person.ID, Device: c.device.ID, Root: c.root, Key: day + "/" + who + "/api/" + key}
	if c.root {
		by.As = "operator:api"
	}
	return by
}

// may reports whether the caller holds a role.
func (c caller) may(r floor.Role) bool { return c.root || c.person.ID != "" && c.person.May(r) }

// tooMuch says what is noted of a body that was not read to its end, by the answer.
var tooMuch = map[int]string{http.StatusRequestEntityTooLarge: "body-too-large", http.StatusRequestTimeout: "body-too-slow"}

// admit lets only known callers through to the operations.
func (a *api) admit(ctx huma.Context, next func(huma.Context)) {
	defer func() {
		if why := tooMuch[ctx.Status()]; why != "" {
			r, _ := humago.Unwrap(ctx)
			a.o.Gate.Note(r, why)
		}
	}()
	open := len(ctx.Operation().Security) == 0
	token, given := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
	if open {
		next(ctx)
		return
	}
	c, err := a.caller(token)
	switch {
	case err != nil:
		a.fail(ctx, err)
	case !given || !c.root && c.device.ID == "":
		r, _ := humago.Unwrap(ctx)
		a.o.Gate.Note(r, "api-bad-token")
		a.fail(ctx, floor.Refuse("no-device"))
	case c.device.Revoked:
		a.fail(ctx, floor.Refuse("device-revoked"))
	default:
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

func (a *api) caller(token string) (caller, error) {
	if token == "" {
		return caller{}, nil
	}
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(a.o.AdminToken))
	if a.o.AdminToken != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1 {
		return caller{root: true}, nil
	}
	var c caller
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		d, ok, err := v.DeviceByToken(foreman.Hash(token))
		if err != nil || !ok {
			return err
		}
		c.device = d
		p, ok, err := v.Person(d.Person)
		if ok && !p.Gone && p.Device == d.ID {
			c.person = p
		}
		return err
	})
	return c, err
}

// fail answers an operation that was not reached.
func (a *api) fail(ctx huma.Context, err error) {
	p := a.problem(err)
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.Status)
	ctx.BodyWriter().Write(p.json())
}

// attempts bounds how often an address may try a pairing code.
type attempts struct {
	mu   sync.Mutex
	from map[string]*rate.Limiter // guarded by mu; at most maxAddresses
}

const maxAddresses = 1024

// allow says whether this address may try now: ten at once, then one in three
// seconds.
func (t *attempts) allow(r *http.Request) bool {
	addr := address(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.from == nil || len(t.from) >= maxAddresses {
		t.from = map[string]*rate.Limiter{}
	}
	l := t.from[addr]
	if l == nil {
		l = rate.NewLimiter(rate.Every(3*time.Second), 10)
		t.from[addr] = l
	}
	return l.Allow()
}

// right begins the count of an address anew: whoever has a good code does not guess.
func (t *attempts) right(r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.from, address(r))
}

func address(r *http.Request) string {
	if addr, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return addr
	}
	return r.RemoteAddr
}

// say gives a refusal in both languages.
func say(r *floor.Refusal) (zh, en string) { return pda.Say("zh", r), pda.Say("en", r) }
