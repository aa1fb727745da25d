package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"floord/device/printer"
	"floord/floor"
	"floord/internal/config"
	"floord/label"
	"floord/label/glyph"
	"floord/label/lang"
	"floord/label/preview"
	"floord/sync/carrier/component"
	"floord/sync/carrier/ewaybill"
	"floord/sync/courier"
	"floord/sync/ledger"
)

// render makes the bytes of a label for one printer. Notes say what is printed
// otherwise than it is written.
func (d *Daemon) render(s *station, e floor.Effect) (job printer.Job, notes []string, err error) {
	job.ID = fmt.Sprintf("%s/%d", e.Parcel, e.Copy)
	page, err := d.page(e, s.cfg.Printer.Labels)
	if err != nil {
		return job, nil, err
	}
	c, own := s.cfg, *s.cfg.Printer
	own.Profile = s.inForce("printer", &own)
	c.Printer = &own
	p, err := d.tongue(c)
	if err != nil {
		return job, nil, err
	}
	out, err := p.Encode(page)
	if err != nil {
		return job, nil, err
	}
	job.Data = out.Bytes
	for _, n := range out.Notes {
		notes = append(notes, n.String())
	}
	if e.What != floor.EffectLabel {
		return job, notes, nil
	}
	// Waybills are many and alike: most of one lies in the printer already, where
	// its profile says that it keeps forms.
	t, err := d.template("waybill", s.cfg.Printer.Labels)
	if err != nil {
		return job, nil, err
	}
	samples, err := t.Samples(d.cfg.Site.Lang)
	if err != nil {
		return job, nil, err
	}
	form, recall, err := p.Form(page, samples)
	if err == nil && form != nil {
		job.Form = &printer.Form{Name: form.Name, Store: form.Bytes, Recall: recall.Bytes}
	}
	return job, notes, err
}

// tongue is what a station's printer speaks and what its font holds: as its
// self-test was read, if it was and the printer is still of that model, else as
// its profile says. That a font holds all of GB 18030 is on many boxes and in few
// printers: until its self-test is read, it is trusted as far as GBK, for a hanzi that
// was a gap costs a parcel and one more bitmap 130 bytes.
func (s *Site) tongue(c config.Station) (lang.Printer, error) {
	p := c.Printer.Profile.Printer
	out := lang.Printer{Language: p.Language, DPI: dpi(p.DotsPerMM), Charset: p.Charset, Policy: c.Printer.Rare, Raster: p.Raster, Packed: p.Packed, FromTop: p.FromTop, Forms: p.Forms,
		QRAsDots: slices.Contains(p.AsDots, "qr"), BarsAsDots: slices.Contains(p.AsDots, "bars"), LinesAsDots: slices.Contains(p.AsDots, "lines")}
	err := s.ledger.Read(func(v *ledger.View) error {
		told, ok, err := v.Charset(c.ID)
		switch {
		case ok && told.Model == c.Printer.Model:
			out.Charset = told.Charset
		case strings.EqualFold(out.Charset, glyph.GB18030.String()):
			out.Charset = glyph.GBK.String()
		}
		return err
	})
	return out, err
}

// page fills the page of a label on paper of a size.
func (s *Site) page(e floor.Effect, paper string) (label.Page, error) {
	if e.What == floor.EffectWaveLabel {
		w, err := s.waveLabel(floor.WaveID(e.Args["wave"]), e.Copy)
		if err != nil {
			return label.Page{}, err
		}
		t, err := s.template("wave", paper)
		if err != nil {
			return label.Page{}, err
		}
		return w.Fill(t)
	}
	if e.What == floor.EffectPlainLabel {
		words, err := s.wordsOf(e.Args)
		if err != nil {
			return label.Page{}, err
		}
		return s.plain(words)
	}
	w, err := s.waybill(e)
	if err != nil {
		return label.Page{}, err
	}
	t, err := s.template("waybill", paper)
	if err != nil {
		return label.Page{}, err
	}
	return w.Fill(t)
}

