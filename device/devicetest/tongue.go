package devicetest

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"strconv"
	"strings"
)

// A tongue is a printer language, read byte by byte. Its methods are called with
// the printer's mu held.
type tongue interface {
	// next gives what the byte completed.
	next(c byte) []event
	// answer answers a question that next found.
	answer(p *Printer, question string) []byte
	// news is what the printer says unasked, now.
	news(p *Printer) []byte
}

func newTongue(language string) tongue {
	switch language {
	case "zpl":
		return &zpl{}
	case "epl2":
		return &epl{}
	case "cpcl":
		return &cpcl{}
	case "escpos":
		return &escpos{}
	}
	return &tspl{}
}

// An event is what a byte completed.
type event struct {
	kind   eventKind
	word   string // of a question; of a job the receipt it wants
	job    []byte
	setup  []byte
	copies int
}

type eventKind int

const (
	ask eventKind = iota
	reset
	forget // what was not printed yet
	printJob
)

// Bounds of a command and of a label: more is garbage, which a printer drops too.
const (
	maxLine = 64 << 10
	maxJob  = 4 << 20
)

// A quiet tongue says nothing unasked.
type quiet struct{}

func (quiet) news(*Printer) []byte { return nil }

// A tspl reads TSPL. Commands end with CR LF or LF; BITMAP and DOWNLOAD are
// followed by as many bytes as they declare, whatever those are. ESC! commands
// are obeyed at once, but not inside such a payload.
type tspl struct {
	quiet
	line   []byte // of the command being read
	escape []byte // of the ESC sequence being read
	binary int    // bytes of payload still to come
	job    []byte // since CLS
	setup  []byte // lines that hold for every label from then on
}

func (s *tspl) next(c byte) []event {
	if len(s.job) > maxJob {
		s.job = nil
	}
	if s.binary > 0 {
		s.binary--
		s.job = append(s.job, c)
		return nil
	}
	if len(s.escape) > 0 || c == 0x1B {
		return s.nextEscape(c)
	}
	s.line = append(s.line, c)
	if s.binary = s.payload(); s.binary > 0 {
		s.job = append(s.job, s.line...)
		s.line = nil
		return nil
	}
	if c != '\n' {
		if len(s.line) > maxLine {
			s.line = nil
		}
		return nil
	}
	line := s.line
	s.line = nil
	return s.command(line)
}

func (s *tspl) nextEscape(c byte) []event {
	s.escape = append(s.escape, c)
	if len(s.escape) == 2 && c != '!' {
		s.escape = nil
		return nil
	}
	if len(s.escape) < 3 {
		return nil
	}
	s.escape = nil
	switch c {
	case '?', 'S':
		return []event{{kind: ask, word: string(c)}}
	case 'R':
		return []event{{kind: reset}}
	}
	return nil
}

func (s *tspl) command(line []byte) []event {
	s.job = append(s.job, line...)
	name, args, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	switch name {
	case "CLS":
		s.job = append([]byte(nil), line...)
	case "SIZE":
		s.setup = append([]byte(nil), line...)
	case "GAP", "BLINE", "DIRECTION", "REFERENCE":
		if len(s.setup) < 1024 {
			s.setup = append(s.setup, line...)
		}
	case "PRINT":
		sets, copies := 1, 1
		a, b, two := strings.Cut(args, ",")
		if n, err := strconv.Atoi(strings.TrimSpace(a)); err == nil {
			sets = n
		}
		if two {
			if n, err := strconv.Atoi(strings.TrimSpace(b)); err == nil {
				copies = n
			}
		}
		// The image and the settings stay until they are set anew.
		return []event{{kind: printJob, job: bytes.Clone(s.job), setup: bytes.Clone(s.setup), copies: max(0, min(sets*copies, 1000))}}
	}
	return nil
}

// payload tells how many bytes of data follow the line, which is read up to here:
// "BITMAP x,y,width in bytes,height,mode," and `DOWNLOAD ["F",]"NAME",size,`.
func (s *tspl) payload() int {
	if s.line[len(s.line)-1] != ',' {
		return 0
	}
	text := string(bytes.TrimSpace(s.line))
	if rest, ok := strings.CutPrefix(text, "BITMAP "); ok {
		f := strings.Split(rest, ",")
		if len(f) != 6 {
			return 0
		}
		return count(f[2]) * count(f[3])
	}
	if rest, ok := strings.CutPrefix(text, "DOWNLOAD "); ok {
		f := strings.Split(rest, ",")
		return count(f[len(f)-2])
	}
	return 0
}

