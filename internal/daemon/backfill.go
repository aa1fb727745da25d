package daemon

import (
	"context"
	"fmt"
	"io"
	"time"

	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/api"
)

// backfillShare is the part of a shop's rates that a back-fill may take.
const backfillShare = 4

// backfillTries is how often in a row a back-fill asks again before it gives up.
const backfillTries = 8

// backfill reads a shop's changes from one moment to another again: CHANNEL FROM
// TO, in RFC 3339. It has a lane of its own, a quarter of the shop's rates, and
// leaves the live cursor alone; reading twice changes nothing.
func backfill(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("channel backfill: CHANNEL FROM TO are wanted")
	}
	var c *config.Channel
	for i := range s.cfg.Channels {
		if string(s.cfg.Channels[i].ID) == args[0] {
			c = &s.cfg.Channels[i]
		}
	}
	if c == nil || c.Driver == "csv" || c.Driver == "qimen" {
		return fmt.Errorf("channel backfill: there is no channel %q that can be read", args[0])
	}
	from, err := time.Parse(time.RFC3339, args[1])
	if err != nil {
		return fmt.Errorf("channel backfill: %w", err)
	}
	to, err := time.Parse(time.RFC3339, args[2])
	if err != nil {
		return fmt.Errorf("channel backfill: %w", err)
	}
	if !from.Before(to) {
		return fmt.Errorf("channel backfill: %s is not before %s", args[1], args[2])
	}
	m, err := chartOf(*c)
	if err != nil {
		return err
	}
	shop, err := s.openAPI(*c, m, api.ShopOptions{Since: from, Until: to, Slow: backfillShare})
	if err != nil {
		return err
	}
	var total foreman.Received
	var cursor channel.Cursor
	orders, tries := 0, 0
	for more := true; more; {
		page, err := shop.Pull(ctx, cursor)
		if err != nil {
			tries++
			if c := channel.ClassOf(err); tries >= backfillTries || c == channel.Refused || c == channel.Unauthorized || ctx.Err() != nil {
				return fmt.Errorf("after %d orders: %w", orders, err)
			}
			fmt.Fprintf(out, "%v\n", err)
			pause(ctx, max(time.Second<<tries, channel.After(err)))
			continue
		}
		tries = 0
		cursor, more = page.Next, page.More
		page.Next = "" // the live cursor stays where it is
		got, err := s.receive(ctx, c.ID, page)
		if err != nil {
			return err
		}
		orders += len(page.Orders)
		total.New, total.Revised = total.New+got.New, total.Revised+got.Revised
	}
	fmt.Fprintf(out, "%s: %d orders read, %d new, %d revised\n", c.ID, orders, total.New, total.Revised)
	return nil
}
