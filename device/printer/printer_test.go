package printer_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/printer"
	"floord/device/profile"
	"floord/device/serial"
	"floord/firmware-profiles"
)

// set is what is shipped, read once.
var set = sync.OnceValues(func() (*profile.Set, error) {
	return profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
})

func shipped(t testing.TB, name string) profile.Profile {
	t.Helper()
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	d, err := profile.ParseDevice(profile.KindPrinter, name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Resolve(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// label is a job of one TSPL label, with a bitmap whose bytes look like commands.
func label(n int) printer.Job { return labelIn("tspl", n) }

// labelIn is one label in a language, with a picture whose bytes look like commands
// where the language has pictures as bytes.
func labelIn(language string, n int) printer.Job {
	const hostile = "\x1b!?\x1b!R\r\nPRINT 5\r\nCLS\r\nPRINT 1\r\n0123456789abcdef012345" // 53 bytes
	id := fmt.Sprintf("P-%d", n)
	var text string
	switch language {
	case "tspl":
		text = "SIZE 76 mm,130 mm\r\nCLS\r\nTEXT 10,10,\"TSS24.BF2\",0,1,1,\"" + id + "\"\r\nBITMAP 0,0,53,1,0," + hostile + "\r\nQRCODE 1,1,L,5,A,0,\"" + id + "\"\r\nPRINT 1\r\n"
	case "zpl":
		text = "^XA^CI28^FO10,10^FD" + id + "^FS^FO0,0^GFA,8,8,2,00FF00FF00FF00FF^FS^XZ\r\n"
	case "epl2":
		text = "N\r\nA10,10,0,1,1,1,N,\"" + id + "\"\r\nGW0,0,53,1," + hostile + "\r\nP1\r\n"
	case "cpcl":
		text = "! 0 200 200 300 1\r\nTEXT 24 0 10 10 " + id + "\r\nCG 53 1 0 0 " + hostile + "\r\nPRINT\r\n"
	case "escpos":
		text = "\x1b@\x1bL\x1bW\x00\x00\x00\x00\x40\x02\x90\x01" + id + "\x1dv0\x00\x35\x00\x01\x00" + hostile + "\f"
	}
	return printer.Job{ID: id, Data: []byte(text)}
}

// A bench is a pretend printer, the driver under test, and the pipe between
// them, inside a bubble.
type bench struct {
	t    *testing.T
	lang string
	sim  *devicetest.Printer
	p    *printer.Printer

	cancel context.CancelFunc
	ended  chan struct{}
}

func newBench(t *testing.T, p profile.Profile) *bench {
	t.Helper()
	pr, err := printer.New(p)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, lang: p.Printer.Language, sim: devicetest.NewPrinter(devicetest.PrinterOptions{Language: p.Printer.Language, SilentInError: true}), p: pr}
	b.plug()
	t.Cleanup(b.unplug)
	return b
}

// plug connects the printer; a pulled cable must be plugged in again after unplug.
func (b *bench) plug() {
	host, dev := net.Pipe()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.cancel, b.ended = cancel, make(chan struct{})
	served := make(chan struct{})
	go func() { b.sim.Serve(ctx, dev); dev.Close(); close(served) }()
	go func() { b.p.Drive(ctx, host); host.Close(); <-served; close(b.ended) }()
	synctest.Wait()
}

func (b *bench) unplug() {
	b.cancel()
	<-b.ended
}

func (b *bench) label(n int) printer.Job { return labelIn(b.lang, n) }

func (b *bench) print(n int) printer.Outcome {
	b.t.Helper()
	start := time.Now()
	o, _ := b.p.Print(b.t.Context(), b.label(n))
	if d := time.Since(start); d > time.Minute {
		b.t.Errorf("P-%d took %v", n, d)
	}
	return o
}

func (b *bench) want(n int, verdict printer.Verdict, reason printer.Reason) {
	b.t.Helper()
	if o := b.print(n); o.Verdict != verdict || o.Reason != reason {
		b.t.Errorf("P-%d: %+v; want %s %q", n, o, verdict, reason)
	}
}

// out waits for the printer to rest and checks which labels came out.
func (b *bench) out(want ...int) {
	b.t.Helper()
	time.Sleep(5 * time.Second)
	synctest.Wait()
	var got []string
	for _, l := range b.sim.Labels() {
		got = append(got, name(l))
	}
	var names []string
	for _, n := range want {
		names = append(names, fmt.Sprintf("P-%d", n))
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		b.t.Errorf("came out: %v; want %v", got, names)
	}
}

// name reads which label it is, and says so if it is not whole.
func name(l devicetest.Label) string {
	for _, language := range []string{"tspl", "zpl", "epl2", "cpcl", "escpos"} {
		for n := range 100 {
			whole := labelIn(language, n).Data
			i := bytes.Index(whole, l.Job)
			if i >= 0 && (language != "tspl" || bytes.HasPrefix(l.Job, []byte("CLS"))) && len(bytes.TrimSpace(whole[i+len(l.Job):])) == 0 && bytes.Contains(l.Job, []byte("P-")) {
				return fmt.Sprintf("P-%d", n)
			}
		}
	}
	return fmt.Sprintf("garbled %q", l.Job)
}

// each runs a story with both status dialects, in a bubble.
func each(t *testing.T, story func(t *testing.T, b *bench)) {
	for _, name := range []string{"generic/tspl-203dpi", "tsc/ttp-244@V6.31 EZ"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { story(t, newBench(t, shipped(t, name))) })
		})
	}
}

