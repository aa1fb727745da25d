package sim

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"floord/device/devicetest"
	"floord/floor"
	"floord/report"
	"floord/sync/ledger"
)

// sum counts what happened and holds it against the promises.
func (w *world) sum() (Summary, error) {
	s := w.figures()
	s.Broken = []string{}
	w.delays(&s)
	w.walked(&s)
	w.checkPaper(&s)
	w.checkOrders(&s)
	reaches, err := w.reaches()
	if err != nil {
		return s, err
	}
	w.count.add(func() {
		for _, err := range w.count.errs {
			s.Broken = append(s.Broken, err.Error())
		}
		if w.count.picks != reaches {
			s.Broken = append(s.Broken, fmt.Sprintf("promise 6: pickers made %d picks, the floor counts %d", w.count.picks, reaches))
		}
	})
	pdf, err := w.daemon.WriteReport(report.DayOf(time.Now(), report.Shanghai))
	if err != nil {
		return s, err
	}
	s.ReportPDF = pdf
	upTo := w.daemon.Ledger().Seq() // the shop's loop goes on meanwhile
	v, err := w.daemon.Ledger().Verify(context.Background())
	if err != nil {
		return s, err
	}
	s.LedgerVerified = v.OK() && v.Last >= upTo && upTo > 0 && v.Rows > 0
	for _, p := range v.Problems {
		s.Broken = append(s.Broken, "promise 8: "+p.String())
	}
	return s, nil
}

// walked counts the picked orders by the kind of their wave, and those that left with
// others.
func (w *world) walked(s *Summary) {
	s.Walked, s.Merged = map[string]int{}, 0
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		return v.Orders("", "", func(o floor.Order) bool {
			if t, ok, _ := v.Task(o.Task); ok && !o.PickedAt.IsZero() {
				s.Walked[t.WaveKind]++
			}
			if o.In != "" && !o.HandedAt.IsZero() {
				s.Merged++
			}
			return true
		})
	})
}

// reaches counts the picks of which the journal has lines: one of a batch has several.
func (w *world) reaches() (int, error) {
	causes := map[string]bool{}
	for e, err := range w.daemon.Ledger().Past(context.Background(), 0, ledger.Topic{string(floor.LinePicked{}.Kind())}) {
		if err != nil {
			return 0, err
		}
		causes[e.Cause] = true
	}
	return len(causes), nil
}

// delays measures from the freeze on the disk to the first device that had it.
func (w *world) delays(s *Summary) {
	var ms []float64
	w.mu.Lock()
	defer w.mu.Unlock()
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		return v.Intercepts("", func(i floor.Intercept) bool {
			if at, ok := w.shown[i.Key]; ok {
				ms = append(ms, float64(at.Sub(i.FrozenAt).Microseconds())/1000)
				return true
			}
			if len(i.Told) > 0 && w.home.Sub(i.FrozenAt) > 5*time.Second {
				s.Broken = append(s.Broken, fmt.Sprintf("promise 5: the freeze of %s reached none of %v", i.Order, i.Told))
			}
			return true
		})
	})
	s.FreezesShown = len(ms)
	if len(ms) > 0 {
		slices.Sort(ms)
		s.FreezeP50, s.FreezeP99 = ms[len(ms)/2], ms[min(len(ms)-1, len(ms)*99/100)]
	}
}

// onPaper is how a label says which parcel and copy it is.
var onPaper = regexp.MustCompile(`P-\d+/\d+`)

// labelOut reports whether a copy of a parcel's label came out of a printer.
func labelOut(p *devicetest.Printer, parcel string, copy int) bool {
	for _, l := range p.Labels() {
		if string(onPaper.Find(l.Job)) == fmt.Sprintf("%s/%d", parcel, copy) {
			return true
		}
	}
	return false
}

// checkPaper holds what came out of the printers against promise 3.
func (w *world) checkPaper(s *Summary) {
	copies := map[string]int{}
	for _, p := range w.printers {
		for _, l := range p.Labels() {
			if c := onPaper.Find(l.Job); c != nil { // not a wave's label
				copies[string(c)]++
			}
		}
	}
	for c, n := range copies {
		if n > 1 {
			s.Broken = append(s.Broken, fmt.Sprintf("promise 3: copy %s came out %d times", c, n))
		}
	}
	paper := map[string]bool{}
	for c := range copies {
		parcel, _, _ := strings.Cut(c, "/")
		paper[parcel] = true
	}
	numbers := map[floor.WaybillNo]floor.ParcelID{}
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		return v.Orders("", "", func(o floor.Order) bool {
			for _, id := range o.Parcels {
				p, _, _ := v.Parcel(id)
				if p.Waybill == "" {
					continue
				}
				if other, twice := numbers[p.Waybill]; twice && other != id { // orders may share a parcel
					s.Broken = append(s.Broken, fmt.Sprintf("promise 3: %s is on %s and %s", p.Waybill, other, id))
				}
				numbers[p.Waybill] = id
				if p.State == floor.ParcelHasLeft && !paper[string(id)] {
					s.Broken = append(s.Broken, fmt.Sprintf("promise 3: %s left without a label on paper", id))
				}
			}
			return true
		})
	})
}

// checkOrders holds the shop's truth against the floor's: promises 1, 2, 4 and 7.
func (w *world) checkOrders(s *Summary) {
	w.mu.Lock()
	defer w.mu.Unlock()
	owed := w.owed()
	channels := map[floor.ChannelID]bool{}
	defer func() { s.Channels, s.Troubles = len(channels), len(w.down) }()
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		for _, x := range w.placed {
			id, ok, err := x.in(v)
			if err != nil || !ok {
				s.Broken = append(s.Broken, fmt.Sprintf("promise 1: order %s of %s never came in (%v)", x.number, x.front.id, err))
				continue
			}
			channels[x.front.id] = true
			o, _, _ := v.Order(id)
			if !o.HandedAt.IsZero() {
				s.left++
			}
			waybill, times := x.front.shipped(x.number)
			if x.front.shop == nil && x.front.erp == nil { // nobody to tell
				if !o.HandedAt.IsZero() {
					s.toNobody++
				}
				continue
			}
			if o.State.Before(floor.HandedOver) || o.State == floor.Closed {
				continue
			}
			p, _, _ := v.Parcel(o.Parcels[len(o.Parcels)-1])
			_, off := w.cancels[x]
			if times == 0 && (owed[id] || off) {
				continue // not yet, and the outbox knows; or the buyer was quicker than the report
			}
			if times != 1 || waybill != string(p.Waybill) {
				s.Broken = append(s.Broken, fmt.Sprintf("promise 7: %s heard %d times of %s, last as %q", x.front.id, times, id, waybill))
			}
		}
		frozen := map[floor.OrderID]time.Time{}
		err := v.Intercepts("", func(i floor.Intercept) bool {
			if i.Outcome == "stopped" || i.Outcome == "open" {
				frozen[i.Order] = i.FrozenAt
			}
			return true
		})
		for id, at := range frozen {
			if o, _, _ := v.Order(id); !o.State.Before(floor.HandedOver) && o.State != floor.Closed && o.HandedAt.After(at) {
				s.Broken = append(s.Broken, fmt.Sprintf("promise 4: %s was handed over after its freeze", id))
			}
		}
		return errors.Join(err, v.Stock(func(x floor.Stock) bool {
			if x.Reserved > x.OnHand || x.Reserved < 0 {
				s.Broken = append(s.Broken, fmt.Sprintf("promise 2: %+v", x))
			}
			return true
		}))
	})
}
