package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
)

// scanPage gives a page with the scan intake alone: it keeps every code it hears
// in codes, takes a while for each, and has another field and a button.
func scanPage(t *testing.T) *httptest.Server {
	r := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{ResolveDir: "src", Loader: api.LoaderTS, Contents: `
			import { Scanner } from "./scan";
			const w = window as any;
			w.codes = [];
			w.fresh = () => {
				w.codes = [];
				const s = new Scanner((c) => new Promise((done) => { w.codes.push(c); setTimeout(done, 5); }));
				w.scanner = s;
				w.draw = () => { const b = document.getElementById("at")!; b.innerHTML = ""; b.appendChild(s.field); };
				w.draw();
			};
			w.fresh();`},
		Bundle: true, Write: false,
	})
	if len(r.Errors) > 0 {
		t.Fatal(r.Errors)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><div id="at"></div><input id="other" value="note"><button id="b">b</button><script>%s</script>`, r.OutputFiles[0].Contents)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// Whatever a scanner does, each pull of its trigger is one code.
func TestScanIntake(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	srv := scanPage(t)
	gbk := "\xd6\xd0\xce\xc4-1" // 中文-1 as a scanner types it that sends bytes
	latin := func(bytes string) string {
		var r []rune
		for _, c := range []byte(bytes) {
			r = append(r, rune(c))
		}
		return string(r)
	}
	// The longest code on a cart: a long host, and 300 bytes of text.
	cart := "https://" + strings.Repeat("h", 253) + ":65535/wave#W-12;" + strings.Repeat("冰袋3:1,4,7;", 20) + strings.Repeat("x", 15)
	tests := []struct {
		name    string
		types   [][2]string // text and options of window.wedge
		between string      // run in the page before the second text
		want    []string
	}{
		{name: "a burst that ends with Enter", types: [][2]string{{"A-01-04-1\n", "{}"}}, want: []string{"A-01-04-1"}},
		{name: "a burst that ends with Tab", types: [][2]string{{"SK003\t", "{}"}}, want: []string{"SK003"}},
		{name: "three codes without a pause", types: [][2]string{{"A-01\nSK003\ntote-1\n", "{}"}}, want: []string{"A-01", "SK003", "tote-1"}},
		{name: "without Enter silence ends it", types: [][2]string{{"6901234500003", "{}"}}, want: []string{"6901234500003"}},
		{name: "slow, with Enter", types: [][2]string{{"SK003\n", "{gap: 60}"}}, want: []string{"SK003"}},
		{name: "a trigger that fires twice", types: [][2]string{{"SK003\nSK003\n", "{}"}}, want: []string{"SK003"}},
		{name: "the same code again on purpose", types: [][2]string{{"SK003\n", "{}"}, {"SK003\n", "{}"}}, between: "new Promise((f) => setTimeout(f, 200))", want: []string{"SK003", "SK003"}},
		{name: "into another field", types: [][2]string{{"SK003\n", "{into: '#other'}"}}, want: []string{"SK003"}},
		{name: "onto a button", types: [][2]string{{"SK003\n", "{into: '#b'}"}}, want: []string{"SK003"}},
		{name: "while the page is drawn anew", types: [][2]string{{"SK0", "{}"}, {"03\n", "{}"}}, between: "draw()", want: []string{"SK003"}},
		{name: "separators are kept", types: [][2]string{{"01069012345000031726123110L1\x1d21S7\n", "{}"}}, want: []string{"01069012345000031726123110L1\x1d21S7"}},
		{name: "the symbology's name is not", types: [][2]string{{"]C10106901234500003\n", "{}"}}, want: []string{"0106901234500003"}},
		{name: "GBK byte by byte", types: [][2]string{{latin(gbk) + "\n", "{}"}}, want: []string{"中文-1"}},
		{name: "UTF-8 byte by byte", types: [][2]string{{latin("中文-1") + "\n", "{}"}}, want: []string{"中文-1"}},
		{name: "the code on a cart", types: [][2]string{{cart + "\n", "{}"}}, want: []string{cart}},
		{name: "the code on a cart byte by byte", types: [][2]string{{latin(cart) + "\n", "{}"}}, want: []string{cart}},
		{name: "another code so long", types: [][2]string{{strings.Repeat("7", 200) + "\n", "{}"}}, want: []string{strings.Repeat("7", 128)}},
		{name: "full-width letters", types: [][2]string{{"ＳＫ００３\n", "{}"}}, want: []string{"SK003"}},
	}
	p := b.open(srv.URL, 360, 640)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p.do(chromedp.Navigate(srv.URL))
			p.eval("localStorage.clear()")
			p.do(chromedp.Navigate(srv.URL))
			for i, x := range tt.types {
				if i > 0 {
					p.eval(tt.between)
				}
				p.wedge(x[0], x[1])
			}
			p.until(fmt.Sprintf("codes.length >= %d", len(tt.want)))
			p.eval("new Promise((f) => setTimeout(f, 100))") // would a code too many come?
			var got []string
			text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("JSON.stringify(codes)"))
			if err == nil {
				err = json.Unmarshal([]byte(text), &got)
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("heard %q, %v; want %q", got, err, tt.want)
			}
			other, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.getElementById('other').value"))
			if err != nil || other != "note" {
				t.Errorf("the other field holds %q, %v", other, err)
			}
		})
	}
	t.Run("the soft keyboard stays shut", func(t *testing.T) {
		mode, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.querySelector('.scan input').getAttribute('inputmode')"))
		if err != nil || mode != "none" {
			t.Errorf("inputmode = %q, %v", mode, err)
		}
	})
	t.Run("what an input method hands over", func(t *testing.T) {
		p.eval("fresh()")
		p.eval(`(function () { var i = document.querySelector('.scan input'); i.value = "SK003"; i.dispatchEvent(new Event("input")); })()`)
		p.until(`codes.join() === "SK003"`)
		p.eval("new Promise((f) => setTimeout(f, 300))")
		p.eval(`(function () { var i = document.querySelector('.scan input'); i.value = "SK003"; i.dispatchEvent(new Event("input")); })()`)
		p.until(`codes.join() === "SK003,SK003" && !scanner.typed`)
	})
	t.Run("what a person types is told from what a scanner does", func(t *testing.T) {
		for _, x := range []struct {
			gap   int
			typed bool
		}{{0, false}, {60, false}, {200, true}} {
			p.do(chromedp.Navigate(srv.URL))
			p.wedge("SK003\n", fmt.Sprintf("{gap: %d}", x.gap))
			p.until(`codes.join() === "SK003"`)
			p.until(fmt.Sprintf("scanner.typed === %v", x.typed))
		}
	})
}

// eval runs a script and waits for what it promises.
func (w *window) eval(script string) {
	w.b.t.Helper()
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("Promise.resolve("+script+").then(() => true)", chromedp.EvalAwaitPromise)); err != nil {
		w.b.t.Fatal(err)
	}
}
