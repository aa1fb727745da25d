package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// A cursor is where the reading of changes stands. All orders changed before
// read have been given out. While a window is under way, from and to say which;
// of numbered pages page is the one to read next, counted from 1, and total what
// the shop said when page was chosen; else token is the platform's own cursor.
//
// A platform may show a change late, by the overlap at the most. So a window begins
// where that may still have been to come when the one before was asked for: an overlap
// before its end, or less if that lay in the past already.
type cursor struct {
	read     int64 // unix seconds; 0 = nothing yet
	again    int64 // where the next window begins; 0 = an overlap before read
	from, to int64
	page     int
	total    int
	restarts int // how often the window began again
	token    string
}

// maxRestarts bounds how often a window that grows, or whose cursor the platform
// no longer knows, is begun again. What comes later still is caught by the overlap.
const maxRestarts = 5

// maxToken bounds a platform's cursor, as it is kept.
const maxToken = 1800

func (c cursor) String() channel.Cursor {
	switch {
	case c.token != "":
		return channel.Cursor(fmt.Sprintf("2:%d:%d:%d:%d:%d:%s", c.read, c.from, c.to, c.restarts, c.again, url.QueryEscape(c.token)))
	case c.page > 0:
		return channel.Cursor(fmt.Sprintf("1:%d:%d:%d:%d:%d:%d:%d", c.read, c.from, c.to, c.page, c.total, c.restarts, c.again))
	case c.again > 0:
		return channel.Cursor(fmt.Sprintf("1:%d:%d", c.read, c.again))
	}
	return channel.Cursor(fmt.Sprintf("1:%d", c.read))
}

func (s *Shop) parse(text channel.Cursor) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	bad := &channel.Error{Class: channel.Refused, Op: "pull", Code: "cursor", Err: fmt.Errorf("cursor %.40q", string(text)),
		Zh: "拉单位置记录损坏,请用补单功能指定时间段重新拉取。", En: "the stored place of reading is damaged; read the period again by back-fill"}
	parts := strings.Split(string(text), ":")
	if last := len(parts) - 1; parts[0] == "2" && last >= 5 {
		if c.token, err = url.QueryUnescape(parts[last]); err != nil || c.token == "" {
			return c, bad
		}
		parts = parts[:last]
	}
	n := make([]int64, len(parts))
	for i, p := range parts {
		if n[i], err = strconv.ParseInt(p, 10, 64); err != nil || n[i] < 0 || n[i] > 1<<40 {
			return c, bad
		}
	}
	if k := len(n); k == 2 || k == 5 || k == 7 {
		n = append(n, 0) // written before there was a place to read again from
	}
	switch {
	case len(n) == 3 && n[0] == 1 && n[2] < max(n[1], 1):
		return cursor{read: n[1], again: n[2]}, nil
	case len(n) == 8 && n[0] == 1 && n[4] > 0 && n[2] <= n[3] && n[7] <= n[3] && s.app.m.Paging() != "cursor":
		return cursor{read: n[1], from: n[2], to: n[3], page: int(n[4]), total: int(n[5]), restarts: int(n[6]), again: n[7]}, nil
	case len(n) == 6 && n[0] == 2 && c.token != "" && n[2] <= n[3] && n[5] <= n[3] && s.app.m.Paging() == "cursor":
		return cursor{read: n[1], from: n[2], to: n[3], restarts: int(n[4]), again: n[5], token: c.token}, nil
	}
	return c, bad
}

// Pull reads one page of the orders changed since the cursor.
//
// Numbered pages are read from the last to the first. An order that changes while
// its window is read leaves the window, and those behind it move one place
// forward: towards pages that are yet to come. Read forwards, one of them would be
// skipped; where the platform wants that nevertheless, a window that shrank is
// read again. A window ends some time before the platform's present, so that none
// grows; one that does is begun again.
func (s *Shop) Pull(ctx context.Context, after channel.Cursor) (channel.Page, error) {
	c, err := s.parse(after)
	if err != nil {
		return channel.Page{}, err
	}
	if c.page == 0 && c.token == "" {
		return s.open(ctx, after, c)
	}
	page, err := s.page(ctx, c)
	if err != nil {
		if c.token != "" && channel.ClassOf(err) == channel.Refused && c.restarts < maxRestarts {
			return s.first(ctx, cursor{read: c.read, from: c.from, to: c.to, restarts: c.restarts + 1}) // the platform forgot its cursor
		}
		return channel.Page{}, err
	}
	if c.token != "" {
		return s.next(c, page)
	}
	switch forward := s.app.m.Paging() == "forward"; {
	case page.Total > c.total && c.restarts < maxRestarts: // it grew
		c.total, c.restarts = page.Total, c.restarts+1
		if c.page = s.pages(page.Total); forward {
			c.page = 1
		}
		return channel.Page{Orders: s.own(page), Next: c.String(), More: true}, nil
	case forward && page.Total < c.total: // it shrank, and so some moved to pages read before
		c.total, c.page = page.Total, 1
		return channel.Page{Orders: s.own(page), Next: c.String(), More: true}, nil
	}
	c.total = min(c.total, page.Total) // shrinks as orders leave; growth shows against the least
	return s.turn(c, page), nil
}

