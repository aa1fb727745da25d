package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"floord/floor"
	"floord/report"

	"github.com/danielgtaylor/huma/v2"
)

// registerReports puts the operations on reports on h.
func (a *api) registerReports(h huma.API) {
	put(a, h, "report", "GET /reports/{day}", "The figures of a day", a.report)
	put(a, h, "report-page", "GET /reports/{day}/page", "The report of a day in words, each figure with the query of its orders", a.reportPage)
	put(a, h, "report-orders", "GET /reports/{day}/orders", "The orders behind a figure", a.reportOrders)
	put(a, h, "report-file", "GET /reports/{day}/file", "The report of a day as a file", a.reportFile)
}

// Dated names a day in the path. (Exported for the sake of huma, as Keyed is.)
type Dated struct {
	Day string `path:"day" pattern:"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$" example:"2026-11-21"`
}

// daily counts a day for a lead.
func (a *api) daily(ctx context.Context, day string) (report.Daily, error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return report.Daily{}, err
	}
	if a.o.Report == nil {
		return report.Daily{}, &problem{Status: http.StatusNotFound, Title: "This daemon makes no reports."}
	}
	return a.o.Report(ctx, day)
}

func (a *api) report(ctx context.Context, in *Dated) (*answer[json.RawMessage], error) {
	d, err := a.daily(ctx, in.Day)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = report.WriteJSON(&b, d)
	return give(json.RawMessage(b.Bytes())), err
}

func (a *api) reportPage(ctx context.Context, in *struct {
	Dated
	Lang string `query:"lang" enum:"zh,en" default:"zh"`
	Asks bool   `query:"asks" doc:"The report of the interceptions instead"`
}) (*answer[json.RawMessage], error) {
	d, err := a.daily(ctx, in.Day)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = report.WritePage(&b, d, in.Lang, in.Asks)
	return give(json.RawMessage(b.Bytes())), err
}

// A behind is the orders of one figure.
type behind struct {
	Orders []report.Told `json:"orders"`
	All    int           `json:"all" doc:"How many there are; the list is cut at a thousand"`
}

// reportOrders takes the query of a figure as the page gave it.
func (a *api) reportOrders(ctx context.Context, in *struct {
	Dated
	Figure   string `query:"figure" required:"true" maxLength:"96"`
	Channel  string `query:"channel" maxLength:"64"`
	Carrier  string `query:"carrier" maxLength:"64"`
	Team     string `query:"team" maxLength:"64"`
	Hour     string `query:"hour" pattern:"^([0-9]|1[0-9]|2[0-4])?$" doc:"Of the day, in which the floor began the order"`
	Received string `query:"received_hour" pattern:"^([0-9]|1[0-9]|2[0-4])?$"`
	Shipped  string `query:"shipped_hour" pattern:"^([0-9]|1[0-9]|2[0-4])?$"`
	Category string `query:"category" maxLength:"64"`
	Person   string `query:"person" maxLength:"64" doc:"Who picked of the order"`
	Only     bool   `query:"only" doc:"An empty channel, carrier or team means none, and not any"`
}) (*answer[behind], error) {
	d, err := a.daily(ctx, in.Day)
	if err != nil {
		return nil, err
	}
	q := url.Values{"figure": {in.Figure}}
	for key, v := range map[string]string{"channel": in.Channel, "carrier": in.Carrier, "team": in.Team} {
		if v != "" || in.Only {
			q.Set(key, v)
		}
	}
	for key, v := range map[string]string{"hour": in.Hour, "received_hour": in.Received, "shipped_hour": in.Shipped, "category": in.Category, "person": in.Person} {
		if v != "" {
			q.Set(key, v)
		}
	}
	all := d.Pick(q)
	return give(behind{Orders: all[:min(len(all), maxPage)], All: len(all)}), nil
}

// A fileOut is bytes with their type and name.
type fileOut struct {
	Type string `header:"Content-Type"`
	Name string `header:"Content-Disposition"`
	Body []byte
}

func (a *api) reportFile(ctx context.Context, in *struct {
	Dated
	Form string `query:"form" enum:"pdf,txt,html,csv,orders.csv,intercepts.pdf,intercepts.html,intercepts.csv" default:"pdf"`
	Lang string `query:"lang" enum:"zh,en" default:"zh"`
}) (*fileOut, error) {
	d, err := a.daily(ctx, in.Day)
	if err != nil {
		return nil, err
	}
	for _, f := range report.Files(d) {
		if f.Form == in.Form {
			var b bytes.Buffer
			err := f.Write(&b, in.Lang)
			return &fileOut{Type: f.Type, Name: `attachment; filename="` + f.Name + `"`, Body: b.Bytes()}, err
		}
	}
	return nil, floor.Refuse("bad-args", "what", in.Form)
}
