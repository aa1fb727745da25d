// Package profile reads what is known of each device: its line settings, its
// protocol, its habits. Profiles are data, in TOML files of several layers
// (shipped, vendor's, site's), and say themselves which devices they speak of.
//
// A device is matched by kind, vendor, model and firmware. Of all sections that
// match, the more specific wins, key by key (an exact model over a pattern, a
// firmware range over none); equally specific ones are decided by the layer, the
// site's over the vendor's over the shipped; and two of one layer that tie are
// an error that names both lines. So a site can change one value, and a shipped
// quirk of one firmware is not silenced by a site's wildcard. Every value in
// force keeps its origin, which Explain tells.
//
// Load is safe with files from anybody: sizes are limited, unknown keys are
// errors with line and column, and nothing is executed.
package profile

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Kind says what a device is for.
type Kind string

// The kinds of device that have profiles.
const (
	KindScale   Kind = "scale"
	KindPrinter Kind = "printer"
	KindScanner Kind = "scanner"
)

// kinds are all of them, as files write them.
var kinds = []string{string(KindScale), string(KindPrinter), string(KindScanner)}

// A Device is what is known of one machine. Firmware may be empty; sections for
// a range of firmware then do not apply.
type Device struct {
	Kind     Kind
	Vendor   string // "toledo"
	Model    string // "8142"
	Firmware string // as the device tells it: "V6.29 EZ"
}

// ParseDevice reads "vendor/model" or "vendor/model@firmware".
func ParseDevice(kind Kind, s string) (Device, error) {
	name, firmware, _ := strings.Cut(s, "@")
	vendor, model, ok := strings.Cut(name, "/")
	if !ok || vendor == "" || model == "" || strings.Contains(model, "/") {
		return Device{}, fmt.Errorf("device %q is not of the form vendor/model or vendor/model@firmware", s)
	}
	return Device{kind, vendor, model, firmware}, nil
}

// String is what ParseDevice reads.
func (d Device) String() string {
	s := d.Vendor + "/" + d.Model
	if d.Firmware != "" {
		s += "@" + d.Firmware
	}
	return s
}

// A Profile is everything in force for one device. Of Scale, Printer and Scanner
// only the one of its kind is set.
type Profile struct {
	Device     Device     `toml:"-"`
	Source     string     `toml:"source"`     // where the knowledge comes from: a manual and its page
	Confidence Confidence `toml:"confidence"` // how far to trust it
	Line       Line       `toml:"line"`
	Identity   Identity   `toml:"identity"`
	Scale      Scale      `toml:"scale"`
	Printer    Printer    `toml:"printer"`
	Scanner    Scanner    `toml:"scanner"`
	Examples   []Example  `toml:"example"`

	// Quirk names an oddity of the device that its section's values stand for. A
	// section of a higher layer that sets one of these values again must name the
	// quirk in Overrides, so that nobody silences it unawares.
	Quirk     string   `toml:"quirk"`
	Overrides []string `toml:"overrides"`

	// Elsewhere names profiles ("vendor/model", patterns too) that read the same
	// bytes as another weight: nobody may choose between them by what they read.
	Elsewhere []string `toml:"elsewhere"`

	origins map[string]Origin
	values  map[string]any
}

// Line is how a tty is set; devices on the network do not use it.
type Line struct {
	Baud     int    `toml:"baud"`
	DataBits int    `toml:"data_bits"`
	Parity   string `toml:"parity"`
	StopBits int    `toml:"stop_bits"`
	Flow     string `toml:"flow"`
	// Candidates are the settings that such devices are met with in the field,
	// "4800 7E1", the likeliest first. Identify tries them.
	Candidates []string `toml:"candidates"`
}

// With gives the line with one of its candidates in place of its settings.
func (l Line) With(candidate string) (Line, error) {
	var bits byte
	var parity string
	n, err := fmt.Sscanf(candidate, "%d %c%1s%d", &l.Baud, &bits, &parity, &l.StopBits)
	l.DataBits = int(bits) - '0'
	l.Parity = map[string]string{"N": "none", "E": "even", "O": "odd"}[parity]
	if err != nil || n != 4 || l.DataBits != 7 && l.DataBits != 8 || l.Parity == "" || l.StopBits != 1 && l.StopBits != 2 || l.Baud < 300 || l.Baud > 921600 {
		return l, fmt.Errorf("%q is not a line setting such as \"9600 8N1\"", candidate)
	}
	return l, nil
}

