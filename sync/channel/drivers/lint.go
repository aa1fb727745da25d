package drivers

import (
	"fmt"
	"io"
	"strings"

	"floord/sync/channel/channelmap"
)

// Lint writes one line on what a sound map can do, and one for each thing that a
// site should know of it: what it cannot do, or does less surely.
func Lint(w io.Writer, name string, m *channelmap.Map) {
	var can []string
	for _, call := range []string{"pull", "detail", "ship", "reship", "part", "more", "cancel", "address", "renew", "consume", "merge"} {
		if m.Call(call) != nil {
			can = append(can, call)
		}
	}
	fmt.Fprintf(w, "%s: sound; calls: %s\n", name, strings.Join(can, " "))
	say := func(when bool, text string) {
		if when {
			fmt.Fprintf(w, "  %s\n", text)
		}
	}
	if m.Call("pull") == nil {
		say(true, "no [call.pull]: payloads can be read, and nothing be asked")
		return
	}
	kind := m.Auth().Kind
	plain := kind == "bearer" || kind == "basic" || kind == "header" || kind == "query" || kind == "hmac" || kind == "none"
	say(!plain && plugs[kind] == nil, fmt.Sprintf("auth.kind %q has no plug: the channel cannot be opened", kind))
	say(m.Call("ship") == nil, "no [call.ship]: parcels are not reported")
	say(m.Call("cancel") == nil, "no [call.cancel]: whether an order was stopped is not answered")
	say(m.Overlap() == 0, "pull.overlap is 0: what changes in the second of a window's end may be missed")
	say(m.Paging() == "forward" && !m.Totals(), "pages are read forwards and say no total: orders that change meanwhile may be missed")
	say(len(m.Limits()) == 0, "no [[limit]]: only the platform's own answers slow us down")
}
