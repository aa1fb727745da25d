// Package tape is the flight recorder of a port: what went over it both ways, with
// its times, for the last minutes. What was recorded is written as a .session
// file, which people can read and a test can play.
//
// What is sent to a printer is a label, and holds a person's address: of long
// writes only the length is kept.
package tape

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/device"
)

// Limits of a tape, and of a session that is read.
const (
	keepFor    = 5 * time.Minute
	keepBytes  = 256 << 10
	longWrite  = 64 // bytes; longer ones are labels
	maxEntries = 1 << 20
	maxLine    = 64 << 10
)

// A Way is which way bytes went.
type Way byte

// From the device, to the device, or neither: a note.
const (
	From Way = '<'
	To   Way = '>'
	Note Way = '#'
)

// An Entry is one read or write, or a note about the port.
type Entry struct {
	Seq   uint64
	At    time.Time
	Way   Way
	Bytes []byte // of From and To; of a long write its beginning is not kept: see Size
	Size  int    // of what was written
	Text  string // of a Note
}

// A Tape keeps what went over one port. Its methods may be called from any goroutine.
type Tape struct {
	mu      sync.Mutex
	seq     uint64        // guarded by mu
	entries []Entry       // guarded by mu
	bytes   int           // guarded by mu; held by entries
	grown   chan struct{} // guarded by mu; closed and replaced at every entry; nil until somebody waits
}

// add puts an entry on the tape and drops what is too old.
func (t *Tape) add(e Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	e.Seq = t.seq
	t.entries = append(t.entries, e)
	t.bytes += len(e.Bytes) + len(e.Text) + 32
	drop := 0
	for drop < len(t.entries)-1 && (t.bytes > keepBytes || e.At.Sub(t.entries[drop].At) > keepFor) {
		t.bytes -= len(t.entries[drop].Bytes) + len(t.entries[drop].Text) + 32
		drop++
	}
	if drop > 0 && drop >= len(t.entries)/4 || t.bytes > keepBytes {
		t.entries = append([]Entry(nil), t.entries[drop:]...)
	} else {
		t.entries = t.entries[drop:]
	}
	if t.grown != nil {
		close(t.grown)
		t.grown = nil
	}
}

// After gives the entries with a higher number, and a channel that is closed when
// there is one more.
func (t *Tape) After(seq uint64) ([]Entry, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.grown == nil {
		t.grown = make(chan struct{})
	}
	i := 0
	for i < len(t.entries) && t.entries[i].Seq <= seq {
		i++
	}
	return append([]Entry(nil), t.entries[i:]...), t.grown
}

// Recorder gives an opener whose ports are kept on the tape.
func (t *Tape) Recorder(o device.Opener) device.Opener { return opener{o, t} }

type opener struct {
	device.Opener
	tape *Tape
}

func (o opener) Open(ctx context.Context) (device.Port, error) {
	p, err := o.Opener.Open(ctx)
	if err != nil {
		if ctx.Err() == nil {
			o.tape.note("not opened: " + err.Error())
		}
		return nil, err
	}
	o.tape.note("opened " + o.String())
	return &port{Port: p, tape: o.tape}, nil
}

func (t *Tape) note(text string) { t.add(Entry{At: time.Now(), Way: Note, Text: text}) }

type port struct {
	device.Port
	tape *Tape
	lost sync.Once
}

func (p *port) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	if n > 0 {
		p.tape.add(Entry{At: time.Now(), Way: From, Bytes: append([]byte(nil), b[:n]...), Size: n})
	}
	p.ended(err)
	return n, err
}

func (p *port) Write(b []byte) (int, error) {
	n, err := p.Port.Write(b)
	if n > 0 {
		e := Entry{At: time.Now(), Way: To, Size: n}
		if n <= longWrite {
			e.Bytes = append([]byte(nil), b[:n]...)
		}
		p.tape.add(e)
	}
	p.ended(err)
	return n, err
}

// ended notes once why a port broke; its time-outs and our own closing are no news.
func (p *port) ended(err error) {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return
	}
	p.lost.Do(func() { p.tape.note("lost: " + err.Error()) })
}

// A Session is a recording: who was recorded, and what was said. The times of its
// entries are those since its beginning.
type Session struct {
	Head    map[string]string // "port", "profile", "at"
	Entries []Line
}

