package csv

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"floord/floor"
	"floord/sync/channel/channelmap"
)

// A field is what a column can hold.
type field string

const (
	number     field = "number"
	sku        field = "sku"
	qty        field = "qty"
	item       field = "item"
	spec       field = "spec"
	gift       field = "gift"
	name       field = "name"
	phone      field = "phone"
	province   field = "province"
	city       field = "city"
	district   field = "district"
	address    field = "address"
	paid       field = "paid"
	paidAt     field = "paid_at"
	shipBy     field = "ship_by"
	modified   field = "modified"
	state      field = "state"
	buyerNote  field = "buyer_note"
	sellerNote field = "seller_note"
)

// needed are the columns without which there is no order.
var needed = []field{number, sku, qty, name, phone, address}

// names says what each column may be called. The first two are what messages
// call it, in Chinese and in English.
var names = map[field][]string{
	number:     {"订单号", "order no", "订单编号", "主订单编号", "子订单编号", "单号", "order number", "order id", "order"},
	sku:        {"商品编码", "sku", "商家编码", "规格编码", "货号", "外部编码", "商品sku", "sku code", "item code"},
	qty:        {"数量", "qty", "商品数量", "件数", "quantity", "count"},
	item:       {"商品名称", "item", "商品", "品名", "宝贝标题", "item name", "product", "product name"},
	spec:       {"规格", "spec", "商品规格", "颜色尺码", "销售属性", "specification", "variant"},
	gift:       {"赠品", "gift", "是否赠品", "is gift"},
	name:       {"姓名", "name", "收件人", "收货人", "收件人姓名", "收货人姓名", "recipient", "receiver", "consignee", "customer"},
	phone:      {"电话", "phone", "手机", "手机号", "联系电话", "联系手机", "收件人电话", "收货人电话", "收件人手机", "mobile", "telephone", "tel"},
	province:   {"省", "province", "省份", "state/province"},
	city:       {"市", "city", "城市"},
	district:   {"区", "district", "区县", "县", "county"},
	address:    {"地址", "address", "收货地址", "收件地址", "详细地址", "收件人地址", "street"},
	paid:       {"实付", "paid", "实付金额", "金额", "支付金额", "付款金额", "买家实付", "amount", "total", "pay amount"},
	paidAt:     {"付款时间", "paid at", "支付时间", "pay time", "payment time"},
	shipBy:     {"最晚发货", "ship by", "最晚发货时间", "发货截止", "承诺发货时间", "deadline"},
	modified:   {"修改时间", "modified", "更新时间", "updated", "updated at", "last modified"},
	state:      {"状态", "status", "订单状态", "state", "order status"},
	buyerNote:  {"买家留言", "note", "留言", "备注", "买家备注", "buyer note", "message", "remark"},
	sellerNote: {"卖家备注", "seller note", "商家备注", "客服备注", "seller memo", "memo"},
}

var byName = func() map[string]field {
	m := map[string]field{}
	for f, all := range names {
		for _, n := range all {
			if m[plainHeader(n)] != "" {
				panic("csv: header " + n + " is listed twice")
			}
			m[plainHeader(n)] = f
		}
	}
	return m
}()

func fieldOf(header string) field { return byName[plainHeader(header)] }

// plainHeader takes case, blanks, marks and a unit in brackets away.
func plainHeader(s string) string {
	if i := strings.IndexAny(s, "(（"); i > 0 {
		s = s[:i]
	}
	return strings.ToLower(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || strings.ContainsRune("_-*:：/.", c) {
			return -1
		}
		return c
	}, s))
}

// An order is one order of the file while its rows come in.
type order struct {
	number string
	bad    bool
	rows   []map[field]string // the cells, for Raw and Content
	head   map[field]string   // what its first row says of the whole order
	out    floor.ShopOrder
}

// ofOrder are the fields that all rows of an order share. A later row may leave
// them blank; it may not say otherwise.
var ofOrder = []field{name, phone, province, city, district, address, paid, paidAt, shipBy, modified, state, buyerNote, sellerNote}

