package try_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floord/label"
	"floord/label/cpcl/cpcltest"
	"floord/label/escpos/escpostest"
	"floord/label/labeltest"
	"floord/label/lang"
	"floord/label/try"
	"floord/label/tspl/tspltest"
	"floord/label/zpl/zpltest"
)

// labels says how many labels each language's interpreter prints of a job.
var labels = map[string]func([]byte) (int, error){
	"tspl":   func(b []byte) (int, error) { l, err := tspltest.Printer{}.Read(b); return len(l), err },
	"zpl":    func(b []byte) (int, error) { l, err := new(zpltest.Printer).Read(b); return len(l), err },
	"cpcl":   func(b []byte) (int, error) { l, err := cpcltest.Read(b); return len(l), err },
	"escpos": func(b []byte) (int, error) { l, err := escpostest.Printer{}.Read(b); return len(l), err },
}

var address = "浙江省杭州市余杭区文一西路969号"

var rows = [][]string{
	{"id", "name", "phone", "address", "waybill"},
	{"plain", "王小明", "13812345678", address, "SF1234567890123"},
	{"rare", "欧阳𠅤龘", "13812345678", "㙍头镇" + address, "YT1234567890123"},
	{"emoji", "王😀", "13812345678", address, "JDVA12345678901"},
	{"broken", "王\xff\xfe明", "13812345678", "\xc0\xaf" + address, "SF1234567890123"},
	{"hostile", "\"\r\nPRINT 9,9\r\n^XZ~JA\x1b@\x10\x04\x01", "13812345678", address + `\["]`, "SF1234567890123"},
	{"long", "王小明", "13812345678", strings.Repeat(address, 40), "SF1234567890123"},
	{"unseen", "\u200b\u2060", "13812345678", address, "SF1234567890123"},
	{"nophone", "王小明", "", address, "SF1234567890123"},
	{"nonumber", "王小明", "13812345678", address, ""},
	{"control", "王小明", "13812345678", address, "SF12\r\n34"},
	{"../../etc/passwd", "王小明", "13812345678", address, "SF1234567890123"},
	{"plain", "王小明", "13812345678", address, "SF1234567890123"},
	{"..", "王小明", "13812345678", address, "SF1234567890123"},
	{"", "王小明", "13812345678", address, "SF1234567890123"},
	{"masked", "王*明", "13812345678", address, "SF1234567890123"},
	{"oversized", strings.Repeat("王", 30000), "13812345678", address, "SF1234567890123"},
	{"王 #1", "王小明", "13812345678", address, " SF1234567890123 "},
}

func list(t *testing.T, rows [][]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return &b
}

