package pda

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// A verb is one thing that a handheld can ask for.
type verb struct {
	screens string // of the devices that may: "pda", "station", "board", or several
	slow    bool   // may wait for a device: it must not hold up the others
	do      func(context.Context, *session, foreman.By, []byte) (any, ledger.Receipt, error)
}

// verbs is all that handhelds can ask for.
var verbs = map[string]verb{
	"login":     {screens: "pda station board", do: with((*session).login)},
	"logout":    {screens: "pda station board", do: merely((*session).logout)},
	"take":      {screens: "pda", do: with((*session).take)},
	"bind":      {screens: "pda", do: merely((*session).bind)},
	"pick":      {screens: "pda", do: merely((*session).pick)},
	"put-back":  {screens: "pda", do: merely((*session).putBack)},
	"carry":     {screens: "pda", do: merely((*session).carry)},
	"short":     {screens: "pda", do: merely((*session).short)},
	"skip":      {screens: "pda", do: merely((*session).skip)},
	"cart":      {screens: "pda", do: merely((*session).cart)},
	"full":      {screens: "pda", do: merely((*session).full)},
	"checked":   {screens: "pda", do: merely((*session).checked)},
	"wall":      {screens: "pda", do: merely((*session).wall)},
	"put":       {screens: "pda", do: merely((*session).putIn)},
	"mis-scan":  {screens: "pda", do: merely((*session).misScan)},
	"open":      {screens: "station", do: with((*session).open)},
	"verify":    {screens: "station", do: merely((*session).verify)},
	"read":      {screens: "station", do: merely((*session).readNote)},
	"box":       {screens: "station", do: merely((*session).box)},
	"park":      {screens: "station", do: merely((*session).park)},
	"split":     {screens: "station", do: merely((*session).split)},
	"weigh":     {screens: "station", slow: true, do: with((*session).weigh)},
	"pass":      {screens: "station", do: merely((*session).pass)},
	"seal":      {screens: "station", do: merely((*session).seal)},
	"reprint":   {screens: "station board", do: merely((*session).reprint)},
	"renew":     {screens: "station board", do: merely((*session).renew)},
	"redo":      {screens: "station", do: merely((*session).redo)},
	"run":       {screens: "station", do: with((*session).printFirst)},
	"pulled":    {screens: "station", do: with((*session).pulled)},
	"fuse":      {screens: "station board", do: merely((*session).fuse)},
	"doubt":     {screens: "station", do: merely((*session).doubt)},
	"by-hand":   {screens: "board", do: merely((*session).byHand)},
	"hand-over": {screens: "pda station", do: merely((*session).handOver)},
	"destroyed": {screens: "station", do: merely((*session).destroyed)},
	"station":   {screens: "station", do: merely((*session).station)},
	"sign":      {screens: "station", do: merely((*session).sign)},
	"shown":     {screens: "pda station", do: merely((*session).shown)},
	"answer":    {screens: "pda station board", do: merely((*session).answer)},
	"freeze":    {screens: "board", do: merely((*session).freeze)},
	"thaw":      {screens: "pda board", do: merely((*session).thaw)},
	"unhold":    {screens: "board", do: merely((*session).unhold)},
	"close":     {screens: "pda board", do: merely((*session).close)},
}

// with decodes the arguments strictly before do sees them.
func with[A any](do func(*session, context.Context, foreman.By, A) (any, ledger.Receipt, error)) func(context.Context, *session, foreman.By, []byte) (any, ledger.Receipt, error) {
	return func(ctx context.Context, s *session, by foreman.By, args []byte) (any, ledger.Receipt, error) {
		var a A
		if len(args) == 0 {
			args = []byte("{}")
		}
		if err := decode(args, &a); err != nil {
			return nil, ledger.Receipt{}, badArgs(err)
		}
		return do(s, ctx, by, a)
	}
}

// merely is with for acts whose answer says no more than that they count.
func merely[A any](do func(*session, context.Context, foreman.By, A) (ledger.Receipt, error)) func(context.Context, *session, foreman.By, []byte) (any, ledger.Receipt, error) {
	return with(func(x *session, ctx context.Context, by foreman.By, a A) (any, ledger.Receipt, error) {
		r, err := do(x, ctx, by, a)
		return nil, r, err
	})
}

func badArgs(err error) *floor.Refusal { return floor.Refuse("bad-args", "what", err) }

