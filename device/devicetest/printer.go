package devicetest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// PrinterOptions say which printer to pretend. The zero value prints a label in
// 300 ms and never runs out of paper.
type PrinterOptions struct {
	Language  string        // "tspl" (or empty), "zpl", "epl2", "cpcl", "escpos"
	PrintTime time.Duration // for one label; 0 is 300 ms
	Boot      time.Duration // from power-on or reset until it answers; 0 is 1 s
	// SilentInError makes a ZPL printer answer ~HS not at all while it is in error,
	// as newer manuals say; ~HQES it answers always.
	SilentInError bool
	// OnLabel is called for every label that really came out, in order, from the
	// printer's own goroutine; it must not call back into the printer.
	OnLabel func(Label)
}

// A Label is one that came out of the printer.
type Label struct {
	N    int    // 1 is the first label this printer ever printed
	Job  []byte // the commands of the label (TSPL's since CLS), with the one that printed it
	Size []byte // TSPL's commands before CLS that say what paper there is
	Copy int    // 1, 2, ... of the labels of one PRINT
	At   time.Time

	receipt string // to be sent back when it is out
}

// A Printer is a pretend label printer. It reads its language well enough to know
// where a command ends, payloads of pictures included, and which labels come out;
// Draw draws them. Its methods may be called while it runs.
//
// Like a real one it keeps what it was sent: a job whose paper ran out is printed
// when there is paper again, and half a command left by a dead host swallows the
// beginning of the next job.
type Printer struct {
	o     PrinterOptions
	cable *Cable

	mu      sync.Mutex
	wake    chan struct{} // guarded by mu; closed and replaced at every change
	tongue  tongue        // guarded by mu
	queue   []Label       // guarded by mu; to be printed
	printed []Label       // guarded by mu
	busy    bool          // guarded by mu; the engine is on a label
	life    int           // guarded by mu; counts power-offs and resets, each of which ends what was going on
	awake   time.Time     // guarded by mu; when it has booted

	off, open, paused, mute, stuck, hot, jammed, noRibbon bool // guarded by mu
	roll                                                  int  // guarded by mu; labels left; below 0 is endless
	out                                                   bool // guarded by mu; it noticed that the roll is empty
	read                                                  int  // guarded by mu; bytes read in all
	metres                                                int  // guarded by mu; labels printed since it was built
	wasOff                                                bool // guarded by mu; since it was asked last
	reports                                               bool // guarded by mu; EPL's US
	reported                                              byte // guarded by mu; the trouble it reported last
	unplugAt, powerOffAt, stickAt                         int  // guarded by mu; at which of them; 0 is never
}

// NewPrinter makes a printer without a cable, for Serve.
func NewPrinter(o PrinterOptions) *Printer {
	if o.PrintTime == 0 {
		o.PrintTime = 300 * time.Millisecond
	}
	if o.Boot == 0 {
		o.Boot = time.Second
	}
	if o.Language == "" {
		o.Language = "tspl"
	}
	return &Printer{o: o, wake: make(chan struct{}), roll: -1, tongue: newTongue(o.Language)}
}

// NewPrinterAt makes a printer on a pty behind the link path, for Run.
func NewPrinterAt(path string, o PrinterOptions) (*Printer, error) {
	c, err := NewCable(path)
	if err != nil {
		return nil, err
	}
	p := NewPrinter(o)
	p.cable = c
	return p, nil
}

// change does f under the lock and wakes whoever waits for a change.
func (p *Printer) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.wake)
	p.wake = make(chan struct{})
}

// LoadPaper puts in a roll of n labels; below 0 it never ends. A label that
// waited for paper is printed then.
func (p *Printer) LoadPaper(n int) { p.change(func() { p.roll, p.out = n, false }) }

// OpenHead, Pause, Overheat, Jam and TakeRibbon set a condition that stops the
// engine, also in the middle of a label, or clear it.
func (p *Printer) OpenHead(yes bool)   { p.change(func() { p.open = yes }) }
func (p *Printer) Pause(yes bool)      { p.change(func() { p.paused = yes }) }
func (p *Printer) Overheat(yes bool)   { p.change(func() { p.hot = yes }) }
func (p *Printer) Jam(yes bool)        { p.change(func() { p.jammed = yes }) }
func (p *Printer) TakeRibbon(yes bool) { p.change(func() { p.noRibbon = yes }) }

// Mute makes it not answer, though it reads and prints.
func (p *Printer) Mute(yes bool) { p.change(func() { p.mute = yes }) }

// FillMemory leaves a ZPL printer no room for another form.
func (p *Printer) FillMemory(yes bool) {
	p.change(func() { p.tongue.(*zpl).full = yes })
}