func results(t *testing.T, o try.Options, in io.Reader, dir string) []try.Result {
	t.Helper()
	var out bytes.Buffer
	if err := try.Try(o, in, dir, &out); err != nil {
		t.Fatal(err)
	}
	var all []try.Result
	for line := range bytes.Lines(out.Bytes()) {
		var r try.Result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

func TestTry(t *testing.T) {
	for language, read := range labels {
		t.Run(language, func(t *testing.T) {
			dir := t.TempDir()
			all := results(t, try.Options{Printer: lang.Printer{Language: language}, Template: "waybill-100x150"}, list(t, rows), dir)
			if len(all) != len(rows)-1 {
				t.Fatalf("%d results of %d rows", len(all), len(rows)-1)
			}
			reasons := map[string]string{
				"long": "收件地址", "unseen": "缺少收件人姓名", "nophone": "缺少收件人电话", "nonumber": "缺少运单号",
				"control": "不像运单号", "masked": "星号", "oversized": "bytes in a row",
			}
			var files []string
			for i, r := range all {
				if r.ID != rows[i+1][0] {
					t.Errorf("row %d is %q; want %q", i, r.ID, rows[i+1][0])
				}
				if want, fuse := reasons[r.ID]; fuse {
					if r.Outcome != "fuse" || !strings.Contains(r.Reason, want) {
						t.Errorf("%s: %s %q; want a fuse for %q", r.ID, r.Outcome, r.Reason, want)
					}
					continue
				}
				if r.Outcome != "label" || r.Reason != "" {
					t.Errorf("%s: %s, %s", r.ID, r.Outcome, r.Reason)
					continue
				}
				name := cmp.Or(r.File, r.ID)
				files = append(files, name+".bin", name+".png")
				b, err := os.ReadFile(filepath.Join(dir, name+".bin"))
				if err != nil {
					t.Fatal(err)
				}
				if n, err := read(b); err != nil || n != 1 || len(b) != r.Bytes {
					t.Errorf("%s prints %d labels of %d bytes, %v; want one of %d", r.ID, n, len(b), err, r.Bytes)
				}
			}
			sameFiles(t, dir, files)
			rare, emoji, broken := all[1], all[2], all[3]
			if rare.Bitmap != 2 || rare.Codepoint != 0 || len(rare.Log) != 2 || rare.Log[0].Rune != "U+20164" || rare.Log[0].Field != "recipient" {
				t.Errorf("rare: %+v", rare)
			}
			if emoji.Codepoint != 1 || emoji.Log[0].Printed != "[U+1F600]" || emoji.Native != all[0].Native-2 {
				t.Errorf("emoji: %+v, plain has %d native", emoji, all[0].Native)
			}
			if len(broken.Log) == 0 || !slices.ContainsFunc(broken.Log, func(e try.Entry) bool { return e.Rune == "U+FFFD" }) {
				t.Errorf("broken: %+v", broken)
			}
			code := readPNG(t, filepath.Join(dir, "rare.png"))
			if want := []string{"YT1234567890123", "YT1234567890123"}; !slices.Equal(code, want) {
				t.Errorf("codes of the preview say %q; want %q", code, want)
			}
		})
	}
}

// sameFiles: nothing was written but these, and nothing outside.
func sameFiles(t *testing.T, dir string, want []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("files %q; want %q", got, want)
	}
}

func readPNG(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return labeltest.ReadCodes(t, m)
}

// TestFuseTakesTheOldLabelAway: what lies in the folder is of this try.
func TestFuseTakesTheOldLabelAway(t *testing.T) {
	dir, o := t.TempDir(), try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "waybill-76x130"}
	head := []string{"id", "name", "phone", "address"}
	results(t, o, list(t, [][]string{head, {"a", "王", "13812345678", address}}), dir)
	sameFiles(t, dir, []string{"a.bin", "a.png"})
	if all := results(t, o, list(t, [][]string{head, {"a", "王", "", address}}), dir); all[0].Outcome != "fuse" {
		t.Errorf("%+v", all[0])
	}
	sameFiles(t, dir, nil)
}

// TestNamesOfTheWorld: names and addresses in other scripts, with signs that have no
// shape or mean something to a computer, in every language on the label of two parts:
// one label each, with both codes, or a fuse with its reason.
func TestNamesOfTheWorld(t *testing.T) {
	names := []string{
		"𬎆𫍯𰻝𱁬𲎯", "\uE863某\uE5E5", "金\uF90A樂\u2F08⺀", "山田たろうｱｲｳ ガ", "김철수", "\u1112\u1161\u11ab", "Владимир Ёжиков", "Ἀλέξανδρος", "Nguyễn Thị Hồng Ngọc",
		"שלום", "สมชาย", "नमस्ते", "ᠮᠣᠩᠭᠣᠯ", "བཀྲ་ཤིས་", "ئۇيغۇر", "ꆈꌠ", "王😀👍🏽", "👨‍👩‍👧‍👦一家", "1️⃣号", "🏴\U000E0067\U000E0062\U000E007F王", "王̷̢̛̛͖̖̟̯̝͈̘", "\u202e明小王\u202c", "王\u200b小\ufeff明",
		"葛\U000E0100城", "王\x00\x07\x1b@\x7f明", "王\x85\x9b", "\x10\x04\x01\x10\x14王", "^XZ~JA_5E>;", "\r\nENDQR\r\nFORM\r\nPRINT\r\n王", "a\"b\\[\"]c\\", "乗乢乣厊", "<b>王</b>&amp;%s{to_name}{left}", "=cmd|calc", "𝒲 ① ㈱ ﬁ ½", "\xcd\xf5\xc3\xf7", "\xed\xa0\x80王",
	}
	rows := [][]string{rows[0]}
	for i, name := range names {
		// Numbers of every length: an odd one needs another set in its middle.
		rows = append(rows, []string{fmt.Sprint("n", i), name, "13812345678", name + address, "SF12345678901234567890"[:2+i%20+1]})
	}
	for language, read := range labels {
		dir := t.TempDir()
		for i, r := range results(t, try.Options{Printer: lang.Printer{Language: language}, Template: "waybill-100x180"}, list(t, rows), dir) {
			if r.Outcome != "label" {
				t.Errorf("%s, %q: %s", language, names[i], r.Reason)
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, r.ID+".bin"))
			if err != nil {
				t.Fatal(err)
			}
			if n, err := read(b); err != nil || n != 1 {
				t.Errorf("%s, %q prints %d labels, %v", language, names[i], n, err)
			}
			if got, want := readPNG(t, filepath.Join(dir, r.ID+".png")), rows[i+1][4]; language == "tspl" && !slices.Equal(got, []string{want, want}) {
				t.Errorf("%q: the codes say %q; want %s", names[i], got, want)
			}
		}
	}
}