func TestALabelIsPrinted(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		o, err := b.p.Print(t.Context(), label(1))
		if err != nil || o.Verdict != printer.Printed || o.Proof != profile.ProofIdle || o.Reason != "" || o.Sent != len(label(1).Data) {
			t.Errorf("Print = %+v, %v", o, err)
		}
		b.want(2, printer.Printed, "")
		b.out(1, 2)
		if st, _ := b.p.Live(); !st.Ready() || st.Reason() != "" {
			t.Errorf("status after it: %+v", st)
		}
	})
}

func TestAPrinterThatIsNotReadyGetsNothing(t *testing.T) {
	tests := []struct {
		name  string
		cause func(*devicetest.Printer)
		want  printer.Reason
	}{
		{"head open", func(s *devicetest.Printer) { s.OpenHead(true) }, printer.HeadOpen},
		{"paused", func(s *devicetest.Printer) { s.Pause(true) }, printer.Paused},
		{"no ribbon", func(s *devicetest.Printer) { s.TakeRibbon(true) }, printer.RibbonOut},
		{"jammed", func(s *devicetest.Printer) { s.Jam(true) }, printer.Jam},
		{"hot", func(s *devicetest.Printer) { s.Overheat(true) }, printer.Hot},
		{"no answer", func(s *devicetest.Printer) { s.Mute(true) }, printer.NoAnswer},
		{"power off", func(s *devicetest.Printer) { s.PowerOff() }, printer.NoAnswer},
		{"reads nothing", func(s *devicetest.Printer) { s.Stick(true) }, printer.NoAnswer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bench) {
				time.Sleep(time.Second) // let the first look at it pass
				tt.cause(b.sim)
				o := b.print(1)
				if reason := o.Reason; o.Verdict != printer.NotPrinted || o.Sent != 0 || (reason != tt.want && !(tt.name == "reads nothing" && reason == printer.Stalled)) {
					t.Errorf("%+v; want not printed, %s", o, tt.want)
				}
				time.Sleep(3 * time.Second)
				if st, _ := b.p.Live(); st.Ready() {
					t.Errorf("the board says it is ready: %+v", st)
				}
			})
		})
	}
}

// Conditions that come while a label is printed.
func TestTroubleInTheMiddleOfALabel(t *testing.T) {
	after := func(d time.Duration, f func()) { go func() { time.Sleep(d); f() }() }
	t.Run("paper out", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			b.sim.LoadPaper(2)
			b.want(1, printer.Printed, "")
			b.want(2, printer.Printed, "")
			b.want(3, printer.InDoubt, printer.PaperOut)
			b.want(4, printer.NotPrinted, printer.PaperOut)
			b.out(1, 2)
			b.sim.LoadPaper(-1) // the printer itself prints what it still holds
			b.want(5, printer.Printed, "")
			b.out(1, 2, 3, 5)
		})
	})
	t.Run("head opened", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			after(100*time.Millisecond, func() { b.sim.OpenHead(true) })
			b.want(1, printer.InDoubt, printer.HeadOpen)
			b.out()
		})
	})
	t.Run("paused and resumed", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			after(100*time.Millisecond, func() { b.sim.Pause(true) })
			after(5*time.Second, func() { b.sim.Pause(false) })
			b.want(1, printer.Printed, "")
			b.out(1)
		})
	})
	t.Run("paused for ever", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			after(100*time.Millisecond, func() { b.sim.Pause(true) })
			b.want(1, printer.InDoubt, printer.Paused)
			b.out()
		})
	})
	t.Run("power lost with the job in the buffer", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			after(100*time.Millisecond, b.sim.PowerOff)
			after(200*time.Millisecond, b.sim.PowerOn)
			b.want(1, printer.InDoubt, printer.NoAnswer)
			time.Sleep(3 * time.Second)
			b.want(2, printer.Printed, "")
			b.out(2)
		})
	})
	t.Run("silence", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			after(100*time.Millisecond, func() { b.sim.Mute(true) })
			b.want(1, printer.InDoubt, printer.NoAnswer)
			b.out(1)
		})
	})
	t.Run("called off", func(t *testing.T) {
		each(t, func(t *testing.T, b *bench) {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			o, err := b.p.Print(ctx, label(1))
			if o.Verdict != printer.InDoubt || o.Reason != printer.Cancelled || err == nil {
				t.Errorf("Print = %+v, %v; want in doubt, cancelled", o, err)
			}
			b.out(1)
		})
	})
}

