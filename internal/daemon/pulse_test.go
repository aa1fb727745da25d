package daemon

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	fakes "floord/internal/sim/shop"
	"floord/internal/sim/wire"
	"floord/sync/channel"
	"floord/sync/ledger"
)

func pdd() *fakes.Shop { return fakes.NewPDD("me", "s3cret", "t0ken") }

// TestAnOutageIsSaidOnce: a pull is tried again after 1, 5 and 15 minutes, then a person
// is called, with what the outage costs, and the tries go on; it is over when it is over,
// and the next one calls again.
func TestAnOutageIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		for range 3 {
			b.place(3 * time.Hour)
		}
		b.place(30 * time.Hour)
		b.run(b.pull, b.d.watchShops)
		after(11 * time.Minute) // PDD's changes may be asked for three minutes later
		if st := b.s.state(); !st.OK || st.Text != b.s.pulse.readAt().In(b.d.cfg.Site.Zone).Format("15:04:05") {
			t.Errorf("all is well, and the board says %+v; want the time on the site's clock", st)
		}
		b.shop.Faults.Always(wire.GatewayTimeout)
		after(4*time.Minute + time.Second/2)
		if st := b.s.state(); st.OK || !strings.Contains(st.Text, "失败 1 次") || !strings.Contains(st.EN, "1 pulls have failed") {
			t.Errorf("after the first failure the board says %+v", st)
		}
		b.wantCalls("after one failure")
		tries := func(when string, want int) {
			t.Helper()
			if n := b.shop.Faults.Met(); n != want {
				t.Errorf("%s: %d tries; want %d", when, n, want)
			}
		}
		after(time.Second)
		tries("what heals at once", 2)
		after(time.Minute)
		tries("after a minute", 3)
		b.wantCalls("after a period and 15 s", "channel-trouble late/pull")
		after(5 * time.Minute)
		tries("after 5 minutes", 4)
		after(15*time.Minute - 2*time.Second)
		tries("before 15 minutes", 4)
		b.wantCalls("before the retries are over", "channel-trouble late/pull")
		after(2*time.Second + watchEvery)
		tries("after 15 minutes", 5)
		b.wantCalls("after the retries", "channel-trouble late/pull", "channel-trouble down/pull")
		st := b.s.state()
		by := time.Now().Add(4 * time.Hour).Truncate(time.Hour).Add(time.Hour).In(b.d.cfg.Site.Zone).Format("15:04")
		if !strings.Contains(st.Text, by+" 前有 3 单有风险") || !strings.Contains(st.EN, "3 orders at risk by "+by) {
			t.Errorf("the cost of the outage is not said: %+v; want 3 orders by %s", st, by)
		}
		after(2 * time.Hour)
		if n := len(b.calls()); n != 2 {
			t.Errorf("%d calls for one outage; want 2", n)
		}
		tries("it goes on trying", 5+8)
		b.shop.Faults.Always(wire.None)
		after(16 * time.Minute)
		if st := b.s.state(); !st.OK {
			t.Errorf("it works again, and the board says %+v", st)
		}
		after(time.Hour)
		b.shop.Faults.Always(wire.Dropped)
		after(30 * time.Minute)
		if n := len(b.calls()); n != 4 {
			t.Errorf("%d calls for two outages; want 4", n)
		}
	})
}

// TestRetriesOfAPull: what the shop wants counts, and a site that asks more often than
// every five minutes tries more often.
func TestRetriesOfAPull(t *testing.T) {
	out := errors.New("out")
	for _, tt := range []struct {
		name  string
		every time.Duration
		err   error
		want  []time.Duration
	}{
		{"usual", 5 * time.Minute, out, []time.Duration{time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute}},
		{"rare", time.Hour, out, []time.Duration{time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute}},
		{"often", 10 * time.Second, out, []time.Duration{time.Second, 2 * time.Second, 10 * time.Second, 30 * time.Second, 30 * time.Second}},
		{"the shop says when", 5 * time.Minute, &channel.Error{Class: channel.RateLimited, After: 7 * time.Minute},
			[]time.Duration{7 * time.Minute, 7 * time.Minute, 7 * time.Minute, 15 * time.Minute}},
	} {
		s := &shop{cfg: config.Channel{Every: tt.every}, pulse: newPulse(time.Now())}
		for round := range 2 { // it begins anew after a good one
			for i, want := range tt.want {
				if got := s.note(time.Now(), tt.err); got != want {
					t.Errorf("%s, round %d: waits %v after failure %d; want %v", tt.name, round, got, i+1, want)
				}
			}
			if got := s.note(time.Now(), nil); got != tt.every {
				t.Errorf("%s: waits %v after a good pull; want %v", tt.name, got, tt.every)
			}
		}
	}
}

