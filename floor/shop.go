package floor

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// A ShopState is where the shop says an order stands. The platforms' own words
// are mapped to these; ShopRank orders them for arbitration.
type ShopState string

// What a shop can say of an order.
const (
	ShopUnpaid    ShopState = "unpaid"
	ShopPaid      ShopState = "paid"
	ShopShipped   ShopState = "shipped"
	ShopSigned    ShopState = "signed"
	ShopSettled   ShopState = "settled"
	ShopCancelled ShopState = "cancelled" // cancelled or refunded before shipping
)

// Rank orders shop states: of two sayings with the same modified time the higher
// rank is the newer truth. Cancelled outranks all but what proves the parcel is gone.
func (s ShopState) Rank() int {
	switch s {
	case ShopUnpaid:
		return 10
	case ShopPaid:
		return 20
	case ShopCancelled:
		return 25
	case ShopShipped:
		return 30
	case ShopSigned:
		return 40
	case ShopSettled:
		return 50
	}
	return 0
}

// A Hold is a reason why an order must not be planned yet.
type Hold struct {
	Code  string `json:"code"`            // see the Hold constants
	Field string `json:"field,omitempty"` // the payload's field, where one is to blame
	Text  string `json:"text,omitempty"`  // what was found there, shortened; never personal data
}

// Hold codes. Those a shop sets go when the shop lifts them; those of the floor
// go when a person or a corrected record lifts them.
const (
	HoldUnpaid     = "unpaid"
	HoldRefund     = "refund"        // open refund or after-sale on the order
	HoldGroup      = "group_pending" // group buy not complete
	HoldRisk       = "risk"          // the platform's risk audit
	HoldPresale    = "presale"       // final payment or date outstanding
	HoldPlatform   = "platform_hold" // the platform says: do not ship yet
	HoldLocked     = "locked"
	HoldLucky      = "lucky_draw"
	HoldNoReceiver = "no_receiver" // no address or token to ship to
	HoldUnmapped   = "unmapped"    // a field could not be read; Field names it
	HoldZeroAmount = "zero_amount"
	HoldUnknownSKU = "unknown_sku"
	HoldAddress    = "address_incomplete"
	HoldConflict   = "address_conflict" // it names places that do not lie in one another
	HoldUnclear    = "address_unclear"  // its province, city or district could be several, or none
	HoldRule       = "rule"             // a rule of the site; Field names it, Text says the cause and the cure
	HoldScore      = "score"            // the health score, in Field, is too low
	HoldRuleBroke  = "rule_broke"       // the rule in Field could not be asked of this order
	HoldTrial      = "trial"            // its channel is on trial: it goes when a lead opens the channel
)

// ShopHold reports whether the code is one the shop sets and lifts.
func ShopHold(code string) bool {
	switch code {
	case HoldUnpaid, HoldRefund, HoldGroup, HoldRisk, HoldPresale, HoldPlatform, HoldLocked, HoldLucky, HoldNoReceiver:
		return true
	}
	return false
}

// AsksCancel reports whether the buyer of an order with these holds, which has not left,
// asks for the money back.
func AsksCancel(holds []Hold) bool {
	return slices.ContainsFunc(holds, func(h Hold) bool { return h.Code == HoldRefund || h.Code == HoldLocked })
}

// WithoutHold gives the holds but those of a code.
func WithoutHold(holds []Hold, code string) (left []Hold) {
	for _, h := range holds {
		if h.Code != code {
			left = append(left, h)
		}
	}
	return left
}