// open begins the next window.
func (s *Shop) open(ctx context.Context, after channel.Cursor, c cursor) (channel.Page, error) {
	if c.read == 0 {
		c.read = s.begin().Unix()
	}
	c.window(s.o, s.app.now())
	if c.to <= c.read {
		return channel.Page{Next: after}, nil
	}
	page, err := s.first(ctx, c)
	if page.Next == "" {
		page.Next = after
	}
	return page, err
}

// first asks for the first page of a window. Of numbered pages it learns how many
// there are, and gives out the last; a window of one page is done with one question.
func (s *Shop) first(ctx context.Context, c cursor) (channel.Page, error) {
	c.page = 1
	if most := s.fits.Load(); most > 0 {
		c.to = min(c.to, c.from+most)
	}
	asked := s.app.now()
	first, err := s.page(ctx, c)
	if err != nil {
		return channel.Page{}, err
	}
	// The platform's clock is known now. If ours was ahead, the window reached
	// into what may still grow: it ends earlier, and its orders come again.
	if safe := s.app.now().Add(-s.o.Lag).Unix(); safe < c.to {
		if c.to = safe; c.to <= c.read {
			return channel.Page{Orders: s.own(first)}, nil
		}
		if s.app.m.Paging() == "cursor" {
			return channel.Page{Orders: s.own(first), Next: cursor{read: c.read}.String(), More: true}, nil
		}
	}
	if now := s.app.now(); now.Before(asked) {
		asked = now
	}
	c.again = min(c.to-1, max(c.to, asked.Add(-s.o.Lag).Unix())-s.overlap())
	if s.app.m.Paging() == "cursor" {
		c.page = 0
		return s.next(c, first)
	}
	if most := int64(s.app.m.Most()); most > 0 {
		span := c.to - c.from
		if int64(first.Total) > most && span > 1 {
			return s.first(ctx, cursor{read: c.read, from: c.from, to: c.from + span/2, restarts: c.restarts})
		}
		s.fits.Store(span*most/int64(first.Total+1)*3/4 + 1) // so much as dense as this one gives three quarters of it
	}
	if c.total = first.Total; s.app.m.Paging() == "forward" {
		return s.turn(c, first), nil
	}
	if c.page = s.pages(first.Total); c.page <= 1 {
		c.page = 1
		return s.turn(c, first), nil
	}
	last, err := s.page(ctx, c)
	if err != nil {
		return channel.Page{}, err
	}
	return s.turn(c, last), nil
}

// window sets the next window of the cursor, as of the platform's now.
func (c *cursor) window(o ShopOptions, now time.Time) {
	from := time.Unix(c.read, 0).Add(-o.Overlap)
	if c.again > 0 {
		from = time.Unix(c.again, 0)
	}
	to := from.Add(o.Window)
	if latest := now.Add(-o.Lag); to.After(latest) {
		to = latest
	}
	if !o.Until.IsZero() && to.After(o.Until) {
		to = o.Until
	}
	c.from, c.to = from.Unix(), to.Unix()
}

// Lists reports whether reading changes is a quick way to many orders: the platform
// lists whole orders, and at once.
func (s *Shop) Lists() bool { return !s.app.m.Names() && s.app.m.Lag() == 0 }

// Changed gives the orders changed from one second of our clock to another, at most the
// latest the platform allows in one question, a page at a time and at most so many pages:
// where those are not all, ErrMore comes last. It moves no cursor.
func (s *Shop) Changed(ctx context.Context, from, to time.Time, pages int) iter.Seq2[[]floor.ShopOrder, error] {
	return func(yield func([]floor.ShopOrder, error) bool) {
		end := min(to.Add(s.app.Skew()).Unix(), s.app.now().Unix())
		c := cursor{from: max(from.Add(s.app.Skew()).Unix(), end-int64(s.o.Window/time.Second)), to: end}
		for ; pages > 0; pages-- {
			var page channel.Page
			var err error
			if c.page > 0 || c.token != "" {
				page, err = s.Pull(ctx, c.String())
			} else {
				c.read = c.from
				page, err = s.first(ctx, c)
			}
			if !yield(page.Orders, err) || err != nil || page.Next == "" {
				return
			}
			if c, err = s.parse(page.Next); err != nil || c.page == 0 && c.token == "" && c.read >= end {
				return
			}
			if c.page == 0 && c.token == "" { // there was more than the platform gives to one question
				c = cursor{from: c.read, to: end}
			}
		}
		yield(nil, ErrMore)
	}
}

