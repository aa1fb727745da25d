package channelmap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// jsontextRead reads a document with jsontext and says it in full: the kind, place and
// text of every value, the names, and what is wrong where.
func jsontextRead(payload []byte) (said string, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(payload), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var out strings.Builder
	var read func(depth int) error
	read = func(depth int) error {
		kind := dec.PeekKind()
		if kind != '{' && kind != '[' || depth >= maxDepth {
			raw, err := dec.ReadValue()
			if err != nil {
				return err
			}
			end := int(dec.InputOffset())
			text := string(raw)
			if kind == '"' {
				unquoted, _ := jsontext.AppendUnquote(nil, raw)
				text = strings.TrimSpace(string(unquoted))
			} else if kind == 'n' || kind == '{' || kind == '[' {
				text = ""
			}
			fmt.Fprintf(&out, "%c %d-%d %q", byte(kind), end-len(raw), end, text)
			if kind == '{' || kind == '[' {
				out.WriteString(" deep")
			}
			return nil
		}
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		start := int(dec.InputOffset()) - 1
		fmt.Fprintf(&out, "%c(", byte(kind))
		twice, names := "", map[string]bool{}
		for dec.PeekKind() != kind+2 {
			if kind == '{' {
				raw, err := dec.ReadValue()
				if err != nil {
					return err
				}
				if raw.Kind() != '"' {
					return errors.New("a name that is none")
				}
				unquoted, _ := jsontext.AppendUnquote(nil, raw)
				name := string(unquoted)
				if names[name] && twice == "" {
					twice = fmt.Sprintf("%q said twice", short(name))
				}
				names[name] = true
				fmt.Fprintf(&out, " %q=", name)
			}
			out.WriteByte(' ')
			if err := read(depth + 1); err != nil {
				return err
			}
		}
		_, err := dec.ReadToken()
		fmt.Fprintf(&out, ") %d-%d %s", start, dec.InputOffset(), twice)
		return err
	}
	if err := read(0); err != nil {
		return "", err
	}
	if _, err := dec.ReadToken(); err != io.EOF && (err == nil || len(bytes.TrimSpace(payload[dec.InputOffset():])) > 0) {
		return "", errors.New("more than one value")
	}
	return out.String(), nil
}

// said says a value as jsontextRead does; its bytes must be those of the payload.
func said(out *strings.Builder, v Value, payload []byte) {
	from := 0
	for &payload[from] != &v.Raw()[0] {
		from++
	}
	to := from + len(v.Raw())
	if !v.Object() && !v.Array() || v.n.deep {
		fmt.Fprintf(out, "%c %d-%d %q", v.kind(), from, to, v.Text())
		if v.n.deep {
			out.WriteString(" deep")
		}
		return
	}
	fmt.Fprintf(out, "%c(", v.kind())
	for i := range v.items() {
		if v.Object() {
			fmt.Fprintf(out, " %q=", v.Names()[i])
		}
		out.WriteByte(' ')
		said(out, Value{v.d, &v.items()[i]}, payload)
	}
	fmt.Fprintf(out, ") %d-%d %s", from, to, v.wrong())
}

// same fails unless Parse and jsontext read the payload alike.
func same(t *testing.T, payload []byte) {
	t.Helper()
	want, wrong := jsontextRead(payload)
	v, err := Parse(payload)
	if (err == nil) != (wrong == nil) {
		t.Fatalf("%.200q: %v; jsontext: %v", payload, err, wrong)
	}
	if err != nil {
		return
	}
	var got strings.Builder
	said(&got, v, payload)
	if got.String() != want {
		t.Fatalf("%.200q:\n%.2000s\njsontext:\n%.2000s", payload, got.String(), want)
	}
	texts(t, v)
}

