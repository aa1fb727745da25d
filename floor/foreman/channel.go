package foreman

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"floord/floor"
	"floord/sync/ledger"
)

// OnTrial reports whether what comes from a channel is only looked at: one that may be
// on trial is from its first order on, until a lead opens it. One whose orders were
// worked on before stays as it is.
func (f *Foreman) OnTrial(v *ledger.View, ch floor.ChannelID) (bool, error) {
	if !f.o.Trial(ch) {
		return false, nil
	}
	t, begun, err := v.TrialRun(ch)
	if err != nil || begun {
		return err == nil && t.Opened.IsZero(), err
	}
	known, err := v.KnowsChannel(ch)
	return err == nil && !known, err
}

// tried ends an order on trial that the shop shipped by other hands, and says why
// floord would not have: for what held it, or because goods lack.
func (i *intake) tried(id floor.OrderID, holds []floor.Hold, s floor.ShopOrder) error {
	var differs []floor.Hold
	for _, h := range holds {
		switch h.Code {
		case floor.HoldTrial, floor.HoldPlatform, floor.HoldUnpaid: // said of the trial, of the shipping itself, and of what was paid meanwhile
		default:
			differs = append(differs, h)
		}
	}
	lacks, err := i.lacks(s.Lines)
	if err != nil {
		return err
	}
	for _, l := range lacks {
		differs = append(differs, floor.Hold{Code: "short", Field: string(l.SKU)})
	}
	i.add(floor.OrderTried{Order: id, Channel: s.Channel, State: s.State, Differs: differs})
	return nil
}

// lacks gives what is not free of what the lines ask for, of articles that are known.
func (v look) lacks(lines []floor.ShopLine) (out []floor.SKUQty, err error) {
	wants := map[floor.SKU]int{}
	for _, l := range lines {
		wants[l.SKU] += l.Qty
	}
	for _, l := range lines {
		n := wants[l.SKU]
		if n == 0 {
			continue
		}
		delete(wants, l.SKU)
		_, known, err := v.SKU(l.SKU)
		if err != nil {
			return nil, err
		}
		if !known {
			continue // that is a hold of its own
		}
		all, err := v.StockOf(l.SKU)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			n -= s.Sellable()
		}
		if n > 0 {
			out = append(out, floor.SKUQty{SKU: l.SKU, Qty: n})
		}
	}
	return out, nil
}

// OpenChannel ends a channel's trial; see floor.ChannelOpened. It is refused with
// "not-on-trial" if the channel is open.
func (f *Foreman) OpenChannel(ctx context.Context, by By, ch floor.ChannelID, adopt bool) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		trial, err := f.OnTrial(v.View, ch)
		if err != nil {
			return nil, err
		}
		if !trial {
			return nil, floor.Refuse("not-on-trial", "channel", ch)
		}
		return []floor.Fact{floor.ChannelOpened{Channel: ch, Adopt: adopt}}, nil
	})
}

// maxUnread bounds how much of a payload that nobody can read is kept.
const maxUnread = 256 << 10

// KeepUnread keeps what a channel sent in answer to op, or as a push, and nobody can
// read, with the reason. The key should name the payload: the same is kept once.
func (f *Foreman) KeepUnread(ctx context.Context, by By, ch floor.ChannelID, op, why string, body []byte) (ledger.Receipt, error) {
	sum := sha256.Sum256(body)
	fact := floor.PayloadUnread{Channel: ch, Op: op, Why: why, Hash: hex.EncodeToString(sum[:]), Size: len(body), Body: body[:min(len(body), maxUnread)]}
	return f.commit(ctx, by, false, func(look) ([]floor.Fact, error) { return []floor.Fact{fact}, nil })
}