// The arguments of the verbs.
type (
	noArgs    struct{}
	loginArgs struct {
		Badge string `json:"badge"`
	}
	takeArgs struct {
		Wave floor.WaveID `json:"wave,omitempty"` // empty: whatever waits longest
	}
	cartArgs struct {
		Task floor.TaskID `json:"task"`
		Cart string       `json:"cart"`
	}
	slotArgs struct {
		Task floor.TaskID `json:"task"`
		Slot int          `json:"slot"`
	}
	checkedArgs struct {
		Task  floor.TaskID `json:"task"`
		Stop  int          `json:"stop"`
		Empty bool         `json:"empty"`
	}
	wallArgs struct {
		Task floor.TaskID `json:"task"`
		Wall floor.WallID `json:"wall"`
	}
	putArgs struct {
		Task floor.TaskID `json:"task"`
		Stop int          `json:"stop"`
		Code string       `json:"code"`
		Qty  int          `json:"qty"`
		Slot floor.ToteID `json:"slot"`
	}
	bindArgs struct {
		Task floor.TaskID `json:"task"`
		Slot int          `json:"slot"`
		Tote floor.ToteID `json:"tote"`

		Order floor.OrderID `json:"order,omitempty"` // that the screen has in the slot
	}
	pickArgs struct {
		Task floor.TaskID `json:"task"`
		Stop int          `json:"stop"`
		Bin  floor.BinID  `json:"bin"`
		Code string       `json:"code"`
		Qty  int          `json:"qty"`
		Tote floor.ToteID `json:"tote,omitempty"`
		floor.Pieces
	}
	stopArgs struct {
		Task floor.TaskID `json:"task"`
		Stop int          `json:"stop"`
	}
	shortArgs struct {
		Task floor.TaskID `json:"task"`
		Stop int          `json:"stop"`
		Why  string       `json:"why"`
	}
	openArgs struct {
		Code string `json:"code"`
	}
	verifyArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Code   string         `json:"code"`
		Qty    int            `json:"qty"`
	}
	weighArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Grams  *floor.Grams   `json:"grams,omitempty"` // typed, where the scale is dead
		Badge  string         `json:"badge,omitempty"` // of the lead who agrees to that
	}
	readArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Mark   string         `json:"mark"`
	}
	boxArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Code   string         `json:"code"`
	}
	passArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Reason string         `json:"reason"`
		Badge  string         `json:"badge,omitempty"` // of the lead who agrees, if that is not who asks
	}
	parcelArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
	}
	reprintArgs struct {
		Parcel floor.ParcelID `json:"parcel"`
		Reason string         `json:"reason"`
	}
	runArgs struct {
		Wave floor.WaveID `json:"wave"`
	}
	pulledArgs struct {
		Run    string `json:"run"`
		Sheets []int  `json:"sheets"`
	}
	fuseArgs struct {
		Fuse string `json:"fuse"`
	}
	doubtArgs struct {
		Effect floor.EffectID `json:"effect"`
		Answer string         `json:"answer"`
	}
	byHandArgs struct {
		Effect floor.EffectID `json:"effect"`
	}
	handOverArgs struct {
		Carrier floor.CarrierID `json:"carrier"`
		Code    string          `json:"code"`
	}
	stationArgs struct {
		Station floor.StationID `json:"station"`
	}
	signArgs struct {
		Sheet  floor.SheetID `json:"sheet"`
		Count  int           `json:"count"` // what the screen showed
		Driver string        `json:"driver"`
		Ink    floor.Ink     `json:"ink,omitempty"`
	}
	interceptArgs struct {
		Intercept string `json:"intercept"`
	}
	answerArgs struct {
		Intercept string `json:"intercept"`
		Text      string `json:"text"`
	}
	orderArgs struct {
		Order floor.OrderID `json:"order"`
	}
	closeArgs struct {
		Order floor.OrderID `json:"order"`
		Why   string        `json:"why"`
	}
)

// login says, beside who it is, which device the person comes from: as left if that is
// not online, for what was scanned there and not sent is still to come, else as from.
func (x *session) login(ctx context.Context, by foreman.By, a loginArgs) (any, ledger.Receipt, error) {
	p, left, err := x.srv.o.Foreman.Login(ctx, by, a.Badge)
	said := map[string]any{"person": p.ID, "name": p.Name}
	switch {
	case left == "" || left == x.device.ID:
	case x.srv.Online(left):
		said["from"] = left
	default:
		said["left"] = left
	}
	return said, ledger.Receipt{}, err
}

func (x *session) logout(ctx context.Context, by foreman.By, _ noArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Logout(ctx, by)
}

func (x *session) take(ctx context.Context, by foreman.By, a takeArgs) (any, ledger.Receipt, error) {
	t, err := x.srv.o.Foreman.Take(ctx, by, a.Wave)
	return map[string]any{"task": t}, ledger.Receipt{}, err
}

