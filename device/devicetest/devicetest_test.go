package devicetest_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/devicetest"
)

// feed gives a printer bytes in pieces of n and returns what came out and what it said.
func feed(t *testing.T, data []byte, n int) (labels []devicetest.Label, said []byte) {
	synctest.Test(t, func(t *testing.T) {
		var called []devicetest.Label
		p := devicetest.NewPrinter(devicetest.PrinterOptions{OnLabel: func(l devicetest.Label) { called = append(called, l) }})
		host, dev := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		served, heard := make(chan struct{}), make(chan struct{})
		go func() { p.Serve(ctx, dev); close(served) }()
		go func() {
			defer close(heard)
			buf := make([]byte, 64)
			for {
				n, err := host.Read(buf)
				said = append(said, buf[:n]...)
				if err != nil {
					return
				}
			}
		}()
		for rest := data; len(rest) > 0; {
			k := min(n, len(rest))
			host.Write(rest[:k])
			rest = rest[k:]
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		labels = p.Labels()
		cancel()
		host.Close()
		<-served
		<-heard
		if len(called) != len(labels) {
			t.Errorf("told of %d labels; %d came out", len(called), len(labels))
		}
	})
	return labels, said
}

func TestThePrinterReadsTSPL(t *testing.T) {
	tests := []struct {
		name, data string
		want       []string // what came out
		said       string
	}{
		{"a label", "CLS\r\nTEXT 1,1,\"3\",0,1,1,\"A\"\r\nPRINT 1\r\n", []string{"CLS\r\nTEXT 1,1,\"3\",0,1,1,\"A\"\r\nPRINT 1\r\n"}, ""},
		{"lines may end with LF alone", "CLS\nPRINT 1,1\n", []string{"CLS\nPRINT 1,1\n"}, ""},
		{"sets times copies", "CLS\nPRINT 2,2\n", []string{"CLS\nPRINT 2,2\n", "CLS\nPRINT 2,2\n", "CLS\nPRINT 2,2\n", "CLS\nPRINT 2,2\n"}, ""},
		{"an image stays until CLS", "CLS\nPRINT 1\nPRINT 1\n", []string{"CLS\nPRINT 1\n", "CLS\nPRINT 1\nPRINT 1\n"}, ""},
		{"no PRINT, no label", "CLS\r\nTEXT 1,1\r\n", nil, ""},
		{"bitmaps are bytes, not commands", "CLS\nBITMAP 0,0,2,4,0,\nPRINT\x1b\n\nPRINT 1\n", []string{"CLS\nBITMAP 0,0,2,4,0,\nPRINT\x1b\n\nPRINT 1\n"}, ""},
		{"a file is bytes too", "DOWNLOAD \"A.PCX\",8,PRINT 1\nCLS\nPRINT 1\n", []string{"CLS\nPRINT 1\n"}, ""},
		{"it says how it is", "\x1b!?\x1b!S", nil, "\x00\x02@@@@\x03\r\n"},
		{"between commands too", "CLS\n\x1b!?PRINT 1\n", []string{"CLS\nPRINT 1\n"}, "\x00"},
		{"a reset forgets", "CLS\nTEXT 1\x1b!R", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= len(tt.data); n++ {
				labels, said := feed(t, []byte(tt.data), n)
				if len(labels) != len(tt.want) || string(said) != tt.said {
					t.Fatalf("in pieces of %d: %d labels, said %q; want %d, %q", n, len(labels), said, len(tt.want), tt.said)
				}
				for i, l := range labels {
					if string(l.Job) != tt.want[i] || l.N != i+1 {
						t.Fatalf("in pieces of %d: label %d is %q; want %q", n, l.N, l.Job, tt.want[i])
					}
				}
			}
		})
	}
}

// The pretend scales are written from the manuals' tables: these are examples of
// those manuals and computed by hand.
func TestTheScaleSpeaksItsProtocol(t *testing.T) {
	tests := []struct {
		o     devicetest.ScaleOptions
		grams int64
		want  string
	}{
		{devicetest.ScaleOptions{}, 1240, "\x02\x2d\x30\x20001240000000\r\x2d"},
		{devicetest.ScaleOptions{NoChecksum: true}, 1240, "\x02\x2d\x30\x20001240000000\r"},
		{devicetest.ScaleOptions{Protocol: "yaohua-xk3190"}, 12345, "\x02+012345319\x03"},
		{devicetest.ScaleOptions{Protocol: "yaohua-xk3190", Dialect: "reversed"}, 3000, "=000.3000"},
		{devicetest.ScaleOptions{Protocol: "yaohua-xk3190", Dialect: "forward"}, 3000, "=0003.000"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := devicetest.NewScale(tt.o)
			s.Put(tt.grams)
			time.Sleep(time.Minute)
			host, dev := net.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan struct{})
			go func() { s.Serve(ctx, dev); close(served) }()
			buf := make([]byte, 64)
			n, err := host.Read(buf)
			if err != nil || !bytes.Equal(buf[:n], []byte(tt.want)) {
				t.Errorf("%+v: %q, %v; want %q", tt.o, buf[:n], err, tt.want)
			}
			cancel()
			host.Close()
			<-served
		})
	}
}