// The cable is pulled, the power lost, or the printer stuck after every single
// byte of the job: never NotPrinted once a byte has left, never Printed without
// the label, and the next label is whole.
func TestEveryByte(t *testing.T) {
	faults := []struct {
		name  string
		set   func(*devicetest.Printer, int)
		clear func(*bench)
	}{
		{"unplug", (*devicetest.Printer).UnplugAt, func(b *bench) { b.unplug(); b.plug() }},
		{"stuck", (*devicetest.Printer).StickAt, func(b *bench) { b.sim.Stick(false) }},
		{"power", (*devicetest.Printer).PowerOffAt, func(b *bench) { b.sim.PowerOn(); time.Sleep(2 * time.Second) }},
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := shipped(t, "generic/tspl-203dpi")
			size := len(label(1).Data)
			for k := 1; k <= size+3; k++ { // 3 more are the question before the job
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, p)
					time.Sleep(time.Second)
					f.set(b.sim, k)
					o := b.print(1)
					labels := len(b.sim.Labels())
					switch {
					case k <= 3 && (o.Verdict != printer.NotPrinted || o.Sent != 0):
						t.Errorf("at byte %d, before the job: %+v", k, o)
					case k > 3 && o.Verdict != printer.InDoubt:
						// At its very last byte the job may be complete, and yet nothing is proven.
						t.Errorf("at byte %d: %+v, %d labels; want in doubt", k, o, labels)
					}
					f.clear(b)
					if o := b.print(2); o.Verdict != printer.Printed {
						t.Errorf("after byte %d: P-2 %+v", k, o)
					}
					time.Sleep(5 * time.Second)
					for _, l := range b.sim.Labels() {
						if n := name(l); n != "P-1" && n != "P-2" {
							t.Errorf("after byte %d: %s came out", k, n)
						}
					}
				})
			}
		})
	}
}

func TestOneJobAtATime(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		done := make(chan printer.Outcome)
		for n := range 5 {
			go func() { o, _ := b.p.Print(t.Context(), label(n)); done <- o }()
		}
		for range 5 {
			if o := <-done; o.Verdict != printer.Printed {
				t.Errorf("%+v", o)
			}
		}
		if n := len(b.sim.Labels()); n != 5 {
			t.Errorf("%d labels; want 5", n)
		}
		// Who waits for a turn may go away.
		b.sim.Overheat(false)
		go func() { b.p.Print(t.Context(), label(6)) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if o, err := b.p.Print(ctx, label(7)); o.Verdict != printer.NotPrinted || o.Reason != printer.Cancelled || err == nil {
			t.Errorf("%+v, %v", o, err)
		}
		time.Sleep(5 * time.Second)
	})
}

func TestJobsThatAreNone(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for _, data := range [][]byte{nil, make([]byte, 5<<20)} {
			o, err := b.p.Print(t.Context(), printer.Job{ID: "x", Data: data})
			if o.Verdict != printer.NotPrinted || o.Reason != printer.BadJob || err == nil {
				t.Errorf("%d bytes: %+v, %v", len(data), o, err)
			}
		}
		// A job without a PRINT is received and prints nothing.
		o, _ := b.p.Print(t.Context(), printer.Job{ID: "x", Data: []byte("CLS\r\n")})
		if o.Verdict != printer.InDoubt || o.Reason != printer.NotStarted {
			t.Errorf("a job without PRINT: %+v", o)
		}
		b.out()
	})
}

