package daemon

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"floord/device"
	"floord/device/find"
	"floord/device/hid"
	"floord/device/scale"
	"floord/device/serial"
	"floord/floor"
	"floord/internal/config"
	"floord/sync/channel/drivers"
)

// Doctor looks at the machine as the site needs it and writes one sentence a
// check to w, in the site's language: "ok", "warn" for what the floor can live
// with, "bad" for what it cannot. It gives the number of the bad ones. It leaves
// nothing behind, sends nothing to a device, and may run beside a running floord.
func Doctor(ctx context.Context, cfg *config.Config, w io.Writer) (problems int) {
	d := &doctor{cfg: cfg, w: w}
	d.settings()
	d.user()
	d.folders()
	d.ledger()
	d.secrets()
	d.clock()
	d.door()
	d.certificate()
	d.devices(ctx)
	d.outside(ctx)
	return d.problems
}

// Limits of what is still well.
const (
	diskReserve = 256 << 20 // what the ledger keeps for work in progress
	diskRoom    = 2 << 30
	slowSync    = 50 * time.Millisecond
	certAhead   = 15 * 24 * time.Hour
	clockWarn   = 2 * time.Second
	clockBad    = 30 * time.Second
	dialWithin  = 3 * time.Second
)

type doctor struct {
	cfg      *config.Config
	running  bool // a floord has the ledger open, and so the ports
	problems int

	mu sync.Mutex
	w  io.Writer // guarded by mu
}

