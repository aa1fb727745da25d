package zpltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"floord/label/glyph"
)

// Font gives the stream that loads a TrueType font under the name that labels ask
// for, in place of the one that a Chinese printer has.
func Font(t testing.TB, name, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("~DU%s,%d,%X", name, len(b), b)
}

// Render has zpl-renderer-js draw the labels of a stream, each w x h dots at dpmm
// dots to the millimetre, and says how long the quickest of rounds took. It knows
// nothing of this project: an independent pair of eyes.
func Render(t testing.TB, zpl string, w, h, dpmm, rounds int) ([]image.Image, time.Duration) {
	t.Helper()
	var out struct {
		Labels       [][]byte
		Milliseconds float64
	}
	see(t, map[string]any{
		"zpl": zpl, "width": float64(w) / float64(dpmm), "height": float64(h) / float64(dpmm), "dpmm": dpmm, "rounds": rounds,
	}, &out)
	var images []image.Image
	for _, b := range out.Labels {
		m, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, m)
	}
	return images, time.Duration(out.Milliseconds * float64(time.Millisecond))
}

// Pack has zpl-image pack a picture as ^GFA takes it.
func Pack(t testing.TB, b glyph.Bitmap) (z64, acs string) {
	t.Helper()
	var out struct{ Z64, ACS string }
	see(t, map[string]any{"bits": b.Bits, "width": b.Width}, &out)
	return out.Z64, out.ACS
}

// eyes is the Node program, started with the first question of a test binary: its
// engine takes seconds to come up. It ends when this process does and its input
// with it.
var eyes = sync.OnceValues(func() (*program, error) {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "eyes")
	lock, err := os.Open(dir) // tests of other packages, beside these, want the same: one of them installs it
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if b, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("install the packages of %s (Node and npm must be there, ./test installs them): %w\n%s", dir, err, b)
		}
	}
	p := &program{}
	cmd := exec.Command("node", "eyes.cjs")
	cmd.Dir, cmd.Stderr = dir, &p.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = json.NewEncoder(in), json.NewDecoder(out)
	return p, cmd.Start()
})

// A program answers one question after another.
type program struct {
	mu   sync.Mutex // held from a question to its answer
	in   *json.Encoder
	out  *json.Decoder
	said bytes.Buffer // read once it has ended
}

func see(t testing.TB, ask, answer any) {
	t.Helper()
	p, err := eyes()
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err = p.in.Encode(ask); err == nil {
		err = p.out.Decode(answer)
	}
	if err != nil {
		t.Fatalf("node eyes.cjs: %v\n%s", err, p.said.String())
	}
}
