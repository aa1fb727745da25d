package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What is served is what the sources say: nobody edits dist or forgets to build.
func TestDistIsBuiltFromSrc(t *testing.T) {
	files, err := build("../src")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../dist", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("dist/%s is not what src builds (%v): run go generate ./web", name, err)
		}
	}
	have, err := os.ReadDir("../dist")
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(files) {
		t.Errorf("dist has %d files, src builds %d", len(have), len(files))
	}
}

// Things that a WebView of Chrome 64 does not know. esbuild rewrites syntax, but
// neither calls nor style properties.
func TestDistRunsOnChrome64(t *testing.T) {
	tooNew := []string{
		`\?\.[a-zA-Z_$\[(]`, `\?\?`, `\.at\(`, `\.flat\(`, `\.flatMap\(`, `\.replaceChildren\(`, `\.replaceAll\(`, `\.matchAll\(`,
		`Object\.fromEntries`, `Promise\.allSettled`, `globalThis`, `queueMicrotask`, `structuredClone`, `AbortController`,
		`randomUUID`, `innerHTML`, `outerHTML`, `insertAdjacentHTML`, `document\.write`, `\beval\(`, `new Function`,
	}
	for _, name := range []string{"pda.js", "sw.js", "station.js", "board.js", "wave.js", "labels.js", "setup.js", "plan.js", "channels.js", "docs.js", "chart.js", "health.js"} {
		data, err := os.ReadFile(filepath.Join("../dist", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range tooNew {
			if loc := regexp.MustCompile(p).FindIndex(data); loc != nil {
				t.Errorf("%s has %s: %.60s", name, p, data[max(0, loc[0]-20):])
			}
		}
	}
	css, err := os.ReadFile("../dist/style.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{`[;{](row-|column-)?gap:`, `[;{]inset`, `clamp\(`, `[^-]min\(`, `[^-]max\(`, `aspect-ratio`, `:is\(`, `dvh`} {
		if loc := regexp.MustCompile(p).FindIndex(css); loc != nil {
			t.Errorf("style.css has %s: %.60s", p, css[loc[0]:])
		}
	}
}

// What a handheld loads before it shows anything stays small: script, style and
// page together, as a server that compresses would send them.
func TestThePickersPageIsSmall(t *testing.T) {
	const most = 150 << 10
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, name := range []string{"pda.html", "pda.js", "style.css"} {
		data, err := os.ReadFile(filepath.Join("../dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", packed.Len())
	if packed.Len() > most {
		t.Errorf("the picker's page is %d bytes, packed; at most %d are wanted", packed.Len(), most)
	}
}

// Every word a page asks for by name is in the catalogue, in both languages.
func TestWordsAreInTheCatalogue(t *testing.T) {
	var catalogue strings.Builder
	for _, f := range []string{"../src/text.json", "../../floor/messages.json"} {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		catalogue.Write(data)
	}
	sources, err := filepath.Glob("../src/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\bsay\("([\w-]+)"[,)]`)
	n := 0
	for _, f := range sources {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllSubmatch(data, -1) {
			n++
			if !strings.Contains(catalogue.String(), `"`+string(m[1])+`": {"zh": "`) {
				t.Errorf("%s says %q, which is in no catalogue", filepath.Base(f), m[1])
			}
		}
	}
	if n < 40 {
		t.Errorf("found only %d words: the test looks for them wrongly", n)
	}
}
