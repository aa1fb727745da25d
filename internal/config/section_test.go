package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"floord/internal/config"
)

func TestSections(t *testing.T) {
	text := "[site]\nname = \"x\"\n\n[[channel]]\nid = \"pdd\"\nsecret = \"s3cret\"\nsecret_file = \"a.txt\"\n\n[[channel.code]]\ncarrier = \"sf\"\n\n[[person]]\nid = \"li\"\n[[channel]]\nid = 'tb'\n"
	want := []config.Section{
		{ID: "pdd", Line: 4, Text: "[[channel]]\nid = \"pdd\"\nsecret = \"***\"\nsecret_file = \"a.txt\"\n\n[[channel.code]]\ncarrier = \"sf\""},
		{ID: "tb", Line: 14, Text: "[[channel]]\nid = 'tb'"},
	}
	if got := config.Sections(text, "channel"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// The mistakes of the file as it is now, those of devices among them.
func TestMistakes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floord.toml")
	for text, want := range map[string]int{
		"": 0, "[site]\nnaem = \"x\"\n": 1,
		"[[station]]\nid = \"pack-1\"\n[station.scale]\nport = \"/dev/ttyUSB0\"\nprofile = \"nobody/nothing\"\n": 1,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := config.Mistakes(path); len(got) != want {
			t.Errorf("%q: %v; want %d", text, got, want)
		}
	}
}