// Identity is how the device is asked who it is, once a connection. Model and
// Firmware are regular expressions with one group each, held against the answer; a
// scale is asked line by line.
type Identity struct {
	Ask      Hex    `toml:"ask"`
	Model    string `toml:"model"`
	Firmware string `toml:"firmware"`
}

// Reader gives what reads the answer: ok once all that the profile looks for has
// come. It fails only for expressions that Load refuses.
func (i Identity) Reader() (func(b []byte) (model, firmware string, ok bool), error) {
	re, err := regexp.Compile(i.Model)
	if err != nil {
		return nil, err
	}
	of, err := regexp.Compile(i.Firmware)
	if err != nil {
		return nil, err
	}
	find := func(re *regexp.Regexp, b []byte) (text string, ok bool) {
		if re.NumSubexp() == 0 { // the profile does not look for it
			return "", true
		}
		m := re.FindSubmatch(b)
		if m == nil || len(m[1]) == 0 || len(m[1]) > 64 || bytes.ContainsFunc(m[1], func(r rune) bool { return r < ' ' || r > '~' }) {
			return "", false
		}
		return string(m[1]), true
	}
	return func(b []byte) (model, firmware string, ok bool) {
		model, one := find(re, b)
		firmware, two := find(of, b)
		return model, firmware, one && two
	}, nil
}

// Scale is what a scale's driver must know.
type Scale struct {
	Protocol string   `toml:"protocol"` // which decoder: "toledo-continuous", "yaohua-xk3190"
	Dialect  string   `toml:"dialect"`  // which variant of it
	Checksum string   `toml:"checksum"` // "required" or "none"
	Unit     Unit     `toml:"unit"`     // what the scale shows; a frame that says another is refused
	Decimals *int     `toml:"decimals"` // what a frame must have; nil lets the frame decide
	Capacity int64    `toml:"capacity_g"`
	Poll     Poll     `toml:"poll"`
	Settle   Settle   `toml:"settle"`
	Zero     Zero     `toml:"zero"`
	Silence  Duration `toml:"silence"` // without a byte for so long there is no signal
	Gap      Duration `toml:"gap"`     // a pause inside a frame for so long ends the frame
	Once     bool     `toml:"once"`    // it says each load once, at rest, and is silent otherwise, at zero too
	Frame    Frame    `toml:"frame"`   // of the protocol "custom"
	Commands Commands `toml:"commands"`
	// Tare says what to make of a weight whose frame does not say whether it is gross
	// or net: "locked" where nobody can tare the scale, because it has no such key or
	// the key is locked; "unknown" where somebody may have. A scale with a Poll.Tare is
	// asked, and Tare does not matter.
	Tare string `toml:"tare"`
}

// Commands are what acts on the scale. No driver sends them by itself: a person of
// the role that By names has them sent, with nothing on the pan.
type Commands struct {
	Zero Command `toml:"zero"`
	Tare Command `toml:"tare"`
}

// A Command is bytes that act on a scale, and the role of who may have them sent:
// "nobody" (the default), "lead" or "packer".
type Command struct {
	Send Hex    `toml:"send"`
	By   string `toml:"by"`
}

// A Frame is the layout of a stream that no protocol here knows: what a
// user-defined scale is in the programs of the trade. Places count from 0, the
// first byte of Start.
type Frame struct {
	Start    Hex    `toml:"start"`
	End      Hex    `toml:"end"`
	Length   int    `toml:"length"` // of the whole frame, Start, End and check included
	At       int    `toml:"at"`     // of the value
	Size     int    `toml:"size"`   // of the value
	Coding   string `toml:"coding"` // "ascii", "bcd", "hex" (a binary number, high byte first)
	Reversed bool   `toml:"reversed"`
	Decimals int    `toml:"decimals"` // where the value has no point of its own
	Sign     Mark   `toml:"sign"`     // says that the value is negative
	Still    Mark   `toml:"still"`    // says that the load is at rest
	Over     Mark   `toml:"over"`     // says that there is too much or too little on the pan
	Net      Mark   `toml:"net"`
	Check    Check  `toml:"check"`
}