// say writes one line. zh and en take the same arguments in the same order.
func (d *doctor) say(mark, zh, en string, args ...any) {
	text := zh
	if d.cfg.Site.Lang == "en" {
		text = en
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if mark == "bad" {
		d.problems++
	}
	fmt.Fprintf(d.w, "%-4s  %s\n", mark, fmt.Sprintf(text, args...))
}

func (d *doctor) ok(zh, en string, args ...any)   { d.say("ok", zh, en, args...) }
func (d *doctor) warn(zh, en string, args ...any) { d.say("warn", zh, en, args...) }
func (d *doctor) bad(zh, en string, args ...any)  { d.say("bad", zh, en, args...) }

// settings names the mistakes that did not keep floord.toml from being loaded.
func (d *doctor) settings() {
	for _, p := range d.cfg.Problems {
		d.bad("配置 %[2]s:%[3]d：%[1]s", "configuration %[2]s:%[3]d: %[1]s", p.Text(d.cfg.Site.Lang), p.File, p.Line)
	}
	if len(d.cfg.Problems) == 0 {
		d.ok("配置没有错误：工位 %d，渠道 %d，承运商 %d", "the configuration has no mistake: %d stations, %d channels, %d carriers",
			len(d.cfg.Stations), len(d.cfg.Channels), len(d.cfg.Carriers))
	}
}

// user says whose eyes these checks are seen with.
func (d *doctor) user() {
	if os.Geteuid() == 0 {
		d.warn("以 root 运行：权限检查不准，请用服务用户再查一次：sudo -u floord floord doctor",
			"run as root, who may do everything: run it as the service's user too: sudo -u floord floord doctor")
	}
	for _, name := range []string{"ModemManager", "brltty"} {
		if pids := processes(name); len(pids) > 0 {
			d.warn("%[1]s（进程 %[2]d）会抢占 USB 串口：请卸载或禁用它", "%[1]s (pid %[2]d) grabs USB serial ports: remove or disable it", name, pids[0])
		}
	}
}

// folders checks where the ledger and what is written beside it lie.
func (d *doctor) folders() {
	data := string(d.cfg.Site.Data)
	d.folder("数据", "data", data)
	if dir, err := existing(data); err == nil {
		d.disk(dir)
		d.fileSystem(dir)
	}
	for _, f := range []struct{ zh, en, path string }{
		{"归档", "archive", d.cfg.Archive()}, {"备份", "backups", d.cfg.Backups()}, {"报表", "reports", d.cfg.Reports()},
	} {
		if !strings.HasPrefix(f.path, data+"/") || exists(f.path) {
			d.folder(f.zh, f.en, f.path)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// existing gives the nearest folder of path that is there.
func existing(path string) (string, error) {
	for {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			return path, nil
		case err == nil:
			return "", &fs.PathError{Op: "open", Path: path, Err: unix.ENOTDIR}
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
		path = filepath.Dir(path)
	}
}

// folder tries whether a file can be made there, and how long the disk takes to
// make sure of it. What is not there yet is tried one folder up.
func (d *doctor) folder(zh, en, path string) {
	dir, err := existing(path)
	var took time.Duration
	if err == nil {
		took, err = trySync(dir)
	}
	word := zh
	if d.cfg.Site.Lang == "en" {
		word = en
	}
	switch {
	case err != nil:
		d.bad("%s目录 %s 不能写：%v", "the %s folder %s cannot be written: %v", word, path, err)
	case dir != path:
		d.ok("%s目录 %s 会在启动时创建", "the %s folder %s will be created at start", word, path)
	default:
		d.ok("%s目录 %s 可写，落盘一次 %v", "the %s folder %s can be written, synced in %v", word, path, took.Round(100*time.Microsecond))
	}
	if took > slowSync {
		d.warn("%s目录 %s 所在的磁盘落盘慢，一次要 %v", "the disk of the %s folder %s is slow: it takes %v to make sure of a write", word, path, took.Round(time.Millisecond))
	}
}

// trySync writes and syncs a file that it removes again and gives the median.
func trySync(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took [5]time.Duration
	for i := range took {
		start := time.Now()
		if _, err := f.WriteAt(make([]byte, 4096), int64(i)*4096); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(start)
	}
	return median(took), nil
}

func median(t [5]time.Duration) time.Duration {
	for i := range t {
		for j := i; j > 0 && t[j] < t[j-1]; j-- {
			t[j], t[j-1] = t[j-1], t[j]
		}
	}
	return t[2]
}

func (d *doctor) disk(dir string) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		d.bad("查不到磁盘空间：%v", "the disk's room is not known: %v", err)
		return
	}
	free := int64(s.Bavail) * s.Bsize
	switch {
	case free < diskReserve:
		d.bad("磁盘只剩 %s，低于保留的 %s：不再接收新订单，请清理磁盘", "the disk has %s left, less than the reserve of %s: no new orders are taken until there is room", size(free), size(diskReserve))
	case s.Files > 0 && s.Ffree < 1000:
		d.bad("磁盘只能再建 %d 个文件：请删除小文件", "the disk has room for only %d more files: remove small ones", s.Ffree)
	case free < diskRoom:
		d.warn("磁盘只剩 %s：请尽快清理", "the disk has %s left: make room soon", size(free))
	default:
		d.ok("磁盘剩余 %s", "the disk has %s left", size(free))
	}
}

// size gives a size as people read it.
func size(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func (d *doctor) fileSystem(dir string) {
	m, err := mountOf(dir)
	if err != nil {
		d.warn("查不到文件系统：%v", "the file system is not known: %v", err)
		return
	}
	switch v, why := judge(m.kind, m.options); v {
	case "bad":
		d.bad("%[2]s（%[1]s）不能存放账本：%[3]s", "%[2]s (%[1]s) cannot hold the ledger: %[3]s", m.kind, m.point, why.In(d.cfg.Site.Lang))
	case "warn":
		d.warn("%[2]s（%[1]s）：%[3]s", "%[2]s (%[1]s): %[3]s", m.kind, m.point, why.In(d.cfg.Site.Lang))
	default:
		d.ok("文件系统是 %s", "the file system is %s", m.kind)
	}
}

// ledger looks who has the ledger open and whether its key can be used.
func (d *doctor) ledger() {
	path := d.cfg.Ledger()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		d.ok("还没有账本，第一次启动时会创建 %s", "there is no ledger yet, the first start creates %s", path)
		return
	}
	if err != nil {
		d.bad("打不开账本：%v", "the ledger cannot be looked at: %v", err)
		return
	}
	pid, held, err := lockHolder(path)
	name := processName(pid)
	d.running = held && (name == "floord" || name == processName(os.Getpid()))
	switch {
	case err != nil:
		d.bad("打不开账本 %s：%v", "the ledger %s cannot be opened: %v", path, err)
	case d.running:
		d.ok("账本 %s（%s）正由 floord 使用，进程 %d", "the ledger %s (%s) is in use by floord, pid %d", path, size(info.Size()), pid)
	case held:
		d.bad("账本 %s 被别的程序占用：进程 %d（%s）", "the ledger %s is held by another program: pid %d (%s)", path, pid, name)
	default:
		d.ok("账本 %s（%s）没有被占用", "the ledger %s (%s) is free", path, size(info.Size()))
	}
	d.private("账本密钥", "the ledger's key", d.cfg.Key())
	d.backup()
}

// backup says how old the newest copy is.
func (d *doctor) backup() {
	entries, err := os.ReadDir(d.cfg.Backups())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.bad("看不到备份：%v", "the backups cannot be looked at: %v", err)
		return
	}
	var newest time.Time
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	switch age := time.Since(newest).Round(time.Minute); {
	case newest.IsZero():
		d.warn("还没有备份", "there is no backup yet")
	case d.running && age > 2*d.cfg.Backup.Every+time.Hour:
		d.bad("最新备份是 %v 之前的，应每 %v 一次", "the newest backup is %v old, one is due every %v", age, d.cfg.Backup.Every)
	default:
		d.ok("最新备份是 %v 之前的；密钥要另存一份，没有密钥备份打不开", "the newest backup is %v old; keep a copy of the key elsewhere, no backup opens without it", age)
	}
}

// secrets checks that nobody else can read what floord.toml keeps in files.
func (d *doctor) secrets() {
	paths := map[string]config.Path{"admin_token_file": d.cfg.HTTP.AdminTokenFile, "tls_key": d.cfg.HTTP.TLSKey}
	for _, p := range d.cfg.People {
		paths["badge_file "+string(p.ID)] = p.BadgeFile
	}
	for _, c := range d.cfg.Channels {
		paths["secret_file "+string(c.ID)], paths["token_file "+string(c.ID)] = c.SecretFile, c.TokenFile
	}
	for _, c := range d.cfg.Carriers {
		paths["secret_file "+string(c.ID)] = c.SecretFile
	}
	for _, name := range sortedKeys(paths) {
		if path := paths[name]; path != "" {
			d.private(name, name, string(path))
		}
	}
}

// private checks that a file is there, readable by us and by nobody else.
func (d *doctor) private(zh, en, path string) {
	name := zh
	if d.cfg.Site.Lang == "en" {
		name = en
	}
	f, err := os.Open(path)
	if err != nil {
		d.bad("%s读不了：%v", "%s cannot be read: %v", name, err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		d.bad("%[1]s %[2]s 别人也能读：chmod 600 %[2]s", "%[1]s %[2]s can be read by others: chmod 600 %[2]s", name, path)
		return
	}
	d.ok("%s %s 只有本用户能读", "%s %s is readable by its owner only", name, path)
}

// clock asks the kernel whether somebody keeps the time. Orders are sequenced by
// the journal and not by the clock; due times and platforms go by it.
func (d *doctor) clock() {
	now := time.Now()
	if now.Year() < 2026 || now.Year() > 2099 {
		d.bad("系统时间是 %s：请校准时钟", "the clock says %s: set it", now.Format(time.DateTime))
		return
	}
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		d.warn("查不到时钟是否同步：%v", "whether the clock is kept in step is not known: %v", err)
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		d.warn("时钟没有与时间服务器同步：请安装 chrony", "the clock is not kept in step by a time server: install chrony")
	default:
		d.ok("时钟已同步，误差不超过 %v", "the clock is kept in step, within %v", (time.Duration(t.Maxerror) * time.Microsecond).Round(time.Millisecond))
	}
}

// door checks that the pages' port can be had, and that handhelds may use it.
func (d *doctor) door() {
	listen := d.cfg.HTTP.Listen
	l, err := net.Listen("tcp", listen)
	switch {
	case err == nil:
		l.Close()
		d.ok("网页端口 %s 空闲", "the pages' port %s is free", listen)
	case errors.Is(err, unix.EADDRINUSE):
		d.portInUse(listen)
	default:
		d.bad("网页端口 %s 不能用：%v", "the pages' port %s cannot be had: %v", listen, err)
	}
	host, _, _ := net.SplitHostPort(listen) // checked by config
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || host == "localhost" {
		d.warn("网页只在本机可用：手持机要用，请把 http.listen 改为 \"0.0.0.0:8480\" 这样的地址",
			`the pages are for this machine alone: for handhelds set http.listen to something like "0.0.0.0:8480"`)
		return
	}
	if ip := net.ParseIP(host); len(d.cfg.HTTP.Hosts) == 0 && (ip == nil || ip.IsUnspecified()) {
		d.bad("http.hosts 是空的：手持机会被拒绝，请写上大家打开网页用的名称或地址", "http.hosts is empty, so handhelds are turned away: list the names or addresses that people open the pages under")
	}
	if d.cfg.HTTP.TLSCert == "" {
		d.warn("网页没有加密（http）：只应在封闭的仓库网络里使用", "the pages are not encrypted (http): only for a closed network of the warehouse")
	}
}

func (d *doctor) portInUse(listen string) {
	pid := portHolder(listen)
	switch name := processName(pid); {
	case pid == 0:
		d.bad("网页端口 %s 被别的用户的程序占用", "the pages' port %s is held by a program of another user", listen)
	case name == "floord" || pid == os.Getpid():
		d.ok("网页端口 %s 正由 floord 使用，进程 %d", "the pages' port %s is in use by floord, pid %d", listen, pid)
	default:
		d.bad("网页端口 %s 被占用：进程 %d（%s）", "the pages' port %s is held by pid %d (%s)", listen, pid, name)
	}
}

func (d *doctor) certificate() {
	h := d.cfg.HTTP
	if h.TLSCert == "" || h.TLSKey == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(string(h.TLSCert), string(h.TLSKey))
	if err != nil {
		d.bad("证书不能用：%v", "the certificate cannot be used: %v", err)
		return
	}
	now, cert := time.Now(), pair.Leaf
	days := int(cert.NotAfter.Sub(now).Hours() / 24)
	switch {
	case now.After(cert.NotAfter):
		d.bad("证书已在 %s 过期", "the certificate ended on %s", cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		d.bad("证书从 %s 才生效：请核对系统时间", "the certificate begins only on %s: is the clock right?", cert.NotBefore.Format(time.DateOnly))
	case cert.NotAfter.Sub(now) < certAhead:
		d.warn("证书还有 %d 天过期：请更换", "the certificate ends in %d days: renew it", days)
	default:
		d.ok("证书还有 %d 天有效", "the certificate is good for %d more days", days)
	}
	for _, host := range h.Hosts {
		if err := cert.VerifyHostname(host); err != nil {
			d.bad("证书不包含 %s：浏览器会拒绝", "the certificate is not for %s: browsers will refuse it", host)
		}
	}
}

// devices looks at every port. Where floord runs it is asked; where it does not,
// ports are not opened, for that pulls lines that some devices act on, but for
// those of scales, which are listened to: they alone show wrong settings.
func (d *doctor) devices(ctx context.Context) {
	for _, s := range d.cfg.Stations {
		for _, c := range []struct {
			zh, en string
			dev    *config.Device
		}{{"打印机", "printer", s.Printer}, {"电子秤", "scale", s.Scale}, {"扫码枪", "scanner", s.Scanner}} {
			if c.dev == nil || len(c.dev.Problems) > 0 { // settings has named them
				continue
			}
			name := fmt.Sprintf("%s %s", s.ID, c.zh)
			if d.cfg.Site.Lang == "en" {
				name = fmt.Sprintf("%s %s", s.ID, c.en)
			}
			if c.en == "scale" && scale.MayBeTared(c.dev.Profile) {
				d.warn("%s（%s）不报告是否去皮：请锁定去皮键，并在设备配置中写 scale.tare = \"locked\"；否则有疑问时要多清一次秤盘",
					"%s (%s) does not say whether it is tared: lock its tare key and set scale.tare = \"locked\" in a profile; until then a pan must be cleared twice when in doubt", name, c.dev.Model)
			}
			switch addr, network := c.dev.Address(); {
			case d.running:
				d.onLine(ctx, name, s.ID, c.en, strings.TrimPrefix(c.dev.Port, "tcp://"))
			case network:
				d.netPort(ctx, name, addr)
			case hid.Is(c.dev.Port):
				d.listen(ctx, name, c.dev)
			case d.tty(name, c.dev) && c.en == "scale":
				d.listen(ctx, name, c.dev)
			}
		}
	}
}

// tty tells whether the port can be opened.
func (d *doctor) tty(name string, c *config.Device) (free bool) {
	holders, err := serial.HeldBy(c.Port)
	holders = slices.DeleteFunc(holders, func(h string) bool { return strings.HasSuffix(h, "(this floord)") })
	if err == nil && unix.Access(c.Port, unix.R_OK|unix.W_OK) != nil {
		err = &device.Fault{Reason: device.NoPermission, Detail: c.Port}
	}
	port := fmt.Sprintf("%s %s", c.Port, serial.Of(c.Profile.Line))
	switch {
	case err != nil:
		d.bad("%s（%s）：%s", "%s (%s): %s", name, c.Port, device.ReasonOf(err).Text(d.cfg.Site.Lang))
	case len(holders) > 0:
		d.bad("%s（%s）被占用：%s", "%s (%s) is in use by %s", name, port, strings.Join(holders, ", "))
	case strings.HasPrefix(c.Port, "/dev/ttyUSB") || strings.HasPrefix(c.Port, "/dev/ttyACM"):
		free = true
		d.warn("%s（%s）可用，但重新插拔后编号会变：请改用 /dev/serial/by-id 下的名称", "%s (%s) can be used, but its number changes when cables are moved: name it by /dev/serial/by-id", name, port)
	default:
		free = true
		d.ok("%s（%s）可用", "%s (%s) can be used", name, port)
	}
	return free
}

// listenFor is how long a scale is listened to: a slow one sends twice a second.
const listenFor = 1500 * time.Millisecond

// listen hears what a scale says at its settings, and sends nothing.
func (d *doctor) listen(ctx context.Context, name string, c *config.Device) {
	lang := d.cfg.Site.Lang
	heard, err := find.Listen(ctx, opener(c), listenFor)
	dec, derr := scale.NewDecoder(c.Profile)
	if err != nil || derr != nil {
		d.bad("%s：%v", "%s: %v", name, cmp.Or(err, derr))
		return
	}
	text := ""
	for f := range dec.Decode(heard) {
		if t := f.Text(); t != "" {
			text = t
		}
	}
	switch why := dec.Suspicion(); {
	case dec.Frames > 0:
		d.ok("%s：收到 %d 帧数据，现在是 %s", "%s: %d good frames, now %s", name, dec.Frames, cmp.Or(text, "-"))
	case why == "" && len(heard) > 0:
		why = scale.WrongSettings
		fallthrough
	case why != "":
		d.bad("%s：收到 %d 个字节，没有一帧有效：%s", "%s: %d bytes but no good frames: %s", name, len(heard), why.Text(lang))
	case len(c.Profile.Scale.Poll.Send) > 0:
		d.ok("%s：要被询问才应答，未去询问", "%s: speaks only when asked, and was not asked", name)
	default:
		d.warn("%s：%s", "%s: %s", name, scale.NoSignal.Text(lang))
	}
}

// onLine asks the running daemon how a device is.
func (d *doctor) onLine(ctx context.Context, name string, id floor.StationID, kind, port string) {
	var out bytes.Buffer
	if err := Operate(ctx, d.cfg, []string{"device", "state", string(id), kind}, nil, &out); err != nil {
		d.ok("%s（%s）由 floord 连着，不去打扰", "%s (%s) is left to the running floord", name, port)
		return
	}
	say, zh, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	state, en, _ := strings.Cut(say, " ")
	if d.cfg.Site.Lang != "en" {
		en = zh
	}
	if state == "up" {
		d.ok("%s（%s）由 floord 连着：%s", "%s (%s) is on line: %s", name, port, en)
		return
	}
	d.bad("%s（%s）：%s", "%s (%s): %s", name, port, en)
}

// netPort connects to a device on the network and hangs up.
func (d *doctor) netPort(ctx context.Context, name, addr string) {
	dialer := net.Dialer{Timeout: dialWithin}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		d.bad("%s（%s）：%s（%v）", "%s (%s): %s (%v)", name, addr, device.Unreachable.Text(d.cfg.Site.Lang), err)
		return
	}
	conn.Close()
	d.ok("%s（%s）连得上", "%s (%s) can be reached", name, addr)
}

// outside asks each shop's and carrier's address for its time. The floor goes on
// without them, so being out of reach is no more than a warning.
func (d *doctor) outside(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range d.cfg.Channels {
		address := c.URL
		if m := drivers.Maps()[c.Driver]; address == "" && m != nil {
			address = m.API()
		}
		if address != "" {
			wg.Go(func() { d.reach(ctx, string(c.ID), address) })
		}
	}
	for _, c := range d.cfg.Carriers {
		if c.URL != "" {
			wg.Go(func() { d.reach(ctx, string(c.ID), c.URL) })
		}
	}
	wg.Wait()
}

func (d *doctor) reach(ctx context.Context, name, address string) {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		d.bad("%s：网址不对：%v", "%s: the address is wrong: %v", name, err)
		return
	}
	before := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		d.warn("%s（%s）现在连不上：%v；仓库照常作业", "%s (%s) cannot be reached now: %v; the floor works on", name, req.URL.Host, err)
		return
	}
	resp.Body.Close()
	off, known := drift(resp.Header.Get("Date"), before, time.Now())
	switch {
	case known && off.Abs() > clockBad:
		d.bad("%s（%s）连得上，但本机时钟差了 %v：请校准", "%s (%s) can be reached, but our clock is %v off: set it", name, req.URL.Host, off)
	case known && off.Abs() > clockWarn:
		d.warn("%s（%s）连得上，本机时钟差 %v", "%s (%s) can be reached; our clock is %v off", name, req.URL.Host, off)
	default:
		d.ok("%s（%s）连得上", "%s (%s) can be reached", name, req.URL.Host)
	}
}

// drift is how far our clock is ahead of theirs: date says their time to the
// second at some moment between before and after.
func drift(date string, before, after time.Time) (time.Duration, bool) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return 0, false
	}
	switch {
	case before.After(theirs.Add(time.Second)):
		return before.Sub(theirs.Add(time.Second)).Round(time.Second), true
	case after.Before(theirs):
		return after.Sub(theirs).Round(time.Second), true
	}
	return 0, true
}
