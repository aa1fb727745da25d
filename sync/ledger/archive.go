package ledger

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"floord/floor"
)

// An archived day is a file beside the ledger, sealed with the same key:
//
//	"floord-archive/1\n", then frames: length (4 bytes, big endian), sealed bytes
//
// A frame opens to zstd, that to JSON lines, one an event with its payload. The
// number of a frame is part of its seal, and the last one is sealed as such, so
// that a frame taken out or a file cut short is noticed.
const (
	archiveMagic = "floord-archive/1\n"
	archiveFrame = 256 << 10 // bytes of lines before a frame is closed
	maxFrame     = 64 << 20
	trimBout     = 500 // events deleted in one transaction
)

// An archive is one archived day as the meta bucket lists it. Days follow one
// another without a gap, from event 1 on.
type archive struct {
	File   string
	First  uint64
	Last   uint64
	SHA256 string
	Chain  []byte // up to Last
}

func (a archive) end() mark { return mark{Seq: a.Last, Chain: chain(a.Chain)} }

// Archive moves the days before the keep newest ones, today included, out of the
// journal: each into a file of Options.Archive, synced and renamed into place,
// then read back; then a floor.DayArchived is journalled, and the day's events,
// payloads and request keys leave the ledger in bouts. A crash in between is
// made good by the next call. It gives the days that were moved. now also says
// in which zone days are counted.
func (l *Ledger) Archive(ctx context.Context, keep int, now time.Time) ([]floor.DayArchived, error) {
	l.chores.Lock()
	defer l.chores.Unlock()
	var days []floor.DayArchived
	until := now.AddDate(0, 0, 1-keep).Format(time.DateOnly)
	for {
		if err := l.trim(ctx); err != nil {
			return days, fmt.Errorf("archive: %w", err)
		}
		day, err := l.archiveDay(ctx, until, now.Location())
		if err != nil {
			return days, fmt.Errorf("archive: %w", err)
		}
		if day.File == "" {
			return days, nil
		}
		days = append(days, day)
	}
}

// archiveDay writes and journals the oldest day if it is before until.
func (l *Ledger) archiveDay(ctx context.Context, until string, zone *time.Location) (floor.DayArchived, error) {
	first := l.cut.Load().Seq + 1
	day, last, err := l.oldestDay(first, zone)
	if err != nil || last < first || day >= until {
		return floor.DayArchived{}, err
	}
	list, err := l.archives()
	if err != nil {
		return floor.DayArchived{}, err
	}
	a := archive{File: day + ".jsonl.zst.sealed", First: first, Last: last}
	if slices.ContainsFunc(list, func(b archive) bool { return b.File == a.File }) {
		a.File = fmt.Sprintf("%s-%d.jsonl.zst.sealed", day, first) // the clock went back: a second part of that day
	}
	if err := l.writeArchive(ctx, &a); err != nil {
		return floor.DayArchived{}, fmt.Errorf("day %s: %w", day, err)
	}
	fact := floor.DayArchived{Day: day, First: first, Last: last, File: a.File, SHA256: a.SHA256}
	req := Request{Key: day + "/floord/archive/" + fmt.Sprint(first), Actor: "floord", Urgent: true}
	c := newCall(ctx, req, func(*View) ([]floor.Fact, error) { return []floor.Fact{fact}, nil })
	c.also = func(r *rows) error { return r.putArchives(append(list, a)) }
	if err := l.wait(c); err != nil {
		return floor.DayArchived{}, err
	}
	return fact, c.err
}

// oldestDay gives the day of event first and the last event before the next
// day begins. It is before first if there are no events.
func (l *Ledger) oldestDay(first uint64, zone *time.Location) (day string, last uint64, err error) {
	last = first - 1
	end := l.Seq() // before the transactions: each sees at least so many events
	for more := true; more && err == nil; {
		more = false
		err = l.view(func(r *rows) error {
			for seq := last + 1; seq <= min(end, last+trimBout); seq++ {
				rec, err := r.record(seq)
				if err != nil {
					return err
				}
				d := time.Unix(0, rec.at).In(zone).Format(time.DateOnly)
				if day == "" {
					day = d
				}
				if d > day {
					return nil
				}
				last, more = seq, seq < end
			}
			return nil
		})
	}
	return day, last, err
}

// record reads the record of event seq.
func (r *rows) record(seq uint64) (record, error) {
	l, err := r.line(seq)
	if err != nil {
		return record{}, err
	}
	rec, err := parseRecord(l.record())
	if err != nil {
		return record{}, fmt.Errorf("event %d: %w", seq, err)
	}
	return rec, nil
}

// archives lists the archived days.
func (l *Ledger) archives() (list []archive, err error) {
	err = l.view(func(r *rows) error {
		list, err = r.archives()
		return err
	})
	return list, err
}

func (r *rows) archives() ([]archive, error) {
	data, err := r.meta().get("archives")
	if data == nil || err != nil {
		return nil, err
	}
	var list []archive
	if err := decMode.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("meta row archives: %w", err)
	}
	return list, nil
}

