// Package pdd is the driver for Pinduoduo (拼多多): increment pulls read from the
// last page backwards, ship reports, and the answer to a cancel before shipping.
// What fields, states, holds and error codes mean stands in pdd.toml; the code
// here is the signature, the reading of pages, and what makes a report idempotent.
package pdd

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// Gateway is the platform's own address. It has no sandbox.
const Gateway = "https://gw-api.pinduoduo.com/api/router"

//go:embed pdd.toml
var chartTOML []byte

// chart is the platform's map. A mistake in it is a mistake in this program.
var chart = func() *channelmap.Map {
	m, err := channelmap.Load("pdd.toml", chartTOML)
	if err != nil {
		panic(err)
	}
	return m
}()

// An App is one application on the open platform. Rates are counted per app, so
// all its shops share one App.
type App struct {
	gateway  string
	clientID string
	secret   string
	http     *http.Client
	limits   map[string]*rate.Limiter // method -> shared limiter
	skew     atomic.Int64             // nanoseconds the platform's clock is ahead of ours
}

// NewApp makes an App. gateway may be empty for the platform's own; client may
// be nil for one with the driver's time limits.
func NewApp(gateway, clientID, secret string, client *http.Client) (*App, error) {
	if gateway == "" {
		gateway = Gateway
	}
	if u, err := url.Parse(gateway); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("pdd: gateway %q is no http address", gateway)
	}
	if clientID == "" || secret == "" {
		return nil, errors.New("pdd: the app needs a client id and a secret")
	}
	if client == nil {
		client = newClient()
	}
	a := &App{gateway: gateway, clientID: clientID, secret: secret, http: client, limits: map[string]*rate.Limiter{}}
	for _, l := range chart.Limits() {
		if !l.Shop {
			addLimit(a.limits, l)
		}
	}
	return a, nil
}

// addLimit grants a limit to its methods. A tenth of what is granted may go in
// one burst: the platform counts in windows, and the clocks differ.
func addLimit(to map[string]*rate.Limiter, l channelmap.Limit) {
	limiter := rate.NewLimiter(rate.Every(l.Per.Duration/time.Duration(l.Calls)), max(1, l.Calls/10))
	for _, m := range l.Methods {
		to[m] = limiter
	}
}

// Skew is how far the platform's clock was ahead of ours at its last answer,
// to the second. The driver counts it in; people should mend the clock.
func (a *App) Skew() time.Duration { return time.Duration(a.skew.Load()) }

// now is the platform's present time, as well as it is known.
func (a *App) now() time.Time { return time.Now().Add(a.Skew()) }

// Options say which shop of an App, and how it is read. Channel and Token are
// needed; the other zero values are the platform's rules.
type Options struct {
	Channel floor.ChannelID
	Mall    string                 // the shop's own id on the platform, for (channel, shop, number)
	Token   func() (string, error) // gives the access token, read anew for every call

	Since    time.Time     // where a new channel begins; zero: a day back
	Window   time.Duration // longest question; at most the platform's 30 min
	Lag      time.Duration // how far behind the platform's clock a question ends; negative: none
	Overlap  time.Duration // how much is read again; at least a second
	PageSize int           // at most the platform's 100

	Carriers map[floor.CarrierID]string // overrides of the platform's carrier numbers
}

// A Shop is one shop: a channel.Channel.
type Shop struct {
	app    *App
	o      Options
	limits map[string]*rate.Limiter // method -> this shop's own limiter
}

var _ channel.Channel = (*Shop)(nil)

// Shop gives the channel of one shop of the app.
func (a *App) Shop(o Options) (*Shop, error) {
	if o.Channel == "" || o.Token == nil {
		return nil, errors.New("pdd: a shop needs a channel name and a token")
	}
	if o.Window <= 0 || o.Window > chart.Window() {
		o.Window = chart.Window()
	}
	if o.Lag == 0 {
		o.Lag = chart.Lag()
	}
	o.Lag = max(o.Lag, 0)
	if o.Overlap == 0 {
		o.Overlap = chart.Overlap()
	}
	o.Overlap = max(o.Overlap, time.Second) // times come in whole seconds
	if o.PageSize <= 0 || o.PageSize > chart.Size() {
		o.PageSize = chart.Size()
	}
	s := &Shop{app: a, o: o, limits: map[string]*rate.Limiter{}}
	for _, l := range chart.Limits() {
		if l.Shop {
			addLimit(s.limits, l)
		}
	}
	return s, nil
}
