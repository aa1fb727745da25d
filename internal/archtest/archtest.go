// Package archtest holds the design in a form that a test can check: which
// package may import which, and where each outside module may be used. A new
// edge or a new dependency is a reviewed line here. Its tests also hold every
// package to the rules of the house that a machine can see.
package archtest

// mayImport says which packages of this module each package may import, besides
// what its row says by "*": anything. Paths are relative to the module; a row or
// an entry that ends with "/*" speaks of all packages below. A package without a
// row of its own takes the row of the nearest pattern above it.
//
// Three absences carry the design: devices know nothing of orders, wave planning
// knows nothing of storage, handhelds and pages never write the ledger but ask
// the foreman.
var mayImport = map[string][]string{
	"floor":             {},
	"wave":              {"floor"},
	"floor/foreman":     {"floor", "floor/rules", "wave", "sync/ledger"},
	"device":            {},
	"device/profile":    {},
	"firmware-profiles": {},
	"device/serial":     {"device", "device/profile"}, // profile for its lines
	"device/netport":    {"device"},
	"device/hid":        {"device"},
	"device/printer":    {"device", "device/profile"},
	"device/scanner":    {"device", "device/profile"},
	"device/scale":      {"device", "device/profile", "floor"}, // floor for its units
	"device/tape":       {"device"},
	"device/find":       {"device", "device/hid", "device/netport", "device/profile", "device/scale", "device/serial", "device/tape"}, // listens with every scale's grammar
	"device/record":     {"device", "device/printer", "device/scale", "device/scanner"},                                               // any device's bytes

	"label":                {"label/glyph"}, // what a printer cannot say must be drawn
	"label/glyph":          {},
	"label/glyph/*":        {},
	"label/*":              {"label", "label/glyph"},
	"label/cpcl":           {"label", "label/glyph", "label/preview"}, // as label/zpl
	"label/epl":            {"label", "label/glyph", "label/preview"}, // draws all of it
	"label/escpos":         {"label", "label/glyph", "label/preview"}, // as label/zpl
	"label/tspl":           {"label", "label/glyph", "label/preview"}, // as label/zpl
	"label/zpl":            {"label", "label/glyph", "label/preview"}, // sends the preview where a printer has no letters
	"label/lang":           {"label", "label/tspl", "label/zpl", "label/cpcl", "label/escpos", "label/epl"},
	"label/try":            {"label", "label/glyph", "label/preview", "label/lang"},
	"report":               {"floor", "report/pdf"},
	"report/*":             {"label/glyph"}, // the same packed Chinese letters as the labels
	"sync/ledger":          {"floor"},
	"sync/channel":         {"floor", "internal/filecache"},
	"sync/channel/sign":    {},
	"sync/channel/*":       {"floor", "sync/channel", "sync/channel/channelmap", "sync/channel/sign"},
	"sync/channel/drivers": {"sync/channel", "sync/channel/*"}, // the one list of platforms
	"floor/address":        {"floor"},
	"floor/rules":          {"floor"},
	"sync/carrier":         {"floor"},
	"sync/carrier/*":       {"floor", "sync/carrier", "sync/channel/sign"}, // a platform signs its e-waybill as its orders
	"sync/notify":          {"floor"},
	"sync/notify/*":        {"floor", "sync/notify"},
	"sync/courier":         {"floor", "sync/ledger"},
	"sync/pda":             {"floor", "floor/foreman", "sync/ledger", "internal/gate", "wave"}, // wave says its reasons in words
	"web":                  {"floor", "floor/foreman", "sync/ledger", "sync/pda", "internal/gate", "label", "label/lang", "label/preview", "report"},
	"web/gen":              {},                                                                                                              // builds the pages, see go generate ./web
	"web/gen/chart":        {},                                                                                                              // makes web/src/vendor/chart.js, run by hand
	"web/gen/voice":        {},                                                                                                              // speaks their words, run by hand
	"internal/gate":        {},                                                                                                              // who may talk to us at all; asked before anything else by pda and web
	"internal/filecache":   {},                                                                                                              // small files that people replace
	"internal/config":      {"floor", "floor/rules", "device/profile", "device/serial", "firmware-profiles", "label", "internal/filecache"}, // label for its templates

	// The pretend site plays the outside: shops, carriers, devices, people. What
	// it plays must not be what it is played to.
	"internal/sim/*":     {"floor", "internal/sim/*", "device/devicetest", "label/tspl/tspltest"},
	"internal/sim":       {"*"},
	"internal/daemon":    {"*"},
	"internal/archtest":  {},
	"internal/wavebench": {"floor", "wave"}, // measures the planner as a stranger would, through its public face
	"cmd/*":              {"*"},
}

