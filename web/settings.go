package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// Settings are what floord.toml says, for the set-up page. Nothing here changes the
// file: it is its owner's, and what it says counts from the next start on.
type Settings struct {
	File     string    `json:"file"` // empty: the daemon runs without one
	Changed  bool      `json:"changed" doc:"The file is not as it was when the daemon started: restart it"`
	Mistakes []Mistake `json:"mistakes" doc:"In the file as it is now"`
	Shops    []Shop    `json:"shops"`
	Rules    string    `json:"rules,omitempty" doc:"The site's own rules file"`
	Bins     string    `json:"bins,omitempty" doc:"The site's bins file"`
}

// A Mistake is one in a settings file, with its place; line 0 is the whole file.
type Mistake struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	pda.Words
}

// A Shop is a [[channel]] of floord.toml, and what of it runs.
type Shop struct {
	ID        floor.ChannelID `json:"id"`
	Line      int             `json:"line"`
	Text      string          `json:"text" doc:"As it stands in the file, secrets apart"`
	Runs      bool            `json:"runs" doc:"It was there when the daemon started"`
	Driver    string          `json:"driver,omitempty"`
	Every     string          `json:"every,omitempty"`
	Trial     bool            `json:"trial,omitzero"`
	TokenEnds time.Time       `json:"token_ends,omitzero"`
}

func (a *api) settings(ctx context.Context, _ *struct{}) (*answer[Settings], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Settings == nil {
		return give(Settings{Mistakes: []Mistake{}, Shops: []Shop{}}), nil
	}
	return give(a.o.Settings()), nil
}

// A binMap is where bins lie, drawn and checked.
type binMap struct {
	Bins     int         `json:"bins"`
	Zones    []binZone   `json:"zones"`
	Spots    [][3]int    `json:"spots" doc:"Decimetres x and y from the least, and the zone's place in zones; one for all bins of a place, 20,000 at most"`
	Checks   []pda.Words `json:"checks" doc:"What is odd and should be looked at"`
	Mistakes []pda.Words `json:"mistakes" doc:"Lines that could not be read; with one, nothing would be taken over"`
	New      int         `json:"new" doc:"Of a file that is tried: bins that are not there yet"`
	Moved    int         `json:"moved"`
	Left     int         `json:"left" doc:"Bins that the file does not name: they stay as they are"`
}

type binZone struct {
	Zone string `json:"zone"`
	Bins int    `json:"bins"`
}

// maxSpots is how many places a map has at most.
const maxSpots = 20_000

func newBinMap(bins []floor.BinInfo) binMap {
	m := binMap{Bins: len(bins), Zones: []binZone{}, Spots: [][3]int{}, Checks: []pda.Words{}, Mistakes: []pda.Words{}}
	for _, r := range floor.CheckBins(bins) {
		m.Checks = append(m.Checks, pda.Words{ZH: pda.Say("zh", r), EN: pda.Say("en", r)})
	}
	var x, y float64
	first := true
	for _, b := range bins {
		if b.Aisle != 0 {
			if first || b.X < x {
				x = b.X
			}
			if first || b.Y < y {
				y = b.Y
			}
			first = false
		}
	}
	seen := map[[3]int]bool{}
	for _, b := range bins {
		z := slices.IndexFunc(m.Zones, func(z binZone) bool { return z.Zone == b.Zone })
		if z < 0 {
			z, m.Zones = len(m.Zones), append(m.Zones, binZone{Zone: b.Zone})
		}
		m.Zones[z].Bins++
		spot := [3]int{int((b.X - x) * 10), int((b.Y - y) * 10), z}
		if b.Aisle != 0 && !seen[spot] && len(m.Spots) < maxSpots {
			seen[spot] = true
			m.Spots = append(m.Spots, spot)
		}
	}
	return m
}

func (a *api) allBins() ([]floor.BinInfo, error) {
	var out []floor.BinInfo
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		return v.Bins(func(b floor.BinInfo) bool { out = append(out, b); return true })
	})
	return out, err
}

func (a *api) bins(ctx context.Context, _ *struct{}) (*answer[binMap], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	all, err := a.allBins()
	return give(newBinMap(all)), err
}

type binsIn struct {
	Body struct {
		CSV string `json:"csv" minLength:"1" doc:"A bins file: bin, zone, aisle, x, y"`
	}
}

// tryBins says what a bins file would do. Nothing of it is kept.
func (a *api) tryBins(ctx context.Context, in *binsIn) (*answer[binMap], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.ReadBins == nil {
		return nil, floor.Refuse("bad-args", "what", "csv")
	}
	have, err := a.allBins()
	if err != nil {
		return nil, err
	}
	bins, wrong := a.o.ReadBins(strings.NewReader(in.Body.CSV))
	m := newBinMap(bins)
	if wrong != nil {
		for _, line := range strings.Split(wrong.Error(), "\n") {
			_, line, _ = strings.Cut(line, ":")
			r := floor.Refuse("bin-file", "what", strings.TrimSpace(line))
			if at, what, ok := strings.Cut(line, ": "); ok {
				r = floor.Refuse("bin-line", "line", at, "what", what)
			}
			m.Mistakes = append(m.Mistakes, pda.Words{ZH: pda.Say("zh", r), EN: pda.Say("en", r)})
		}
	}
	was := map[floor.BinID]floor.BinInfo{}
	for _, b := range have {
		was[b.Bin] = b
	}
	for _, b := range bins {
		old, known := was[b.Bin]
		switch {
		case !known:
			m.New++
		case old != b:
			m.Moved++
		}
		delete(was, b.Bin)
	}
	m.Left = len(was)
	return give(m), nil
}
