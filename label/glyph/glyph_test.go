package glyph_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"floord/label/glyph"
)

func TestCharset(t *testing.T) {
	for _, tt := range []struct {
		r                    rune
		gb2312, gbk, gb18030 string // bytes; "" is none
	}{
		{'A', "A", "A", "A"},
		{'啊', "\xb0\xa1", "\xb0\xa1", "\xb0\xa1"},
		{'龘', "", "\xfd\x93", "\xfd\x93"},
		{'䶮', "", "", "\xfe\x9f"},         // GBK fonts disagree on it
		{'㙍', "", "", "\x82\x30\xab\x33"}, // Ext A
		{'龻', "", "", "\x82\x35\x91\x34"}, // U+9FBB
		{'鿕', "", "", ""},                 // U+9FD5, Unicode 8
		{'𠅤', "", "", ""},                 // no printer has Ext B
		{'〇', "", "\xa9\x96", "\xa9\x96"},
		{'·', "\xa1\xa4", "\xa1\xa4", "\xa1\xa4"},
		{'€', "", "", "\xa2\xe3"},
		{'Ж', "\xa7\xa8", "\xa7\xa8", "\xa7\xa8"},
		{'\n', "", "", ""}, {0x7F, "", "", ""}, {0xFFFD, "", "", ""}, {0xE863, "", "", ""},
	} {
		for cs, want := range map[glyph.Charset]string{glyph.GB2312: tt.gb2312, glyph.GBK: tt.gbk, glyph.GB18030: tt.gb18030} {
			got, ok := cs.Append(nil, tt.r)
			if string(got) != want || ok != (want != "") {
				t.Errorf("charset %d, %U: %x, %v; want %x", cs, tt.r, got, ok, want)
			}
		}
	}
}

