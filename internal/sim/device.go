package sim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/device/devicetest"
	"floord/device/profile"
)

// DeviceOptions say which pretend device to run, and what befalls it.
type DeviceOptions struct {
	Profile profile.Profile
	Path    string    // the link to its pty, made here
	Listen  string    // of a printer: an address to serve in place of a pty
	Script  io.Reader // what happens when; may be nil
	PNG     string    // of a printer: folder for pictures of the labels; may be empty
	Out     io.Writer // told what happens
}

// A step is one line of a script: so long after the start, do this.
type step struct {
	at   time.Duration
	verb string
	n    int64
}

// readScript reads lines such as "2s put 1240", in the order of their times; verbs
// are those of the device. Empty lines and those that begin with # are skipped.
func readScript(r io.Reader, verbs []string) (steps []step, err error) {
	if r == nil {
		return nil, nil
	}
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		f := strings.Fields(in.Text())
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		at, err := time.ParseDuration(f[0])
		if err != nil || at < 0 || len(f) < 2 || len(f) > 3 || !slices.Contains(verbs, f[1]) {
			return nil, fmt.Errorf("script line %d: %q is not TIME VERB [N] with a verb of %s", n, in.Text(), strings.Join(verbs, ", "))
		}
		s := step{at: at, verb: f[1]}
		if len(f) == 3 {
			if s.n, err = strconv.ParseInt(f[2], 10, 64); err != nil {
				return nil, fmt.Errorf("script line %d: %q is no number", n, f[2])
			}
		}
		if len(steps) > 0 && at < steps[len(steps)-1].at {
			return nil, fmt.Errorf("script line %d: is earlier than the line before", n)
		}
		steps = append(steps, s)
	}
	return steps, in.Err()
}

// play does the steps at their times.
func play(ctx context.Context, steps []step, out io.Writer, do func(step) error) error {
	start := time.Now()
	for _, s := range steps {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(start.Add(s.at))):
		}
		fmt.Fprintf(out, "%v %s %d\n", s.at, s.verb, s.n)
		if err := do(s); err != nil {
			return fmt.Errorf("%v %s: %w", s.at, s.verb, err)
		}
	}
	return nil
}

// scaleFaults are the verbs of a scale's script besides put, tare, plug and unplug.
var scaleFaults = []devicetest.ScaleFault{
	devicetest.Cut, devicetest.Noise, devicetest.Merge, devicetest.Freeze, devicetest.Mute, devicetest.Jitter,
	devicetest.Heavy, devicetest.OtherUnit, devicetest.Babble, devicetest.BadByte, devicetest.Pull,
}

// RunScale runs a pretend scale on a pty until ctx ends. Verbs of its script: put
// and tare with grams, the faults, heal, unplug, plug.
func RunScale(ctx context.Context, o DeviceOptions) error {
	if p := o.Profile.Scale; !devicetest.Speaks(p.Protocol, p.Dialect) {
		return fmt.Errorf("%s: no pretend scale speaks %s %s", o.Profile.Origin("scale.protocol"), p.Protocol, p.Dialect)
	}
	verbs := []string{"put", "tare", "heal", "unplug", "plug"}
	for _, f := range scaleFaults {
		verbs = append(verbs, string(f))
	}
	steps, err := readScript(o.Script, verbs)
	if err != nil {
		return err
	}
	s, err := devicetest.NewScaleAt(o.Path, devicetest.ScaleOf(o.Profile))
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "scale %s at %s\n", o.Profile.Device, o.Path)
	return alongside(ctx, s.Run, func(ctx context.Context) error {
		return play(ctx, steps, o.Out, func(st step) error {
			switch st.verb {
			case "put":
				s.Put(st.n)
			case "tare":
				s.Tare(st.n)
			case "heal":
				return s.Fail(devicetest.Healthy)
			case "unplug":
				return s.Unplug()
			case "plug":
				return s.Plug()
			default:
				return s.Fail(devicetest.ScaleFault(st.verb))
			}
			return nil
		})
	})
}

// alongside runs a device and its script until ctx ends or one of them fails.
func alongside(ctx context.Context, device, script func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	played := make(chan error, 1)
	go func() {
		err := script(ctx)
		if err != nil {
			cancel()
		}
		played <- err
	}()
	err := device(ctx)
	cancel()
	return errors.Join(<-played, err)
}

// RunPrinter runs a pretend printer in the language of its profile, on a pty or an
// address, until ctx ends. It tells which labels come out, and draws them. Verbs of
// its script: paper N (labels on the roll, -1 for ever), head, jam, ribbon, pause,
// hot, mute, stick, each with 1 or 0, power-off, power-on, unplug, plug, and
// unplug-at, power-off-at, stick-at N bytes.
func RunPrinter(ctx context.Context, o DeviceOptions) error {
	verbs := []string{"paper", "head", "jam", "ribbon", "pause", "hot", "mute", "stick", "power-off", "power-on", "unplug", "plug", "unplug-at", "power-off-at", "stick-at"}
	steps, err := readScript(o.Script, verbs)
	if err != nil {
		return err
	}
	language := o.Profile.Printer.Language
	var mu sync.Mutex // labels come out of one goroutine, the script tells from another
	opt := devicetest.PrinterOptions{Language: language, OnLabel: func(l devicetest.Label) {
		mu.Lock()
		defer mu.Unlock()
		told := fmt.Sprintf("label %d: %d bytes", l.N, len(l.Job))
		if o.PNG != "" {
			name := filepath.Join(o.PNG, fmt.Sprintf("label-%d.png", l.N))
			if err := draw(name, language, l); err != nil {
				told += ", " + err.Error()
			} else {
				told += ", " + name
			}
		}
		fmt.Fprintln(o.Out, told)
	}}
	var p *devicetest.Printer
	run := func(ctx context.Context) error { return p.Run(ctx) }
	if o.Listen != "" {
		p = devicetest.NewPrinter(opt)
		l, err := net.Listen("tcp", o.Listen)
		if err != nil {
			return err
		}
		o.Path = "tcp://" + l.Addr().String()
		run = func(ctx context.Context) error { return p.ServeListener(ctx, l) }
	} else if p, err = devicetest.NewPrinterAt(o.Path, opt); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "printer %s at %s\n", o.Profile.Device, o.Path)
	return alongside(ctx, run, func(ctx context.Context) error {
		return play(ctx, steps, o.Out, func(st step) error { return befall(p, st, o.Listen != "") })
	})
}

// befall does one step of a printer's script.
func befall(p *devicetest.Printer, st step, network bool) error {
	yes := st.n != 0
	switch st.verb {
	case "paper":
		p.LoadPaper(int(st.n))
	case "head":
		p.OpenHead(yes)
	case "jam":
		p.Jam(yes)
	case "ribbon":
		p.TakeRibbon(yes)
	case "pause":
		p.Pause(yes)
	case "hot":
		p.Overheat(yes)
	case "mute":
		p.Mute(yes)
	case "stick":
		p.Stick(yes)
	case "power-off":
		p.PowerOff()
	case "power-on":
		p.PowerOn()
	case "unplug-at":
		p.UnplugAt(int(st.n))
	case "power-off-at":
		p.PowerOffAt(int(st.n))
	case "stick-at":
		p.StickAt(int(st.n))
	case "unplug", "plug":
		switch {
		case network:
			return errors.New("a printer on the network has no cable here: use unplug-at")
		case st.verb == "plug":
			return p.Plug()
		}
		return p.Unplug()
	}
	return nil
}

// draw writes a label's picture.
func draw(name, language string, l devicetest.Label) error {
	img, err := devicetest.Draw(language, l)
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}
