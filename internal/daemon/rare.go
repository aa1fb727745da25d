package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/label"
	"floord/label/glyph"
	"floord/label/lang"
	"floord/sync/ledger"
)

// A font is a printer as far as characters go, and the stations that have it.
type font struct {
	printer  lang.Printer
	speller  glyph.Speller
	stations []string
	rare     int
}

// labelRare lists what of the stored orders of the last days a printer prints
// otherwise than it is written: the order, the field, the character, what stands
// on paper, where. No more of a name is shown than that character.
func labelRare(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	days, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil || days < 1 || days > 3650 {
		return errors.New("label rare: days are a number from 1")
	}
	fonts, err := s.fonts()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	since := time.Now().AddDate(0, 0, -days)
	orders := 0
	err = s.ledger.Read(func(v *ledger.View) error {
		var inner error
		err := v.Orders("", "", func(o floor.Order) bool {
			if o.ReceivedAt.Before(since) {
				return true
			}
			orders++
			to, _, err := v.Recipient(o.ID)
			inner = errors.Join(inner, err)
			for _, f := range fonts {
				f.scan(w, o, to)
			}
			return inner == nil
		})
		return errors.Join(err, inner)
	})
	if err != nil {
		return err
	}
	for _, f := range fonts {
		fmt.Fprintf(w, "%s: %d characters of %d orders are not in the font (%s, %s)\n",
			strings.Join(f.stations, ", "), f.rare, orders, f.speller.Charset, f.printer.Language)
	}
	return w.Flush()
}

// fonts gives the printers of the site, those that print alike as one. A site
// without any is shown what a printer with a GBK font would do.
func (s *Site) fonts() ([]*font, error) {
	var out []*font
	for _, c := range s.cfg.Stations {
		if c.Printer == nil || len(c.Printer.Problems) > 0 {
			continue
		}
		p, err := s.tongue(c)
		if err != nil {
			return nil, err
		}
		if out, err = withFont(out, p, string(c.ID)); err != nil {
			return nil, fmt.Errorf("station %s: %w", c.ID, err)
		}
	}
	if len(out) == 0 {
		return withFont(nil, lang.Printer{}, "no printer")
	}
	return out, nil
}

func withFont(fonts []*font, p lang.Printer, station string) ([]*font, error) {
	p.DPI = 0
	for _, f := range fonts {
		if f.printer == p {
			f.stations = append(f.stations, station)
			return fonts, nil
		}
	}
	d, err := p.Device()
	return append(fonts, &font{printer: p, speller: d.Speller, stations: []string{station}}), err
}

// scan writes a line for each character of an order that this font lacks.
func (f *font) scan(w io.Writer, o floor.Order, to floor.Recipient) {
	field := func(name, text string) {
		f.speller.Spell(nil, text, func(n glyph.Note) {
			if n.Step == glyph.Dropped {
				return // it has no shape anyway
			}
			f.rare++
			fmt.Fprintf(w, "%s\t%s\t%s\n", o.ID, label.Note{Field: name, Note: n}, strings.Join(f.stations, ", "))
		})
	}
	field("recipient", to.Name)
	field("recipient.address", to.Province+to.City+to.District+to.Detail)
	field("remarks", o.Note)
	for i := range o.Lines {
		field("goods", itemName(&o.Lines[i]))
	}
}