// template gives the template of a kind of label for a size of paper; a wave's
// label goes on longer paper too.
func (s *Site) template(kind, paper string) (*label.Template, error) {
	if t := s.cfg.Templates[kind+"-"+paper]; t != nil {
		return t, nil
	}
	if kind != "waybill" && strings.HasPrefix(paper, "100x") {
		paper = "100x150"
	}
	return s.cfg.Templates.Get(kind + "-" + paper)
}

// waveLabel gathers what the label of a wave's cart says. Its code is the address
// of the wave's page, which lives while there is a network, and behind the # the
// same as text, which is never sent and can be read where there is none.
func (s *Site) waveLabel(id floor.WaveID, copy int) (label.Wave, error) {
	w := label.Wave{ID: string(id), Copy: copy, PrintedAt: time.Now().In(s.cfg.Site.Zone), Lang: s.cfg.Site.Lang}
	err := s.ledger.Read(func(v *ledger.View) error {
		n, ok, err := v.WaveNeeds(id)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("wave %s is not there", id))
		}
		w.Orders, w.Lines, w.Units, w.Totes = n.Orders, n.Lines, n.Units, n.Totes
		if !n.DueBy.IsZero() {
			w.DueBy = n.DueBy.In(s.cfg.Site.Zone)
		}
		for _, x := range n.Needs {
			w.Requirements = append(w.Requirements, x.Say(w.Lang, s.carrierName))
		}
		w.QR = n.Short(w.Lang, s.carrierName, maxWaveText)
		return nil
	})
	if at := s.address(); at != "" {
		w.QR = at + "/wave#" + w.QR
	}
	return w, err
}

// maxWaveText is how many bytes the text in a wave's code may have: more makes
// modules that a handheld does not read from a cart.
const maxWaveText = 300

// address is where people open the pages, or "" if nobody can from elsewhere.
func (s *Site) address() string {
	_, port, err := net.SplitHostPort(s.cfg.HTTP.Listen)
	if err != nil || len(s.cfg.HTTP.Hosts) == 0 {
		return ""
	}
	scheme := "http://"
	if s.cfg.HTTP.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(s.cfg.HTTP.Hosts[0], port)
}

// dpi gives the dots per inch that a printer of so many dots per millimetre has.
func dpi(dotsPerMM int) int {
	if dotsPerMM == 12 {
		return 300
	}
	return 203
}

// waybill gathers what a parcel's label says.
func (s *Site) waybill(e floor.Effect) (label.Waybill, error) {
	var w label.Waybill
	err := s.ledger.Read(func(v *ledger.View) error {
		p, ok, err := v.Parcel(e.Parcel)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("parcel %s is not there", e.Parcel))
		}
		o, _, err := v.Order(e.Order)
		if err != nil {
			return err
		}
		to, _, err := v.Recipient(e.Order)
		if err != nil {
			return err
		}
		w = label.Waybill{
			Number: string(p.Waybill), Carrier: s.carrierName(p.Carrier), SortCode: p.SortCode,
			Recipient: label.Party{Name: to.Name, Phone: to.Phone, Address: to.Province + to.City + to.District + to.Detail},
			Sender:    label.Party{Name: s.cfg.Sender.Name, Phone: s.cfg.Sender.Phone, Address: s.cfg.Sender.Address},
			OrderNo:   string(o.ID), ParcelID: string(p.ID), Copy: e.Copy, Remarks: o.Note, Wave: string(o.Wave),
			PrintedAt: time.Now().In(s.cfg.Site.Zone), Lang: s.cfg.Site.Lang,
		}
		if p.Run != "" {
			w.Wave = fmt.Sprintf("%s %s-%d", o.Wave, p.Run, p.RunNo) // the sheet's number, to pull it by
		}
		if p.Weight != nil {
			w.Grams = int64(p.Weight.Grams)
		}
		for i, id := range o.Parcels {
			if id == p.ID && len(o.Parcels) > 1 {
				w.Piece, w.Pieces = i+1, len(o.Parcels)
			}
		}
		for _, i := range p.Items {
			w.Items = append(w.Items, label.Item{Name: itemName(o.Line(i.Line)), Quantity: i.Qty})
		}
		return nil
	})
	return w, err
}

