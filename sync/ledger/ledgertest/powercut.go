package ledgertest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Trace is all that a child has written and synced, and what it acknowledged,
// in order: from it the disk can be rebuilt as a power cut would leave it.
type Trace struct {
	steps []step
}

// A step is one thing that happened to the disk.
type step struct {
	kind stepKind
	file string // the name at which the file was created
	to   string // rename: its new name
	off  int64
	data []byte // write: what; ack: the key
}

type stepKind int

const (
	stepWrite stepKind = iota
	stepSize           // off is the new size
	stepSync
	stepRename
	stepSyncFolder
	stepAck
)

// Record runs the child to its end and records it. With lying, every sync is
// made to do nothing though it gives success: the negative control.
func Record(t *testing.T, child string, lying bool) *Trace {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	wrapper := []string{"strace", "-f", "-qq", "-xx", "-s", "16000000", "-o", log, "-e", "trace=openat,close,write," + written}
	if lying {
		wrapper = append(wrapper, "-e", "inject=fdatasync,fsync:retval=0")
	}
	left := run(t, child, filepath.Join(dir, "floor.db"), nil, wrapper...)
	if left.Err != nil {
		t.Fatalf("child %s: %v", child, left.Err)
	}
	r := recorder{t: t, dir: dir, open: map[int]string{}}
	for _, c := range readCalls(t, log) {
		r.take(c)
	}
	acks := 0
	for _, s := range r.trace.steps {
		if s.kind == stepAck {
			acks++
		}
	}
	if acks != len(left.Acked) || acks == 0 {
		t.Fatalf("%d acknowledgements recorded of %d", acks, len(left.Acked))
	}
	return &r.trace
}

// A recorder makes steps of system calls.
type recorder struct {
	t     *testing.T
	dir   string
	open  map[int]string // descriptor -> path
	trace Trace
}

func (r *recorder) take(c call) {
	args := strings.Split(c.args, ", ")
	if c.name == "openat" && c.ok() {
		fd, _, _ := strings.Cut(c.ret, " ")
		r.open[atoi(r.t, fd)] = r.text(args[1])
		return
	}
	if c.name == "renameat" || c.name == "renameat2" {
		if from := r.text(args[1]); c.ok() && r.ours(from) {
			r.add(step{kind: stepRename, file: from, to: r.text(args[3])})
		}
		return
	}
	if c.name == "unlinkat" || c.name == "linkat" {
		return // of scratch files only
	}
	fd := atoi(r.t, args[0])
	path := r.open[fd]
	switch {
	case c.name == "close":
		delete(r.open, fd)
	case c.name == "write" && fd == 1:
		r.add(step{kind: stepAck, data: []byte(strings.TrimSuffix(r.text(args[1]), "\n"))})
	case !c.ok():
	case path == r.dir && c.name == "fsync":
		r.add(step{kind: stepSyncFolder})
	case !r.ours(path):
	case c.name == "write":
		r.add(step{kind: stepWrite, file: path, data: []byte(r.text(args[1])), off: -1}) // at the end: small files only
	case c.name == "pwrite64":
		r.add(step{kind: stepWrite, file: path, data: []byte(r.text(args[1])), off: int64(atoi(r.t, args[3]))})
	case c.name == "ftruncate":
		r.add(step{kind: stepSize, file: path, off: int64(atoi(r.t, args[1]))})
	default:
		r.add(step{kind: stepSync, file: path})
	}
}

func (r *recorder) add(s step) { r.trace.steps = append(r.trace.steps, s) }

// ours says whether path is the ledger, its key file, or one of them in the making.
func (r *recorder) ours(path string) bool {
	return strings.HasPrefix(path, filepath.Join(r.dir, "floor.db")) && !strings.Contains(path, ".verify")
}

// text reads a string that strace printed with -xx.
func (r *recorder) text(arg string) string {
	arg = strings.TrimSuffix(arg, "...")
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(arg, `"`), `\x`, ""))
	if err != nil {
		r.t.Fatalf("strace's log: %v", err)
	}
	return string(b)
}

