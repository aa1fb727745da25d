package printer_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/netport"
	"floord/device/printer"
	"floord/device/profile"
)

// speakers are a profile of every language and kind of proof.
var speakers = []string{
	"generic/tspl-203dpi", "tsc/ttp-244@V6.31 EZ", "generic/zpl-203dpi", "zebra/zt410@V75.20.10Z", "generic/zpl-hqes",
	"generic/epl2-203dpi", "generic/cpcl-203dpi", "generic/escpos", "epson/tm-t88v",
}

func eachSpeaker(t *testing.T, story func(t *testing.T, b *bench, proof profile.Proof)) {
	for _, name := range speakers {
		t.Run(name, func(t *testing.T) {
			p := shipped(t, name)
			synctest.Test(t, func(t *testing.T) { story(t, newBench(t, p), p.Printer.Proof) })
		})
	}
}

func TestEveryLanguagePrints(t *testing.T) {
	eachSpeaker(t, func(t *testing.T, b *bench, proof profile.Proof) {
		for n := 1; n <= 3; n++ {
			if o, err := b.p.Print(t.Context(), b.label(n)); o.Verdict != printer.Printed || o.Proof != proof || err != nil {
				t.Errorf("P-%d: %+v, %v; want printed, %s", n, o, err, proof)
			}
		}
		b.out(1, 2, 3)
	})
}

func TestNoLanguageSendsToAPrinterInTrouble(t *testing.T) {
	troubles := map[string]func(*devicetest.Printer){
		"head":   func(s *devicetest.Printer) { s.OpenHead(true) },
		"jam":    func(s *devicetest.Printer) { s.Jam(true) },
		"silent": func(s *devicetest.Printer) { s.Mute(true) },
		"off":    func(s *devicetest.Printer) { s.PowerOff() },
	}
	for what, cause := range troubles {
		t.Run(what, func(t *testing.T) {
			eachSpeaker(t, func(t *testing.T, b *bench, _ profile.Proof) {
				time.Sleep(time.Second)
				cause(b.sim)
				if o := b.print(1); o.Verdict != printer.NotPrinted || o.Sent != 0 || o.Reason == "" || o.Reason.Text("zh") == "" {
					t.Errorf("%+v; want not printed, with a reason", o)
				}
				b.out()
			})
		})
	}
}

// Trouble in the middle of a label: the outcome is never better than the truth,
// the printer goes on by itself where real ones do, and no label comes out twice.
func TestTroubleInEveryLanguage(t *testing.T) {
	eachSpeaker(t, func(t *testing.T, b *bench, proof profile.Proof) {
		sure := proof != profile.ProofBuffered
		b.sim.LoadPaper(1)
		b.want(1, printer.Printed, "")
		if o := b.print(2); sure && o.Verdict != printer.InDoubt || o.Verdict == printer.NotPrinted && o.Sent > 0 {
			t.Errorf("no paper: %+v", o)
		}
		if !sure { // it has noticed by now
			time.Sleep(time.Second)
		}
		if o := b.print(3); o.Verdict != printer.NotPrinted || o.Sent != 0 {
			t.Errorf("still no paper: %+v", o)
		}
		b.sim.LoadPaper(-1)
		b.out(1, 2)
		go func() {
			time.Sleep(120 * time.Millisecond)
			b.sim.PowerOff()
			time.Sleep(100 * time.Millisecond)
			b.sim.PowerOn()
		}()
		if o := b.print(4); sure && o.Verdict != printer.InDoubt {
			t.Errorf("power lost: %+v", o)
		}
		b.out(1, 2)
		b.want(5, printer.Printed, "")
		b.out(1, 2, 5)
	})
}

