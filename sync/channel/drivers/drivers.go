// Package drivers knows every platform by the name a site writes: its map beside
// this file, and where the map is not enough, a function of plugs.go.
package drivers

import (
	"embed"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"floord/sync/channel/api"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/qimen"
)

//go:embed *.toml
var files embed.FS

// Maps are the platforms' maps by name. A mistake in one is a mistake in this program.
var Maps = sync.OnceValue(func() map[string]*channelmap.Map {
	all := map[string]*channelmap.Map{}
	entries, _ := files.ReadDir(".")
	for _, e := range entries {
		data, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		all[strings.TrimSuffix(e.Name(), ".toml")] = channelmap.MustLoad(e.Name(), data)
	}
	return all
})

// A Try prints how a saved payload of a platform is understood.
type Try func(w io.Writer, payload []byte) error

// TryOf gives the Try of a platform; nil if there is no such driver.
func TryOf(name string) Try {
	if m := Maps()[name]; m != nil {
		return m.Try
	}
	if name == "qimen" {
		return qimen.Try
	}
	return nil
}

// Names gives the names of all drivers, sorted.
func Names() []string { return slices.Sorted(maps.Keys(Maps())) }

// New opens a platform's app: with a shipped map, or a site's own.
func New(m *channelmap.Map, a api.Account, o api.Options) (*api.App, error) {
	if o.Plug == nil {
		o.Plug = plugs[m.Auth().Kind]
	}
	return api.New(m, a, o)
}
