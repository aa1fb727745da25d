package labeltest

import (
	"bytes"
	"flag"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floord/label"
	"floord/label/glyph"
	"floord/label/preview"
)

// Update is the flag -update of every test that keeps pictures.
var Update = flag.Bool("update", false, "rewrite testdata")

// Golden compares what leaves the house with the file of that name in testdata,
// which -update rewrites.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *Update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s changed; look at it and run go test ./label/... -update", name)
	}
}

// Printed checks what an interpreter made of a case's bytes: it is the preview,
// and both decoders read every code on it. A picture is kept beside the bytes if
// name is not empty.
func Printed(t testing.TB, c Case, dots, want glyph.Bitmap, name string) {
	t.Helper()
	if !bytes.Equal(dots.Bits, want.Bits) {
		t.Error("the preview is not what the printer prints")
	}
	picture := preview.Image(dots)
	if got := ReadCodes(t, picture); !slices.Equal(got, c.Want) {
		t.Errorf("gozxing reads %q; want %q", got, c.Want)
	}
	if got := ReadCodesZbar(t, picture); !slices.Equal(got, c.Want) {
		t.Errorf("zbar reads %q; want %q", got, c.Want)
	}
	if name == "" {
		return
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	Golden(t, name, b.Bytes())
}

// pieces are what commands are made of in one language or another, and text that
// encoders stumble over.
var pieces = []string{"\"", "\\", "\r\n", "\n", "\r", "PRINT 9,9", "PRINT\r\n", "CLS", `\["]`, "\x1b!?", "\x1b!S", "~!@", "^XZ", "^XA", "^FS", "^FD",
	"~JA", "^", "~", "_5E", "_", ">;", ">", "\\&", "^CC", ",", "乗", "𠅤", "龘", "ENDQR", "! 0 200 200 9 9", "! U1 ", "FORM\r\n", "\x10\x04\x01", "\x1b@", "\x1dV\x00", "\x1dk",
	"\x0c", "\xff", "\xa3", "\u2028", "\u202e", "″", "＂", "{left}", "{to_name}", " ", "é", "😀", "\x00", "TEXT 0,0,", "\u0085", "王", "12"}

// HostileWaybills are n waybills whose texts are dangerous pieces put together
// at random, the same ones each time.
func HostileWaybills(n int) []label.Waybill {
	rng := rand.New(rand.NewPCG(5, 6))
	text := func(most int) string {
		var b strings.Builder
		for range 1 + rng.IntN(most) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		return b.String()
	}
	out := make([]label.Waybill, n)
	for i := range out {
		out[i] = HostileWaybill(text(6), text(20), text(10), text(5))
	}
	return out
}

// HostileWaybill is a parcel whose buyer and shop write such texts.
func HostileWaybill(name, address, remarks, goods string) label.Waybill {
	w := Waybill()
	w.Reveal = true
	w.Recipient.Name, w.Recipient.Address, w.Remarks = name, address, remarks
	w.Items = []label.Item{{Name: goods, Quantity: 1}}
	return w
}

// A Hostile is how one language is shown to let no text command: whatever the
// fields of a waybill hold, one label comes out, with the same codes and lines.
type Hostile struct {
	// Encode writes a page with options chosen by n.
	Encode func(p label.Page, n uint8) (label.Job, error)
	// Check fails t unless what is printed is that one label.
	Check func(t *testing.T, p label.Page, job label.Job)
	// Caught says whether a printer stumbles over bytes or prints another label.
	Caught func(p label.Page, job []byte) bool
	// Commands are texts that a printer obeys if they go through unescaped.
	Commands []string
}

// Fuzz tries texts of a fuzzer's.
func (h Hostile) Fuzz(f *testing.F) {
	w := Waybills()["hostile"]
	f.Add(w.Recipient.Name, w.Recipient.Address, w.Remarks, "苹果", uint8(0))
	f.Add("a\\", "乗", "\xff\xfe\"", "\x1b!S", uint8(1))
	f.Add("𠅤龘", "e\u0301\u0323", "[\"]", "\\[", uint8(2))
	f.Add("^XZ^XA", "_5E~JA", "^FD>;", "\x10\x04\x01", uint8(3))
	f.Fuzz(func(t *testing.T, name, address, remarks, goods string, n uint8) {
		h.one(t, HostileWaybill(name, address, remarks, goods), n)
	})
}

// Test tries a hundred texts of dangerous pieces, the same each time, and as its
// negative control the commands: sent as they are, they are seen.
func (h Hostile) Test(t *testing.T) {
	labels := 0
	for i, w := range HostileWaybills(100) {
		if h.one(t, w, uint8(i)) {
			labels++
		}
	}
	if labels < 60 {
		t.Errorf("only %d of 100 texts made labels", labels)
	}
	p, err := label.Waybill100x150(Waybill())
	if err != nil {
		t.Fatal(err)
	}
	job, err := h.Encode(p, 0)
	if err != nil {
		t.Fatal(err)
	}
	if h.Caught(p, job.Bytes) {
		t.Error("a harmless label is caught")
	}
	for _, text := range h.Commands {
		if !h.Caught(p, bytes.Replace(job.Bytes, []byte("W-12/4"), []byte(text), 1)) {
			t.Errorf("%q went through", text)
		}
	}
}

// one says whether there was a label: a field may be empty or not fit.
func (h Hostile) one(t *testing.T, w label.Waybill, n uint8) bool {
	p, err := label.Waybill100x150(w)
	if err != nil {
		return false
	}
	job, err := h.Encode(p, n)
	if err != nil {
		return false
	}
	h.Check(t, p, job)
	return true
}

// Counts fails t unless a label has each command as often as it should.
func Counts(t *testing.T, count func(string) int, want map[string]int) {
	t.Helper()
	for name, n := range want {
		if got := count(name); got != n {
			t.Errorf("%d %q; want %d", got, name, n)
		}
	}
}

// Charset is the charset that a fuzzer's number stands for.
func Charset(n uint8) string { return []string{"gbk", "gb18030", "gb2312", "ascii"}[n%4] }

// RareWaybills are a full label of ordinary characters and the same with four rare
// ones: in the bold name, the address, the goods and the remarks.
func RareWaybills() (plain, rare label.Waybill) {
	plain, rare = FullWaybill(), FullWaybill()
	rare.Recipient.Name = "欧阳雪𠅤"
	rare.Recipient.Address = "𪨊" + rare.Recipient.Address[len("广"):]
	rare.Items[0].Name = "㙍" + rare.Items[0].Name[len("陕"):]
	rare.Remarks = "䶮" + rare.Remarks[len("请"):]
	return plain, rare
}

// Drawn checks that a part of a label is a picture: a line a row, # for ink.
func Drawn(t testing.TB, b glyph.Bitmap, x, y, w, h int, want string) {
	t.Helper()
	var got strings.Builder
	for j := range h {
		got.WriteByte('\n')
		for i := range w {
			got.WriteByte(map[bool]byte{true: '#', false: '.'}[b.At(x+i, y+j)])
		}
	}
	if got.String() != want {
		t.Errorf("drawn is%s\nwant%s", got.String(), want)
	}
}

// Says checks that both decoders read one text on a label.
func Says(t testing.TB, b glyph.Bitmap, want string) {
	t.Helper()
	m := preview.Image(b)
	if got := ReadCodes(t, m); !slices.Equal(got, []string{want}) {
		t.Errorf("gozxing reads %q; want %q", got, want)
	}
	if got := ReadCodesZbar(t, m); !slices.Equal(got, []string{want}) {
		t.Errorf("zbar reads %q; want %q", got, want)
	}
}
