package web

import (
	"bytes"
	"context"
	"fmt"

	"floord/floor"
	"floord/report"
	"floord/sync/ledger"
)

type sheetIn struct {
	ID   floor.SheetID `path:"id" maxLength:"64" example:"H-4"`
	Lang string        `query:"lang" enum:"zh,en" default:"zh"`
}

// A document is a file and not JSON.
type document struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// sheet gives a handover sheet as PDF. It names its driver, so a packer must ask.
func (a *api) sheet(ctx context.Context, in *sheetIn) (*document, error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	h := report.Handover{Site: a.o.Site, Zone: a.o.Zone}
	err := a.o.Ledger.Read(func(v *ledger.View) (err error) {
		var ok bool
		h.Sheet, ok, err = v.SheetRow(in.ID)
		if err != nil {
			return err
		}
		if !ok {
			return floor.Refuse("unknown-sheet", "sheet", in.ID)
		}
		p, _, err := v.Person(h.Sheet.Person)
		if err != nil {
			return err
		}
		h.Packer = p.Name
		return v.OnSheet(in.ID, 1, func(l floor.SheetLine) bool {
			h.Lines = append(h.Lines, l)
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	h.Carrier = string(h.Sheet.Carrier)
	if a.o.CarrierName != nil {
		h.Carrier = a.o.CarrierName(h.Sheet.Carrier)
	}
	var b bytes.Buffer
	err = report.WriteHandover(&b, h, in.Lang)
	return &document{Type: "application/pdf", Disposition: fmt.Sprintf("inline; filename=%q", in.ID+".pdf"), Body: b.Bytes()}, err
}
