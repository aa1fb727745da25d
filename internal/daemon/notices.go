package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
	"floord/sync/ledger"
)

// maxPush bounds the body of a push.
const maxPush = 1 << 20

// resent is how long after the first a push may come again: a platform that did
// not hear our answer sends it once more. Later than that it is a replay.
const resent = time.Hour

// knocks counts what came to a channel's door.
type knocks struct {
	mu     sync.Mutex
	count  map[string]int // guarded by mu; result -> number
	forged int            // guarded by mu; since the last alarm
}

// manyForged is how many forged or replayed pushes call a person.
const manyForged = 5

func (k *knocks) note(result string, bad bool) (alarm bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count == nil {
		k.count = map[string]int{}
	}
	k.count[result]++
	if bad {
		k.forged++
	}
	if alarm = k.forged >= manyForged; alarm {
		k.forged = 0
	}
	return alarm
}

// counts gives the numbers by result.
func (k *knocks) counts() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]int{}
	for r, n := range k.count {
		out[r] = n
	}
	return out
}

// hook takes what a shop pushes to /hooks/CHANNEL. It looks at the signature, not
// at what is said; 2xx means that the disk has it.
func (d *Daemon) hook(w http.ResponseWriter, r *http.Request) {
	s := d.shop(floor.ChannelID(r.PathValue("channel")))
	if s == nil || s.channel == nil {
		http.NotFound(w, r)
		return
	}
	if s.qimen != nil {
		s.qimen.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
	if err != nil {
		s.knocks.note("too-large", false)
		d.gate.Note(r, "push-too-large")
		http.Error(w, "a push of at most 1 MiB is taken", http.StatusRequestEntityTooLarge)
		return
	}
	hook, err := s.hook()
	if err == nil {
		err = hook.Verify(r.Header, r.URL.Query(), body, time.Now())
	}
	switch {
	case err == nil:
	case errors.Is(err, drivers.ErrStale):
		d.refuseHook(r.Context(), w, s, "replayed", http.StatusConflict)
		return
	case errors.Is(err, drivers.ErrForged):
		d.refuseHook(r.Context(), w, s, "forged", http.StatusUnauthorized)
		return
	default:
		s.knocks.note("closed", false)
		http.NotFound(w, r)
		return
	}
	if echo := r.URL.Query().Get("echostr"); r.Method == http.MethodGet && echo != "" && len(echo) <= 200 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, echo) // WeChat asks once whether the address is ours
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "POST", http.StatusMethodNotAllowed)
		return
	}
	replay, err := d.keep(r.Context(), s, "hook", body)
	switch {
	case err != nil:
		s.knocks.note("not-stored", false)
		d.log.Error("push not stored", "channel", s.id, "err", err)
		http.Error(w, "not stored, send it again", http.StatusServiceUnavailable)
		return
	case replay:
		d.refuseHook(r.Context(), w, s, "replayed", http.StatusConflict)
		return
	}
	s.knocks.note("taken", false)
	if reply := hook.Map.Hook().Reply; reply != "" {
		if strings.HasPrefix(reply, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, reply)
	}
}

func (d *Daemon) refuseHook(ctx context.Context, w http.ResponseWriter, s *shop, result string, status int) {
	d.countRefused(ctx, s, result)
	http.Error(w, result, status)
}

// countRefused counts a push that is not the shop's; many of them call a person.
func (d *Daemon) countRefused(ctx context.Context, s *shop, result string) {
	if s.knocks.note(result, true) {
		d.log.Error("pushes refused", "channel", s.id, "result", result)
		if _, err := d.foreman.Alarm(context.WithoutCancel(ctx), d.by("hooks"), "hook-forged", "channel", string(s.id)); err != nil {
			d.log.Error("alarm", "err", err)
		}
	}
}

