package sim

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDemo runs the whole pretend site for a while: real HTTP, real sockets, real
// ptys, a real file. Demo fails by itself if a promise was broken; here it must
// also have done enough work to have tried them.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "summary.json")
	err := Demo(t.Context(), DemoOptions{
		For: 25 * time.Second, Headless: true, Summary: file, Listen: "127.0.0.1:0",
		Data: filepath.Join(dir, "site"), Seed: 7, Out: io.Discard,
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
	for _, x := range []struct {
		what        string
		have, least int
	}{
		{"orders", s.OrdersReceived, 24}, {"waves", s.Waves, 3}, {"picks", s.LinesPicked, 20}, {"seals", s.ParcelsSealed, 5},
		{"labels", s.LabelsPrinted, 5}, {"labels in doubt", s.LabelsInDoubt, 1}, {"handovers", s.HandedOver, 3},
		{"cancels", s.CancelsAsked, 2}, {"cancels stopped", s.CancelsStopped, 1}, {"ship reports", s.ReportsDelivered, 3},
	} {
		if x.have < x.least {
			t.Errorf("only %d %s; the demo did too little to prove anything (want %d)", x.have, x.what, x.least)
		}
	}
	if !s.LedgerVerified {
		t.Error("the ledger was not verified")
	}
	if info, err := os.Stat(s.ReportPDF); err != nil || info.Size() < 1000 {
		t.Errorf("report %s: %v", s.ReportPDF, err)
	}
}
