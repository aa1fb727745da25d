package profile

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// matches tells whether the section speaks of d. Names are compared as written.
func (s *section) matches(d Device) bool {
	if s.kind != d.Kind || (s.vendor != "" && s.vendor != d.Vendor) {
		return false
	}
	if ok, _ := path.Match(s.model, d.Model); s.model != "" && !ok { // it was checked: no pattern is bad
		return false
	}
	return !s.firmware.bounded() || (d.Firmware != "" && s.firmware.holds(parseVersion(d.Firmware)))
}

// specificity orders sections that match one device; the larger wins. A longer
// pattern is more specific than a shorter one, an exact name than any pattern.
func (s *section) specificity() [4]int {
	var v [4]int
	if s.vendor != "" {
		v[0] = 1
	}
	switch {
	case s.model == "":
	case strings.ContainsAny(s.model, "*?"):
		v[1], v[2] = 1, len(s.model)
	default:
		v[1] = 2
	}
	if s.firmware.bounded() {
		v[3] = 1
	}
	return v
}

// outranks compares specificity first and layer second; 0 is a tie.
func (s *section) outranks(o *section) int {
	a, b := s.specificity(), o.specificity()
	if c := slices.Compare(a[:], b[:]); c != 0 {
		return c
	}
	return s.layer - o.layer
}

// findTies notes on sections of one layer that they say the same key of the same
// devices. Patterns that meet in some device are found when it is resolved.
func (s *Set) findTies() {
	for i, a := range s.sections {
		for _, b := range s.sections[:i] {
			if a.kind != b.kind || a.vendor != b.vendor || a.model != b.model || a.layer != b.layer ||
				a.firmware.bounded() != b.firmware.bounded() || !a.firmware.overlaps(b.firmware) {
				continue
			}
			for _, key := range sortedKeys(a.values) {
				if _, both := b.values[key]; both {
					err := tie(key, b, a)
					a.errs, b.errs = append(a.errs, err), append(b.errs, err)
				}
			}
		}
	}
}

func tie(key string, a, b *section) error {
	return fmt.Errorf("%s and %s both set %q for the same devices: remove one", a.origins[key], b.origins[key], key)
}

// Resolve gives what is in force for d. It fails if no section names the device,
// if one that does is faulty, if two tie, or if a value is missing or out of
// range.
func (s *Set) Resolve(d Device) (Profile, error) {
	if len(s.broken) > 0 {
		return Profile{}, fmt.Errorf("%s %s: a profile file cannot be read: %w", d.Kind, d, errors.Join(s.broken...))
	}
	known := false
	winners := map[string]*section{}
	var errs []error
	for _, sec := range s.sections {
		if !sec.matches(d) {
			continue
		}
		known = known || sec.model != ""
		errs = append(errs, sec.errs...)
		for key := range sec.values {
			if w := winners[key]; w == nil || sec.outranks(w) > 0 {
				winners[key] = sec
			}
		}
	}
	if !known {
		return Profile{}, fmt.Errorf("no profile for %s %q%s", d.Kind, d, didYouMean(d.Vendor+"/"+d.Model, s.Names(d.Kind)))
	}
	errs = append(errs, s.tiesAt(d, winners)...)
	errs = append(errs, s.silenced(d, winners)...)
	if len(errs) > 0 {
		return Profile{}, fmt.Errorf("%s %s: %w", d.Kind, d, errors.Join(unique(errs)...))
	}
	p, err := assemble(winners)
	if err != nil {
		return Profile{}, fmt.Errorf("%s %s: %w", d.Kind, d, err)
	}
	p.Device = d
	return p, errors.Join(p.check()...)
}

// tiesAt finds keys whose winner has an equal: patterns may meet in one device
// that are not the same pattern.
func (s *Set) tiesAt(d Device, winners map[string]*section) []error {
	var errs []error
	for _, sec := range s.sections {
		if !sec.matches(d) {
			continue
		}
		for _, key := range sortedKeys(sec.values) {
			if w := winners[key]; w != sec && w.outranks(sec) == 0 {
				errs = append(errs, tie(key, w, sec))
			}
		}
	}
	return errs
}

// silenced finds values of a quirk that a higher layer has set anew without
// naming the quirk.
func (s *Set) silenced(d Device, winners map[string]*section) []error {
	var errs []error
	for _, sec := range s.sections {
		if sec.quirk == "" || !sec.matches(d) {
			continue
		}
		for _, key := range sortedKeys(sec.values) {
			w := winners[key]
			if w.layer > sec.layer && !aside[key] && !slices.Contains(w.overrides, sec.quirk) {
				errs = append(errs, fmt.Errorf("%s: %q is set anew, but it stands for the quirk %q of %s: write overrides = [%q] if that is meant",
					w.origins[key], key, sec.quirk, sec.at, sec.quirk))
			}
		}
	}
	return errs
}

