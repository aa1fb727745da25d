package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// Advice is what slotting says, as it was last computed.
type Advice struct {
	At     time.Time    `json:"at,omitzero" doc:"Nothing was computed yet without one"`
	Busy   bool         `json:"busy" doc:"It is being computed anew"`
	Days   int          `json:"days" doc:"That were replayed"`
	Orders int          `json:"orders"`
	Moves  []AdviceMove `json:"moves" doc:"The best first"`
	Error  string       `json:"error,omitempty"`
}

// An AdviceMove brings an article to another bin, and what lies there back.
type AdviceMove struct {
	SKU    floor.SKU   `json:"sku"`
	From   floor.BinID `json:"from"`
	To     floor.BinID `json:"to"`
	With   floor.SKU   `json:"with,omitempty" doc:"Lies there now; nothing does without one"`
	Visits float64     `json:"visits" doc:"A day"`
	Metres float64     `json:"metres" doc:"That a day's walks would have been shorter"`
}

// A StockList is what of the stock wants a person, and where goods should lie.
type StockList struct {
	Counts  []stockCount   `json:"counts" doc:"Spots that somebody should count, 200 at most"`
	Stopped []stockStopped `json:"stopped" doc:"Articles that are not promised until a lead has looked"`
	Quotas  []stockQuota   `json:"quotas"`
	Advice  Advice         `json:"advice"`
}

type (
	stockCount struct {
		floor.Spot
		Why   string    `json:"why"`
		Since time.Time `json:"since"`
	}
	stockStopped struct {
		SKU   floor.SKU `json:"sku"`
		Since time.Time `json:"since"`
	}
	stockQuota struct {
		Channel floor.ChannelID `json:"channel"`
		SKU     floor.SKU       `json:"sku"`
		Limit   int             `json:"limit"`
		Used    int             `json:"used"`
	}
	// stockSpot is what lies at a spot, in the four pools.
	stockSpot struct {
		floor.Spot
		Sellable   int `json:"sellable"`
		Reserved   int `json:"reserved"`
		Inspection int `json:"inspection"`
		Transit    int `json:"transit" doc:"On its way there"`
	}
	stockFile struct {
		Keyed
		Body struct {
			CSV string `json:"csv" maxLength:"900000" doc:"With a heading line: bin, sku, qty, and lot, expiry, pool if need be"`
		}
	}
	stockTaken struct {
		First   int `json:"first" doc:"Spots counted for the first time"`
		Counted int `json:"counted" doc:"Spots counted again"`
	}
)

// maxCounts is how many spots to be counted are listed.
const maxCounts = 200

func (a *api) stock(context.Context, *struct{}) (*answer[StockList], error) {
	out := StockList{Counts: []stockCount{}, Stopped: []stockStopped{}, Quotas: []stockQuota{}, Advice: Advice{Moves: []AdviceMove{}}}
	if a.o.Advice != nil {
		out.Advice = a.o.Advice()
	}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		err := v.CountsWanted(func(c floor.CountWanted) bool {
			out.Counts = append(out.Counts, stockCount(c))
			return len(out.Counts) < maxCounts
		})
		if err == nil {
			err = v.Shortages(func(x floor.Shortage) bool {
				if !x.Stopped.IsZero() {
					out.Stopped = append(out.Stopped, stockStopped{SKU: x.SKU, Since: x.Stopped})
				}
				return true
			})
		}
		if err == nil {
			err = v.Quotas(func(q floor.Quota) bool { out.Quotas = append(out.Quotas, stockQuota(q)); return true })
		}
		return err
	})
	return give(out), err
}

func (a *api) stockOf(_ context.Context, in *struct {
	SKU floor.SKU `path:"sku" maxLength:"64"`
}) (*answer[[]stockSpot], error) {
	out := []stockSpot{}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		sku, ok, err := v.Scanned(string(in.SKU))
		if err == nil && !ok {
			err = floor.Refuse("unknown-sku", "got", in.SKU)
		}
		if err != nil {
			return err
		}
		all, err := v.StockOf(sku)
		for _, x := range all {
			out = append(out, stockSpot{x.Spot, x.Sellable(), x.Reserved, x.Inspection, x.Transit})
		}
		return err
	})
	return give(out), err
}

func (a *api) adviseAgain(ctx context.Context, _ *struct{}) (*answer[Advice], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.AdviseAgain == nil {
		return give(Advice{Moves: []AdviceMove{}}), nil
	}
	a.o.AdviseAgain()
	return give(a.o.Advice()), nil
}

func (a *api) importStock(ctx context.Context, in *stockFile) (*answer[stockTaken], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.ImportStock == nil {
		return nil, floor.Refuse("bad-args", "what", "stock")
	}
	var out stockTaken
	n := 0
	by := func(string) foreman.By { n++; b := a.by(ctx, in.Key); b.Key += "/" + strconv.Itoa(n); return b }
	var err error
	out.First, out.Counted, err = a.o.ImportStock(ctx, by, strings.NewReader(in.Body.CSV))
	return give(out), err
}