func TestHalfAJobOfAnEarlierProcess(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		// Somebody died in the middle of a bitmap.
		if err := b.p.LeftHalf(t.Context(), 300); err != nil {
			t.Fatal(err)
		}
		b.want(1, printer.Printed, "")
		b.out(1)
	})
	synctest.Test(t, func(t *testing.T) {
		p := shipped(t, "generic/tspl-203dpi")
		p.Printer.Reset = nil
		b := newBench(t, p)
		b.p.LeftHalf(t.Context(), 300)
		b.want(1, printer.NotPrinted, printer.HalfJob)
		b.p.PowerCycled(t.Context())
		b.want(2, printer.Printed, "")
		b.out(2)
	})
}

// Half a job is left, and the cable is out though the reader has not noticed yet:
// the packer is told of the cable, not to switch the printer off and on.
func TestHalfAJobAndNoCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, _ := net.Pipe()
		p := driven(t, deaf{host})
		p.LeftHalf(t.Context(), 300)
		if o, _ := p.Print(t.Context(), label(1)); o.Verdict != printer.NotPrinted || o.Reason != printer.Unplugged {
			t.Errorf("Print = %+v; want not printed, unplugged", o)
		}
	})
}

// driven is a printer on a line whose other end the test plays by hand, in a bubble.
func driven(t *testing.T, line net.Conn) *printer.Printer {
	t.Helper()
	p, err := printer.New(shipped(t, "generic/tspl-203dpi"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.Drive(ctx, line); close(ended) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		line.Close()
	})
	synctest.Wait()
	return p
}

// A deaf line fails every write as one does whose cable is out.
type deaf struct{ net.Conn }

func (deaf) Write([]byte) (int, error) { return 0, &device.Fault{Reason: device.Unplugged} }

func TestAPrinterThatTellsNothing(t *testing.T) {
	p := shipped(t, "generic/tspl-203dpi")
	p.Printer.Status = "none"
	if _, err := printer.New(p); err == nil {
		t.Error("proof idle without a status question was accepted")
	}
	p.Printer.Proof = profile.ProofSent
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, p)
		o, err := b.p.Print(t.Context(), label(1))
		if o.Verdict != printer.Printed || o.Proof != profile.ProofSent || err != nil {
			t.Errorf("Print = %+v, %v", o, err)
		}
		b.out(1)
	})
	p.Printer.Status = "esc-x"
	if _, err := printer.New(p); err == nil {
		t.Error("an unknown status dialect was accepted")
	}
}

func TestNotConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, shipped(t, "generic/tspl-203dpi"))
		b.unplug()
		b.want(1, printer.NotPrinted, printer.NotConnected)
		if st, _ := b.p.Live(); st.Reason() != printer.NotConnected {
			t.Errorf("status %+v", st)
		}
		b.plug()
		b.want(2, printer.Printed, "")
	})
}

func TestShippedProfiles(t *testing.T) {
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	err = profile.Lint(s, profile.Checks{Example: func(p profile.Profile, ex profile.Example) error {
		if p.Device.Kind != profile.KindPrinter {
			return nil
		}
		checked++
		return printer.CheckExample(p, ex)
	}, Weight: func(profile.Profile, profile.Example) (int64, bool) { return 0, false }})
	if err != nil {
		t.Error(err)
	}
	if checked < 7 {
		t.Errorf("only %d examples", checked)
	}
}

func TestReasonsHaveBothLanguages(t *testing.T) {
	for _, r := range []printer.Reason{printer.PaperOut, printer.HeadOpen, printer.CoverOpen, printer.RibbonOut, printer.RibbonJam,
		printer.Jam, printer.CutterJam, printer.Memory, printer.HeadFault, printer.Failure, printer.Hot, printer.Paused,
		printer.NotConnected, printer.Unplugged, printer.NoAnswer, printer.Stalled, printer.Busy, printer.NotStarted,
		printer.HalfJob, printer.Cancelled, printer.BadJob} {
		if r.Text("zh-CN") == "" || r.Text("en") == "" || r.Text("zh-CN") == r.Text("en") {
			t.Errorf("%s: %q, %q", r, r.Text("zh-CN"), r.Text("en"))
		}
	}
}

