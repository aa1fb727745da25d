package daemon_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim/courierco"
	"floord/internal/sim/printbox"
	"floord/internal/sim/wire"
	"floord/sync/ledger"
)

// A dock is a site with two carriers, SF and Cainiao, whose labels a print
// component makes; nothing of it is a real device.
type dock struct {
	t           *testing.T
	d           *daemon.Daemon
	f           *foreman.Foreman
	sf, cainiao *courierco.Express
	box         *printbox.Box
	n           int
	token       string // of the screen, if there is one
}

const dockTOML = `
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
[[channel]]
id = "tb"
driver = "csv"
[[carrier]]
id = "sf"
name = "顺丰"
driver = "sf"
url = "%s"
account = "wh-1"
customer = "755"
secret_file = "secret"
channels = ["files"]
check_grams = 5000
[[carrier]]
id = "cn"
name = "圆通（菜鸟）"
driver = "cainiao"
url = "%s"
account = "app-1"
secret_file = "secret"
token_file = "token"
code = "YTO"
channels = ["tb"]
[[station]]
id = "pack-1"
[[station.component]]
platform = "cainiao"
url = "%s"
`

func newDock(t *testing.T) *dock { return newDockWith(t, "", nil) }

// newDockWith adds lines to its floord.toml, and files beside it.
func newDockWith(t *testing.T, more string, files map[string]string) *dock {
	return newDockAs(t, dockTOML, more, files)
}

func newDockAs(t *testing.T, site, more string, files map[string]string) *dock {
	k := &dock{t: t, box: &printbox.Box{Platform: "cainiao"},
		sf:      courierco.NewExpress(courierco.ExpressOptions{Kind: "sf", ID: "wh-1", Secret: "s3cret", Balance: 100, Strict: true}),
		cainiao: courierco.NewExpress(courierco.ExpressOptions{Kind: "cainiao", ID: "app-1", Secret: "s3cret", Token: "tok", Balance: 100}),
	}
	sf, cn, box := httptest.NewServer(k.sf), httptest.NewServer(k.cainiao), httptest.NewServer(k.box)
	t.Cleanup(func() { sf.Close(); cn.Close(); box.Close() })
	dir := t.TempDir()
	all := map[string]string{
		"floord.toml": fmt.Sprintf(site, sf.URL, cn.URL, "ws"+strings.TrimPrefix(box.URL, "http")) + more, "secret": "s3cret", "token": "tok",
		"skus.csv": "sku,name,grams\nTS01,上衣,200\n", "bins.csv": "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-02,A,2,3,1\n", "stock.csv": "bin,sku,qty\nA-01,TS01,100\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "floord.toml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTP.Listen = "127.0.0.1:0"
	k.d, err = daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler), Pace: func(int) time.Duration { return 20 * time.Millisecond }})
	if err != nil {
		t.Fatal(err)
	}
	k.f = k.d.Foreman()
	run(t, k.d)
	k.people()
	return k
}

func (k *dock) key() string { k.n++; return fmt.Sprintf("20261121/dock/%06d", k.n) }

func (k *dock) root() foreman.By { return foreman.Floord(k.key()) }

func (k *dock) as(who floor.PersonID) foreman.By {
	return foreman.By{Person: who, Device: floor.DeviceID("dev-" + who), Key: k.key()}
}

func (k *dock) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *dock) people() {
	ctx := k.t.Context()
	for who, role := range map[floor.PersonID]floor.Role{"picker": floor.RolePicker, "packer": floor.RolePacker, "packer-2": floor.RolePacker} {
		_, err := k.f.SetPerson(ctx, k.root(), floor.Person{ID: who, Name: string(who), Roles: []floor.Role{role}}, "badge-"+string(who))
		k.must(err)
		screen, station := "pda", floor.StationID("")
		if role == floor.RolePacker {
			screen, station = "station", "pack-1"
		}
		if who == "packer-2" {
			station = "pack-2"
		}
		code, err := k.f.Invite(ctx, k.root(), floor.DeviceID("dev-"+who), screen, station)
		if who == "packer-2" && err != nil {
			continue // there is no such station
		}
		k.must(err)
		_, _, err = k.f.Pair(ctx, code)
		k.must(err)
		_, _, err = k.f.Login(ctx, foreman.By{Device: floor.DeviceID("dev-" + who), Key: k.key()}, "badge-"+string(who))
		k.must(err)
	}
}