func (x *session) bind(ctx context.Context, by foreman.By, a bindArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.BindFor(ctx, by, a.Task, a.Slot, a.Tote, a.Order)
}

func (x *session) pick(ctx context.Context, by foreman.By, a pickArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Pick(ctx, by, foreman.PickScan(a))
}

func (x *session) putBack(ctx context.Context, by foreman.By, a pickArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.PutBack(ctx, by, foreman.PickScan(a))
}

func (x *session) carry(ctx context.Context, by foreman.By, a pickArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Carry(ctx, by, foreman.PickScan(a))
}

func (x *session) short(ctx context.Context, by foreman.By, a shortArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Short(ctx, by, a.Task, a.Stop, a.Why)
}

func (x *session) skip(ctx context.Context, by foreman.By, a stopArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Skip(ctx, by, a.Task, a.Stop)
}

func (x *session) cart(ctx context.Context, by foreman.By, a cartArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.BindCart(ctx, by, a.Task, a.Cart)
}

func (x *session) full(ctx context.Context, by foreman.By, a slotArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Full(ctx, by, a.Task, a.Slot)
}

func (x *session) checked(ctx context.Context, by foreman.By, a checkedArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.CheckBin(ctx, by, a.Task, a.Stop, a.Empty)
}

func (x *session) wall(ctx context.Context, by foreman.By, a wallArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.UseWall(ctx, by, a.Task, a.Wall)
}

func (x *session) putIn(ctx context.Context, by foreman.By, a putArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Put(ctx, by, foreman.PutScan(a))
}

// misScan tells of a scan that the handheld refused by itself.
func (x *session) misScan(ctx context.Context, by foreman.By, a foreman.WrongScan) (ledger.Receipt, error) {
	return x.srv.o.Foreman.NoteRefused(ctx, by, a)
}

// wrong keeps a scan that was refused here, once its answer is on the way. What the
// act was about is in its arguments.
func (x *session) wrong(a act, answer any) {
	no, ok := answer.(refused)
	if !ok {
		return
	}
	var args struct {
		Task   floor.TaskID   `json:"task"`
		Stop   int            `json:"stop"`
		Parcel floor.ParcelID `json:"parcel"`
		Code   string         `json:"code"`
	}
	by, err := x.by(a)
	if err != nil || json.Unmarshal(a.Args, &args) != nil {
		return
	}
	by.Key += "/refused"
	w := foreman.WrongScan{Act: a.Verb, Code: no.Code, Task: args.Task, Stop: args.Stop, Parcel: args.Parcel}
	if a.Verb == "hand-over" {
		w.Scan = args.Code
	}
	if _, err := x.srv.o.Foreman.NoteRefused(x.ctx, by, w); err != nil && x.ctx.Err() == nil {
		x.srv.o.Log.Warn("wrong scan not kept", "device", x.device.ID, "key", by.Key, "err", err)
	}
}

func (x *session) open(ctx context.Context, by foreman.By, a openArgs) (any, ledger.Receipt, error) {
	p, err := x.srv.o.Foreman.OpenParcel(ctx, by, x.device.Station, a.Code)
	return map[string]any{"parcel": p}, ledger.Receipt{}, err
}

func (x *session) verify(ctx context.Context, by foreman.By, a verifyArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Verify(ctx, by, a.Parcel, a.Code, a.Qty)
}

// weighWithin is how long a packer waits for the scale; the page waits longer.
const weighWithin = 8 * time.Second

func (x *session) readNote(ctx context.Context, by foreman.By, a readArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.ReadNote(ctx, by, a.Parcel, a.Mark)
}

func (x *session) box(ctx context.Context, by foreman.By, a boxArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Box(ctx, by, a.Parcel, a.Code)
}

func (x *session) park(ctx context.Context, by foreman.By, a parcelArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Park(ctx, by, a.Parcel)
}

func (x *session) split(ctx context.Context, by foreman.By, a parcelArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Split(ctx, by, a.Parcel)
}

// weigh takes the weight from the scale of this station. A weight in the message
// itself is one that was read from another scale, and needs a lead.
func (x *session) weigh(ctx context.Context, by foreman.By, a weighArgs) (any, ledger.Receipt, error) {
	if a.Grams != nil {
		r, err := x.srv.o.Foreman.TypeWeight(ctx, by, a.Parcel, *a.Grams, a.Badge)
		return weighed{Grams: *a.Grams}, r, err
	}
	w, err := x.weight(ctx, by.Key)
	if err != nil {
		return nil, ledger.Receipt{}, err
	}
	r, err := x.srv.o.Foreman.Weigh(ctx, by, a.Parcel, w)
	out := weighed{Grams: w.Grams}
	for _, e := range r.Events {
		_, missed := e.Fact.(floor.WeightMissed)
		out.Off = out.Off || missed
	}
	return out, r, err
}

