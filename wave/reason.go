package wave

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// A Code says why, without words. Codes are stored in the journal and never
// change their meaning.
type Code string

// Why a wave goes, and what it gains.
const (
	Urgent      Code = "urgent"       // orders
	Overdue     Code = "overdue"      // orders, minutes past the earliest ship-by
	DueSoon     Code = "due-soon"     // orders, minutes to the earliest ship-by
	CutOffSoon  Code = "cut-off-soon" // orders, minutes to the first collection, its carrier
	FullCart    Code = "full-cart"    // orders
	NothingFits Code = "nothing-fits" // orders, grams, stops
	EnoughFill  Code = "enough-fill"  // orders, least
	WaitedLong  Code = "waited-long"  // minutes of the oldest, limit
	SavesMetres Code = "saves-metres" // metres saved, metres one by one, metres together
	HotCompany  Code = "hot-company"  // bins that serve several of the orders
	JoinedWalk  Code = "joined-walk"  // order, metres more, metres of its own walk

	GoesBack      Code = "goes-back"      // orders
	WaitedPicker  Code = "waited-picker"  // orders, minutes of the one that waited longest
	WaitedCompany Code = "waited-company" // orders, minutes of the one that waited longest
)

// Which rule chose the kind of wave; its name.
const (
	KindUsual     Code = "kind-usual" // no rule has the orders
	KindCluster   Code = "kind-cluster"
	KindWall      Code = "kind-wall"
	KindSingle    Code = "kind-single"
	KindIdentical Code = "kind-identical"
	KindByOrder   Code = "kind-order"
)

// Why a bin is filled up.
const RunsEmpty Code = "runs-empty" // bin, pieces it has, pieces that orders wait for, pieces expected soon, in so many hours

// Why an order waits.
const (
	WaitCompany Code = "wait-company" // orders, least, minutes left at most
	NoPicker    Code = "no-picker"    // waves that go first
	Stopped     Code = "stopped"      //
	BadRules    Code = "bad-rules"    // the error
)

// Why an order is set aside.
const (
	NoLines       Code = "no-lines"       //
	BadLine       Code = "bad-line"       // line, SKU
	NotAllocated  Code = "not-allocated"  // line, SKU
	InReserve     Code = "in-reserve"     // line, SKU
	TooOld        Code = "too-old"        // line, SKU
	BeyondQuota   Code = "beyond-quota"   // line, SKU
	SKUIsStopped  Code = "sku-stopped"    // line, SKU
	UnknownBin    Code = "unknown-bin"    // bin
	BinUnplaced   Code = "bin-unplaced"   // bin
	BinBlocked    Code = "bin-blocked"    // bin
	TooHeavy      Code = "too-heavy"      // grams, limit
	TooLarge      Code = "too-large"      // millilitres, limit
	TooManyLines  Code = "too-many-lines" // stops, limit
	TwiceInList   Code = "twice-in-list"  //
	NoLayoutGiven Code = "no-layout"      //
)

// A Reason is a code with what it is about, so that it can be stored once and
// read in any language.
type Reason struct {
	Code Code     `json:"code"`
	Args []string `json:"args,omitempty"`
}

// ReasonOf gives the reason that a fact has kept.
func ReasonOf(r floor.Reason) Reason { return Reason{Code(r.Code), r.Args} }

// Kept is the reason as a fact keeps it.
func (r Reason) Kept() floor.Reason { return floor.Reason{Code: string(r.Code), Args: r.Args} }

// because makes a reason of a code and its arguments.
func because(c Code, args ...any) Reason {
	r := Reason{Code: c}
	for _, a := range args {
		switch a := a.(type) {
		case Metres:
			r.Args = append(r.Args, strconv.FormatFloat(float64(a), 'f', 0, 64))
		case floor.Grams:
			r.Args = append(r.Args, strconv.FormatInt(int64(a), 10))
		default:
			r.Args = append(r.Args, fmt.Sprint(a))
		}
	}
	return r
}

// Waited says that so many orders of a wave had waited before, the longest so long,
// for what code says; zero for a code that says no such thing.
func Waited(code Code, orders int, longest time.Duration) Reason {
	switch code {
	case NoPicker:
		return because(WaitedPicker, orders, minutes(longest))
	case WaitCompany:
		return because(WaitedCompany, orders, minutes(longest))
	}
	return Reason{}
}

// Text says the reason in one sentence, in English for "en" and in Chinese for
// everything else. A code this version does not know is shown as it is.
func (r Reason) Text(lang string) string {
	m, known := messages[r.Code]
	if !known {
		return strings.Join(append([]string{string(r.Code)}, r.Args...), " ")
	}
	text := m.zh
	if lang == "en" || strings.HasPrefix(lang, "en-") {
		text = m.en
	}
	for i, a := range r.Args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", a)
	}
	return text
}

type message struct{ zh, en string }