// A Mark is bits of one byte: it is set if the byte and Mask is Want. Without a
// mask there is no such mark.
type Mark struct {
	At   int `toml:"at"`
	Mask int `toml:"mask"`
	Want int `toml:"want"`
}

// A Check is the rule of a frame's check byte or bytes: "xor" and "sum" are one
// byte over the bytes From up to, not including, To; "xor-hex" and "sum-hex" the
// same as two hexadecimal characters; "sum7" makes the low seven bits of the sum,
// itself included, zero.
type Check struct {
	Rule string `toml:"rule"`
	From int    `toml:"from"`
	To   int    `toml:"to"`
	At   int    `toml:"at"`
}

// Scanner is what a bar code scanner on a line sends around a code.
type Scanner struct {
	Prefix Hex      `toml:"prefix"`
	Suffix Hex      `toml:"suffix"` // empty: a pause ends the code
	AIM    bool     `toml:"aim"`    // it sends the AIM symbology identifier before the code
	Guard  Duration `toml:"guard"`  // the same code again within it counts once
	Gap    Duration `toml:"gap"`    // a pause for so long ends a code, or drops half of one
}

// Poll is how a scale that speaks only when asked is asked. It may hold
// questions only: a driver refuses commands that zero or tare.
type Poll struct {
	Send  Hex      `toml:"send"`  // empty for a scale that sends by itself
	Then  Hex      `toml:"then"`  // sent once the scale has acknowledged Send
	Every Duration `toml:"every"` // from question to question
	Tare  Hex      `toml:"tare"`  // asks what the scale takes off; sent once a load, in place of Send
	// Wanted asks only while somebody waits for a weight: of a scale that beeps at
	// every question.
	Wanted bool `toml:"wanted"`
}

// Settle says when a reading is stable: Frames readings in a row that differ by
// no more than Within, spread over at least Over, and none of them marked as
// moving if the protocol has such a mark.
type Settle struct {
	Flag   bool     `toml:"flag"` // the protocol tells stable from moving
	Frames int      `toml:"frames"`
	Over   Duration `toml:"over"`
	Within int64    `toml:"within_g"`
}

// Zero says when the pan is empty: Frames readings in a row of no more than
// Within either side of zero.
type Zero struct {
	Within int64 `toml:"within_g"`
	Frames int   `toml:"frames"`
}

// Printer is what a printer's driver, and the renderer of its labels, must know.
type Printer struct {
	Language  string   `toml:"language"` // "tspl", "zpl", "cpcl", "escpos", "epl2"
	Charset   string   `toml:"charset"`  // of its built-in fonts: "GB18030"
	DotsPerMM int      `toml:"dots_per_mm"`
	Status    string   `toml:"status"` // which question it answers: "esc-question", "zpl-hs", "none"
	Proof     Proof    `toml:"proof"`  // the most it can show of a printed label
	Answer    Duration `toml:"answer"` // it answers within
	Poll      Duration `toml:"poll"`   // time between questions while it prints
	Watch     Duration `toml:"watch"`  // time between questions while nothing is to do
	Begin     Duration `toml:"begin"`  // it begins to print within, once it has the job
	Finish    Duration `toml:"finish"` // a label is out within
	Stall     Duration `toml:"stall"`  // without taking a byte for so long it is stuck
	Reset     Hex      `toml:"reset"`  // makes it forget a half-sent job; empty if only power does
	Buffer    int      `toml:"buffer"` // bytes it takes before it prints; 0 is not known
	Raster    bool     `toml:"raster"` // the whole label goes as one picture: a font that is missing, or wrong
	// AsDots names what is drawn as dots because the printer's own is wrong or missing:
	// "qr", and of ESC/POS "bars" and "lines" too. FromTop is an ESC/POS printer that
	// takes a place on the page as that of the upper edge.
	AsDots  []string `toml:"as_dots"`
	FromTop bool     `toml:"from_top"`
	Forms   string   `toml:"forms"`  // where it keeps what is the same on every label: "ram", "flash", or "none"; ZPL only
	Packed  bool     `toml:"packed"` // pictures go as :Z64:, which firmware from before 2005 does not read; ZPL only
}

