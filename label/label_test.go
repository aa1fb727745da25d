package label_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
)

var printer = label.Device{DPI: 203, Heights: []int{24, 48, 72, 96}, Speller: glyph.Speller{Charset: glyph.GBK}}

// lines are the words of a field as they stand on the sheet.
func lines(s label.Sheet, field string) []string {
	var out []string
	for _, r := range s.Runs {
		if r.Field != field {
			continue
		}
		var b strings.Builder
		for _, x := range r.Signs {
			b.WriteRune(x.Rune)
		}
		out = append(out, b.String())
	}
	return out
}

func TestTextThatDoesNotFitIsNamed(t *testing.T) {
	w := labeltest.Waybill()
	w.Recipient.Address = strings.Repeat("很长的地址", 40)
	w.Hub = strings.Repeat("集", 60)
	p, err := label.Waybill76x130(w)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Lay(printer)
	want := "lay out waybill-76x130: hub: 60 characters do not fit 54 x 6.2 mm at 3 mm\n" +
		"recipient.address: 200 characters do not fit 62.4 x 14.8 mm at 3 mm"
	if err == nil || err.Error() != want {
		t.Fatalf("Lay = %v; want %s", err, want)
	}
	var fit *label.FitError
	if !errors.As(err, &fit) || fit.Field != "hub" {
		t.Fatalf("no FitError of hub in %v", err)
	}
	if got, want := fit.Sentence("zh"), "面单 waybill-76x130 的集包地（60 字）放不进 54×6.2 毫米，请缩短内容或改用更大的面单。"; got != want {
		t.Errorf("Sentence(zh) = %s; want %s", got, want)
	}
	if got := fit.Sentence("en"); !strings.Contains(got, "The hub (60 characters) does not fit its 54 x 6.2 mm") {
		t.Errorf("Sentence(en) = %s", got)
	}
}

func TestTextShrinksBeforeItFails(t *testing.T) {
	for _, tt := range []struct {
		value  string
		height int // dots; 0: does not fit
		lines  int
	}{
		{"短", 48, 1},
		{"十个字放在一行里正好", 24, 1},
		{"十一个字放在一行里就不够", 24, 2},
		{strings.Repeat("字", 21), 0, 0},
		{"", 0, 0},
	} {
		p := label.Page{Name: "t", Width: 50, Height: 20, Texts: []label.Text{{
			Field: "f", Value: tt.value, Place: label.Place{X: 5, Y: 5, W: 30.5, H: 6.5}, Height: 6, Min: 3,
		}}}
		s, err := p.Lay(printer)
		if tt.height == 0 && tt.value != "" {
			if err == nil {
				t.Errorf("%q fits, in %d lines", tt.value, len(s.Runs))
			}
			continue
		}
		if err != nil || len(s.Runs) != tt.lines || tt.lines > 0 && s.Runs[0].Height != tt.height {
			t.Errorf("%q: %d lines, %v; want %d of %d dots", tt.value, len(s.Runs), err, tt.lines, tt.height)
		}
	}
}

func TestLinesBreakWhereAReaderWould(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"文一西路969号西溪园区", "文一西路|969号西溪|园区"},
		{"苹果5斤装×12；梨×3", "苹果5斤|装×12；|梨×3"},
		{"（仓库）（北门）门卫收", "（仓库）|（北门）门|卫收"},
		{"Amsterdam Noord", "Amsterdam|Noord"},
		{"一二三四五，六七", "一二三四|五，六七"},
		{"W1234567890123456", "W123456789|0123456"},
	} {
		p := label.Page{Name: "t", Width: 50, Height: 20, Texts: []label.Text{{
			Field: "f", Value: tt.value, Place: label.Place{W: 15.2, H: 20}, Height: 3,
		}}}
		s, err := p.Lay(printer)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(lines(s, "f"), "|"); got != tt.want {
			t.Errorf("%s breaks into %s; want %s", tt.value, got, tt.want)
		}
	}
}

func TestListIsCountedNotCut(t *testing.T) {
	p, err := label.Waybill100x150(labeltest.Waybills()["long"])
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Lay(printer)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines(s, "goods"), "")
	shown := strings.Count(text, "×")
	if shown == 0 || shown >= 30 {
		t.Fatalf("%d of 30 kinds shown: %s", shown, text)
	}
	i := slices.IndexFunc(s.Notes, func(n label.Note) bool { return n.Field == "goods" && n.Step == label.Counted })
	if i < 0 || !strings.HasSuffix(text, s.Notes[i].Printed) || !strings.Contains(text, "另有"+itoa(30-shown)+"种") {
		t.Errorf("%d of 30 shown, but %s, notes %+v", shown, text, s.Notes)
	}
	if got := lines(s, "goods.total"); !slices.Equal(got, []string{"共30种60件"}) {
		t.Errorf("total says %q", got)
	}
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

