package web

import (
	"bytes"
	"context"
	"errors"
	"image/png"

	"floord/floor"
	"floord/label"
	"floord/label/lang"
	"floord/label/preview"
)

// A labelTemplate is a template as its editor needs it.
type labelTemplate struct {
	Name   string  `json:"name"`
	For    string  `json:"for"`
	Width  float64 `json:"width" doc:"millimetres"`
	Height float64 `json:"height" doc:"millimetres"`
	Source string  `json:"source" doc:"TOML"`
}

func (a *api) labels(ctx context.Context, _ *struct{}) (*answer[[]labelTemplate], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out := []labelTemplate{}
	for _, name := range a.o.Templates.Names("") {
		t := a.o.Templates[name]
		w, h := t.Size()
		out = append(out, labelTemplate{t.Name, t.For, float64(w), float64(h), t.Source})
	}
	return give(out), nil
}

type labelPreviewIn struct {
	Body struct {
		Template string `json:"template" maxLength:"300000" doc:"TOML; it need not be saved"`
		Language string `json:"language,omitempty" enum:"tspl,zpl,cpcl,escpos" doc:"of the printer; tspl"`
		DPI      int    `json:"dpi,omitempty" enum:"203,300" doc:"203"`
		Charset  string `json:"charset,omitempty" enum:"ascii,gb2312,gbk,gb18030" doc:"of the printer's font; gbk"`
		Lang     string `json:"lang,omitempty" enum:"zh,en" doc:"of the words; zh"`
	}
}

// A drawnLabel is a preview, or what keeps it from being one.
type drawnLabel struct {
	PNG      []byte   `json:"png,omitempty" doc:"a dot a pixel"`
	Bytes    int      `json:"bytes,omitempty" doc:"that the printer would be sent"`
	Notes    []string `json:"notes" doc:"characters that are printed otherwise than written"`
	Mistakes []string `json:"mistakes" doc:"line:column: what is wrong"`
}

func (a *api) labelPreview(ctx context.Context, in *labelPreviewIn) (*answer[drawnLabel], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out, err := drawLabel(in)
	return give(out), err
}

// wrong gives the mistakes that an error joins, a sentence each.
func (d drawnLabel) wrong(err error, lang string) drawnLabel {
	all := []error{err}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		all = joined.Unwrap()
	}
	for _, e := range all {
		d.Mistakes = append(d.Mistakes, label.Sentence(e, lang))
	}
	return d
}

func drawLabel(in *labelPreviewIn) (drawnLabel, error) {
	out := drawnLabel{Notes: []string{}, Mistakes: []string{}}
	t, err := label.ParseTemplate([]byte(in.Body.Template))
	if err != nil {
		return out.wrong(err, in.Body.Lang), nil
	}
	page, err := t.Sample(in.Body.Lang)
	if err != nil {
		return out.wrong(err, in.Body.Lang), nil
	}
	job, err := lang.Printer{Language: in.Body.Language, DPI: in.Body.DPI, Charset: in.Body.Charset}.Encode(page)
	if err != nil {
		return out.wrong(err, in.Body.Lang), nil
	}
	var b bytes.Buffer
	if err := png.Encode(&b, preview.Draw(job.Sheet)); err != nil {
		return out, err
	}
	out.PNG, out.Bytes = b.Bytes(), len(job.Bytes)
	for _, n := range job.Notes {
		out.Notes = append(out.Notes, n.String())
	}
	return out, nil
}