func (r *rows) putArchives(list []archive) error {
	data, err := encMode.Marshal(list)
	if err != nil {
		return err
	}
	return r.meta().put("archives", data)
}

// trim deletes what is archived from the head of the journal, with its payloads
// and request keys.
func (l *Ledger) trim(ctx context.Context) error {
	list, err := l.archives()
	if err != nil || len(list) == 0 {
		return err
	}
	last := list[len(list)-1].Last
	for cut := *l.cut.Load(); cut.Seq < last; l.cut.Store(&cut) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := l.update(func(r *rows) error {
			end := min(last, cut.Seq+trimBout)
			for cut.Seq < end {
				if err := r.trim(&cut); err != nil {
					return err
				}
			}
			return r.putMark("cut", cut)
		})
		if err != nil {
			return fmt.Errorf("trim the journal: %w", err)
		}
	}
	return nil
}

// trim deletes the event after cut and moves cut there.
func (r *rows) trim(cut *mark) error {
	seq := cut.Seq + 1
	l, err := r.line(seq)
	if err != nil {
		return err
	}
	rec, err := parseRecord(l.record())
	if err != nil {
		return fmt.Errorf("event %d: %w", seq, err)
	}
	*cut = mark{Seq: seq, Chain: l.chain()}
	return errors.Join(r.journal().delete(seqKey(seq)), r.top(rawBucket).delete(seqKey(seq)), r.answered().delete(rec.cause))
}

// An archivedLine is one event in an archive file: all that its record holds,
// so that the chain can be checked there too.
type archivedLine struct {
	Seq       uint64          `json:"seq"`
	At        int64           `json:"at_ns"`
	Actor     string          `json:"actor"`
	Cause     string          `json:"cause"`
	Kind      string          `json:"kind"`
	Interests []uint32        `json:"interests,omitempty"`
	RawSHA256 []byte          `json:"raw_sha256,omitempty"`
	Fact      json.RawMessage `json:"fact"`
	Raw       []byte          `json:"raw,omitempty"`
}

// writeArchive writes the file of a, reads it back and fills in what it is.
func (l *Ledger) writeArchive(ctx context.Context, a *archive) error {
	if err := os.MkdirAll(l.opts.Archive, 0o700); err != nil {
		return err
	}
	path := filepath.Join(l.opts.Archive, a.File)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a file that was written and not journalled before a crash is in the way
	}
	start := *l.cut.Load()
	err := install(path, func(f *os.File) error {
		sum := sha256.New()
		w := &archiveWriter{l: l, name: a.File, to: io.MultiWriter(f, sum)}
		if err := w.write(ctx, a.First, a.Last); err != nil {
			return err
		}
		a.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return nil
	})
	if err != nil {
		return err
	}
	end, err := l.readArchive(*a, start, func(floor.Event, []byte) error { return ctx.Err() })
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	a.Chain = end.Chain[:]
	return l.view(func(r *rows) error {
		if last, err := r.line(a.Last); err != nil || last.chain() != end.Chain {
			return errors.Join(err, errors.New("the file read back does not chain up to the journal"))
		}
		return nil
	})
}

// An archiveWriter writes one archive file.
type archiveWriter struct {
	l     *Ledger
	name  string
	to    io.Writer
	lines bytes.Buffer
	frame uint64
}

func (w *archiveWriter) write(ctx context.Context, first, last uint64) error {
	if _, err := io.WriteString(w.to, archiveMagic); err != nil {
		return err
	}
	for seq := first; seq <= last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := w.l.view(func(r *rows) error {
			for ; seq <= last && w.lines.Len() < archiveFrame; seq++ {
				if err := w.line(r, seq); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil && w.lines.Len() >= archiveFrame {
			err = w.flush(false)
		}
		if err != nil {
			return err
		}
	}
	return w.flush(true)
}

func (w *archiveWriter) line(r *rows, seq uint64) error {
	rec, err := r.record(seq)
	if err != nil {
		return err
	}
	var raw []byte
	if len(rec.raw) > 0 {
		if raw, err = r.raw(seq); err != nil {
			return err
		}
	}
	data, err := json.Marshal(archivedLine{
		Seq: seq, At: rec.at, Actor: rec.actor, Cause: rec.cause, Kind: rec.kind,
		Interests: rec.interests, RawSHA256: rec.raw, Fact: rec.fact, Raw: raw,
	})
	w.lines.Write(append(data, '\n'))
	return err
}

func (w *archiveWriter) flush(last bool) error {
	packed := w.l.seals.pack.EncodeAll(w.lines.Bytes(), nil)
	w.lines.Reset()
	sealed := w.l.seals.of("archive/"+w.name).Seal(nil, nil, packed, frameName(w.frame, last))
	w.frame++
	_, err := w.to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(sealed))), sealed...))
	return err
}

func frameName(n uint64, last bool) []byte {
	name := binary.BigEndian.AppendUint64(nil, n)
	if last {
		return append(name, 1)
	}
	return append(name, 0)
}

