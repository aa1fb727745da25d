// Package scanner reads bar code scanners on a serial line or a USB port that
// acts as one. Bytes become scans: what stood between prefix and suffix, its AIM
// symbology identifier taken off, a GS1 message taken apart. Noise, half codes
// and the same code twice within the guard time become none.
package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"floord/device"
	"floord/device/profile"
)

// maxScan bounds one code; longer is noise. A QR code of a waybill has some 300
// characters.
const maxScan = 1024

// A Scan is one code that was read.
type Scan struct {
	Text string    // as it was read, without prefix, suffix and AIM identifier
	AIM  string    // "]C1"; empty where the scanner does not send it
	GS1  []Element // of a GS1 message
	At   time.Time
}

// Code is what the floor knows the thing by: of a GS1 message its article number
// as it stands on the shelf (13 digits where the first of 14 is 0), or its
// parcel's number; otherwise the text.
func (s Scan) Code() string {
	for _, e := range s.GS1 {
		switch e.AI {
		case "01", "02":
			return strings.TrimPrefix(e.Value, "0")
		case "00":
			return e.Value
		}
	}
	return s.Text
}

// A Decoder finds scans in a stream of bytes. It is pure.
type Decoder struct {
	p    profile.Scanner
	buf  []byte
	lost bool // the code is too long: dropped up to its suffix
	Stats
}

// Stats counts what a decoder has seen.
type Stats struct {
	Bytes, Scans, Rejects int
}

// NewDecoder makes a decoder for what the profile says.
func NewDecoder(p profile.Profile) *Decoder { return &Decoder{p: p.Scanner} }

// Decode gives the scans that data completes. At is not set.
func (d *Decoder) Decode(data []byte) (scans []Scan) {
	d.Bytes += len(data)
	for _, c := range data {
		d.buf = append(d.buf, c)
		if len(d.p.Suffix) == 0 {
			d.lost = d.lost || len(d.buf) > maxScan
			continue // Reset ends it
		}
		if bytes.HasSuffix(d.buf, d.p.Suffix) {
			scans = d.end(scans, d.buf[:len(d.buf)-len(d.p.Suffix)])
		} else if len(d.buf) > maxScan {
			d.lost, d.buf = true, append(d.buf[:0], d.buf[len(d.buf)-len(d.p.Suffix):]...)
		}
	}
	return scans
}

// Pending tells how many bytes wait for the rest of their code.
func (d *Decoder) Pending() int { return len(d.buf) }

// Reset is a pause in the stream. It ends the code of a scanner without a suffix,
// and drops half a code of one that has a suffix.
func (d *Decoder) Reset() (scans []Scan) {
	if len(d.p.Suffix) == 0 && len(d.buf) > 0 {
		return d.end(nil, d.buf)
	}
	if len(d.buf) > 0 {
		d.Rejects++
	}
	d.buf, d.lost = d.buf[:0], false
	return nil
}

// end takes one code that is whole.
func (d *Decoder) end(scans []Scan, code []byte) []Scan {
	lost := d.lost
	s, err := parse(d.p, code)
	d.buf, d.lost = d.buf[:0], false
	switch {
	case lost || err != nil:
		d.Rejects++
	case s.Text != "":
		d.Scans++
		scans = append(scans, s)
	}
	return scans
}

// separator is GS, which stands for FNC1 within a code.
const separator = 0x1D

