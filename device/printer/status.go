package printer

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"time"

	"floord/device"
	"floord/device/profile"
)

// A Reason says in one stable word why a label did not come out, or why nobody
// knows whether it did. Text gives it to a person, with the cure.
type Reason string

// What printers say is wrong.
const (
	PaperOut  Reason = "paper-out"
	HeadOpen  Reason = "head-open"
	CoverOpen Reason = "cover-open"
	RibbonOut Reason = "ribbon-out"
	RibbonJam Reason = "ribbon-jam"
	Jam       Reason = "jam"
	CutterJam Reason = "cutter-jam"
	Memory    Reason = "memory"
	HeadFault Reason = "head-fault"
	Failure   Reason = "printer-error"
	Hot       Reason = "hot"
	Paused    Reason = "paused"
)

// What the driver sees.
const (
	NotConnected Reason = "not-connected"
	Unplugged    Reason = "unplugged"
	NoAnswer     Reason = "no-answer"
	Stalled      Reason = "stalled"
	Busy         Reason = "busy"
	NotStarted   Reason = "not-started"
	HalfJob      Reason = "half-job"
	Cancelled    Reason = "cancelled"
	BadJob       Reason = "bad-job"
)

var reasons = map[Reason]device.Message{
	PaperOut:     {ZH: "打印机缺纸：请装纸", EN: "printer is out of paper: load a roll"},
	HeadOpen:     {ZH: "打印头未合上：请压紧打印头", EN: "print head is open: close it"},
	CoverOpen:    {ZH: "打印机盖未合上：请合上", EN: "printer cover is open: close it"},
	RibbonOut:    {ZH: "碳带用完：请更换碳带", EN: "ribbon has run out: load a new one"},
	RibbonJam:    {ZH: "碳带卡住：请重新安装碳带", EN: "ribbon is jammed: thread it again"},
	Jam:          {ZH: "卡纸：请取出卡住的标签", EN: "paper is jammed: take the stuck label out"},
	CutterJam:    {ZH: "切刀卡住：请清理切刀", EN: "cutter is jammed: clear it"},
	Memory:       {ZH: "打印机内存不足：请关机再开机", EN: "printer is out of memory: switch it off and on"},
	HeadFault:    {ZH: "打印头故障：请报修", EN: "print head is faulty: call for repair"},
	Failure:      {ZH: "打印机报错：请看打印机指示灯", EN: "printer reports an error: look at its lights"},
	Hot:          {ZH: "打印头过热：请等它冷却", EN: "print head is too hot: let it cool"},
	Paused:       {ZH: "打印机已暂停：请按暂停键恢复", EN: "printer is paused: press its pause key"},
	NotConnected: {ZH: "打印机未连接：检查电源和数据线", EN: "printer not connected: check its power and cable"},
	Unplugged:    {ZH: "打印机中途断开：检查数据线", EN: "printer was unplugged meanwhile: check its cable"},
	NoAnswer:     {ZH: "打印机没有应答：检查电源", EN: "printer does not answer: check its power"},
	Stalled:      {ZH: "打印机不再接收数据：检查是否缺纸或报错", EN: "printer takes no more data: look whether it is out of paper or in error"},
	Busy:         {ZH: "打印机还在打印：请稍候再试", EN: "printer is still printing: try again in a moment"},
	NotStarted:   {ZH: "打印机收到数据但没有开始打印：请查看打印机", EN: "printer has the label but did not begin: look at it"},
	HalfJob:      {ZH: "打印机里留有半张面单数据：请关机再开机", EN: "half a label is left in the printer: switch it off and on"},
	Cancelled:    {ZH: "打印被中止", EN: "printing was called off"},
	BadJob:       {ZH: "打印内容为空或过大", EN: "print job is empty or too large"},
}

// Text says the reason and its cure in one sentence; empty for no reason.
func (r Reason) Text(lang string) string { return reasons[r].In(lang) }

// passing tells whether the printer goes on by itself, or at the touch of a key,
// with the label it is on.
func (r Reason) passing() bool { return r == Hot || r == Paused }

// A Status is what a printer was last heard to say.
type Status struct {
	At        time.Time // of the answer, or of the question that got none
	Connected bool
	Answered  bool
	Printing  bool
	Troubles  []Reason // the one to mend first comes first
}

// Ready tells whether a label may be sent.
func (s Status) Ready() bool { return s.Answered && !s.Printing && len(s.Troubles) == 0 }

// Reason says why the printer is not ready; "" if it is.
func (s Status) Reason() Reason {
	switch {
	case !s.Connected:
		return NotConnected
	case !s.Answered:
		return NoAnswer
	case len(s.Troubles) > 0:
		return s.Troubles[0]
	case s.Printing:
		return Busy
	}
	return ""
}

