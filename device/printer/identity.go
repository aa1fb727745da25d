package printer

import (
	"bytes"
	"regexp"
	"strings"

	"floord/device"
)

// readHI reads the answer to ZPL's ~HI: STX model,firmware,dots,memory ETX, where
// older ones add more fields.
func readHI(b []byte) (id device.Identity, ok bool) {
	i := bytes.IndexByte(b, 0x02)
	if i < 0 {
		return id, false
	}
	j := bytes.IndexByte(b[i:], 0x03)
	if j < 0 {
		return id, false
	}
	f := strings.Split(string(b[i+1:i+j]), ",")
	if len(f) < 4 || len(f) > 8 || f[0] == "" || !isFirmware.MatchString(f[1]) || !allText([]byte(strings.Join(f, ""))) {
		return id, false
	}
	return device.Identity{Model: f[0], Firmware: f[1]}, true
}

// isFirmware is a version as printers write it: V84.20.21Z.
var isFirmware = regexp.MustCompile(`^[A-Za-z]{0,4}[0-9]+(\.[0-9A-Za-z]+)+$`)
