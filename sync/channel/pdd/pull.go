package pdd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

const increment = "pdd.order.number.list.increment.get"

// A cursor is where the reading of increments stands. All orders changed before
// read have been given out. While a window is under way, from and to say which,
// page is the one to read next, and total what the shop said when page was chosen.
type cursor struct {
	read     int64 // unix seconds; 0 = nothing yet
	from, to int64
	page     int
	total    int
	restarts int // how often the window began again because it grew
}

// maxRestarts bounds how often a window that grows is begun again. What comes
// later still is caught by the overlap.
const maxRestarts = 5

func (c cursor) String() channel.Cursor {
	if c.page == 0 {
		return channel.Cursor(fmt.Sprintf("1:%d", c.read))
	}
	return channel.Cursor(fmt.Sprintf("1:%d:%d:%d:%d:%d:%d", c.read, c.from, c.to, c.page, c.total, c.restarts))
}

func parseCursor(s channel.Cursor) (c cursor, err error) {
	if s == "" {
		return c, nil
	}
	parts := strings.Split(string(s), ":")
	n := make([]int64, len(parts))
	for i, p := range parts {
		if n[i], err = strconv.ParseInt(p, 10, 64); err != nil || n[i] < 0 || n[i] > 1<<40 {
			return c, badCursor(s)
		}
	}
	switch {
	case len(n) == 2 && n[0] == 1:
		return cursor{read: n[1]}, nil
	case len(n) == 7 && n[0] == 1 && n[4] > 0 && n[2] <= n[3]:
		return cursor{read: n[1], from: n[2], to: n[3], page: int(n[4]), total: int(n[5]), restarts: int(n[6])}, nil
	}
	return c, badCursor(s)
}

func badCursor(s channel.Cursor) error {
	return &channel.Error{Class: channel.Refused, Op: increment, Code: "cursor", Err: fmt.Errorf("cursor %.40q", string(s)),
		Zh: "拉单位置记录损坏,请用补单功能指定时间段重新拉取。", En: "the stored place of reading is damaged; read the period again by back-fill"}
}

// Pull reads one page of the orders changed since the cursor.
//
// Pages are read from the last to the first. An order that changes while its
// window is read leaves the window, and those behind it move one place forward:
// towards pages that are yet to come. Read forwards, one of them would be skipped.
// A window ends some minutes before the platform's present, so that none grows;
// one that does is begun again.
func (s *Shop) Pull(ctx context.Context, after channel.Cursor) (channel.Page, error) {
	c, err := parseCursor(after)
	if err != nil {
		return channel.Page{}, err
	}
	if c.page == 0 {
		return s.open(ctx, after, c)
	}
	page, err := s.page(ctx, c.from, c.to, c.page)
	if err != nil {
		return channel.Page{}, err
	}
	if page.Total > c.total && c.restarts < maxRestarts {
		c.total, c.page, c.restarts = page.Total, s.pages(page.Total), c.restarts+1
		return channel.Page{Orders: s.own(page), Next: c.String(), More: true}, nil
	}
	c.total = min(c.total, page.Total) // shrinks as orders leave; growth shows against the least
	return s.advance(c, page), nil
}

// open begins the next window: it asks for the first page to learn how many there
// are, and gives out the last. A window of one page is done with one question.
func (s *Shop) open(ctx context.Context, after channel.Cursor, c cursor) (channel.Page, error) {
	if c.read == 0 {
		c.read = s.begin().Unix()
	}
	c.window(s.o, s.app.now())
	if c.to <= c.read {
		return channel.Page{Next: after}, nil
	}
	first, err := s.page(ctx, c.from, c.to, 1)
	if err != nil {
		return channel.Page{}, err
	}
	// The platform's clock is known now. If ours was ahead, the window reached
	// into what may still grow: it ends earlier, and its orders come again.
	if safe := s.app.now().Add(-s.o.Lag).Unix(); safe < c.to {
		if c.to = safe; c.to <= c.read {
			return channel.Page{Orders: s.own(first), Next: after}, nil
		}
	}
	c.total, c.page = first.Total, s.pages(first.Total)
	if c.page <= 1 {
		c.page = 1
		return s.advance(c, first), nil
	}
	last, err := s.page(ctx, c.from, c.to, c.page)
	if err != nil {
		return channel.Page{}, err
	}
	return s.advance(c, last), nil
}

// window sets the next window of the cursor, as of the platform's now.
func (c *cursor) window(o Options, now time.Time) {
	from := time.Unix(c.read, 0).Add(-o.Overlap)
	to := from.Add(o.Window)
	if latest := now.Add(-o.Lag); to.After(latest) {
		to = latest
	}
	c.from, c.to = from.Unix(), to.Unix()
}

// advance gives out a page and moves the cursor behind it.
func (s *Shop) advance(c cursor, page channelmap.Page) channel.Page {
	out := channel.Page{Orders: s.own(page), More: true}
	if c.page > 1 {
		c.page--
		out.Next = c.String()
		return out
	}
	next := cursor{read: c.to}
	probe := next
	probe.window(s.o, s.app.now())
	// Worth asking at once only while whole windows are behind: the tail of a
	// second or two can wait for the next pull.
	out.More = time.Duration(probe.to-probe.from)*time.Second >= s.o.Window
	out.Next = next.String()
	return out
}

func (s *Shop) begin() time.Time {
	if s.o.Since.IsZero() {
		return s.app.now().Add(-24 * time.Hour)
	}
	return s.o.Since
}

// pages is the number of pages that hold total orders.
func (s *Shop) pages(total int) int { return (total + s.o.PageSize - 1) / s.o.PageSize }

// page asks for one page of a window.
func (s *Shop) page(ctx context.Context, from, to int64, page int) (channelmap.Page, error) {
	body, err := s.call(ctx, increment, map[string]string{
		"start_updated_at": strconv.FormatInt(from, 10),
		"end_updated_at":   strconv.FormatInt(to, 10),
		"order_status":     "5", // all
		"refund_status":    "5", // all
		"is_lucky_flag":    "0", // all
		"page":             strconv.Itoa(page),
		"page_size":        strconv.Itoa(s.o.PageSize),
	})
	if err != nil {
		return channelmap.Page{}, err
	}
	return chart.Page(increment, body, s.app.now())
}

// own puts the shop's name on the orders of a page.
func (s *Shop) own(page channelmap.Page) []floor.ShopOrder {
	orders := page.ShopOrders()
	for i := range orders {
		orders[i].Channel, orders[i].Shop = s.o.Channel, s.o.Mall
	}
	return orders
}