// until waits for what a loop of the daemon does.
func (k *dock) until(what string, is func(*ledger.View) (bool, error)) {
	k.t.Helper()
	until(k.t, k.d, what, is)
}

// picked takes an order in and has it picked into a tote.
func (k *dock) picked(ch floor.ChannelID, number string, to floor.Recipient) floor.OrderID {
	k.t.Helper()
	return k.pickedOf(ch, number, to, 1)
}

// pickedOf takes an order of so many pieces in.
func (k *dock) pickedOf(ch floor.ChannelID, number string, to floor.Recipient, qty int) floor.OrderID {
	k.t.Helper()
	ctx := k.t.Context()
	got, err := k.f.Receive(ctx, foreman.Intake{Key: k.key(), Channel: ch, Orders: []floor.ShopOrder{{
		Channel: ch, Number: number, ModifiedAt: time.Now(), State: floor.ShopPaid, PaidAt: time.Now(), Pay: 3990, Content: number, To: to,
		Lines: []floor.ShopLine{{SKU: "TS01", Qty: qty}},
	}}})
	k.must(err)
	id := got.Events[0].Fact.(floor.OrderReceived).Order
	if got.Held > 0 { // what stands before the label stops what a lead let go by mistake
		k.must2(k.f.Unhold(ctx, k.root(), id))
	}
	k.until("a task for "+number, func(v *ledger.View) (bool, error) { _, ok, err := v.WaitingTask(); return ok, err })
	task, err := k.f.Take(ctx, k.as("picker"), "")
	k.must(err)
	_, err = k.f.BindTote(ctx, k.as("picker"), task, 1, floor.ToteID("tote-"+number))
	k.must(err)
	_, err = k.f.Pick(ctx, k.as("picker"), foreman.PickScan{Task: task, Stop: 1, Bin: "A-01", Code: "TS01", Qty: qty})
	k.must(err)
	return id
}

// weighed packs an order up to its seal, which is left.
func (k *dock) weighed(number string) floor.ParcelID {
	return k.weighedBy("packer", "pack-1", number, 1)
}

func (k *dock) weighedBy(who floor.PersonID, at floor.StationID, number string, qty int) floor.ParcelID {
	k.t.Helper()
	ctx := k.t.Context()
	p, err := k.f.OpenParcel(ctx, k.as(who), at, "tote-"+number)
	k.must(err)
	_, err = k.f.Verify(ctx, k.as(who), p, "TS01", qty)
	k.must(err)
	_, err = k.f.Weigh(ctx, k.as(who), p, floor.Weight{Grams: 200 * floor.Grams(qty), ZeroSeen: true})
	k.must(err)
	return p
}

func (k *dock) booked(id floor.OrderID) {
	k.t.Helper()
	k.until("a number for "+string(id), func(v *ledger.View) (bool, error) {
		all, err := v.Bookings(id)
		return len(all) > 0 && all[len(all)-1].State == floor.BookingReady, err
	})
}

func (k *dock) parcel(id floor.ParcelID) (p floor.Parcel) {
	k.must(k.d.Ledger().Read(func(v *ledger.View) (err error) { p, _, err = v.Parcel(id); return err }))
	return p
}

// fuse waits until just the fuse with that cause is open ("": none) and gives it.
func (k *dock) fuse(cause floor.FuseCause) (open floor.Fuse) {
	k.t.Helper()
	k.until("fuse "+string(cause), func(v *ledger.View) (bool, error) {
		n := 0
		err := v.OpenFuses(func(x floor.Fuse) bool { open, n = x, n+1; return true })
		return n == 1 && open.Cause == cause || n == 0 && cause == "", err
	})
	return open
}

