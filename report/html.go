package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// WriteHTML writes the report as one HTML file that needs nothing else: no script,
// no picture, no font from elsewhere. A figure leads to the list of its orders below.
func WriteHTML(w io.Writer, d Daily, lang string) error {
	return writeHTML(w, d, compose(d, lang, full), lang)
}

// WriteAsksHTML writes the report of the day's interceptions likewise.
func WriteAsksHTML(w io.Writer, d Daily, lang string) error {
	return writeHTML(w, d, composeAsks(d, lang), lang)
}

// WritePage writes the report, or that of the interceptions alone, as JSON for a
// screen to lay out: its words, and with each figure the query of Pick.
func WritePage(w io.Writer, d Daily, lang string, asks bool) error {
	p := compose(d, lang, full)
	if asks {
		p = composeAsks(d, lang)
	}
	return json.NewEncoder(w).Encode(p.view(d, speak(lang)))
}

// The forms of WritePage.
type (
	viewPage struct {
		Title     string      `json:"title"`
		Subtitle  string      `json:"subtitle"`
		Day       Day         `json:"day"`
		Tiles     []viewTile  `json:"tiles"`
		Attention string      `json:"attention"`
		Alerts    []viewCell  `json:"alerts"`
		Charts    []viewChart `json:"charts"`
		Grids     []viewGrid  `json:"grids"`
		Tables    []viewTable `json:"tables"`
		Notes     string      `json:"notes_title"`
		Lines     []string    `json:"notes"`
	}
	viewTile struct {
		Label string `json:"label"`
		Value string `json:"value"`
		Note  string `json:"note,omitempty"`
		Bad   bool   `json:"bad,omitempty"`
		Link  string `json:"link,omitempty"`
	}
	viewCell struct {
		Text string `json:"text"`
		Link string `json:"link,omitempty"`
	}
	viewChart struct {
		Title string    `json:"title"`
		Bars  []viewBar `json:"bars"`
	}
	viewBar struct {
		Label string  `json:"label"`
		Value float64 `json:"value"`
		Text  string  `json:"text"`
	}
	// A viewGrid is a map of shares; a cell that counts nothing has no text.
	viewGrid struct {
		Title string        `json:"title"`
		Few   string        `json:"few"` // what a hatched cell means
		Head  []string      `json:"head"`
		Rows  []viewGridRow `json:"rows"`
	}
	viewGridRow struct {
		Name  string         `json:"name"`
		Cells []viewGridCell `json:"cells"`
	}
	viewGridCell struct {
		N     int    `json:"n,omitempty"`
		Level int    `json:"level"` // 0 for none, 1 to 5 by tenths: up to 1 %, 3 %, 10 %, 30 %, more
		Few   bool   `json:"few,omitempty"`
		Text  string `json:"text,omitempty"`
		Note  string `json:"note,omitempty"`
		Link  string `json:"link,omitempty"`
	}
	viewTable struct {
		Title string       `json:"title,omitempty"`
		Head  []string     `json:"head"`
		Rows  [][]viewCell `json:"rows"`
		Total bool         `json:"total,omitempty"`
	}
)

func (p page) view(d Daily, w *words) viewPage {
	v := viewPage{
		Title: p.title, Subtitle: p.subtitle, Day: d.Day, Attention: p.attention, Notes: p.notesTitle,
		Tiles: []viewTile{}, Alerts: []viewCell{}, Charts: []viewChart{}, Grids: []viewGrid{}, Tables: []viewTable{}, Lines: append([]string{}, p.notes...),
	}
	for _, t := range p.tiles {
		v.Tiles = append(v.Tiles, viewTile{t.label, t.value, t.note, t.bad, t.link})
	}
	for _, a := range p.alerts {
		v.Alerts = append(v.Alerts, viewCell{a.text, a.link})
	}
	for _, c := range p.charts {
		chart := viewChart{Title: c.title, Bars: []viewBar{}}
		for _, b := range c.bars {
			chart.Bars = append(chart.Bars, viewBar{b.label, b.value, b.text})
		}
		if len(c.bars) > 0 {
			v.Charts = append(v.Charts, chart)
		}
	}
	for _, g := range p.grids {
		out := viewGrid{Title: g.title, Few: w.HeatFew, Head: g.head}
		for _, r := range g.rows {
			row := viewGridRow{Name: r.name}
			for _, c := range r.cells {
				level := 0
				for _, over := range []float64{0, 0.01, 0.03, 0.1, 0.3} {
					if c.value > over {
						level++
					}
				}
				row.Cells = append(row.Cells, viewGridCell{c.n, level, c.few, c.text, c.note, c.link})
			}
			out.Rows = append(out.Rows, row)
		}
		v.Grids = append(v.Grids, out)
	}
	for _, t := range append(p.tables[:len(p.tables):len(p.tables)], p.more...) {
		out := viewTable{Title: t.title, Head: t.head, Rows: [][]viewCell{}, Total: t.total}
		for i, row := range t.rows {
			cells := make([]viewCell, len(row))
			for k, text := range row {
				cells[k].Text = text
				if i < len(t.links) {
					cells[k].Link = t.links[i][k]
				}
			}
			out.Rows = append(out.Rows, cells)
		}
		if len(out.Rows) > 0 {
			v.Tables = append(v.Tables, out)
		}
	}
	return v
}