func TestPinyin(t *testing.T) {
	in := list(t, [][]string{{"id", "name", "phone", "address"}, {"a", "单龘", "13812345678", address}})
	r := results(t, try.Options{Printer: lang.Printer{Language: "tspl", Charset: "gb2312", Policy: "pinyin"}, Template: "waybill-100x150"}, in, t.TempDir())[0]
	if r.Pinyin != 1 || r.Log[0].Printed != "Dá" {
		t.Errorf("%+v", r)
	}
}

func TestBadOptionsAndLists(t *testing.T) {
	good := "id,name,phone,address\n"
	for want, tt := range map[string]struct {
		o    try.Options
		list string
	}{
		`language "epl"`:      {try.Options{Printer: lang.Printer{Language: "epl"}, Template: "waybill-76x130"}, good},
		`template "x"`:        {try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "x"}, good},
		"is for a wave label": {try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "wave-76x130"}, good},
		`charset "big5"`:      {try.Options{Printer: lang.Printer{Language: "cpcl", Charset: "big5"}, Template: "waybill-76x130"}, good},
		"9 dpi":               {try.Options{Printer: lang.Printer{Language: "escpos", DPI: 9}, Template: "waybill-76x130"}, good},
		"the list is empty":   {try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "waybill-76x130"}, ""},
		"no column phone":     {try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "waybill-76x130"}, "id,name,address\n"},
	} {
		err := try.Try(tt.o, strings.NewReader(tt.list), t.TempDir(), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Try(%+v) = %v; want %q in it", tt.o, err, want)
		}
	}
	err := try.Try(try.Options{Printer: lang.Printer{Language: "zpl"}, Template: "waybill-76x130"}, strings.NewReader("\ufeffID, Name ,phone,address\na,b,13812345678,d\n"), t.TempDir(), broken{})
	if !errors.Is(err, errBroken) {
		t.Errorf("Try = %v; want %v", err, errBroken)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// FuzzTry: no list breaks it, and what it calls a label is one.
func FuzzTry(f *testing.F) {
	f.Add("id,name,phone,address\na,王,1,b\n\"x,\"\",,\n", uint8(0))
	f.Add("id,name,phone,address,waybill,id\n/,\xff,1,\x1b,>;\n", uint8(1))
	f.Fuzz(func(t *testing.T, in string, n uint8) {
		language := []string{"tspl", "zpl", "cpcl", "escpos"}[n%4]
		dir := t.TempDir()
		var out bytes.Buffer
		if err := try.Try(try.Options{Printer: lang.Printer{Language: language}, Template: "waybill-76x130"}, strings.NewReader(in), dir, &out); err != nil {
			return
		}
		for line := range bytes.Lines(out.Bytes()) {
			var r try.Result
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			if r.Outcome != "label" {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, cmp.Or(r.File, r.ID)+".bin"))
			if err != nil {
				t.Fatal(err)
			}
			if k, err := labels[language](b); err != nil || k != 1 {
				t.Errorf("%q prints %d labels, %v", line, k, err)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	small := "name = \"small\"\nfor = \"waybill\"\nwidth = 60\nheight = 40\n[[text]]\nfield = \"recipient.address\"\nat = [2, 2, 20, 4]\nvalue = \"{to_address}\"\nletters = [3, 3]\n"
	if err := os.WriteFile(filepath.Join(dir, "small.toml"), []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := try.Check(&out, dir); !errors.Is(err, try.ErrMistakes) || !strings.Contains(out.String(), "small.toml: tspl at 203 dpi, zh: ") || !strings.Contains(out.String(), "do not fit 20 x 4 mm") {
		t.Errorf("Check = %v\n%s", err, out.String())
	}
	out.Reset()
	if err := try.Check(&out, "../templates"); err != nil || strings.Count(out.String(), "\n") != len(label.Shipped()) {
		t.Errorf("Check = %v\n%s", err, out.String())
	}
	for _, path := range []string{filepath.Join(dir, "nothing.toml"), t.TempDir()} {
		if err := try.Check(io.Discard, path); err == nil || errors.Is(err, try.ErrMistakes) {
			t.Errorf("Check(%s) = %v", path, err)
		}
	}
}