// ticket gives what a platform's component needs for a label, or nil where the
// label is our own.
func (s *Site) ticket(e floor.Effect) (t *floor.Ticket, err error) {
	if e.What != floor.EffectLabel {
		return nil, nil
	}
	err = s.ledger.Read(func(v *ledger.View) error {
		p, _, err := v.Parcel(e.Parcel)
		if err != nil {
			return err
		}
		order, n, ok, err := v.BookingOf(p.Waybill)
		if err != nil || !ok {
			return err
		}
		all, err := v.Bookings(order)
		for _, b := range all {
			if b.N == n {
				t = b.Ticket
			}
		}
		return err
	})
	return t, err
}

// printTicket has a platform's print component make a label.
func (d *Daemon) printTicket(ctx context.Context, s *station, e floor.Effect, t floor.Ticket) courier.Outcome {
	refused := func(why string) courier.Outcome {
		trip := labelTrip(e, s.id, errors.New(why))
		return courier.Outcome{Verdict: courier.Refused, Why: why, Trip: trip}
	}
	i := slices.IndexFunc(s.cfg.Components, func(c config.Component) bool { return c.Platform == t.Component })
	if i < 0 {
		return refused("component-missing")
	}
	for _, a := range d.carriers {
		douyin, ok := a.books.(*ewaybill.Douyin)
		if !ok || string(a.id) != e.Args["carrier"] {
			continue
		}
		var err error
		if t.Params, err = douyin.Params(); err != nil {
			return courier.Outcome{Verdict: courier.NotYet, Why: carrierWhy(err)}
		}
	}
	c := component.Client{URL: s.cfg.Components[i].URL, Printer: s.cfg.Components[i].Printer}
	out := c.Print(ctx, component.Task{
		ID: fmt.Sprintf("%s-%s-%d-%d", d.ledger.Epoch(), e.Parcel, e.Copy, e.Tries), Ticket: t,
		Add: map[string]any{"sender": map[string]any{"name": d.cfg.Sender.Name, "mobile": d.cfg.Sender.Phone, "address": map[string]any{"detail": d.cfg.Sender.Address}}},
	})
	switch {
	case out.Verdict == component.Printed:
		return courier.Outcome{Verdict: courier.Done, Why: "component"}
	case out.Verdict == component.InDoubt:
		return courier.Outcome{Verdict: courier.Unknown, Why: out.Why}
	case out.Refused:
		return refused(out.Why)
	}
	return courier.Outcome{Verdict: courier.NotYet, Why: out.Why}
}

func itemName(l *floor.Line) string {
	if l == nil {
		return ""
	}
	name := l.Name
	if name == "" {
		name = string(l.SKU)
	}
	if l.Spec != "" {
		name += " " + l.Spec
	}
	return name
}

func (s *Site) carrierName(id floor.CarrierID) string {
	for _, c := range s.cfg.Carriers {
		if c.ID == id && c.Name != "" {
			return c.Name
		}
	}
	return string(id)
}

// labelPreview draws a parcel's or a wave's label as PNG, as a printer of 203 dpi
// with a GBK font would print it.
func labelPreview(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("label preview: name a parcel (P-77) or a wave (W-12)")
	}
	e := floor.Effect{What: floor.EffectWaveLabel, Copy: 1, Args: map[string]string{"wave": args[0]}}
	if strings.HasPrefix(args[0], "P-") {
		e = floor.Effect{What: floor.EffectLabel, Parcel: floor.ParcelID(args[0]), Copy: 1}
		err := s.ledger.Read(func(v *ledger.View) error {
			p, ok, err := v.Parcel(e.Parcel)
			if err == nil && !ok {
				err = fmt.Errorf("parcel %s is not there", e.Parcel)
			}
			e.Order = p.Order
			return err
		})
		if err != nil {
			return err
		}
	}
	page, err := s.page(e, "100x150")
	if err != nil {
		return err
	}
	dev, err := lang.Printer{}.Device()
	if err != nil {
		return err
	}
	var png bytes.Buffer
	if _, err := preview.PNG(&png, page, dev); err != nil {
		return err
	}
	_, err = out.Write(png.Bytes())
	return err
}