// line reads one row.
func (t *table) line(cells []string) {
	row := map[field]string{}
	for i, c := range cells {
		if i < len(t.fields) && t.fields[i] != "" {
			if c = cell(c); c != "" {
				row[t.fields[i]] = c
			}
		}
	}
	o := t.order(row)
	if len(cells) > len(t.headers) {
		t.wrong(o, "", fmt.Sprintf("有 %d 个单元格,表头只有 %d 列。", len(cells), len(t.headers)),
			fmt.Sprintf("the row has %d cells, the header %d columns", len(cells), len(t.headers)))
	}
	o.rows = append(o.rows, row)
	t.item(o, row)
	if len(o.rows) == 1 {
		o.head = row
		t.head(o, row)
		return
	}
	for _, f := range ofOrder {
		if row[f] != "" && row[f] != o.head[f] {
			t.wrong(o, f, "与该订单第一行不一致。请改成相同或留空。", "it differs from the order's first row; make it the same or leave it blank")
		}
	}
}

// order gives the order of a row. A row without a usable number is an order of
// its own, so that it spoils no other.
func (t *table) order(row map[field]string) *order {
	n := row[number]
	key := n
	if !plain(n) {
		key = fmt.Sprintf("\x00%d", t.row)
	}
	o := t.orders[key]
	if o == nil {
		o = &order{number: n}
		t.orders[key] = o
		t.listed = append(t.listed, o)
	}
	switch {
	case n == "":
		t.wrong(o, number, "缺少订单号。", "the order number is missing")
	case mangled(n):
		t.wrong(o, number, "订单号被表格软件改成了科学计数。请把该列设为文本后重新导出。", "a spreadsheet has turned the number into an exponent; make the column text and export again")
	case !plain(n):
		t.wrong(o, number, "订单号只能是 1 至 64 个英文字母、数字或符号。", "an order number is 1 to 64 letters, digits or marks of ASCII")
	}
	return o
}

// item reads the row's part: one line of the order.
func (t *table) item(o *order, row map[field]string) {
	if !plain(row[sku]) {
		t.wrong(o, sku, "商品编码缺失或含有非英文字符(最多 64 个)。", "the SKU is missing, or not 1 to 64 characters of ASCII")
	} else if mangled(row[sku]) {
		t.wrong(o, sku, "商品编码被表格软件改成了科学计数。请把该列设为文本后重新导出。", "a spreadsheet has turned the SKU into an exponent; make the column text and export again")
	}
	n, err := strconv.Atoi(strings.TrimSuffix(row[qty], ".0"))
	if err != nil || n < 1 || n > 100_000 {
		t.wrong(o, qty, "数量应为 1 至 100000 的整数。", "the quantity is a whole number from 1 to 100000")
	}
	given, ok := yes[strings.ToLower(row[gift])]
	if !ok {
		t.wrong(o, gift, "赠品列只能填“是”或“否”。", "gift is yes or no")
	}
	if len(o.out.Lines) == 500 {
		t.wrong(o, number, "一个订单最多 500 行。", "an order has at most 500 rows")
	}
	if len(o.out.Lines) < 500 {
		o.out.Lines = append(o.out.Lines, floor.ShopLine{SKU: floor.SKU(row[sku]), Qty: n, Name: row[item], Spec: row[spec], Gift: given})
	}
}

var yes = map[string]bool{"": false, "否": false, "no": false, "n": false, "0": false, "false": false,
	"是": true, "yes": true, "y": true, "1": true, "true": true, "赠品": true, "√": true}

var states = map[string]floor.ShopState{
	"": floor.ShopPaid, "已付款": floor.ShopPaid, "待发货": floor.ShopPaid, "paid": floor.ShopPaid, "processing": floor.ShopPaid,
	"未付款": floor.ShopUnpaid, "待付款": floor.ShopUnpaid, "unpaid": floor.ShopUnpaid, "pending": floor.ShopUnpaid,
	"已发货": floor.ShopShipped, "shipped": floor.ShopShipped, "已签收": floor.ShopSigned, "signed": floor.ShopSigned,
	"已取消": floor.ShopCancelled, "已关闭": floor.ShopCancelled, "交易关闭": floor.ShopCancelled, "cancelled": floor.ShopCancelled, "canceled": floor.ShopCancelled,
}