// Stick makes it stop reading, as one does whose buffer is full for ever.
func (p *Printer) Stick(yes bool) { p.change(func() { p.stuck = yes }) }

// UnplugAt pulls the cable once k more bytes have been read, and not one more;
// PowerOffAt takes the power away then, and StickAt is Stick then.
func (p *Printer) UnplugAt(k int)   { p.change(func() { p.unplugAt = p.read + k }) }
func (p *Printer) PowerOffAt(k int) { p.change(func() { p.powerOffAt = p.read + k }) }
func (p *Printer) StickAt(k int)    { p.change(func() { p.stickAt = p.read + k }) }

// PowerOff loses everything that was not printed.
func (p *Printer) PowerOff() { p.change(func() { p.off = true; p.lose() }) }

// PowerOn boots it again.
func (p *Printer) PowerOn() {
	p.change(func() {
		p.off, p.wasOff, p.reports = false, true, false
		p.lose()
		p.awake = time.Now().Add(p.o.Boot)
	})
}

// lose is called with mu held.
func (p *Printer) lose() {
	p.life++
	s, ok := p.tongue.(*zpl)
	p.tongue, p.queue, p.busy = newTongue(p.o.Language), nil, false
	if ok {
		p.tongue = s.again()
	}
}

// Unplug and Plug pull the cable of a printer made by NewPrinterAt and put it back.
func (p *Printer) Unplug() error { return p.cable.Unplug() }
func (p *Printer) Plug() error   { return p.cable.Plug() }

// XOFF asks the host to send no more, over the cable; XON lets it go on. A host
// whose line has no such flow control takes them for answers.
func (p *Printer) XOFF() error { _, err := p.cable.Write([]byte{0x13}); return err }
func (p *Printer) XON() error  { _, err := p.cable.Write([]byte{0x11}); return err }

// Labels gives the labels that have come out.
func (p *Printer) Labels() []Label {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Label(nil), p.printed...)
}

// Idle waits until nothing is left to print or something stops the engine.
func (p *Printer) Idle(ctx context.Context) error {
	for {
		p.mu.Lock()
		idle := !p.busy && (len(p.queue) == 0 || p.trouble() != 0)
		wake := p.wake
		p.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run serves the cable until ctx ends, and pulls it then. The engine goes on
// while the cable is out.
func (p *Printer) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { p.engine(ctx, p.cable); close(done) }()
	err := runCable(ctx, p.cable, p.listen)
	cancel()
	<-done
	return err
}

// Serve runs the printer on w until w fails or ctx ends. It does not close w,
// but for UnplugAt.
func (p *Printer) Serve(ctx context.Context, w Wire) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { p.engine(ctx, w); close(done) }()
	err := p.listen(ctx, w)
	cancel()
	<-done
	return err
}

// ServeListener serves one connection after the other, as printers on port 9100
// do, until ctx ends. The engine goes on between them.
func (p *Printer) ServeListener(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now := &lastConn{}
	done := make(chan struct{})
	go func() { p.engine(ctx, now); close(done) }()
	defer func() { cancel(); <-done }()
	defer context.AfterFunc(ctx, func() { l.Close(); now.set(nil) })()
	for ctx.Err() == nil {
		c, err := l.Accept()
		if err != nil {
			break
		}
		now.set(c)
		p.listen(ctx, c) // ends with the connection; why does not matter
		c.Close()
	}
	return nil
}

// A lastConn is the connection that is served now, for what the printer says unasked.
type lastConn struct {
	mu sync.Mutex
	c  net.Conn // guarded by mu
}

// set takes the next connection; nil closes the one that is there.
func (l *lastConn) set(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c == nil && l.c != nil {
		l.c.Close()
	}
	l.c = c
}

func (l *lastConn) Write(b []byte) (int, error) {
	l.mu.Lock()
	c := l.c
	l.mu.Unlock()
	if c == nil {
		return 0, net.ErrClosed
	}
	return c.Write(b)
}

// listen reads the wire and answers.
func (p *Printer) listen(ctx context.Context, w Wire) error {
	buf := make([]byte, 256)
	for {
		if err := p.untilReading(ctx); err != nil {
			return err
		}
		n, err := w.Read(buf[:p.toTrigger(len(buf))])
		if n > 0 {
			answer, unplug := p.take(buf[:n])
			if unplug {
				return p.pull(w)
			}
			if len(answer) > 0 {
				if _, err := w.Write(answer); err != nil {
					return err
				}
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
				return nil
			}
			return err
		}
	}
}

