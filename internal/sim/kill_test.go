package sim

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim/shop"
	"floord/sync/ledger"
)

// runKilled is a daemon of a site, until it is killed.
func runKilled(file string) {
	d, err := openKilled(file)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(d.URL(""))
	_ = d.Run(context.Background())
	os.Exit(1)
}

func openKilled(file string) (*daemon.Daemon, error) {
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	for i := range cfg.Channels {
		cfg.Channels[i].Lag = -1
	}
	return daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler), Pretend: true})
}

// TestKilledWithAllShops kills the daemon, twice, while orders of all platforms are
// being pulled, those of five pushed and those of an ERP sent. In the end every order
// that a pull reaches or whose push was answered is there, and none is there twice.
func TestKilledWithAllShops(t *testing.T) {
	w := &world{o: DemoOptions{Data: t.TempDir()}}
	defer w.close()
	entries, err := w.openFronts()
	if err != nil {
		t.Fatal(err)
	}
	w.fronts[0].shop.Faults.Sometimes(0, 1) // the death is fault enough
	file := filepath.Join(w.o.Data, "floord.toml")
	if err := os.WriteFile(file, []byte("[http]\nlisten = \"127.0.0.1:0\"\n"+entries), 0o600); err != nil {
		t.Fatal(err)
	}
	order := shop.Order{Items: []shop.Item{{SKU: "A", Name: "T恤", Qty: 1}}, PayFen: 100, Name: "张三", Phone: "13800000000", Province: "广东省",
		City: "深圳市", District: "南山区", Street: "路1号", ShipIn: 48 * time.Hour}
	aged := order
	aged.PaidAt = time.Now().Add(-80 * time.Hour) // older than a pull asks for: only its push brings it
	var mu sync.Mutex
	want := map[sold]bool{}
	for round := range 2 {
		for _, f := range w.fronts {
			for range 15 {
				if f.shop != nil {
					want[sold{f, f.shop.Place(order)}] = true
				}
			}
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "FLOORD_TEST_SITE="+file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "http") {
			t.Fatalf("the daemon said %q, %v", line, err)
		}
		base := strings.TrimSpace(line)
		var burst sync.WaitGroup
		answered := 0
		for i, f := range w.fronts {
			push := f.erp != nil || f.shop != nil && f.shop.Pushes()
			if !push {
				continue
			}
			burst.Go(func() {
				for {
					number, taken, dead := f.pushOne(base, aged)
					mu.Lock()
					if taken {
						want[sold{w.fronts[i], number}] = true
						if answered++; answered == 60 {
							_ = cmd.Process.Kill()
						}
					}
					mu.Unlock()
					if dead {
						return
					}
				}
			})
		}
		burst.Wait()
		_ = cmd.Wait()
		t.Logf("round %d: killed after %d pushes were answered", round, answered)
	}
	d, err := openKilled(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var missing []string
		err := d.Ledger().Read(func(v *ledger.View) error {
			for o := range want {
				if _, ok, err := o.in(v); err != nil {
					return err
				} else if !ok {
					missing = append(missing, string(o.front.id)+" "+o.number)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(missing) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("of %d orders %d never came in: %v", len(want), len(missing), missing[:min(10, len(missing))])
		}
	}
	seen := map[string]floor.OrderID{}
	err = d.Ledger().Read(func(v *ledger.View) error {
		return v.Orders("", "", func(o floor.Order) bool {
			key := string(o.Channel) + " " + o.Number
			if other, twice := seen[key]; twice {
				t.Errorf("%s is there twice: %s and %s", key, other, o.ID)
			}
			seen[key] = o.ID
			return true
		})
	})
	if err != nil || len(seen) < len(want) {
		t.Errorf("%d orders of %d, %v", len(seen), len(want), err)
	}
}

// pushOne has the other side tell of one more order, and says whether the daemon
// took it, or is dead.
func (f *front) pushOne(base string, o shop.Order) (number string, taken, dead bool) {
	hook := base + "/hooks/" + string(f.id)
	if f.erp != nil {
		number, err := f.erp.Place(hook, o)
		return number, err == nil, err != nil
	}
	number = f.shop.Place(o)
	p, _ := f.shop.Push(number, false)
	req, err := http.NewRequest(http.MethodPost, hook+"?"+p.Query, strings.NewReader(string(p.Body)))
	if err != nil {
		return number, false, true
	}
	req.Header = p.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return number, false, true
	}
	resp.Body.Close()
	return number, resp.StatusCode < 300, false
}
