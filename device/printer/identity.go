package printer

import (
	"bytes"
	"regexp"
	"strings"

	"floord/device/profile"
)

// An Identity is who a printer says it is.
type Identity struct{ Model, Firmware string }

// readHI reads the answer to ZPL's ~HI: STX model,firmware,dots,memory ETX, where
// older ones add more fields.
func readHI(b []byte) (id Identity, ok bool) {
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
	return Identity{f[0], f[1]}, true
}

// isFirmware is a version as printers write it: V84.20.21Z.
var isFirmware = regexp.MustCompile(`^[A-Za-z]{0,4}[0-9]+(\.[0-9A-Za-z]+)+$`)

// newIdentifier gives what reads the answer to a profile's question for identity: ok
// once all that the profile looks for has come.
func newIdentifier(p profile.Identity) (func(b []byte) (id Identity, ok bool), error) {
	model, err := regexp.Compile(p.Model)
	if err != nil {
		return nil, err
	}
	firmware, err := regexp.Compile(p.Firmware)
	if err != nil {
		return nil, err
	}
	find := func(re *regexp.Regexp, b []byte, into *string) bool {
		if re.NumSubexp() == 0 { // the profile does not look for it
			return true
		}
		m := re.FindSubmatch(b)
		if m != nil && len(m[1]) <= 64 && allText(m[1]) {
			*into = string(m[1])
		}
		return *into != ""
	}
	return func(b []byte) (id Identity, ok bool) {
		ok = find(model, b, &id.Model)
		return id, find(firmware, b, &id.Firmware) && ok
	}, nil
}
