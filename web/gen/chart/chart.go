// Command chart makes web/src/vendor/chart.js of the npm package that the lock file
// beside it names: the parts of Chart.js that the pages use, one plain script for a
// WebView of Chrome 64, its licence at its head. It is run by hand when the version
// changes (`go run ./gen/chart` in web) and needs npm; its output is committed, so
// that building and testing need neither.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	here = "gen/chart"
	out  = "src/vendor/chart.js"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal("chart: ", err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "floord-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(here)); err != nil {
		return err
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir, npm.Stderr = dir, os.Stderr
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	var head strings.Builder
	for _, p := range []string{"chart.js", "@kurkle/color"} {
		licence, err := os.ReadFile(filepath.Join(dir, "node_modules", p, "LICENSE.md"))
		if err != nil {
			return err
		}
		fmt.Fprintf(&head, "/*! %s\n%s*/\n", p, licence)
	}
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(dir, "parts.js")}, Outfile: out, Bundle: true, Format: api.FormatIIFE, Write: true,
		MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone,
		Engines: []api.Engine{{Name: api.EngineChrome, Version: "64"}}, Banner: map[string]string{"js": head.String()},
	})
	if len(r.Errors) > 0 {
		return fmt.Errorf("%s", strings.Join(api.FormatMessages(r.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	return nil
}