// aside are the keys that say something about a section and nothing about the device.
var aside = map[string]bool{"source": true, "confidence": true, "example": true}

// assemble makes a profile of the winning values, going through TOML again so
// that there is one way to read a value.
func assemble(winners map[string]*section) (Profile, error) {
	p := Profile{origins: map[string]Origin{}, values: map[string]any{}}
	tree := map[string]any{}
	for key, sec := range winners {
		p.values[key], p.origins[key] = sec.values[key], sec.origins[key]
		table := tree
		parts := strings.Split(key, ".")
		for _, part := range parts[:len(parts)-1] {
			sub, ok := table[part].(map[string]any)
			if !ok {
				sub = map[string]any{}
				table[part] = sub
			}
			table = sub
		}
		table[parts[len(parts)-1]] = sec.values[key]
	}
	data, err := toml.Marshal(tree)
	if err == nil {
		err = toml.Unmarshal(data, &p)
	}
	return p, err
}

// Names lists what may be resolved of a kind, as "vendor/model", patterns included.
func (s *Set) Names(kind Kind) []string {
	seen := map[string]bool{}
	for _, sec := range s.sections {
		if sec.kind == kind && sec.model != "" {
			seen[sec.vendor+"/"+sec.model] = true
		}
	}
	return sortedKeys(seen)
}