// TestPushesThatAreLate: from the shop's time to our disk more than 15 s, and pushes
// whose orders cannot be fetched; the tries go on at 1, 5, 15 minutes.
func TestPushesThatAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), func(c *config.Config) { c.Channels[0].Every = 24 * time.Hour })
		b.run(b.follow, b.d.watchShops)
		push := func(n string) {
			t.Helper()
			body := `{"id":1,"commandType":"Common","message":{"type":"pdd_trade_TradeConfirmed","content":"{\"tid\":\"` + n + `\"}"}}`
			if _, err := b.d.keep(t.Context(), b.s, "hook", []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		n := b.place(time.Hour)
		after(5 * time.Second)
		push(n)
		after(10 * time.Second)
		if _, ok := b.order(n); !ok {
			t.Fatal("the push did not bring its order")
		}
		b.wantCalls("after 5 s")
		n = b.place(time.Hour)
		after(20 * time.Second)
		push(n)
		after(10 * time.Second)
		b.wantCalls("after 20 s", "channel-trouble late/push")

		after(time.Hour)
		n = b.place(time.Hour)
		b.shop.Faults.Always(wire.Failed)
		before := b.shop.Faults.Met()
		push(n)
		after(20 * time.Second)
		b.wantCalls("with the shop down", "channel-trouble late/push", "channel-trouble late/waiting")
		after(5 * time.Minute)
		push(b.place(time.Hour)) // one more push does not make the shop answer
		after(20 * time.Minute)
		if tries := b.shop.Faults.Met() - before; tries != 5 { // at once, after 1 s, 1, 5, 15 min
			t.Errorf("%d tries in 26 minutes; want 5", tries)
		}
		b.wantCalls("after the tries", "channel-trouble late/push", "channel-trouble late/waiting", "channel-trouble down/push")
		b.shop.Faults.Always(wire.None)
		after(11 * time.Minute)
		if _, ok := b.order(n); !ok {
			t.Error("it does not go on trying")
		}
		if st := b.s.state(); st.OK {
			t.Error("the push came 20 minutes late, and the board is silent")
		}
		after(6 * time.Minute)
		if st := b.s.state(); !st.OK {
			t.Errorf("all is well again: %+v", st)
		}
	})
}

// TestWhatRunsOutIsSaidDaily: 15 days ahead, once a day, over restarts too.
func TestWhatRunsOutIsSaidDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "woocommerce", fakes.NewWoo("me", "s3cret"), func(c *config.Config) {
			c.Channels[0].DomainEnds = config.Day{Time: time.Now().Add(certAhead + 15*time.Hour)}
			c.Channels[0].Every = 24 * time.Hour
		})
		b.run(b.d.watchShops)
		after(14*time.Hour + 50*time.Minute)
		b.wantCalls("more than 15 days ahead")
		after(20 * time.Minute)
		b.wantCalls("15 days ahead", "channel-trouble ends/domain/20000101")
		after(time.Hour)
		b.wantCalls("the day after", "channel-trouble ends/domain/20000101", "channel-trouble ends/domain/20000102")
		b.stop()
		clear(b.s.pulse.said) // as after a restart
		b.run(b.d.watchShops)
		after(time.Minute)
		if n := len(b.calls()); n != 2 {
			t.Errorf("%d calls after a restart of the same day; want 2", n)
		}
		over := endings(b.d.rhythm(b.s).ends, time.Now().AddDate(0, 0, 20), b.d.cfg.Site.Zone)
		if !strings.Contains(over.say("zh"), "已在") || !strings.Contains(over.say("en"), "ended on 2000-01-16") {
			t.Errorf("when it has ended: %q, %q", over.say("zh"), over.say("en"))
		}
	})
}

// TestATokenThatNobodyRenews is said; one that floord renews by itself is not.
func TestATokenThatNobodyRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := time.Now().Add(10 * 24 * time.Hour)
		for _, tt := range []struct {
			driver string
			fake   *fakes.Shop
			said   bool
		}{
			{"taobao", fakes.NewTaobao("me", "s3cret", "t0ken"), true},
			{"douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), false},
		} {
			b := inBubble(t, tt.driver, tt.fake, nil)
			if err := channel.TokenFile(b.s.cfg.TokenFile).Write(channel.Token{Access: "t0ken", Ends: ends}); err != nil {
				t.Fatal(err)
			}
			b.run(b.d.watchShops)
			after(time.Second)
			if said := len(b.calls()) > 0; said != tt.said {
				t.Errorf("%s: calls %q; want some: %v", tt.driver, b.calls(), tt.said)
			}
			b.stop()
		}
	})
}