func count(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 1<<20 {
		return 0
	}
	return n
}

// answer answers ESC!? and ESC!S by the manual's tables.
func (s *tspl) answer(p *Printer, question string) []byte {
	b := p.trouble()
	if p.printing() {
		b |= bitPrinting
	}
	if question == "?" {
		return []byte{b}
	}
	f := []byte{0x02, '@', '@', '@', '@', 0x03, '\r', '\n'}
	switch {
	case b&(bitHead|bitJam|bitPaper|bitRibbon|bitHot) != 0:
		f[1] = 'E'
	case b&bitPause != 0:
		f[1] = '`'
	case b&bitPrinting != 0:
		f[1] = 'P'
	}
	if b&bitHot != 0 {
		f[3] = 'A'
	}
	for bit, in := range map[byte]byte{bitPaper: 0x01, bitJam: 0x02, bitRibbon: 0x04, bitHead: 0x20} {
		if b&bit != 0 {
			f[4] |= in
		}
	}
	return f
}

// A zpl reads ZPL II: caret and tilde begin a command wherever they stand, ^XZ
// ends a label.
type zpl struct {
	quiet
	job  []byte // since ^XA
	open bool
	word []byte // a command of a tilde
	// forms it keeps, by name; full makes it keep none.
	forms map[string][]byte
	full  bool
}

// again is what is left of it after its power was off: what lies in flash.
func (s *zpl) again() *zpl {
	maps.DeleteFunc(s.forms, func(name string, _ []byte) bool { return strings.HasPrefix(name, "R:") })
	return &zpl{forms: s.forms, full: s.full}
}

// operand is what follows a command in a job, up to the next.
func operand(job []byte, command string) (string, bool) {
	_, rest, ok := bytes.Cut(job, []byte(command))
	if i := bytes.IndexAny(rest, "^~"); i >= 0 {
		rest = rest[:i]
	}
	return string(rest), ok
}

// whole takes a format that has ended.
func (s *zpl) whole(job []byte) []event {
	if name, ok := operand(job, "^HW"); ok {
		return []event{{kind: ask, word: "^HW" + name}}
	}
	if old, ok := operand(job, "^ID"); ok {
		maps.DeleteFunc(s.forms, func(name string, _ []byte) bool { gone, _ := path.Match(old, name); return gone })
		return nil
	}
	if name, ok := operand(job, "^DF"); ok {
		if s.forms == nil {
			s.forms = map[string][]byte{}
		}
		if !s.full {
			s.forms[name] = job
		}
		return nil
	}
	copies := 1
	if n, ok := operand(job, "^PQ"); ok {
		copies = count(n)
	}
	form, _ := operand(job, "^XF")
	return []event{{kind: printJob, job: job, setup: s.forms[form], copies: max(1, min(copies, 1000))}}
}

func (s *zpl) next(c byte) []event {
	if c == '~' || c == '^' {
		s.word = s.word[:0]
	}
	if len(s.word) < 6 {
		s.word = append(s.word, c)
	}
	s.job = append(s.job, c)
	if len(s.job) > maxJob {
		s.job = nil
	}
	switch word := string(s.word); {
	case word == "~HS", word == "~HQES", word == "~HQOD", word == "~HI":
		s.job = s.job[:len(s.job)-len(word)]
		s.word = s.word[:0]
		return []event{{kind: ask, word: word}}
	case word == "~JA":
		s.job, s.open, s.word = nil, false, s.word[:0]
		return []event{{kind: forget}}
	case word == "^XA":
		s.open, s.job = true, []byte("^XA")
	case word == "^XZ" && s.open:
		job := s.job
		s.job, s.open = nil, false
		return s.whole(job)
	}
	return nil
}

