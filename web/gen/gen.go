// Command gen builds the pages' scripts and style: TypeScript in web/src to
// plain JavaScript in web/dist that a handheld's old WebView (Chrome 64) runs.
// It is run by `go generate ./web`; what it writes is committed, so that neither
// building nor running floord needs it, nor Node.
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
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
	for _, name := range []string{"pda.ts", "sw.ts", "station.ts", "board.ts", "wave.ts", "labels.ts", "setup.ts", "plan.ts", "stock.ts", "whatif.ts", "channels.ts", "health.ts", "docs.ts", "style.css"} {
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
	for _, name := range []string{"pda.html", "station.html", "board.html", "wave.html", "labels.html", "setup.html", "plan.html", "stock.html", "whatif.html", "channels.html", "report.html", "docs.html", "voice/zh.opus", "voice/en.opus", "vendor/chart.js", "app.webmanifest"} {
		data, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return nil, err
		}
		files[filepath.Base(name)] = data
	}
	for _, side := range []int{192, 512} {
		data, err := icon(side)
		if err != nil {
			return nil, err
		}
		files[fmt.Sprintf("icon-%d.png", side)] = data
	}
	return files, nil
}

// icon draws the app's icon: a shelf with three bins, one of them picked. Its
// middle four fifths hold it, so that any mask fits.
func icon(side int) ([]byte, error) {
	ink, paper, go1 := color.RGBA{0x16, 0x21, 0x1f, 255}, color.RGBA{0xf4, 0xf5, 0xf1, 255}, color.RGBA{0x4c, 0xc3, 0x8a, 255}
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	fill := func(x0, y0, x1, y1 int, c color.Color) { // in hundredths
		draw.Draw(m, image.Rect(x0*side/100, y0*side/100, x1*side/100, y1*side/100), image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(0, 0, 100, 100, ink)
	for row := range 2 {
		y := 24 + 28*row
		for col := range 2 {
			c := color.Color(paper)
			if row == 1 && col == 0 {
				c = go1
			}
			fill(24+28*col, y, 48+28*col, y+22, c)
		}
		fill(20, y+22, 80, y+26, paper)
	}
	var out bytes.Buffer
	err := png.Encode(&out, m)
	return out.Bytes(), err
}
