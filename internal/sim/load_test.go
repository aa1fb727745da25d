package sim

import (
	"fmt"
	"os"
	"testing"
)

// TestMain lets a load run start the process of its shops, and a test a daemon that
// it may kill: this binary again.
func TestMain(m *testing.M) {
	if file := os.Getenv("FLOORD_TEST_SITE"); file != "" {
		runKilled(file)
	}
	if os.Getenv("FLOORD_TEST_SHOPS") != "" {
		if err := ServeShops(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func ownShops(tb testing.TB) []string {
	tb.Setenv("FLOORD_TEST_SHOPS", "1") // the shops' process inherits it
	return []string{os.Args[0]}
}

// TestLoad brings a few orders in as a load run does, each way, from all platforms
// that can: all are on the disk, and what buyers cancelled meanwhile was stopped.
func TestLoad(t *testing.T) {
	for _, tt := range []struct {
		push     bool
		channels int
	}{{false, 10}, {true, 5}} {
		o := LoadOptions{Orders: 600, Channels: tt.channels, Push: tt.push, Shops: ownShops(t)}
		if !tt.push {
			o.Drivers = []string{"douyin"} // the door for cancels is the first shop's
			for _, p := range platforms {
				if p.driver != "douyin" {
					o.Drivers = append(o.Drivers, p.driver)
				}
			}
		}
		r, err := Load(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("push %v: %+v", tt.push, r)
		if r.Orders != 600 || r.Cancels == 0 || r.RawPer == 0 || r.Reopen == 0 || r.Bytes < 1000 || r.Heap == 0 || r.Heap > r.Peak {
			t.Errorf("push %v: %+v", tt.push, r)
		}
	}
	if _, err := Load(t.Context(), LoadOptions{}); err == nil {
		t.Error("a load of nothing was run")
	}
}

// BenchmarkIntake measures orders on the disk a second, by pull and by push, beside
// raw bbolt with the same bytes in the same run.
func BenchmarkIntake(b *testing.B) {
	for _, way := range []string{"pull", "push"} {
		b.Run(way, func(b *testing.B) {
			r, err := Load(b.Context(), LoadOptions{Orders: 200 * b.N, Channels: 5, Push: way == "push", Shops: ownShops(b)})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(r.PerSecond, "orders/s")
			b.ReportMetric(r.CPU, "cpu-us/order")
			b.ReportMetric(r.Ratio, "ratio")
			b.ReportMetric(float64(r.StopP99.Microseconds())/1000, "cancel-p99-ms")
		})
	}
}
