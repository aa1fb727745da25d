package daemon

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"floord/device/devicetest"
	"floord/internal/config"
	"floord/sync/ledger"
)

// examine gives what Doctor says of the site that the TOML describes, without
// the folder. DIR in the text is the site's folder.
func examine(t *testing.T, dir, lang, text string) (said string, problems int) {
	t.Helper()
	path := filepath.Join(dir, "floord.toml")
	text = fmt.Sprintf("site.lang = %q\n%s", lang, strings.ReplaceAll(text, "DIR", dir))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	problems = Doctor(t.Context(), cfg, &out)
	said = strings.ReplaceAll(out.String(), dir+"/", "")
	if strings.Contains(said, "%!") || strings.Count(said, "\nbad ")+btoi(strings.HasPrefix(said, "bad ")) != problems {
		t.Errorf("%d problems, but Doctor says\n%s", problems, said)
	}
	return said, problems
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func mustSay(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("Doctor does not say %q but\n%s", w, said)
		}
	}
}

func TestDoctorOfAFreshSite(t *testing.T) {
	said, problems := examine(t, t.TempDir(), "en", `http.listen = "127.0.0.1:0"`)
	if problems != 0 {
		t.Errorf("%d problems: %s", problems, said)
	}
	mustSay(t, said, "the configuration has no mistake: 0 stations", "the data folder data will be created at start",
		"the disk has ", "there is no ledger yet", "the pages' port 127.0.0.1:0 is free")
	if entries, err := os.ReadDir(t.TempDir()); err != nil || len(entries) != 0 {
		t.Errorf("Doctor left something behind: %v, %v", entries, err)
	}
	said, _ = examine(t, t.TempDir(), "zh", `http.listen = "127.0.0.1:0"`)
	mustSay(t, said, "ok    配置没有错误", "数据目录 data 会在启动时创建", "还没有账本", "网页端口 127.0.0.1:0 空闲")
}

func TestDoctorBesideARunningFloord(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data", "backups"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(dir, "data", "floor.db"), ledger.Options{KeyFile: filepath.Join(dir, "data", "floor.key")})
	if err != nil {
		t.Fatal(err)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	site := fmt.Sprintf("http.listen = %q\n[[station]]\nid = 'pack-1'\nprinter = { port = 'tcp://127.0.0.1:1', profile = 'tsc/ttp-244' }\n", port.Addr())
	said, problems := examine(t, dir, "en", site)
	if problems != 0 {
		t.Errorf("%d problems: %s", problems, said)
	}
	mustSay(t, said, fmt.Sprintf("is in use by floord, pid %d", os.Getpid()), "there is no backup yet",
		"pack-1 printer (127.0.0.1:1) is left to the running floord", "the ledger's key data/floor.key is readable by its owner only")

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "data", "backups", "one.db")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-90*time.Minute)); err != nil {
		t.Fatal(err)
	}
	said, problems = examine(t, dir, "en", site)
	mustSay(t, said, ") is free", "the newest backup is 1h30m0s old", "bad   pack-1 printer (127.0.0.1:1): device cannot be reached")
	if problems != 1 {
		t.Errorf("%d problems: %s", problems, said)
	}
}

// A scale whose seven bits and parity are read as eight is heard, and said so.
func TestDoctorListensToScales(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for name, o := range map[string]devicetest.ScaleOptions{
		"right": {Period: 20 * time.Millisecond}, "seven": {Period: 20 * time.Millisecond, SevenBits: true},
		"other": {Period: 20 * time.Millisecond, Protocol: "yaohua-xk3190"},
	} {
		s, err := devicetest.NewScaleAt(filepath.Join(dir, name), o)
		if err != nil {
			t.Fatal(err)
		}
		s.Put(1240)
		running.Go(func() { s.Run(ctx) })
	}
	defer func() { cancel(); running.Wait() }()
	site := "http.listen = '127.0.0.1:0'\n"
	for i, name := range []string{"right", "seven", "other"} {
		site += fmt.Sprintf("[[station]]\nid = 'pack-%d'\nscale = { port = 'DIR/%s', profile = 'generic/toledo-continuous' }\n", i+1, name)
	}
	said, problems := examine(t, dir, "en", site)
	mustSay(t, said, "ok    pack-1 scale: ", "good frames, now 1.240 kg", "bad   pack-2 scale: ", "bytes but no good frames: scale data look like 7 bits",
		"bad   pack-3 scale: ", "bytes but no good frames: data arrive but no weight can be read")
	if problems != 2 {
		t.Errorf("%d problems: %s", problems, said)
	}
	if strings.Contains(said, "whether it is tared") {
		t.Errorf("a Toledo says it: %s", said)
	}
	said, _ = examine(t, dir, "en", "http.listen = '127.0.0.1:0'\n[[station]]\nid = 'pack-4'\nscale = { port = 'DIR/other', profile = 'generic/yaohua-tf0' }\n")
	mustSay(t, said, "warn  pack-4 scale (generic/yaohua-tf0) does not say whether it is tared", "ok    pack-4 scale: ")
}

func TestDoctorNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(data, "floor.db"), ledger.Options{KeyFile: filepath.Join(data, "floor.key")})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	secret := filepath.Join(dir, "pdd.secret")
	for path, mode := range map[string]os.FileMode{secret: 0o644, filepath.Join(dir, "pdd.token"): 0o600, filepath.Join(data, "floor.key"): 0o640} {
		if err := os.WriteFile(path, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	cable, err := devicetest.NewCable(filepath.Join(dir, "tty-scale"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cable.Unplug() })
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
	}))
	defer slow.Close()
	writeCert(t, filepath.Join(dir, "wms.crt"), filepath.Join(dir, "wms.key"), 10*24*time.Hour)
	said, _ := examine(t, dir, "en", `
[http]
listen = "0.0.0.0:0"
hosts = ["wms.lan", "other.lan"]
tls_cert = "wms.crt"
tls_key = "wms.key"
[report]
dir = "floord.toml"
[[channel]]
id = "pdd-main"
driver = "pdd"
url = "`+slow.URL+`"
shop = "1"
client_id = "c"
secret_file = "pdd.secret"
token_file = "pdd.token"
[[carrier]]
id = "sf"
driver = "demo"
url = "http://127.0.0.1:1/x"
account = "a"
secret_file = "pdd.token"
[[station]]
id = "pack-1"
printer = { port = "DIR/gone", profile = "tsc/ttp-244" }
scale = { port = "DIR/tty-scale", profile = "yaohua/xk3190-a12" }
[[station]]
id = "pack-2"
scale = { port = "DIR/pdd.secret", profile = "yaohua/xk3190-a12" }
[[station]]
id = "pack-3"
scale = { port = "/dev/null", profile = "acme/none" }
`)
	mustSay(t, said,
		"bad   the ledger's key data/floor.key can be read by others: chmod 600",
		"bad   secret_file pdd-main pdd.secret can be read by others",
		"ok    token_file pdd-main pdd.token",
		"bad   the reports folder floord.toml cannot be written",
		"warn  the certificate ends in 9 days",
		"bad   the certificate is not for other.lan",
		") can be reached, but our clock is ",
		"warn  sf (127.0.0.1:1) cannot be reached now",
		"bad   pack-1 printer (gone): no such port",
		"warn  pack-1 scale: no signal from the scale",
		"bad   pack-2 scale (pdd.secret): not a serial port",
		`floord.toml:33: no profile for scale "acme/none"`,
	)
}

