package printer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
)

// A printer whose profile has a question for identity is asked once it is well, and
// what it says is known; one without such a question is not asked.
func TestAPrinterSaysWhoItIs(t *testing.T) {
	for profile, want := range map[string]bool{"zebra/zt410": true, "generic/tspl-203dpi": false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, shipped(t, profile))
			time.Sleep(10 * time.Second)
			id := b.p.Identity()
			if want && (id.Model == "" || id.Firmware == "") || !want && id != (device.Identity{}) {
				t.Errorf("%s: %+v", profile, id)
			}
		})
	}
}