func TestCopyNumberIsOnThePaper(t *testing.T) {
	w := labeltest.Waybill()
	w.Copy = 3
	for name, fill := range map[string]func(label.Waybill) (label.Page, error){"100x150": label.Waybill100x150, "76x130": label.Waybill76x130} {
		p, err := fill(w)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Lay(printer)
		if err != nil {
			t.Fatal(err)
		}
		if got := lines(s, "parcel"); len(got) == 0 || got[0] != "P-77/3" {
			t.Errorf("%s: parcel says %q; want P-77/3", name, got)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for want, spoil := range map[string]func(*label.Waybill){
		"sort_code is missing":        func(w *label.Waybill) { w.SortCode = "" },
		"number is missing":           func(w *label.Waybill) { w.Number = "" },
		"copy number 0":               func(w *label.Waybill) { w.Copy = 0 },
		"recipient.phone is missing":  func(w *label.Waybill) { w.Recipient.Phone = "" },
		"recipient.name is missing":   func(w *label.Waybill) { w.Recipient.Name = "\u200b \u3000" },
		"number is no waybill number": func(w *label.Waybill) { w.Number = "SF12\r34" },
		"number is no":                func(w *label.Waybill) { w.Number = "运单" },
	} {
		w := labeltest.Waybill()
		spoil(&w)
		if _, err := label.Waybill100x150(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Waybill100x150 = %v; want %q in it", err, want)
		}
	}
	if _, err := label.Wave76x130(label.Wave{}); err == nil {
		t.Error("a wave label without a wave passed")
	}
	p := label.Page{Name: "t", Width: 80, Height: 30, Codes: []label.Code128{{Place: label.Place{X: 1, Y: 1, W: 78, H: 20}, Field: "number", Value: "运单"}}}
	if _, err := p.Lay(printer); err == nil || !strings.Contains(err.Error(), "number: code 128 carries ASCII only") {
		t.Errorf("Lay = %v; want the barcode's refusal", err)
	}
	wave := labeltest.Wave()
	wave.QR = strings.Repeat("长", 500)
	p, err := label.Wave100x150(wave)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Lay(printer); err == nil || !strings.Contains(err.Error(), "qr: a qr code carries 1 to 1200 bytes, not 1500") {
		t.Errorf("Lay = %v; want the qr code's refusal", err)
	}
}

func TestWhatIsEmptyIsLeftOut(t *testing.T) {
	w := labeltest.Waybill()
	w.Items, w.Remarks, w.Special, w.Grams, w.Sender = nil, "", "", 0, label.Party{}
	p, err := label.Waybill100x150(w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Lay(printer)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"goods", "goods.total", "weight", "remarks", "special", "sender", "sender.address"} {
		if got := lines(s, field); len(got) != 0 {
			t.Errorf("%s says %q", field, got)
		}
	}
}

func TestEnglishWords(t *testing.T) {
	w := labeltest.Waybill()
	w.Lang = "en"
	p, err := label.Waybill100x150(w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Lay(printer)
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(s, "to"); !slices.Equal(got, []string{"To"}) {
		t.Errorf("to says %q; want To", got)
	}
}

func TestHide(t *testing.T) {
	for _, tt := range []struct{ in, want label.Party }{
		{label.Party{Name: "张三", Phone: "13812345678", Address: "文一西路969号3号楼2单元1502室"},
			label.Party{Name: "张*", Phone: "1******5678", Address: "文一西路969号3号楼*单元****室"}},
		{label.Party{Name: "欧阳娜娜", Phone: "0571-88886666", Address: "幸福里3栋1502"},
			label.Party{Name: "欧**娜", Phone: "05**-****6666", Address: "幸福里3栋****"}},
		{label.Party{Name: "葛\U000E0100", Phone: "138****5678", Address: "长安街18-2-601"},
			label.Party{Name: "*", Phone: "1******5678", Address: "长安街18-*-***"}},
		{label.Party{Name: "𠅤", Phone: "17100000000转1234", Address: "中山路95-1号"},
			label.Party{Name: "*", Phone: "171********转1234", Address: "中山路95-1号"}},
		{label.Party{Name: "", Phone: "12345", Address: "人民路88号1502"},
			label.Party{Name: "", Phone: "*****", Address: "人民路88号****"}},
		{label.Party{Name: "John Smith", Phone: "+86 138 1234 5678", Address: "A座12F 十二楼B户"},
			label.Party{Name: "J******h", Phone: "+86 1** **** 5678", Address: "A座*** 十二楼*户"}},
	} {
		got := tt.in.Hide()
		if got != tt.want {
			t.Errorf("Hide(%+v) = %+v; want %+v", tt.in, got, tt.want)
		}
		if again := got.Hide(); again != got {
			t.Errorf("hidden twice: %+v became %+v", got, again)
		}
	}
}

func FuzzHidePhone(f *testing.F) {
	f.Add("13812345678")
	f.Add("+86 138-1234-5678 转 99")
	f.Fuzz(func(t *testing.T, phone string) {
		digits := func(s string) (n int) {
			for _, r := range s {
				if unicode.IsDigit(r) {
					n++
				}
			}
			return n
		}
		before, after := digits(phone), digits(label.HidePhone(phone))
		if !strings.Contains(phone, "*") && after > max(0, before-6) {
			t.Errorf("%q shows %d of %d digits", phone, after, before)
		}
	})
}

func TestWaybillHidesByDefault(t *testing.T) {
	w := labeltest.Waybill()
	p, err := label.Waybill100x150(w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Lay(printer)
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(s, "recipient"); !slices.Equal(got, []string{"王*明  1******5678"}) {
		t.Errorf("recipient says %q", got)
	}
	w.Reveal = true
	if p, err = label.Waybill100x150(w); err != nil {
		t.Fatal(err)
	}
	if s, err = p.Lay(printer); err != nil {
		t.Fatal(err)
	}
	if got := lines(s, "recipient"); !slices.Equal(got, []string{"王小明  13812345678"}) {
		t.Errorf("recipient says %q", got)
	}
}

func TestTemplateMistakesAreAllNamed(t *testing.T) {
	_, err := label.ParseTemplate([]byte("name = \"x\"\nfor = \"waybill\"\nwidth = 50\nheigth = 50\n[[text]]\nfont = 3\n"))
	if want := "4:1: unknown key \"heigth\"\n6:1: unknown key \"text.font\""; err == nil || err.Error() != want {
		t.Errorf("ParseTemplate = %v; want %s", err, want)
	}
	_, err = label.ParseTemplate([]byte(`name = "x"
for = "waybill"
width = 50
height = 50
[[text]]
field = "a"
at = [0, 0, 51, 3]
value = "{colour}"
letters = [3, 2]
align = "middle"
[[qr]]
at = [0, 0, 5, 5]
value = "{number}"
`))
	for _, want := range []string{"a: at = [0 0 51 3] is not a place", "no field {colour} on a waybill label",
		"a: letters = [3 2]", `align = "middle" is none of left, center, right`, "a field has no name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTemplate = %v; want %q in it", err, want)
		}
	}
	if _, err := label.Shipped().Get("nope"); err == nil || !strings.Contains(err.Error(), "waybill-76x130") {
		t.Errorf("Shipped(nope) = %v; want the names there are", err)
	}
	if _, err := label.ParseTemplate([]byte("name = ")); err == nil || !strings.HasPrefix(err.Error(), "1:") {
		t.Errorf("ParseTemplate = %v; want line and column", err)
	}
}

func FuzzParseTemplate(f *testing.F) {
	f.Add([]byte("name=\"x\"\nfor=\"waybill\"\nwidth=76\nheight=130\n[[text]]\nfield=\"f\"\nat=[1,1,70,20]\nvalue=\"{to_name}{\"\nletters=[2,6]\n"))
	f.Add([]byte("name=\"x\"\nfor=\"waybill\"\nwidth=nan\nheight=inf\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tmpl, err := label.ParseTemplate(b)
		if err != nil || tmpl.For != "waybill" {
			return
		}
		if p, err := labeltest.Waybill().Fill(tmpl); err == nil {
			p.Lay(printer) // must not panic
		}
	})
}

// TestSentencesHaveACure: what keeps a label back is said in both languages.
func TestSentencesHaveACure(t *testing.T) {
	w := labeltest.Waybill()
	w.Number, w.Recipient.Phone = "SF 1", ""
	_, err := label.Waybill100x150(w)
	if got := label.Sentence(err, "zh"); got != "缺少收件人电话，请补上后再打印。" {
		t.Errorf("zh: %s", got)
	}
	if got := label.Sentence(err, "en"); got != "The recipient.phone is missing; fill it in and print again." {
		t.Errorf("en: %s", got)
	}
}

func TestMasked(t *testing.T) {
	for _, tt := range []struct {
		to   label.Party
		want string
	}{
		{label.Party{Name: "王小明", Phone: "13812345678", Address: "文一西路*号"}, ""},
		{label.Party{Name: "王**", Phone: "13812345678"}, "recipient.name"},
		{label.Party{Name: "*小明", Phone: "1"}, "recipient.name"},
		{label.Party{Name: "王", Phone: "138****5678"}, "recipient.phone"},
		{label.Party{Name: "王", Phone: "138", Address: "浙江省杭州市****"}, "recipient.address"},
		{label.Party{Name: "a'; DROP TABLE * --", Phone: "138"}, ""},
		{label.Party{Name: "A*B 2", Phone: "17620351946-*8027"}, ""},
	} {
		if got := tt.to.Masked(); got != tt.want {
			t.Errorf("Masked(%+v) = %q; want %q", tt.to, got, tt.want)
		}
	}
}
