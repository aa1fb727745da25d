package daemon

import (
	"crypto/sha256"
	"io"
	"os"
	"strings"

	"floord/floor"
	"floord/internal/config"
	"floord/sync/pda"
	"floord/web"
)

// fileSum is the hash of floord.toml as it is now; none if there is no file.
func fileSum(path string) (sum [sha256.Size]byte) {
	if data, err := os.ReadFile(path); err == nil {
		sum = sha256.Sum256(data)
	}
	return sum
}

// settings tells the set-up page what floord.toml says as it is now. The file is read
// and never written: it is its owner's.
func (d *Daemon) settings() web.Settings {
	out := web.Settings{File: d.cfg.File, Rules: string(d.cfg.Orders.RulesFile), Bins: string(d.cfg.Catalogue.Bins), Mistakes: []web.Mistake{}, Shops: []web.Shop{}}
	if d.cfg.File == "" {
		return out
	}
	out.Changed = fileSum(d.cfg.File) != d.fileSum
	for _, p := range config.Mistakes(d.cfg.File) {
		out.Mistakes = append(out.Mistakes, web.Mistake{File: p.File, Line: p.Line, Column: p.Column, Words: pda.Words{ZH: p.Text("zh"), EN: p.Text("en")}})
	}
	data, err := os.ReadFile(d.cfg.File)
	if err != nil {
		return out // it is among the mistakes
	}
	for _, s := range config.Sections(string(data), "channel") {
		out.Shops = append(out.Shops, web.Shop{ID: floor.ChannelID(s.ID), Line: s.Line, Text: s.Text})
	}
	for _, c := range d.cfg.Channels {
		for i := range out.Shops {
			if s := &out.Shops[i]; s.ID == c.ID {
				s.Driver, s.Every, s.Trial, s.TokenEnds, s.Runs = c.Driver, strings.TrimSuffix(c.Every.String(), "0s"), c.Trial, c.TokenEnds.Time, true
			}
		}
	}
	return out
}

// readBins reads a bins file that is not in force yet.
func (d *Daemon) readBins(in io.Reader) ([]floor.BinInfo, error) {
	return readRows("bins.csv", in, d.binColumns(), d.readBin)
}
