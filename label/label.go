// Package label says what a label tells and where on the paper it stands.
//
// A Waybill or a Wave fills a template and becomes a Page, in millimetres; Lay
// turns the Page into a Sheet, in the dots of one printer and with its letters;
// label/tspl and its like write a Sheet in a printer's language, label/preview
// draws it. What does not fit is an error that names the field. What is printed
// otherwise than written (a rare character, a long list) is in Sheet.Notes.
//
// Templates are data, in TOML: see templates and ParseTemplate. Everything here
// is a pure function of its input and safe for concurrent use.
package label

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"floord/label/glyph"
)

// A Party is one end of the way.
type Party struct {
	Name, Phone, Address string
}

// An Item is one line of the goods.
type Item struct {
	Name     string // what the packer reads
	Quantity int
}

// A Waybill is what the label on a parcel says.
type Waybill struct {
	Number    string // the carrier's waybill number; ASCII
	Carrier   string // "顺丰速运"
	Service   string // "标快"; may be empty, as all below that is not said to be needed
	SortCode  string // 三段码 or 大头笔, needed: the carrier's sorters read nothing else
	Hub       string // 集包地
	Recipient Party  // name, phone and address are needed
	Sender    Party
	OrderNo   string
	Items     []Item
	ParcelID  string // "P-77", needed
	Copy      int    // 1 for the first print, needed; each reprint has the next, on the paper too
	Piece     int    // this parcel of Pieces; 0 if there is one only
	Pieces    int
	Grams     int64  // weight; 0 is not printed
	Payment   string // "到付 ¥12.00"
	Special   string // "冰袋 易碎", in bold
	Remarks   string
	Wave      string // wave and slot, so that a stray label finds home
	QR        string // payload; empty means Number
	PrintedAt time.Time

	// Reveal prints names, phones and room numbers in full. Otherwise they are
	// hidden as GB/T 41833-2022 asks; the carrier's own device knows them.
	Reveal bool
	Lang   string // of the words around: "zh" (or empty), "en"
}

// Waybill100x150 fills the waybill of 100 x 150 mm.
func Waybill100x150(w Waybill) (Page, error) { return w.Fill(shipped("waybill-100x150")) }

// Waybill100x180 fills the two-part waybill of 100 x 180 mm.
func Waybill100x180(w Waybill) (Page, error) { return w.Fill(shipped("waybill-100x180")) }

// Waybill76x130 fills the one-part waybill of 76 x 130 mm.
func Waybill76x130(w Waybill) (Page, error) { return w.Fill(shipped("waybill-76x130")) }

// A FieldError says that a field has not what a label needs. Nothing is printed.
type FieldError struct {
	Page  string
	Field string
	Why   Why
}

// Why is what is wrong with a field.
type Why string

const (
	Missing Why = "is missing"
	Masked  Why = "is hidden behind stars"
	Unreal  Why = "is no waybill number: letters, digits and - _ . / only"
)

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s %s", e.Page, e.Field, e.Why) }

// Sentence says it to the person at the station, with the cure, in "zh" or "en".
func (e *FieldError) Sentence(lang string) string {
	zh := map[Why][2]string{
		Missing: {"缺少%s，请补上后再打印。", "The %s is missing; fill it in and print again."},
		Masked:  {"%s被打了星号，没有平台令牌不能打印；请在平台上取面单或补上原文。", "The %s is hidden behind stars and there is no token for it; fetch the label from the shop or fill it in."},
		Unreal:  {"%s不像运单号（只能有字母、数字和 - _ . /），请重新取号。", "The %s is no waybill number (letters, digits and - _ . / only); ask for another."},
	}[e.Why]
	if lang == "en" {
		return fmt.Sprintf(zh[1], e.Field)
	}
	return fmt.Sprintf(zh[0], fieldName(e.Field))
}

