package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/device/devicetest"
	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim/courierco"
	"floord/sync/ledger"
)

const shopFloor = `
http.listen = "127.0.0.1:0"
[floor]
seal = "weighed"
[sender]
name = "示范仓"
phone = "0755-12345678"
address = "广东省深圳市宝安区物流路 1 号"
[wave]
every = "200ms"
min_fill = 1
[catalogue]
skus = "skus.csv"
bins = "bins.csv"
stock = "stock.csv"
[[channel]]
id = "files"
driver = "csv"
[[carrier]]
id = "sf"
name = "顺丰"
driver = "sf"
url = "CARRIER"
account = "wh-1"
customer = "755"
secret_file = "secret"
channels = ["files"]
[[station]]
id = "pack-1"
scale = { port = "DIR/dev/serial/by-id/usb-b-scale", profile = "generic/toledo-continuous" }
printer = { port = "DIR/dev/serial/by-id/usb-c-printer", profile = "MODEL", baud = 115200 }
`

// A shop is a small site run by the real daemon, its devices on ptys.
type shop struct {
	t       *testing.T
	d       *daemon.Daemon
	f       *foreman.Foreman
	scale   *devicetest.Scale
	printer *devicetest.Printer
	n       int
}

func newShop(t *testing.T, model, language string) *shop {
	s := &shop{t: t}
	dir := t.TempDir()
	dev := filepath.Join(dir, "dev")
	ids := filepath.Join(dev, "serial", "by-id")
	s.must(os.MkdirAll(ids, 0o700))
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); running.Wait() })
	var err error
	s.scale, err = devicetest.NewScaleAt(filepath.Join(ids, "usb-b-scale"), devicetest.ScaleOptions{Swing: 100 * time.Millisecond})
	s.must(err)
	s.printer, err = devicetest.NewPrinterAt(filepath.Join(ids, "usb-c-printer"), devicetest.PrinterOptions{Language: language})
	s.must(err)
	free, err := devicetest.NewScaleAt(filepath.Join(ids, "usb-a-free"), devicetest.ScaleOptions{Protocol: "yaohua-xk3190"})
	s.must(err)
	free.Put(1240)
	running.Go(func() { s.scale.Run(ctx) })
	running.Go(func() { s.printer.Run(ctx) })
	running.Go(func() { free.Run(ctx) })
	sf := httptest.NewServer(courierco.NewExpress(courierco.ExpressOptions{Kind: "sf", ID: "wh-1", Secret: "s3cret", Balance: 100}))
	t.Cleanup(sf.Close)
	for name, text := range map[string]string{
		"floord.toml": strings.NewReplacer("DIR", dir, "CARRIER", sf.URL, "MODEL", model).Replace(shopFloor), "secret": "s3cret",
		"skus.csv": "sku,name,grams\nTS01,上衣,200\n", "bins.csv": "bin,zone,aisle,x,y\nA-01,A,1,1,1\n", "stock.csv": "bin,sku,qty\nA-01,TS01,100\n",
	} {
		s.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cfg, err := config.Load(filepath.Join(dir, "floord.toml"))
	s.must(err)
	s.d, err = daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler), Dev: dev})
	s.must(err)
	s.f = s.d.Foreman()
	run, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.d.Run(run) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	for who, role := range map[floor.PersonID]floor.Role{"picker": floor.RolePicker, "packer": floor.RolePacker, "lead": floor.RoleLead, "lead-2": floor.RoleLead} {
		_, err := s.f.SetPerson(t.Context(), s.root(), floor.Person{ID: who, Name: string(who), Roles: []floor.Role{role}}, "badge-"+string(who))
		s.must(err)
	}
	_, _, err = s.f.Pair(t.Context(), s.invite("pda-01", "pda", ""))
	s.must(err)
	_, _, err = s.f.Login(t.Context(), foreman.By{Device: "pda-01", Key: s.key()}, "badge-picker")
	s.must(err)
	return s
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) key() string      { s.n++; return fmt.Sprintf("20261121/shop/%06d", s.n) }
func (s *shop) root() foreman.By { return foreman.Floord(s.key()) }

func (s *shop) invite(device floor.DeviceID, screen string, station floor.StationID) string {
	code, err := s.f.Invite(s.t.Context(), s.root(), device, screen, station)
	s.must(err)
	return code
}

// picked takes an order in and has it picked into a tote named like it.
func (s *shop) picked(number string) floor.OrderID {
	s.t.Helper()
	ctx := s.t.Context()
	got, err := s.f.Receive(ctx, foreman.Intake{Key: s.key(), Channel: "files", Orders: []floor.ShopOrder{{
		Channel: "files", Number: number, ModifiedAt: time.Now(), State: floor.ShopPaid, PaidAt: time.Now(), Pay: 3990, Content: number,
		To:    floor.Recipient{Name: "王小明", Phone: "18800000000", Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "文一西路 2 号"},
		Lines: []floor.ShopLine{{SKU: "TS01", Qty: 1}},
	}}})
	s.must(err)
	id := got.Events[0].Fact.(floor.OrderReceived).Order
	by := func() foreman.By { return foreman.By{Person: "picker", Device: "pda-01", Key: s.key()} }
	s.until(func(v *ledger.View) (bool, error) { _, ok, err := v.WaitingTask(); return ok, err })
	task, err := s.f.Take(ctx, by(), "")
	s.must(err)
	_, err = s.f.BindTote(ctx, by(), task, 1, floor.ToteID("T-"+number))
	s.must(err)
	_, err = s.f.Pick(ctx, by(), foreman.PickScan{Task: task, Stop: 1, Bin: "A-01", Code: "TS01", Qty: 1})
	s.must(err)
	s.until(func(v *ledger.View) (bool, error) {
		all, err := v.Bookings(id)
		return len(all) > 0 && all[len(all)-1].State == floor.BookingReady, err
	})
	return id
}