// maxBehind is how many orders of one figure an HTML file lists; the CSV has all.
const maxBehind = 300

// A behind is the list of orders of one figure.
type behind struct {
	Anchor string
	Title  string
	Orders []Told
	Rest   int
}

func writeHTML(w io.Writer, d Daily, p page, lang string) error {
	words, v := speak(lang), p.view(d, speak(lang))
	most := 1.0
	for _, c := range v.Charts {
		for _, b := range c.Bars {
			most = max(most, b.Value)
		}
	}
	figures := map[string]bool{}
	link := func(query string) string {
		q, err := url.ParseQuery(query)
		if err != nil || q.Get("figure") == "" {
			return ""
		}
		figures[q.Get("figure")] = true
		return "#" + q.Get("figure")
	}
	t, err := template.New("report").Funcs(template.FuncMap{
		"link":   link,
		"height": func(x float64) string { return fmt.Sprintf("%.1f", 100*x/most) },
		"moment": d.moment,
		"last":   func(t viewTable, i int) bool { return t.Total && i == len(t.Rows)-1 },
		"indent": func(s string) bool { return strings.HasPrefix(s, "  ") },
		"lists": func() (out []behind) {
			for _, f := range slices.SortedFunc(maps.Keys(figures), byFigure) {
				orders := d.Pick(url.Values{"figure": {f}})
				if len(orders) == 0 {
					continue
				}
				b := behind{Anchor: f, Title: (&voice{words, full}).figure(f), Orders: orders, Rest: max(0, len(orders)-maxBehind)}
				b.Orders = orders[:len(orders)-b.Rest]
				out = append(out, b)
			}
			return out
		},
	}).Parse(htmlForm)
	if err != nil {
		return err
	}
	tag := "zh-CN"
	if words == &english {
		tag = "en"
	}
	return t.Execute(w, map[string]any{"P": v, "W": words, "Lang": tag})
}

// byFigure puts figures in the order of Figures, narrowed ones behind the whole.
func byFigure(a, b string) int {
	at := func(f string) int { base, _, _ := strings.Cut(f, "/"); return slices.Index(Figures, base) }
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b))
}