// A Recipient is who gets a parcel. It is personal data: it is kept sealed and
// never logged. Name, Phone and Detail may be the platform's cipher text, in
// which case Token is what the platform's waybill service wants and the Mask
// fields are what may be shown.
type Recipient struct {
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
	District string `json:"district,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Token    string `json:"token,omitempty"`
	Masked   bool   `json:"masked,omitempty"` // Name, Phone and Detail are masked or cipher
}

// HasCity reports whether a city is said, or none can be: Hong Kong and Macau have none.
func (r Recipient) HasCity() bool {
	return r.City != "" || strings.HasSuffix(r.Province, "特别行政区")
}

// RecipientMark tells one recipient from another without saying who: a change of
// it on an order in hand is an address change.
func RecipientMark(r Recipient) string {
	if r.Token != "" {
		return r.Token
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Name, r.Phone, r.Province, r.City, r.District, r.Detail}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// A ShopLine is one line of an order as the shop says it.
type ShopLine struct {
	SKU  SKU    `json:"sku"`
	Qty  int    `json:"qty"` // at least 1
	Name string `json:"name,omitempty"`
	Spec string `json:"spec,omitempty"`
	Gift bool   `json:"gift,omitempty"`
}

// A ShopOrder is one order as a shop says it at one moment, in our words.
// (Channel, Shop, Number) identifies it; ModifiedAt and Content tell versions apart.
type ShopOrder struct {
	Channel    ChannelID  `json:"channel"`
	Shop       string     `json:"shop,omitempty"` // the account's own id on the platform
	Number     string     `json:"number"`         // the shop's own number, never a float
	ModifiedAt time.Time  `json:"modified_at"`
	State      ShopState  `json:"state"`
	CreatedAt  time.Time  `json:"created_at,omitzero"`
	PaidAt     time.Time  `json:"paid_at,omitzero"`
	Pay        Fen        `json:"pay_fen"`
	ShipBy     time.Time  `json:"ship_by,omitzero"`    // from the shop's own field
	CollectBy  time.Time  `json:"collect_by,omitzero"` // from the shop's own field
	Holds      []Hold     `json:"holds,omitempty"`
	Flags      []string   `json:"flags,omitempty"` // buyer_message, avoid_carrier, urgent, gift_merge ...
	Lines      []ShopLine `json:"lines"`
	MergeKey   string     `json:"merge_key,omitempty"`
	To         Recipient  `json:"to"`
	BuyerNote  string     `json:"buyer_note,omitempty"`
	SellerNote string     `json:"seller_note,omitempty"`
	AvoidCodes []string   `json:"avoid_carriers,omitempty"` // the platform's carrier codes the buyer refuses
	HeardAt    time.Time  `json:"heard_at,omitzero"`        // when the push that named it was on disk; zero if it was pulled
	Content    string     `json:"content"`                  // SHA-256 of Raw, hex: which payload said so
	Raw        []byte     `json:"-"`                        // the order's own part of the payload, as received
}

// Note is what a packer must read: the buyer's note, then the seller's.
func (o *ShopOrder) Note() string {
	if o.BuyerNote == "" || o.SellerNote == "" {
		return o.BuyerNote + o.SellerNote
	}
	return o.BuyerNote + " / " + o.SellerNote
}

// Shippable reports whether the shop lets the order be shipped now.
func (o *ShopOrder) Shippable() bool {
	if o.State != ShopPaid {
		return false
	}
	for _, h := range o.Holds {
		if ShopHold(h.Code) || h.Code == HoldUnmapped {
			return false
		}
	}
	return true
}

// Weight orders two sayings of one moment: the higher rank is the newer truth,
// and of two with the same rank the one that must not be shipped.
func (o *ShopOrder) Weight() int {
	w := 2 * o.State.Rank()
	if !o.Shippable() {
		w++
	}
	return w
}

// Newer reports whether o is newer truth than the version described by the
// arguments: by modified time, then weight, then content; never by arrival.
func (o *ShopOrder) Newer(modified time.Time, weight int, content string) bool {
	if !o.ModifiedAt.Equal(modified) {
		return o.ModifiedAt.After(modified)
	}
	if w := o.Weight(); w != weight {
		return w > weight
	}
	return o.Content > content
}

// Mask gives r with its personal data replaced by stars, as logs, time lines and
// pages may show it. Where it goes stays readable down to the district.
func (r Recipient) Mask() Recipient {
	for _, s := range []*string{&r.Name, &r.Phone, &r.Detail, &r.Token} {
		if *s != "" {
			*s = "***"
		}
	}
	r.Masked = true
	return r
}

// Mask gives a fact without personal data.
func Mask(f Fact) Fact {
	switch x := f.(type) {
	case OrderReceived:
		x.Shop.To = x.Shop.To.Mask()
		return x
	case OrderRevised:
		x.Shop.To = x.Shop.To.Mask()
		return x
	case BookingMade:
		if x.Ticket != nil {
			x.Ticket = &Ticket{Component: x.Ticket.Component, Template: x.Ticket.Template, Data: "***"}
		}
	case SheetSigned:
		x.Driver, x.Ink = "***", nil
		return x
	}
	return f
}
