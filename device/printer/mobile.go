package printer

import (
	"bytes"
	"fmt"
)

// cpclTroubles are the bits of the answer to ESC h (Zebra CPCL manual p. 11-3).
// Bit 4, "was reset", is a note: before a job it says nothing, after one that
// the job is lost.
var cpclTroubles = []bitReason{{0x04, HeadOpen}, {0x02, PaperOut}}

const wasReset = "was-reset"

// readCPCL reads one byte. It comes only when the printer has finished what it
// was sent before.
func readCPCL(b []byte) (Status, bool) {
	if len(b) == 0 || b[0]&0xE0 != 0 {
		return Status{}, false
	}
	return Status{
		Printing: b[0]&0x01 != 0, Troubles: troublesOf(uint32(b[0]), cpclTroubles),
		Notes: notesOf(uint32(b[0]), []bitNote{{0x08, "battery-low"}, {0x10, wasReset}}),
	}, true
}

// ESC/POS's four status bytes (Epson TM-U220 manual p. 54): bits 1 and 4 are 1,
// bits 0 and 7 are 0.
var (
	dleTroubles = [4][]bitReason{
		{},
		{{0x04, CoverOpen}, {0x20, PaperOut}},
		{{0x08, CutterJam}, {0x20, HeadFault}, {0x04, Jam}, {0x40, Hot}},
		{{0x60, PaperOut}},
	}
	dleNotes = [4][]bitNote{
		{{0x20, "waiting-for-recovery"}, {0x40, "feeding"}},
		{{0x08, "feeding"}},
		{},
		{{0x0C, "paper-near-end"}},
	}
)

// readDLE reads the answers to DLE EOT 1, 2, 3 and 4 in this order. Blocks that
// begin with 37h and end with NUL are other news and skipped.
func readDLE(b []byte) (Status, bool) {
	var s Status
	n := 0
	for i := 0; i < len(b) && n < 4; i++ {
		switch c := b[i]; {
		case c == 0x37:
			end := bytes.IndexByte(b[i:], 0)
			if end < 0 {
				return Status{}, false
			}
			i += end
		case c&0x93 == 0x12:
			for _, r := range troublesOf(uint32(c), dleTroubles[n]) {
				s.Troubles = appendNew(s.Troubles, r)
			}
			s.Notes = append(s.Notes, notesOf(uint32(c), dleNotes[n])...)
			if n == 0 && c&0x08 != 0 {
				s.Notes = append(s.Notes, "offline")
			}
			if n == 1 && c&0x40 != 0 {
				s.Notes = append(s.Notes, "error")
			}
			n++
		}
	}
	if n < 4 {
		return Status{}, false
	}
	if len(s.Troubles) == 0 {
		for _, note := range s.Notes {
			switch note {
			case "error":
				s.Troubles = []Reason{Failure}
			case "offline":
				s.Troubles = []Reason{Offline}
			}
		}
	}
	return s, true
}

func appendNew(rs []Reason, r Reason) []Reason {
	for _, have := range rs {
		if have == r {
			return rs
		}
	}
	return append(rs, r)
}

// escposReceipt is GS ( H, function 48: a process id that is sent back when what
// stands before it has been printed.
var escposReceipt = receipt{
	before: func(string) []byte { return nil },
	after:  func(id string) []byte { return fmt.Appendf(nil, "\x1d(H\x06\x0000%s", id) },
	found: func(heard []byte, id string) (bool, Reason) {
		return bytes.Contains(heard, []byte("\x37\x22"+id+"\x00")), ""
	},
}
