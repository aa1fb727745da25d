// Package foreman takes the decisions of the floor. Every public method that
// changes something is one ledger.Commit: it looks at the present state, and
// either refuses with a sentence for a person (*floor.Refusal) or returns facts.
//
// A method may be called with the same key again, from any device and after any
// crash: it answers as it did the first time and nothing happens twice. All
// methods are safe for concurrent use.
package foreman

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"floord/floor"
	"floord/floor/rules"
	"floord/sync/ledger"
)

// A Foreman decides over one ledger.
type Foreman struct {
	l *ledger.Ledger
	o Options
}

// Options are the site's settings. The zero value works.
type Options struct {
	Prefix       string         // of order ids, "DB" if empty
	Zone         *time.Location // of the site's days, UTC+8 if nil
	FreezeWindow time.Duration  // a person must answer a freeze within, 15 s if 0
	Windows      []Window       // exceptions from it
	CallEvery    time.Duration  // then the next lead is called, 1 min if 0
	// Packaging is what an empty box weighs where none is scanned. Packagings are
	// those that may be scanned; where there are any, one must be.
	Packaging  floor.Grams
	Packagings []floor.Packaging
	// Tolerance of a parcel's weight: 30 g, 5 %, and 10 g where its SKUs have been
	// learned, for those that are 0.
	Tolerance floor.Tolerance

	// Carriers in the order of preference, with what each takes.
	Carriers []floor.CarrierRule
	// Returns says whether a carrier takes unused numbers back; nil: none does.
	Returns func(floor.CarrierID) bool
	// Template names the label that a station's printer prints; nil: none is named. Pure.
	Template func(floor.StationID) string
	// Address says why a recipient's address cannot be read, in a word of the
	// catalogue ("address-city"), or ""; nil: all can. Pure.
	Address func(floor.Recipient) string
	// Split gives a recipient with the address in its parts, and why nobody can ship
	// to it, in a word of the catalogue, or ""; nil: the shop's parts are taken. Pure.
	Split func(floor.Recipient) (floor.Recipient, string)
	// SortCode gives a carrier's sort code (三段码) for a destination, or "". Pure.
	SortCode func(floor.CarrierID, floor.Recipient) string
	// Reports says whether a channel takes ship reports and answers; nil: none does.
	Reports func(floor.ChannelID) bool
	// Trial says whether a channel that is new is on trial until a lead opens it; nil:
	// none is. See Foreman.OnTrial.
	Trial func(floor.ChannelID) bool
	// Rules judge orders as they come in; nil: those that are shipped.
	Rules *rules.Rules
	// ReserveFor is how long stock is promised to an order that no wave has; 0: for ever.
	ReserveFor time.Duration
	// Reaches reports whether anybody gets to a bin: its place is known and its aisle
	// is open. Stock is promised elsewhere first. nil: all are reached.
	Reaches func(floor.BinID) bool
	// More than MaxShorts orders short of a SKU within ShortWindow (5 min if 0) stop
	// it; 0: it is never stopped. At most floor.MaxShorts.
	MaxShorts   int
	ShortWindow time.Duration
	// Stations lists the pack stations; only these can pack.
	Stations []floor.StationID
	// Walls are the put walls that batches are sorted at.
	Walls []floor.Wall
	// TaskTime and StopTime are what a task may take: so long, and so long for each
	// stop. TaskTime 0: nobody counts.
	TaskTime, StopTime time.Duration
}

// A Window is how long a person has to answer freezes of a kind. An empty Why or
// Category fits all; a category fits an order that has a line of it.
type Window struct {
	Why      floor.FreezeWhy
	Category string
	Within   time.Duration
}

