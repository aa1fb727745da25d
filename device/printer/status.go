package printer

import (
	"fmt"
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
	Rewinder  Reason = "rewinder-full"
	Offline   Reason = "offline"
	BadData   Reason = "bad-label-data" // it did not understand the label
	Battery   Reason = "battery-low"
	PowerLost Reason = "power-lost" // it was off since the job was sent
)

// What the driver sees.
const (
	NotConnected Reason = "not-connected"
	Unplugged    Reason = "unplugged"
	NoAnswer     Reason = "no-answer"
	Silent       Reason = "silent" // as printers are that answer no question while in error
	NotCounted   Reason = "not-counted"
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
	Rewinder:     {ZH: "回卷器已满：请清空", EN: "rewinder is full: empty it"},
	Offline:      {ZH: "打印机脱机：请看打印机指示灯", EN: "printer is offline: look at its lights"},
	BadData:      {ZH: "打印机看不懂面单数据：检查打印语言设置", EN: "printer does not understand the label: check its language in the settings"},
	Battery:      {ZH: "打印机电量低：请充电", EN: "printer's battery is low: charge it"},
	PowerLost:    {ZH: "打印机中途断过电：请查看面单是否打出", EN: "printer was switched off meanwhile: look whether the label came out"},
	Silent:       {ZH: "打印机没有应答：检查纸、碳带和打印头", EN: "printer is silent: check paper, ribbon and print head"},
	NotCounted:   {ZH: "打印机没有确认打出这张面单：请查看打印机", EN: "printer did not count this label: look at it"},
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
	Notes     []string // what else it says, in its protocol's words: "labels-remaining=3", "paper-near-end"
}

// Ready tells whether a label may be sent.
func (s Status) Ready() bool { return s.Answered && !s.Printing && len(s.Troubles) == 0 }

// Reason says why the printer is not ready; "" if it is.
func (s Status) Reason() Reason {
	switch {
	case !s.Connected:
		return NotConnected
	case !s.Answered && len(s.Troubles) == 0:
		return NoAnswer
	case len(s.Troubles) > 0:
		return s.Troubles[0]
	case s.Printing:
		return Busy
	}
	return ""
}

// Flags says the status in the words of examples and records: "ready" or
// "printing", the reasons, the notes.
func (s Status) Flags() []string {
	flags := []string{}
	if s.Printing {
		flags = append(flags, "printing")
	} else if len(s.Troubles) == 0 {
		flags = append(flags, "ready")
	}
	for _, t := range s.Troubles {
		flags = append(flags, string(t))
	}
	return append(flags, s.Notes...)
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
	got := s.Flags()
	if fmt.Sprint(got) != fmt.Sprint(ex.Flags) {
		return fmt.Errorf("reads as %q instead of %q", got, ex.Flags)
	}
	return nil
}