func TestCharsetSizes(t *testing.T) {
	count := func(cs glyph.Charset, from, to rune) (n int) {
		for r := from; r <= to; r++ {
			if cs.Has(r) {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		cs       glyph.Charset
		from, to rune
		want     int
	}{
		{glyph.GB2312, 0x4E00, 0x9FFF, 6763},
		{glyph.GBK, 0x4E00, 0x9FFF, 20902},
		{glyph.GB18030, 0x4E00, 0x9FFF, 20902 + 22},
		{glyph.GB18030, 0x3400, 0x4DB5, 6582},
		{glyph.GBK, 0x3400, 0x4DB5, 0},
		{glyph.ASCII, 0, 0x2FFFF, 95},
	} {
		if got := count(tt.cs, tt.from, tt.to); got != tt.want {
			t.Errorf("charset %d has %d of %U-%U; want %d", tt.cs, got, tt.from, tt.to, tt.want)
		}
	}
}

func TestNormalise(t *testing.T) {
	for _, tt := range []struct{ name, in, want, notes string }{
		{"plain", "王小明 12号", "王小明 12号", ""},
		{"composes", "e\u0301\u1100\u1161", "é가", ""},
		{"lines and tabs become spaces", "a\r\nb\tc\u2028d\u3000e\u00a0f", "a  b c d\u3000e f", ""},
		{"controls go", "a\x00\x1b!b\x7f\u009b", "a!b", "dropped dropped dropped dropped"},
		{"zero width and bidi go", "王\u200b小\u202e明\ufeff\u2066", "王小明", "dropped dropped dropped dropped"},
		{"variation selectors go", "葛\U000E0100城\uFE00", "葛城", "dropped dropped"},
		{"kangxi radicals", "⼀⼤", "一大", "replaced replaced"},
		{"compatibility forms are the same character", "\uF9D1\U0002F804", "六你", ""},
		{"private use of old GBK", "\uE863\uE81E\uE7C7\uE815", "䶮龴ḿ⺁", "replaced replaced replaced replaced"},
		{"private use of nobody", "\uF123", "\uF123", ""},
		{"quotes that fold to ASCII", "12\u2033\u02BA", "12＂＂", "replaced replaced"},
		{"middots", "阿•卜・都", "阿·卜·都", "replaced replaced"},
		{"signs of money", "£¥", "￡￥", "replaced replaced"},
		{"no UTF-8", "a\xff\xc3", "a\ufffd\ufffd", ""},
		{"an emoji of several is its first", "明😀👨\u200d👩\u200d👧👍🏽🇨🇳❤\ufe0f王", "明😀👨👍🇨❤王", "dropped dropped dropped dropped dropped dropped dropped"},
		{"hanzi are joined by nothing", "王\u200d明", "王明", "dropped"},
		{"marks on nothing", "a\u0302\u0336b", "âb", "dropped"},
	} {
		var steps []string
		got := glyph.Normalise(tt.in, func(n glyph.Note) { steps = append(steps, string(n.Step)) })
		if got != tt.want || strings.Join(steps, " ") != tt.notes {
			t.Errorf("%s: %+q, notes %v; want %+q, %s", tt.name, got, steps, tt.want, tt.notes)
		}
		if again := glyph.Normalise(got, func(glyph.Note) {}); again != got {
			t.Errorf("%s: not settled: %+q becomes %+q", tt.name, got, again)
		}
	}
}

func spell(s glyph.Speller, text string) (string, []glyph.Note) {
	var notes []glyph.Note
	var b strings.Builder
	for _, x := range s.Spell(nil, text, func(n glyph.Note) { notes = append(notes, n) }) {
		if x.Drawn {
			b.WriteString("<" + string(x.Rune) + ">")
		} else {
			b.WriteRune(x.Rune)
		}
	}
	return b.String(), notes
}

func TestSpell(t *testing.T) {
	for _, tt := range []struct {
		charset glyph.Charset
		policy  glyph.Policy
		in      string
		want    string
		step    glyph.Step // of the first note
		printed string
	}{
		{glyph.GBK, glyph.Draw, "张龘", "张龘", "", ""},
		{glyph.GB2312, glyph.Draw, "张龘", "张<龘>", glyph.Drawn, "龘"},
		{glyph.GB2312, glyph.Read, "张龘", "张Dá", glyph.Pinyin, "Dá"},
		{glyph.ASCII, glyph.Read, "龘", "Da", glyph.Pinyin, "Da"},
		{glyph.GB2312, glyph.DrawAndRead, "龘", "<龘>(D<á>)", glyph.Drawn, "龘(Dá)"},
		{glyph.GBK, glyph.Draw, "𠅤", "<𠅤>", glyph.Drawn, "𠅤"},
		{glyph.ASCII, glyph.Read, "单单", "ShanDan", glyph.Pinyin, "Shan"},
		{glyph.GBK, glyph.Draw, "😀", "[U+1F600]", glyph.Code, "[U+1F600]"},
		{glyph.GBK, glyph.Draw, "\U00030EDE", "Bi<á>ng", glyph.Pinyin, "Biáng"},
		{glyph.GBK, glyph.Draw, "José", "Jos<é>", glyph.Drawn, "é"},
		{glyph.ASCII, glyph.Read, "Nguyễn", "Nguyen", glyph.Replaced, "e"},
		{glyph.GBK, glyph.Draw, "a\"b", "a＂b", glyph.Replaced, "＂"},
		{glyph.GBK, glyph.Draw, "\xff", "[U+FFFD]", glyph.Code, "[U+FFFD]"},
	} {
		s := glyph.Speller{Charset: tt.charset, Policy: tt.policy, Replace: func(r rune) rune {
			if r == '"' {
				return '＂'
			}
			return 0
		}}
		got, notes := spell(s, tt.in)
		if len(notes) == 0 {
			notes = []glyph.Note{{}}
		}
		if got != tt.want || notes[0].Step != tt.step || notes[0].Printed != tt.printed {
			t.Errorf("charset %d policy %q: %s is %s, %+v; want %s, %s %s", tt.charset, tt.policy, tt.in, got, notes[0], tt.want, tt.step, tt.printed)
		}
	}
}

// FuzzSpell: whatever comes in, every sign that comes out is one the printer has
// or the pack draws, and nothing that is not printed goes without a note.
func FuzzSpell(f *testing.F) {
	f.Add("王𠅤龘\u202e\"e\u0301 😀\xff", uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, text string, charset, policy uint8) {
		s := glyph.Speller{Charset: glyph.Charset(charset % 4), Policy: []glyph.Policy{glyph.Draw, glyph.Read, glyph.DrawAndRead}[policy%3]}
		notes := 0
		signs := s.Spell(nil, text, func(glyph.Note) { notes++ })
		if len(signs) < utf8.RuneCountInString(text) && notes == 0 {
			if n := glyph.Normalise(text, func(glyph.Note) {}); utf8.RuneCountInString(n) != len(signs) {
				t.Errorf("%q: %d signs and no note", text, len(signs))
			}
		}
		for _, x := range signs {
			if x.Drawn && !glyph.Has(x.Rune) || !x.Drawn && !s.Charset.Has(x.Rune) {
				t.Errorf("%U (drawn %v) has no shape", x.Rune, x.Drawn)
			}
		}
	})
}

func TestPackCovers(t *testing.T) {
	info, err := os.Stat("pack.bin")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 5_000_000 {
		t.Errorf("the pack takes %d bytes; 5 MB are allowed", info.Size())
	}
	for _, tt := range []struct {
		name     string
		from, to rune
		want     int
	}{
		{"ASCII", 0x20, 0x7E, 95}, {"URO", 0x4E00, 0x9FA5, 20902}, {"Ext A", 0x3400, 0x4DB5, 6582},
		{"Ext B", 0x20000, 0x2A6D6, 42711}, {"Ext C", 0x2A700, 0x2B734, 4149}, {"Ext D", 0x2B740, 0x2B81D, 222},
		{"Ext E", 0x2B820, 0x2CEA1, 5762}, {"Ext F", 0x2CEB0, 0x2EBE0, 7473}, {"kana", 0x3041, 0x30FF, 180},
		{"Kangxi", 0x2F00, 0x2FD5, 214}, {"compatibility", 0x2F800, 0x2FA1D, 542}, {"hangul", 0xAC00, 0xD7A3, 11172},
		{"Cyrillic", 0x400, 0x45F, 96}, {"Latin", 0xC0, 0x24F, 400}, {"Vietnamese", 0x1EA0, 0x1EF9, 90}, {"Greek", 0x370, 0x3FF, 135}, {"Greek accents", 0x1F00, 0x1FFF, 233}, {"more Cyrillic", 0x460, 0x52F, 208},
		{"phonetic letters", 0x250, 0x2AF, 96}, {"Dingbats", 0x2700, 0x27BF, 177},
	} {
		n := 0
		for r := tt.from; r <= tt.to; r++ {
			b, ok := glyph.Lookup(r)
			if !ok {
				continue
			}
			n++
			for y := range b.Height {
				if glyph.Narrow(r) && b.Bits[y*b.Stride+1]&0x0F|b.Bits[y*b.Stride+2] != 0 {
					t.Fatalf("%s: %U has ink in its right half", tt.name, r)
				}
			}
			if _, bottom := b.Ink(); bottom == 0 && r != ' ' {
				t.Errorf("%s: %U is white", tt.name, r)
			}
		}
		if n < tt.want {
			t.Errorf("%s: %d characters; want %d", tt.name, n, tt.want)
		}
	}
	if glyph.Has(0x1F600) || glyph.Has(0xE000) || glyph.Has('\n') {
		t.Error("the pack says it has what it has not")
	}
}

// bands counts the horizontal strokes that cross most of a glyph.
func bands(b glyph.Bitmap) int {
	n, in := 0, false
	for y := range b.Height {
		ink := 0
		for x := range b.Width {
			if b.At(x, y) {
				ink++
			}
		}
		if long := ink >= 10; long != in {
			if in = long; in {
				n++
			}
		}
	}
	return n
}

// TestNoStrokeVanishes counts strokes where they can be counted. HanaMin's are
// thinner than a dot: drawn plainly, "文一西路" becomes "文 西路".
func TestNoStrokeVanishes(t *testing.T) {
	for r, want := range map[rune]int{'一': 1, '二': 2, '三': 3, '亖': 4, '王': 3, '目': 4, '𠄞': 2, '𠀀': 1} {
		b, ok := glyph.Lookup(r)
		if !ok {
			t.Fatalf("no %c", r)
		}
		if got := bands(b); got < want {
			t.Errorf("%c has %d long strokes; want %d", r, got, want)
		}
	}
}

func TestScale(t *testing.T) {
	b := glyph.NewBitmap(3, 2)
	b.Set(0, 0)
	b.Set(2, 1)
	big := b.Scale(6, 4)
	if !bytes.Equal(big.Bits, []byte{0xC0, 0xC0, 0x0C, 0x0C}) {
		t.Errorf("twice as large: %x", big.Bits)
	}
	if small := big.Scale(3, 2); !bytes.Equal(small.Bits, b.Bits) {
		t.Errorf("and back: %x; want %x", small.Bits, b.Bits)
	}
	if top, bottom := b.Bold(1).Ink(); top != 0 || bottom != 2 {
		t.Errorf("ink from %d to %d; want 0 to 2", top, bottom)
	}
	if top, bottom := glyph.NewBitmap(9, 9).Ink(); top != bottom {
		t.Error("white has ink")
	}
}

func TestReadHan(t *testing.T) {
	for _, tt := range []struct {
		r       rune
		surname bool
		want    string
	}{{'龘', false, "Dá"}, {'单', true, "Shàn"}, {'单', false, "Dān"}, {'区', true, "Ōu"}, {'😀', false, ""}} {
		if got := glyph.ReadHan(tt.r, tt.surname); got != tt.want {
			t.Errorf("ReadHan(%c, %v) = %q; want %q", tt.r, tt.surname, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	if _, err := glyph.ParseCharset("big5"); err == nil {
		t.Error("big5 passed")
	}
	if _, err := glyph.ParsePolicy("x"); err == nil {
		t.Error("policy x passed")
	}
}