// parse reads one code. Line ends around it are another setting of the scanner's
// suffix, and dropped; an empty code is none.
func parse(p profile.Scanner, code []byte) (Scan, error) {
	code = bytes.Trim(code, "\r\n")
	if len(code) == 0 {
		return Scan{}, nil
	}
	code, ok := bytes.CutPrefix(code, p.Prefix)
	if !ok {
		return Scan{}, errors.New("does not begin with the scanner's prefix")
	}
	for _, c := range code {
		if c < ' ' && c != separator || c == 0x7F {
			return Scan{}, fmt.Errorf("holds the control character %02x", c)
		}
	}
	if !utf8.Valid(code) {
		return Scan{}, errors.New("is not text")
	}
	s := Scan{Text: string(code)}
	if len(code) > 3 && code[0] == ']' && isLetter(code[1]) && (code[2] >= '0' && code[2] <= '9' || isLetter(code[2])) {
		s.AIM, s.Text = s.Text[:3], s.Text[3:]
	} else if p.AIM {
		return Scan{}, errors.New("has no AIM identifier, and this scanner sends one")
	}
	switch {
	case gs1Symbols[s.AIM]:
		var err error
		s.GS1, err = ParseGS1(s.Text)
		return s, err
	case s.AIM == "]E0" && (len(s.Text) == 13 || len(s.Text) == 12 || len(s.Text) == 8) && !checkDigit(s.Text):
		return s, errors.New("has a wrong check digit")
	}
	s.Text = strings.Trim(s.Text, string(rune(separator)))
	return s, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// gs1Symbols are the AIM identifiers of symbols that hold GS1 messages.
var gs1Symbols = map[string]bool{"]C1": true, "]e0": true, "]d2": true, "]Q3": true, "]J1": true}

// A Scanner is one scanner on one station. Live may be called from any goroutine,
// Drive by one at a time.
type Scanner struct {
	profile profile.Profile
	live    device.Live[State]
	handle  func(Scan)

	mu   sync.Mutex
	last string    // guarded by mu; the text of the last scan
	at   time.Time // guarded by mu; when it came
}

// A State is what a scanner is up to.
type State struct {
	Connected bool
	Stats     Stats
}

// New makes a scanner of a resolved profile. handle is called for every scan,
// one after the other, from Drive's goroutine; it must not block.
func New(p profile.Profile, handle func(Scan)) *Scanner {
	return &Scanner{profile: p, handle: handle}
}

// Live gives the present state and a channel that is closed at the next.
func (s *Scanner) Live() (State, <-chan struct{}) { return s.live.Get() }

// Drive reads the line until it breaks or ctx ends; it is a station's driver.
func (s *Scanner) Drive(ctx context.Context, line device.Line) error {
	dec := NewDecoder(s.profile)
	s.live.Set(State{Connected: true})
	defer s.live.Set(State{})
	buf := make([]byte, 512)
	gap := time.Duration(s.profile.Scanner.Gap)
	for ctx.Err() == nil {
		deadline := time.Time{}
		if dec.Pending() > 0 {
			deadline = time.Now().Add(gap)
		}
		if err := line.SetReadDeadline(deadline); err != nil {
			return err
		}
		n, err := line.Read(buf)
		scans := dec.Decode(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			scans, err = append(scans, dec.Reset()...), nil
		}
		s.say(scans, time.Now())
		if n > 0 {
			s.live.Set(State{Connected: true, Stats: dec.Stats})
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// say hands scans on, but for the same code again within the guard time: a
// trigger held too long is no second parcel.
func (s *Scanner) say(scans []Scan, now time.Time) {
	for _, scan := range scans {
		s.mu.Lock()
		again := scan.Text == s.last && now.Sub(s.at) < time.Duration(s.profile.Scanner.Guard)
		s.last, s.at = scan.Text, now
		s.mu.Unlock()
		if !again {
			scan.At = now
			s.handle(scan)
		}
	}
}

// CheckExample tells how what the profile makes of an example differs from what
// the example says; flags are "code=..." or, of a GS1 message, "01=...".
func CheckExample(p profile.Profile, ex profile.Example) error {
	d := NewDecoder(p)
	scans := d.Decode(ex.Hex)
	if len(p.Scanner.Suffix) == 0 && ex.Expect != "incomplete" {
		scans = append(scans, d.Reset()...)
	}
	switch ex.Expect {
	case "incomplete":
		if len(scans) > 0 || d.Pending() == 0 {
			return fmt.Errorf("is not the beginning of a code: %d scans, %d bytes pending", len(scans), d.Pending())
		}
		return nil
	case "reject":
		if len(scans) > 0 || d.Rejects == 0 {
			return fmt.Errorf("is to be rejected, but gives %d scans", len(scans))
		}
		return nil
	case "scan":
	default:
		return fmt.Errorf("expect = %q is not one of scan, reject, incomplete", ex.Expect)
	}
	if len(scans) != 1 {
		return fmt.Errorf("gives %d scans instead of one", len(scans))
	}
	got := []string{"code=" + scans[0].Code()}
	if scans[0].GS1 != nil {
		got = elements(scans[0].GS1)
	}
	if fmt.Sprint(got) != fmt.Sprint(ex.Flags) {
		return fmt.Errorf("reads as %q instead of %q", got, ex.Flags)
	}
	return nil
}

func elements(all []Element) (flags []string) {
	for _, e := range all {
		flags = append(flags, e.AI+"="+e.Value)
	}
	return flags
}

// suffixes are the usual ends of a code by their names in records.
var suffixes = map[string]string{"serial-cr": "\r", "serial-lf": "\n", "serial-crlf": "\r\n", "serial-tab": "\t", "aim": "\r", "serial": "\r"}

// Means says what recorded bytes of a scanner mean; false if protocol is another.
func Means(protocol, dialect string, data []byte) (device.Meaning, bool) {
	if protocol != "scanner" {
		return device.Meaning{}, false
	}
	suffix, ok := suffixes[dialect]
	if !ok {
		suffix = "\r"
	}
	d := &Decoder{p: profile.Scanner{Suffix: profile.Hex(suffix), AIM: dialect == "aim"}}
	scans := d.Decode(data)
	var all []device.Meaning
	for _, s := range scans {
		m := device.Means(device.MeansStatus)
		if s.GS1 != nil {
			m.Flags = append([]string{"gs1"}, elements(s.GS1)...)
		} else {
			m.Value = s.Text
			m.Flags = append(m.Flags, "suffix="+suffixName(suffix))
			if s.AIM != "" {
				m.Flags = append(m.Flags, "aim="+s.AIM)
			}
		}
		all = append(all, m)
	}
	switch {
	case len(all) > 1:
		m := all[len(all)-1]
		m.Frames = all
		return m, true
	case len(all) == 1:
		return all[0], true
	case d.Rejects > 0:
		return device.Means(device.MeansReject), true
	}
	return device.Means(device.MeansIncomplete), true
}

func suffixName(s string) string {
	return strings.NewReplacer("\r", "CR", "\n", "LF", "\t", "TAB").Replace(s)
}
