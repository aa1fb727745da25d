package ledger

import (
	"fmt"

	"floord/floor"
)

func (f *folder) sheet(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.SheetOpened:
		if err := f.number("sheet", idNumber(string(x.Sheet))); err != nil {
			return err
		}
		row := floor.Sheet{ID: x.Sheet, Carrier: x.Carrier, OpenedAt: f.e.At}
		if err := putRow(f.r, vSheetRows, numKey(string(x.Sheet)), row); err != nil {
			return err
		}
		return putRow(f.r, vSheets, string(x.Carrier), x.Sheet)
	case floor.SheetSigned:
		if err := f.count("sheets-signed", 1); err != nil {
			return err
		}
		if err := f.r.delete(vSheets, string(x.Carrier)); err != nil {
			return err
		}
		return change(f.r, vSheetRows, numKey(string(x.Sheet)), func(s *floor.Sheet) error {
			s.SignedAt, s.Driver, s.Person, s.Ink = f.e.At, x.Driver, x.Person, x.Ink
			return nil
		})
	}
	return nil
}

// left puts a parcel onto its sheet.
func (f *folder) left(x floor.ParcelLeft) error {
	line := floor.SheetLine{Parcel: x.Parcel, Order: x.Order, At: f.e.At}
	var station floor.StationID
	err := f.parcel(x.Parcel, func(p *floor.Parcel) {
		station = p.Station
		p.State, p.LeftAt, p.Sheet = floor.ParcelHasLeft, f.e.At, x.Sheet
		line.Waybill = p.Waybill
		if p.Weight != nil {
			line.Grams = p.Weight.Grams
		}
	})
	if err != nil {
		return err
	}
	if err := f.unpull(station, x.Parcel); err != nil {
		return err
	}
	key := numKey(string(x.Sheet))
	s, _, err := getRow[floor.Sheet](f.r, vSheetRows, key) // none: opened before sheets had rows
	if err != nil {
		return err
	}
	s.ID, s.Carrier = x.Sheet, x.Carrier
	s.Parcels++
	s.Grams += line.Grams
	if err := putRow(f.r, vSheetRows, key, s); err != nil {
		return err
	}
	return putRow(f.r, vOnSheet, sheetPlace(key, s.Parcels), line)
}

func sheetPlace(sheet string, place int) string { return fmt.Sprintf("%s|%06d", sheet, place) }

// dropSheets forgets the sheets that were signed before an archived day; their
// facts are in its file or an older one.
func (f *folder) dropSheets(day string) error {
	var gone []string
	err := scanRows(f.r, vSheetRows, "", "", func(key string, s floor.Sheet) bool {
		if s.SignedAt.IsZero() || s.SignedAt.Format("2006-01-02") >= day {
			return false
		}
		gone = append(gone, key)
		return true
	})
	if err != nil {
		return err
	}
	return each(gone, func(sheet string) error {
		var lines []string
		err := f.r.scan(vOnSheet, "", sheet+"|", func(key string, _ []byte) (bool, error) {
			lines = append(lines, key)
			return true, nil
		})
		if err != nil {
			return err
		}
		if err := each(lines, func(key string) error { return f.r.delete(vOnSheet, key) }); err != nil {
			return err
		}
		return f.r.delete(vSheetRows, sheet)
	})
}