// Cuts is how many moments there are at which the power may go.
func (tr *Trace) Cuts() int { return len(tr.steps) + 1 }

// A disk is the files of one folder, with what of them is durable.
type disk struct {
	files map[string]*file // by the name they were created under
	moves []step           // renames that a power cut may undo
}

type file struct {
	name    string // the durable one
	synced  []byte
	pending []step // writes and sizes since the last sync
}

// PowerCut rebuilds the ledger as it may stand when the power goes after the
// first cut steps: what was synced is there; of what was not, each write is
// there, or torn, or not. It gives what the child had acknowledged by then.
func (tr *Trace) PowerCut(t testing.TB, cut int, rnd *rand.Rand) Leftover {
	t.Helper()
	left := Leftover{Path: filepath.Join(t.TempDir(), "floor.db")}
	d := disk{files: map[string]*file{}}
	for _, s := range tr.steps[:cut] {
		if s.kind == stepAck {
			left.Acked = append(left.Acked, string(s.data))
		} else {
			d.take(s)
		}
	}
	for _, m := range d.moves {
		if rnd.IntN(2) == 0 {
			d.file(m.file).name = m.to
		}
	}
	for _, f := range d.files {
		path := filepath.Join(filepath.Dir(left.Path), filepath.Base(f.name))
		content := f.after(rnd)
		err := os.WriteFile(path, bytes.TrimRight(content, "\x00"), 0o600) // the rest is a hole
		if err := errors.Join(err, os.Truncate(path, int64(len(content)))); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func (d *disk) file(name string) *file {
	for _, f := range d.files {
		if f.name == name {
			return f
		}
	}
	if d.files[name] == nil {
		d.files[name] = &file{name: name}
	}
	return d.files[name]
}

func (d *disk) take(s step) {
	switch s.kind {
	case stepRename:
		d.moves = append(d.moves, s)
	case stepSyncFolder:
		for _, m := range d.moves {
			d.file(m.file).name = m.to
		}
		d.moves = nil
	default:
		f := d.file(d.created(s.file))
		if s.kind == stepSync {
			for _, p := range f.pending {
				f.synced = p.apply(f.synced, len(p.data))
			}
			f.pending = nil
			return
		}
		f.pending = append(f.pending, s)
	}
}

// created follows renames that are not durable yet back to the name on disk.
func (d *disk) created(name string) string {
	for _, m := range slices.Backward(d.moves) {
		if m.to == name {
			name = m.file
		}
	}
	return name
}

// after gives the content with a random part of what was pending.
func (f *file) after(rnd *rand.Rand) []byte {
	b := slices.Clone(f.synced)
	for _, p := range f.pending {
		switch n := len(p.data); rnd.IntN(4) {
		case 0, 1:
			b = p.apply(b, n)
		case 2:
			b = p.apply(b, n/512*rnd.IntN(512)/512*512) // torn between sectors
		}
	}
	return b
}

// apply does the first n bytes of a write, or sets the size.
func (s step) apply(b []byte, n int) []byte {
	if s.kind == stepSize {
		return sized(b, s.off)
	}
	off := s.off
	if off < 0 {
		off = int64(len(b))
	}
	if end := off + int64(n); end > int64(len(b)) {
		b = sized(b, end)
	}
	copy(b[off:], s.data[:n])
	return b
}

func sized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// PowerCuts checks states of the trace: rounds of them, at cuts spread over it,
// and gives how many broke a promise, with the first of them.
func (tr *Trace) PowerCuts(t *testing.T, rounds int) (broken int, first error) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	for i := range rounds {
		cut := i * tr.Cuts() / rounds
		left := tr.PowerCut(t, cut, rnd)
		if err := Check(left); err != nil {
			if broken++; first == nil {
				first = fmt.Errorf("power cut after step %d of %d, %d acknowledged: %w", cut, len(tr.steps), len(left.Acked), err)
			}
		}
		os.RemoveAll(filepath.Dir(left.Path))
	}
	return broken, first
}