// An Example is something the device said, and what it means. A profile without
// examples is not done: they are its tests.
type Example struct {
	Hex    Hex      `toml:"hex"`
	Expect string   `toml:"expect"` // "weight", "status", "scan", "reject", "incomplete"
	Grams  *int64   `toml:"grams"`  // of a weight
	Stable *bool    `toml:"stable"` // of a weight, where the protocol says
	Flags  []string `toml:"flags"`  // "motion", "overload", "paper-out"
	Source string   `toml:"source"` // who saw it, or "computed"
}

// A Unit is what a scale counts in.
type Unit string

// The units of parcel scales. Jin (斤) is half a kilogram.
const (
	Kilogram Unit = "kg"
	Gram     Unit = "g"
	Pound    Unit = "lb"
	Ounce    Unit = "oz"
	Jin      Unit = "jin"
)

// A Proof is how much is known of a label that was sent, in rising order: it was
// sent; the printer has it all; its engine came to rest without an error; it
// counted or acknowledged the label; the label was scanned.
type Proof string

// The levels of proof.
const (
	ProofSent     Proof = "sent"
	ProofBuffered Proof = "buffered"
	ProofIdle     Proof = "idle"
	ProofCounted  Proof = "counted"
	ProofScanned  Proof = "scanned"
)

// A Confidence is how well something is known, in falling order: seen on a
// device, read in its manual, read in somebody's working program, guessed.
type Confidence string

// The levels of confidence.
const (
	FieldLog Confidence = "field-log"
	Manual   Confidence = "manual"
	Code     Confidence = "code"
	Guess    Confidence = "guess"
)

// whoMay are the roles that a command may be given to.
var whoMay = []string{"nobody", "lead", "packer"}

// words are the values that a key of a fixed vocabulary may have. They are
// checked here because the TOML package does not ask a type whose kind is string.
var words = map[string][]string{
	"kind":                   kinds,
	"scale.commands.zero.by": whoMay, "scale.commands.tare.by": whoMay,
	"scale.frame.coding":     {"ascii", "bcd", "hex"},
	"scale.frame.check.rule": {"none", "xor", "sum", "xor-hex", "sum-hex", "sum7"},
	"confidence":             {string(FieldLog), string(Manual), string(Code), string(Guess)},
	"line.parity":            {"none", "even", "odd"},
	"line.flow":              {"none", "xonxoff", "rtscts"},
	"scale.checksum":         {"required", "none"},
	"scale.tare":             {"unknown", "locked"},
	"scale.unit":             {string(Kilogram), string(Gram), string(Pound), string(Ounce), string(Jin)},
	"printer.language":       {"tspl", "zpl", "cpcl", "escpos", "epl2"},
	"printer.forms":          {"none", "ram", "flash"},
	"printer.proof":          {string(ProofSent), string(ProofBuffered), string(ProofIdle), string(ProofCounted), string(ProofScanned)},
}

// A Duration is written "250ms", "1.5s".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration does, of 0 to an hour.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 || v > time.Hour {
		return fmt.Errorf(`%q is not a time such as "250ms" or "2s"`, b)
	}
	*d = Duration(v)
	return nil
}

// Hex is bytes written in hexadecimal, with or without blanks: "1b 21 3f".
type Hex []byte

// UnmarshalText reads at most 4096 bytes.
func (h *Hex) UnmarshalText(b []byte) error {
	text := strings.ReplaceAll(string(b), " ", "")
	if len(text) > 2*4096 {
		return fmt.Errorf("%d hexadecimal digits are too many: at most %d", len(text), 2*4096)
	}
	out, err := hex.DecodeString(text)
	if err != nil {
		return fmt.Errorf(`%q is not hexadecimal bytes such as "02 2b 30"`, abbreviate(string(b)))
	}
	*h = out
	return nil
}

func abbreviate(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