// answer follows the tables of ~HS, ~HQES, ~HQOD and ~HI.
func (s *zpl) answer(p *Printer, question string) []byte {
	b := p.trouble()
	flag := func(bit byte) int {
		if b&bit != 0 {
			return 1
		}
		return 0
	}
	switch question {
	case "~HS":
		if p.o.SilentInError && b&^bitPause != 0 {
			return nil
		}
		left := len(p.queue)
		formats := 0
		if p.printing() {
			formats = 1
		}
		return fmt.Appendf(nil, "\x02030,%d,%d,1218,%03d,0,0,0,000,0,0,%d\x03\r\n\x02001,0,%d,%d,1,2,6,0,%08d,1,000\x03\r\n\x021234,0\x03\r\n",
			flag(bitPaper), flag(bitPause), formats, flag(bitHot), flag(bitHead), flag(bitRibbon), left)
	case "~HQES":
		word := 0x1*flag(bitPaper) | 0x2*flag(bitRibbon) | 0x4*flag(bitHead) | 0x10*flag(bitHot) | 0x4000*flag(bitJam) | 0x10000*flag(bitPause)
		any := 0
		if word != 0 {
			any = 1
		}
		return fmt.Appendf(nil, "\x02\r\n\r\nPRINTER STATUS\r\n   ERRORS:         %d 00000000 %08X\r\n   WARNINGS:       0 00000000 00000000\r\n\x03", any, word)
	case "~HQOD":
		return fmt.Appendf(nil, "\x02\r\n  PRINT METERS\r\n     TOTAL NONRESETTABLE:              %d \"\r\n     USER RESETTABLE CNTR1:            %d \"\r\n\x03", 6*p.metres, 6*p.metres)
	}
	if form, ok := strings.CutPrefix(question, "^HW"); ok {
		list := ""
		if b, ok := s.forms[form]; ok {
			stem, ext, _ := strings.Cut(form[2:], ".")
			list = fmt.Sprintf("* %-8s.%s  %06d     \r\n", stem, ext, len(b))
		}
		return []byte("\x02\r\n- DIR " + form + " \r\n" + list + "\r\n-   794292 bytes free\r\n\x03")
	}
	return []byte("\x02ZT410-200dpi,V75.20.10Z,8,65536KB\x03")
}

// An epl reads EPL2: lines, and GW with as many bytes as it declares.
type epl struct {
	line   []byte
	binary int
	job    []byte // since N
}

func (s *epl) next(c byte) []event {
	if len(s.job) > maxJob {
		s.job = nil
	}
	if s.binary > 0 {
		s.binary--
		s.job = append(s.job, c)
		return nil
	}
	s.line = append(s.line, c)
	if rest, ok := bytes.CutPrefix(bytes.TrimLeft(s.line, "\r\n"), []byte("GW")); ok && c == ',' {
		if f := strings.Split(string(rest), ","); len(f) == 5 {
			s.binary = count(f[2]) * count(f[3])
			s.job = append(s.job, s.line...)
			s.line = nil
		}
		return nil
	}
	if c != '\n' {
		if len(s.line) > maxLine {
			s.line = nil
		}
		return nil
	}
	line := string(bytes.TrimSpace(s.line))
	s.job = append(s.job, s.line...)
	s.line = nil
	switch {
	case line == "^ee", line == "US":
		return []event{{kind: ask, word: line}}
	case line == "^@":
		return []event{{kind: reset}}
	case line == "N":
		s.job = []byte("N\r\n")
	case len(line) > 1 && line[0] == 'P' && count(line[1:]) > 0:
		job := s.job
		s.job = nil
		return []event{{kind: printJob, job: job, copies: min(count(line[1:]), 1000), word: "\x06"}}
	}
	return nil
}

// answer follows Appendix A of the ESim manual.
func (s *epl) answer(p *Printer, question string) []byte {
	if question == "US" {
		p.reports = true
		return []byte{0x06}
	}
	var codes []string
	for _, c := range eplTroubles {
		if p.trouble()&c.bit != 0 {
			codes = append(codes, c.code)
		}
	}
	if codes == nil {
		codes = []string{"00"}
	}
	return []byte(strings.Join(codes, ",") + "\r\n")
}

var eplTroubles = []struct {
	bit  byte
	code string
}{{bitPaper | bitRibbon, "07"}, {bitHead, "11"}, {bitHot, "62"}, {bitJam, "80"}, {bitPause, "12"}}

