package floor

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var place = regexp.MustCompile(`\{([a-z]+)\}`)

func TestEveryMessageIsInBothLanguages(t *testing.T) {
	for code, byLang := range messages {
		zh, en := byLang["zh"], byLang["en"]
		if zh == "" || en == "" {
			t.Errorf("%s: zh %q, en %q; want both", code, zh, en)
		}
		if got, want := places(zh), places(en); !slices.Equal(got, want) {
			t.Errorf("%s: zh has places %v, en has %v", code, got, want)
		}
	}
}

// Every code that the source refuses with is in the catalogue, with the places
// that the call fills.
func TestEveryRefusalHasItsSentence(t *testing.T) {
	call := regexp.MustCompile(`(?:floor\.)?Refuse\("([a-z-]+)"`)
	n := 0
	root := ".."
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range call.FindAllStringSubmatch(string(src), -1) {
			n++
			if !strings.HasSuffix(m[1], "-") && messages[m[1]] == nil {
				t.Errorf("%s refuses with %q, which messages.json lacks", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 5 {
		t.Fatalf("found %d refusals in the source; the search is broken", n)
	}
}

func places(s string) []string {
	var out []string
	for _, m := range place.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestText(t *testing.T) {
	r := Refuse("over-pick", "left", 2, "got", 3)
	if got, want := r.Error(), "Too many: 2 left on this line, 3 reported. Put the rest back."; got != want {
		t.Errorf("Error() = %q; want %q", got, want)
	}
	if got := r.Text("zh"); !strings.Contains(got, "还需 2 件") {
		t.Errorf("Text(zh) = %q; want the number in it", got)
	}
}

// A place in a value is not filled again: text from outside stays text.
func TestTextFillsOnce(t *testing.T) {
	r := Refuse("wrong-sku", "got", "{want}", "want", "A")
	if got := r.Error(); !strings.Contains(got, "{want} scanned, A wanted") {
		t.Errorf("Error() = %q", got)
	}
}

func TestFactsRoundTrip(t *testing.T) {
	for _, k := range Kinds() {
		f, err := DecodeFact(k, []byte(`{}`))
		if err != nil {
			t.Errorf("DecodeFact(%s, {}): %v", k, err)
			continue
		}
		if f.Kind() != k {
			t.Errorf("DecodeFact(%s) gave a %s", k, f.Kind())
		}
		f.Subjects()
	}
	if _, err := DecodeFact("line.picked/9", []byte(`{}`)); err == nil {
		t.Error("an unknown kind was decoded")
	}
}
