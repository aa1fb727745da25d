// Package try prints a list of recipients on no printer at all: what would be
// sent, what it would look like, and what would be printed otherwise than it is
// written. With it a site sees what its own names and addresses come to before
// it relies on a template or a printer.
package try

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"floord/label"
	"floord/label/glyph"
	"floord/label/lang"
	"floord/label/preview"
)

// Options say on what.
type Options struct {
	Printer  lang.Printer
	Template string // of those that come with the program, for waybills
	Words    string // language of the reasons: "zh" (or empty), "en"
}

// A Result is what came of one row, written as one line of JSON.
type Result struct {
	ID      string `json:"id"`
	File    string `json:"file,omitempty"` // the name of .bin and .png where it is not the id
	Outcome string `json:"outcome"`        // "label", or "fuse": nothing would be printed
	Reason  string `json:"reason"`         // of a fuse
	Bytes   int    `json:"bytes"`          // of the job

	// Characters of the whole label by how they reach the paper.
	Native    int `json:"native"`
	Bitmap    int `json:"bitmap"`
	Pinyin    int `json:"pinyin"`
	Codepoint int `json:"codepoint"`

	Log []Entry `json:"log"` // each that is not printed as it was written
}

// An Entry is one character that is not printed as it was written.
type Entry struct {
	Field   string `json:"field"`
	Rune    string `json:"rune"` // "U+20164"; empty for a list that was counted
	Step    string `json:"step"` // "bitmap", "pinyin", "codepoint", "replaced", "dropped", "counted"
	Printed string `json:"printed"`
}

// Limits of a list. A row is a recipient, not a book.
const (
	maxRows = 1_000_000
	maxRow  = 64 << 10 // bytes
	maxList = 1 << 30  // bytes
)

// Try reads rows of id, name, phone, address and, where there is such a column,
// waybill, and writes dir/ID.bin, dir/ID.png and a line of JSON to w for each.
// All else on the labels is that of a sample order. The first row names the
// columns; bytes that are no UTF-8 are tried like any others. An id that is no
// safe file name is made one; two rows of the same name get a number more.
//
// A row of which no label can be made is a Result with its reason. The error is
// that of the options, of reading or of writing.
func Try(o Options, csv io.Reader, dir string, w io.Writer) error {
	t, err := label.Shipped().Get(o.Template)
	if err != nil {
		return err
	}
	if t.For != "waybill" {
		return fmt.Errorf("template %s is for a %s label, not for a waybill", o.Template, t.For)
	}
	if _, err := o.Printer.Device(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	rows, err := open(csv)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	names := map[string]bool{}
	for n := 1; ; n++ {
		row, err := rows.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && n > maxRows {
			err = fmt.Errorf("more than %d rows", maxRows)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		name := unique(safe(row["id"], n), names)
		res, err := o.one(t, row, filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if res.ID = row["id"]; name != res.ID {
			res.File = name
		}
		if err := out.Encode(res); err != nil {
			return fmt.Errorf("write result of %s: %w", name, err)
		}
	}
}

// one makes the label of a row. The error is one of writing files.
func (o Options) one(t *label.Template, row map[string]string, path string) (Result, error) {
	bill, err := o.waybill(row)
	if row[tooLong] != "" {
		err = errors.New(row[tooLong])
	}
	var j label.Job
	if err == nil {
		var page label.Page
		if page, err = bill.Fill(t); err == nil {
			j, err = o.Printer.Encode(page)
		}
	}
	if err != nil {
		// A label of an earlier try must not be taken for this one's.
		return Result{Outcome: "fuse", Reason: label.Sentence(err, o.Words), Log: []Entry{}}, errors.Join(gone(path+".bin"), gone(path+".png"))
	}
	res := Result{Outcome: "label", Bytes: len(j.Bytes), Log: []Entry{}}
	res.count(j.Sheet)
	if err := os.WriteFile(path+".bin", j.Bytes, 0o644); err != nil {
		return res, err
	}
	f, err := os.Create(path + ".png")
	if err != nil {
		return res, err
	}
	b := bufio.NewWriter(f)
	return res, errors.Join(png.Encode(b, preview.Draw(j.Sheet)), b.Flush(), f.Close())
}

func gone(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// count fills in how the characters of a sheet reach the paper.
func (r *Result) count(s label.Sheet) {
	for _, run := range s.Runs {
		for _, sign := range run.Signs {
			if !sign.Drawn && sign.Rune != ' ' {
				r.Native++
			}
		}
	}
	for _, n := range s.Notes {
		e := Entry{Field: n.Field, Step: string(n.Step), Printed: n.Printed}
		if n.Step != label.Counted {
			e.Rune = fmt.Sprintf("U+%04X", n.Rune)
		}
		r.Log = append(r.Log, e)
		// What stands for a character is written in native letters; it is
		// counted as what it is, not as them.
		switch n.Step {
		case glyph.Drawn:
			r.Bitmap++
		case glyph.Pinyin:
			r.Pinyin++
			r.Native -= natives(s, n.Printed)
		case glyph.Code:
			r.Codepoint++
			r.Native -= natives(s, n.Printed)
		}
	}
	r.Native = max(0, r.Native)
}

// natives is how many signs of a reading or a code point the font prints.
func natives(s label.Sheet, printed string) int {
	n := 0
	for _, r := range printed {
		drawn := false
		for _, run := range s.Runs {
			drawn = drawn || slices.ContainsFunc(run.Signs, func(x glyph.Sign) bool { return x.Rune == r && x.Drawn })
		}
		if !drawn {
			n++
		}
	}
	return n
}

// waybill is the sample order with a row's recipient. The recipient is shown in
// full: behind stars no rare name would be seen.
func (o Options) waybill(row map[string]string) (label.Waybill, error) {
	w := label.SampleWaybill()
	w.Recipient = label.Party{Name: row["name"], Phone: row["phone"], Address: row["address"]}
	if number, there := row["waybill"]; there {
		w.Number = number
	}
	if field := w.Recipient.Masked(); field != "" {
		return w, &label.FieldError{Page: o.Template, Field: field, Why: label.Masked}
	}
	return w, nil
}

// safe makes an id a file name of at most 200 bytes: letters, digits and most
// signs stay; what a file system or a shell minds does not.
func safe(id string, row int) string {
	var b strings.Builder
	for _, r := range id {
		switch {
		case r == utf8.RuneError, !unicode.IsPrint(r), strings.ContainsRune(`/\:*?"<>|`, r), r == '.' && b.Len() == 0:
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
		if b.Len() > 196 {
			break
		}
	}
	name := strings.TrimRight(b.String(), ". ")
	if strings.Trim(name, "_ ") == "" {
		return fmt.Sprintf("row-%d", row)
	}
	return name
}

// unique adds a number to a name that was taken, also where a file system does
// not tell capitals from small letters.
func unique(name string, taken map[string]bool) string {
	out := name
	for n := 2; taken[strings.ToLower(out)]; n++ {
		out = fmt.Sprintf("%s-%d", name, n)
	}
	taken[strings.ToLower(out)] = true
	return out
}
