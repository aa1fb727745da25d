package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/skip2/go-qrcode"
)

//go:embed install.html
var installPage string

var installTemplate = template.Must(template.New("install").Parse(installPage))

// NewInstall gives what a handheld that trusts nothing yet may see over plain
// HTTP: how to install the site's authority, the authority itself, and the way to
// the pages over HTTPS.
func NewInstall(o Options) http.Handler {
	mux := http.NewServeMux()
	install(mux, o)
	if data, err := dist.ReadFile("dist/style.css"); err == nil {
		mux.Handle("GET /assets/style.css", asset("style.css", data, ""))
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/install", http.StatusFound))
	return o.Gate.Wrap(headers(http.MaxBytesHandler(mux, maxBody)))
}

// install puts the installation's page and the authority on mux.
func install(mux *http.ServeMux, o Options) {
	sum := sha256.Sum256(o.CA)
	var groups []string
	for g := range slices.Chunk([]byte(strings.ToUpper(hex.EncodeToString(sum[:]))), 4) {
		groups = append(groups, string(g))
	}
	mux.HandleFunc("GET /install", func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		secure := "https://" + net.JoinHostPort(host, o.Secure)
		here := "http://" + r.Host + "/install"
		if r.TLS != nil {
			here = secure + "/install"
		}
		qr, err := qrcode.Encode(here, qrcode.Medium, 320)
		if err != nil {
			http.Error(w, "the address is too long", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", types[".html"])
		w.Header().Set("Cache-Control", "no-cache")
		installTemplate.Execute(w, map[string]any{
			"Secure": template.URL(secure + "/pda"), "Fingerprint": strings.Join(groups, " "), "Here": here,
			"QR": template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(qr)),
		})
	})
	mux.HandleFunc("GET /ca.crt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-x509-ca-cert")
		w.Header().Set("Content-Disposition", `attachment; filename="floord-ca.crt"`)
		w.Write(o.CA)
	})
}
