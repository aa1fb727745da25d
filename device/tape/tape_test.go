package tape_test

import (
	"bytes"
	"context"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
	"floord/device/tape"
)

type opener struct{ port device.Port }

func (o opener) Open(context.Context) (device.Port, error) { return o.port, nil }
func (o opener) String() string                            { return "pipe" }

// What goes both ways is kept with its times, but for what a printer is sent.
func TestATapeBecomesASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, dev := net.Pipe()
		tp := &tape.Tape{}
		port, err := tp.Recorder(opener{host}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 4096)
			dev.Read(buf)
			time.Sleep(250 * time.Millisecond)
			dev.Write([]byte("\x0201.240\r"))
			dev.Read(buf)
			dev.Close()
		}()
		buf := make([]byte, 64)
		port.Write([]byte("W"))
		port.Read(buf)
		port.Write([]byte(strings.Repeat("a person's address ", 100)))
		port.Read(buf)
		port.Close()
		var out bytes.Buffer
		if err := tp.Write(&out, map[string]string{"port": "pipe", "profile": "generic/toledo-8217"}); err != nil {
			t.Fatal(err)
		}
		want := "floord session 1\n# port: pipe\n# profile: generic/toledo-8217\n0.000 # opened pipe\n0.000 > 57\n0.250 < 02 30 31 2e 32 34 30 0d\n0.250 > [1900]\n0.250 # lost: EOF\n"
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
		s, err := tape.Read(&out)
		if err != nil || s.Head["profile"] != "generic/toledo-8217" || string(s.Said()) != "\x0201.240\r" || len(s.Entries) != 5 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// A tape holds minutes, not days.
func TestATapeForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, dev := net.Pipe()
		tp := &tape.Tape{}
		port, err := tp.Recorder(opener{host}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for range 20000 {
				time.Sleep(100 * time.Millisecond)
				if _, err := dev.Write([]byte("=0001.240")); err != nil {
					return
				}
			}
			dev.Close()
		}()
		buf := make([]byte, 64)
		for {
			if _, err := port.Read(buf); err != nil {
				break
			}
		}
		all, _ := tp.After(0)
		if n := len(all); n < 1000 || n > 3100 || all[n-1].At.Sub(all[0].At) > 5*time.Minute {
			t.Errorf("%d entries over %v", n, all[n-1].At.Sub(all[0].At))
		}
		if last, _ := tp.After(all[len(all)-3].Seq); len(last) != 2 {
			t.Errorf("%d entries after the last but two", len(last))
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("floord session 1\n# port: x\n0.000 < 02 30\n0.100 > [12]\n0.200 # lost: gone\n")
	f.Add("floord session 1\n1e300 < 00\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tape.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		start := time.Unix(0, 0)
		var entries []tape.Entry
		for _, l := range s.Entries {
			entries = append(entries, tape.Entry{At: start.Add(l.At), Way: l.Way, Bytes: l.Bytes, Size: l.Size, Text: l.Text})
		}
		var out bytes.Buffer
		if err := tape.WriteEntries(&out, s.Head, entries); err != nil {
			t.Fatal(err)
		}
		again, err := tape.Read(&out)
		if err != nil || len(again.Entries) != len(s.Entries) || !reflect.DeepEqual(again.Said(), s.Said()) {
			t.Fatalf("%q: %v", out.String(), err)
		}
	})
}
