package daemon

import (
	"context"
	"time"

	"floord/floor"
	"floord/floor/address"
	"floord/internal/config"
	"floord/sync/ledger"
)

// carrierRule is what the choice of a carrier goes by.
func carrierRule(c config.Carrier) floor.CarrierRule {
	r := floor.CarrierRule{
		ID: c.ID, Name: c.Name, Books: c.Driver != "demo", Avoid: c.Avoid, Channels: c.Channels, DemandedBy: c.DemandedBy, Serves: c.Serves, Except: c.Except,
		MinGrams: c.MinGrams, MaxGrams: c.MaxGrams, CheckGrams: c.CheckGrams,
		CutOff: time.Duration(c.CutOff.Hour)*time.Hour + time.Duration(c.CutOff.Minute)*time.Minute,
	}
	r.Tokens = c.Driver == "cainiao" || c.Driver == "pdd" || c.Driver == "douyin"
	for _, p := range c.Prices {
		r.Prices = append(r.Prices, floor.Price{To: p.To, FirstGrams: p.FirstGrams, First: floor.Fen(p.First), NextGrams: p.NextGrams, Next: floor.Fen(p.Next)})
	}
	return r
}

// addressTrouble says why a recipient's address must not go onto a label, in a word
// of the catalogue, or "".
func addressTrouble(to floor.Recipient) string {
	switch {
	case to.Masked && to.Token != "":
		return ""
	case to.Detail == "":
		return "address-detail"
	}
	_, why := address.Split(to)
	return why
}

// probeEvery is how often it is looked whether what opened a fuse is still so.
const probeEvery = 5 * time.Second

// probeFuses closes fuses whose cause is gone. Those of a carrier's account are
// probed by asking the carrier, each by its own loop.
func (d *Daemon) probeFuses(ctx context.Context) error {
	return every(ctx, probeEvery, func(ctx context.Context) error {
		var open []floor.Fuse
		err := d.ledger.Read(func(v *ledger.View) error {
			return v.OpenFuses(func(x floor.Fuse) bool {
				if !x.Cause.Account() && x.Cause != floor.FuseDoubt {
					open = append(open, x)
				}
				return true
			})
		})
		for _, x := range open {
			if err == nil {
				_, err = d.foreman.ProbeFuse(ctx, d.by("probe"), x.ID, d.labelFits(x))
			}
		}
		return err
	})
}

// labelFits reports whether the label that opened a fuse can be made now: its
// text or its template was mended.
func (d *Daemon) labelFits(x floor.Fuse) bool {
	s := d.stations[x.Station]
	if s == nil || s.printer == nil || x.Cause != floor.FuseFit && x.Cause != floor.FuseTemplate {
		return false
	}
	e := floor.Effect{What: floor.EffectLabel, Parcel: x.Parcel, Order: x.Order, Copy: 1}
	if t, err := d.ticket(e); err != nil || t != nil {
		return false // only the platform's component can tell
	}
	_, _, err := d.render(s, e)
	return err == nil
}