// TestClocksThatDiffer: known from the answers' Date.
func TestClocksThatDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		b.shop.ahead = 90 * time.Second
		b.shop.Advance(90 * time.Second)
		b.run(b.pull, b.d.watchShops)
		after(watchEvery + time.Second)
		b.wantCalls("90 s apart", "channel-trouble clock")
		if st := b.s.state(); !strings.Contains(st.EN, "1 min 30 s off") {
			t.Errorf("the board says %+v", st)
		}
		r := b.d.rhythm(b.s)
		if lag, allowed := b.s.pulse.pullLag(time.Now(), r); lag > allowed || r.lag != 3*time.Minute {
			t.Errorf("lag %v of %v, behind the platform's clock by %v", lag, allowed, r.lag)
		}
	})
}

// TestRiskCountsReportsThatWait: a parcel that left counts until the shop knows it.
func TestRiskCountsReportsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		after(20 * time.Minute)
		now := time.Now().UTC()
		var orders []floor.ShopOrder
		for i, in := range []time.Duration{30 * time.Minute, 4*time.Hour + 10*time.Minute, 9 * time.Hour, -time.Hour, 0} {
			o := floor.ShopOrder{Channel: "main", Shop: "1", Number: string(rune('a' + i)), State: floor.ShopPaid, Pay: 1, ModifiedAt: now,
				Lines: []floor.ShopLine{{SKU: "A", Qty: 1}}, Content: "x"}
			if in != 0 {
				o.ShipBy = now.Add(in)
			}
			orders = append(orders, o)
		}
		if _, err := b.d.foreman.Receive(t.Context(), foreman.Intake{Key: "20000101/t/1", Channel: "main", Orders: orders}); err != nil {
			t.Fatal(err)
		}
		r, err := b.d.atRisk("main", now)
		if want := now.Add(5 * time.Hour).Truncate(time.Hour); err != nil || r.orders != 2 || r.by != want {
			t.Errorf("at risk %+v, %v; want 2 by %v", r, err, want)
		}
		// Of those due later the first hour is named.
		if r, err = b.d.atRisk("main", now.Add(4*time.Hour+11*time.Minute)); err != nil || r.orders != 1 {
			t.Errorf("at risk later: %+v, %v; want 1", r, err)
		}
		id, _ := b.order("a")
		_, err = b.d.ledger.Commit(t.Context(), ledger.Request{Key: "20000101/t/2", Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.OrderClosed{Order: id.ID, Why: "test"}, floor.EffectAsked{Effect: floor.Effect{
				ID: "E-900", Lane: "shop/main", What: floor.EffectShipReport, Class: floor.Idempotent, Order: id.ID}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if r, err = b.d.atRisk("main", now); err != nil || r.orders != 2 {
			t.Errorf("with a report that waits: %+v, %v; want 2", r, err)
		}
	})
}

// TestForgedAndReplayedPushes: 401 and 409, counted, and each five call a person. A
// push that comes again because the shop did not hear us is no replay.
func TestForgedAndReplayedPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		push := func(body, sign string) int {
			r := httptest.NewRequest(http.MethodPost, "/hooks/main", strings.NewReader(body))
			r.SetPathValue("channel", "main")
			r.Header.Set("event-sign", sign)
			w := httptest.NewRecorder()
			b.d.hook(w, r)
			return w.Code
		}
		const body = `[{"tag":"101","msg_id":"7","data":"{\"p_id\":7}"}]`
		right := fakes.DouyinSign([]byte(body), "me", "s3cret")
		for i := range 12 {
			if code := push(body, strings.Repeat("0", 32)); code != http.StatusUnauthorized {
				t.Errorf("forged: %d; want 401", code)
			}
			if n := len(b.calls()); n != (i+1)/5 {
				t.Errorf("%d calls after %d forged pushes", n, i+1)
			}
		}
		for _, in := range []time.Duration{0, time.Minute, 50 * time.Minute} {
			after(in)
			if code := push(body, right); code != http.StatusOK {
				t.Errorf("a true push, %v later: %d", in, code)
			}
		}
		after(10 * time.Minute)
		for range 3 {
			if code := push(body, right); code != http.StatusConflict {
				t.Errorf("a replay: %d; want 409", code)
			}
		}
		b.wantCalls("with two forged ones before, three replays make five", "hook-forged ", "hook-forged ", "hook-forged ")
		after(48 * time.Hour)
		if code := push(body, right); code != http.StatusConflict {
			t.Errorf("a replay, two days later: %d; want 409", code)
		}
		want := map[string]int{"forged": 12, "taken": 3, "again": 6, "replayed": 4}
		if got := b.s.knocks.counts(); !maps.Equal(got, want) {
			t.Errorf("counted %v; want %v", got, want)
		}
		if n := b.shop.Calls("order.orderDetail"); n != 0 {
			t.Errorf("the shop was asked %d times", n)
		}
	})
}
