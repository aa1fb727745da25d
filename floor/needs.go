package floor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A WaveNeeds is what is special about a wave: the page and the code on the label
// of its cart say it.
type WaveNeeds struct {
	Wave   WaveID    `json:"wave"`
	Kind   string    `json:"kind"`
	Orders int       `json:"orders"`
	Lines  int       `json:"lines"`
	Units  int       `json:"units"`
	Totes  int       `json:"totes"`
	DueBy  time.Time `json:"due_by,omitzero"` // of the order that is due first
	Done   bool      `json:"done"`
	Needs  []Need    `json:"needs"`
}

// A Need is one kind of special requirement, and the slots of the cart it is for.
type Need struct {
	What    string    `json:"what"`              // "tag-gift" as the catalogue has it, "carrier", "frozen"
	Carrier CarrierID `json:"carrier,omitempty"` // of "carrier"
	Slots   []string  `json:"slots"`             // "3"; "T-8/3" where the wave has several carts
	Notes   []string  `json:"notes,omitempty"`   // what the buyers wrote, by slot; of "tag-note"
}

// NeedsOf gathers what is special in a wave. A carrier is, where less than half of
// the orders go by it; an order that has ended asks for nothing.
func NeedsOf(w Wave, orders []Order, tasks []Task) WaveNeeds {
	out := WaveNeeds{Wave: w.ID, Kind: w.Kind, Done: w.Done, Orders: len(orders), Needs: []Need{}}
	at := map[string]int{}
	need := func(what string, c CarrierID) *Need {
		key := what + "|" + string(c)
		if _, ok := at[key]; !ok {
			at[key] = len(out.Needs)
			out.Needs = append(out.Needs, Need{What: what, Carrier: c, Slots: []string{}})
		}
		return &out.Needs[at[key]]
	}
	by := map[CarrierID]int{}
	for _, o := range orders {
		by[o.Carrier]++
	}
	for i, o := range orders {
		out.Lines += len(o.Lines)
		for _, l := range o.Lines {
			out.Units += l.Qty
		}
		if !o.ShipBy.IsZero() && (out.DueBy.IsZero() || o.ShipBy.Before(out.DueBy)) {
			out.DueBy = o.ShipBy
		}
		slot := slotOf(o.ID, tasks)
		if slot == "" {
			slot = fmt.Sprint(i + 1)
		}
		if o.Freeze != nil {
			n := need("frozen", "")
			n.Slots = append(n.Slots, slot)
		}
		if o.State == Closed {
			continue
		}
		for _, tag := range o.Tags {
			n := need("tag-"+tag, "")
			n.Slots = append(n.Slots, slot)
			if tag == "note" && o.Note != "" {
				n.Notes = append(n.Notes, slot+": "+o.Note)
			}
		}
		if o.Carrier != "" && 2*by[o.Carrier] < len(orders) {
			n := need("carrier", o.Carrier)
			n.Slots = append(n.Slots, slot)
		}
	}
	for _, t := range tasks {
		out.Totes += len(t.Slots)
	}
	if out.Totes == 0 {
		out.Totes = len(orders)
	}
	slices.SortStableFunc(out.Needs, func(a, b Need) int { return strings.Compare(a.What+string(a.Carrier), b.What+string(b.Carrier)) })
	return out
}

// slotOf is where an order stands: the number on the cart, with its task where
// there are several.
func slotOf(id OrderID, tasks []Task) string {
	for _, t := range tasks {
		for _, s := range t.Slots {
			if s.Order != id {
				continue
			}
			if len(tasks) > 1 {
				return fmt.Sprintf("%s/%d", t.ID, s.No)
			}
			return fmt.Sprint(s.No)
		}
	}
	return ""
}

// Say is a need in words: "配赠品×3：1、4、7". name gives the carriers' names.
func (n Need) Say(lang string, name func(CarrierID) string) string {
	what := ""
	switch n.What {
	case "carrier":
		what = name(n.Carrier)
	case "frozen":
		what = Say(lang, "need-frozen", nil)
	default:
		what = Say(lang, n.What, nil)
	}
	if lang == "en" {
		return fmt.Sprintf("%s ×%d: %s", what, len(n.Slots), strings.Join(n.Slots, ", "))
	}
	return fmt.Sprintf("%s×%d：%s", what, len(n.Slots), strings.Join(n.Slots, "、"))
}

// Short is all of it as text for a code, at most so many bytes of UTF-8: what has
// no room is counted, so that nobody takes a part for the whole.
func (w WaveNeeds) Short(lang string, name func(CarrierID) string, most int) string {
	text := fmt.Sprintf("%s;%d单%d行%d件", w.Wave, w.Orders, w.Lines, w.Units)
	more := ";另有%d项"
	if lang == "en" {
		text, more = fmt.Sprintf("%s;%d orders %d lines %d pcs", w.Wave, w.Orders, w.Lines, w.Units), ";%d more"
	}
	for i, n := range w.Needs {
		part := ";" + strings.NewReplacer("：", ":", "、", ",", "×", "", ";", ",", "\n", " ").Replace(n.Say(lang, name))
		rest := fmt.Sprintf(more, len(w.Needs)-i)
		if len(text)+len(part)+len(rest) > most {
			return text + rest
		}
		text += part
	}
	return text
}