// A question is one way to ask a printer how it is. read looks for the answer in
// what has come so far; ok is false while it is not whole.
type question struct {
	ask  []byte
	read func(b []byte) (s Status, ok bool)
}

// questions is the table of status dialects. "none" asks nothing.
var questions = map[string]question{
	"none":         {},
	"esc-question": {[]byte{0x1B, '!', '?'}, readByte},
	"esc-s":        {[]byte{0x1B, '!', 'S'}, readFrame},
}

func questionNames() string {
	var names []string
	for name := range questions {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// byteTroubles are the bits of the answer to ESC!? (TSC TTP-244 Plus manual p. 85);
// bits 6 and 7 are options of some models.
var byteTroubles = []struct {
	bit    byte
	reason Reason
}{
	{0x01, HeadOpen}, {0x40, CoverOpen}, {0x04, PaperOut}, {0x08, RibbonOut}, {0x02, Jam}, {0x80, Hot}, {0x10, Paused},
}

func readByte(b []byte) (Status, bool) {
	if len(b) == 0 {
		return Status{}, false
	}
	s := Status{Printing: b[0]&0x20 != 0}
	for _, t := range byteTroubles {
		if b[0]&t.bit != 0 {
			s.Troubles = append(s.Troubles, t.reason)
		}
	}
	return s, true
}

// frameTroubles are the bits of bytes 3 and 4 of the answer to ESC!S (the same
// manual, V6.29 and later). Byte 2 warns only (paper low), but for a full buffer.
var frameTroubles = []struct {
	at     int
	bit    byte
	reason Reason
}{
	{4, 0x20, HeadOpen}, {4, 0x01, PaperOut}, {4, 0x04, RibbonOut}, {4, 0x08, RibbonJam}, {4, 0x02, Jam},
	{3, 0x08, CutterJam}, {3, 0x10, Memory}, {3, 0x04, HeadFault}, {3, 0x01, Hot}, {3, 0x02, Hot},
}

// readFrame reads STX b1 b2 b3 b4 ETX CR LF; bytes before STX are skipped.
func readFrame(b []byte) (Status, bool) {
	const size = 8
	for ; len(b) >= size; b = b[1:] {
		if b[0] == 0x02 && bytes.Equal(b[5:size], []byte{0x03, '\r', '\n'}) && allHave(b[1:5], 0x40) {
			return frameStatus(b), true
		}
	}
	return Status{}, false
}

func allHave(b []byte, bit byte) bool {
	for _, c := range b {
		if c&0xC0 != bit {
			return false
		}
	}
	return true
}

func frameStatus(b []byte) Status {
	var s Status
	for _, t := range frameTroubles {
		if b[t.at]&t.bit != 0 {
			s.Troubles = append(s.Troubles, t.reason)
		}
	}
	switch b[1] {
	case '@', 'L': // L: the label is out and waits to be taken
	case '`', 'K':
		s.Troubles = append(s.Troubles, Paused)
	case 'E':
		if len(s.Troubles) == 0 {
			s.Troubles = []Reason{Failure}
		}
	default: // feeding, imaging, printing, cutting
		s.Printing = true
	}
	if b[2]&0x08 != 0 { // its buffer is full
		s.Printing = true
	}
	return s
}

// CheckExample tells how what the profile's status dialect makes of an example
// differs from what the example says. It is the check of profile.Lint for
// printers; flags are "ready", "printing" and the reasons.
func CheckExample(p profile.Profile, ex profile.Example) error {
	q, err := questionOf(p)
	if err != nil {
		return err
	}
	if q.read == nil {
		return fmt.Errorf("is an answer, and the profile's status is %q", p.Printer.Status)
	}
	s, ok := q.read(ex.Hex)
	switch {
	case ex.Expect == "incomplete" && !ok:
		return nil
	case ex.Expect != "status":
		return fmt.Errorf("expect = %q is not status, or incomplete where the answer is", ex.Expect)
	case !ok:
		return fmt.Errorf("is no answer to %s", p.Printer.Status)
	}
	var got []string
	if len(s.Troubles) == 0 && !s.Printing {
		got = append(got, "ready")
	}
	if s.Printing {
		got = append(got, "printing")
	}
	for _, t := range s.Troubles {
		got = append(got, string(t))
	}
	if fmt.Sprint(got) != fmt.Sprint(ex.Flags) {
		return fmt.Errorf("reads as %q instead of %q", got, ex.Flags)
	}
	return nil
}

func questionOf(p profile.Profile) (question, error) {
	q, ok := questions[p.Printer.Status]
	if !ok {
		return question{}, fmt.Errorf("%s: status %q is not one of %s", p.Origin("printer.status"), p.Printer.Status, questionNames())
	}
	return q, nil
}
