package daemon

import (
	"context"
	"maps"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/label"
)

// secretWords are what labels say that nobody may read later: the code of a badge, of
// which only the hash is kept, and the code that pairs a device. The journal has a
// reference; the words themselves live here, as long as a pairing code is good.
type secretWords struct {
	mu   sync.Mutex
	said map[string]secretLabel // guarded by mu; by reference
}

type secretLabel struct {
	words map[string]string
	until time.Time
}

// keep notes words and gives their reference. What is out of date is forgotten.
func (s *secretWords) keep(ref string, words map[string]string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.said, func(_ string, l secretLabel) bool { return now.After(l.until) })
	if s.said == nil {
		s.said = map[string]secretLabel{}
	}
	s.said[ref] = secretLabel{words, now.Add(foreman.PairWindow)}
}

func (s *secretWords) get(ref string, now time.Time) (map[string]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.said[ref]
	return l.words, ok && !now.After(l.until)
}

// errWordsGone says that floord was started anew, or that it was too long ago.
var errWordsGone = floor.Refuse("label-words-gone")

// printSecret has a station's printer print a label of a kind, "badge" or "pairing",
// with words that stand in no journal. What cannot be laid out is refused here.
func (d *Daemon) printSecret(ctx context.Context, by foreman.By, station floor.StationID, kind string, words map[string]string) error {
	c, err := d.stationOf(string(station))
	if err != nil {
		return floor.Refuse("no-printer", "station", station)
	}
	t, err := d.template(kind, c.Printer.Labels)
	if err != nil {
		return err
	}
	p, err := d.tongue(c)
	if err != nil {
		return err
	}
	words = maps.Clone(words)
	words["template"] = t.Name
	page, err := d.Site.plain(words)
	if err == nil {
		_, err = p.Encode(page)
	}
	if err != nil {
		return floor.Refuse("label-unfit", "why", label.Sentence(err, d.cfg.Site.Lang))
	}
	ref := d.keys.next("secret")
	d.secret.keep(ref, words, time.Now())
	_, err = d.foreman.PlainLabel(ctx, by, station, map[string]string{"template": t.Name, "secret": ref})
	return err
}

// wordsOf gives what a label says: its own words, or those that are kept apart.
func (s *Site) wordsOf(args map[string]string) (map[string]string, error) {
	ref, apart := args["secret"]
	if !apart {
		return args, nil
	}
	words, ok := s.secret.get(ref, time.Now())
	if !ok {
		return nil, errWordsGone
	}
	return words, nil
}