// tripped waits until a fuse with that cause is open, among others.
func (k *dock) tripped(cause floor.FuseCause) (open floor.Fuse) {
	k.t.Helper()
	k.until("fuse "+string(cause), func(v *ledger.View) (found bool, err error) {
		err = v.OpenFuses(func(x floor.Fuse) bool { open, found = x, x.Cause == cause; return !found })
		return found, err
	})
	return open
}

func (k *dock) label(p floor.ParcelID, state string) {
	k.t.Helper()
	k.until("label of "+string(p)+" "+state, func(v *ledger.View) (bool, error) {
		x, _, err := v.Parcel(p)
		return x.Label == state, err
	})
}

var (
	plain  = floor.Recipient{Name: "王小明", Phone: "18800000000", Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "文一西路 2 号"}
	masked = floor.Recipient{Name: "王**", Phone: "188****0000", Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "***路", Token: "2v6sOAID", Masked: true}
)

// TestNumbersAndTickets walks a masked order from its wave to the paper: the number
// is booked ahead, the platform's component prints, and every way in which it may
// fail opens the fuse and closes it again.
func TestNumbersAndTickets(t *testing.T) {
	k := newDock(t)
	ctx := t.Context()

	a := k.picked("tb", "A", masked)
	k.booked(a)
	pa := k.weighed("A")
	_, err := k.f.Seal(ctx, k.as("packer"), pa)
	k.must(err)
	k.label(pa, floor.LabelPrinted)
	data, _ := courierco.Cipher(string(k.parcel(pa).Waybill))
	if n := k.box.Printed(data); n != 1 || k.parcel(pa).Carrier != "cn" {
		t.Errorf("%d labels of %s by %s; want one of the platform's", n, k.parcel(pa).Waybill, k.parcel(pa).Carrier)
	}

	// The component takes the label and is not heard of again.
	b := k.picked("tb", "B", masked)
	k.booked(b)
	k.box.Next(printbox.Drops)
	pb := k.weighed("B")
	_, err = k.f.Seal(ctx, k.as("packer"), pb)
	k.must(err)
	if x := k.fuse(floor.FuseDoubt); x.Station != "pack-1" || x.Parcel != pb {
		t.Errorf("fuse %+v; want that of the printer", x)
	}
	var doubt floor.EffectID
	k.must(k.d.Ledger().Read(func(v *ledger.View) error {
		return v.Lane(foreman.PrinterLane("pack-1"), func(e floor.Effect) bool { doubt = e.ID; return false })
	}))
	_, err = k.f.AnswerDoubt(ctx, k.as("packer"), doubt, foreman.CameOut)
	k.must(err)
	k.fuse("")

	// It will not print the ticket: the template's fuse, closed by the next copy.
	c := k.picked("tb", "C", masked)
	k.booked(c)
	k.box.Next(printbox.Refuses)
	pc := k.weighed("C")
	_, err = k.f.Seal(ctx, k.as("packer"), pc)
	k.must(err)
	k.fuse(floor.FuseTemplate)
	k.label(pc, floor.LabelFailed)
	_, err = k.f.Reprint(ctx, k.as("packer"), pc, "unreadable")
	k.must(err)
	k.label(pc, floor.LabelPrinted)
	k.fuse("")
	if _, twice := k.box.Last(); twice != 0 {
		t.Errorf("%d tasks were sent twice", twice)
	}
	k.alerted("fuse-" + string(floor.FuseDoubt))
	k.alerted("fuse-" + string(floor.FuseTemplate))
}

