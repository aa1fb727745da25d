package printer

import (
	"bytes"
	"strings"
)

// eplCodes are the error numbers of EPL2 (Zebra's EPL programming guide, ^ee;
// Intermec's ESim reference, Appendix A).
var eplCodes = map[string]Reason{
	"01": BadData, "02": BadData, "03": BadData, "04": Memory, "05": Memory, "08": BadData, "09": BadData, "10": BadData,
	"50": BadData, "51": BadData, "06": Failure,
	"07": PaperOut, "11": HeadOpen, "12": Paused, "62": Hot, "80": Jam, "81": CutterJam, "92": Paused,
}

// readEPL reads any of the ways in which EPL2 printers report:
//
//	01,11 CR LF       the answer to ^ee: all errors; 00 is none
//	$11 CR LF         mode 2 of eR: a character of the user's and one error
//	NAK 07P003 XOFF   mode 0: an error, of which 07 has P for paper or R for
//	                  ribbon and how many labels are left; the end may be another
//	ACK, XON          a command was taken; an error is over
//
// XOFF and XON are words here, so the line must not have IXON on.
func readEPL(b []byte) (Status, bool) {
	for i, c := range b {
		switch {
		case c == 0x15:
			if s, ok := eplNAK(b[i+1:]); ok {
				return s, true
			}
		case c == '\n':
			if s, ok := eplLine(b[:i]); ok {
				return s, true
			}
		}
	}
	return Status{}, false
}

// eplNAK reads what follows NAK, up to a byte that ends it.
func eplNAK(b []byte) (Status, bool) {
	code, n := b[:min(2, len(b))], 2
	reason, known := eplCodes[string(code)]
	if len(b) < 3 || !twoDigits(code) {
		return Status{}, false
	}
	s := Status{}
	if b[n] == 'P' || b[n] == 'R' {
		ribbon := b[n] == 'R'
		n++
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		if n == len(b) || n < 6 {
			return Status{}, false
		}
		if ribbon {
			reason = RibbonOut
		}
		s.Notes = []string{"labels-remaining=" + strings.TrimLeft(string(b[3:n-1]), "0") + string(b[n-1])}
	}
	if !known {
		reason = Failure
	}
	if string(code) != "00" {
		s.Troubles = []Reason{reason}
	}
	return s, true
}

func twoDigits(b []byte) bool {
	return len(b) == 2 && b[0] >= '0' && b[0] <= '9' && b[1] >= '0' && b[1] <= '9'
}

// eplLine reads the last line of b, which has ended.
func eplLine(b []byte) (Status, bool) {
	b = bytes.TrimSuffix(b, []byte("\r"))
	if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
		b = b[i+1:]
	}
	b = bytes.TrimLeft(b, "\x06\x11\x13")
	if len(b) == 3 && !twoDigits(b[:2]) {
		b = b[1:] // the user's own character before the code
	}
	var s Status
	for _, code := range bytes.Split(b, []byte(",")) {
		if !twoDigits(code) {
			return Status{}, false
		}
		if string(code) == "00" {
			continue
		}
		reason, ok := eplCodes[string(code)]
		if !ok {
			reason = Failure
		}
		s.Troubles = append(s.Troubles, reason)
	}
	return s, true
}

// eplReceipt turns the reports on. In that mode every print command is answered:
// by ACK when it is done, by NAK and the error otherwise (Zebra's EPL guide, US).
var eplReceipt = receipt{
	before: func(string) []byte { return []byte("US\r\n") },
	after:  func(string) []byte { return nil },
	found: func(heard []byte, _ string) (bool, Reason) {
		if s, ok := readEPL(heard); ok && bytes.IndexByte(heard, 0x15) >= 0 && len(s.Troubles) > 0 {
			return false, s.Troubles[0]
		}
		return bytes.Count(heard, []byte{0x06}) >= 2, "" // one for US, one for P
	},
}

// eplMeans reads EPL's shorter words, which are no answer to a question.
func eplMeans(b []byte) string {
	switch {
	case len(b) == 1 && b[0] == 0x06:
		return "ack"
	case len(b) == 1 && b[0] == 0x11:
		return "recovered"
	case len(b) == 1 && b[0] == 0x13:
		return "stopped"
	}
	return ""
}