func TestDoctorNamesAnEndedCertificate(t *testing.T) {
	dir := t.TempDir()
	writeCert(t, filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key"), -24*time.Hour)
	writeCert(t, filepath.Join(dir, "b.crt"), filepath.Join(dir, "b.key"), 1000*time.Hour)
	for text, want := range map[string]string{
		"tls_cert = 'a.crt'\ntls_key = 'a.key'": "bad   the certificate ended on ",
		"tls_cert = 'b.crt'\ntls_key = 'a.key'": "bad   the certificate cannot be used: tls: private key does not match",
		"tls_cert = 'b.crt'\ntls_key = 'b.key'": "ok    the certificate is good for 41 more days",
	} {
		said, _ := examine(t, dir, "en", "[http]\nlisten = '0.0.0.0:0'\n"+text)
		mustSay(t, said, want, "bad   http.hosts is empty")
	}
}

// writeCert makes a certificate for wms.lan that ends after left.
func writeCert(t *testing.T, certPath, keyPath string, left time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"wms.lan"}, NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(left)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certPath: {Type: "CERTIFICATE", Bytes: cert}, keyPath: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindMount(t *testing.T) {
	const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 8:17 / /srv/my\040data rw,noatime - ext4 /dev/sdb1 rw,data=writeback
31 22 0:44 / /mnt/nas rw - nfs4 10.0.0.2:/x rw,vers=4.2
32 22 0:45 / /mnt/nas rw - cifs //nas/x rw
garbage
`
	tests := []struct{ dir, point, kind, verdict string }{
		{"/var/lib/floord", "/", "ext4", "ok"},
		{"/srv/my data/floord", "/srv/my data", "ext4", "bad"},
		{"/srv/my data2", "/", "ext4", "ok"},
		{"/mnt/nas", "/mnt/nas", "cifs", "bad"},
	}
	for _, tt := range tests {
		m, ok := findMount(table, tt.dir)
		verdict, why := judge(m.kind, m.options)
		if !ok || m.point != tt.point || m.kind != tt.kind || verdict != tt.verdict || (why.ZH == "") != (verdict == "ok") {
			t.Errorf("%s lies on %+v, %s", tt.dir, m, verdict)
		}
	}
	if _, ok := findMount("", "/"); ok {
		t.Error("found a mount in nothing")
	}
}

func TestJudge(t *testing.T) {
	for kind, want := range map[string]string{
		"ext4": "ok", "xfs": "ok", "btrfs": "ok", "nfs4": "bad", "cifs": "bad", "fuse.sshfs": "bad", "9p": "bad", "vfat": "bad", "tmpfs": "warn", "overlay": "warn",
	} {
		if got, _ := judge(kind, []string{"rw"}); got != want {
			t.Errorf("judge(%s) = %s; want %s", kind, got, want)
		}
	}
	if got, _ := judge("overlay", []string{"rw", "volatile"}); got != "bad" {
		t.Errorf("a volatile overlay is %s", got)
	}
}

func TestFindLock(t *testing.T) {
	const table = `1: POSIX  ADVISORY  WRITE 700 08:01:131 0 EOF
2: FLOCK  ADVISORY  WRITE 811 00:2b:131 0 EOF
3: FLOCK  ADVISORY  WRITE 812 08:01:131 0 EOF
4: FLOCK  ADVISORY  WRITE 0 08:01:9 0 EOF
`
	for _, tt := range []struct {
		dev, inode uint64
		want       int
	}{{unix.Mkdev(8, 1), 131, 812}, {unix.Mkdev(0, 0x2b), 131, 811}, {unix.Mkdev(9, 9), 131, 812}, {unix.Mkdev(8, 1), 9, 0}, {unix.Mkdev(8, 1), 5, 0}} {
		if got := findLock(table, tt.dev, tt.inode); got != tt.want {
			t.Errorf("findLock(%x, %d) = %d; want %d", tt.dev, tt.inode, got, tt.want)
		}
	}
}

func TestListeners(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2120 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0 100 0 0 10 0
   1: 0100007F:2120 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 31338 1 0 100 0 0 10 0
   2: 0100007F:2121 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31339 1 0 100 0 0 10 0
`
	if got := listeners(table, 0x2120); len(got) != 1 || got[0] != "31337" {
		t.Errorf("listeners = %v", got)
	}
}

func TestDrift(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 0, 0, 400e6, time.UTC)
	for ahead, want := range map[time.Duration]time.Duration{0: 0, 300 * time.Millisecond: 0, 3 * time.Second: 2 * time.Second, -time.Minute: -time.Minute} {
		date := at.Format(http.TimeFormat)
		got, known := drift(date, at.Add(ahead), at.Add(ahead+100*time.Millisecond))
		if !known || (got-want).Abs() > time.Second {
			t.Errorf("ahead by %v: drift = %v; want about %v", ahead, got, want)
		}
	}
	if _, known := drift("yesterday", at, at); known {
		t.Error("a date that is none is known")
	}
}
