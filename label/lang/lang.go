// Package lang writes a label in the language that a printer's profile names.
package lang

import (
	"cmp"
	"fmt"
	"strings"

	"floord/label"
	"floord/label/cpcl"
	"floord/label/epl"
	"floord/label/escpos"
	"floord/label/tspl"
	"floord/label/zpl"
)

// Names are the languages there are.
var Names = []string{"tspl", "zpl", "cpcl", "escpos", "epl2"}

// A Printer is what is known of one printer, as far as every language asks for
// it. The zero value speaks TSPL at 203 dpi and has a GBK font.
type Printer struct {
	Language                string // one of Names; empty means tspl
	DPI                     int    // 0 means 203
	Charset                 string // of its Chinese font: "gbk" (or empty), "gb2312", "gb18030"; "ascii" for none. Capitals do not matter
	Policy                  string // for characters the font lacks: "bitmap" (or empty), "pinyin", "both"
	Raster                  bool   // the whole label as a picture
	FromTop                 bool   // ESC/POS: places on the page are those of upper edges
	QRAsDots                bool   // drawn, because the printer's own are wrong; ESC/POS bars and lines too
	BarsAsDots, LinesAsDots bool
	Packed                  bool   // ZPL: pictures as Z64 where that is shorter
	Forms                   string // ZPL: "ram" or "flash", where the printer keeps forms; "none" or empty if nowhere
}

// words gives the options as the language's packages spell them.
func (p Printer) words() Printer {
	p.Language = cmp.Or(strings.ToLower(p.Language), "tspl")
	p.Charset, p.Policy = strings.ToLower(p.Charset), strings.ToLower(p.Policy)
	return p
}

// Device is what laying out a page for this printer must know. The error names
// what of the Printer is unknown.
func (p Printer) Device() (label.Device, error) {
	p = p.words()
	var d label.Device
	var err error
	switch p.Language {
	case "tspl":
		d, err = p.tspl().Device()
	case "zpl":
		d, err = p.zpl().Device()
	case "cpcl":
		d, err = p.cpcl().Device()
	case "escpos":
		d, err = p.escpos().Device()
	case "epl2":
		d, err = epl.Options{DPI: p.DPI, Policy: p.Policy}.Device()
	default:
		return d, p.unknown()
	}
	if err == nil && (d.DPI < 100 || d.DPI > 1200) {
		err = fmt.Errorf("%s: %d dpi is not 100 to 1200", p.Language, d.DPI)
	}
	return d, err
}

// Encode lays the page out for the printer and writes it. The error is that of
// the layout (a *label.FitError in it) or of Device.
func (p Printer) Encode(page label.Page) (label.Job, error) {
	p = p.words()
	switch p.Language {
	case "tspl":
		return tspl.Encode(page, p.tspl())
	case "zpl":
		return zpl.Encode(page, p.zpl())
	case "cpcl":
		return cpcl.Encode(page, p.cpcl())
	case "escpos":
		return escpos.Encode(page, p.escpos())
	case "epl2":
		return epl.Encode(page, epl.Options{DPI: p.DPI, Policy: p.Policy})
	}
	return label.Job{}, p.unknown()
}

// Form gives what the printer can keep of a page, made from samples of its
// template, and the job that recalls it; nil if it keeps none. job.Bytes prints
// only where a printer has the form. Without a Chinese font there is none: nearly
// all of a label is pictures of its own words then, and a recall would save 1 %.
func (p Printer) Form(page label.Page, samples []label.Page) (form *zpl.Form, recall label.Job, err error) {
	p = p.words()
	m, ok := map[string]zpl.Memory{"ram": zpl.RAM, "flash": zpl.Flash}[p.Forms]
	if !ok || p.Language != "zpl" || p.Raster || p.Charset == "ascii" {
		return nil, label.Job{}, nil
	}
	o := p.zpl()
	if form, err = zpl.NewForm(m, o, samples...); err != nil {
		return nil, label.Job{}, err
	}
	o.Form = form
	recall, err = zpl.Encode(page, o)
	return form, recall, err
}

func (p Printer) unknown() error {
	return fmt.Errorf("label language %q is none of %s", p.Language, strings.Join(Names, ", "))
}

func (p Printer) tspl() tspl.Options {
	return tspl.Options{DPI: p.DPI, Charset: p.Charset, Policy: p.Policy, Raster: p.Raster, QRAsBitmap: p.QRAsDots}
}

func (p Printer) zpl() zpl.Options {
	return zpl.Options{DPI: p.DPI, Charset: p.Charset, Policy: p.Policy, Raster: p.Raster, Packed: p.Packed, QRAsBitmap: p.QRAsDots}
}

func (p Printer) cpcl() cpcl.Options {
	return cpcl.Options{DPI: p.DPI, Charset: p.Charset, Policy: p.Policy, Raster: p.Raster, QRAsBitmap: p.QRAsDots}
}

func (p Printer) escpos() escpos.Options {
	return escpos.Options{DPI: p.DPI, Charset: p.Charset, Policy: p.Policy, Raster: p.Raster, FromTop: p.FromTop,
		QRAsBitmap: p.QRAsDots, BarsAsDots: p.BarsAsDots, LinesAsDots: p.LinesAsDots}
}
