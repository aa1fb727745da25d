package web

import (
	_ "embed"
	"html/template"
	"net/http"

	"floord/label"
)

//go:embed commands.html
var commandsPage string

var commandsTemplate = template.Must(template.New("commands").Parse(commandsPage))

// A command is a bar code that does what a button does, for hands that hold
// something else. It hangs at a station or on a cart.
type command struct {
	Code, ZH, EN string
	Wide         int // of all bars and their margins, in modules
	Bars         []bar
}

type bar struct{ X, W int }

// Across is the drawing's width: two pixels a module, so that no bar is thinner
// than another of its kind.
func (c command) Across() int { return 2 * c.Wide }

// commands gives the sheet's bar codes.
func commands() ([]command, error) {
	list := []command{
		{Code: "FLOORD-OK", ZH: "知道了", EN: "Understood"}, {Code: "FLOORD-CANCEL", ZH: "取消 · 返回", EN: "Cancel, back"},
		{Code: "FLOORD-1", ZH: "第一个按钮", EN: "First button"}, {Code: "FLOORD-2", ZH: "第二个按钮", EN: "Second button"},
		{Code: "FLOORD-3", ZH: "第三个按钮", EN: "Third button"}, {Code: "FLOORD-4", ZH: "第四个按钮", EN: "Fourth button"},
	}
	for i := range list {
		widths, err := label.EncodeCode128(list[i].Code)
		if err != nil {
			return nil, err
		}
		const margin = 10
		x := margin
		for j, w := range widths {
			if j%2 == 0 {
				list[i].Bars = append(list[i].Bars, bar{x, int(w)})
			}
			x += int(w)
		}
		list[i].Wide = x + margin
	}
	return list, nil
}

// commandSheet serves the sheet of command bar codes, to be printed.
func commandSheet(mux *http.ServeMux) error {
	list, err := commands()
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /commands", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", types[".html"])
		commandsTemplate.Execute(w, list)
	})
	return nil
}