// keep stores a push. replay says that it came before, longer ago than a shop
// that did not hear us would wait. A push is known again within its month, as far as
// the journal goes back.
func (d *Daemon) keep(ctx context.Context, s *shop, via string, body []byte) (replay bool, err error) {
	sum := sha256.Sum256(body)
	key := fmt.Sprintf("%s/%s/%s/%s", d.keys.month(), via, s.id, hex.EncodeToString(sum[:16]))
	r, err := d.foreman.TakeNotice(ctx, key, s.id, via, body)
	if err != nil {
		return false, err
	}
	if r.Repeated {
		s.knocks.note("again", false)
		return len(r.Events) > 0 && time.Since(r.Events[0].At) > resent, nil
	}
	select {
	case s.hurried <- kept{seq: r.First, heard: r.Events[0].At, body: body}:
	default: // it waits with the others
	}
	select {
	case s.noticed <- struct{}{}:
	default: // it is awake
	}
	return false, nil
}

// A kept is a push that the disk has, and what it says.
type kept struct {
	seq     uint64
	heard   time.Time // since when
	body    []byte    // nil if its notices were still known
	notices []channel.Notice
	err     error // why there is no body, or not all notices
}

// readings are what pushes said that wait to be followed up, as far as they were read
// since they came: at most burstMost of them.
type readings struct {
	mu  sync.Mutex
	all map[uint64][]channel.Notice // guarded by mu; by event
}

func (r *readings) put(seq uint64, notices []channel.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) == burstMost { // most of them were followed up before they were read here
		r.all = map[uint64][]channel.Notice{}
	}
	r.all[seq] = notices
}

// take gives what push seq said, once.
func (r *readings) take(seq uint64) ([]channel.Notice, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	notices, ok := r.all[seq]
	delete(r.all, seq)
	return notices, ok
}

// hook gives the secrets of the channel's pushes, as the file says them now.
func (s *shop) hook() (drivers.Hook, error) {
	h := drivers.Hook{Map: s.chart, Client: s.cfg.ClientID}
	file := s.cfg.HookFile
	if file == "" {
		file = s.cfg.SecretFile
	}
	if s.chart == nil || file == "" {
		return h, drivers.ErrNoHook
	}
	var err error
	h.Secret, err = config.Secret(file)
	return h, err
}

// Bounds of what is followed up in one go: pushes, and questions to the shop at a
// time, beside those of pushes that are in a hurry.
const (
	maxNotices  = 100
	maxAsking   = 8
	maxHurrying = 4
)

