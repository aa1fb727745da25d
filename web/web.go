// Package web serves the pages of the floor (picker, packer, lead) and the JSON
// API under /api/v1 with its own description at /api/docs.
//
// Everybody passes the gate first (Host and Origin). A page holds nothing but
// its code; what it shows comes over the handhelds' socket or from the API, both
// of which want a device's token. The API answers to a paired device with the
// person who is logged in on it, whose role the foreman asks, or to the
// operator's admin token. No cookie is ever set, so no other site can borrow a
// browser's standing here.
package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/gate"
	"floord/label"
	"floord/report"
	"floord/sync/ledger"
	"floord/sync/pda"

	"github.com/swaggest/swgui/v5/static"
)

//go:generate go run ./gen

//go:embed dist
var dist embed.FS

// Options are what the pages and the API need.
type Options struct {
	Ledger  *ledger.Ledger
	Foreman *foreman.Foreman
	PDA     *pda.Server
	Gate    *gate.Gate
	Zone    *time.Location // of the site's days, UTC+8 if nil
	Log     *slog.Logger   // nil means slog.Default
	Version string
	Site    string // its name, on documents
	// CarrierName is what people call a carrier; nil: its id.
	CarrierName func(floor.CarrierID) string

	// Device gives a device of a station with what its port said after a number;
	// false if there is none. Nil: there are no devices.
	Device func(station floor.StationID, kind string, after uint64) (DeviceFeed, bool)
	// Act has the scale of a station zeroed or tared for somebody of these roles. Nil:
	// there are no devices.
	Act func(ctx context.Context, station floor.StationID, command string, roles []floor.Role) error
	// Ports looks at what hangs on the machine. Nil: nothing can.
	Ports Ports

	// PrintSecret has a station's printer print a label of a kind, "badge" or "pairing",
	// whose words stand in no journal. Nil: there are no printers.
	PrintSecret func(ctx context.Context, by foreman.By, station floor.StationID, kind string, words map[string]string) error

	// Channels are the shops' connections, and the rules that judge their orders.
	Channels Channels

	// InFile says whether a person is set in floord.toml, and is changed there only. Nil:
	// nobody is.
	InFile func(floor.PersonID) bool

	// Settings says what floord.toml has now, and ReadBins reads a bins file. Nil: there
	// are none.
	Settings func() Settings
	ReadBins func(io.Reader) ([]floor.BinInfo, error)

	// Plan gives the warehouse from above with who walks where; nil: there is no plan.
	Plan func() (FloorPlan, error)

	// Present gives the rules of waves in force, and WhatIf compares them with others on
	// today's orders. Nil: there are none.
	Present func() (WhatIfRules, error)
	WhatIf  func(context.Context, WhatIfRules) (WhatIf, error)

	// Advice is what slotting last said, AdviseAgain has it computed anew, and ImportStock
	// counts what a CSV file says. Nil: there are none.
	Advice      func() Advice
	AdviseAgain func()
	ImportStock func(ctx context.Context, by func(string) foreman.By, in io.Reader) (first, counted int, err error)

	// AdminToken lets the operator in; empty means nobody is the operator.
	AdminToken string
	// Pictures is the folder of the goods' pictures: SKU.jpg, .png or .webp. Empty:
	// there are none.
	Pictures string
	// CA is the site's own certificate authority (DER), for handhelds to install; nil
	// if there is none. Secure is the port of the pages over HTTPS.
	CA     []byte
	Secure string
	// Templates are the site's label templates; nil: those that come with floord.
	Templates label.Templates
	// Report counts a day ("2026-11-21"). Nil: there are no reports.
	Report func(ctx context.Context, day string) (report.Daily, error)
	// Health says what is wrong with the daemon, or nil.
	Health func(context.Context) error
}

// maxBody is the most that any request may bring.
const maxBody = 1 << 20

// New gives the handler of everything that floord serves over HTTP.
func New(o Options) (http.Handler, error) {
	if o.Ledger == nil || o.Foreman == nil || o.PDA == nil || o.Gate == nil {
		return nil, errors.New("web: a ledger, a foreman, a socket server and a gate are needed")
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Templates == nil {
		o.Templates = label.Shipped()
	}
	mux := http.NewServeMux()
	if err := pages(mux); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if err := viewer(mux); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if err := commandSheet(mux); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	mux.Handle("GET /ws", o.PDA)
	if o.Pictures != "" {
		mux.Handle("GET /pictures/{sku}", pictures(o.Pictures))
	}
	if o.CA != nil {
		install(mux, o)
	}
	a := newAPI(o)
	a.register(mux)
	mux.HandleFunc("GET /healthz", a.health)
	return o.Gate.Wrap(headers(http.MaxBytesHandler(mux, maxBody))), nil
}

// pages serves what web/gen has built.
func pages(mux *http.ServeMux) error {
	files, err := fs.ReadDir(dist, "dist")
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := dist.ReadFile("dist/" + f.Name())
		if err != nil {
			return err
		}
		at := "/assets/" + f.Name()
		switch name, isPage := strings.CutSuffix(f.Name(), ".html"); {
		case f.Name() == "docs.html":
			at = "/api/docs"
		case isPage:
			at = "/" + name
		case f.Name() == "sw.js" || f.Name() == "app.webmanifest": // they speak for the whole site
			at = "/" + f.Name()
		}
		mux.Handle("GET "+at, asset(f.Name(), data, ""))
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/board", http.StatusFound))
	return nil
}

// maxPicture bounds a picture of an article: more is no picture for a handheld.
const maxPicture = 2 << 20

// pictures serves what the folder holds for an article; nothing outside it is reached.
func pictures(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer root.Close()
		for _, end := range []string{".jpg", ".png", ".webp"} {
			f, err := root.Open(r.PathValue("sku") + end)
			if err != nil {
				continue
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil || !info.Mode().IsRegular() || info.Size() > maxPicture {
				break
			}
			w.Header().Set("Cache-Control", "max-age=86400")
			http.ServeContent(w, r, end, info.ModTime(), f)
			return
		}
		http.NotFound(w, r)
	})
}

// viewer serves the parts of Swagger's viewer that the API's page uses.
func viewer(mux *http.ServeMux) error {
	for _, name := range []string{"swagger-ui-bundle.js", "swagger-ui.css"} {
		data, err := static.FS.ReadFile(name + ".gz")
		if err != nil {
			return err
		}
		mux.Handle("GET /assets/swagger/"+name, asset(name, data, "gzip"))
	}
	return nil
}

var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".opus": "audio/ogg", ".png": "image/png", ".webmanifest": "application/manifest+json",
}

// asset serves data under a tag of its content: a page is asked for anew each
// time and comes only if it has changed.
func asset(name string, data []byte, encoding string) http.Handler {
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", types[path.Ext(name)])
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		w.Write(data)
	})
}

// headers tells the browser what these pages may do: run their own scripts, talk
// to this daemon, and nothing else. Chrome 64 does not count the socket as
// 'self', so it is named.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src data:; manifest-src 'self'; worker-src 'self'; "+
			"connect-src 'self' ws://"+r.Host+" wss://"+r.Host+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Request-Id", requestID())
		next.ServeHTTP(w, r)
	})
}

func requestID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// NewServer gives a server for h that no slow client can hold up: half-open
// headers are gone after two seconds, and g counts them.
func NewServer(h http.Handler, g *gate.Gate, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	g.Watch(s)
	return s
}
