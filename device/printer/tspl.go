package printer

import "bytes"

// byteTroubles are the bits of the answer to ESC!? (TSC TTP-244 Plus manual p. 85);
// bits 6 and 7 are options of some models.
var byteTroubles = []bitReason{
	{0x01, HeadOpen}, {0x40, CoverOpen}, {0x04, PaperOut}, {0x08, RibbonOut}, {0x02, Jam}, {0x80, Hot}, {0x10, Paused},
}

func readByte(b []byte) (Status, bool) {
	if len(b) == 0 {
		return Status{}, false
	}
	return Status{Printing: b[0]&0x20 != 0, Troubles: troublesOf(uint32(b[0]), byteTroubles)}, true
}

// frameTroubles are the bits of bytes 3 and 4 of the answer to ESC!S (the same
// manual, V6.29 and later), byte 4 being the higher.
var frameTroubles = []bitReason{
	{0x2000, HeadOpen}, {0x0100, PaperOut}, {0x0400, RibbonOut}, {0x0800, RibbonJam}, {0x0200, Jam},
	{0x08, CutterJam}, {0x10, Memory}, {0x04, HeadFault}, {0x01, Hot}, {0x02, Hot},
}

// frameNotes are those of byte 2, which only warns (Brother's FBPL p. 98, and H).
var frameNotes = []bitNote{{0x01, "paper-low"}, {0x02, "ribbon-low"}, {0x08, "buffer-full"}}

// readFrame reads STX b1 b2 b3 b4 ETX CR LF; bytes before STX are skipped.
func readFrame(b []byte) (Status, bool) {
	const size = 8
	for ; len(b) >= size; b = b[1:] {
		if isFrame(b) {
			return frameStatus(b), true
		}
	}
	return Status{}, false
}

// isFrame tells whether b begins like such a frame, as far as it goes.
func isFrame(b []byte) bool {
	for i, c := range b[:min(len(b), 8)] {
		switch {
		case i == 0 && c != 0x02, i >= 1 && i <= 4 && c&0x80 != 0, i >= 1 && i <= 4 && c&0x40 == 0:
			return false
		}
	}
	return len(b) <= 5 || bytes.HasPrefix([]byte("\x03\r\n"), b[5:min(len(b), 8)])
}

func frameStatus(b []byte) Status {
	s := Status{
		Troubles: troublesOf(uint32(b[3]&0x3F)|uint32(b[4]&0x3F)<<8, frameTroubles),
		Notes:    notesOf(uint32(b[2]&0x3F), frameNotes),
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
