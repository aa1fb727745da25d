package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"floord/floor"
)

// A picker walks with a handheld: takes a task, binds totes, picks what the
// screen says, declares the odd short, answers freezes, and puts finished totes
// on the conveyor.
type picker struct {
	*hand
	person   string
	rng      *rand.Rand
	pace     time.Duration     // per stop
	conveyor chan floor.ToteID // to the pack stations
	alarms
	count *tally

	mu    sync.Mutex
	task  *floor.Task // guarded by mu; folded from the socket
	sent  map[floor.OrderID]bool
	fresh chan struct{}
}

// tally counts what the pretend people did, to hold the daemon's figures against.
type tally struct {
	mu      sync.Mutex
	picks   int
	refused map[string]int
	errs    []error
}

func (t *tally) add(f func()) { t.mu.Lock(); defer t.mu.Unlock(); f() }

func (t *tally) note(err error) {
	var n *no
	if errors.As(err, &n) {
		t.add(func() { t.refused[n.code]++ })
	}
}

func newPicker(h *hand, person string, rng *rand.Rand, pace time.Duration, conveyor chan floor.ToteID, count *tally, onFreeze func(string, time.Time)) *picker {
	p := &picker{
		hand: h, person: person, rng: rng, pace: pace, conveyor: conveyor, count: count, alarms: alarms{onFreeze: onFreeze},
		sent: map[floor.OrderID]bool{}, fresh: make(chan struct{}, 1),
	}
	h.hear = p.listen
	return p
}

// listen folds what the socket says into the picture of the task.
func (p *picker) listen(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m.Type {
	case "snapshot":
		var s struct {
			Task    *floor.Task `json:"task"`
			Freezes []message   `json:"freezes"`
		}
		if json.Unmarshal(m.Raw, &s) == nil {
			p.task = s.Task
			for _, f := range s.Freezes {
				p.ring(f)
			}
		}
	case "freeze":
		p.ring(m)
	case "event":
		f, err := floor.DecodeFact(floor.Kind(m.Kind), m.Fact)
		if err == nil {
			p.fold(f)
		}
	}
	select {
	case p.fresh <- struct{}{}:
	default:
	}
}

// fold changes the picture of the task by an event. It is called with mu held.
func (p *picker) fold(f floor.Fact) {
	if p.task == nil {
		return
	}
	switch x := f.(type) {
	case floor.LinePicked:
		if s := p.task.Stop(x.Stop); x.Task == p.task.ID && s != nil {
			s.Done += x.Qty
		}
	case floor.LinePutBack:
		if s := p.task.Stop(x.Stop); x.Task == p.task.ID && s != nil {
			s.Done += x.Qty
		}
	case floor.LineShort:
		if s := p.task.Stop(x.Stop); x.Task == p.task.ID && s != nil {
			s.Missing += x.Qty
		}
	case floor.StockMoved:
		if s := p.task.Stop(x.Stop); x.Task == p.task.ID && s != nil {
			s.Done += x.Qty
		}
	case floor.RefillShort:
		for i := range p.task.Stops {
			p.task.Stops[i].Missing += x.Qty
		}
	case floor.StopsAdded:
		if x.Task == p.task.ID {
			p.task.Stops = append(p.task.Stops, x.Stops...)
		}
	case floor.StopSkipped:
		if s := p.task.Stop(x.Stop); x.Task == p.task.ID && s != nil {
			s.Skipped++
		}
	case floor.StopsDropped:
		for i := range p.task.Stops {
			if p.task.Stops[i].Order == x.Order {
				p.task.Stops[i].Dropped = true
			}
		}
	case floor.ToteBound:
		if x.Task == p.task.ID && x.Slot <= len(p.task.Slots) {
			p.task.Slots[x.Slot-1].Tote = x.Tote
		}
	case floor.BatchBound:
		if x.Task == p.task.ID {
			p.task.Totes = append(p.task.Totes, x.Tote)
		}
	case floor.TaskDone:
		if x.Task == p.task.ID {
			p.task = nil
		}
	}
}

// run works until ctx ends.
func (p *picker) run(ctx context.Context) error {
	if _, err := p.act(ctx, "login", map[string]any{"badge": badge(p.person)}); err != nil {
		return fmt.Errorf("%s: login: %w", p.person, err)
	}
	for ctx.Err() == nil {
		p.answer(ctx, p.hand, p.count, "out", "not-yet")
		t, frozen := p.picture()
		if t == nil {
			if err := p.take(ctx); err != nil {
				sleep(ctx, 300*time.Millisecond)
			}
			continue
		}
		if !p.bind(ctx, t) {
			continue
		}
		stop := t.Next(func(id floor.OrderID) bool { return frozen[id] })
		if stop == nil {
			p.deliver(t)
			p.wait(ctx, 200*time.Millisecond)
			continue
		}
		sleep(ctx, p.pace/2+time.Duration(p.rng.Int64N(int64(p.pace))))
		p.doStop(ctx, t, *stop, wanted(t, *stop, frozen))
		p.deliver(t)
	}
	return nil
}

