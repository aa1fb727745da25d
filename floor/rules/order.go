package rules

import (
	"slices"
	"time"
	"unicode/utf8"

	"floord/floor"
)

// An Order is what rules see of an order: no name and no street of anybody, but
// what can be said about them. Times are zero where the shop says none; weights
// are grams, money is fen.
type Order struct {
	Now        time.Time `expr:"now"`
	Channel    string    `expr:"channel"`
	Shop       string    `expr:"shop"`
	State      string    `expr:"state"` // unpaid, paid, shipped, signed, settled, cancelled
	CreatedAt  time.Time `expr:"created_at"`
	PaidAt     time.Time `expr:"paid_at"`
	ShipBy     time.Time `expr:"ship_by"`
	CollectBy  time.Time `expr:"collect_by"`
	PayFen     int64     `expr:"pay_fen"`
	SaysPay    bool      `expr:"says_pay"` // the channel says what was paid
	Lines      []Line    `expr:"lines"`
	Pieces     int       `expr:"pieces"`
	Grams      int64     `expr:"grams"` // of the lines whose weight is known
	Flags      []string  `expr:"flags"` // the shop's own signals: urgent, gift, engraving, avoid_carrier ...
	Holds      []string  `expr:"holds"` // codes of the shop's own holds
	BuyerNote  string    `expr:"buyer_note"`
	SellerNote string    `expr:"seller_note"`
	Province   string    `expr:"province"`
	City       string    `expr:"city"`
	District   string    `expr:"district"`
	Merges     bool      `expr:"merges"` // it may be merged with others of the same buyer

	HasToken    bool `expr:"has_token"` // the platform ships to a token; what it masks is no fault
	Masked      bool `expr:"masked"`
	HasName     bool `expr:"has_name"`
	HasCity     bool `expr:"has_city"`     // or its province has none
	PhoneOK     bool `expr:"phone_ok"`     // it could be a number of a mobile or a line
	DetailRunes int  `expr:"detail_runes"` // of the address below the district
}

// A Line is one line as rules see it.
type Line struct {
	SKU   string `expr:"sku"`
	Name  string `expr:"name"`
	Spec  string `expr:"spec"`
	Qty   int    `expr:"qty"`
	Gift  bool   `expr:"gift"`
	Known bool   `expr:"known"` // the site knows the article
	Grams int64  `expr:"grams"` // of one piece, 0 if not known
}

// Of gives what rules see of a shop's order. sku gives what is known of an
// article; saysPay is whether the channel tells what was paid.
func Of(s *floor.ShopOrder, now time.Time, saysPay bool, sku func(floor.SKU) (floor.SKUInfo, bool, error)) (*Order, error) {
	o := &Order{
		Now: now, Channel: string(s.Channel), Shop: s.Shop, State: string(s.State), CreatedAt: s.CreatedAt, PaidAt: s.PaidAt,
		ShipBy: s.ShipBy, CollectBy: s.CollectBy, PayFen: int64(s.Pay), SaysPay: saysPay, Flags: s.Flags,
		BuyerNote: s.BuyerNote, SellerNote: s.SellerNote,
		Province: s.To.Province, City: s.To.City, District: s.To.District, Merges: s.MergeKey != "",
		HasToken: s.To.Token != "", Masked: s.To.Masked, HasName: s.To.Name != "", HasCity: s.To.HasCity(), PhoneOK: phoneOK(s.To.Phone),
		DetailRunes: utf8.RuneCountInString(s.To.Detail),
	}
	for _, h := range s.Holds {
		o.Holds = append(o.Holds, h.Code)
	}
	o.Lines = slices.Grow(o.Lines, len(s.Lines))
	for _, l := range s.Lines {
		info, known, err := sku(l.SKU)
		if err != nil {
			return nil, err
		}
		o.Lines = append(o.Lines, Line{
			SKU: string(l.SKU), Name: l.Name, Spec: l.Spec, Qty: l.Qty, Gift: l.Gift, Known: known, Grams: int64(info.Grams),
		})
		o.Pieces += l.Qty
		o.Grams += int64(info.Grams) * int64(l.Qty)
	}
	return o, nil
}

// phoneOK reports whether s could be a telephone number: 7 to 15 digits (ITU-T
// E.164) with what people write between them, and an extension.
func phoneOK(s string) bool {
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' || c == ' ' || c == '+' || c == '(' || c == ')' || c == '#' || c == '转':
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 20
}
