package pda

import (
	"errors"
	"slices"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// A snapshot is all that a screen shows, at one seq. Its parts are the journal's
// rows with the words and codes a person needs; nobody's address is in it.
type snapshot struct {
	Type     string            `json:"type"`
	Seq      uint64            `json:"seq"`
	Person   *person           `json:"person,omitzero"`
	Task     *task             `json:"task,omitzero"`
	Waiting  int               `json:"waiting,omitzero"` // 1 if a task waits to be taken
	Parcel   *parcel           `json:"parcel,omitzero"`
	Doubts   []doubt           `json:"doubts,omitempty"` // labels that a person must say something about
	Runs     []Run             `json:"runs,omitempty"`   // labels printed first here
	Fuses    []OpenFuse        `json:"fuses,omitempty"`  // why labels stopped here, and what to do
	Freezes  []freeze          `json:"freezes,omitempty"`
	Calls    []call            `json:"calls,omitempty"`      // freezes that the person is called to as a lead
	Sheets   []sheet           `json:"sheets,omitempty"`     // of each carrier
	Boxes    []floor.Packaging `json:"boxes,omitempty"`      // one of them must be scanned for each parcel
	Pulls    []pull            `json:"pulls,omitempty"`      // labels at this station that must be found
	Stations []floor.StationID `json:"stations,omitempty"`   // the screen may be moved to
	AutoSeal bool              `json:"auto_seal,omitzero"`   // what weighs right is sealed without being asked
	Count    bool              `json:"count_items,omitzero"` // an item is scanned once and its pieces are typed
	Target   *target           `json:"target,omitempty"`     // what the parcel on the table should weigh
	Steps    *Steps            `json:"steps,omitzero"`       // of a handheld
}

// A call wants a lead's decision on a freeze, or at least the word that somebody is
// on it.
type call struct {
	Intercept string          `json:"intercept"`
	Order     floor.OrderID   `json:"order"`
	Why       floor.FreezeWhy `json:"why"`
	Needs     string          `json:"needs"` // "unanswered", "decide", "conflict"
	Stage     floor.State     `json:"stage"`
	AskedAt   time.Time       `json:"asked_at"`
	At        time.Time       `json:"at"` // of the call
	Answers   []AskAnswer     `json:"answers,omitempty"`
}

type pull struct {
	Parcel  floor.ParcelID  `json:"parcel"`
	Order   floor.OrderID   `json:"order"`
	Waybill floor.WaybillNo `json:"waybill,omitempty"`
	Sheet   string          `json:"sheet,omitempty"` // of its run, "R-1-17"
	Why     string          `json:"why"`             // "frozen", "void", "address"
	Again   floor.OrderID   `json:"again,omitempty"` // what was in it is packed anew without one order
}

// A sheet is a carrier's handover sheet as far as it is: none is open without an id.
type sheet struct {
	Carrier floor.CarrierID `json:"carrier"`
	Name    string          `json:"name,omitempty"`
	ID      floor.SheetID   `json:"id,omitempty"`
	Parcels int             `json:"parcels,omitzero"`
	Grams   floor.Grams     `json:"grams,omitzero"`
	Last    []sheetLine     `json:"last,omitempty"`   // the newest first
	Signed  []floor.SheetID `json:"signed,omitempty"` // the newest first, to be printed again
}

type sheetLine struct {
	No      int             `json:"no"` // on the sheet, from 1
	Parcel  floor.ParcelID  `json:"parcel"`
	Waybill floor.WaybillNo `json:"waybill"`
}

// A target is what a scale should show.
type target struct {
	Grams     floor.Grams `json:"grams"`
	Tolerance floor.Grams `json:"tolerance"`
}

type (
	person struct {
		ID    floor.PersonID `json:"id"`
		Name  string         `json:"name"`
		Roles []floor.Role   `json:"roles"`
		Lang  string         `json:"lang,omitempty"`
	}
	task struct {
		ID     floor.TaskID   `json:"id"`
		Kind   string         `json:"kind"`
		Wave   floor.WaveID   `json:"wave,omitempty"`
		Metres float64        `json:"metres"`
		Slots  []slot         `json:"slots"`
		Stops  []stop         `json:"stops"`
		Due    time.Time      `json:"due,omitzero"`     // to be done by
		Late   bool           `json:"overdue,omitzero"` // a lead was called
		Totes  []floor.ToteID `json:"totes,omitempty"`  // of a batch
		Wall   *wall          `json:"wall,omitzero"`
	}
	// wall is where a batch is sorted. Free are its empty slots as they were; the
	// first order that needs one gets the first.
	wall struct {
		ID   floor.WallID   `json:"id"`
		Free []floor.ToteID `json:"free"`
	}
	slot struct {
		floor.Slot
		Tags []string `json:"tags,omitempty"`
	}
	stop struct {
		floor.Stop
		goods
		Frozen bool `json:"frozen,omitzero"`
		Last   bool `json:"last,omitzero"` // nothing of its lot should be left in the bin after this walk
	}
	// goods is what a person must know of a SKU to take the right one.
	goods struct {
		Name    string   `json:"name,omitempty"`
		Spec    string   `json:"spec,omitempty"`
		Barcode string   `json:"barcode,omitempty"`
		Ask     []string `json:"ask,omitempty"`
	}
	parcel struct {
		ID       floor.ParcelID    `json:"id"`
		Order    floor.OrderID     `json:"order"`
		State    floor.ParcelState `json:"state"`
		Items    []item            `json:"items"`
		Grams    *floor.Grams      `json:"grams,omitempty"`
		Expected floor.Grams       `json:"expected,omitzero"`
		Carrier  floor.CarrierID   `json:"carrier,omitempty"`
		Waybill  floor.WaybillNo   `json:"waybill,omitempty"`
		SortCode string            `json:"sort_code,omitempty"`
		Chosen   []Words           `json:"chosen,omitempty"` // why this carrier, and why not the others
		Copies   int               `json:"copies,omitzero"`
		Label    string            `json:"label,omitempty"`
		Note     string            `json:"note,omitempty"`
		Tags     []string          `json:"tags,omitempty"`
		Frozen   bool              `json:"frozen,omitzero"`
		Mark     string            `json:"mark,omitempty"` // of what must be read before hands go on; empty once it was
		Box      *floor.Packaging  `json:"box,omitempty"`
		Off      *offWeight        `json:"off,omitempty"`
		Stale    bool              `json:"stale,omitzero"`   // its label says an address that has changed
		Stuck    string            `json:"stuck,omitempty"`  // what keeps the label: a code of the catalogue
		Piece    int               `json:"piece,omitzero"`   // of an order with several parcels, from 1
		Merged   []floor.OrderID   `json:"merged,omitempty"` // the orders that go in it as one
		Rest     int               `json:"rest,omitzero"`    // pieces of the order that go into other parcels
	}
	// offWeight is a weight outside the tolerance, and what would explain it.
	offWeight struct {
		Grams     floor.Grams         `json:"grams"`
		Expected  floor.Grams         `json:"expected"`
		Tolerance floor.Grams         `json:"tolerance"`
		Why       []floor.Explanation `json:"why"`
	}
	item struct {
		floor.ParcelItem
		goods
		Gift bool `json:"gift,omitzero"`
	}
	doubt struct {
		Effect floor.EffectID `json:"effect"`
		Parcel floor.ParcelID `json:"parcel,omitempty"`
		Order  floor.OrderID  `json:"order,omitempty"`
		Copy   int            `json:"copy,omitzero"`
		Why    string         `json:"why,omitempty"` // a code of the catalogue
	}
)

// snapshot reads the device's picture.
func (x *session) snapshot(v *ledger.View) (snapshot, error) {
	s := snapshot{Type: "snapshot"}
	d, _, err := v.Device(x.device.ID)
	if err != nil {
		return s, err
	}
	if s.Person, err = personOn(v, d); err != nil {
		return s, err
	}
	if s.Freezes, err = x.freezes(v); err != nil {
		return s, err
	}
	if x.device.Station != "" {
		return s, x.stationPart(v, &s)
	}
	s.Steps = &x.srv.o.Steps
	if s.Person != nil {
		s.Calls, err = callsOf(v, s.Person.ID)
	}
	return s, errors.Join(err, x.pdaPart(v, &s))
}

func personOn(v *ledger.View, d floor.Device) (*person, error) {
	if d.Person == "" {
		return nil, nil
	}
	p, ok, err := v.Person(d.Person)
	if err != nil || !ok || p.Gone {
		return nil, err
	}
	return &person{ID: p.ID, Name: p.Name, Roles: p.Roles, Lang: p.Lang}, nil
}

// freezes gives those that this device was told of and that are not decided.
func (x *session) freezes(v *ledger.View) ([]freeze, error) {
	var out []freeze
	err := v.OpenIntercepts(func(i floor.Intercept) bool {
		if !slices.Contains(i.Told, x.device.ID) {
			return true
		}
		f := newFreeze(0, i)
		f.Shown = slices.ContainsFunc(i.Shown, func(s floor.Shown) bool { return s.Device == x.device.ID })
		f.Answered = slices.ContainsFunc(i.Answers, func(a floor.Answer) bool { return a.Device == x.device.ID })
		out = append(out, f)
		return true
	})
	return out, err
}

// callsOf gives the freezes that a lead was called to and that still want one.
func callsOf(v *ledger.View, p floor.PersonID) ([]call, error) {
	var out []call
	err := v.OpenIntercepts(func(i floor.Intercept) bool {
		at := slices.IndexFunc(i.Calls, func(c floor.Call) bool { return c.Person == p })
		needs := i.Needs()
		if at < 0 || needs == "" {
			return true
		}
		out = append(out, call{
			Intercept: i.Key, Order: i.Order, Why: i.Why, Needs: needs, Stage: i.Stage, AskedAt: i.AskedAt, At: i.Calls[at].At, Answers: NewAsk(i).Answers,
		})
		return len(out) < maxRows
	})
	return out, err
}

// pdaPart adds the person's task.
func (x *session) pdaPart(v *ledger.View, s *snapshot) error {
	if s.Person == nil {
		return nil
	}
	p, _, err := v.Person(s.Person.ID)
	if err != nil {
		return err
	}
	if p.Task == "" {
		_, waiting, err := v.WaitingTask()
		if waiting {
			s.Waiting = 1
		}
		return err
	}
	t, ok, err := v.Task(p.Task)
	if err != nil || !ok {
		return err
	}
	if s.Task, err = newTask(v, t); err == nil {
		s.Task.Wall, err = x.wallOf(v, t)
	}
	return err
}

// wallOf gives the wall that a batch is sorted at, if somebody has said.
func (x *session) wallOf(v *ledger.View, t floor.Task) (*wall, error) {
	walls := x.srv.o.Foreman.Walls()
	i := slices.IndexFunc(walls, func(w floor.Wall) bool { return w.ID == t.Wall })
	if i < 0 {
		return nil, nil
	}
	w := &wall{ID: t.Wall, Free: []floor.ToteID{}}
	for no := 1; no <= walls[i].Slots; no++ {
		slot := walls[i].Slot(no)
		_, taken, err := v.OrderInTote(slot)
		if err != nil {
			return nil, err
		}
		if !taken {
			w.Free = append(w.Free, slot)
		}
	}
	return w, nil
}

func newTask(v *ledger.View, t floor.Task) (*task, error) {
	out := &task{
		ID: t.ID, Kind: t.Kind, Wave: t.Wave, Metres: t.Metres, Slots: []slot{}, Stops: []stop{},
		Due: t.Due, Late: !t.Overdue.IsZero(), Totes: t.Totes,
	}
	left := map[floor.Spot]int{}
	for i := range t.Stops {
		left[t.Stops[i].Spot()] += t.Stops[i].Left()
	}
	orders := map[floor.OrderID]floor.Order{}
	order := func(id floor.OrderID) (floor.Order, error) {
		o, ok := orders[id]
		if ok {
			return o, nil
		}
		o, _, err := v.Order(id)
		orders[id] = o
		return o, err
	}
	for _, s := range t.Slots {
		o, err := order(s.Order)
		if err != nil {
			return nil, err
		}
		out.Slots = append(out.Slots, slot{Slot: s, Tags: o.Tags})
	}
	for _, s := range t.Stops {
		o, err := order(s.Order)
		if err != nil {
			return nil, err
		}
		g, err := goodsOf(v, o, s.Line, s.SKU)
		if err != nil {
			return nil, err
		}
		x := stop{Stop: s, goods: g, Frozen: o.Freeze != nil}
		if n := left[s.Spot()]; n > 0 && (t.Kind == floor.TaskPick || t.Kind == floor.TaskBatch) {
			at, _, err := v.StockAt(s.Spot())
			if err != nil {
				return nil, err
			}
			x.Last = at.OnHand <= n
		}
		out.Stops = append(out.Stops, x)
	}
	return out, nil
}

// goodsOf prefers the site's own words for a SKU to the shop's.
func goodsOf(v *ledger.View, o floor.Order, line int, sku floor.SKU) (goods, error) {
	i, ok, err := v.SKU(sku)
	if err != nil {
		return goods{}, err
	}
	g := goods{Name: i.Name, Spec: i.Spec, Barcode: i.Barcode, Ask: i.Ask}
	if l := o.Line(line); l != nil && (!ok || g.Name == "") {
		g.Name, g.Spec = l.Name, l.Spec
	}
	return g, nil
}

// stationPart adds what lies on a station's table and what its printer owes.
func (x *session) stationPart(v *ledger.View, s *snapshot) error {
	if err := x.sheets(v, s); err != nil {
		return err
	}
	err := v.Runs(func(r floor.Run) bool {
		if r.Station == x.device.Station {
			s.Runs = append(s.Runs, NewRun(r))
		}
		return true
	})
	if err != nil {
		return err
	}
	err = v.OpenFuses(func(f floor.Fuse) bool {
		if f.Station == x.device.Station || f.Station == "" && f.Order == "" {
			s.Fuses = append(s.Fuses, NewFuse(f))
		}
		return true
	})
	if err != nil {
		return err
	}
	err = v.Pulls(x.device.Station, func(p floor.Pull) bool {
		s.Pulls = append(s.Pulls, pull{Parcel: p.Parcel, Order: p.Order, Waybill: p.Waybill, Sheet: p.Sheet(), Why: p.Why})
		return len(s.Pulls) < maxRows
	})
	for i := range s.Pulls {
		if err != nil || s.Pulls[i].Why != "void" {
			continue
		}
		var o floor.Order
		if o, _, err = v.Order(s.Pulls[i].Order); o.MergedBy != "" && (o.State == floor.Picked || o.State == floor.Packing) {
			s.Pulls[i].Again = o.ID
		}
	}
	if err != nil {
		return err
	}
	if x.srv.o.Hooks.Stations != nil {
		if all := x.srv.o.Hooks.Stations(); len(all) > 1 {
			s.Stations = all
		}
	}
	s.AutoSeal, s.Count = x.srv.o.AutoSeal, x.srv.o.CountItems
	s.Boxes = x.srv.o.Foreman.Packagings()
	stuck := map[floor.ParcelID]string{}
	err = v.Lane(foreman.PrinterLane(x.device.Station), func(e floor.Effect) bool {
		if e.State == floor.EffectDoubt {
			s.Doubts = append(s.Doubts, doubt{Effect: e.ID, Parcel: e.Parcel, Order: e.Order, Copy: e.Copy, Why: e.Err})
		}
		if e.State == floor.EffectLater {
			stuck[e.Parcel] = e.Err
		}
		if x.lastParcel == "" && e.Parcel != "" {
			x.lastParcel = e.Parcel // packed before this socket was opened, its label is owed
		}
		return true
	})
	if err != nil {
		return err
	}
	p, ok, err := v.OpenParcel(x.device.Station)
	if err == nil && !ok && x.lastParcel != "" {
		p, ok, err = v.Parcel(x.lastParcel)
		ok = ok && p.State == floor.ParcelIsSealed
	}
	if err != nil || !ok {
		return err
	}
	x.lastParcel = p.ID
	if s.Parcel, err = x.newParcel(v, p); err != nil {
		return err
	}
	s.Parcel.Stuck = stuck[p.ID]
	grams, tolerance, known, err := x.srv.o.Foreman.Expect(v, p)
	if known {
		s.Target = &target{Grams: grams, Tolerance: tolerance}
	}
	return err
}

func (x *session) newParcel(v *ledger.View, p floor.Parcel) (*parcel, error) {
	o, _, err := v.Order(p.Order)
	if err != nil {
		return nil, err
	}
	out := &parcel{
		ID: p.ID, Order: p.Order, State: p.State, Items: []item{}, Carrier: p.Carrier, Waybill: p.Waybill,
		SortCode: p.SortCode, Copies: p.Copies, Label: p.Label, Note: o.Note, Tags: o.Tags, Frozen: o.Freeze != nil,
	}
	if o.MergedBy != "" {
		out.Merged = o.Of
	}
	if mark := o.NoteMark(); mark != p.Read {
		out.Mark = mark
	}
	for _, r := range p.Why {
		out.Chosen = append(out.Chosen, Words{ZH: r.Say("zh"), EN: r.Say("en")})
	}
	if p.Weight != nil {
		out.Grams, out.Expected = &p.Weight.Grams, p.Weight.Expected
	}
	out.Stale = p.State == floor.ParcelIsSealed && p.Mark != "" && p.Mark != o.Token
	if p.Off != nil {
		out.Off = &offWeight{Grams: p.Off.Weight.Grams, Expected: p.Off.Weight.Expected, Tolerance: p.Off.Tolerance, Why: p.Off.Why}
	}
	if p.Box != "" {
		out.Box = &floor.Packaging{Code: p.Box, Name: p.Box, Grams: p.BoxGrams}
		for _, b := range x.srv.o.Foreman.Packagings() {
			if b.Code == p.Box {
				out.Box.Name = b.Name
			}
		}
	}
	for _, i := range p.Items {
		g, err := goodsOf(v, o, i.Line, i.SKU)
		if err != nil {
			return nil, err
		}
		l := o.Line(i.Line)
		out.Items = append(out.Items, item{ParcelItem: i, goods: g, Gift: l != nil && l.Gift})
	}
	return out, out.among(v, o)
}

// among says which of the order's parcels this is, and what goes into others.
func (p *parcel) among(v *ledger.View, o floor.Order) error {
	n := 0
	for _, id := range o.Parcels {
		other, _, err := v.Parcel(id)
		if err != nil {
			return err
		}
		if other.State != floor.ParcelIsVoid {
			n++
		}
		if id == p.ID {
			p.Piece = n
		}
	}
	for _, l := range o.Lines {
		if !l.Out {
			p.Rest += l.Qty - l.Packed
		}
	}
	for _, i := range p.Items {
		p.Rest -= i.Qty - i.Verified
	}
	if p.Piece == 1 && p.Rest == 0 && n <= 1 {
		p.Piece = 0 // the only one
	}
	return nil
}

// How much of the handover sheets a station's screen shows.
const (
	lastOnSheet = 8
	oldSheets   = 40 // looked through for signed ones
)

// sheets adds the handover sheet of each carrier.
func (x *session) sheets(v *ledger.View, s *snapshot) error {
	next, err := v.Next("sheet")
	if err != nil {
		return err
	}
	var signed []floor.Sheet
	err = v.Sheets(next-min(next, oldSheets), func(row floor.Sheet) bool {
		if !row.SignedAt.IsZero() {
			signed = append(signed, row)
		}
		return true
	})
	if err != nil {
		return err
	}
	var carriers []floor.CarrierID
	if x.srv.o.Hooks.Carriers != nil {
		carriers = x.srv.o.Hooks.Carriers()
	}
	for _, c := range carriers {
		out := sheet{Carrier: c}
		if x.srv.o.Hooks.CarrierName != nil {
			out.Name = x.srv.o.Hooks.CarrierName(c)
		}
		for i := len(signed) - 1; i >= 0 && len(out.Signed) < 3; i-- {
			if signed[i].Carrier == c {
				out.Signed = append(out.Signed, signed[i].ID)
			}
		}
		id, open, err := v.Sheet(c)
		if err != nil {
			return err
		}
		if open {
			if err := out.fill(v, id); err != nil {
				return err
			}
		}
		s.Sheets = append(s.Sheets, out)
	}
	return nil
}

func (s *sheet) fill(v *ledger.View, id floor.SheetID) error {
	row, _, err := v.SheetRow(id)
	if err != nil {
		return err
	}
	s.ID, s.Parcels, s.Grams = id, row.Parcels, row.Grams
	no := max(1, row.Parcels-lastOnSheet+1)
	err = v.OnSheet(id, no, func(l floor.SheetLine) bool {
		s.Last = append(s.Last, sheetLine{No: no, Parcel: l.Parcel, Waybill: l.Waybill})
		no++
		return true
	})
	slices.Reverse(s.Last)
	return err
}
