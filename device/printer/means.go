package printer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"floord/device"
)

// Means says what recorded bytes of a printer mean; false if protocol is no
// printer's language. A dialect that is not known is looked for among those of
// the language; where two fit, the bytes are ambiguous.
func Means(protocol, dialect string, data []byte) (device.Meaning, bool) {
	dialects, ok := spoken[protocol]
	if !ok {
		return device.Meaning{}, false
	}
	if slices.Contains(asked[protocol], string(data)) || protocol == "escpos" && isProcessRequest(data) {
		return device.Means(device.MeansStatus, "query"), true
	}
	if read, ok := dialects[dialect]; ok {
		return read(data), true
	}
	var best device.Meaning
	found := 0
	for _, name := range sortedKeys(dialects) {
		m := dialects[name](data)
		switch {
		case m.Outcome == device.MeansStatus && found > 0 && fmt.Sprint(m.Flags) != fmt.Sprint(best.Flags):
			return device.Means(device.MeansAmbiguous), true
		case m.Outcome == device.MeansStatus:
			best = m
			found++
		case found == 0 && (best.Outcome == "" || m.Outcome == device.MeansIncomplete):
			best = m
		}
	}
	return best, true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// spoken is each language's dialects, by the names that records give them.
var spoken = map[string]map[string]func([]byte) device.Meaning{
	"tspl": {
		"esc-!-?": oneByte(func(b byte) []string {
			s, _ := readByte([]byte{b})
			return s.Flags()
		}),
		"esc-!-S": tsplFrame,
	},
	"zpl": {
		"~HS":   framed(0x02, 3, readHS),
		"~HQES": framed(0x02, 1, readHQES),
		"~HI":   zplIdentity,
	},
	"epl2": {"US": eplRecord},
	"cpcl": {"ESC h": cpclRecord},
	"escpos": {
		"DLE EOT 1": dleByte(0), "DLE EOT 2": dleByte(1), "DLE EOT 3": dleByte(2), "DLE EOT 4": dleByte(3),
		"GS ( H": escposProcess,
	},
}

// asked are the questions of each language, as a host sends them.
var asked = map[string][]string{
	"tspl":   {"\x1b!?", "\x1b!S", "\x1b!R", "~!T", "~!@", "~!I", "~!F", "~!A"},
	"zpl":    {"~HS", "~HQES", "~HI", "~HQOD", "~HM", "~HD"},
	"epl2":   {"US", "US\r\n", "^ee", "^ee\r\n", "UQ\r\n"},
	"cpcl":   {"\x1bh", "\x1bv", "\x1bi"},
	"escpos": {"\x10\x04\x01", "\x10\x04\x02", "\x10\x04\x03", "\x10\x04\x04", "\x1dr\x01", "\x1dr\x02"},
}

// oneByte is a dialect whose whole answer is one byte.
func oneByte(flags func(byte) []string) func([]byte) device.Meaning {
	return func(b []byte) device.Meaning {
		switch len(b) {
		case 0:
			return silent()
		case 1:
			if f := flags(b[0]); f != nil {
				return device.Means(device.MeansStatus, f...)
			}
		}
		return device.Means(device.MeansReject)
	}
}

// silent is what no answer at all means in a record: a status of its own.
func silent() device.Meaning { return device.Means(device.MeansStatus, "no-answer") }

// tsplFrame says a printing batch and an error as the frame itself says them.
func tsplFrame(b []byte) device.Meaning {
	s, ok := readFrame(b)
	switch {
	case len(b) == 0:
		return silent()
	case !ok && isFrame(b):
		return device.Means(device.MeansIncomplete)
	case !ok:
		return device.Means(device.MeansReject)
	}
	head := b[bytes.IndexByte(b, 0x02)+1]
	var flags []string
	switch head {
	case 'E':
		flags = []string{"error"}
	case '@', '`':
	default:
		if word, ok := engine[head]; ok {
			flags = []string{word}
		}
	}
	for _, f := range s.Flags() {
		if f != "printing" && f != string(Failure) && (f != "ready" || len(flags) == 0) && (f != string(Paused) || head != 'K') {
			flags = append(flags, f)
		}
	}
	return device.Means(device.MeansStatus, flags...)
}

// engine is what a TSPL printer's engine does, by the first byte of the frame.
var engine = map[byte]string{
	'B': "back-feeding", 'C': "cutting", 'F': "feeding", 'I': "imaging", 'K': "wait-key", 'L': "wait-take", 'P': "printing-batch", 'W': "imaging",
}

// framed is a dialect of blocks between a start byte and ETX.
func framed(start byte, blocks int, read func([]byte) (Status, bool)) func([]byte) device.Meaning {
	return func(b []byte) device.Meaning {
		if len(b) == 0 {
			return silent()
		}
		if s, ok := read(b); ok {
			return device.Means(device.MeansStatus, s.Flags()...)
		}
		if b[0] == start && bytes.Count(b, []byte{0x03}) < blocks && printable(b) {
			return device.Means(device.MeansIncomplete)
		}
		return device.Means(device.MeansReject)
	}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c > 0x7E || c < ' ' && c != 0x02 && c != 0x03 && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// zplIdentity reads ~HI: model, firmware, dots per millimetre, memory.
func zplIdentity(b []byte) device.Meaning {
	switch id, ok := readHI(b); {
	case len(b) == 0:
		return silent()
	case ok:
		return device.Means(device.MeansStatus, "identity", "model="+id.Model, "firmware="+id.Firmware)
	case b[0] == 0x02 && !bytes.Contains(b, []byte{0x03}) && printable(b):
		return device.Means(device.MeansIncomplete)
	}
	return device.Means(device.MeansReject)
}

func eplRecord(b []byte) device.Meaning {
	if len(b) == 0 {
		return silent()
	}
	if word := eplMeans(b); word != "" {
		return device.Means(device.MeansStatus, word)
	}
	if s, ok := readEPL(b); ok {
		return device.Means(device.MeansStatus, s.Flags()...)
	}
	if len(b) < 12 && (b[0] == 0x15 || bytes.IndexByte(b, '\n') < 0) && strings.Trim(string(b[1:]), "0123456789PRC,\r") == "" {
		return device.Means(device.MeansIncomplete)
	}
	return device.Means(device.MeansReject)
}

func cpclRecord(b []byte) device.Meaning {
	return oneByte(func(c byte) []string {
		s, ok := readCPCL([]byte{c})
		if !ok {
			return nil
		}
		return s.Flags()
	})(b)
}

// dleFlags are what each of ESC/POS's status bytes says, in its own words: a bit
// of one means another thing in the next.
var dleFlags = [4][]bitNote{
	{{0x08, "offline"}, {0x20, "waiting-for-recovery"}, {0x40, "feeding"}, {0x04, "drawer-pin-high"}},
	{{0x04, "cover-open"}, {0x08, "feeding"}, {0x20, "paper-end-stop"}, {0x40, "error"}},
	{{0x04, "mechanical-error"}, {0x08, "cutter-error"}, {0x20, "unrecoverable-error"}, {0x40, "auto-recoverable-error"}},
	{{0x0C, "paper-near-end"}, {0x60, "paper-end"}},
}

func dleByte(n int) func([]byte) device.Meaning {
	return oneByte(func(c byte) []string {
		if c&0x93 != 0x12 {
			return nil
		}
		flags := notesOf(uint32(c), dleFlags[n])
		if n == 0 && c&0x08 == 0 {
			flags = append([]string{"online"}, flags...)
		}
		if len(flags) == 0 {
			flags = []string{"ready"}
		}
		return flags
	})
}

// isProcessRequest tells GS ( H with function 48 and an id of four characters.
func isProcessRequest(b []byte) bool {
	return len(b) == 11 && bytes.HasPrefix(b, []byte("\x1d(H\x06\x0000")) && allText(b[7:])
}

func allText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// escposProcess reads the answer to it.
func escposProcess(b []byte) device.Meaning {
	const size = 7
	for i, c := range b[:min(len(b), size)] {
		if i == 0 && c != 0x37 || i == 1 && c != 0x22 || i >= 2 && i < 6 && (c < ' ' || c > '~') || i == 6 && c != 0 {
			return device.Means(device.MeansReject)
		}
	}
	switch {
	case len(b) == 0:
		return silent()
	case len(b) < size:
		return device.Means(device.MeansIncomplete)
	case len(b) > size:
		return device.Means(device.MeansReject)
	}
	return device.Means(device.MeansStatus, "printed", "id="+string(b[2:6]))
}
