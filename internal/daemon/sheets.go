package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"floord/floor"
	"floord/report"
	"floord/sync/ledger"
)

// sheet writes something for the paper tray as A4 PDF: the pick list of a task, a
// wave's sheet, a handover sheet, a parcel's label.
func sheet(ctx context.Context, s *Site, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("sheet: name a task (T-3), a wave (W-12) or a parcel (P-77)")
	}
	id, at, lang := args[0], time.Now().In(s.cfg.Site.Zone), s.cfg.Site.Lang
	var data []byte
	var err error
	switch kind, _, _ := strings.Cut(id, "-"); kind {
	case "T":
		var w report.Walk
		if w, err = s.walk(floor.TaskID(id), at); err == nil {
			data, err = report.PickList(w, lang)
		}
	case "W":
		var n floor.WaveNeeds
		err = s.ledger.Read(func(v *ledger.View) error {
			x, ok, err := v.WaveNeeds(floor.WaveID(id))
			if n = x; err == nil && !ok {
				err = fmt.Errorf("wave %s is not there", id)
			}
			return err
		})
		if err == nil {
			data, err = report.WaveSheet(n, s.cfg.Site.Name, at, s.carrierName, lang)
		}
	case "P":
		var png bytes.Buffer
		if err = labelPreview(ctx, s, args, in, &png); err == nil {
			data, err = report.Picture(id, png.Bytes(), 100, at)
		}
	default:
		err = fmt.Errorf("sheet: %q is no task, wave or parcel", id)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

func (s *Site) walk(id floor.TaskID, at time.Time) (report.Walk, error) {
	w := report.Walk{Site: s.cfg.Site.Name, At: at, Names: map[floor.SKU]string{}}
	err := s.ledger.Read(func(v *ledger.View) error {
		t, ok, err := v.Task(id)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("task %s is not there", id))
		}
		w.Task = t
		for _, stop := range t.Stops {
			o, _, err := v.Order(stop.Order)
			if err != nil {
				return err
			}
			if l := o.Line(stop.Line); l != nil {
				w.Names[stop.SKU] = itemName(l)
			}
		}
		return nil
	})
	return w, err
}
