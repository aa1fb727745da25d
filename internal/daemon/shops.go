package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/drivers"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// A shop is one account on one platform, and how its connection is.
type shop struct {
	id      floor.ChannelID
	cfg     config.Channel
	channel channel.Channel // nil for CSV imports: nothing to pull and nobody to tell
	chart   *channelmap.Map // nil where the channel is not read by a map
	qimen   http.Handler    // of a channel whose other side drives us
	noticed chan struct{}   // woken when something was pushed
	hurried chan kept       // what was pushed, to be looked through for what hurries
	read    readings
	burst   burst
	knocks  knocks
	unread  *rate.Limiter  // of payloads kept that nobody can read
	zone    *time.Location // the site's

	pulse pulse
}

func (d *Daemon) openShops() error {
	for _, c := range d.cfg.Channels {
		s := &shop{id: c.ID, cfg: c, noticed: make(chan struct{}, 1), hurried: make(chan kept, 1024), pulse: newPulse(time.Now()),
			unread: rate.NewLimiter(rate.Every(unreadEvery), unreadBurst), zone: d.cfg.Site.Zone}
		if c.Driver == "qimen" {
			if err := d.openQimen(s); err != nil {
				return fmt.Errorf("channel %s: %w", c.ID, err)
			}
		} else if c.Driver != "csv" {
			var err error
			if s.chart, err = chartOf(c); err == nil {
				s.channel, err = d.openAPI(c, s.chart, api.ShopOptions{
					Unread: func(u api.Unread) { d.keepUnread(s, u) },
					Asked:  func(ctx context.Context, number string) { d.askedLate(ctx, s, number) },
					Heard: func(h api.Heard) {
						s.pulse.heard(h)
						d.metrics.heard(s.id, h)
					},
				})
			}
			if err != nil {
				return fmt.Errorf("channel %s: %w", c.ID, err)
			}
		}
		d.shops = append(d.shops, s)
	}
	return nil
}

// chartOf gives the map of a channel: the platform's, or the site's own.
func chartOf(c config.Channel) (*channelmap.Map, error) {
	if c.Driver != "map" {
		return drivers.Maps()[c.Driver], nil
	}
	data, err := os.ReadFile(string(c.Map))
	if err != nil {
		return nil, err
	}
	return channelmap.Load(string(c.Map), data)
}

// openAPI opens a shop as the configuration says; o may say more. Rates count per
// app: all its shops share one.
func (s *Site) openAPI(c config.Channel, m *channelmap.Map, o api.ShopOptions) (*api.Shop, error) {
	a := api.Account{Client: c.ClientID}
	for file, to := range map[config.Path]*string{c.SecretFile: &a.Secret, c.SignFile: &a.SignSecret} {
		if file == "" {
			continue
		}
		var err error
		if *to, err = config.Secret(file); err != nil {
			return nil, err
		}
	}
	s.appsMu.Lock()
	defer s.appsMu.Unlock()
	key := strings.Join([]string{c.Driver, string(c.Map), c.URL, c.ClientID}, "|")
	if s.apps[key] == nil {
		options := api.Options{URL: c.URL, Client: s.client, Free: s.pretend}
		if u, err := url.Parse(c.URL); err == nil && s.pretend {
			options.Aside = u.Scheme + "://" + u.Host
		}
		app, err := drivers.New(m, a, options)
		if err != nil {
			return nil, err
		}
		if s.apps == nil {
			s.apps = map[string]*api.App{}
		}
		s.apps[key] = app
	}
	o.Refunds = c.Refunds
	o.Channel, o.Shop, o.Token, o.Lag, o.Overlap = c.ID, c.Shop, channel.TokenFile(c.TokenFile), c.Lag, c.Overlap
	o.Carriers = map[floor.CarrierID]string{}
	for _, code := range c.Codes {
		o.Carriers[code.Carrier] = code.Code
	}
	return s.apps[key].Shop(o)
}

// pull brings a shop's orders in, until ctx ends. Trouble with the shop backs off
// and shows on the board; only trouble with the ledger is an error.
func (d *Daemon) pull(ctx context.Context, s *shop) error {
	for ctx.Err() == nil {
		began := time.Now()
		err := d.pullAll(ctx, s)
		switch {
		case errors.Is(err, ledger.ErrUnknown):
			return err
		case ctx.Err() != nil:
			return nil
		}
		wait := s.note(began, err)
		if err != nil {
			d.log.Warn("shop not reached", "channel", s.id, "err", err, "again_in", wait)
		}
		pause(ctx, wait)
	}
	return nil
}

// usualEvery is how often a shop is asked unless the site says otherwise.
const usualEvery = 5 * time.Minute