// New gives a foreman over l.
func New(l *ledger.Ledger, o Options) *Foreman {
	if o.Prefix == "" {
		o.Prefix = "DB"
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	if o.FreezeWindow == 0 {
		o.FreezeWindow = 15 * time.Second
	}
	if o.CallEvery == 0 {
		o.CallEvery = time.Minute
	}
	o.Tolerance.Abs = cmp.Or(o.Tolerance.Abs, 30)
	o.Tolerance.Pct = cmp.Or(o.Tolerance.Pct, 5)
	o.Tolerance.Least = cmp.Or(o.Tolerance.Least, 10)
	if o.Reports == nil {
		o.Reports = func(floor.ChannelID) bool { return false }
	}
	if o.Trial == nil {
		o.Trial = func(floor.ChannelID) bool { return false }
	}
	if o.Rules == nil {
		o.Rules = rules.Default()
	}
	o.ShortWindow = cmp.Or(o.ShortWindow, 5*time.Minute)
	if o.SortCode == nil {
		o.SortCode = func(floor.CarrierID, floor.Recipient) string { return "" }
	}
	if o.Returns == nil {
		o.Returns = func(floor.CarrierID) bool { return false }
	}
	if o.Template == nil {
		o.Template = func(floor.StationID) string { return "" }
	}
	if o.Address == nil {
		o.Address = func(floor.Recipient) string { return "" }
	}
	if o.Split == nil {
		o.Split = func(to floor.Recipient) (floor.Recipient, string) { return to, "" }
	}
	return &Foreman{l: l, o: o}
}

// By says who asks, and under which key the answer is kept.
type By struct {
	Person floor.PersonID // logged in on Device
	Device floor.DeviceID
	Key    string // see ledger.Request: day/asker/number
	// Root is the operator on the machine itself, or with the admin token, or
	// floord: nobody's role is asked. As says which; empty is floord.
	Root bool
	As   floor.Actor
	// Typed says that a code of it was typed by hand and not scanned.
	Typed bool
}

// Floord is the daemon itself, asking under key.
func Floord(key string) By { return By{Key: key, Root: true} }

func (b By) actor() floor.Actor {
	switch {
	case b.Person != "" && b.Device != "":
		return floor.Actor("person:" + string(b.Person) + "@" + string(b.Device))
	case b.Person != "":
		return floor.Actor("person:" + string(b.Person))
	case b.Device != "":
		return floor.Actor("device:" + string(b.Device))
	case b.As != "":
		return b.As
	}
	return "floord"
}

// commit runs decide. Acts on what is in progress are urgent: they pass when the
// disk is nearly full, while new work waits.
func (f *Foreman) commit(ctx context.Context, by By, urgent bool, decide func(look) ([]floor.Fact, error)) (ledger.Receipt, error) {
	req := ledger.Request{Key: by.Key, Actor: by.actor(), Urgent: urgent}
	return f.l.Commit(ctx, req, func(v *ledger.View) ([]floor.Fact, error) {
		return decide(newLook(v, f))
	})
}

// Refusal gives what a person is told of an error, or nil if it is a failure: a
// refusal, or that the disk's reserve is kept for work in progress.
func Refusal(err error) *floor.Refusal {
	var no *floor.Refusal
	if errors.As(err, &no) {
		return no
	}
	if errors.Is(err, ledger.ErrReserve) {
		return floor.Refuse("disk-full")
	}
	return nil
}

// A look is a view that turns what is not there into a refusal.
type look struct {
	*ledger.View
	f    *Foreman
	gave map[string]*ids // by counter
}

func newLook(v *ledger.View, f *Foreman) look { return look{v, f, map[string]*ids{}} }

// must gives the person who asks, if logged in on the asking device and holding
// the role. Root gives a nameless person.
func (v look) must(by By, role floor.Role) (floor.Person, error) {
	if by.Root {
		return floor.Person{}, nil
	}
	if err := v.device(by.Device); err != nil {
		return floor.Person{}, err
	}
	p, ok, err := v.Person(by.Person)
	switch {
	case err != nil:
		return p, err
	case !ok || p.Gone || p.Device != by.Device:
		return p, floor.Refuse("not-logged-in")
	case !p.May(role):
		return p, floor.Refuse("no-role", "role", role)
	}
	return p, nil
}

// device refuses a device that is not paired or revoked.
func (v look) device(id floor.DeviceID) error {
	d, ok, err := v.Device(id)
	switch {
	case err != nil:
		return err
	case !ok:
		return floor.Refuse("no-device")
	case d.Revoked:
		return floor.Refuse("device-revoked")
	}
	return nil
}

// order gives an order that is on the floor.
func (v look) order(id floor.OrderID) (floor.Order, error) {
	o, ok, err := v.Order(id)
	if err == nil && !ok {
		err = floor.Refuse("unknown-order", "code", id)
	}
	return o, err
}

// awake refuses to go on with an order that is frozen or closed. Every act on an
// order passes here, inside its commit.
func awake(o *floor.Order) error {
	switch {
	case o.Freeze != nil:
		return frozen(o)
	case o.State == floor.Closed:
		return floor.Refuse("order-closed", "order", o.ID, "why", o.ClosedWhy)
	case o.Trial:
		return floor.Refuse("on-trial", "order", o.ID, "channel", o.Channel)
	}
	return nil
}

// frozen is the refusal of an act on a frozen order; the reason is left as a code
// that each screen says in its own language.
func frozen(o *floor.Order) *floor.Refusal {
	return floor.Refuse("frozen", "order", cmp.Or(o.Freeze.Of, o.ID), "why", "why-"+string(o.Freeze.Why))
}

// last gives the newest fact of a kind from a receipt.
func last[T floor.Fact](r ledger.Receipt) (T, bool) {
	for i := len(r.Events) - 1; i >= 0; i-- {
		if f, ok := r.Events[i].Fact.(T); ok {
			return f, true
		}
	}
	var none T
	return none, false
}

// ids gives ids from a counter within one decision, which sees none of its own facts.
type ids struct {
	prefix string
	next   uint64
}

func (v look) ids(counter, prefix string) (*ids, error) {
	if v.gave[counter] == nil {
		n, err := v.Next(counter)
		if err != nil {
			return nil, err
		}
		v.gave[counter] = &ids{prefix, n}
	}
	return v.gave[counter], nil
}

func (i *ids) take() string {
	id := fmt.Sprintf("%s-%d", i.prefix, i.next)
	i.next++
	return id
}

// moment is now as facts keep it: without the process's own clock in it.
func moment() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// day is the site's day, 20261121.
func (f *Foreman) day(t time.Time) string { return t.In(f.o.Zone).Format("20060102") }

// today is the site's day as lots have it, 2026-11-21.
func (f *Foreman) today() string { return moment().In(f.o.Zone).Format(time.DateOnly) }

// Hash is how badges, tokens and pairing codes are kept: SHA-256, hex.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// secret gives n random bytes as letters and digits that are easy to read out.
func secret(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// okName refuses names that could be mistaken in a key, a topic or a page.
func okName(s string) error {
	ok := len(s) > 0 && len(s) <= 64
	for _, c := range s {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_')
	}
	if !ok {
		return floor.Refuse("bad-name", "name", s)
	}
	return nil
}
