package daemon_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floord/internal/config"
	"floord/internal/daemon"
	"floord/web"
)

// The set-up page hears of floord.toml as it is now: its shops, what is wrong in it, and
// that a restart is due. The file stays as its owner wrote it.
func TestSettingsAreTheFileAsItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "floord.toml")
	const token = "an-admin-token-of-some-length"
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "[http]\nlisten = \"127.0.0.1:0\"\nadmin_token_file = \"admin\"\n[catalogue]\nbins = \"bins.csv\"\n\n[[channel]]\nid = \"post\"\ndriver = \"csv\"\n"
	write("admin", token)
	write("bins.csv", "bin,zone,aisle,x,y\nA-1,A,1,2,1\n")
	write("floord.toml", text)
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	ask := func(method, path, body string, into any) {
		t.Helper()
		req, err := http.NewRequest(method, d.URL("/api/v1"+path), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v %s", path, resp.StatusCode, err, data)
		}
	}
	var s web.Settings
	ask("GET", "/settings", "", &s)
	if s.Changed || len(s.Mistakes) != 0 || len(s.Shops) != 1 || s.Shops[0].ID != "post" || s.Shops[0].Line != 7 || !s.Shops[0].Runs || s.Shops[0].Driver != "csv" {
		t.Errorf("as it started: %+v", s)
	}
	text += "evry = \"1m\"\n[[channel]]\nid = \"more\"\ndriver = \"csv\"\n"
	write("floord.toml", text)
	ask("GET", "/settings", "", &s)
	if !s.Changed || len(s.Mistakes) != 1 || s.Mistakes[0].Line != 10 || s.Mistakes[0].ZH == "" || len(s.Shops) != 2 || s.Shops[1].Runs {
		t.Errorf("after a change: %+v", s)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != text {
		t.Errorf("the file is now %q, %v", got, err)
	}
	var m struct {
		New, Moved, Left int
		Mistakes         []struct{ EN string }
	}
	ask("POST", "/bins/try", `{"csv": "bin,zone,aisle,x,y\nA-1,A,1,2.5,1\nA-2,A,1,2,3\nA-3,A,one,2,3\n"}`, &m)
	if m.New != 1 || m.Moved != 1 || m.Left != 0 || len(m.Mistakes) != 1 || !strings.HasPrefix(m.Mistakes[0].EN, "Line 4: ") {
		t.Errorf("the bins file: %+v", m)
	}
}
