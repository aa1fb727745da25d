package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"floord/device/devicetest"
	"floord/floor"
)

// A packer works at a station: opens totes from the conveyor, checks, weighs,
// seals, looks at the printer when a label is in doubt, and hands parcels over.
type packer struct {
	*hand
	person, station string
	rng             *rand.Rand
	scale           *devicetest.Scale
	printer         *devicetest.Printer
	weights         map[string]int // of one piece
	conveyor        chan floor.ToteID
	alarms
	count *tally

	mu     sync.Mutex
	parcel *parcelPicture // guarded by mu; folded from the socket
	shelf  []string       // guarded by mu; waybills whose label came out, to be handed over
	doubts []doubtPicture // guarded by mu; labels that somebody must look for
	fresh  chan struct{}

	tries map[floor.ToteID]int // of batches with nothing to pack just now
}

// A doubtPicture is a label that may have come out.
type doubtPicture struct {
	Effect string `json:"effect"`
	Parcel string `json:"parcel"`
	Copy   int    `json:"copy"`
}

// A parcelPicture is what the station's screen shows of the open parcel.
type parcelPicture struct {
	ID      string `json:"id"`
	Order   string `json:"order"`
	State   string `json:"state"`
	Label   string `json:"label"`
	Waybill string `json:"waybill"`
	Carrier string `json:"carrier"`
	Effect  string `json:"effect"`
	Mark    string `json:"mark"` // of a note to be read
	Items   []struct {
		SKU      string `json:"sku"`
		Qty      int    `json:"qty"`
		Verified int    `json:"verified"`
	} `json:"items"`
}