// until waits for what a loop of the daemon does.
func (s *shop) until(is func(*ledger.View) (bool, error)) {
	s.t.Helper()
	for range 3000 {
		ok := false
		s.must(s.d.Ledger().Read(func(v *ledger.View) (err error) { ok, err = is(v); return err }))
		if ok {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("it did not happen")
}

// packing gives the page of a packer who has come, beside an empty scale.
func (s *shop) packing() *window {
	s.t.Helper()
	x := newBrowser(s.t).open(s.d.URL("/station?lang=zh#pair="+s.invite("pack-screen", "station", "pack-1")), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-packer")
	x.says("扫描周转箱")
	x.until("!!document.querySelector('.reading.empty')")
	return x
}

// What a packer sees when cables are pulled: in the middle of a frame of the scale and
// of a label, while the page is open and the real daemon runs. Each time it is one
// sentence, the page recovers by itself, no weight of before is taken and no second
// label comes out.
func TestCablesPulledUnderThePacker(t *testing.T) {
	t.Parallel()
	s := newShop(t, "tsc/ttp-244", "tspl")
	s.picked("A1")
	x := s.packing()
	s.must(s.scale.Fail(devicetest.Pull))
	x.says("电子秤未连接：检查数据线")
	x.look("station-scale-pulled")
	s.must(s.scale.Plug())
	x.until("!!document.querySelector('.reading.empty')")

	x.scan("T-A1")
	x.says("逐件扫描商品")
	s.must(s.scale.Fail(devicetest.Pull)) // while it is being weighed
	s.scale.Put(200)
	x.scan("TS01")
	x.says("电子秤未连接：检查数据线")
	s.must(s.scale.Plug())
	x.says("请先清空秤盘") // what lies there may be another parcel
	s.printer.UnplugAt(300)
	s.scale.Put(0)
	x.until("!!document.querySelector('.reading.empty')")
	s.scale.Put(200)
	x.says("面单打出来了吗？")
	x.says("打印机中途断开：检查数据线")
	x.says("没有连接")
	x.look("station-label-pulled")
	s.must(s.printer.Plug())
	if n := len(s.printer.Labels()); n != 0 {
		t.Fatalf("%d labels came out of half a job", n)
	}
	x.press("没有打出")
	x.says("面单已打出")
	if n := len(s.printer.Labels()); n != 1 {
		t.Errorf("%d labels came out; want one", n)
	}
	x.gone("没有连接")
	s.scale.Put(0)
	x.until("!!document.querySelector('.reading.empty')")
}

// A printer that only takes labels proves nothing: the packer is told to look.
func TestABlindPrinter(t *testing.T) {
	t.Parallel()
	s := newShop(t, "generic/escpos", "escpos")
	s.picked("A1")
	x := s.packing()
	x.scan("T-A1")
	x.says("逐件扫描商品")
	x.scan("TS01")
	s.scale.Put(200)
	x.says("打印机已收下面单：请看是否打出")
	x.look("station-label-taken")
}

// The set-up page finds ports and says what hangs on them, records, and has the
// doctor look; and shows what a station's devices say as they say it.
func TestPortsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newShop(t, "tsc/ttp-244", "tspl")
	b := newBrowser(t)
	x := b.open(s.d.URL("/setup?lang=zh#pair="+s.invite("board-1", "board", "")), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-lead")
	x.says("生成配对码")
	x.press("串口与诊断")
	x.says("usb-a-free")
	x.says("pack-1 · 秤")
	x.says("正由 floord 使用") // the doctor's first words
	x.look("setup-doctor")
	x.press("识别")
	x.says("认出来了")
	x.says(`yaohua-tf0`)
	x.says("02 2b 30 30")
	x.says("1.240 kg")
	x.look("setup-identify")
	x.press("录制 5 秒")
	x.until("!!document.querySelector('.side select')")
	x.value("String(document.querySelector('.side form button').click())")
	x.says("保存记录文件")
	x.says("opened ")
	x.look("setup-record")

	x.press("工作台")
	x.says("请放上包裹")
	x.says("02 2d 30") // a Toledo's frames, as they come
	before := x.value("document.querySelectorAll('.feed pre')[1].lastChild.innerText")
	x.until(fmt.Sprintf("document.querySelectorAll('.feed pre')[1].lastChild.innerText !== %q", before))
	s.scale.Put(1240)
	x.says("30 31 32 34 30")
	s.must(s.scale.Unplug())
	x.says("lost: ")
	x.says("找不到端口：设备未插好") // on the scale's own line, with its cure
	s.must(s.scale.Plug())
	x.says("回零后再称")

	en := b.open(s.d.URL("/setup?lang=en#pair="+s.invite("board-2", "board", "")), 1280, 800)
	en.says("Scan your badge")
	en.scan("badge-lead-2")
	en.press("Ports and checks")
	en.says("This only listens")
	en.says("is in use by floord")
	en.press("Identify")
	en.says("Recognised")
	en.says("profile = \"")
	en.look("setup-identify-en")
}
