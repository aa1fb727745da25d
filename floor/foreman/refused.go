package foreman

import (
	"context"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// misscans are the refusals that say that a hand was wrong, or what lay before it; a
// freeze or a full tote is nobody's mistake.
var misscans = map[string][]string{
	"pick":      {"wrong-bin", "wrong-sku", "unknown-sku", "over-pick", "wrong-lot", "wrong-tote", "wrong-batch-tote", "tote-taken", "expired", "serial-used"},
	"carry":     {"wrong-bin", "wrong-sku", "unknown-sku", "over-pick", "wrong-lot", "expired"},
	"put":       {"wrong-slot", "wrong-sku", "unknown-sku", "over-pick", "not-wanted"},
	"verify":    {"not-in-parcel", "over-verify", "unknown-sku"},
	"hand-over": {"wrong-carrier", "parcel-void", "already-left", "address-stale", "label-not-out", "not-sealed"},
}

// A WrongScan is a scan that was refused: by us, or by a handheld that knew enough to
// refuse it itself. What it is about may be partly empty.
type WrongScan struct {
	Act    string         `json:"act"` // "pick", "carry", "put", "verify", "hand-over"
	Code   string         `json:"code"`
	Task   floor.TaskID   `json:"task,omitempty"`
	Stop   int            `json:"stop,omitempty"`
	Parcel floor.ParcelID `json:"parcel,omitempty"`
	Scan   string         `json:"-"` // of a parcel, by whatever it is known by
}

// NoteRefused keeps a wrong scan for the reports, with whoever picked what was wrong. A
// refusal of another kind is not kept.
func (f *Foreman) NoteRefused(ctx context.Context, by By, w WrongScan) (ledger.Receipt, error) {
	if !slices.Contains(misscans[w.Act], w.Code) {
		return ledger.Receipt{}, nil
	}
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		fact := floor.ScanRefused{Act: w.Act, Code: w.Code, Person: by.Person, Device: by.Device}
		if t, ok, err := v.Task(w.Task); err != nil {
			return nil, err
		} else if ok {
			fact.Task = w.Task
			if s := t.Stop(w.Stop); s != nil {
				fact.Order = s.Order
			}
		}
		p, ok, err := v.Parcel(w.Parcel)
		if err != nil {
			return nil, err
		}
		if !ok && w.Scan != "" {
			if p, _, err = v.parcelOf(w.Scan); err != nil && !isRefusal(err) {
				return nil, err
			}
		}
		if p.ID != "" {
			fact.Parcel, fact.Order, fact.Station = p.ID, p.Order, p.Station
		}
		wrongGoods := w.Act == "verify" || w.Act == "put" && w.Code != "wrong-slot"
		if fact.Order != "" {
			o, ok, err := v.Order(fact.Order)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, nil // it is archived
			}
			if wrongGoods {
				fact.Blame = o.LastPicker()
			}
		}
		return []floor.Fact{fact}, nil
	})
}
