package floor

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// A shop's orders fill the journal, and encoding/json takes three times as long for
// them as these lines do, which append the same bytes. Names of fields come with what
// stands before them.

var sheets = sync.Pool{New: func() any { return new([]byte) }}

// encode gives the fact that brings an order; false: it holds a time that only
// encoding/json can judge.
func (o *ShopOrder) encode(order OrderID, trial bool, judged *Judged) ([]byte, bool) {
	sheet := sheets.Get().(*[]byte)
	defer sheets.Put(sheet)
	var odd bool
	b := text((*sheet)[:0], `{"order":`, string(order))
	b = text(b, `,"shop":{"channel":`, string(o.Channel))
	b = some(b, `,"shop":`, o.Shop)
	b = text(b, `,"number":`, o.Number)
	b = stamp(b, `,"modified_at":`, o.ModifiedAt, &odd)
	b = text(b, `,"state":`, string(o.State))
	b = when(b, `,"created_at":`, o.CreatedAt, &odd)
	b = when(b, `,"paid_at":`, o.PaidAt, &odd)
	b = strconv.AppendInt(append(b, `,"pay_fen":`...), int64(o.Pay), 10)
	b = when(b, `,"ship_by":`, o.ShipBy, &odd)
	b = when(b, `,"collect_by":`, o.CollectBy, &odd)
	for i, h := range o.Holds {
		b = text(b, item(`,"holds":[{"code":`, `,{"code":`, i), h.Code)
		b = some(b, `,"field":`, h.Field)
		b = some(b, `,"text":`, h.Text)
		b = append(b, '}')
	}
	b = end(b, len(o.Holds))
	b = texts(b, `,"flags":[`, o.Flags)
	for i, l := range o.Lines {
		b = text(b, item(`,"lines":[{"sku":`, `,{"sku":`, i), string(l.SKU))
		b = strconv.AppendInt(append(b, `,"qty":`...), int64(l.Qty), 10)
		b = some(b, `,"name":`, l.Name)
		b = some(b, `,"spec":`, l.Spec)
		b = yes(b, `,"gift":true`, l.Gift)
		b = append(b, '}')
	}
	switch b = end(b, len(o.Lines)); {
	case o.Lines == nil:
		b = append(b, `,"lines":null`...)
	case len(o.Lines) == 0:
		b = append(b, `,"lines":[]`...)
	}
	b = some(b, `,"merge_key":`, o.MergeKey)
	b = append(b, `,"to":{`...)
	from := len(b)
	b = some(b, `,"name":`, o.To.Name)
	b = some(b, `,"phone":`, o.To.Phone)
	b = some(b, `,"province":`, o.To.Province)
	b = some(b, `,"city":`, o.To.City)
	b = some(b, `,"district":`, o.To.District)
	b = some(b, `,"detail":`, o.To.Detail)
	b = some(b, `,"token":`, o.To.Token)
	b = yes(b, `,"masked":true`, o.To.Masked)
	if len(b) > from { // the first has no comma
		b = append(b[:from], b[from+1:]...)
	}
	b = some(append(b, '}'), `,"buyer_note":`, o.BuyerNote)
	b = some(b, `,"seller_note":`, o.SellerNote)
	b = texts(b, `,"avoid_carriers":[`, o.AvoidCodes)
	b = when(b, `,"heard_at":`, o.HeardAt, &odd)
	b = text(b, `,"content":`, o.Content)
	b = yes(append(b, '}'), `,"trial":true`, trial)
	if judged != nil {
		data, err := json.Marshal(judged)
		b, odd = append(append(b, `,"judged":`...), data...), odd || err != nil
	}
	b = append(b, '}')
	*sheet = b
	return bytes.Clone(b), !odd
}

func text(b []byte, name, s string) []byte {
	b = append(append(b, name...), '"')
	for i, c := range s {
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == '\u2028' || c == '\u2029' || c == utf8.RuneError {
			rest, _ := json.Marshal(s[i:]) // a text has no error
			return append(append(b, s[:i]...), rest[1:]...)
		}
	}
	return append(append(b, s...), '"')
}

// some appends a text that is left out where it is empty.
func some(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return text(b, name, s)
}

// yes appends what is left out where it is false.
func yes(b []byte, so string, is bool) []byte {
	if is {
		b = append(b, so...)
	}
	return b
}

func stamp(b []byte, name string, t time.Time, odd *bool) []byte {
	b, err := t.AppendText(append(append(b, name...), '"'))
	*odd = *odd || err != nil
	return append(b, '"')
}

// when appends a time that is left out where it is zero.
func when(b []byte, name string, t time.Time, odd *bool) []byte {
	if t.IsZero() {
		return b
	}
	return stamp(b, name, t, odd)
}

// texts appends a list that is left out where it has nothing.
func texts(b []byte, name string, all []string) []byte {
	for i, s := range all {
		b = text(b, item(name, ",", i), s)
	}
	return end(b, len(all))
}

// item gives what stands before item i of a list.
func item(first, next string, i int) string {
	if i == 0 {
		return first
	}
	return next
}

// end closes a list of n.
func end(b []byte, n int) []byte { return yes(b, "]", n > 0) }