// follow follows up what was pushed to a shop until ctx ends: each order that is
// named is asked for. What a push says of the order counts for nothing.
func (d *Daemon) follow(ctx context.Context, s *shop) error {
	tries := 0
	for ctx.Err() == nil {
		atOnce := maxAsking
		if tries > 0 {
			atOnce = 1 // who does not answer is asked one thing
		}
		n, err := d.followOnce(ctx, s, atOnce)
		if errors.Is(err, ledger.ErrUnknown) {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		wait := 30 * time.Second // what came while nobody could tell us: after a crash
		tries = s.pulse.went(wayPush, err)
		switch {
		case err != nil:
			wait = max(retryPace(tries), channel.After(err))
			d.log.Warn("pushes wait", "channel", s.id, "err", err, "again_in", wait)
		case n > 0:
			continue
		}
		noticed := s.noticed
		if tries > 0 {
			noticed = nil // one more push does not make the shop answer
		}
		select {
		case <-noticed:
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return nil
}

// retryPace is 1, 5, 15 minutes, and 15 for ever; the first second is for what
// heals at once.
func retryPace(n int) time.Duration {
	return []time.Duration{time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}[min(n-1, 3)]
}

// followOnce follows up the oldest pushes and gives how many there were.
func (d *Daemon) followOnce(ctx context.Context, s *shop, atOnce int) (int, error) {
	if done, err := d.catchUp(ctx, s); done || err != nil {
		return 1, err
	}
	in := foreman.Intake{Channel: s.id}
	var pushes []kept
	odd := map[uint64]api.Unread{} // read in part
	err := d.waiting(s, maxNotices, func(p kept) {
		if p.err != nil {
			d.log.Warn("push not understood", "channel", s.id, "event", p.seq, "err", p.err)
			odd[p.seq] = api.Unread{Method: "push", Body: p.body, Err: p.err}
			if len(p.notices) == 0 {
				in.Unread = append(in.Unread, p.seq)
				return
			}
		}
		pushes = append(pushes, p)
	})
	if err != nil || len(pushes)+len(in.Unread) == 0 {
		return 0, err
	}
	why := d.refetch(ctx, s, pushes, atOnce, &in)
	for _, seq := range slices.Concat(in.Notices, in.Unread) { // it does not come again
		if u, ok := odd[seq]; ok && u.Body != nil {
			d.keepUnread(s, u)
		}
	}
	if why != nil && len(in.Notices)+len(in.Unread)+len(in.Orders) == 0 {
		return 0, why
	} // else what is done so far is kept; the rest comes again
	in.Key = d.keys.next("followed/" + string(s.id))
	got, err := d.foreman.Receive(ctx, in)
	if err != nil {
		return 0, err
	}
	s.pulse.pushed(got.Events, s.skew())
	return len(in.Notices) + len(in.Unread) + len(in.Orders), nil
}

func readNotice(hook drivers.Hook, body []byte) ([]channel.Notice, error) {
	body, err := hook.Open(body)
	if err != nil {
		return nil, err
	}
	return hook.Map.Notices(body)
}

// hurries reports whether a push says that something may have to stop. It is
// believed only so far that it is looked at first.
func hurries(notices []channel.Notice) bool {
	return slices.ContainsFunc(notices, func(n channel.Notice) bool {
		return strings.HasPrefix(n.Event, "refund") || strings.HasPrefix(n.Event, "cancel") || strings.HasPrefix(n.Event, "address") || n.Event == "risk_changed"
	})
}

// hurry follows up at once what says that something may have to stop, several at a time,
// while thousands of other pushes wait for their turn. What it misses is followed up
// with those.
func (d *Daemon) hurry(ctx context.Context, s *shop) error {
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(maxHurrying)
	for {
		var p kept
		select {
		case p = <-s.hurried:
		case <-ctx.Done():
			return asking.Wait()
		}
		hook, _ := s.hook() // without secrets only a sealed push stays unread
		var err error
		if p.notices, err = readNotice(hook, p.body); err == nil { // else follow says what is wrong with it
			s.read.put(p.seq, p.notices)
		}
		s.burst.pace.note(len(p.notices), time.Now())
		if hurries(p.notices) {
			asking.Go(func() error { return d.stopWhat(ctx, s, p) })
		}
	}
}

// stopWhat has what a push names stop, if the shop says so too. Its error is that of a
// ledger that does not know what it has written.
func (d *Daemon) stopWhat(ctx context.Context, s *shop, p kept) error {
	in := foreman.Intake{Channel: s.id, Stops: true}
	if d.refetch(ctx, s, []kept{p}, 1, &in) != nil {
		return nil
	}
	in.Notices = nil // follow reads it again: the order may not be in yet
	in.Key = d.keys.next("hurried/" + string(s.id))
	got, err := d.foreman.Receive(ctx, in)
	switch {
	case errors.Is(err, ledger.ErrUnknown):
		return err
	case err == nil:
		s.pulse.pushed(got.Events, s.skew())
	}
	return nil
}

// refetch asks for the orders that pushes name, each once and so many at a time,
// and adds to in what it got and which pushes are done with. An order that the
// shop does not give is left: the next sweep asks for what we have. The error is
// why the rest is not done.
func (d *Daemon) refetch(ctx context.Context, s *shop, pushes []kept, atOnce int, in *foreman.Intake) (why error) {
	answers := map[string]*fetched{}
	var all []*fetched
	for _, p := range pushes {
		for _, n := range p.notices {
			if answers[n.Number] == nil {
				a := &fetched{order: floor.ShopOrder{Number: n.Number}, heard: p.heard, err: errNotYet}
				answers[n.Number], all = a, append(all, a)
			}
		}
	}
	var asking sync.WaitGroup
	var asked atomic.Int64
	var failed atomic.Bool // the shop does not answer: ask for no more
	for range min(atOnce, len(all)) {
		asking.Go(func() {
			for i := asked.Add(1); int(i) <= len(all) && !failed.Load(); i = asked.Add(1) {
				a := all[i-1]
				a.order, a.err = s.check(ctx, a.order.Number)
				a.order.HeardAt = a.heard
				if a.err != nil && channel.ClassOf(a.err) != channel.Refused {
					failed.Store(true)
				}
			}
		})
	}
	asking.Wait()
	given := map[string]bool{}
	for _, p := range pushes {
		err := d.answered(ctx, s, p, answers, given, in)
		if err == nil {
			in.Notices = append(in.Notices, p.seq)
		} else if why == nil || errors.Is(why, errNotYet) {
			why = err
		}
	}
	return why
}

// A fetched is what the shop says of an order that a push named.
type fetched struct {
	order floor.ShopOrder
	heard time.Time // since when the push is there
	err   error
}

// answered adds what the shop said of a push's orders, and answers a buyer's wish
// for another address.
func (d *Daemon) answered(ctx context.Context, s *shop, p kept, answers map[string]*fetched, given map[string]bool, in *foreman.Intake) error {
	for _, n := range p.notices {
		a := answers[n.Number]
		switch {
		case a.err != nil && channel.ClassOf(a.err) != channel.Refused:
			return a.err
		case given[n.Number]:
		case a.err != nil:
			d.log.Warn("pushed order not given", "channel", s.id, "err", a.err)
		case len(in.Orders) == foreman.MaxIntake:
			return errNotYet
		default:
			in.Orders = append(in.Orders, a.order)
		}
		given[n.Number] = true
		if n.Event != channel.EventAskAddress {
			continue
		}
		known := false
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			_, known, err = v.OrderByNumber(s.id, s.cfg.Shop, n.Number)
			return err
		})
		if err == nil && !known && a.err == nil {
			err = errNotYet // once it is, this push comes again
		}
		if err != nil {
			return err
		}
		by := foreman.Floord(fmt.Sprintf("%s/address/%s/%d/%s", d.keys.day(), s.id, p.seq, n.Number))
		if _, err := d.foreman.AddressAsked(ctx, by, s.id, s.cfg.Shop, n.Number); err != nil {
			return err
		}
	}
	return nil
}

var errNotYet = errors.New("the order is not in yet")

func (s *shop) check(ctx context.Context, number string) (floor.ShopOrder, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.channel.Check(ctx, number)
}

// listen holds a shop's own connection for messages until ctx ends.
func (d *Daemon) listen(ctx context.Context, s *shop) error {
	keep := func(body []byte) error { _, err := d.keep(ctx, s, "socket", body); return err }
	for ctx.Err() == nil {
		began := time.Now()
		err := d.listenOnce(ctx, s, keep)
		if errors.Is(err, ledger.ErrUnknown) {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > 5*time.Minute {
			s.pulse.went(waySocket, nil) // it held for a while
		}
		tries := s.pulse.went(waySocket, err)
		wait := min(time.Second<<min(tries, 8), 5*time.Minute)
		if err != nil {
			d.log.Warn("messages not reached", "channel", s.id, "err", err, "again_in", wait)
		}
		pause(ctx, wait)
	}
	return nil
}

func (d *Daemon) listenOnce(ctx context.Context, s *shop, keep func([]byte) error) error {
	if s.chart.Call("consume") != nil {
		for {
			n, err := s.channel.(*api.Shop).Consume(ctx, keep)
			if err != nil || n == 0 {
				return err
			}
		}
	}
	secret, err := config.Secret(s.cfg.SecretFile)
	if err != nil {
		return err
	}
	address := ""
	if u, err := url.Parse(s.cfg.URL); err == nil && u.Host != "" {
		address = strings.Replace(u.Scheme, "http", "ws", 1) + "://" + u.Host
	}
	return drivers.ListenPDD(ctx, address, api.Account{Client: s.cfg.ClientID, Secret: secret}, keep)
}
