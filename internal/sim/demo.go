package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// DemoOptions say how to run the pretend site.
type DemoOptions struct {
	For      time.Duration // 0: until ctx ends
	Headless bool          // print the running line alone
	Summary  string        // file for the Summary as JSON; "" for none
	Listen   string        // of the pages
	Data     string        // folder of the site; "" for a new temporary one that goes at the end
	Log      string        // file for the daemon's log; "" is floord.log in the folder
	Seed     uint64
	Out      io.Writer

	cutAfter time.Duration // then shop and carrier are not reached, until the people go home; 0: never
	// enough says whether enough was done. Until it is, the buyers go on after For is
	// over, for up to ten minutes: how much that is depends on the machine. May be nil.
	enough func(Summary) bool
}

// A Summary is what a demo did. LedgerVerified is true only after the chain,
// every tag and the views were really checked.
type Summary struct {
	OrdersReceived int `json:"orders_received"`
	Waves          int `json:"waves"`
	LinesPicked    int `json:"lines_picked"`

	// Walked counts the orders that were picked in each kind of wave; Joined are those
	// that joined a walk under way.
	Walked map[string]int `json:"picked_by_kind"`
	Joined int            `json:"joined"`
	Merged int            `json:"merged"` // orders that left in one parcel with others

	ParcelsSealed    int      `json:"parcels_sealed"`
	LabelsPrinted    int      `json:"labels_printed"`
	LabelsInDoubt    int      `json:"labels_in_doubt"`
	HandedOver       int      `json:"handed_over"`
	CancelsAsked     int      `json:"cancels_asked"`
	CancelsStopped   int      `json:"cancels_stopped"`
	CancelsMissed    int      `json:"cancels_missed"`
	FreezeP50        float64  `json:"freeze_to_device_ms_p50"`
	FreezeP99        float64  `json:"freeze_to_device_ms_p99"`
	FreezesShown     int      `json:"freezes_shown"`
	ReportsDelivered int      `json:"reports_delivered"`
	Channels         int      `json:"channels"`         // from which orders came
	Troubles         int      `json:"channel_troubles"` // channels that the board showed as failing
	ReportPDF        string   `json:"report_pdf"`
	LedgerVerified   bool     `json:"ledger_verified"`
	Broken           []string `json:"broken_promises"`

	left           int // orders that did
	toNobody       int // of them those of a channel that hears nothing
	reportsRefused int // by a shop whose buyer was quicker than the report
}

const (
	printerProfile = "generic/tspl-203dpi"
	cancelEvery    = 1700 * time.Millisecond
	decideAfter    = 4 * time.Second
	drainWithin    = 20 * time.Second
	settleWithin   = time.Minute
	longest        = 10 * time.Minute
)

var scaleProfiles = []string{"generic/toledo-continuous", "generic/yaohua-tf0"}

// Demo runs the pretend site until ctx ends or o.For is over, lets it drain, checks
// its promises, and reports an error if one was broken.
func Demo(ctx context.Context, o DemoOptions) error {
	temporary := o.Data == ""
	if temporary {
		dir, err := os.MkdirTemp("", "floord-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.Data = dir
	}
	w, err := newWorld(o)
	if err != nil {
		return err
	}
	defer w.close()
	sum, err := w.run(ctx)
	if err != nil {
		return err
	}
	if o.Summary != "" {
		if err := sum.write(o.Summary, temporary); err != nil {
			return err
		}
	}
	if len(sum.Broken) > 0 {
		return fmt.Errorf("promises were broken:\n  %s", strings.Join(sum.Broken, "\n  "))
	}
	return nil
}

// write writes the summary to a file. The report of a site that goes at the end is
// kept beside it.
func (s Summary) write(path string, keepReport bool) error {
	if keepReport {
		b, err := os.ReadFile(s.ReportPDF)
		if err != nil {
			return err
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		s.ReportPDF = filepath.Join(filepath.Dir(abs), filepath.Base(s.ReportPDF))
		if err := os.WriteFile(s.ReportPDF, b, 0o644); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
