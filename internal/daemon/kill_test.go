package daemon_test

import (
	"bufio"
	"context"
	"fmt"
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
		_ = d.Run(context.Background()) // until it is killed
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledInABurst kills the daemon in the middle of a burst of pushes and of the
// pull of many orders, several times. In the end every order whose push was
// answered is there, and none is there twice.
func TestKilledInABurst(t *testing.T) {
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
every = "1s"
`, srv.URL, appKey)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "floord.toml")
	want := map[string]bool{} // what a pull reaches, and what an answered push named
	for range 3 {
		for range 150 { // to be pulled
			n := fake.Place(shop.Order{Items: []shop.Item{{SKU: "A", Qty: 1}}, PayFen: 1, Name: "张", Phone: "1", Province: "广东省", City: "深圳市", Street: "路",
				PaidAt: time.Now().Add(-2 * time.Hour), Changed: time.Now()})
			want[n] = true
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
		var wg sync.WaitGroup
		var mu sync.Mutex
		answered := 0
		for range 4 {
			wg.Go(func() {
				for {
					n := place(fake) // two days old: only its push brings it
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
					if answered++; answered == 40 {
						_ = cmd.Process.Kill()
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		_ = cmd.Wait()
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
	if len(want) < 450+100 {
		t.Fatalf("only %d pushes were answered", len(want)-450)
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
