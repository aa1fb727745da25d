package scale_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/profile"
	"floord/device/scale"
)

// A scale is asked who it is once a connection, while nobody waits for a weight. What
// is in force for that is taken up by opening it again, and not twice.
func TestAScaleSaysWhoItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := shipped(t, "mettler/viper")
		s, err := scale.New(p)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, sim: devicetest.NewScale(devicetest.ScaleOf(p)), s: s}
		slow := p
		slow.Line.Baud = 2400
		met := 0
		s.Meet = func(id device.Identity) profile.Profile { met++; return slow }
		b.plug()
		t.Cleanup(func() { b.unplug() })
		want := device.Identity{Model: "Viper SW WB 6.1000 kg", Firmware: "2.10"}
		<-b.ended // it is to be opened again
		if got := b.s.Identity(); got != want || met != 1 {
			t.Errorf("%+v after %d meetings; want %+v", got, met, want)
		}
		b.plug()
		time.Sleep(10 * time.Second)
		b.phase(scale.Empty)
		if met != 2 {
			t.Errorf("met %d times in two connections", met)
		}
		b.sim.Put(1240)
		b.want("P-1", 1240)
	})
}

// One that knows no such question is asked once, and weighs as before.
func TestAScaleThatDoesNotSayWhoItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(shipped(t, "generic/mt-sics"))
		if err != nil {
			t.Fatal(err)
		}
		host, dev := net.Pipe()
		var mu sync.Mutex
		var asked []string
		go answering(dev, func(q string) string {
			mu.Lock()
			defer mu.Unlock()
			if q == "SI\r\n" {
				return "S S      0.000 kg\r\n"
			}
			asked = append(asked, q)
			return "ES\r\n"
		})
		done := make(chan struct{})
		go func() { s.Drive(t.Context(), host); close(done) }()
		time.Sleep(10 * time.Second)
		if st, _ := s.Live(); st.Phase != scale.Empty || s.Identity() != (device.Identity{}) {
			t.Errorf("%+v, %+v", st, s.Identity())
		}
		host.Close()
		dev.Close()
		<-done
		if want := []string{"I2\r\n", "I3\r\n"}; !slices.Equal(asked, want) {
			t.Errorf("asked %q; want %q", asked, want)
		}
	})
	p := shipped(t, "generic/mt-sics")
	p.Identity.Ask = profile.Hex("I2\r\nZ\r\n")
	if _, err := scale.New(p); err == nil {
		t.Error("a question for identity that zeroes passed")
	}
}
