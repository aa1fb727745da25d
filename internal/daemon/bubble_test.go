package daemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/internal/config"
	fakes "floord/internal/sim/shop"
	"floord/sync/courier"
	"floord/sync/ledger"
)

// A bubble is a daemon without sockets and its one channel, "main", whose shop
// answers from memory: it runs inside a synctest bubble.
type bubble struct {
	t    *testing.T
	d    *Daemon
	s    *shop
	shop *sim
	stop func() // ends the loops and waits; called once
}

// A sim is the pretended shop behind a wire of memory.
type sim struct {
	*fakes.Shop
	mu      sync.Mutex         // one question at a time
	ahead   time.Duration      // of its clock, as its answers say
	instead func(n int) string // what it answers instead, nth; nil: itself
	n       int
	heard   []string // bodies of the questions
}

// set changes the shop between two questions.
func (f *sim) set(change func(*sim)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *sim) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, errors.New("connection reset")
		}
	}()
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	f.heard = append(f.heard, string(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	w := httptest.NewRecorder()
	if f.n++; f.instead != nil {
		_, _ = io.WriteString(w, f.instead(f.n))
	} else {
		f.ServeHTTP(w, r)
	}
	resp = w.Result()
	resp.Header.Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	return resp, nil
}

// inBubble opens the site; more may change the channel. Nothing runs yet.
func inBubble(t *testing.T, driver string, fake *fakes.Shop, more func(*config.Config)) *bubble {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": "s3cret", "sign": "s1gn", "token": "t0ken"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default(dir)
	cfg.Channels = []config.Channel{{ID: "main", Driver: driver, URL: "http://shop.example" + fake.Path(), Shop: "1", ClientID: "me", Every: 5 * time.Minute,
		SecretFile: config.Path(filepath.Join(dir, "secret")), TokenFile: config.Path(filepath.Join(dir, "token"))}}
	if driver == "kuaishou" {
		cfg.Channels[0].SignFile = config.Path(filepath.Join(dir, "sign"))
	}
	if more != nil {
		more(cfg)
	}
	b := &bubble{t: t, d: &Daemon{}, shop: &sim{Shop: fake}}
	var err error
	if b.d.Site, err = openSite(cfg, slog.New(slog.DiscardHandler), nil); err != nil {
		t.Fatal(err)
	}
	b.d.client = &http.Client{Transport: b.shop}
	if err := b.d.openShops(); err != nil {
		t.Fatal(err)
	}
	b.d.metrics = newMetrics(b.d)
	b.s = b.d.shops[0]
	b.stop = func() {}
	t.Cleanup(func() {
		b.stop()
		if err := b.d.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// run starts loops of the daemon.
func (b *bubble) run(loops ...func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var s stage
	for _, f := range loops {
		s = append(s, task{"loop", f})
	}
	failed := make(chan error, 1)
	stop := s.start(ctx, b.d.log, failed)
	b.stop = func() {
		cancel()
		if err := stop(); err != nil {
			b.t.Error(err)
		}
		b.stop = func() {}
	}
}

// after lets time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// calls gives the calls to a person so far: their code, and of trouble with a
// connection what it is.
func (b *bubble) calls() (out []string) {
	b.t.Helper()
	for e, err := range b.d.ledger.Past(context.Background(), 0, ledger.Topic{string(floor.EffectAsked{}.Kind())}) {
		if err != nil {
			b.t.Fatal(err)
		}
		if f := e.Fact.(floor.EffectAsked).Effect; f.What == floor.EffectAlert {
			out = append(out, f.Args["code"]+" "+f.Args["what"])
		}
	}
	return out
}

func (b *bubble) wantCalls(when string, want ...string) {
	b.t.Helper()
	if got := b.calls(); !slices.Equal(got, want) {
		b.t.Errorf("%s: a person was called for %q; want %q", when, got, want)
	}
}

func (b *bubble) order(number string) (o floor.Order, ok bool) {
	b.t.Helper()
	err := b.d.ledger.Read(func(v *ledger.View) error {
		id, known, err := v.OrderByNumber("main", "1", number)
		if err == nil && known {
			o, ok, err = v.Order(id)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return o, ok
}

// place adds an order that is to be shipped within so long.
func (b *bubble) place(within time.Duration) string {
	return b.shop.Place(fakes.Order{Items: []fakes.Item{{SKU: "A", Name: "T恤", Qty: 1}}, PayFen: 100, Name: "张三", Phone: "138", Province: "广东省",
		City: "深圳市", District: "南山区", Street: "路1号", ShipIn: within})
}

func (b *bubble) pull(ctx context.Context) error   { return b.d.pull(ctx, b.s) }
func (b *bubble) follow(ctx context.Context) error { return b.d.follow(ctx, b.s) }

// lane carries out what is owed to the shop.
func (b *bubble) lane(ctx context.Context) error {
	return courier.New(b.d.ledger, courier.Lane{Name: "shop/main", Deliver: b.d.tellShop(b.s)}).Run(ctx)
}