// forTests are packages for tests and for the pretend site: fakes, suites that
// every driver passes, simulators. Nothing that runs on a floor imports them.
var forTests = []string{
	"device/devicetest", "label/labeltest", "label/tspl/tspltest", "label/zpl/zpltest", "label/cpcl/cpcltest", "label/escpos/escpostest", "sync/ledger/ledgertest",
	"sync/channel/channeltest", "sync/carrier/carriertest", "sync/pda/pdatest",
}

// onlyIn says which packages may use an outside module. Tests, and the packages
// for tests, may use any of them; "tests" stands for those alone.
var onlyIn = map[string][]string{
	"go.etcd.io/bbolt":                    {"sync/ledger", "internal/sim"}, // storage stays in its package; a load run is measured beside it
	"github.com/fxamacker/cbor/v2":        {"sync/ledger"},
	"github.com/klauspost/compress":       {"sync/ledger"},
	"github.com/tarm/serial":              {"device/serial"},
	"github.com/gorilla/websocket":        {"sync/pda", "sync/carrier/component", "sync/channel/drivers", "internal/sim", "internal/sim/*"},
	"github.com/go-json-experiment/json":  {"sync/pda", "sync/channel/*"},
	"github.com/jung-kurt/gofpdf":         {"report/pdf"},
	"github.com/skip2/go-qrcode":          {"label", "web"},
	"github.com/mozillazg/go-pinyin":      {"label/glyph"},
	"github.com/expr-lang/expr":           {"floor/rules"},
	"github.com/pelletier/go-toml/v2":     {"internal/config", "internal/daemon", "floor/rules", "device/profile", "label", "sync/channel/channelmap"},
	"github.com/danielgtaylor/huma/v2":    {"web"},
	"github.com/swaggest/swgui":           {"web"},
	"github.com/evanw/esbuild":            {"web/gen", "web/gen/chart", "tests"},
	"github.com/prometheus/client_golang": {"internal/daemon"},
	"github.com/coreos/go-systemd/v22":    {"internal/daemon", "cmd/*"},
	"github.com/urfave/cli/v3":            {"cmd/*"},
	"golang.org/x/image":                  {"label/glyph/*", "label/*", "report/*"},
	"golang.org/x/sync":                   {"*"},
	"golang.org/x/sys":                    {"device/serial", "device/hid", "sync/ledger", "internal/daemon", "internal/sim", "internal/sim/*"},
	"golang.org/x/text":                   {"label/glyph", "label/*", "sync/channel/*"},
	"golang.org/x/time":                   {"sync/*", "web", "internal/daemon"},
	"github.com/mattn/go-sqlite3":         {"tests"}, // the ledger is measured beside it
	"github.com/makiuchi-d/gozxing":       {"tests"}, // reads back the codes that we draw
	"github.com/chromedp/chromedp":        {"tests"}, // looks at the pages
	"github.com/chromedp/cdproto":         {"web"},
	"github.com/rogpeppe/go-internal":     {"tests"}, // the command line as stories
	"pgregory.net/rapid":                  {"tests"},
}

// waiting are rows above whose package or module the design names and the tree
// does not have yet.
var waiting = []string{"sync/notify", "sync/notify/*", "github.com/rogpeppe/go-internal"}

// pure packages are functions from values to values: no file, no socket, no log,
// and no clock but the now they are given.
var pure = []string{"floor", "floor/rules", "wave", "report"}