// readArchive calls f for the events of a and their payloads, in order, checking
// seals, sums and the chain from start on. It gives the end of the chain.
func (l *Ledger) readArchive(a archive, start mark, f func(e floor.Event, raw []byte) error) (mark, error) {
	file, err := os.Open(filepath.Join(l.opts.Archive, a.File))
	if err != nil {
		return start, err
	}
	defer file.Close()
	sum := sha256.New()
	in := bufio.NewReader(io.TeeReader(file, sum))
	magic := make([]byte, len(archiveMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != archiveMagic {
		return start, errors.New("it is not an archive of floord")
	}
	at := start
	for n, last := uint64(0), false; !last; n++ {
		var lines []byte
		if lines, last, err = l.readFrame(in, a.File, n); err != nil {
			return at, err
		}
		for line := range bytes.Lines(lines) {
			if at, err = archivedEvent(line, at, f); err != nil {
				return at, err
			}
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return at, errors.New("there is more in the file than was written")
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != a.SHA256 {
		return at, fmt.Errorf("its SHA-256 is %s, %s was journalled", got, a.SHA256)
	}
	if at.Seq != a.Last || a.Chain != nil && at != a.end() {
		return at, fmt.Errorf("it ends at event %d or with another chain; event %d was journalled", at.Seq, a.Last)
	}
	return at, nil
}

func (l *Ledger) readFrame(in io.Reader, name string, n uint64) (lines []byte, last bool, err error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, false, fmt.Errorf("it ends before frame %d", n)
	}
	length := binary.BigEndian.Uint32(size[:])
	if length > maxFrame {
		return nil, false, fmt.Errorf("frame %d of %d bytes", n, length)
	}
	sealed := make([]byte, length)
	if _, err := io.ReadFull(in, sealed); err != nil {
		return nil, false, fmt.Errorf("it ends inside frame %d", n)
	}
	aead := l.seals.of("archive/" + name)
	packed, err := aead.Open(nil, nil, sealed, frameName(n, false))
	if err != nil {
		last = true
		packed, err = aead.Open(nil, nil, sealed, frameName(n, true))
	}
	if err != nil {
		return nil, false, fmt.Errorf("frame %d is damaged", n)
	}
	lines, err = l.seals.unpack.DecodeAll(packed, nil)
	return lines, last, err
}

// archivedEvent reads one line of an archive file.
func archivedEvent(data []byte, at mark, f func(floor.Event, []byte) error) (mark, error) {
	var a archivedLine
	if err := json.Unmarshal(data, &a); err != nil {
		return at, err
	}
	if a.Seq != at.Seq+1 {
		return at, fmt.Errorf("event %d after event %d", a.Seq, at.Seq)
	}
	rec := record{at: a.At, actor: a.Actor, cause: a.Cause, kind: a.Kind, interests: a.Interests, raw: a.RawSHA256, fact: a.Fact}
	if sum := sha256.Sum256(a.Raw); rec.raw != nil && !bytes.Equal(sum[:], rec.raw) {
		return at, fmt.Errorf("event %d: its payload is not the one it names", a.Seq)
	}
	e, err := rec.event(a.Seq)
	if err != nil {
		return at, err
	}
	at = mark{Seq: a.Seq, Chain: newLine(nil, at, rec).chain()}
	return at, f(e, a.Raw)
}

// foldArchives brings the views under the rebuild bucket up to the last archived
// event and gives it.
func (l *Ledger) foldArchives(ctx context.Context) (mark, error) {
	list, err := l.archives()
	at := mark{}
	for _, a := range list {
		var page []floor.Event
		fold := func() error {
			err := l.update(func(r *rows) error { return l.foldAll(r.rebuilt(), page) })
			page = page[:0]
			return errors.Join(ctx.Err(), err)
		}
		at, err = l.readArchive(a, at, func(e floor.Event, _ []byte) error {
			if page = append(page, e); len(page) < rebuildBout {
				return nil
			}
			return fold()
		})
		if err = errors.Join(err, fold()); err != nil {
			return at, fmt.Errorf("archive %s: %w", a.File, err)
		}
	}
	return at, err
}

func (l *Ledger) foldAll(r *rows, events []floor.Event) error {
	for _, e := range events {
		if err := l.fold(r, e); err != nil {
			return fmt.Errorf("fold event %d: %w", e.Seq, err)
		}
	}
	return r.settle()
}

// archives checks the archive files and folds them. The chain goes on behind a
// file that cannot be read from what was journalled of it.
func (c *checker) archives(ctx context.Context) error {
	list, err := c.l.archives()
	for _, a := range list {
		where := "archive " + a.File
		var page []floor.Event
		_, err := c.l.readArchive(a, c.at, func(e floor.Event, _ []byte) error {
			if page = append(page, e); len(page) < verifyEvents {
				return ctx.Err()
			}
			err := c.fold(page)
			page = page[:0]
			return err
		})
		if err != nil {
			c.out.fail(where, "%v", err)
			c.torn = true
		}
		if err := errors.Join(ctx.Err(), c.fold(page)); err != nil {
			return err
		}
		c.at = a.end()
	}
	c.base = c.at.Seq
	if cut := *c.l.cut.Load(); cut.Seq == c.at.Seq && cut != c.at {
		c.out.fail("meta cut", "it does not name the chain of the last archived event")
	}
	return err
}
