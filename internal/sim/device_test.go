package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/devicetest"
	"floord/device/printer"
	"floord/device/profile"
	profiles "floord/firmware-profiles"
	"floord/label"
	"floord/label/labeltest"
	"floord/label/lang"
)

func shipped(t *testing.T, kind profile.Kind) []profile.Profile {
	t.Helper()
	set, err := profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
	if err != nil {
		t.Fatal(err)
	}
	all := set.Profiles(kind)
	if len(all) == 0 {
		t.Fatal("no profiles")
	}
	return all
}

// Every shipped printer profile is run as a pretend printer: a waybill in its
// language comes out as it was laid out, and is told to be printed; without paper it
// is not printed, and its cable pulled inside a label leaves it in doubt.
func TestEveryPrinterProfile(t *testing.T) {
	for _, p := range shipped(t, profile.KindPrinter) {
		t.Run(p.Device.String(), func(t *testing.T) {
			r := p.Printer
			l := lang.Printer{Language: r.Language, DPI: map[bool]int{true: 300, false: 203}[r.DotsPerMM == 12], Charset: r.Charset, Raster: r.Raster}
			w := labeltest.Waybill()
			tpl, err := label.Shipped().Get("waybill-76x130")
			if err != nil {
				t.Fatal(err)
			}
			page, err := w.Fill(tpl)
			if err != nil {
				t.Fatal(err)
			}
			job, err := l.Encode(page)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { printerStory(t, p, job) })
		})
	}
}

func printerStory(t *testing.T, p profile.Profile, job label.Job) {
	ctx, cancel := context.WithCancel(t.Context())
	sim := devicetest.NewPrinter(devicetest.PrinterOptions{Language: p.Printer.Language})
	pr, err := printer.New(p)
	if err != nil {
		t.Fatal(err)
	}
	host, dev := net.Pipe()
	ended := make(chan struct{}, 2)
	go func() { sim.Serve(ctx, dev); dev.Close(); ended <- struct{}{} }()
	go func() { pr.Drive(ctx, host); host.Close(); ended <- struct{}{} }()
	time.Sleep(10 * time.Second)
	out, err := pr.Print(ctx, printer.Job{ID: "P-1/1", Data: job.Bytes})
	if err != nil || out.Verdict != printer.Printed {
		t.Errorf("Print = %+v, %v", out, err)
	}
	sim.Idle(ctx)
	labels := sim.Labels()
	if len(labels) != 1 {
		t.Fatalf("%d labels came out", len(labels))
	}
	m, err := devicetest.Draw(p.Printer.Language, labels[0])
	if err != nil || m.Bounds().Dx() < 500 {
		t.Errorf("drawn: %v, %v", m, err)
	}
	sim.LoadPaper(0)
	time.Sleep(time.Minute)
	if out, _ := pr.Print(ctx, printer.Job{ID: "P-2/1", Data: job.Bytes}); out.Verdict == printer.Printed && p.Printer.Proof != profile.ProofBuffered {
		t.Errorf("without paper: %+v", out)
	}
	sim.LoadPaper(-1)
	sim.PowerOff()
	sim.PowerOn()
	time.Sleep(time.Minute)
	sim.UnplugAt(len(job.Bytes) / 2)
	if out, err := pr.Print(ctx, printer.Job{ID: "P-3/1", Data: job.Bytes}); out.Verdict != printer.InDoubt {
		t.Errorf("pulled inside the label: %+v, %v", out, err)
	}
	cancel()
	host.Close()
	<-ended
	<-ended
}

// Every shipped scale profile runs by script, on a pty, with the same verbs.
func TestEveryScaleRunsByScript(t *testing.T) {
	for i, p := range shipped(t, profile.KindScale) {
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("the script is over")
		out, told := io.Pipe()
		go func() {
			var all strings.Builder
			for !strings.Contains(all.String(), "heal") {
				if _, err := io.CopyN(&all, out, 1); err != nil {
					break
				}
			}
			cancel(over)
			io.Copy(io.Discard, out)
		}()
		err := RunScale(ctx, DeviceOptions{Profile: p, Path: filepath.Join(t.TempDir(), fmt.Sprint(i)), Out: told,
			Script: strings.NewReader("0s put 1240\n0s tare 100\n0s overload\n0s cut\n0s pull\n0s unplug\n0s plug\n0s heal\n")})
		if err != nil || context.Cause(ctx) != over {
			t.Errorf("%s: %v, %v", p.Device, err, context.Cause(ctx))
		}
		cancel(nil)
		told.Close()
	}
}
