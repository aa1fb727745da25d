package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// channelTrial says how a channel's trial goes: CHANNEL.
func channelTrial(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("channel trial: name one channel")
	}
	id := floor.ChannelID(args[0])
	return s.ledger.Read(func(v *ledger.View) error {
		t, ok, err := v.TrialRun(id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("channel trial: nothing came from %s on trial", id)
		}
		at := func(t time.Time) string { return t.In(s.cfg.Site.Zone).Format(time.DateTime) }
		fmt.Fprintf(out, "%s: on trial since %s, %d orders; shipped by other hands: %d floord would have shipped, %d it would not\n",
			id, at(t.Began), t.Orders, t.Same, t.Differ)
		if !t.Opened.IsZero() {
			fmt.Fprintf(out, "opened %s by %s; %d orders taken over, %d left to others\n", at(t.Opened), t.By, t.Adopted, t.Left)
		}
		for _, code := range slices.Sorted(maps.Keys(t.Why)) {
			fmt.Fprintf(out, "  %-24s %d\n", code, t.Why[code])
		}
		return v.Tried(id, func(x floor.Tried) bool {
			fmt.Fprintf(out, "%s  %s  %s\n", x.Order, at(x.At), holdText(s.cfg.Site.Lang, x.Why))
			return true
		})
	})
}

// holdText says holds in one line.
func holdText(lang string, holds []floor.Hold) string {
	var out []string
	for _, h := range holds {
		out = append(out, floor.Say(lang, "hold-"+h.Code, map[string]string{"field": h.Field}))
	}
	return strings.Join(out, ", ")
}

// AdoptOrders, behind the channel, has what came during the trial worked on too.
const AdoptOrders = "adopt"

// channelOpen ends a channel's trial: CHANNEL, and perhaps adopt.
func channelOpen(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) < 1 || len(args) > 2 || len(args) == 2 && args[1] != AdoptOrders {
		return errors.New("channel open: name one channel, and perhaps adopt")
	}
	if _, err := s.foreman.OpenChannel(ctx, s.operator("open"), floor.ChannelID(args[0]), len(args) == 2); err != nil {
		return err
	}
	return channelTrial(ctx, s, args[:1], nil, out)
}
