package printer_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/printer"
)

// withForm is a label that is mostly in a form.
func withForm(name string) printer.Job {
	return printer.Job{
		ID: "P-1", Data: []byte("^XA^PW80^LL80^FO1,1^GB9,9,9^FS^XZ"),
		Form: &printer.Form{
			Name:   name,
			Store:  []byte("^XA^ID" + name[:5] + "*.ZPL^FS^XZ^XA^DF" + name + "^FS^PW80^LL80^FO1,1^GB9,9,9^FS^XZ"),
			Recall: []byte("^XA^XF" + name + "^FS^XZ"),
		},
	}
}

// TestFormsAreStoredOnce: the printer is asked before each label. What it has is
// recalled; what it lost, or another version of it, is stored; and what it does not
// keep is sent whole, so that no label comes out empty.
func TestFormsAreStoredOnce(t *testing.T) {
	const one, newer, flash = "R:FAA00001.ZPL", "R:FAA00002.ZPL", "E:FAA00001.ZPL"
	for _, profile := range []string{"generic/zpl-203dpi", "generic/zpl-hqes"} {
		t.Run(profile, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, shipped(t, profile))
				n := 0
				print := func(form, want string) {
					t.Helper()
					if o, err := b.p.Print(t.Context(), withForm(form)); o.Verdict != printer.Printed {
						t.Fatalf("%s: %+v, %v", want, o, err)
					}
					time.Sleep(time.Second)
					labels := b.sim.Labels()
					if n++; len(labels) != n {
						t.Fatalf("%s: %d labels came out; want %d", want, len(labels), n)
					}
					l := labels[n-1]
					recalled := strings.HasPrefix(string(l.Job), "^XA^XF"+form)
					if recalled != (want != "whole") || recalled && !strings.Contains(string(l.Size), "^DF"+form) {
						t.Errorf("%s: the label was %q with the form %q", want, l.Job, l.Size)
					}
				}
				cycle := func() {
					b.sim.PowerOff()
					time.Sleep(time.Second)
					b.sim.PowerOn()
					time.Sleep(5 * time.Second)
				}
				print(one, "stored")
				print(one, "recalled")
				cycle()
				print(one, "stored anew")
				print(newer, "the newer one stored")
				print(flash, "stored in flash")
				cycle()
				b.sim.FillMemory(true)
				print(flash, "recalled, though nothing can be stored")
				print(one, "whole")
				b.sim.FillMemory(false)
				print(one, "whole") // it is not tried again for each label
				b.unplug()
				b.plug()
				print(one, "stored")
			})
		})
	}
}

// TestFormsOfOthers: a printer that cannot be asked gets whole labels.
func TestFormsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, shipped(t, "generic/tspl-203dpi"))
		job := b.label(1)
		job.Form = withForm("R:FAA00001.ZPL").Form
		if o, err := b.p.Print(t.Context(), job); o.Verdict != printer.Printed {
			t.Fatalf("%+v, %v", o, err)
		}
		b.out(1)
	})
}