// texts fails unless what is remembered of a text is true of it, and every member is
// found by its name: the first, of those that have the same.
func texts(t *testing.T, v Value) {
	t.Helper()
	for _, most := range []int{0, 1, 3, 8, 200} {
		if got, want := v.clean(most), clean(v.Text(), most); got != want {
			t.Fatalf("clean(%q, %d) = %q; want %q", v.Text(), most, got, want)
		}
	}
	if nothing := v.Text() == "" && len(v.items()) == 0 && v.wrong() == ""; v.Empty() != nothing && (v.Empty() || len(v.Raw()) <= 64) {
		t.Fatalf("%q: empty %v", v.Raw(), v.Empty())
	}
	first := map[string]Value{}
	for i := range v.items() {
		item := Value{v.d, &v.items()[i]}
		if v.Object() {
			name := v.Names()[i]
			if _, twice := first[name]; !twice {
				first[name] = item
			}
			if v.Get(name) != first[name] {
				t.Fatalf("%.100q: member %q is another", v.Raw(), name)
			}
		}
		texts(t, item)
	}
	if v.Get("\x00none") != (Value{}) {
		t.Fatal("a member that is not there was found")
	}
}

func TestParse(t *testing.T) {
	long := strings.Repeat("啊", 100)
	payloads := []string{
		"", " ", "7", " -0.10e+07 ", "01", "1.", ".5", "-", "+1", "1e", "1e+", "1.5E-3x", "00", "-01",
		"true", "tru", "nul", "null", "nulll", "false,", `"`, `"\"`, `"\x"`, `"\u12"`, `"\u12G4"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`,
		"\"\x00\"", "\"a\nb\"", "\"\x7f \"", "\"\xff\"", "\"\xc2\x85x\xc2\x85\"", "\"\xe3\x80\x80x\xe3\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xe4\xbd\"", "\"\xf0\x9f\x98\x80 \"", "\"\xe4\xbd\xa0\xe3\x80\x80\"",
		"\"\xe1\x9a\x80\xe2\x80\x83x\xe2\x80\xa8\"", `"` + strings.Repeat(" ", 70) + `"`, `"` + long + `"`, "\xef\xbb\xbf{}", `{"":1,"":2}`,
		"[]", "[,]", "[1,]", "[1 2]", "[1,2", "[1}", "{]", "[ 1 , \"2\",[ ] ,{ } , null ]", "{}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{1:2}`, `{"a":1}}`, `{} {}`, "{}\v", "{} \u00a0",
		`{"a":1,"b":{"a":2,"a":3},"a":4,"b":5}`, `{"a":1,"\u0061":2,"a\\":3,"a\"":4,"a\\":5}`, "{\"\xff\":1,\"\xfe\":2,\"\uFFFD\":3}",
		`[{"a\\":1},{"a\":1}]`, `[{"a":1,"b":2},{"a":1,"b":2,"c":3},{"a":1},{"b":1,"a":2},{"a":1,"b":2},{}]`,
		strings.Repeat("[", 24) + strings.Repeat("]", 24), strings.Repeat("[", 25) + `{"a":[1,"\n"]}` + strings.Repeat("]", 25), strings.Repeat("[", 25) + `{"a":[1,"\n",]}` + strings.Repeat("]", 25),
		strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30), strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 29),
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), strings.Repeat("[", 200_000),
	}
	for range 2 { // the second time with all shapes known
		for _, payload := range payloads {
			same(t, []byte(payload))
		}
	}
	for cut := range len(plainOrder) + 1 {
		same(t, []byte(plainOrder[:cut]))
	}
}

// plainOrder is an order of plainMap's shop.
const plainOrder = `{"id":"1","updated":1794312000,"paid_fen":-1.5e3,"state":20,"lines":[{"sku":"A你\u4f60","n":1},{"sku":"","n":null}],"x":true,"y":[false]}`

// TestParseBounds: a document of more values, of more names or of more bytes than an
// answer has is refused, or read at the expense of nobody who comes later.
func TestParseBounds(t *testing.T) {
	if _, err := Parse([]byte("[" + strings.Repeat("1,", maxValues) + "1]")); err == nil {
		t.Error("too many values were read")
	}
	if _, err := Parse(make([]byte, MaxPayload+1)); err == nil {
		t.Error("too many bytes were read")
	}
	var names strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&names, `,"n%d":{"m%d":1}`, i, i)
	}
	payload := []byte("{" + names.String()[1:] + "}")
	v, err := Parse(payload)
	if err != nil || len(v.Names()) != 20_000 || string(v.Get("n19999").Get("m19999").Raw()) != "1" {
		t.Fatalf("%d names, %v", len(v.Names()), err)
	}
	p := parsers.Get().(*parser)
	if p.turns > 10_000 {
		t.Errorf("%d turns are kept for the next document", p.turns)
	}
	parsers.Put(p)
}

