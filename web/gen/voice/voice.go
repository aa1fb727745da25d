// Command voice speaks the words of web/src/voice/words.json with espeak-ng and
// writes, for each language, one Opus file with all of them and, in pieces.json,
// where in it each begins and how long it is, in milliseconds. It is run by hand
// when the words change (`go run ./gen/voice` in web) and needs the Debian packages
// espeak-ng and opus-tools; its output is committed.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A voice is how a language is spoken: Mandarin from pinyin with tones, which
// espeak-ng reads more surely than characters.
type voice struct{ name, speed, pitch string }

var voices = map[string]voice{
	"zh": {"cmn-latn-pinyin+f2", "150", "45"},
	"en": {"en-gb+f2", "160", "45"},
}

const (
	rate   = 22050 // samples a second, as espeak-ng gives them
	gap    = rate / 8
	silent = 250 // an amplitude below this is silence at a word's ends
	folder = "src/voice"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal("voice: ", err)
	}
}

func run() error {
	data, err := os.ReadFile(filepath.Join(folder, "words.json"))
	if err != nil {
		return err
	}
	var words map[string]map[string]string
	if err := json.Unmarshal(data, &words); err != nil {
		return err
	}
	pieces := map[string]map[string][2]int{}
	for lang, said := range words {
		all, at, err := speak(voices[lang], said)
		if err != nil {
			return fmt.Errorf("%s: %w", lang, err)
		}
		pieces[lang] = at
		if err := encode(all, filepath.Join(folder, lang+".opus")); err != nil {
			return fmt.Errorf("%s: %w", lang, err)
		}
	}
	out, err := json.Marshal(pieces)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "pieces.json"), append(out, '\n'), 0o644)
}

// speak gives the samples of all words and where each lies in them.
func speak(v voice, words map[string]string) ([]int16, map[string][2]int, error) {
	var names []string
	for name := range words {
		names = append(names, name)
	}
	slices.Sort(names)
	all := make([]int16, gap)
	at := map[string][2]int{}
	for _, name := range names {
		wav, err := exec.Command("espeak-ng", "-v", v.name, "-s", v.speed, "-p", v.pitch, "-a", "160", "--stdout", words[name]).Output()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		said := trim(samples(wav))
		if len(said) == 0 {
			return nil, nil, fmt.Errorf("%s: nothing was said", name)
		}
		at[name] = [2]int{len(all) * 1000 / rate, len(said) * 1000 / rate}
		all = append(append(all, said...), make([]int16, gap)...)
	}
	return all, at, nil
}

// samples gives what is in a WAV file of 16 bits and one channel.
func samples(wav []byte) []int16 {
	i := bytes.Index(wav, []byte("data"))
	if i < 0 {
		return nil
	}
	wav = wav[i+8:]
	s := make([]int16, len(wav)/2)
	for i := range s {
		s[i] = int16(binary.LittleEndian.Uint16(wav[2*i:]))
	}
	return s
}

func trim(s []int16) []int16 {
	loud := func(x int16) bool { return x > silent || x < -silent }
	from := slices.IndexFunc(s, loud)
	if from < 0 {
		return nil
	}
	to := len(s)
	for !loud(s[to-1]) {
		to--
	}
	return s[from:to]
}

// encode writes an Ogg Opus file of speech.
func encode(s []int16, path string) error {
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, s); err != nil {
		return err
	}
	c := exec.Command("opusenc", "--quiet", "--raw", "--raw-rate", fmt.Sprint(rate), "--raw-chan", "1", "--bitrate", "16", "--serial", "1",
		"--discard-comments", "-", path)
	c.Stdin, c.Stderr = &raw, os.Stderr
	return c.Run()
}