// Profiles resolves every profile of a kind that is sound, a family by some member
// of it, in the order of their names.
func (s *Set) Profiles(kind Kind) (all []Profile) {
	for _, name := range s.Names(kind) {
		vendor, model, _ := strings.Cut(strings.NewReplacer("*", "any", "?", "x").Replace(name), "/")
		if p, err := s.Resolve(Device{Kind: kind, Vendor: vendor, Model: model}); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// A Value is one setting in force and where it was written.
type Value struct {
	Key    string
	Value  any
	Origin Origin
}

func (v Value) String() string { return fmt.Sprintf("%s = %v  # %s", v.Key, v.Value, v.Origin) }

// Explain lists every value in force with its origin, in the order of the keys.
// Examples are counted, not listed.
func (p Profile) Explain() []Value {
	var all []Value
	for _, key := range sortedKeys(p.values) {
		v := p.values[key]
		if key == "example" {
			v = len(p.Examples)
		}
		all = append(all, Value{key, v, p.origins[key]})
	}
	return all
}

// Same tells whether q is the same to a driver: it may be of other sections that say
// the same.
func (p Profile) Same(q Profile) bool {
	differ := func(a, b map[string]any) bool {
		for key, v := range a {
			if !aside[key] && !reflect.DeepEqual(v, b[key]) {
				return true
			}
		}
		return false
	}
	return !differ(p.values, q.values) && !differ(q.values, p.values) && reflect.DeepEqual(p.Line, q.Line)
}

// Origin tells where the value of a dotted key ("scale.unit") was written; the
// zero Origin if it is set nowhere.
func (p Profile) Origin(key string) Origin { return p.origins[key] }

// check finds what no single section can know: values that are missing after
// all layers, or outside what makes sense.
func (p Profile) check() []error {
	var errs []error
	require := func(ok bool, key, want string) {
		switch at, set := p.origins[key]; {
		case ok:
		case set:
			errs = append(errs, fmt.Errorf("%s: %s = %v is not %s", at, key, p.values[key], want))
		default:
			errs = append(errs, fmt.Errorf("%s %s: %s is set nowhere: it must be %s", p.Device.Kind, p.Device, key, want))
		}
	}
	l := p.Line
	require(l.Baud >= 300 && l.Baud <= 921600, "line.baud", "300 to 921600")
	require(l.DataBits == 7 || l.DataBits == 8, "line.data_bits", "7 or 8")
	require(l.Parity != "", "line.parity", "none, even or odd")
	require(l.StopBits == 1 || l.StopBits == 2, "line.stop_bits", "1 or 2")
	require(l.Flow != "", "line.flow", "none, xonxoff or rtscts")
	for _, c := range l.Candidates {
		_, err := l.With(c)
		require(err == nil, "line.candidates", `settings such as "9600 8N1"`)
	}
	for key, expr := range map[string]string{"model": p.Identity.Model, "firmware": p.Identity.Firmware} {
		re, err := regexp.Compile(expr)
		require(err == nil && (expr == "" || re.NumSubexp() == 1) && len(expr) < 200, "identity."+key, "a regular expression with one group")
	}
	switch p.Device.Kind {
	case KindScanner:
		c := p.Scanner
		require(len(c.Prefix) <= 16 && len(c.Suffix) <= 4, "scanner.suffix", "at most 4 bytes, and the prefix at most 16")
		require(c.Guard <= Duration(10*time.Second), "scanner.guard", "10s or less")
		require(c.Gap > 0, "scanner.gap", "a time")
		return errs
	case KindScale:
		s := p.Scale
		require(s.Protocol != "", "scale.protocol", "the name of a protocol")
		require(s.Checksum != "", "scale.checksum", "required or none")
		require(s.Unit != "", "scale.unit", "the unit the scale shows")
		require(s.Decimals == nil || *s.Decimals >= 0 && *s.Decimals <= 5, "scale.decimals", "0 to 5")
		require(s.Capacity >= 1 && s.Capacity <= 1e7, "scale.capacity_g", "1 to 10000000")
		require(len(s.Poll.Send) <= 64 && (len(s.Poll.Send) > 0 || len(s.Poll.Then) == 0), "scale.poll.send", "a question of at most 64 bytes")
		require(len(s.Poll.Then) <= 64, "scale.poll.then", "at most 64 bytes")
		require(len(s.Poll.Tare) <= 64 && (len(s.Poll.Send) > 0 || len(s.Poll.Tare) == 0), "scale.poll.tare", "a question of at most 64 bytes, beside poll.send")
		require(len(s.Poll.Send) == 0 || s.Poll.Every >= Duration(20*time.Millisecond), "scale.poll.every", "20ms or more")
		require(s.Settle.Frames >= 1 && s.Settle.Frames <= 100, "scale.settle.frames", "1 to 100")
		require(s.Settle.Within >= 0 && s.Settle.Within <= s.Capacity/10, "scale.settle.within_g", "0 to a tenth of the capacity")
		require(s.Zero.Within >= 0 && s.Zero.Within <= s.Capacity/10, "scale.zero.within_g", "0 to a tenth of the capacity")
		require(s.Zero.Frames >= 1 && s.Zero.Frames <= 100, "scale.zero.frames", "1 to 100")
		require(s.Silence > 0, "scale.silence", "a time")
		require(s.Gap > 0, "scale.gap", "a time")
		require(!s.Once || len(s.Poll.Send) > 0, "scale.once", "for a scale that is asked: it needs a poll")
		require(len(s.Commands.Zero.Send) <= 64 && len(s.Commands.Tare.Send) <= 64, "scale.commands", "at most 64 bytes")
		if s.Protocol == "custom" {
			require(s.Frame.sound(), "scale.frame", "a layout whose parts lie within its length and do not overlap")
		}
		return errs
	}
	r := p.Printer
	require(r.Buffer >= 0 && r.Buffer <= 64<<20, "printer.buffer", "0 to 64 MB")
	require(r.Forms == "" || r.Forms == "none" || r.Language == "zpl", "printer.forms", "for any language but zpl")
	require(!r.Packed || r.Language == "zpl", "printer.packed", "for any language but zpl")
	for _, what := range r.AsDots {
		require(what == "qr" && r.Language != "epl2" || (what == "bars" || what == "lines") && r.Language == "escpos", "printer.as_dots", `of "qr", and with escpos "bars" and "lines"`)
	}
	require(!r.FromTop || r.Language == "escpos", "printer.from_top", "for any language but escpos")
	require(r.Language != "", "printer.language", "the name of a printer language")
	require(r.Charset != "", "printer.charset", "the name of a character set")
	require(r.DotsPerMM >= 4 && r.DotsPerMM <= 48, "printer.dots_per_mm", "4 to 48")
	require(r.Status != "", "printer.status", `a status question, or "none"`)
	require(r.Proof != "", "printer.proof", "a level of proof")
	for key, d := range map[string]Duration{"answer": r.Answer, "poll": r.Poll, "watch": r.Watch, "begin": r.Begin, "finish": r.Finish, "stall": r.Stall} {
		require(d > 0, "printer."+key, "a time")
	}
	return errs
}

// sound tells whether a layout can be read: every part within the frame, none
// over another, and something besides the value that shows where it begins.
func (f Frame) sound() bool {
	used := make([]bool, 256)
	free := func(at, n int) bool {
		if at < 0 || n < 0 || at+n > f.Length {
			return false
		}
		for i := at; i < at+n; i++ {
			if used[i] {
				return false
			}
			used[i] = true
		}
		return true
	}
	if f.Length < 3 || f.Length > 64 || len(f.Start) == 0 || f.Coding == "" || f.Decimals < 0 || f.Decimals > 5 ||
		f.Size < 1 || f.Size > map[string]int{"ascii": 12, "bcd": 4, "hex": 3}[f.Coding] ||
		!free(0, len(f.Start)) || !free(f.Length-len(f.End), len(f.End)) || !free(f.At, f.Size) {
		return false
	}
	c := f.Check
	width := map[string]int{"xor": 1, "sum": 1, "sum7": 1, "xor-hex": 2, "sum-hex": 2}[c.Rule]
	if width > 0 && (!free(c.At, width) || c.From < 0 || c.To <= c.From || c.To > f.Length || c.At < c.To && c.At+width > c.From) {
		return false
	}
	for _, m := range []Mark{f.Sign, f.Still, f.Over, f.Net} {
		if m.Mask < 0 || m.Mask > 255 || m.Want&^m.Mask != 0 || m.At < 0 || m.At >= f.Length {
			return false
		}
	}
	return true
}

// Checks are what Lint needs of a driver. Example tells how what the profile makes
// of an example differs from what it is said to be. Weight reads an example as a
// profile does; false if it is no weight there.
type Checks struct {
	Example func(Profile, Example) error
	Weight  func(Profile, Example) (grams int64, ok bool)
}

// Lint resolves every profile of the set and holds it against what makes one worth
// having: examples, which read as they say, with their sources; a source and a
// confidence; an origin for every value; and, of scales, no example that another
// profile reads as another weight, unless both say so (elsewhere). The error lists
// everything found.
func Lint(s *Set, check Checks) error {
	var errs []error
	var scales []Profile
	for _, sec := range s.sections {
		if sec.model == "" {
			continue // defaults are checked through each profile they reach
		}
		model := strings.NewReplacer("*", "any", "?", "x").Replace(sec.model)
		p, err := s.Resolve(Device{sec.kind, sec.vendor, model, sec.firmware.some()})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", sec.at, err))
			continue
		}
		if p.Device.Kind == KindScale {
			scales = append(scales, p)
		}
		fail := func(key, format string, args ...any) {
			at := p.Origin(key)
			if at == (Origin{}) {
				at = sec.at
			}
			errs = append(errs, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
		}
		if sec.values["source"] == nil || sec.values["confidence"] == nil {
			fail("source", "profile %s does not say where it comes from: it needs a source and a confidence of its own", p.Device)
		}
		for _, v := range p.Explain() {
			if v.Origin == (Origin{}) {
				fail(v.Key, "profile %s: %s has no origin", p.Device, v.Key)
			}
		}
		if len(p.Examples) == 0 {
			fail("example", "profile %s has no examples of what the device says", p.Device)
		}
		for i, ex := range p.Examples {
			if ex.Source == "" {
				fail("example", "example %d of %s has no source: who saw it, or \"computed\"", i+1, p.Device)
			}
			if err := check.Example(p, ex); err != nil {
				errs = append(errs, fmt.Errorf("%s: example %d of %s: %w", p.Origin("example"), i+1, p.Device, err))
			}
		}
	}
	return errors.Join(append(errs, confusable(scales, check)...)...)
}

// confusable finds examples of one scale that another reads as another weight.
func confusable(scales []Profile, check Checks) (errs []error) {
	for _, p := range scales {
		for i, ex := range p.Examples {
			if ex.Expect != "weight" || ex.Grams == nil {
				continue
			}
			for _, q := range scales {
				got, ok := check.Weight(q, ex)
				if !ok || got == *ex.Grams || p.says(q.Device) {
					continue
				}
				errs = append(errs, fmt.Errorf("%s: example %d of %s is %d g, and %d g to %s (%s): write elsewhere = [\"%s/%s\"]",
					p.Origin("example"), i+1, p.Device, *ex.Grams, got, q.Device, q.Origin("scale.protocol"), q.Device.Vendor, q.Device.Model))
			}
		}
	}
	return errs
}

// says tells whether the profile names d among those that read its bytes otherwise.
func (p Profile) says(d Device) bool {
	return slices.ContainsFunc(p.Elsewhere, func(pattern string) bool {
		ok, _ := path.Match(pattern, d.Vendor+"/"+d.Model)
		return ok
	})
}