func (p *packer) listen(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m.Type {
	case "live":
		return
	case "snapshot":
		var s struct {
			Parcel  *parcelPicture `json:"parcel"`
			Doubts  []doubtPicture `json:"doubts"`
			Freezes []message      `json:"freezes"`
		}
		if json.Unmarshal(m.Raw, &s) == nil {
			p.parcel, p.doubts = s.Parcel, s.Doubts
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

// fold is called with mu held.
func (p *packer) fold(f floor.Fact) {
	switch x := f.(type) {
	case floor.EffectEnded:
		if p.parcel != nil && string(x.Parcel) == p.parcel.ID && x.What == floor.EffectLabel {
			p.parcel.Label = map[string]string{"printed": floor.LabelPrinted}[x.Outcome]
		}
	case floor.ParcelVoided:
		if p.parcel != nil && string(x.Parcel) == p.parcel.ID {
			p.parcel.State = string(floor.ParcelIsVoid)
		}
	}
}

func (p *packer) run(ctx context.Context) error {
	if _, err := p.act(ctx, "login", map[string]any{"badge": badge(p.person)}); err != nil {
		return fmt.Errorf("%s: login: %w", p.person, err)
	}
	for ctx.Err() == nil {
		p.answer(ctx, p.hand, p.count, "sealed")
		p.lookAtDoubts(ctx)
		p.handOver(ctx, 3)
		select {
		case tote := <-p.conveyor:
			p.pack(ctx, tote)
		case <-p.fresh:
		case <-time.After(300 * time.Millisecond):
			p.handOver(ctx, 1)
		case <-ctx.Done():
		}
	}
	return nil
}

// pack packs the order of a tote as far as the daemon lets it.
func (p *packer) pack(ctx context.Context, tote floor.ToteID) {
	m, err := p.act(ctx, "open", map[string]any{"code": tote})
	p.count.note(err)
	var n *no
	again := errors.As(err, &n) && (n.code == "frozen" || n.code == "not-picked" || n.code == "station-busy")
	if n != nil && n.code == "batch-packed" && p.tries[tote] < 10 { // one of its orders may be frozen
		p.tries[tote]++
		again = true
	}
	if again {
		go func() { // back onto the conveyor, for another round
			sleep(ctx, time.Second)
			select {
			case p.conveyor <- tote:
			default:
			}
		}()
		return
	}
	var opened struct{ Parcel string }
	if err != nil || json.Unmarshal(m.Result, &opened) != nil {
		return
	}
	pic := p.awaitParcel(ctx, opened.Parcel)
	if pic == nil {
		return
	}
	if pic.Mark != "" {
		_, err := p.act(ctx, "read", map[string]any{"parcel": pic.ID, "mark": pic.Mark})
		p.count.note(err)
	}
	grams := 60
	for _, i := range pic.Items {
		for range i.Qty - i.Verified {
			sleep(ctx, 20*time.Millisecond)
			_, err := p.act(ctx, "verify", map[string]any{"parcel": pic.ID, "code": i.SKU, "qty": 1})
			p.count.note(err)
			p.answer(ctx, p.hand, p.count, "sealed")
		}
		grams += i.Qty * p.weights[i.SKU]
	}
	if !p.weigh(ctx, pic.ID, grams+p.rng.IntN(11)-5) {
		return
	}
	_, err = p.act(ctx, "seal", map[string]any{"parcel": pic.ID})
	p.count.note(err)
	if err == nil {
		p.awaitLabel(ctx, pic.ID)
	}
}

// weigh puts the parcel on the scale, asks for its weight and takes it off again.
func (p *packer) weigh(ctx context.Context, parcel string, grams int) bool {
	p.scale.Put(0)
	sleep(ctx, 400*time.Millisecond)
	p.scale.Put(int64(grams))
	defer p.scale.Put(0)
	for range 3 {
		m, err := p.act(ctx, "weigh", map[string]any{"parcel": parcel})
		p.count.note(err)
		var out struct{ Off bool }
		if err == nil && json.Unmarshal(m.Result, &out) == nil && !out.Off {
			return true
		}
		if err == nil {
			continue // as a packer does who looks into the box and finds it right
		}
		var n *no
		if !errors.As(err, &n) || n.code == "frozen" || n.code == "order-closed" || n.code == "parcel-void" {
			return false
		}
		p.scale.Put(0)
		sleep(ctx, time.Second)
		p.scale.Put(int64(grams))
	}
	return false
}

func (p *packer) awaitParcel(ctx context.Context, id string) *parcelPicture {
	for range 40 {
		p.mu.Lock()
		pic := p.parcel
		p.mu.Unlock()
		if pic != nil && pic.ID == id && len(pic.Items) > 0 {
			return pic
		}
		p.wait(ctx, 50*time.Millisecond)
	}
	return nil
}

func (p *packer) wait(ctx context.Context, d time.Duration) {
	select {
	case <-p.fresh:
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// awaitLabel waits until the label is out and puts the parcel on the shelf.
func (p *packer) awaitLabel(ctx context.Context, id string) {
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && ctx.Err() == nil; {
		p.lookAtDoubts(ctx)
		p.answer(ctx, p.hand, p.count, "sealed")
		p.mu.Lock()
		pic := p.parcel
		p.mu.Unlock()
		if pic == nil || pic.ID != id || pic.State == string(floor.ParcelIsVoid) {
			return
		}
		if pic.Label == floor.LabelPrinted {
			p.mu.Lock()
			p.shelf = append(p.shelf, pic.ID)
			p.mu.Unlock()
			return
		}
		p.wait(ctx, 100*time.Millisecond)
	}
	p.mu.Lock()
	p.shelf = append(p.shelf, id) // the handover will say whether its label came out
	p.mu.Unlock()
}

// lookAtDoubts goes to the printer, mends it, and says what lies there.
func (p *packer) lookAtDoubts(ctx context.Context) {
	p.mu.Lock()
	doubts := p.doubts
	p.doubts = nil
	p.mu.Unlock()
	for _, d := range doubts {
		p.printer.Plug()
		p.printer.LoadPaper(500)
		sleep(ctx, 1500*time.Millisecond)
		answer := "did-not"
		if labelOut(p.printer, d.Parcel, d.Copy) {
			answer = "came-out"
		}
		_, err := p.act(ctx, "doubt", map[string]any{"effect": d.Effect, "answer": answer})
		p.count.note(err)
	}
}

// handOver scans parcels from the shelf onto the carrier's sheet, once there are
// enough of them. What is refused for now goes back to the shelf.
func (p *packer) handOver(ctx context.Context, atLeast int) {
	p.mu.Lock()
	if len(p.shelf) < atLeast {
		p.mu.Unlock()
		return
	}
	shelf := p.shelf
	p.shelf = nil
	p.mu.Unlock()
	for _, code := range shelf {
		_, err := p.act(ctx, "hand-over", map[string]any{"carrier": carrierID, "code": code})
		p.count.note(err)
		var n *no
		if errors.As(err, &n) && (n.code == "frozen" || n.code == "label-not-out") {
			p.mu.Lock()
			p.shelf = append(p.shelf, code)
			p.mu.Unlock()
		}
	}
}
