package daemon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/report"
	"floord/sync/ledger"
)

// TestReportsOfArchivedDays counts days before and after their orders have left the
// ledger: the same figures, and the same orders behind them.
func TestReportsOfArchivedDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStoried(t, 3)
		zone := x.s.cfg.Site.Zone
		first := report.DayOf(time.Now(), zone)
		for i := range 14 {
			x.live(i)
		}
		all := func(day report.Day) string {
			t.Helper()
			d, err := x.s.dailyOf(day, time.Now().In(zone))
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			for _, err := range []error{report.WriteJSON(&b, d), report.WriteOrdersCSV(&b, d), report.WriteAsksCSV(&b, d)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			return b.String()
		}
		var days []report.Day
		for day, i := first, 0; i < 4; i++ {
			days = append(days, day)
			_, to := day.Bounds(zone)
			day = report.DayOf(to.Add(time.Hour), zone)
		}
		keep := x.s.cfg.Journal.KeepDays
		time.Sleep(time.Duration(keep-3) * 24 * time.Hour)
		if err := x.s.keepReports(time.Now().In(zone)); err != nil {
			t.Fatal(err)
		}
		before := map[report.Day]string{}
		for _, day := range days {
			before[day] = all(day)
		}
		if !strings.Contains(before[first], "ORD-000001") {
			t.Fatalf("the first day has no orders:\n%s", before[first])
		}
		time.Sleep(time.Duration(keep) * 24 * time.Hour)
		if err := x.s.keepReports(time.Now().In(zone)); err != nil {
			t.Fatal(err)
		}
		gone, err := x.s.ledger.Archive(t.Context(), keep, time.Now().In(zone))
		if err != nil || len(gone) < 2 {
			t.Fatalf("%d days archived, %v", len(gone), err)
		}
		for _, day := range days {
			if after := all(day); after != before[day] {
				t.Errorf("%s reads otherwise from the archive", day)
			}
		}
		if _, err := x.s.dailyOf(report.Day{Year: 1999, Month: 1, Day: 1}, time.Now().In(zone)); err == nil {
			t.Error("a day before the ledger began has a report")
		}
	})
}

// TestTheReportIsMadeInTheMorning waits for 08:30 of the site's clock, twice.
func TestTheReportIsMadeInTheMorning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStoried(t, 4)
		zone := x.s.cfg.Site.Zone
		x.live(1)
		day := report.DayOf(time.Now(), zone)
		d := &Daemon{Site: x.s}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.dailyReports(ctx) }()
		_, midnight := day.Bounds(zone)
		there := func(day report.Day) (n int) {
			entries, _ := os.ReadDir(x.s.cfg.Reports())
			for _, e := range entries {
				if strings.Contains(e.Name(), day.String()) {
					n++
				}
			}
			return n
		}
		time.Sleep(time.Until(midnight.Add(8*time.Hour + 30*time.Minute - time.Second)))
		synctest.Wait()
		if n := there(day); n != 0 {
			t.Errorf("%d files before 08:30", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := there(day); n != len(report.Files(report.Daily{}))+1 {
			t.Errorf("%d files at 08:30; want every form and the figures", n)
		}
		next := report.DayOf(midnight.Add(time.Hour), zone) // nothing happens on it
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := there(next); n == 0 {
			t.Error("no report of a day without orders")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkDay counts a day of 100,000 orders; the ledger is asked for each anew.
func BenchmarkDay(b *testing.B) {
	const orders = 100_000
	x := newStoried(b, 5)
	now := time.Now().UTC()
	for i := 0; i < orders; i += 1000 {
		var facts []floor.Fact
		for n := i; n < i+1000; n++ {
			id := floor.OrderID(fmt.Sprintf("DB%s-ORD-%06d", now.Format("20060102"), n+1))
			facts = append(facts, floor.OrderReceived{Order: id, Shop: floor.ShopOrder{
				Channel: []floor.ChannelID{"pdd", "files"}[n%2], Number: fmt.Sprint(n), State: floor.ShopPaid, ModifiedAt: now, ShipBy: now.Add(time.Duration(n%600) * time.Minute),
				Lines: []floor.ShopLine{{SKU: "A", Qty: 1}, {SKU: "B", Qty: 1}}, Content: fmt.Sprint(n),
			}})
			if n%4 == 0 {
				facts = append(facts, floor.OrderClosed{Order: id, Why: "cancelled"})
			}
		}
		if _, err := x.s.ledger.Commit(b.Context(), ledger.Request{Key: x.key(), Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) { return facts, nil }); err != nil {
			b.Fatal(err)
		}
	}
	zone := x.s.cfg.Site.Zone
	day := report.DayOf(now, zone)
	for _, part := range []string{"read", "all"} {
		b.Run(part, func(b *testing.B) {
			for b.Loop() {
				var n int
				var err error
				if part == "read" {
					var in report.Input
					in, err = x.s.gather(day, time.Now().In(zone))
					n = len(in.Rows)
				} else {
					var d report.Daily
					d, err = x.s.dailyOf(day, time.Now().In(zone))
					n = d.Total.Received
				}
				if err != nil || n != orders {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/orders, "ns/order")
		})
	}
}