const htmlForm = `<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.P.Title}} {{.P.Day}}</title>
<style>
*{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px 24px;color:#16211f;background:#f4f5f1;font:15px/1.5 "Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:16px;margin:28px 0 8px}.sub,.note,small{color:#55635f}
.tiles{display:flex;flex-wrap:wrap;margin:18px -6px 0}.tile{flex:1 1 150px;margin:6px;padding:14px 16px;border:1px solid #dfe4e0;border-radius:12px;background:#fff;color:inherit}
.tile b{display:block;font-size:26px;font-variant-numeric:tabular-nums}.tile.bad b{color:#c4161c}
.alerts{margin:18px 0;padding:14px 18px 14px 34px;border-radius:12px;background:#fff1dc}
table{width:100%;border-collapse:collapse;background:#fff;font-variant-numeric:tabular-nums}th,td{padding:6px 10px;border-bottom:1px solid #dfe4e0;text-align:right;vertical-align:top}
th{font-weight:400;color:#55635f;font-size:13px}th:first-child,td:first-child{text-align:left}tr.total td{font-weight:700}td.in{padding-left:28px;color:#55635f}
a{color:#0b6b5d;text-decoration:none}a:hover{text-decoration:underline}
.bars{display:flex;align-items:flex-end;height:150px;padding:8px;background:#fff}.bars div{flex:1;height:100%;display:flex;flex-direction:column;justify-content:flex-end;align-items:center;font-size:12px;margin:0 2px}
.bars svg{width:100%;flex:1}
.heat td,.heat th{padding:6px 4px;text-align:center;border:1px solid #fff}.heat td:first-child{text-align:left;white-space:nowrap}.heat a{color:inherit}
.heat .l0{background:#e8f2ee}.heat .l1{background:#fff1dc}.heat .l2{background:#ffdcae}.heat .l3{background:#f6b27c}.heat .l4{background:#e97862}.heat .l5{background:#c4161c;color:#fff}
.heat .few{background-image:repeating-linear-gradient(45deg,rgba(255,255,255,.75) 0 3px,transparent 3px 7px)}
@media print{body{background:#fff;padding:0}}
</style></head><body>
<h1>{{.P.Title}}</h1><div class="sub">{{.P.Subtitle}}</div>
<div class="tiles">{{range .P.Tiles}}{{$to := link .Link}}{{if $to}}<a class="tile{{if .Bad}} bad{{end}}" href="{{$to}}">{{else}}<div class="tile{{if .Bad}} bad{{end}}">{{end}}{{.Label}}<b>{{.Value}}</b><small>{{.Note}}</small>{{if $to}}</a>{{else}}</div>{{end}}
{{end}}</div>
<h2>{{.P.Attention}}</h2><ul class="alerts">{{range .P.Alerts}}<li>{{$to := link .Link}}{{if $to}}<a href="{{$to}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</li>{{end}}</ul>
{{range .P.Charts}}<h2>{{.Title}}</h2><div class="bars">{{range .Bars}}<div><span>{{.Text}}</span><svg viewBox="0 0 10 100" preserveAspectRatio="none"><rect width="10" height="100" fill="#f4f5f1"/><rect transform="matrix(1 0 0 -1 0 100)" width="10" height="{{height .Value}}" fill="#0b6b5d"/></svg><span>{{.Label}}</span></div>{{end}}</div>
{{end}}{{range .P.Grids}}<h2>{{.Title}}</h2><table class="heat"><thead><tr><th></th>{{range .Head}}<th>{{.}}</th>{{end}}</tr></thead><tbody>
{{range .Rows}}<tr><td>{{.Name}}</td>{{range .Cells}}<td class="l{{.Level}}{{if .Few}} few{{end}}" title="{{.Note}}">{{if .N}}{{$to := link .Link}}{{if $to}}<a href="{{$to}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</td>{{end}}</tr>
{{end}}</tbody></table><div class="note">{{.Few}}</div>
{{end}}{{range .P.Tables}}{{$table := .}}<h2>{{.Title}}</h2><table><thead><tr>{{range .Head}}<th>{{.}}</th>{{end}}</tr></thead><tbody>
{{range $i, $row := .Rows}}<tr{{if last $table $i}} class="total"{{end}}>{{range $k, $c := $row}}<td{{if and (eq $k 0) (indent $c.Text)}} class="in"{{end}}>{{$to := link $c.Link}}{{if $to}}<a href="{{$to}}">{{$c.Text}}</a>{{else}}{{$c.Text}}{{end}}</td>{{end}}</tr>
{{end}}</tbody></table>
{{end}}<h2>{{.P.Notes}}</h2>{{range .P.Lines}}<div class="note">{{.}}</div>{{end}}
{{$w := .W}}{{range lists}}<h2 id="{{.Anchor}}">{{$w.OrdersTitle}}{{$w.Colon}}{{.Title}}</h2><table><thead><tr><th>{{$w.Order}}</th><th>{{$w.Channel}}</th><th>{{$w.Carrier}}</th><th>{{$w.Team}}</th><th>{{$w.AlertShipBy}}</th><th>{{$w.HandedOver}}</th></tr></thead><tbody>
{{range .Orders}}<tr><td>{{.Order}}</td><td>{{.Channel}}</td><td>{{.Carrier}}</td><td>{{.Team}}</td><td>{{moment .ShipBy}}</td><td>{{moment .HandedOver}}</td></tr>
{{end}}{{if .Rest}}<tr><td colspan="6">+ {{.Rest}}</td></tr>{{end}}</tbody></table>
{{end}}</body></html>
`
