package daemon

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/internal/config"
)

// A site that made its certificates serves HTTPS that whoever installed the
// authority trusts, for its own names only, and hands the authority out over
// plain HTTP with nothing else.
func TestCert(t *testing.T) {
	cfg := config.Default(t.TempDir())
	cfg.HTTP.Listen, cfg.HTTP.Hosts = "127.0.0.1:0", []string{"wms.lan", "192.168.8.10"}
	var said bytes.Buffer
	if err := Cert(cfg, time.Now(), &said); err != nil {
		t.Fatal(err)
	}
	caFile, caKey, site, key := certFiles(cfg)
	if !strings.Contains(said.String(), `plain = "0.0.0.0:8481"`) || !strings.Contains(said.String(), "http://wms.lan:8481/install") {
		t.Errorf("Cert says %s", said.String())
	}
	for _, file := range []string{caKey, key} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(file), info.Mode(), err)
		}
	}
	cfg.HTTP.TLSCert, cfg.HTTP.TLSKey, cfg.HTTP.Plain = config.Path(site), config.Path(key), "127.0.0.1:0"
	d, err := Open(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- d.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	plain := "http://" + d.plain.Addr().String()
	status, page := get(t, http.DefaultClient, plain+"/install")
	if status != 200 || !strings.Contains(page, "安装 CA 证书") || !strings.Contains(page, "https://"+d.Addr()+"/pda") {
		t.Errorf("the installation's page: %d %s", status, page)
	}
	for _, path := range []string{"/pda", "/api/v1/figures", "/ws", "/metrics"} {
		if status, _ := get(t, http.DefaultClient, plain+path); status != 404 {
			t.Errorf("plain %s is %d", path, status)
		}
	}
	_, raw := get(t, http.DefaultClient, plain+"/ca.crt")
	ca, err := x509.ParseCertificate([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, Fingerprint(ca)) || !strings.Contains(said.String(), Fingerprint(ca)) {
		t.Error("page and command do not show the same fingerprint")
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	if status, _ := get(t, client, "https://"+d.Addr()+"/pda"); status != 200 {
		t.Errorf("the picker's page over HTTPS is %d", status)
	}
	client.CloseIdleConnections()

	// The authority is good for nothing else.
	_, caK, err := readCA(caFile, caKey)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := makeLeaf(ca, caK, []string{"bank.example"}, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(other)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "bank.example"}); err == nil {
		t.Error("the authority can speak for anybody")
	}
	// Once more renews the site's certificate; a new name needs a new authority.
	was, _ := os.ReadFile(caFile)
	for _, tt := range []struct {
		hosts []string
		same  bool
	}{{[]string{"wms.lan", "192.168.8.77"}, true}, {[]string{"other.lan"}, false}} {
		cfg.HTTP.Hosts = tt.hosts
		if err := Cert(cfg, time.Now(), io.Discard); err != nil {
			t.Fatal(err)
		}
		if now, _ := os.ReadFile(caFile); bytes.Equal(was, now) != tt.same {
			t.Errorf("hosts %v: the authority is the same: %v", tt.hosts, !tt.same)
		}
	}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(data)
}
