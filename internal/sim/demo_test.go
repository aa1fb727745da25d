package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestDemo runs the whole pretend site for a while: real HTTP, real sockets, real
// ptys, a real file. Demo fails by itself if a promise was broken; here it must
// also have done enough work to have tried them.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "summary.json")
	type floor struct {
		what        string
		have, least int
	}
	want := func(s Summary) []floor {
		return []floor{
			{"orders", s.OrdersReceived, 24}, {"waves", s.Waves, 3}, {"picks", s.LinesPicked, 20}, {"seals", s.ParcelsSealed, 5},
			{"labels", s.LabelsPrinted, 5}, {"labels in doubt", s.LabelsInDoubt, 1}, {"handovers", s.HandedOver, 3},
			{"cancels", s.CancelsAsked, 2}, {"cancels stopped", s.CancelsStopped, 1}, {"ship reports", s.ReportsDelivered, 3},
			{"channels in trouble", s.Troubles, 1}, {"orders in cluster waves", s.Walked["cluster"], 1},
			{"orders that left in one parcel with others", s.Merged, 2},
			{"orders in single or identical waves", s.Walked["single"] + s.Walked["identical"], 1}, // which of the two, chance and the machine say
		}
	}
	out, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	err = Demo(t.Context(), DemoOptions{
		For: 25 * time.Second, Summary: file, Listen: "127.0.0.1:0",
		Data: filepath.Join(dir, "site"), Seed: 7, Out: out,
		enough: func(s Summary) bool {
			return !slices.ContainsFunc(want(s), func(x floor) bool { return x.have < x.least })
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s Summary
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
	for _, x := range want(s) {
		if x.have < x.least {
			t.Errorf("only %d %s; the demo did too little to prove anything (want %d)", x.have, x.what, x.least)
		}
	}
	if s.Channels != 12 {
		t.Errorf("orders of %d channels came in; want ten platforms, an ERP and a table", s.Channels)
	}
	if !s.LedgerVerified {
		t.Error("the ledger was not verified")
	}
	said, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/board?token=", "/plan?token=", "/pda?token=", "/station?token=", "/api/docs"} {
		if !bytes.Contains(said, []byte(page)) {
			t.Errorf("it does not say where %s is", page)
		}
	}
	if info, err := os.Stat(s.ReportPDF); err != nil || info.Size() < 1000 {
		t.Errorf("report %s: %v", s.ReportPDF, err)
	}
}

// TestDeadUplink cuts the way to shop and carrier in the middle of the work. The
// floor goes on, from the pool of waybill numbers; when the way is back, the shop
// hears of every parcel, each once.
func TestDeadUplink(t *testing.T) {
	t.Parallel()
	var w *world
	moved := func(s Summary) bool { // since the cut
		w.mu.Lock()
		defer w.mu.Unlock()
		return s.ParcelsSealed >= w.atCut.ParcelsSealed+3 && s.HandedOver >= w.atCut.HandedOver+3 && s.LabelsPrinted >= w.atCut.LabelsPrinted+3
	}
	w, err := newWorld(DemoOptions{
		For: 24 * time.Second, Headless: true, Listen: "127.0.0.1:0", Data: t.TempDir(), Seed: 11, Out: io.Discard,
		cutAfter: 7 * time.Second, enough: moved,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	sum, err := w.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range sum.Broken {
		t.Error(b)
	}
	t.Logf("at the cut: %d sealed, %d out, %d told; at the end: %d, %d, %d",
		w.atCut.ParcelsSealed, w.atCut.HandedOver, w.atCut.ReportsDelivered, sum.ParcelsSealed, sum.HandedOver, sum.ReportsDelivered)
	if !moved(sum) {
		t.Error("the floor stood still while the uplink was dead")
	}
	if sum.ReportsDelivered+sum.reportsRefused+sum.toNobody != sum.left { // some in one parcel
		t.Errorf("%d orders left, the shops were told of %d and refused %d, %d have no shop", sum.left, sum.ReportsDelivered, sum.reportsRefused, sum.toNobody)
	}
}
