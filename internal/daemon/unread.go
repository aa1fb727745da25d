package daemon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/channel/api"
	"floord/sync/ledger"
)

// Bounds of what is kept of payloads that nobody can read: a shop whose every answer
// is another error page must not fill the disk.
const (
	unreadBurst = 20 // of a channel at once,
	unreadEvery = 10 * time.Minute
	maxWhy      = 200
)

// keepUnread keeps a payload that nobody can read, each once a day.
func (d *Daemon) keepUnread(s *shop, u api.Unread) {
	s.pulse.unreadable()
	if !s.unread.Allow() {
		return
	}
	sum := sha256.Sum256(u.Body)
	by := foreman.Floord(fmt.Sprintf("%s/unread/%s/%s", d.keys.day(), s.id, hex.EncodeToString(sum[:16])))
	why := u.Err.Error()
	if cause := errors.Unwrap(u.Err); cause != nil {
		why = cause.Error()
	}
	_, err := d.foreman.KeepUnread(context.Background(), by, s.id, u.Method, why[:min(len(why), maxWhy)], u.Body)
	if err != nil && !isReserve(err) {
		d.log.Error("payload not kept", "channel", s.id, "err", err)
	}
}

// channelUnread lists the payloads of a channel that nobody could read: CHANNEL; or
// prints one: CHANNEL HASH.
func channelUnread(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) < 1 || len(args) > 2 {
		return errors.New("channel unread: name one channel, and perhaps the hash of a payload, which may be shortened")
	}
	var found floor.Unread
	err := s.ledger.Read(func(v *ledger.View) error {
		return v.Unread(floor.ChannelID(args[0]), func(u floor.Unread) bool {
			if len(args) == 1 {
				fmt.Fprintf(out, "%s  %s  %s  %d bytes  %s\n", u.Hash[:12], u.At.In(s.cfg.Site.Zone).Format(time.DateTime), u.Op, u.Size, u.Why)
			} else if len(args[1]) >= 6 && len(args[1]) <= len(u.Hash) && u.Hash[:len(args[1])] == args[1] {
				found = u
			}
			return true
		})
	})
	if err != nil || len(args) == 1 {
		return err
	}
	if found.Seq == 0 {
		return fmt.Errorf("channel unread: no payload %s of %s is kept", args[1], args[0])
	}
	body, err := s.ledger.Raw(found.Seq)
	_, err2 := out.Write(body)
	return cmp.Or(err, err2)
}