// The same over a real pty: a label, the cable pulled in the middle of one, a
// printer that stops reading, XOFF for ever.
func TestOverAPty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "printer")
	sim, err := devicetest.NewPrinterAt(path, devicetest.PrinterOptions{PrintTime: 300 * time.Millisecond, Boot: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	p := shipped(t, "generic/tspl-203dpi")
	p.Line.Baud, p.Line.Flow = 115200, "xonxoff"
	p.Printer.Answer = profile.Duration(1500 * time.Millisecond) // a busy machine is slow, and this is not about time
	p.Printer.Stall = profile.Duration(time.Second)
	pr, err := printer.New(p)
	if err != nil {
		t.Fatal(err)
	}
	st := device.NewStation("pack-1 printer", serial.Opener{Path: path, Settings: serial.Of(p.Line)}, pr.Drive)
	st.Backoff = func(int) time.Duration { return 20 * time.Millisecond }
	st.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	ended := make(chan error, 2)
	go func() { ended <- sim.Run(ctx) }()
	go func() { ended <- st.Run(ctx) }()
	// print tries until the station has noticed a new cable: nothing was sent till then.
	print := func(job printer.Job) (printer.Outcome, error) {
		t.Helper()
		for {
			_, changed := pr.Live()
			o, err := pr.Print(ctx, job)
			if o.Verdict != printer.NotPrinted || (o.Reason != printer.NotConnected && o.Reason != printer.Unplugged) {
				return o, err
			}
			select {
			case <-changed:
			case <-ctx.Done():
				t.Fatalf("%s: %+v, %v", job.ID, o, err)
			}
		}
	}
	want := func(job printer.Job, verdict printer.Verdict, reason printer.Reason) {
		t.Helper()
		if o, err := print(job); o.Verdict != verdict || o.Reason != reason {
			t.Errorf("%s: %+v, %v; want %s %q", job.ID, o, err, verdict, reason)
		}
	}
	long := printer.Job{ID: "long", Data: append(append([]byte("CLS\r\nBITMAP 0,0,100,1000,0,"), make([]byte, 100000)...), "\r\nPRINT 1\r\n"...)}

	want(label(1), printer.Printed, "")
	sim.UnplugAt(3 + 100)
	if o, _ := print(label(2)); o.Verdict == printer.Printed {
		t.Errorf("unplugged at byte 100: %+v", o)
	}
	if err := sim.Plug(); err != nil {
		t.Fatal(err)
	}
	want(label(3), printer.Printed, "")
	sim.StickAt(3 + 1000)
	if o, _ := print(long); o.Verdict == printer.Printed {
		t.Errorf("stuck: %+v", o)
	}
	sim.Stick(false)
	want(label(4), printer.Printed, "")
	if err := sim.XOFF(); err != nil {
		t.Fatal(err)
	}
	before := len(sim.Labels())
	if o, _ := print(long); o.Verdict == printer.Printed && len(sim.Labels()) == before { // XOFF takes hold a little later
		t.Errorf("XOFF for ever: %+v", o)
	}
	if err := sim.XON(); err != nil {
		t.Fatal(err)
	}
	want(label(5), printer.Printed, "")
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	}
	seen := map[string]int{}
	for _, l := range sim.Labels() {
		if seen[string(l.Job)]++; seen[string(l.Job)] > 1 {
			t.Errorf("%s came out twice", name(l))
		}
	}
}

// A printer that loses its power may pull the line once more, and that reads as
// the byte for "ready". One such byte is not proof.
func TestOneByteOfReadyIsNotProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, dev := net.Pipe()
		p := driven(t, host)
		go func() {
			answers := []byte{0x00, 0x00, 0x20, 0x00} // at rest, at rest, printing, and then the power goes
			buf := make([]byte, 512)
			for {
				n, err := dev.Read(buf)
				if err != nil {
					return
				}
				if n == 3 && len(answers) > 0 {
					dev.Write(answers[:1])
					answers = answers[1:]
				}
			}
		}()
		synctest.Wait()
		if o, _ := p.Print(t.Context(), label(1)); o.Verdict != printer.InDoubt || o.Reason != printer.NoAnswer {
			t.Errorf("Print = %+v; want in doubt, no answer", o)
		}
	})
}

// FuzzAnswer: whatever a printer says, a status is read or waited for, and one
// that reads as ready has no bit of trouble in it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"\x00", "\x24", "\x02@@@@\x03\r\n", "x\x02E@@A\x03\r\n", "\x02\x02@@@@\x03\r\n", "\x02@@@"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		ready := profile.Example{Hex: said, Expect: "status", Flags: []string{"ready"}}
		if printer.CheckExample(shipped(t, "generic/tspl-203dpi"), ready) == nil && said[0] != 0 {
			t.Errorf("% x is ready", said)
		}
		if printer.CheckExample(shipped(t, "tsc/ttp-244@6.29"), ready) == nil &&
			!bytes.Contains(said, []byte("@@\x03\r\n")) {
			t.Errorf("% x is ready", said)
		}
	})
}