// Sentence says to a person why there is no label, with the cure where one is
// known, in "zh" (or empty) or "en".
func Sentence(err error, lang string) string {
	var says interface{ Sentence(lang string) string }
	if errors.As(err, &says) {
		return says.Sentence(lang)
	}
	return err.Error()
}

// number is what carriers make waybill numbers of. A scanner types what a code
// says into whatever it is connected to.
var number = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/-]*$`)

// Fill makes a page of a template for waybills. The error has a *FieldError for
// each field that is missing or wrong.
func (w Waybill) Fill(t *Template) (Page, error) {
	if w.Copy < 1 {
		return Page{}, fmt.Errorf("label %s: copy number %d of parcel %s is less than 1", t.Name, w.Copy, w.ParcelID)
	}
	var errs []error
	for _, f := range []struct{ name, value string }{
		{"recipient.name", w.Recipient.Name}, {"recipient.phone", w.Recipient.Phone}, {"recipient.address", w.Recipient.Address}, {"parcel", w.ParcelID},
	} {
		if blank(f.value) {
			errs = append(errs, &FieldError{t.Name, f.name, Missing})
		}
	}
	if w.Number = strings.TrimSpace(w.Number); w.Number == "" {
		errs = append(errs, &FieldError{t.Name, "number", Missing})
	} else if !number.MatchString(w.Number) {
		errs = append(errs, &FieldError{t.Name, "number", Unreal})
	}
	if len(errs) > 0 {
		return Page{}, fmt.Errorf("label %w", errors.Join(errs...))
	}
	return t.fill(waybillKind, w.Lang, w.values())
}

// blank says whether nothing of a text would be seen on paper.
func blank(text string) bool {
	return strings.TrimSpace(glyph.Normalise(text, func(glyph.Note) {})) == ""
}

func (w Waybill) values() values {
	to, from := w.Recipient, w.Sender
	if !w.Reveal {
		to, from = to.Hide(), from.Hide()
	}
	qr := w.QR
	if qr == "" {
		qr = w.Number
	}
	v := values{text: map[string]string{
		"number": w.Number, "carrier": w.Carrier, "service": w.Service,
		"sort_code": w.SortCode, "hub": w.Hub,
		"to_name": to.Name, "to_phone": to.Phone, "to_address": to.Address,
		"from_name": from.Name, "from_phone": from.Phone, "from_address": from.Address,
		"order_no": w.OrderNo, "parcel": w.ParcelID + "/" + strconv.Itoa(w.Copy),
		"payment": w.Payment, "special": w.Special, "remarks": w.Remarks,
		"wave": w.Wave, "qr": qr, "printed_at": stamp(w.PrintedAt),
	}}
	if w.Pieces > 1 {
		v.text["piece"] = fmt.Sprintf("%d/%d", w.Piece, w.Pieces)
	}
	if w.Grams > 0 {
		v.text["weight"] = strconv.FormatFloat(float64(w.Grams)/1000, 'f', 3, 64) + "kg"
	}
	total := 0
	for _, i := range w.Items {
		total += i.Quantity
		v.list = append(v.list, i.Name+"×"+strconv.Itoa(i.Quantity))
	}
	if len(w.Items) > 0 {
		v.text["kinds"], v.text["total"] = strconv.Itoa(len(w.Items)), strconv.Itoa(total)
	}
	return v
}

// stamp is a time as labels print it, in the time's own zone; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05")
}

// A Wave is what the label on a wave's cart or batch says.
type Wave struct {
	ID           string // "W-12", needed
	Copy         int    // 1 for the first print, needed
	Kind         string // "边拣边分"
	QR           string // payload, needed, at most MaxQR bytes
	Orders       int
	Lines        int
	Units        int
	Totes        int
	Zones        string   // "A B"
	Person       string   // who walks it
	Requirements []string // "冰袋×3 (1,4,7号箱)": what is special, by kind and slot
	DueBy        time.Time
	PrintedAt    time.Time
	Lang         string // "zh" (or empty), "en"
}

// Wave100x150 and Wave76x130 fill the wave label on the paper that waybills use,
// so that nobody has to change rolls.
func Wave100x150(w Wave) (Page, error) { return w.Fill(shipped("wave-100x150")) }

// Wave76x130 fills the wave label of 76 x 130 mm.
func Wave76x130(w Wave) (Page, error) { return w.Fill(shipped("wave-76x130")) }

// Fill makes a page of a template for wave labels.
func (w Wave) Fill(t *Template) (Page, error) {
	if w.ID == "" || w.Copy < 1 {
		return Page{}, fmt.Errorf("label %s: a wave label needs the wave's id and a copy number from 1", t.Name)
	}
	v := values{list: w.Requirements, text: map[string]string{
		"wave": w.ID, "copy": w.ID + "/" + strconv.Itoa(w.Copy), "kind": w.Kind, "qr": w.QR,
		"orders": strconv.Itoa(w.Orders), "lines": strconv.Itoa(w.Lines), "units": strconv.Itoa(w.Units), "totes": strconv.Itoa(w.Totes),
		"zones": w.Zones, "person": w.Person, "due_by": stamp(w.DueBy), "printed_at": stamp(w.PrintedAt),
	}}
	if n := len(w.Requirements); n > 0 {
		v.text["kinds"] = strconv.Itoa(n)
	}
	return t.fill(waveKind, w.Lang, v)
}

// Fill makes a page of a template that is for neither waybills nor waves: of the
// words for its placeholders and, where it has one, the list. The error names what
// is missing.
func (t *Template) Fill(words map[string]string, list []string, lang string) (Page, error) {
	if t.For == waybillKind || t.For == waveKind {
		return Page{}, fmt.Errorf("template %s is for a %s label", t.Name, t.For)
	}
	return t.fill(t.For, lang, values{words, list})
}

// values are what the placeholders of a template stand for.
type values struct {
	text map[string]string
	list []string // {list}
}

// fill replaces the placeholders. A text of which all placeholders are empty is
// left out; one that is needed is an error.
func (t *Template) fill(kind, lang string, v values) (Page, error) {
	if t.For != kind {
		return Page{}, fmt.Errorf("template %s is for a %s label, not for a %s", t.Name, t.For, kind)
	}
	p := t.page
	var errs []error
	p.Texts = nil
	for _, s := range t.Texts {
		words := s.Value
		if lang == "en" && s.English != "" {
			words = s.English
		}
		x := s.text()
		if strings.Contains(words, "{list}") {
			x.List, x.Sep, x.More = v.list, s.Sep, expand(pickLang(lang, s.More, s.MoreEnglish), v.text)
			if before, _, _ := strings.Cut(words, "{list}"); before != "" && len(x.List) > 0 {
				x.List = append([]string{expand(before, v.text) + x.List[0]}, x.List[1:]...)
			}
			if len(x.List) > 0 {
				p.Texts = append(p.Texts, x)
			} else if s.Need {
				errs = append(errs, &FieldError{t.Name, s.Field, Missing})
			}
			continue
		}
		if empty(words, v.text) {
			if s.Need {
				errs = append(errs, &FieldError{t.Name, s.Field, Missing})
			}
			continue
		}
		x.Value, x.Fixed = expand(words, v.text), len(placeholders(words)) == 0
		p.Texts = append(p.Texts, x)
	}
	p.Codes = nil
	for _, c := range t.Codes {
		c.Value = expand(c.Value, v.text)
		p.Codes = append(p.Codes, c)
	}
	p.QRs = nil
	for _, q := range t.QRs {
		q.Value = expand(q.Value, v.text)
		p.QRs = append(p.QRs, q)
	}
	if len(errs) > 0 {
		return Page{}, fmt.Errorf("label %w", errors.Join(errs...))
	}
	return p, nil
}

func pickLang(lang, zh, en string) string {
	if lang == "en" && en != "" {
		return en
	}
	return zh
}