// TestCarrierTroubles has a carrier fail in each way while orders wait for numbers.
func TestCarrierTroubles(t *testing.T) {
	k := newDock(t)
	ctx := t.Context()

	// The wire is down: after some tries the fuse opens; what has its number goes on.
	early := k.picked("files", "E", plain)
	k.booked(early)
	k.sf.Faults.Always(wire.Failed)
	down := k.picked("files", "D", plain)
	k.fuse(floor.FuseNumber)
	pe := k.weighed("E")
	if _, err := k.f.Seal(ctx, k.as("packer"), pe); err != nil {
		t.Errorf("booked before the carrier went down: %v; want it sealed", err)
	}
	if p := k.parcel(pe); p.SortCode != "571B-CD-012" || len(p.Why) == 0 || p.Why[0].Code != "carrier-only" {
		t.Errorf("sealed as %+v; want its sort code, and why this carrier", p)
	}
	k.sf.Faults.Always(wire.None)
	k.booked(down)
	k.fuse("")

	// An answer lost after its effect: the order is looked up, the number is the same.
	sold := k.sf.Sold()
	k.sf.Faults.Next("book", wire.Lost)
	lost := k.picked("files", "L", plain)
	k.booked(lost)
	if n := k.sf.Sold(); n != sold+1 {
		t.Errorf("%d numbers for one order", n-sold)
	}

	// The account is empty: the fuse at once, and by itself again with the money.
	k.sf.TopUp(0)
	poor := k.picked("files", "P", plain)
	k.fuse(floor.FuseBalance)
	pd := k.weighed("D")
	_, err := k.f.Seal(ctx, k.as("packer"), pd)
	k.must(err)
	pp := k.weighed("P")
	if _, err := k.f.Seal(ctx, k.as("packer"), pp); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("no number and no money: %v; want the fuse's sentence", err)
	}
	k.sf.TopUp(10)
	k.booked(poor)
	k.fuse("")
	_, err = k.f.Seal(ctx, k.as("packer"), pp)
	k.must(err)

	// The carrier gives a number that another parcel has.
	k.sf.Repeat()
	twin := k.picked("files", "T", plain)
	if x := k.fuse(floor.FuseTwice); x.Carrier != "sf" || x.Order != twin {
		t.Errorf("fuse %+v", x)
	}
	k.must2(k.f.CloseFuse(ctx, k.root(), k.fuse(floor.FuseTwice).ID))
	k.booked(twin)

	// Nobody to send it to: the order's own fuse, and nobody else's.
	nobody := plain
	nobody.Phone = ""
	k.picked("files", "N", nobody)
	if x := k.fuse(floor.FuseReceiver); x.Station != "" || x.Order == "" {
		t.Errorf("fuse %+v; want that of the order alone", x)
	}
	fine := k.picked("files", "F", plain)
	k.booked(fine)

	// Its address names a town of another province.
	nowhere := plain
	nowhere.Province, nowhere.City, nowhere.District = "重庆市", "攀枝花市", ""
	k.picked("files", "X", nowhere)
	if x := k.tripped(floor.FuseAddress); x.Why != "address-conflict" {
		t.Errorf("fuse %+v", x)
	}

	// Over the carrier's limit, and nobody has looked.
	heavy := k.pickedOf("files", "W", plain, 30)
	k.booked(heavy)
	pw := k.weighedBy("packer", "pack-1", "W", 30)
	if _, err := k.f.Seal(ctx, k.as("packer"), pw); err == nil {
		t.Error("6 kg were sealed for a carrier of 5")
	}
	k.tripped(floor.FuseWeight)
	for _, c := range floor.FuseCauses {
		if c != floor.FuseFit && c != floor.FuseTemplate && c != floor.FuseDoubt {
			k.alerted("fuse-" + string(c))
		}
	}

	// A cancelled order's number goes back to the carrier.
	before := k.sf.Sold()
	k.must2(k.f.Freeze(ctx, k.root(), fine, floor.FreezeLead))
	k.must2(k.f.Close(ctx, k.root(), fine, "test"))
	k.until("the number's return", func(*ledger.View) (bool, error) { return k.sf.Sold() == before-1, nil })
}

func (k *dock) must2(_ ledger.Receipt, err error) {
	k.t.Helper()
	k.must(err)
}