// ErrMore says that more changed than was asked for.
var ErrMore = errors.New("more changed")

// turn gives out a numbered page and moves the cursor behind it.
func (s *Shop) turn(c cursor, page channelmap.Page) channel.Page {
	switch {
	case s.app.m.Paging() == "forward" && c.page < s.pages(page.Total):
		c.page++
	case s.app.m.Paging() != "forward" && c.page > 1:
		c.page--
	default:
		return s.close(c, page)
	}
	return channel.Page{Orders: s.own(page), Next: c.String(), More: true}
}

// next gives out a page and moves to the one that the platform's cursor names.
func (s *Shop) next(c cursor, page channelmap.Page) (channel.Page, error) {
	if page.Next == "" || page.Next == c.token {
		return s.close(c, page), nil
	}
	if len(page.Next) > maxToken {
		return channel.Page{}, &channel.Error{Class: channel.Refused, Op: "pull", Code: "cursor", Err: fmt.Errorf("a cursor of %d bytes", len(page.Next)),
			Zh: "平台的翻页标记过长,请联系实施人员。", En: "the shop's paging cursor is too long; call whoever set the channel up"}
	}
	c.token = page.Next
	return channel.Page{Orders: s.own(page), Next: c.String(), More: true}, nil
}

// close gives out the last page of a window.
func (s *Shop) close(c cursor, page channelmap.Page) channel.Page {
	next := cursor{read: max(c.to, c.read)}
	if c.again != next.read-s.overlap() {
		next.again = c.again
	}
	probe := next
	probe.window(s.o, s.app.now())
	// Worth asking at once only while much is behind: the tail of a second or two
	// can wait for the next pull.
	behind := time.Duration(probe.to-c.to) * time.Second
	more := behind >= min(s.o.Window-s.o.Overlap, time.Minute) || !s.o.Until.IsZero() && probe.to > next.read
	return channel.Page{Orders: s.own(page), Next: next.String(), More: more}
}

// overlap is in seconds.
func (s *Shop) overlap() int64 { return int64(s.o.Overlap / time.Second) }

func (s *Shop) begin() time.Time {
	if s.o.Since.IsZero() {
		return s.app.now().Add(-24 * time.Hour)
	}
	return s.o.Since
}

// pages is the number of pages that hold total orders.
func (s *Shop) pages(total int) int { return (total + s.o.PageSize - 1) / s.o.PageSize }

// page asks for one page of a window. Of an answer that only names orders, each
// order is asked for; one that the shop then refuses is held, and stops no other.
func (s *Shop) page(ctx context.Context, c cursor) (channelmap.Page, error) {
	token := c.token
	if token == "" {
		token = s.app.m.Start()
	}
	call := s.app.m.Call("pull")
	v, err := s.ask(ctx, "pull", channelmap.Vars{
		Text:  map[string]string{"page": strconv.Itoa(s.app.m.First() + c.page - 1), "size": strconv.Itoa(s.o.PageSize), "cursor": token},
		Times: map[string]time.Time{"from": time.Unix(c.from, 0), "to": time.Unix(c.to, 0)},
	})
	if err != nil {
		return channelmap.Page{}, err
	}
	page, err := s.app.m.PageOf(call.Method, v, s.app.now())
	if err != nil {
		s.unread(call.Method, v.Raw(), err)
		return page, err
	}
	for _, number := range page.Numbers {
		o, err := s.whole(ctx, number)
		if channel.ClassOf(err) == channel.Refused && err != nil {
			o = channelmap.Order{ShopOrder: floor.ShopOrder{Number: number, State: floor.ShopUnpaid, Content: channelmap.Sum([]byte(number)),
				Holds: []floor.Hold{{Code: floor.HoldUnmapped, Field: s.app.m.Call("detail").Method}}}}
		} else if err != nil {
			return page, err
		}
		page.Orders = append(page.Orders, o)
	}
	return page, nil
}

// own puts the shop's name on the orders of a page.
func (s *Shop) own(page channelmap.Page) []floor.ShopOrder {
	orders := page.ShopOrders()
	for i := range orders {
		orders[i].Channel, orders[i].Shop = s.o.Channel, s.o.Shop
	}
	return orders
}
