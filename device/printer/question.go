package printer

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"floord/device/profile"
)

// A question is one way to ask a printer how it is. read looks for the answer in
// what has come so far; ok is false while it is not whole.
type question struct {
	ask  []byte
	read func(b []byte) (s Status, ok bool)

	// tells whether it says that a label is on its way.
	tells bool
	// silence is what it means that nothing comes.
	silence silence
	// why is asked where silence is an error, and may tell which.
	why *question

	// receipt asks the printer to say when a job has come out: what goes before
	// and after the job, and how its word is found in what came since. Nil: it
	// has no such word.
	receipt *receipt
	// keeps asks whether the printer has a form and notes its answer. Nil: it
	// cannot be asked.
	keeps func(form string, kept *bool) question
	// counter reads a number that grows with every label. Nil: it has none.
	counter *counter
}

// A silence is what no answer means.
type silence int

const (
	isDead  silence = iota // it is off, or unplugged inside
	isError                // it answers nothing while it is in error
	isBusy                 // it answers only when it has finished what it was sent
)

// A receipt is a printer's own word that a job is out.
type receipt struct {
	before func(id string) []byte
	after  func(id string) []byte
	found  func(heard []byte, id string) (done bool, trouble Reason)
}

// A counter is a number of the printer that grows with every label.
type counter struct {
	ask  []byte
	read func(b []byte) (n int, ok bool)
}

// questions is the table of status dialects. "none" asks nothing.
var questions = map[string]question{
	"none":         {},
	"esc-question": {ask: []byte("\x1b!?"), read: readByte, tells: true},
	"esc-s":        {ask: []byte("\x1b!S"), read: readFrame, tells: true},
	"zpl-hs":       {ask: []byte("~HS"), read: readHS, tells: true, silence: isError, why: &zplWhy, counter: &zplOdometer, keeps: zplKeeps},
	"zpl-hqes":     {ask: []byte("~HQES"), read: readHQES, silence: isError, counter: &zplOdometer, keeps: zplKeeps},
	"epl-ee":       {ask: []byte("\r\n^ee\r\n"), read: readEPL, receipt: &eplReceipt},
	"cpcl-h":       {ask: []byte("\x1bh"), read: readCPCL, tells: true, silence: isBusy},
	"escpos-dle":   {ask: []byte("\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"), read: readDLE, receipt: &escposReceipt},
}

func questionNames() string {
	var names []string
	for name := range questions {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// questionOf gives the profile's status dialect, without what its proof needs not.
func questionOf(p profile.Profile) (question, error) {
	spec := p.Printer
	q, ok := questions[spec.Status]
	switch {
	case !ok:
		return question{}, fmt.Errorf("%s: status %q is not one of %s", p.Origin("printer.status"), spec.Status, questionNames())
	case q.ask == nil && spec.Proof != profile.ProofSent:
		return question{}, fmt.Errorf("%s: proof %q cannot be had from a printer that answers nothing: write proof = \"sent\"", p.Origin("printer.proof"), spec.Proof)
	case spec.Proof == profile.ProofScanned:
		return question{}, fmt.Errorf("%s: proof \"scanned\" is a person's to give, not a printer's: write what the printer itself can show", p.Origin("printer.proof"))
	case spec.Proof == profile.ProofIdle && !q.tells:
		return question{}, fmt.Errorf("%s: proof \"idle\" cannot be had by status %q, which does not tell a label on its way: write \"buffered\", or \"counted\" where it can", p.Origin("printer.proof"), spec.Status)
	case spec.Proof == profile.ProofCounted && q.receipt == nil && q.counter == nil:
		return question{}, fmt.Errorf("%s: proof \"counted\" cannot be had by status %q: no printer of it counts or confirms labels", p.Origin("printer.proof"), spec.Status)
	}
	if spec.Proof != profile.ProofCounted {
		q.receipt, q.counter = nil, nil
	}
	return q, nil
}

// fillers are bytes that do nothing outside a bitmap's payload, by language:
// what a cut job is filled up with. Empty lines would feed the paper of a receipt
// printer.
var fillers = map[string]string{"escpos": "\x00\x00"}

func filler(language string) string {
	if f, ok := fillers[language]; ok {
		return f
	}
	return "\r\n"
}

// troublesOf lists the reasons whose bits are set, in the order of the table.
func troublesOf(bits uint32, table []bitReason) (rs []Reason) {
	for _, t := range table {
		if bits&t.bit != 0 && !slices.Contains(rs, t.reason) {
			rs = append(rs, t.reason)
		}
	}
	return rs
}

// notesOf lists the notes whose bits are set.
func notesOf(bits uint32, table []bitNote) (notes []string) {
	for _, t := range table {
		if bits&t.bit != 0 {
			notes = append(notes, t.note)
		}
	}
	return notes
}

type bitReason struct {
	bit    uint32
	reason Reason
}

type bitNote struct {
	bit  uint32
	note string
}
