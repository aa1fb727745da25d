package report

import (
	"fmt"
	"strconv"
	"time"

	"floord/floor"
	"floord/report/pdf"
)

// A Walk is a task as its pick list on paper shows it: what is needed when every
// handheld is dead.
type Walk struct {
	Task  floor.Task
	Names map[floor.SKU]string
	Site  string
	At    time.Time
}

// PickList gives the list as A4 PDF, a row a stop in walking order, in Chinese
// unless lang is "en".
func PickList(w Walk, lang string) ([]byte, error) {
	say := pair(lang)
	doc := pdf.New(pdf.Options{Title: string(w.Task.ID), Footer: w.Site + "  " + w.At.Format(minute), Created: w.At})
	doc.Title(say("拣货单 ", "Pick list ") + string(w.Task.ID) + "  " + string(w.Task.Wave))
	doc.Text(fmt.Sprintf(say("%d 个格口，%d 个停靠点，约 %.0f 米", "%d slots, %d stops, about %.0f m"), len(w.Task.Slots), len(w.Task.Stops), w.Task.Metres))
	t := pdf.Table{Columns: []pdf.Column{
		{Title: "#", Share: 1, Right: true}, {Title: say("库位", "Bin"), Share: 3}, {Title: say("商品", "Item"), Share: 8},
		{Title: say("格口", "Slot"), Share: 1.4, Right: true}, {Title: say("数量", "Qty"), Share: 1.4, Right: true}, {Title: say("已拣", "Done"), Share: 2},
	}}
	for i := range w.Task.Stops {
		s := &w.Task.Stops[i]
		name := string(s.SKU)
		if n := w.Names[s.SKU]; n != "" {
			name += "  " + n
		}
		done := ""
		switch {
		case s.Dropped:
			done = say("不拣", "leave")
		case s.Left() == 0:
			done = strconv.Itoa(s.Done)
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(s.No), string(s.Bin), name, strconv.Itoa(s.Slot), strconv.Itoa(s.Left() + s.Done), done})
	}
	doc.Table(t)
	return doc.Bytes()
}

// WaveSheet gives what is special about a wave as A4 PDF. name gives the carriers'
// names.
func WaveSheet(n floor.WaveNeeds, site string, at time.Time, name func(floor.CarrierID) string, lang string) ([]byte, error) {
	say := pair(lang)
	doc := pdf.New(pdf.Options{Title: string(n.Wave), Footer: site + "  " + at.Format(minute), Created: at})
	doc.Title(say("波次单 ", "Wave ") + string(n.Wave))
	doc.Text(fmt.Sprintf(say("%d 单 %d 行 %d 件 %d 箱", "%d orders, %d lines, %d pieces, %d totes"), n.Orders, n.Lines, n.Units, n.Totes))
	if !n.DueBy.IsZero() {
		doc.Text(say("最晚发货 ", "Due by ") + n.DueBy.In(at.Location()).Format(minute))
	}
	doc.Heading(say("特殊要求", "Special"))
	if len(n.Needs) == 0 {
		doc.Text(say("没有特殊要求。", "Nothing special."))
	}
	for _, x := range n.Needs {
		doc.Text(x.Say(lang, name))
		for _, note := range x.Notes {
			doc.Text("    " + note)
		}
	}
	return doc.Bytes()
}

// Picture gives one picture, a label's preview, as A4 PDF at the size it has on
// paper, width millimetres.
func Picture(title string, png []byte, width float64, at time.Time) ([]byte, error) {
	doc := pdf.New(pdf.Options{Title: title, Footer: title, Created: at})
	doc.Image(png, width)
	return doc.Bytes()
}

const minute = "2006-01-02 15:04"

func pair(lang string) func(zh, en string) string {
	return func(zh, en string) string {
		if lang == "en" {
			return en
		}
		return zh
	}
}
