package scale

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"floord/device/profile"
)

// grammars is the table of protocols and their dialects.
var grammars = map[string]map[string]grammar{
	"toledo-continuous": {
		"standard": {starts: "\x02", marks: true, parse: toledoStandard.parse, mode: modeMarked},
		"liden":    {starts: "\x02", marks: true, parse: toledoLiden.parse, mode: modeMarked},
		"short":    {starts: "\x02", marks: true, parse: toledoShort.parse, mode: modeMarked},
	},
	"toledo-8217": {
		"standard": {starts: "\x02", marks: true, parse: toledo8217, mode: modeMarked},
	},
	"yaohua-xk3190": {
		"tf0":           {starts: "\x02", parse: yaohuaTF0},
		"reversed":      {starts: "=", parse: yaohuaReversed},
		"forward":       {starts: "=", parse: yaohuaForward},
		"text":          {starts: "=", parse: yaohuaText},
		"a12":           {starts: "W ", parse: yaohuaA12, mode: modeMarked},
		"ww":            {starts: "w", parse: ww(9).parse, mode: modeMarked},
		"ww8":           {starts: "w", parse: ww(8).parse, mode: modeMarked},
		"command":       {starts: "\x02", parse: yaohuaCommand, mode: modeMarked},
		"command-rs485": {starts: "\x02", parse: yaohuaRS485, mode: modeMarked},
	},
	"mt-sics": {
		"standard": {starts: sicsStarts, marks: true, parse: sicsPadded, mode: modeShown},
		"unpadded": {starts: sicsStarts, marks: true, parse: sicsUnpadded, mode: modeShown},
	},
	"st-gs": {
		"standard": {starts: "SUOQ", marks: true, parse: stGS, mode: modeMarked},
		"and":      {starts: "SUOQ", marks: true, parse: andStandard},
	},
	"cas": {
		"22byte": {starts: "SUO", marks: true, parse: cas22, mode: modeMarked},
		"ecr":    {starts: "\x01\x06\x15", marks: true, parse: casECR},
	},
	"ohaus": {
		"standard": {starts: "E +-0123456789", marks: true, parse: ohausPadded, bounds: byLine},
		"unpadded": {starts: "E +-0123456789", marks: true, parse: ohausUnpadded, bounds: byLine},
	},
	"adam": {
		"azextra": {starts: " +-0123456789", marks: true, parse: adamAZExtra, bounds: byLine},
		"cpwplus": {starts: "GNT", parse: adamCPWplus, mode: modeMarked},
	},
	"sartorius-sbi": {
		"16": {starts: "+- ", marks: true, parse: sbi16, bounds: byLine},
		"22": {starts: sbiStarts, marks: true, parse: sbi22, mode: modeMarked},
	},
	"nci": {
		"scp-01": {starts: "\n", marks: true, parse: nci},
	},
	"dibal": {
		"98-99": {starts: "9", marks: true, parse: dibal},
	},
	"elicom": {
		"bcd": {starts: elicomStarts, marks: true, parse: elicom, bounds: byPause},
	},
	"usb-hid": {
		"report3": {starts: "\x03", marks: true, parse: hidReport, bounds: byPause},
	},
}

// questions are the bytes that make a scale say its weight and change nothing on
// it. Only they may be polled with: no profile, shipped or a site's, can make the
// host zero or tare a scale, as the neighbours of these commands would.
var questions = map[string][]string{
	"toledo-8217":   {"W"},
	"mt-sics":       {"S\r\n", "SI\r\n", "SIR\r\n"},
	"st-gs":         {"Q\r\n", "S\r\n", "SI\r\n", "SIR\r\n", "R\r\n", "READ\r\n"},
	"cas":           {"\x05", "\x11"},
	"ohaus":         {"IP\r\n", "P\r\n", "SP\r\n", "CP\r\n"},
	"adam":          {"P\r\n", "G\r\n", "N\r\n"},
	"sartorius-sbi": {"\x1bP\r\n", "\x1bP"},
	"nci":           {"W\r", "H\r", "S\r"},
	"dibal":         {"98000001\r\n"},
	"elicom":        {"\xaa"},
}

// tareQuestions are those that make a scale say its tare.
var tareQuestions = map[string]string{"mt-sics": "TA\r\n"}

// identityQuestions are those that make a scale say who it is.
var identityQuestions = map[string][]string{"mt-sics": {"I1\r\n", "I2\r\n", "I3\r\n", "I4\r\n", "I5\r\n"}}

// mayAsk checks that what the profile asks with is questions.
func (g grammar) mayAsk(p profile.Profile) error {
	for ask := range bytes.Lines(p.Identity.Ask) {
		if !slices.Contains(identityQuestions[p.Scale.Protocol], string(ask)) {
			return fmt.Errorf("%s: identity.ask = % x does not ask a %s scale who it is, or does more than that",
				p.Origin("identity.ask"), p.Identity.Ask, p.Scale.Protocol)
		}
	}
	if ask := p.Scale.Poll.Tare; len(ask) > 0 && string(ask) != tareQuestions[p.Scale.Protocol] {
		return fmt.Errorf("%s: poll.tare = % x does not ask a %s scale for its tare, or does more than that",
			p.Origin("scale.poll.tare"), ask, p.Scale.Protocol)
	}
	for key, ask := range map[string]string{"send": string(p.Scale.Poll.Send), "then": string(p.Scale.Poll.Then)} {
		if ask != "" && !isQuestion(p.Scale.Protocol, p.Scale.Dialect, ask) {
			return fmt.Errorf("%s: poll.%s = % x does not ask a %s scale for its weight, or does more than that",
				p.Origin("scale.poll."+key), key, ask, p.Scale.Protocol)
		}
	}
	return nil
}

func isQuestion(protocol, dialect, ask string) bool {
	if strings.HasPrefix(dialect, "command") { // its address is the site's: STX, A..Z, B for gross, XOR, ETX
		return len(ask) == 6 && ask[0] == stx && ask[1] >= 'A' && ask[1] <= 'Z' && ask[2] == 'B' && xorText(ask[1:3], ask[3:5]) && ask[5] == etx
	}
	for _, q := range questions[protocol] {
		if ask == q {
			return true
		}
	}
	return false
}
