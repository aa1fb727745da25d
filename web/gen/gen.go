// Command gen builds the pages' scripts and style: TypeScript in web/src to
// plain JavaScript in web/dist that a handheld's old WebView (Chrome 64) runs.
// It is run by `go generate ./web`; what it writes is committed, so that neither
// building nor running floord needs it, nor Node.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	log.SetFlags(0)
	files, err := build("src")
	if err != nil {
		log.Fatal("gen: ", err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join("dist", name), data, 0o644); err != nil {
			log.Fatal("gen: ", err)
		}
	}
}

// build gives the files that belong into dist, by name. src is the folder of the
// sources.
func build(src string) (map[string][]byte, error) {
	var entries []string
	for _, name := range []string{"pda.ts", "station.ts", "board.ts", "docs.ts", "style.css"} {
		entries = append(entries, filepath.Join(src, name))
	}
	r := api.Build(api.BuildOptions{
		EntryPoints:       entries,
		Outdir:            "out",
		Bundle:            true,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "64"}},
	})
	if len(r.Errors) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(api.FormatMessages(r.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	files := map[string][]byte{}
	for _, f := range r.OutputFiles {
		files[filepath.Base(f.Path)] = f.Contents
	}
	for _, name := range []string{"pda.html", "station.html", "board.html", "docs.html", "voice/zh.opus", "voice/en.opus"} {
		data, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return nil, err
		}
		files[filepath.Base(name)] = data
	}
	return files, nil
}
