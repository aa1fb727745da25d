package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"time"

	"floord/floor"
	"floord/report/pdf"
)

// A Handover is a handover sheet as it is printed: what a carrier's driver has
// taken. It names no buyer.
type Handover struct {
	Site    string
	Carrier string // as people call it
	Packer  string // who handed over, as people call them
	Sheet   floor.Sheet
	Lines   []floor.SheetLine
	Zone    *time.Location // of the times
}

type handoverWords struct {
	title, head, footer, total, open, driver, packer, sign, paper string
	columns                                                       [6]string
}

var handoverIn = map[string]handoverWords{
	"zh": {
		title: "快递交接单 %s", head: "%s 交给 %s　　%s 起，%s 止", footer: "%s  %s",
		total: "合计 %d 件，%s kg", open: "还没有签收：司机清点后在下面签字。",
		driver: "快递员：%s", packer: "交件人：%s", sign: "签收时间：%s", paper: "快递员签字：____________________　　日期：____________________",
		columns: [6]string{"序号", "运单号", "包裹", "订单", "重量 kg", "时间"},
	},
	"en": {
		title: "Handover sheet %s", head: "%s to %s    from %s to %s", footer: "%s  %s",
		total: "%d parcels, %s kg in all", open: "Not signed yet: the driver counts, then signs below.",
		driver: "Driver: %s", packer: "Handed over by: %s", sign: "Signed at: %s", paper: "Driver's signature: ____________________    Date: ____________________",
		columns: [6]string{"No.", "Waybill", "Parcel", "Order", "kg", "Time"},
	},
}

// WriteHandover writes the sheet as PDF, A4, in Chinese unless lang is "en". The
// same sheet gives the same bytes.
func WriteHandover(w io.Writer, h Handover, lang string) error {
	words, ok := handoverIn[lang]
	if !ok {
		words = handoverIn["zh"]
	}
	zone := h.Zone
	if zone == nil {
		zone = time.UTC
	}
	at := func(t time.Time, form string) string {
		if t.IsZero() {
			return "—"
		}
		return t.In(zone).Format(form)
	}
	end := h.Sheet.SignedAt
	if end.IsZero() && len(h.Lines) > 0 {
		end = h.Lines[len(h.Lines)-1].At
	}
	title := fmt.Sprintf(words.title, h.Sheet.ID)
	doc := pdf.New(pdf.Options{Title: title, Footer: fmt.Sprintf(words.footer, h.Carrier, h.Sheet.ID), Created: end})
	doc.Title(title)
	doc.Text(fmt.Sprintf(words.head, h.Site, h.Carrier, at(h.Sheet.OpenedAt, "2006-01-02 15:04"), at(end, "15:04")))
	doc.Heading(fmt.Sprintf(words.total, h.Sheet.Parcels, kilos(h.Sheet.Grams)))
	t := pdf.Table{Columns: []pdf.Column{
		{Title: words.columns[0], Share: 0.5, Right: true}, {Title: words.columns[1], Share: 1.8}, {Title: words.columns[2], Share: 0.8},
		{Title: words.columns[3], Share: 2.1}, {Title: words.columns[4], Share: 0.7, Right: true}, {Title: words.columns[5], Share: 0.7},
	}}
	for i, l := range h.Lines {
		kg := "—"
		if l.Grams > 0 {
			kg = kilos(l.Grams)
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(i + 1), string(l.Waybill), string(l.Parcel), string(l.Order), kg, at(l.At, "15:04")})
	}
	doc.Table(t)
	doc.Space(4)
	if h.Sheet.SignedAt.IsZero() {
		doc.Text(words.open)
	} else {
		doc.Text(fmt.Sprintf(words.driver, h.Sheet.Driver) + "\n" + fmt.Sprintf(words.sign, at(h.Sheet.SignedAt, "2006-01-02 15:04:05")))
	}
	if h.Packer != "" {
		doc.Text(fmt.Sprintf(words.packer, h.Packer))
	}
	if len(h.Sheet.Ink) > 0 {
		img, err := inked(h.Sheet.Ink)
		if err != nil {
			return fmt.Errorf("sheet %s: %w", h.Sheet.ID, err)
		}
		doc.Image(img, 70)
	} else {
		doc.Space(10)
		doc.Text(words.paper)
	}
	data, err := doc.Bytes()
	if err != nil {
		return fmt.Errorf("sheet %s: %w", h.Sheet.ID, err)
	}
	_, err = w.Write(data)
	return err
}

func kilos(g floor.Grams) string { return fmt.Sprintf("%d.%03d", g/1000, g%1000) }

// inked draws a signature, as PNG.
func inked(ink floor.Ink) ([]byte, error) {
	m := image.NewGray(image.Rect(0, 0, floor.InkWide+1, floor.InkHigh+1))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	for _, line := range ink {
		x, y := line[0], line[1]
		for i := 0; i+1 < len(line); i += 2 {
			stroke(m, x, y, line[i], line[i+1])
			x, y = line[i], line[i+1]
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

// stroke draws a line from a to b with a round pen.
func stroke(m *image.Gray, ax, ay, bx, by int) {
	const pen = 3 // its radius
	steps := max(bx-ax, ax-bx, by-ay, ay-by, 1)
	for s := range steps + 1 {
		x, y := ax+(bx-ax)*s/steps, ay+(by-ay)*s/steps
		for dy := -pen; dy <= pen; dy++ {
			for dx := -pen; dx <= pen; dx++ {
				if dx*dx+dy*dy <= pen*pen && image.Pt(x+dx, y+dy).In(m.Rect) {
					m.SetGray(x+dx, y+dy, color.Gray{})
				}
			}
		}
	}
}