func (p *picker) wait(ctx context.Context, d time.Duration) {
	select {
	case <-p.fresh:
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// picture gives a copy of the task, and which orders of it are frozen.
func (p *picker) picture() (*floor.Task, map[floor.OrderID]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.task == nil {
		return nil, nil
	}
	t := *p.task
	t.Stops, t.Slots = slices.Clone(t.Stops), slices.Clone(t.Slots)
	return &t, p.frozen()
}

func (p *picker) take(ctx context.Context) error {
	_, err := p.act(ctx, "take", struct{}{})
	if err == nil {
		for range 20 { // the snapshot with the task follows
			if t, _ := p.picture(); t != nil {
				break
			}
			p.wait(ctx, 50*time.Millisecond)
		}
	}
	return err
}

// bind puts a fresh tote on every slot that has none, or under a batch.
func (p *picker) bind(ctx context.Context, t *floor.Task) bool {
	if t.Kind == floor.TaskBatch && len(t.Totes) == 0 {
		_, err := p.act(ctx, "bind", map[string]any{"task": t.ID, "slot": 0, "tote": batchTote(t)})
		p.count.note(err)
		return err == nil
	}
	if t.Kind != floor.TaskPick {
		return true
	}
	for i, s := range t.Slots {
		if s.Tote != "" {
			continue
		}
		tote := fmt.Sprintf("TOTE-%s-%d", t.ID, s.No)
		_, err := p.act(ctx, "bind", map[string]any{"task": t.ID, "slot": s.No, "tote": tote})
		if err != nil {
			p.count.note(err)
			var n *no
			if errors.As(err, &n) && (n.code == "frozen" || n.code == "order-closed") {
				continue
			}
			sleep(ctx, 100*time.Millisecond)
			return false
		}
		t.Slots[i].Tote = floor.ToteID(tote)
	}
	return true
}

// batchTote is the tote that a batch is picked into.
func batchTote(t *floor.Task) floor.ToteID { return floor.ToteID("TOTE-" + t.ID) }

// wanted is how many pieces one reach at a stop is for: in a batch those of every order
// that wants the same from the bin.
func wanted(t *floor.Task, s floor.Stop, frozen map[floor.OrderID]bool) int {
	if t.Kind != floor.TaskBatch {
		return s.Left()
	}
	n := 0
	for _, x := range t.Stops {
		if x.Spot() == s.Spot() && !frozen[x.Order] {
			n += x.Left()
		}
	}
	return n
}

// doStop scans what the stop says; now and then something else, or nothing is there.
func (p *picker) doStop(ctx context.Context, t *floor.Task, s floor.Stop, qty int) {
	scan := map[string]any{"task": t.ID, "stop": s.No, "bin": s.Bin, "code": s.SKU, "qty": qty, "lot": s.Lot.No, "expiry": s.Expiry}
	if verb := map[string]string{floor.TaskPutBack: "put-back", floor.TaskRefill: "carry"}[t.Kind]; verb != "" {
		_, err := p.act(ctx, verb, scan)
		p.count.note(err)
		p.settled()
		return
	}
	switch n := p.rng.IntN(100); {
	case n < 2:
		_, err := p.act(ctx, "short", map[string]any{"task": t.ID, "stop": s.No, "why": "empty"})
		p.count.note(err)
		p.settled()
		return
	case n < 4 && s.Skipped == 0:
		_, err := p.act(ctx, "skip", map[string]any{"task": t.ID, "stop": s.No})
		p.count.note(err)
		p.settled()
		return
	case n < 7: // the wrong bin first
		wrong := map[string]any{"task": t.ID, "stop": s.No, "bin": "A-99-99-9", "code": s.SKU, "qty": qty}
		_, err := p.act(ctx, "pick", wrong)
		p.count.note(err)
	}
	m, err := p.act(ctx, "pick", scan)
	p.count.note(err)
	if err != nil {
		sleep(ctx, 50*time.Millisecond)
		return
	}
	p.count.add(func() { p.count.picks++ })
	if p.rng.IntN(10) == 0 { // the radio stuttered: the same act once more
		if again, err := p.send(context.WithoutCancel(ctx), m.N, "pick", scan); err == nil && !again.Repeated {
			p.count.add(func() { p.count.errs = append(p.count.errs, errors.New("a scan sent twice counted twice")) })
		}
	}
	p.settled()
}

// settled waits for the event that follows an act to reach the picture.
func (p *picker) settled() {
	select {
	case <-p.fresh:
	case <-time.After(100 * time.Millisecond):
	}
}

// deliver puts the totes of finished orders on the conveyor.
// The tote of a batch goes there once for each of its orders, for packers take one
// after the other out of it.
func (p *picker) deliver(t *floor.Task) {
	if t.Kind != floor.TaskPick && t.Kind != floor.TaskBatch {
		return
	}
	p.mu.Lock()
	now := p.task
	if now == nil || now.ID != t.ID {
		now = nil // the walk is over: every order of it is done
	}
	var out []floor.ToteID
	if t.Kind == floor.TaskBatch && now == nil {
		for _, s := range t.Stops {
			if !p.sent[s.Order] && !s.Dropped {
				p.sent[s.Order] = true
				out = append(out, batchTote(t))
			}
		}
	}
	for _, s := range t.Slots {
		open := false
		if now != nil {
			for i := range now.Stops {
				open = open || now.Stops[i].Order == s.Order && now.Stops[i].Left() > 0
			}
		}
		if !open && s.Tote != "" && !p.sent[s.Order] {
			p.sent[s.Order] = true
			out = append(out, s.Tote)
		}
	}
	p.mu.Unlock()
	for _, tote := range out {
		select {
		case p.conveyor <- tote:
		default: // the conveyor is full: the tote stands in the aisle
		}
	}
}
