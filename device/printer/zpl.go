package printer

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// readHS reads the three lines that answer ~HS (ZPL II guide pp. 171-172): STX,
// fields with commas, ETX CR LF. Newer guides say that a printer without paper or
// ribbon, with its head open, hot or its rewinder full says nothing at all; older
// ones have flags for it. Both are believed.
func readHS(b []byte) (Status, bool) {
	lines := hsLines(b)
	if len(lines) < 3 {
		return Status{}, false
	}
	one, two := lines[0], lines[1]
	var s Status
	for _, t := range []struct {
		field  string
		reason Reason
	}{{one[1], PaperOut}, {two[2], HeadOpen}, {two[3], RibbonOut}, {one[11], Hot}, {one[9], Memory}, {one[2], Paused}} {
		if t.field == "1" {
			s.Troubles = append(s.Troubles, t.reason)
		}
	}
	formats, _ := strconv.Atoi(one[4])
	left, _ := strconv.Atoi(two[8])
	s.Printing = len(s.Troubles) == 0 && (formats > 0 || left > 0 || one[7] == "1")
	if one[10] == "1" {
		s.Notes = append(s.Notes, "under-temperature")
	}
	if one[5] == "1" {
		s.Notes = append(s.Notes, "buffer-full")
	}
	s.Notes = append(s.Notes, fmt.Sprintf("labels-remaining=%d", left))
	return s, true
}

// hsFields is how many fields each of the three lines has.
var hsFields = [3]int{12, 11, 2}

// hsLines finds the lines in their order; what does not fit is skipped.
func hsLines(b []byte) (lines [][]string) {
	for len(lines) < 3 {
		i := bytes.IndexByte(b, 0x02)
		if i < 0 {
			return lines
		}
		b = b[i+1:]
		j := bytes.IndexByte(b, 0x03)
		if j < 0 || j > 120 {
			return lines
		}
		fields := strings.Split(string(b[:j]), ",")
		if len(fields) == hsFields[len(lines)] && allDigits(fields) {
			lines = append(lines, fields)
		} else if len(fields) == hsFields[0] && allDigits(fields) {
			lines = [][]string{fields} // an answer that begins anew
		} else {
			lines = nil
		}
	}
	return lines
}

func allDigits(fields []string) bool {
	for _, f := range fields {
		if f == "" || strings.Trim(f, "0123456789") != "" {
			return false
		}
	}
	return true
}

// hqesErrors and hqesWarnings are the low word of ~HQES (ZPL II guide, ~HQ; the
// table of ~WQ has the same).
var hqesErrors = []bitReason{
	{0x4, HeadOpen}, {0x1, PaperOut}, {0x2, RibbonOut}, {0x8, CutterJam}, {0x10, Hot}, {0x20, Hot},
	{0x40, HeadFault}, {0x80, HeadFault}, {0x200, HeadFault}, {0x100, Failure},
	{0x1000, Jam}, {0x2000, Jam}, {0x4000, Jam}, {0x8000, Jam}, {0x20000, Jam},
	{0x40000, Failure}, {0x80000, Failure}, {0x10000, Paused},
}

var hqesWarnings = []bitNote{
	{0x1, "warning=calibrate"}, {0x2, "warning=clean-head"}, {0x4, "warning=replace-head"}, {0x8, "warning=paper-near-end"},
	{0x10, "warning=sensor1-paper-before-head"}, {0x20, "warning=sensor2-black-mark"}, {0x40, "warning=sensor3-paper-after-head"},
	{0x80, "warning=sensor4-loop-ready"}, {0x100, "warning=sensor5-presenter"}, {0x200, "warning=sensor6-retract-ready"},
	{0x400, "warning=sensor7-in-retract"}, {0x800, "warning=sensor8-at-bin"},
}

// readHQES reads STX ... ERRORS: f xxxxxxxx xxxxxxxx ... WARNINGS: f xxxxxxxx
// xxxxxxxx ... ETX. It does not say whether a label is on its way.
func readHQES(b []byte) (Status, bool) {
	i := bytes.IndexByte(b, 0x02)
	if i < 0 {
		return Status{}, false
	}
	j := bytes.IndexByte(b[i:], 0x03)
	if j < 0 {
		return Status{}, false
	}
	text := string(b[i : i+j])
	errors, ok1 := hqWord(text, "ERRORS:")
	warnings, ok2 := hqWord(text, "WARNINGS:")
	if !ok1 || !ok2 {
		return Status{}, false
	}
	s := Status{Troubles: troublesOf(errors.low, hqesErrors), Notes: notesOf(warnings.low, hqesWarnings)}
	if errors.set && len(s.Troubles) == 0 {
		s.Troubles = []Reason{Failure} // one this table does not know
	}
	return s, true
}

type flagWord struct {
	set bool
	low uint32
}

// hqWord reads "f xxxxxxxx xxxxxxxx" behind a name.
func hqWord(text, name string) (w flagWord, ok bool) {
	_, rest, ok := strings.Cut(text, name)
	f := strings.Fields(rest)
	if !ok || len(f) < 3 || f[0] != "0" && f[0] != "1" || len(f[1]) != 8 || len(f[2]) != 8 {
		return w, false
	}
	high, err1 := strconv.ParseUint(f[1], 16, 32)
	low, err2 := strconv.ParseUint(f[2], 16, 32)
	return flagWord{f[0] == "1" || high != 0, uint32(low)}, err1 == nil && err2 == nil
}

// zplWhy is asked of a printer that leaves ~HS unanswered: some say there what is
// wrong.
var zplWhy = question{ask: []byte("~HQES"), read: readHQES}

// zplOdometer is ~HQOD: lengths the printer has printed in all, in inches or
// centimetres, of which any label adds at least one.
var zplOdometer = counter{ask: []byte("~HQOD"), read: readHQOD}

func readHQOD(b []byte) (int, bool) {
	i := bytes.IndexByte(b, 0x02)
	j := bytes.IndexByte(b, 0x03)
	if i < 0 || j < i {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(b[i:j]), "TOTAL NONRESETTABLE:")
	f := strings.Fields(rest)
	if !ok || len(f) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimRight(f[0], `"`))
	return n, err == nil && n >= 0
}

// zplKeeps asks by ^HW for a form of such a name: between STX and ETX a line for
// each object, "*", the name padded to eight, its extension and size (ZPL II guide
// 45541L-004 p. 176); newer firmware has the drive in front. The head of the list
// may repeat the name that was asked for.
func zplKeeps(form string, kept *bool) question {
	_, name, _ := strings.Cut(form, ":")
	return question{ask: []byte("^XA^HW" + form + "^XZ"), read: func(b []byte) (Status, bool) {
		i := bytes.IndexByte(b, 0x02)
		j := bytes.IndexByte(b, 0x03)
		if i < 0 || j < i {
			return Status{}, false
		}
		for line := range strings.Lines(string(b[i:j])) {
			line, object := strings.CutPrefix(strings.TrimSpace(line), "*")
			*kept = *kept || object && strings.Contains(strings.ReplaceAll(line, " ", ""), name)
		}
		return Status{}, true
	}}
}