// The cable is pulled, the power lost, or the printer stuck after every seventh
// byte of the job, in every language.
func TestEveryByteOfEveryLanguage(t *testing.T) {
	faults := map[string]struct {
		set   func(*devicetest.Printer, int)
		clear func(*bench)
	}{
		"unplug": {(*devicetest.Printer).UnplugAt, func(b *bench) { b.unplug(); b.plug() }},
		"stuck":  {(*devicetest.Printer).StickAt, func(b *bench) { b.sim.Stick(false) }},
		"power":  {(*devicetest.Printer).PowerOffAt, func(b *bench) { b.sim.PowerOn(); time.Sleep(2 * time.Second) }},
	}
	for _, model := range speakers[2:] {
		for what, f := range faults {
			t.Run(model+" "+what, func(t *testing.T) {
				p := shipped(t, model)
				size := len(labelIn(p.Printer.Language, 1).Data) + 40
				for k := 1; k <= size; k += 7 {
					synctest.Test(t, func(t *testing.T) {
						b := newBench(t, p)
						time.Sleep(time.Second)
						f.set(b.sim, k)
						o := b.print(1)
						labels := len(b.sim.Labels())
						switch {
						case o.Verdict == printer.NotPrinted && (o.Sent > 0 || labels > 0):
							t.Errorf("at byte %d: %+v, %d labels", k, o, labels)
						case o.Verdict == printer.Printed && labels == 0 && o.Proof != profile.ProofBuffered:
							t.Errorf("at byte %d: %+v, and no label", k, o)
						}
						f.clear(b)
						if o.Verdict == printer.Printed {
							return // the byte was none of this job's
						}
						o = b.print(2)
						if o.Verdict == printer.NotPrinted && o.Sent == 0 {
							o = b.print(2) // half a question was left in it
						}
						if o.Verdict != printer.Printed {
							t.Errorf("after byte %d: P-2 %+v", k, o)
						}
						time.Sleep(5 * time.Second)
						seen := map[string]bool{}
						for _, l := range b.sim.Labels() {
							n := name(l)
							if n != "P-1" && n != "P-2" || seen[n] {
								t.Errorf("after byte %d: %s came out", k, n)
							}
							seen[n] = true
						}
						if !seen["P-2"] {
							t.Errorf("after byte %d: no P-2", k)
						}
					})
				}
			})
		}
	}
}

// A printer on the network is the same printer.
func TestOverTCP(t *testing.T) {
	for _, model := range []string{"zebra/zt410@V75.20.10Z", "epson/tm-t88v", "generic/tspl-203dpi"} {
		t.Run(model, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			p := shipped(t, model)
			p.Printer.Answer = profile.Duration(5 * time.Second) // a busy machine is slow, and this is not about time
			p.Printer.Finish = profile.Duration(time.Minute)
			sim := devicetest.NewPrinter(devicetest.PrinterOptions{Language: p.Printer.Language, Boot: time.Nanosecond})
			pr, err := printer.New(p)
			if err != nil {
				t.Fatal(err)
			}
			st := device.NewStation("printer", netport.Opener{Addr: l.Addr().String()}, pr.Drive)
			st.Backoff = func(int) time.Duration { return 20 * time.Millisecond }
			st.Log = slog.New(slog.DiscardHandler)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			ended := make(chan error, 2)
			go func() { ended <- sim.ServeListener(ctx, l) }()
			go func() { ended <- st.Run(ctx) }()
			print := func(n int) printer.Outcome {
				for {
					_, changed := pr.Live()
					o, _ := pr.Print(ctx, labelIn(p.Printer.Language, n))
					if o.Verdict != printer.NotPrinted || o.Sent > 0 {
						return o
					}
					select {
					case <-changed:
					case <-ctx.Done():
						t.Fatalf("P-%d: %+v", n, o)
					}
				}
			}
			if o := print(1); o.Verdict != printer.Printed || o.Proof != p.Printer.Proof {
				t.Errorf("P-1: %+v", o)
			}
			sim.UnplugAt(60) // the connection breaks within the next label, or the question before it
			if o := print(2); o.Verdict == printer.NotPrinted && o.Sent > 0 {
				t.Errorf("P-2: %+v", o)
			}
			if o := print(3); o.Verdict != printer.Printed {
				t.Errorf("P-3: %+v", o)
			}
			cancel()
			for range 2 {
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
			for i, l := range sim.Labels() {
				if n := name(l); n == "P-1" && i > 0 || n[:2] != "P-" {
					t.Errorf("label %d is %s", i, n)
				}
			}
		})
	}
}