// note keeps how a pull that began then went and gives the wait before the next: after
// a failure that of all retries, or what the shop wants. A site that asks more often
// than usual tries more often, in proportion.
func (s *shop) note(began time.Time, err error) time.Duration {
	if err == nil {
		s.pulse.read(began)
	}
	n := s.pulse.went(wayPull, err)
	if n == 0 {
		return s.cfg.Every
	}
	often := min(1, float64(s.cfg.Every)/float64(usualEvery))
	wait := max(time.Second, time.Duration(float64(retryPace(n))*often))
	return max(wait, channel.After(err))
}

// pullAll pulls until the shop has no more that is ready.
func (d *Daemon) pullAll(ctx context.Context, s *shop) error {
	for {
		var cursor string
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			cursor, err = v.Cursor(s.id)
			return err
		})
		if err != nil {
			return err
		}
		page, err := s.channel.Pull(ctx, channel.Cursor(cursor))
		if err != nil {
			return err
		}
		if _, err := d.receive(ctx, s.id, page); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
	}
}

// maxPart is how many orders of a page are taken in one commit: a cancel that
// comes meanwhile must not wait for a whole page. (25: a tenth fewer orders a second,
// and cancels wait a quarter less.)
const maxPart = 50

// receive takes a page in. The cursor moves with the last part of it.
func (s *Site) receive(ctx context.Context, id floor.ChannelID, page channel.Page) (total foreman.Received, err error) {
	for from := 0; ; from += maxPart {
		to := min(from+maxPart, len(page.Orders))
		in := foreman.Intake{Channel: id, Orders: page.Orders[from:to]}
		if to == len(page.Orders) {
			in.Cursor = string(page.Next)
		}
		in.Key = s.pageKey(id, in)
		got, err := s.foreman.Receive(ctx, in)
		if err != nil {
			return total, err
		}
		total.New, total.Revised, total.Same = total.New+got.New, total.Revised+got.Revised, total.Same+got.Same
		total.Held, total.Frozen, total.Missed = total.Held+got.Held, total.Frozen+got.Frozen, total.Missed+got.Missed
		if got.New+got.Revised+got.Missed > 0 {
			s.log.Info("orders in", "channel", id, "new", got.New, "revised", got.Revised,
				"held", got.Held, "frozen", got.Frozen, "missed", got.Missed)
		}
		if to == len(page.Orders) {
			return total, nil
		}
	}
}

// pageKey names a page by what it says: the same page again is the same request.
func (s *Site) pageKey(id floor.ChannelID, in foreman.Intake) string {
	h := sha256.New()
	for _, o := range in.Orders {
		fmt.Fprintf(h, "%s|%s|%d|", o.Number, o.Content, o.ModifiedAt.UnixNano())
	}
	return fmt.Sprintf("%s/pull/%s/%s/%s", s.keys.day(), id, in.Cursor, hex.EncodeToString(h.Sum(nil)[:8]))
}

// state is the shop's line on the board.
func (s *shop) state() pda.ChannelState {
	st := pda.ChannelState{ID: s.id, OK: true, Text: "CSV", EN: "CSV"}
	if s.channel == nil {
		return st
	}
	st.Text, st.EN = "", ""
	if at := s.pulse.readAt(); !at.IsZero() {
		st.Text = at.In(s.zone).Format(time.TimeOnly)
		st.EN = st.Text
	}
	if all := s.pulse.troubles(); len(all) > 0 {
		st.OK, st.Text, st.EN = false, all.say("zh"), all.say("en")
	}
	return st
}

func shopText(err error, lang string) string {
	var e *channel.Error
	if errors.As(err, &e) {
		return e.Text(lang)
	}
	if no := foreman.Refusal(err); no != nil {
		return floor.Say(lang, no.Code, no.Args)
	}
	return err.Error()
}

// tellShop carries ship reports and cancel answers to a shop.
func (d *Daemon) tellShop(s *shop) courier.Deliver {
	return func(ctx context.Context, e floor.Effect) courier.Outcome {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var o floor.Order
		var p floor.Parcel
		var others []floor.Parcel // the order's, that have left or will
		lines := &o               // whose lines the parcel's items are
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			if o, _, err = v.Order(e.Order); err != nil || e.Parcel == "" {
				return err
			}
			mine := func(p *floor.Parcel) {}
			if o.In != "" { // of a parcel it shares only what is its own is its business
				whole, _, err := v.Order(o.In)
				if err != nil {
					return err
				}
				lines = &whole
				mine = func(p *floor.Parcel) {
					p.Items = slices.DeleteFunc(slices.Clone(p.Items), func(it floor.ParcelItem) bool {
						l := whole.Line(it.Line)
						return l == nil || l.Of != o.ID
					})
				}
			}
			for _, id := range o.Parcels {
				x, _, err := v.Parcel(id)
				mine(&x)
				switch {
				case err != nil:
					return err
				case id == e.Parcel:
					p = x
				case x.State != floor.ParcelIsVoid && len(x.Items) > 0:
					others = append(others, x)
				}
			}
			return nil
		})
		if err == nil {
			err = s.tell(ctx, e, o, p, others)
		}
		out := shopOutcome(err)
		out.Hands = d.byHand(s, e, lines, o.Number, p, err)
		return out
	}
}

