package daemon_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"floord/device/devicetest"
	"floord/floor"
	"floord/floor/foreman"
	"floord/label/labeltest"
	"floord/sync/ledger"
)

const formsProfile = `
[[profile]]
kind = "printer"
vendor = "generic"
model = "zpl-203dpi"
source = "this site"
confidence = "field-log"
[profile.printer]
charset = "GBK"
forms = "ram"
answer = "5s"
poll = "20ms"
`

const formsTOML = `
[profiles]
dir = "profiles"
[[station]]
id = "pack-2"
printer = { port = "tcp://%s", profile = "generic/zpl-203dpi", labels = "100x150" }
`

// newFormsDock has a station pack-2 with a ZPL printer that keeps forms in its
// memory.
func newFormsDock(t *testing.T) (*dock, *devicetest.Printer) { return newZPLDock(t, formsProfile) }

func newZPLDock(t *testing.T, profile string) (*dock, *devicetest.Printer) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sim := devicetest.NewPrinter(devicetest.PrinterOptions{Language: "zpl", PrintTime: 100 * time.Millisecond, Boot: time.Nanosecond})
	served := make(chan error, 1)
	go func() { served <- sim.ServeListener(t.Context(), l) }()
	t.Cleanup(func() { <-served })
	return newDockWith(t, fmt.Sprintf(formsTOML, l.Addr()), map[string]string{"profiles/site.toml": profile}), sim
}

// sealed packs an order at pack-2 to its seal.
func (k *dock) sealed(number string) floor.ParcelID {
	k.t.Helper()
	p := k.weighedBy("packer-2", "pack-2", number, 1)
	k.must2(k.f.Seal(k.t.Context(), k.as("packer-2"), p))
	return p
}

// TestFormsReachThePrinter: where its profile says that a printer keeps forms, a
// waybill is stored once and recalled after; a printer that was switched off gets
// it again, and what comes out is a whole waybill each time.
func TestFormsReachThePrinter(t *testing.T) {
	k, sim := newFormsDock(t)
	sent := 0
	for i, number := range []string{"A", "B", "C"} {
		k.booked(k.picked("files", number, plain))
		if number == "C" {
			sim.PowerOff()
			sim.PowerOn()
		}
		p := k.sealed(number)
		k.label(p, floor.LabelPrinted)
		labels := sim.Labels()
		if len(labels) != i+1 {
			t.Fatalf("%d labels came out; want %d", len(labels), i+1)
		}
		l := labels[i]
		if !strings.HasPrefix(string(l.Job), "^XA^CI28^XFR:F") || len(l.Size) == 0 {
			t.Errorf("%s: sent %q of the form %q", number, l.Job, l.Size)
		}
		if sent == 0 {
			sent = len(l.Job)
		}
		m, err := devicetest.Draw("zpl", l)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := labeltest.ReadCodes(t, m), string(k.parcel(p).Waybill); len(got) == 0 || got[0] != want {
			t.Errorf("%s: the codes are %q; want %s", number, got, want)
		}
	}
	t.Logf("a recall of %d bytes", sent)
}

// TestPrinterWithoutChineseFont: a waybill is pictures and letters of a font that the
// printer has, the pictures packed where its profile says that it reads that.
func TestPrinterWithoutChineseFont(t *testing.T) {
	k, sim := newZPLDock(t, strings.NewReplacer(`charset = "GBK"`, `charset = "ascii"`, `forms = "ram"`, "packed = true").Replace(formsProfile))
	k.booked(k.picked("files", "A", plain))
	p := k.sealed("A")
	k.label(p, floor.LabelPrinted)
	l := sim.Labels()[0]
	if !strings.Contains(string(l.Job), ":Z64:") || !strings.Contains(string(l.Job), "^AD,18,10^FD") || strings.Contains(string(l.Job), "^CW") {
		t.Errorf("sent %.400q", l.Job)
	}
	m, err := devicetest.Draw("zpl", l)
	k.must(err)
	if got, want := labeltest.ReadCodes(t, m), string(k.parcel(p).Waybill); len(got) == 0 || got[0] != want {
		t.Errorf("the codes are %q; want %s", got, want)
	}
}

// TestTextThatDoesNotFit has a recipient whose address no label holds: the fuse of its
// station opens, the other station goes on, nobody's label is printed there; and the
// shop's shorter address, with a new number, mends it.
func TestTextThatDoesNotFit(t *testing.T) {
	k, sim := newFormsDock(t)
	ctx := t.Context()
	long := plain
	long.Detail = strings.Repeat("文一西路二号楼旁边的", 30)
	first := k.picked("files", "L", long)
	k.booked(first)
	k.booked(k.picked("files", "M", plain))
	k.booked(k.picked("tb", "N", masked))

	p := k.sealed("L")
	x := k.fuse(floor.FuseFit)
	if x.Scope != (floor.Scope{Carrier: "sf", Template: "waybill-100x150", Station: "pack-2"}) || x.Parcel != p || !strings.HasPrefix(x.Why, "recipient.address, ") {
		t.Errorf("fuse %+v", x)
	}
	k.label(p, floor.LabelFailed)
	k.alerted("fuse-text-fit")
	// This station stops, for this account; the other goes on.
	q := k.weighedBy("packer-2", "pack-2", "M", 1)
	if _, err := k.f.Seal(ctx, k.as("packer-2"), q); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("sealed behind an open fuse: %v", err)
	}
	n := k.weighed("N")
	k.must2(k.f.Seal(ctx, k.as("packer"), n))
	k.label(n, floor.LabelPrinted)
	if got := len(sim.Labels()); got != 0 {
		t.Errorf("%d labels came out at pack-2", got)
	}

	// The shop sends one that fits: the order freezes, a lead lets it go on.
	_, err := k.f.Receive(ctx, foreman.Intake{Key: k.key(), Channel: "files", Orders: []floor.ShopOrder{{
		Channel: "files", Number: "L", ModifiedAt: time.Now().Add(time.Second), State: floor.ShopPaid, PaidAt: time.Now(), Pay: 3990, Content: "mended", To: plain,
		Lines: []floor.ShopLine{{SKU: "TS01", Qty: 1}},
	}}})
	k.must(err)
	old := k.parcel(p).Waybill
	k.must2(k.f.Thaw(ctx, k.root(), first))
	k.label(p, floor.LabelPrinted)
	k.fuse("")
	if now := k.parcel(p); now.Waybill == "" || now.Waybill == old {
		t.Errorf("the number is %q after %q; want a new one", now.Waybill, old)
	}
	k.must2(k.f.Seal(ctx, k.as("packer-2"), q))
	k.label(q, floor.LabelPrinted)
	if got := len(sim.Labels()); got != 2 {
		t.Errorf("%d labels came out at pack-2; want 2", got)
	}
}

// alerted says whether a lead was called, once, with a message.
func (k *dock) alerted(code string) {
	k.t.Helper()
	calls := 0
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Minute) // it may come a moment after what it is about
	defer cancel()
	last := k.d.Ledger().Seq()
	for e, err := range k.d.Ledger().Follow(ctx, 0, ledger.Topic{ledger.Everything}) {
		if ctx.Err() != nil {
			break
		}
		k.must(err)
		if x, ok := e.Fact.(floor.EffectAsked); ok && x.Effect.What == floor.EffectAlert && x.Effect.Args["code"] == code {
			calls++
		}
		if e.Seq >= last && calls > 0 {
			break
		}
	}
	if calls != 1 {
		k.t.Errorf("a lead was called %d times with %s; want once", calls, code)
	}
}
