package scale

import (
	"encoding/json"
	"math/big"
	"slices"
	"sort"
	"strings"

	"floord/device"
)

// A reading is one way to understand bytes.
type reading struct {
	protocol, dialect string
	checksum          bool
}

// recorded is how records name protocols and dialects that have another name
// here, or several: a record may not know more than that.
var recorded = map[string]map[string][]reading{
	"toledo-continuous": {
		"mt-standard":    {{"toledo-continuous", "standard", true}},
		"mt-no-checksum": {{"toledo-continuous", "standard", false}},
		"liden-luw2001":  {{"toledo-continuous", "liden", true}},
		"cardinal-short": {{"toledo-continuous", "short", false}},
	},
	"toledo-8217": {
		"weight-only": {{"toledo-8217", "standard", false}},
		"ecr-nci":     {{"nci", "scp-01", false}},
	},
	"yaohua-xk3190": {
		"tf0-continuous": {{"yaohua-xk3190", "tf0", true}},
		"tf2-reversed":   {{"yaohua-xk3190", "reversed", false}},
		"eq-forward":     {{"yaohua-xk3190", "forward", false}},
		"eq-text":        {{"yaohua-xk3190", "text", false}},
		"wg-checksum":    {{"yaohua-xk3190", "a12", true}},
		"ww-text":        {{"yaohua-xk3190", "ww", false}, {"yaohua-xk3190", "ww8", false}},
		"command":        {{"yaohua-xk3190", "command", true}, {"yaohua-xk3190", "command-rs485", true}},
	},
	"and-standard":  {"": {{"st-gs", "and", false}}},
	"st-gs-text":    {"": {{"st-gs", "standard", false}}},
	"ohaus":         {"standard": {{"ohaus", "standard", false}, {"ohaus", "unpadded", false}}},
	"cas":           {"ecr-dc1": {{"cas", "ecr", true}}},
	"sartorius-sbi": {"16char": {{"sartorius-sbi", "16", false}}, "22char": {{"sartorius-sbi", "22", false}}},
	"dibal-epos":    {"": {{"dibal", "98-99", true}}},
	"usb-hid-pos":   {"": {{"usb-hid", "report3", false}}},
}