// A Line is one entry of a session.
type Line struct {
	At    time.Duration
	Way   Way
	Bytes []byte
	Size  int
	Text  string
}

// Write writes what the tape holds as a session.
func (t *Tape) Write(w io.Writer, head map[string]string) error {
	entries, _ := t.After(0)
	return WriteEntries(w, head, entries)
}

// WriteEntries writes entries as a session: a line each, the seconds since the
// first one, the way, and the bytes in hexadecimal.
func WriteEntries(w io.Writer, head map[string]string, entries []Entry) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "floord session 1")
	for _, key := range []string{"port", "profile", "at", "load"} {
		if v := head[key]; v != "" {
			fmt.Fprintf(b, "# %s: %s\n", key, strings.Join(strings.Fields(v), " "))
		}
	}
	for _, e := range entries {
		at := e.At.Sub(entries[0].At).Seconds()
		switch {
		case e.Way == Note:
			fmt.Fprintf(b, "%.3f # %s\n", at, strings.Join(strings.Fields(e.Text), " "))
		case e.Way == To && e.Bytes == nil:
			fmt.Fprintf(b, "%.3f > [%d]\n", at, e.Size)
		default:
			fmt.Fprintf(b, "%.3f %c % x\n", at, e.Way, e.Bytes)
		}
	}
	return b.Flush()
}

// Read reads a session. The error names the line that is none.
func Read(r io.Reader) (Session, error) {
	s := Session{Head: map[string]string{}}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimRight(in.Text(), "\r ")
		if n == 1 {
			if text != "floord session 1" {
				return s, fmt.Errorf("line 1: %.40q is not \"floord session 1\"", text)
			}
			continue
		}
		if text == "" {
			continue
		}
		if head, ok := strings.CutPrefix(text, "# "); ok {
			if key, value, ok := strings.Cut(head, ": "); ok && len(s.Entries) == 0 {
				s.Head[key] = value
			}
			continue
		}
		l, err := line(text)
		if err == nil && len(s.Entries) > 0 && l.At < s.Entries[len(s.Entries)-1].At {
			err = errors.New("is earlier than the line before")
		}
		if err == nil && len(s.Entries) == maxEntries {
			err = fmt.Errorf("more than %d lines", maxEntries)
		}
		if err != nil {
			return s, fmt.Errorf("line %d: %w", n, err)
		}
		s.Entries = append(s.Entries, l)
	}
	if err := in.Err(); err != nil {
		return s, err
	}
	if len(s.Entries) == 0 {
		return s, errors.New("a session with nothing in it")
	}
	return s, nil
}

// line reads "0.105 < 02 2d 30", "0.200 > [1234]" or "0.300 # lost: unplugged".
func line(text string) (Line, error) {
	f := strings.SplitN(text, " ", 3)
	if len(f) != 3 || len(f[1]) != 1 {
		return Line{}, fmt.Errorf("%.40q is not a time, a way (<, > or #) and bytes", text)
	}
	at, err := strconv.ParseFloat(f[0], 64)
	if err != nil || !(at >= 0 && at < 1e7) {
		return Line{}, fmt.Errorf("%q is no time in seconds", f[0])
	}
	l := Line{At: time.Duration(at * float64(time.Second)), Way: Way(f[1][0])}
	switch l.Way {
	case Note:
		l.Text = f[2]
		return l, nil
	case From, To:
	default:
		return l, fmt.Errorf("%q is not <, > or #", f[1])
	}
	if size, ok := strings.CutPrefix(f[2], "["); ok && l.Way == To {
		l.Size, err = strconv.Atoi(strings.TrimSuffix(size, "]"))
		if err != nil || l.Size < 1 {
			return l, fmt.Errorf("%q is no length", f[2])
		}
		return l, nil
	}
	l.Bytes, err = hex.DecodeString(strings.ReplaceAll(f[2], " ", ""))
	if err != nil {
		return l, fmt.Errorf("bytes: %w", err)
	}
	l.Size = len(l.Bytes)
	return l, nil
}

// Said gives all bytes that the device said.
func (s Session) Said() (all []byte) {
	for _, l := range s.Entries {
		if l.Way == From {
			all = append(all, l.Bytes...)
		}
	}
	return all
}