// askedLate takes in that the buyer of an order that has left asks for the money back, so
// that the shop is answered. What fails, the next pull does.
func (d *Daemon) askedLate(ctx context.Context, s *shop, number string) {
	o, err := s.channel.Check(ctx, number)
	if err == nil {
		_, err = d.receive(ctx, s.id, channel.Page{Orders: []floor.ShopOrder{o}})
	}
	if err != nil {
		d.log.Warn("late cancel not taken in", "channel", s.id, "err", err)
	}
}

// byHand gives what a person is to do at the shop after something was told it: what it
// refused, and the gifts that it takes no report of.
func (d *Daemon) byHand(s *shop, e floor.Effect, o *floor.Order, number string, p floor.Parcel, err error) map[string]string {
	args := map[string]string{"channel": string(s.id), "number": number, "carrier": d.carrierName(p.Carrier), "waybill": string(p.Waybill)}
	if err != nil {
		args["code"] = map[string]string{floor.EffectShipReport: "report-by-hand", floor.EffectAnswer: "answer-by-hand"}[e.What]
		args["why_zh"], args["why_en"] = shopText(err, "zh"), shopText(err, "en")
		return args
	}
	if e.What != floor.EffectShipReport || s.chart == nil || !s.chart.GiftsByHand() {
		return nil
	}
	var gifts []string
	for _, it := range p.Items {
		if l := o.Line(it.Line); l != nil && l.Gift {
			gifts = append(gifts, fmt.Sprintf("%s×%d", it.SKU, it.Qty))
		}
	}
	if gifts == nil {
		return nil
	}
	args["code"], args["goods"] = "gift-by-hand", strings.Join(gifts, " ")
	return args
}

func (s *shop) tell(ctx context.Context, e floor.Effect, o floor.Order, p floor.Parcel, others []floor.Parcel) error {
	switch e.What {
	case floor.EffectShipReport:
		r := channel.Report{Key: e.Args["key"], Number: o.Number, Carrier: p.Carrier, Waybill: p.Waybill, Left: true, Part: len(others) > 0}
		pieces := 0
		for _, it := range p.Items {
			r.Lines = append(r.Lines, floor.ShopLine{SKU: it.SKU, Qty: it.Qty})
			pieces += it.Qty
		}
		if o.In != "" && len(r.Lines) == 0 {
			return nil // this one of its parcels holds only what is others'
		}
		r.Part = r.Part || p.ID != "" && pieces < piecesOf(o) // the rest is not packed yet
		for _, x := range others {
			r.Others = append(r.Others, x.Waybill)
		}
		return s.channel.Report(ctx, r)
	case floor.EffectAnswer:
		a := channel.Answer{Key: string(e.ID), Number: o.Number, What: channel.What(e.Args["what"]), Yes: e.Args["outcome"] == "stopped" || e.Args["outcome"] == "yes", At: e.WantAt}
		if at, err := time.Parse(time.RFC3339, e.Args["since"]); err == nil {
			a.At = at
		}
		if a.Why = channel.Why(e.Args["outcome"]); a.Why == "missed" {
			a.Why = channel.WhyShipped
		}
		return s.channel.Answer(ctx, a)
	}
	return &channel.Error{Class: channel.Refused, En: "no way to carry out " + e.What}
}

// shopOutcome turns a driver's error into a verdict. What a person can renew (a
// token, a permission) is tried again until somebody has.
func shopOutcome(err error) courier.Outcome {
	switch {
	case err == nil:
		return courier.Outcome{Verdict: courier.Done}
	case channel.ClassOf(err) == channel.Refused:
		return courier.Outcome{Verdict: courier.Refused, Why: shopText(err, "zh")}
	}
	return courier.Outcome{Verdict: courier.NotYet, Why: shopText(err, "zh"), After: channel.After(err)}
}

// alert calls a person. Bots and mail come with the notify drivers; until then
// the board shows it and the log says it.
func (d *Daemon) alert(_ context.Context, e floor.Effect) courier.Outcome {
	d.log.Error("a person is needed", "code", e.Args["code"], "order", e.Order, "detail", e.Args)
	return courier.Outcome{Verdict: courier.Done}
}