// labelWave has the label of a wave's cart printed at a station.
func labelWave(ctx context.Context, s *Site, args []string, _ io.Reader, _ io.Writer) error {
	if len(args) != 2 {
		return errors.New("label wave: name a wave (W-12) and a station")
	}
	_, err := s.foreman.WaveLabel(ctx, s.operator("wave-label"), floor.WaveID(args[0]), floor.StationID(args[1]))
	return err
}

// plain fills a template with the words that it was asked for with.
func (s *Site) plain(words map[string]string) (label.Page, error) {
	t, err := s.cfg.Templates.Get(words["template"])
	if err != nil {
		return label.Page{}, err
	}
	if t.For == "selftest" {
		return label.Grid{
			Printer: words["printer"], Station: words["station"], Language: words["language"],
			PrintedAt: time.Now().In(s.cfg.Site.Zone), Lang: s.cfg.Site.Lang,
		}.Fill(t)
	}
	var list []string
	if words["list"] != "" {
		list = strings.Split(words["list"], "\n")
	}
	return t.Fill(words, list, s.cfg.Site.Lang)
}

// stationOf finds a station that has a printer which is set up.
func (s *Site) stationOf(id string) (config.Station, error) {
	for _, c := range s.cfg.Stations {
		if string(c.ID) != id {
			continue
		}
		if c.Printer == nil {
			return c, fmt.Errorf("station %s has no printer", id)
		}
		if len(c.Printer.Problems) > 0 {
			return c, fmt.Errorf("the printer of %s is misconfigured: %w", id, c.Printer.Problems[0])
		}
		return c, nil
	}
	return config.Station{}, fmt.Errorf("no station %q", id)
}

// labelSelfTest has a station's printer show what its font holds.
func labelSelfTest(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("label selftest: name a station")
	}
	c, err := s.stationOf(args[0])
	if err != nil {
		return err
	}
	t, err := s.template("selftest", c.Printer.Labels)
	if err != nil {
		return err
	}
	words := map[string]string{
		"template": t.Name, "printer": c.Printer.Model, "station": args[0], "language": c.Printer.Profile.Printer.Language,
	}
	if _, err := s.foreman.PlainLabel(ctx, s.operator("self-test"), c.ID, words); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "the self-test is asked for at %s; then: floord label charset %s ROWS, the rows that look the same twice, such as 1234\n", c.ID, c.ID)
	return err
}

// labelCharset notes the answers to a self-test: the rows that look the same twice.
func labelCharset(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("label charset: name a station and the rows of its self-test that look the same twice, such as 1234")
	}
	c, err := s.stationOf(args[0])
	if err != nil {
		return err
	}
	var right []int
	for _, r := range args[1] {
		if r < '0' || r > '9' {
			return fmt.Errorf("label charset: %q is no row; write the numbers together, such as 1234", r)
		}
		right = append(right, int(r-'0'))
	}
	charset, err := label.CharsetOf(right)
	if err != nil {
		return err
	}
	if _, err := s.foreman.TellCharset(ctx, s.operator("charset"), c.ID, c.Printer.Model, charset.String(), right); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "the font of the printer at %s holds %s; its profile says %s\n", c.ID, charset, strings.ToLower(c.Printer.Profile.Printer.Charset))
	return err
}

// labelPrint prints a label of no parcel: its template, a station, and what it
// says as field=words.
func labelPrint(ctx context.Context, s *Site, args []string, _ io.Reader, _ io.Writer) error {
	if len(args) < 2 {
		return errors.New("label print: name a template, a station and what the label says as field=words")
	}
	c, err := s.stationOf(args[1])
	if err != nil {
		return err
	}
	words := map[string]string{"template": args[0]}
	for _, a := range args[2:] {
		field, word, ok := strings.Cut(a, "=")
		if !ok || field == "template" {
			return fmt.Errorf("label print: %q is not field=words", a)
		}
		words[field] = word
	}
	// What cannot be laid out is said here, not found at the printer.
	p, err := s.tongue(c)
	if err != nil {
		return err
	}
	page, err := s.plain(words)
	if err == nil {
		_, err = p.Encode(page)
	}
	if err != nil {
		return errors.New(label.Sentence(err, s.cfg.Site.Lang))
	}
	_, err = s.foreman.PlainLabel(ctx, s.operator("print"), c.ID, words)
	return err
}