// messages is the catalogue; {n} is the n-th argument of the reason.
var messages = map[Code]message{
	Urgent:        {"含 {0} 个加急订单", "{0} urgent orders"},
	Overdue:       {"{0} 单已过最晚发货时间，最久的已过 {1} 分钟", "{0} orders are past their ship-by, the worst by {1} min"},
	DueSoon:       {"{0} 单临近最晚发货，最急的还剩 {1} 分钟", "{0} orders are due soon, the first in {1} min"},
	CutOffSoon:    {"{0} 单要赶承运商揽收，最急的 {2} 还有 {1} 分钟截单", "{0} orders must make a collection, the first ({2}) in {1} min"},
	JoinedWalk:    {"{0} 顺路加入，多走 {1} 米（单独走要 {2} 米）", "{0} joined on the way: {1} m more, {2} m by itself"},
	GoesBack:      {"订单 {0} 已关闭，把拣到的货放回库位", "{0} is closed: what was picked goes back to its bins"},
	WaitedPicker:  {"此前 {0} 单在等空闲拣货员，最久 {1} 分钟", "{0} orders had waited for a free picker, {1} min at most"},
	WaitedCompany: {"此前 {0} 单在等同行订单凑波，最久 {1} 分钟", "{0} orders had waited for company, {1} min at most"},
	FullCart:      {"拣货车已装满 {0} 单", "the cart is full with {0} orders"},
	NothingFits:   {"其余订单已装不下（现有 {0} 单、{1} 克、{2} 个拣货点）", "no other order fits ({0} orders, {1} g, {2} stops so far)"},
	EnoughFill:    {"已凑够 {0} 单（起步 {1} 单）", "{0} orders together, {1} are enough to go"},
	WaitedLong:    {"最早的订单已等 {0} 分钟（上限 {1} 分钟）", "the oldest order has waited {0} min, the limit is {1} min"},
	SavesMetres:   {"合走一趟少走 {0} 米（逐单走 {1} 米，合走 {2} 米）", "one walk saves {0} m ({1} m one by one, {2} m together)"},
	HotCompany:    {"{0} 个库位一次停留供多单", "{0} bins serve several orders at one stop"},

	KindUsual:     {"没有规则命中，按默认边拣边分", "no rule has these orders: sorted while picking, as usual"},
	KindCluster:   {"按规则「{0}」边拣边分", "sorted while picking, by the rule {0}"},
	KindWall:      {"按规则「{0}」先拣后分，上播种墙", "picked as totals and sorted at the put wall, by the rule {0}"},
	KindSingle:    {"按规则「{0}」单品合拣，不用分拣，可先打面单", "single pieces together, nothing to sort, labels may come first, by the rule {0}"},
	KindIdentical: {"按规则「{0}」爆款合拣，每单都一样，可先打面单", "orders all alike together, labels may come first, by the rule {0}"},
	KindByOrder:   {"按规则「{0}」摘果，一单一趟", "one order a walk, by the rule {0}"},

	RunsEmpty: {"{0} 只剩 {1} 件可用，等货订单要 {2} 件，{4} 小时内预计还要 {3} 件", "{0} has {1} pieces left; orders wait for {2}, and {3} more are expected within {4} h"},

	WaitCompany: {"目前只有 {0} 单同行，起步 {1} 单，最多再等 {2} 分钟", "only {0} orders together, {1} are needed; goes in {2} min at the latest"},
	NoPicker:    {"没有空闲拣货员（{0} 个更急的波次先走）", "no picker is free ({0} more pressing waves go first)"},
	Stopped:     {"本次计算提前结束，下次再排", "planning was cut short; the order is planned next time"},
	BadRules:    {"波次规则无法执行，请修改设置：{0}", "the wave rules cannot be followed, correct the settings: {0}"},

	NoLines:       {"订单没有明细，请核对订单", "the order has no lines; check the order"},
	BadLine:       {"第 {0} 行（{1}）的数量或重量不合理，请核对订单和商品资料", "line {0} ({1}) has an impossible quantity or weight; check the order and the item"},
	NotAllocated:  {"第 {0} 行（{1}）还没有分到库位，请补货或调拨", "line {0} ({1}) has no bin; replenish or move stock"},
	InReserve:     {"第 {0} 行（{1}）在备货位，补货到拣货位后再排", "line {0} ({1}) lies in a reserve bin; it goes once that was brought to its pick bin"},
	TooOld:        {"第 {0} 行（{1}）剩余效期不够，请补新货或改效期要求", "line {0} ({1}) is not good for long enough; bring fresh goods or change min_days"},
	BeyondQuota:   {"第 {0} 行（{1}）超出本渠道配额，请调整配额", "line {0} ({1}) is beyond the channel's quota; change the quota"},
	SKUIsStopped:  {"第 {0} 行（{1}）短时间缺货太多已停止占用，请核对库存后恢复", "line {0} ({1}) is stopped after too many shorts; check the stock and resume it"},
	UnknownBin:    {"库位 {0} 不在库位表中，请补录", "bin {0} is not on the floor plan; add it"},
	BinUnplaced:   {"库位 {0} 没有坐标，请在库位表中补上", "bin {0} has no coordinates; add them to the bin list"},
	BinBlocked:    {"库位 {0} 所在通道封闭，走不到，请解除封闭或换库位", "bin {0} lies in a blocked aisle; open the aisle or move the stock"},
	TooHeavy:      {"订单重 {0} 克，超过一车上限 {1} 克，请拆单或单独拣货", "the order weighs {0} g, a cart takes {1} g; split it or pick it alone"},
	TooLarge:      {"订单体积 {0} 毫升，超过一车上限 {1} 毫升，请拆单或单独拣货", "the order takes {0} ml, a cart holds {1} ml; split it or pick it alone"},
	TooManyLines:  {"订单有 {0} 个拣货点，超过一车上限 {1} 个，请拆单或单独拣货", "the order has {0} stops, a walk takes {1}; split it or pick it alone"},
	TwiceInList:   {"订单号重复出现，请核对后只保留一份", "the order is listed twice; keep one"},
	NoLayoutGiven: {"还没有库区平面图，请先导入库位坐标", "there is no floor plan yet; import the bins with their coordinates"},
}