// news reports an error when it begins and XON when it is over.
func (s *epl) news(p *Printer) []byte {
	b := p.trouble()
	if !p.reports || p.mute || b == p.reported {
		return nil
	}
	before := p.reported
	p.reported = b
	switch {
	case b == 0:
		return []byte{0x11}
	case before != 0:
		return nil
	case b&bitPaper != 0:
		return fmt.Appendf(nil, "\x1507P%03d\x13", len(p.queue))
	case b&bitRibbon != 0:
		return fmt.Appendf(nil, "\x1507R%03d\x13", len(p.queue))
	}
	return append([]byte{0x15}, append(bytes.TrimSpace(s.answer(p, "^ee"))[:2], 0x13)...)
}

// A cpcl reads CPCL: a label from "!" to PRINT, in lines, CG with as many bytes as
// it declares. ESC h is a question outside of such bytes.
type cpcl struct {
	quiet
	line   []byte
	binary int
	job    []byte
	escape bool
}

func (s *cpcl) next(c byte) []event {
	if len(s.job) > maxJob {
		s.job = nil
	}
	if s.binary > 0 {
		s.binary--
		s.job = append(s.job, c)
		return nil
	}
	if c == 0x1B || s.escape {
		asked := s.escape && c == 'h'
		s.escape = c == 0x1B
		if asked {
			return []event{{kind: ask, word: "h"}}
		}
		return nil
	}
	s.line = append(s.line, c)
	if rest, ok := bytes.CutPrefix(s.line, []byte("CG ")); ok && c == ' ' {
		if f := strings.Split(string(rest), " "); len(f) == 5 {
			s.binary = count(f[0]) * count(f[1])
			s.job = append(s.job, s.line...)
			s.line = nil
		}
		return nil
	}
	if c != '\n' {
		if len(s.line) > maxLine {
			s.line = nil
		}
		return nil
	}
	line := string(bytes.TrimSpace(s.line))
	if strings.HasPrefix(line, "! ") {
		s.job = nil
	}
	s.job = append(s.job, s.line...)
	s.line = nil
	switch line {
	case "ABORT":
		s.job = nil
	case "PRINT":
		job := s.job
		s.job = nil
		if !bytes.HasPrefix(job, []byte("! ")) {
			return nil
		}
		first, _, _ := bytes.Cut(job, []byte("\n"))
		f := strings.Fields(string(first))
		return []event{{kind: printJob, job: job, copies: max(1, count(f[len(f)-1]))}}
	}
	return nil
}

// answer comes only when nothing is being printed.
func (s *cpcl) answer(p *Printer, _ string) []byte {
	t := p.trouble()
	if p.printing() {
		return nil
	}
	var b byte
	if t&bitPaper != 0 {
		b |= 0x02
	}
	if t&(bitHead|bitJam) != 0 {
		b |= 0x04
	}
	if t&(bitPause|bitHot) != 0 {
		b |= 0x01
	}
	if p.wasOff {
		b |= 0x10
	}
	p.wasOff = false
	return []byte{b}
}

// An escpos reads ESC/POS: commands by their lengths, a label ending with FF in
// page mode, with a feed or a cut otherwise.
type escpos struct {
	quiet
	buf  []byte // of the command being read
	job  []byte
	real []byte // of a real-time command
	page bool
	ink  bool // there is something to print
}

// escposLengths are commands of a known length, name included.
var escposLengths = map[string]int{
	"\x1b@": 2, "\x1c&": 2, "\x1bL": 2, "\x1bT": 3, "\x1bW": 10, "\x1b$": 4, "\x1d$": 4, "\x1b\\": 4, "\x1d\\": 4, "\x1d!": 3,
	"\x1dh": 3, "\x1dw": 3, "\x1dH": 3, "\x1bd": 3, "\x1dV": 4, "\x1b%": 3,
}

func (s *escpos) next(c byte) []event {
	if ev, taken := s.realTime(c); taken {
		return ev
	}
	if len(s.job) > maxJob {
		s.job = nil
	}
	s.buf = append(s.buf, c)
	n := s.length()
	if len(s.buf) < n {
		return nil
	}
	cmd := s.buf
	s.buf = nil
	return s.command(cmd)
}