// readings lists the ways to read a row.
func readings(protocol, dialect string) []reading {
	if all := recorded[protocol][dialect]; all != nil {
		return all
	}
	if _, ok := grammars[protocol][dialect]; ok {
		return []reading{{protocol, dialect, !bare(protocol, dialect)}}
	}
	if all := recorded[protocol][""]; all != nil { // it has but one dialect, whatever that is called
		return all
	}
	var all []reading
	for p, dialects := range grammars {
		for d := range dialects {
			if p == protocol || protocol == "" {
				all = append(all, reading{p, d, !bare(p, d)})
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { // the order of a map must not decide what is said
		return all[i].protocol+" "+all[i].dialect < all[j].protocol+" "+all[j].dialect
	})
	return all
}

// bare tells a dialect whose frames never have a checksum from one where it is
// a choice.
func bare(protocol, dialect string) bool {
	return protocol == "toledo-continuous" && dialect == "short"
}

// Means says what recorded bytes of a scale mean; false if protocol is not one of
// a scale. The empty protocol is any.
//
// There is no profile here, so the unit is what the frame says, or none. Nor is
// anything guessed: bytes whose dialect is empty or not known are read in every
// dialect of their protocol, and where two readings differ they are ambiguous.
func Means(protocol, dialect string, data []byte) (device.Meaning, bool) {
	all := readings(protocol, dialect)
	if len(all) == 0 {
		return device.Meaning{}, false
	}
	home := homeName(protocol)
	if isQuestion(home, dialect, string(data)) || slices.Contains(orders[home], string(data)) {
		return device.Means(device.MeansStatus, "query"), true
	}
	if len(data) == 0 && protocol == "adam" { // no answer is how it says that nothing is new
		return device.Means(device.MeansStatus, "no-change-or-zero"), true
	}
	var best device.Meaning
	for i, r := range all {
		d := r.means(data)
		switch {
		case i == 0 || rank(d) > rank(best):
			best = d
		case rank(d) == rank(best) && rank(d) >= 2 && !same(d, best):
			return device.Means(device.MeansAmbiguous), true
		}
	}
	return best, true
}

// orders are what else a host may have said in a record of both directions. They
// act on the scale, and are never sent from here.
var orders = map[string][]string{
	"toledo-8217":   {"Z", "T", "C", "A", "B", "Ehello", "F"},
	"mt-sics":       {"Z\r\n", "ZI\r\n", "T\r\n", "TI\r\n", "TAC\r\n", "@\r\n", "I1\r\n", "I2\r\n", "I3\r\n", "I4\r\n", "SR\r\n", "SNR\r\n", "I0\r\n", "I5\r\n", "TA\r\n", "TAC\r\n", "SIX1\r\n"},
	"ohaus":         {"Z\r\n", "T\r\n", "0P\r\n"},
	"adam":          {"Z\r\n", "T\r\n"},
	"sartorius-sbi": {"\x1bT\r\n", "\x1bV\r\n", "\x1bU\r\n"},
	"nci":           {"Z\r", "U\r"},
	"elicom":        {"\xcc"},
}

// homeName is what a protocol of one dialect is called here.
func homeName(protocol string) string {
	if all := recorded[protocol][""]; all != nil {
		return all[0].protocol
	}
	return protocol
}

// rank orders outcomes by how much they know.
func rank(d device.Meaning) int {
	switch d.Outcome {
	case device.MeansWeight, device.MeansStatus:
		return 2
	case device.MeansIncomplete:
		return 1
	}
	return 0
}

func same(a, b device.Meaning) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// means reads data in one way.
func (r reading) means(data []byte) device.Meaning {
	g := grammars[r.protocol][r.dialect]
	dec := g.decoder(options{"", r.checksum, -1})
	var sound []device.Meaning
	var spoilt Flag
	for f := range dec.Decode(data) {
		if f.Kind == KindReject {
			spoilt |= f.Flags
			continue
		}
		sound = append(sound, f.means(g))
	}
	switch {
	case len(sound) > 1:
		d := sound[len(sound)-1]
		d.Frames = sound
		return d
	case len(sound) == 1:
		return sound[0]
	case dec.Pending() > 0 && spoilt == 0, len(data) == 0:
		return device.Means(device.MeansIncomplete)
	}
	return device.Means(device.MeansReject, spoilt.Names()...)
}

// means says a sound frame in the words of a record.
func (f Frame) means(g grammar) device.Meaning {
	d := device.Means(device.Outcome(f.Kind), (f.Flags &^ FlagNet).Names()...)
	if f.Motion != Unmarked {
		still := f.Motion == Still
		d.Stable = &still
	}
	if f.Unit == pieces {
		d.Value, d.Unit = f.value(), string(f.Unit)
	}
	if f.Kind != KindWeight {
		return d
	}
	d.Value, d.Unit, d.Grams = f.value(), string(f.Unit), f.exact()
	if f.Digits == 0 {
		d.Flags = append(d.Flags, "zero")
	}
	switch {
	case f.Flags&FlagNet != 0 || g.mode == modeShown:
		d.Mode = "net"
	case f.Gross:
		d.Mode = "gross"
	}
	return d
}

// exact gives the grams with all their decimals; empty without a unit.
func (f Frame) exact() json.Number {
	u, ok := gramsIn(f.Unit)
	if !ok {
		return ""
	}
	r := new(big.Rat).SetFrac64(u.num, u.den)
	r.Mul(r, new(big.Rat).SetInt64(f.Digits))
	ten := big.NewRat(10, 1)
	for n := f.Decimals - u.tens; n > 0; n-- {
		r.Quo(r, ten)
	}
	for n := f.Decimals - u.tens; n < 0; n++ {
		r.Mul(r, ten)
	}
	text := r.FloatString(18) // ounces have nine decimals, a value at most seven
	return json.Number(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}