// untilReading waits while the printer is stuck.
func (p *Printer) untilReading(ctx context.Context) error {
	for {
		p.mu.Lock()
		stuck, wake := p.stuck, p.wake
		p.mu.Unlock()
		if !stuck {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// toTrigger gives how many bytes, at most n, may be read before a fault is due.
func (p *Printer) toTrigger(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range []int{p.unplugAt, p.powerOffAt, p.stickAt} {
		if at > p.read {
			n = min(n, at-p.read)
		}
	}
	return n
}

func (p *Printer) pull(w Wire) error {
	if p.cable != nil {
		return p.cable.Unplug()
	}
	return w.Close()
}

// take reads bytes and gives the answers they ask for.
func (p *Printer) take(data []byte) (answer []byte, unplug bool) {
	p.change(func() {
		for _, c := range data {
			p.read++
			if p.read == p.powerOffAt {
				p.off = true
				p.lose()
			}
			p.stuck = p.stuck || p.read == p.stickAt
			if p.read == p.unplugAt {
				unplug = true
				return
			}
			if p.off || time.Now().Before(p.awake) {
				continue // nobody there
			}
			for _, ev := range p.tongue.next(c) {
				switch ev.kind {
				case ask:
					if !p.mute {
						answer = append(answer, p.tongue.answer(p, ev.word)...)
					}
				case reset:
					p.lose()
					p.awake = time.Now().Add(p.o.Boot)
				case forget:
					p.life++
					p.queue, p.busy = nil, false
				case printJob:
					for i := range ev.copies {
						p.queue = append(p.queue, Label{Job: ev.job, Size: ev.setup, Copy: i + 1, receipt: ev.word})
					}
				}
			}
		}
	})
	return answer, unplug
}

// The bits of the answer to ESC!?.
const (
	bitHead     = 0x01
	bitJam      = 0x02
	bitPaper    = 0x04
	bitRibbon   = 0x08
	bitPause    = 0x10
	bitPrinting = 0x20
	bitHot      = 0x80
)

// trouble gives the bits that stop the engine. It is called with mu held.
func (p *Printer) trouble() (b byte) {
	for _, c := range []struct {
		on  bool
		bit byte
	}{{p.open, bitHead}, {p.jammed, bitJam}, {p.out, bitPaper}, {p.noRibbon, bitRibbon}, {p.paused, bitPause}, {p.hot, bitHot}} {
		if c.on {
			b |= c.bit
		}
	}
	return b
}

// printing tells whether a label is on its way. It is called with mu held.
func (p *Printer) printing() bool { return p.busy || len(p.queue) > 0 && p.trouble() == 0 }

// engine prints what is queued, one label at a time.
func (p *Printer) engine(ctx context.Context, w io.Writer) {
	for ctx.Err() == nil {
		p.mu.Lock()
		ready := !p.off && len(p.queue) > 0 && p.trouble() == 0
		life, wake := p.life, p.wake
		news := p.tongue.news(p)
		p.mu.Unlock()
		if len(news) > 0 {
			w.Write(news) // a wire that is gone ends listen
		}
		if !ready {
			select {
			case <-wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if said := p.one(ctx, life); said != "" {
			w.Write([]byte(said))
		}
	}
}

// one prints the label at the head of the queue. Trouble on the way leaves it
// there: half a label is waste and is printed again from its start. An empty
// roll is noticed half-way, as the paper's end passes the sensor. It gives what
// the printer says of a label that came out.
func (p *Printer) one(ctx context.Context, life int) (receipt string) {
	p.change(func() { p.busy = p.life == life })
	half := time.Now().Add(p.o.PrintTime / 2)
	end := time.Now().Add(p.o.PrintTime)
	for {
		p.mu.Lock()
		now, wake := time.Now(), p.wake
		gone := p.life != life
		empty := p.roll == 0 && !now.Before(half)
		trouble := p.trouble() != 0
		p.mu.Unlock()
		switch {
		case gone:
			return ""
		case trouble || empty:
			p.change(func() { p.busy, p.out = false, p.out || empty })
			return ""
		case !now.Before(end):
			return p.comeOut(life)
		}
		timer := time.NewTimer(time.Until(map[bool]time.Time{true: half, false: end}[now.Before(half)]))
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ""
		}
		timer.Stop()
	}
}

// comeOut puts the label out, unless the printer lost it meanwhile.
func (p *Printer) comeOut(life int) (receipt string) {
	p.change(func() {
		if p.life != life {
			return
		}
		l := p.queue[0]
		p.queue = p.queue[1:]
		p.busy = false
		p.metres++
		if p.roll > 0 {
			p.roll--
		}
		l.N, l.At = len(p.printed)+1, time.Now()
		p.printed = append(p.printed, l)
		if p.o.OnLabel != nil {
			p.o.OnLabel(l)
		}
		if !p.mute {
			receipt = l.receipt
		}
	})
	return receipt
}