// TestParseTogether: what one has parsed stays as it is while others parse what has other
// shapes, with the same parsers.
func TestParseTogether(t *testing.T) {
	read := make(chan Value, 8)
	var parsing, reading sync.WaitGroup
	for g := range 4 {
		parsing.Go(func() {
			for i := range 100 {
				v, err := Parse(fmt.Appendf(nil, `{"g%d":{"i%d":[{"n":%d}]},"same":{"a":"b"}}`, g, i, i))
				if err != nil {
					t.Error(err)
				}
				read <- v
			}
		})
		reading.Go(func() {
			for v := range read {
				name := v.Names()[0]
				inner := v.Get(name).Names()[0]
				p, err := parsePath(name + "." + inner + "[].n")
				if err != nil || p.first(v).Text() != inner[1:] || v.Get("same").Get("a").Text() != "b" {
					t.Errorf("%s: %v", v.Raw(), err)
				}
			}
		})
	}
	parsing.Wait()
	close(read)
	reading.Wait()
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plainOrder), []byte(`{"id":"1","id":2}`))
	f.Add([]byte(`[{"a":1,"b":[]},{"a":1,"c":{"a":2}}]`), []byte("{\"a\xff\\ud800\":-0.1e+2}"))
	f.Add([]byte(strings.Repeat(`[{"a":`, 20)+"1"+strings.Repeat("}]", 20)), []byte(` "\u00e4\ud83d\ude00" `))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		same(t, a)
		same(t, b)
		same(t, a)
	})
}

// FuzzDateTime: the quick way to read a time reads what the long way does.
func FuzzDateTime(f *testing.F) {
	for _, s := range []string{"2026-11-10 20:10:20", "2026-02-29 00:00:00", "2026-02-28 24:00:00", "0001-01-01 00:00:00", "2026-1-10 20:10:20.5"} {
		f.Add(s, 8)
	}
	f.Fuzz(func(t *testing.T, s string, hours int) {
		zone := time.FixedZone("", hours%24*3600)
		got, ok := dateTime(s, zone)
		if want, err := time.ParseInLocation(time.DateTime, s, zone); ok && (err != nil || !got.Equal(want)) {
			t.Fatalf("%q is %v; want %v, %v", s, got, want, err)
		}
	})
}

// TestNeed: a text without what an expression needs is one that it does not match.
func TestNeed(t *testing.T) {
	for text, want := range map[string]string{
		"发顺丰": "发顺丰", "(?i)gift": "", "^a+bc$": "bc", "x|y": "", "(ab|cab)d?": "ab", "ab|": "", "(^|[^不])(请?顺丰(到付)?|([发走]|指定)顺丰)": "顺丰", "a{2}b": "b", "": "",
	} {
		c, err := parseTest("x ~ " + text)
		if text != "" && (err != nil || string(c.need) != want) {
			t.Errorf("%q needs %q, %v; want %q", text, c.need, err, want)
		}
	}
}

// FuzzWhole: the quick way to read a whole number reads what the long way does.
func FuzzWhole(f *testing.F) {
	for _, s := range []string{"0", "007", "1794312000123", "10000000000000", "10000000000001", "99999999999999", "-0", "1e3"} {
		f.Add(s, int64(1)<<43)
	}
	f.Fuzz(func(t *testing.T, s string, most int64) {
		got, err := parseWhole(s, most)
		want, wrong := parseWhole(s+".0", most)
		if strings.Trim(s, "0123456789") == "" && (got != want || (err == nil) != (wrong == nil)) {
			t.Fatalf("parseWhole(%q, %d) = %d, %v; with .0 behind it %d, %v", s, most, got, err, want, wrong)
		}
	})
}
