package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// TestMain lets the tests start a daemon that can be killed: this binary again.
func TestMain(m *testing.M) {
	if file := os.Getenv("FLOORD_TEST_SITE"); file != "" {
		cfg, err := config.Load(file)
		var d *daemon.Daemon
		if err == nil {
			d, err = daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(d.URL("/hooks/main"))
		fmt.Println(d.Run(context.Background())) // until it is killed
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledInABurst kills the daemon in the middle of a burst of pushes, several times:
// of a short one beside the pull of many orders, and of one that is long enough to be
// read from the shop's list, while it is. In the end every order whose push was answered
// is there, and none is there twice.
func TestKilledInABurst(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pulled int                            // orders of each round that are not pushed,
		every  string                         // and how often they are asked for
		old    time.Duration                  // of the orders that are pushed: a list shows the last 24 hours
		rest   time.Duration                  // of each of the clients between two pushes
		kill   func(answered, pages int) bool // pages of the list since 200 were answered
	}{
		{"singly", 150, "1s", 48 * time.Hour, 0, func(answered, _ int) bool { return answered >= 40 }},
		{"from the list", 0, "5m", 0, 5 * time.Millisecond, func(answered, pages int) bool { return pages >= 3 || answered >= 10_000 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			killedInABurst(t, tt.pulled, tt.every, tt.old, tt.rest, tt.kill)
		})
	}
}

func killedInABurst(t *testing.T, pulled int, every string, old, rest time.Duration, kill func(answered, pages int) bool) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	srv := httptest.NewServer(fake)
	defer srv.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": appSecret, "token": "t0ken", "floord.toml": fmt.Sprintf(`
[http]
listen = "127.0.0.1:0"
[[channel]]
id = "main"
driver = "douyin"
url = %q
shop = "1"
client_id = %q
trial = false
secret_file = "secret"
token_file = "token"
every = %q
`, srv.URL, appKey, every)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "floord.toml")
	want := map[string]bool{} // what a pull reaches, and what an answered push named
	const list, rounds = "order.searchList", 2
	for range rounds {
		for range pulled {
			n := fake.Place(shop.Order{Items: []shop.Item{{SKU: "A", Qty: 1}}, PayFen: 1, Name: "张", Phone: "1", Province: "广东省", City: "深圳市", Street: "路",
				PaidAt: time.Now().Add(-2 * time.Hour), Changed: time.Now()})
			want[n] = true
		}
		cmd := exec.Command(os.Args[0])
		cmd.Stderr = os.Stderr
		cmd.Env = append(os.Environ(), "FLOORD_TEST_SITE="+file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(out)
		line, err := said.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "http") {
			t.Fatalf("the daemon said %q, %v", line, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		answered, pages := 0, 0
		for range 4 {
			wg.Go(func() {
				for {
					n := placed(fake, old)
					body := dyPush("101", n)
					req, _ := http.NewRequest(http.MethodPost, strings.TrimSpace(line), strings.NewReader(body))
					req.Header.Set("event-sign", genuine(body))
					resp, err := http.DefaultClient.Do(req)
					if err != nil {
						return // it is dead
					}
					resp.Body.Close()
					mu.Lock()
					if resp.StatusCode == http.StatusOK {
						want[n] = true
					}
					if answered++; answered <= 200 { // the first ones are of a pull
						pages = fake.Calls(list)
					}
					if kill(answered, fake.Calls(list)-pages) {
						_ = cmd.Process.Kill()
					}
					mu.Unlock()
					time.Sleep(rest)
				}
			})
		}
		wg.Wait()
		rest, _ := io.ReadAll(said)
		_ = cmd.Wait()
		if len(rest) > 0 {
			t.Errorf("the daemon ended by itself: %s", rest)
		}
		if asked := fake.Calls(list) - pages; old == 0 && asked < 3 {
			t.Errorf("killed after %d pages of the list; want it in the middle of them", asked)
		}
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	if len(want) < rounds*(pulled+30) {
		t.Fatalf("only %d pushes were answered", len(want)-rounds*pulled)
	}
	until(t, d, "every order is in", func(v *ledger.View) (bool, error) {
		for n := range want {
			if _, ok, err := v.OrderByNumber("main", "1", n); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	})
	seen := map[string]floor.OrderID{}
	err = d.Ledger().Read(func(v *ledger.View) error {
		return v.Orders("", "", func(o floor.Order) bool {
			if other, twice := seen[o.Number]; twice {
				t.Errorf("order %s is there twice: %s and %s", o.Number, other, o.ID)
			}
			seen[o.Number] = o.ID
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
