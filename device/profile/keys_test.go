package profile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"floord/device/profile"
)

// Every key that a profile may have is read by some code outside this package: one
// that is only checked has no effect and must go. It goes by the names of fields, so
// a key whose name another type has too may slip through.
func TestEveryKeyHasAnEffect(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		own, _ := filepath.Abs(".")
		here, _ := filepath.Abs(filepath.Dir(path))
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || here == own {
			return nil
		}
		b, err := os.ReadFile(path)
		code.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// These say something of the profile and not of the device; lint and Resolve read them.
	own := map[string]bool{"source": true, "confidence": true, "quirk": true, "overrides": true, "elsewhere": true, "example.source": true}
	keys := 0
	var walk func(typ reflect.Type, prefix string)
	walk = func(typ reflect.Type, prefix string) {
		for _, f := range reflect.VisibleFields(typ) {
			name := f.Tag.Get("toml")
			if name == "" || name == "-" {
				continue
			}
			key := strings.TrimPrefix(prefix+"."+name, ".")
			of := f.Type
			if of.Kind() == reflect.Slice {
				of = of.Elem()
			}
			if of.Kind() == reflect.Struct {
				walk(of, key)
				continue
			}
			keys++
			if !own[key] && !regexp.MustCompile(`\.`+f.Name+`\b`).MatchString(code.String()) {
				t.Errorf("%s is a key that no code reads (%s.%s)", key, typ.Name(), f.Name)
			}
		}
	}
	walk(reflect.TypeFor[profile.Profile](), "")
	if keys < 60 {
		t.Errorf("only %d keys were looked at", keys)
	}
}