// head reads what the first row says of the whole order.
func (t *table) head(o *order, row map[field]string) {
	s, ok := states[strings.ToLower(row[state])]
	if !ok {
		t.wrong(o, state, "看不懂的状态。可填:待发货、未付款、已发货、已取消。", "the status is none of paid, unpaid, shipped, cancelled")
	}
	o.out.Channel, o.out.Number, o.out.State = t.channel, o.number, s
	o.out.ModifiedAt = t.at
	if at := t.time(o, row, modified); !at.IsZero() {
		o.out.ModifiedAt = at
	}
	o.out.PaidAt, o.out.ShipBy = t.time(o, row, paidAt), t.time(o, row, shipBy)
	if row[paid] != "" {
		amount := strings.NewReplacer("¥", "", "￥", "", ",", "", "元", "").Replace(row[paid])
		pay, err := channelmap.Yuan(strings.TrimSpace(amount))
		if err != nil || pay < 0 {
			t.wrong(o, paid, "金额应为元,最多两位小数。", "the amount is in yuan with at most two decimals")
		}
		o.out.Pay = pay
	}
	for _, f := range []field{name, phone, address} {
		if row[f] == "" {
			t.wrong(o, f, fmt.Sprintf("缺少%s。", names[f][0]), fmt.Sprintf("the %s is missing", names[f][1]))
		}
	}
	if row[phone] != "" && !dialable(row[phone]) {
		t.wrong(o, phone, "电话应为 5 至 20 位数字,可带 + - 或分机号。", "a phone number has 5 to 20 digits and perhaps + - or an extension")
	}
	o.out.To = floor.Recipient{Name: row[name], Phone: row[phone], Province: row[province], City: row[city], District: row[district], Detail: row[address]}
	o.out.BuyerNote, o.out.SellerNote = row[buyerNote], row[sellerNote]
	if o.out.BuyerNote != "" {
		o.out.Flags = []string{"buyer_message"}
	}
}

var china = time.FixedZone("GMT+8", 8*3600)

// layouts are the ways times are written, the strictest first. Months and days
// may lack their zero, as spreadsheets write them.
var layouts = []string{time.RFC3339, "2006-1-2 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006-1-2T15:04:05", "2006年1月2日 15:04"}

func (t *table) time(o *order, row map[field]string, f field) time.Time {
	if row[f] == "" {
		return time.Time{}
	}
	for _, l := range layouts {
		if at, err := time.ParseInLocation(l, row[f], china); err == nil && at.Year() > 2000 && at.Year() < 2200 {
			return at.UTC()
		}
	}
	// A day without an hour ends with it: a promise for the 3rd is kept on the 3rd.
	for _, l := range []string{"2006-1-2", "2006/1/2", "2006年1月2日"} {
		if at, err := time.ParseInLocation(l, row[f], china); err == nil && at.Year() > 2000 && at.Year() < 2200 {
			if f == shipBy {
				at = at.Add(24*time.Hour - time.Second)
			}
			return at.UTC()
		}
	}
	t.wrong(o, f, "时间应写成 2026-11-12 20:10。", "a time is written 2026-11-12 20:10")
	return time.Time{}
}

// cell cleans one cell: blanks and control characters go, and with them what
// platforms write to keep a spreadsheet from changing a number: ="690001" in
// quotes of its own, a leading apostrophe, a trailing tab.
func cell(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			return ' '
		case unicode.IsControl(c) || c == '\uFEFF':
			return -1
		}
		return c
	}, s)
	s = strings.TrimSpace(s)
	if in, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(in, `"`) && strings.Count(in, `"`) == 1 {
		s = strings.TrimSuffix(in, `"`)
	}
	if len(s) > 1 && s[0] == '\'' {
		s = s[1:]
	}
	if r := []rune(s); len(r) > 1000 {
		s = string(r[:1000])
	}
	return strings.TrimSpace(s)
}

// plain reports whether s can serve as an identifier.
func plain(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// mangled reports whether s is a number that a spreadsheet has rounded: 6.9E+18.
func mangled(s string) bool {
	mantissa, exp, ok := strings.Cut(strings.ToUpper(s), "E+")
	return ok && mantissa != "" && strings.Trim(mantissa, "0123456789.") == "" && exp != "" && strings.Trim(exp, "0123456789") == ""
}

func dialable(s string) bool {
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune("+-# ()转,*", c):
			return false
		}
	}
	return digits >= 5 && digits <= 20
}