// weighed is the answer to a weighing.
type weighed struct {
	Grams floor.Grams `json:"grams"`
	Off   bool        `json:"off,omitzero"` // outside the tolerance: the parcel is not weighed yet
}

func (x *session) pass(ctx context.Context, by foreman.By, a passArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.PassWeight(ctx, by, a.Parcel, a.Reason, a.Badge)
}

// weight takes a weight once for a key: an act that is sent again after its
// answer was lost must not wait for the pan to be emptied and loaded anew.
func (x *session) weight(ctx context.Context, key string) (floor.Weight, error) {
	if w, ok := x.srv.scans.of(x.device.ID, key); ok {
		return w, nil
	}
	take := x.srv.o.Hooks.TakeWeight
	if take == nil {
		return floor.Weight{}, floor.Refuse("no-scale")
	}
	ctx, cancel := context.WithTimeout(ctx, weighWithin)
	defer cancel()
	w, err := take(ctx, x.device.Station)
	if errors.Is(err, context.DeadlineExceeded) {
		err = floor.Refuse("no-scale")
	}
	if err == nil {
		x.srv.scans.keep(x.device.ID, key, w)
	}
	return w, err
}

func (x *session) seal(ctx context.Context, by foreman.By, a parcelArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Seal(ctx, by, a.Parcel)
}

func (x *session) reprint(ctx context.Context, by foreman.By, a reprintArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Reprint(ctx, by, a.Parcel, a.Reason)
}

func (x *session) renew(ctx context.Context, by foreman.By, a reprintArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Renew(ctx, by, a.Parcel, a.Reason)
}

func (x *session) redo(ctx context.Context, by foreman.By, a reprintArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Redo(ctx, by, x.device.Station, a.Parcel, a.Reason)
}

// printFirst prints the labels of a wave before its orders are packed.
func (x *session) printFirst(ctx context.Context, by foreman.By, a runArgs) (any, ledger.Receipt, error) {
	r, err := x.srv.o.Foreman.PrintFirst(ctx, by, a.Wave, x.device.Station)
	return map[string]any{"run": r.ID, "sheets": r.Of}, ledger.Receipt{}, err
}

func (x *session) pulled(ctx context.Context, by foreman.By, a pulledArgs) (any, ledger.Receipt, error) {
	if len(a.Sheets) > foreman.MaxSheets {
		return nil, ledger.Receipt{}, floor.Refuse("bad-args", "what", "too many sheets")
	}
	r, err := x.srv.o.Foreman.Pulled(ctx, by, a.Run, a.Sheets)
	return nil, r, err
}

// fuse closes a fuse by the person's word.
func (x *session) fuse(ctx context.Context, by foreman.By, a fuseArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.CloseFuse(ctx, by, a.Fuse)
}

func (x *session) doubt(ctx context.Context, by foreman.By, a doubtArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.AnswerDoubt(ctx, by, a.Effect, a.Answer)
}

func (x *session) byHand(ctx context.Context, by foreman.By, a byHandArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.DoneByHand(ctx, by, a.Effect)
}

func (x *session) handOver(ctx context.Context, by foreman.By, a handOverArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.HandOver(ctx, by, a.Carrier, a.Code)
}

func (x *session) destroyed(ctx context.Context, by foreman.By, a openArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Destroyed(ctx, by, a.Code)
}

func (x *session) station(ctx context.Context, by foreman.By, a stationArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.StationAt(ctx, by, a.Station)
}

func (x *session) sign(ctx context.Context, by foreman.By, a signArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.SignSheet(ctx, by, a.Sheet, a.Count, a.Driver, a.Ink)
}

func (x *session) shown(ctx context.Context, by foreman.By, a interceptArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Shown(ctx, by, a.Intercept)
}

func (x *session) answer(ctx context.Context, by foreman.By, a answerArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Answer(ctx, by, a.Intercept, a.Text)
}

func (x *session) freeze(ctx context.Context, by foreman.By, a orderArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Freeze(ctx, by, a.Order, floor.FreezeLead)
}

func (x *session) thaw(ctx context.Context, by foreman.By, a orderArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Thaw(ctx, by, a.Order)
}

func (x *session) unhold(ctx context.Context, by foreman.By, a orderArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Unhold(ctx, by, a.Order)
}

func (x *session) close(ctx context.Context, by foreman.By, a closeArgs) (ledger.Receipt, error) {
	return x.srv.o.Foreman.Close(ctx, by, a.Order, a.Why)
}