// realTime obeys DLE EOT and DLE DC4 wherever they stand, as the label's encoder
// takes care that no picture holds one.
func (s *escpos) realTime(c byte) ([]event, bool) {
	if c == 0x10 && len(s.real) == 0 {
		s.real = []byte{c}
		return nil, true
	}
	if len(s.real) == 0 {
		return nil, false
	}
	s.real = append(s.real, c)
	size := map[byte]int{0x04: 3, 0x14: 10}[s.real[1]]
	if size == 0 { // it was data
		held := s.real
		s.real = nil
		var all []event
		for _, b := range held {
			s.buf = append(s.buf, b)
			if len(s.buf) >= s.length() {
				cmd := s.buf
				s.buf = nil
				all = append(all, s.command(cmd)...)
			}
		}
		return all, true
	}
	if len(s.real) < size {
		return nil, true
	}
	word := s.real
	s.real = nil
	if word[1] == 0x14 {
		s.buf, s.job, s.page, s.ink = nil, nil, false, false
		return []event{{kind: forget}}, true
	}
	return []event{{kind: ask, word: string(word[2:3])}}, true
}

// length is how long the command in buf is, as far as that is known.
func (s *escpos) length() int {
	b := s.buf
	if b[0] != 0x1B && b[0] != 0x1C && b[0] != 0x1D {
		return 1
	}
	if len(b) < 2 {
		return 2
	}
	if n, ok := escposLengths[string(b[:2])]; ok {
		return n
	}
	two := func(at int) int { return int(b[at]) | int(b[at+1])<<8 }
	switch string(b[:2]) {
	case "\x1b&": // letters of so many bytes a column, each with its width in front
		n := 5
		if len(b) < n {
			return n
		}
		for c := int(b[3]); c <= int(b[4]); c++ {
			if len(b) <= n {
				return n + 1
			}
			n += 1 + int(b[2])*int(b[n])
		}
		return n
	case "\x1dv":
		if len(b) < 8 {
			return 8
		}
		return 8 + two(4)*two(6)
	case "\x1dk":
		if len(b) < 4 {
			return 4
		}
		return 4 + int(b[3])
	case "\x1d(":
		if len(b) < 5 {
			return 5
		}
		return 5 + two(3)
	}
	return 2
}

func (s *escpos) command(cmd []byte) []event {
	s.job = append(s.job, cmd...)
	switch {
	case cmd[0] == 0x1D && cmd[1] == '(' && cmd[2] == 'H' && len(cmd) == 11:
		s.job = s.job[:len(s.job)-len(cmd)]
		return []event{{kind: ask, word: "H" + string(cmd[7:])}}
	case string(cmd) == "\x1b@":
		s.page, s.ink = false, false
		s.job = []byte("\x1b@")
		return nil
	case string(cmd) == "\x1bL":
		s.page = true
		return nil
	case cmd[0] == '\f', cmd[0] == 0x1B && cmd[1] == 'd', cmd[0] == 0x1D && cmd[1] == 'V':
		if !s.ink {
			return nil
		}
		job := s.job
		s.job, s.page, s.ink = nil, false, false
		return []event{{kind: printJob, job: job, copies: 1}}
	case cmd[0] >= ' ', cmd[0] == 0x1D && (cmd[1] == 'v' || cmd[1] == 'k' || cmd[1] == '('):
		s.ink = true
	}
	return nil
}

// answer gives one status byte, or takes the number that is to be sent back when
// all that came before is out.
func (s *escpos) answer(p *Printer, question string) []byte {
	if id, ok := strings.CutPrefix(question, "H"); ok {
		receipt := "\x37\x22" + id + "\x00"
		if len(p.queue) == 0 {
			return []byte(receipt)
		}
		p.queue[len(p.queue)-1].receipt = receipt
		return nil
	}
	t := p.trouble()
	b := byte(0x12)
	set := func(on bool, bit byte) {
		if on {
			b |= bit
		}
	}
	switch question[0] {
	case 1:
		set(t != 0, 0x08)
	case 2:
		set(t&bitHead != 0, 0x04)
		set(t&bitPaper != 0, 0x20)
		set(t&(bitJam|bitHot|bitRibbon) != 0, 0x40)
	case 3:
		set(t&bitJam != 0, 0x08)
		set(t&bitRibbon != 0, 0x20)
		set(t&bitHot != 0, 0x40)
	case 4:
		set(t&bitPaper != 0, 0x60)
	}
	return []byte{b}
}
