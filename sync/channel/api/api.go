// Package api is any shop that answers HTTP as its map says: one engine for all
// platforms. It reads orders in windows, asks for one order, reports parcels and
// answers questions, signs as the platform's plug does, keeps to the rates the
// platform grants, and renews tokens. What differs between platforms is data in
// the map; what a map cannot say is a Plug.
package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// An App is one registration at a platform. Its shops share its rates, what it
// knows of the platform's clock, and how long the platform wants to be left alone.
type App struct {
	m       *channelmap.Map
	plug    Plug
	url     string
	aside   string
	account Account
	http    *http.Client
	limits  map[string]*rate.Limiter // method -> shared limiter
	skew    atomic.Int64             // nanoseconds the platform's clock is ahead of ours

	mu     sync.Mutex
	banned map[string]time.Time // guarded by mu; method -> not before
}

// An Account says who asks.
type Account struct {
	Client     string // the app's id
	Secret     string
	SignSecret string // where calls are signed with another secret
	Shop       string // the shop's own id on the platform
	Token      string // filled in for each call
}

// Options are a driver's settings beside its map. The zero value does.
type Options struct {
	URL    string       // empty: the map's
	Aside  string       // address for calls that the map sends to another server; empty: the map's
	Plug   Plug         // nil: as the map's [auth] says
	Client *http.Client // nil: one with sane limits
	Free   bool         // the shop is a pretended one: rates are not kept
}

// New makes an App.
func New(m *channelmap.Map, a Account, o Options) (*App, error) {
	app := &App{m: m, plug: o.Plug, url: o.URL, aside: o.Aside, account: a, http: o.Client, limits: map[string]*rate.Limiter{}, banned: map[string]time.Time{}}
	if app.url == "" {
		app.url = m.API()
	}
	if u, err := url.Parse(app.url); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("%s: %q is no http address", m.Name(), app.url)
	}
	if m.Call("pull") == nil {
		return nil, fmt.Errorf("channel map %s: it has no [call.pull]", m.Name())
	}
	if app.plug == nil {
		var err error
		if app.plug, err = plain(m.Auth()); err != nil {
			return nil, fmt.Errorf("channel map %s: %w", m.Name(), err)
		}
	}
	if app.http == nil {
		app.http = newClient()
	}
	for _, l := range m.Limits() {
		if !l.Shop && !o.Free {
			addLimit(app.limits, l, 1)
		}
	}
	return app, nil
}

// addLimit makes a limiter of a slow-th of what is granted.
func addLimit(to map[string]*rate.Limiter, l channelmap.Limit, slow int) {
	burst := l.Burst
	if burst == 0 {
		burst = l.Calls / 10
	}
	limiter := rate.NewLimiter(rate.Every(l.Per.Duration*time.Duration(slow)/time.Duration(l.Calls)), max(1, burst/slow))
	for _, m := range l.Methods {
		to[m] = limiter
	}
}

// Skew is how far the platform's clock was ahead of ours when it last answered.
func (a *App) Skew() time.Duration { return time.Duration(a.skew.Load()) }

// Skew is how far the platform's clock was ahead of ours when it last answered.
func (s *Shop) Skew() time.Duration { return s.app.Skew() }

// Lag is how far behind the platform's clock a pull ends.
func (s *Shop) Lag() time.Duration { return s.o.Lag }

// Renews reports whether the platform gives new tokens without a person.
func (s *Shop) Renews() bool { return s.app.m.Call("renew") != nil }

// now is the platform's time.
func (a *App) now() time.Time { return time.Now().Add(a.Skew()) }

// ShopOptions are one shop's settings. Zero values take the map's.
type ShopOptions struct {
	Channel floor.ChannelID
	Shop    string // the shop's own id on the platform, for (channel, shop, number)
	Token   channel.TokenFile

	Since    time.Time     // where a new channel begins; zero: a day back
	Until    time.Time     // where it ends; zero: never
	Window   time.Duration // longest question; at most the platform's
	Lag      time.Duration // how far behind the platform's clock a question ends; negative: none
	Overlap  time.Duration // how much is read again; at least a second
	PageSize int           // at most the platform's
	Slow     int           // take at most one n-th of the rates, so that others may go on; 0: all

	Carriers map[floor.CarrierID]string // overrides of the platform's carrier codes

	// Refunds lets a cancel be answered with a yes that gives the buyer's money back.
	// Without it a person has to, where the platform knows no other yes.
	Refunds bool

	// Unread is given every answer that cannot be read; nil: it is dropped. It may block.
	Unread func(Unread)

	// Asked is told of an order whose buyer asks for the money back, as a parcel of it that
	// has left is about to be reported; nil: nobody listens. It may block.
	Asked func(ctx context.Context, number string)

	// Heard is told of every question that went out and what became of it; nil: nobody
	// listens. It must not block.
	Heard func(Heard)
}

// Heard is what became of one question to the platform.
type Heard struct {
	Method   string
	Status   int           // of HTTP; 0: there was no answer
	Took     time.Duration // until the last byte of the answer
	Err      error         // as the asker gets it
	CertEnds time.Time     // end of the certificate that the platform showed; zero over plain HTTP
}

// An Unread is an answer of the platform that cannot be read.
type Unread struct {
	Method string
	Body   []byte
	Err    error
}

// unread passes an answer on if err says that it cannot be read.
func (s *Shop) unread(method string, body []byte, err error) {
	if e := (*channel.Error)(nil); s.o.Unread != nil && errors.As(err, &e) && e.Unread {
		s.o.Unread(Unread{Method: method, Body: body, Err: err})
	}
}

// A Shop is one shop of an App. It is a channel.Channel.
type Shop struct {
	app    *App
	o      ShopOptions
	limits map[string]*rate.Limiter // method -> this shop's own limiter
	lane   map[string]*rate.Limiter // method -> a slow shop's part of the rate

	fits atomic.Int64 // seconds of changes that one window may hold, of a platform with a bound; 0: not known

	mu      sync.Mutex // held while a token is renewed
	renewed time.Time  // guarded by mu; when one was last asked for
}

var _ channel.Channel = (*Shop)(nil)

// Shop opens a shop.
func (a *App) Shop(o ShopOptions) (*Shop, error) {
	if o.Channel == "" {
		return nil, errors.New("a shop needs a channel name")
	}
	if o.Window <= 0 || o.Window > a.m.Window() {
		o.Window = a.m.Window()
	}
	if o.Lag == 0 {
		o.Lag = a.m.Lag()
	}
	o.Lag = max(o.Lag, 0)
	if o.Overlap == 0 {
		o.Overlap = a.m.Overlap()
	}
	o.Overlap = max(o.Overlap, time.Second) // times come in whole seconds
	if o.PageSize <= 0 || o.PageSize > a.m.Size() {
		o.PageSize = a.m.Size()
	}
	s := &Shop{app: a, o: o, limits: map[string]*rate.Limiter{}, lane: map[string]*rate.Limiter{}}
	for _, l := range a.m.Limits() {
		if l.Shop {
			addLimit(s.limits, l, 1)
		}
		if o.Slow > 1 {
			addLimit(s.lane, l, o.Slow)
		}
	}
	return s, nil
}
