package ledger

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"floord/floor"
)

// coded are the types that the coder knows.
func coded() []any {
	return []any{floor.Order{}, floor.ShipRow{}, floor.Recipient{}, floor.Stock{}}
}

// TestRowsComeBack writes and reads rows in which every field is filled, or one alone:
// a field that the coder does not describe, or describes like another, is found.
func TestRowsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, of := range coded() {
		typ := reflect.TypeOf(of)
		for i := -2; i < 200; i++ {
			v := reflect.New(typ).Elem()
			switch n := typ.NumField(); {
			case i == -1: // all
				fill(v, rng)
			case i >= 0 && i < n:
				fill(v.Field(i), rng)
			case i >= n:
				for k := range n {
					if rng.IntN(2) == 0 {
						fill(v.Field(k), rng)
					}
				}
			}
			comesBack(t, v)
		}
	}
}

func comesBack(t *testing.T, v reflect.Value) {
	t.Helper()
	row, err := appendRow(nil, v.Addr().Interface())
	if err != nil {
		t.Fatal(err)
	}
	var again []byte
	var both sync.WaitGroup // what is written may be read meanwhile: the race detector looks
	both.Go(func() { _, _ = appendRow(nil, v.Addr().Interface()) })
	both.Go(func() { again, _ = appendRow([]byte("before"), v.Addr().Interface()) })
	both.Wait()
	if !bytes.Equal(again[len("before"):], row) {
		t.Fatalf("%s: one row, then another", v.Type())
	}
	back := reflect.New(v.Type())
	if err := parseRow(row, back.Interface()); err != nil {
		t.Fatalf("%+v: %v", v.Interface(), err)
	}
	if !reflect.DeepEqual(back.Elem().Interface(), v.Interface()) {
		t.Fatalf("a row was %+v and came back as %+v", v.Interface(), back.Elem().Interface())
	}
	for cut := range row { // what is torn is refused, or at least harmless
		_ = parseRow(row[:cut], reflect.New(v.Type()).Interface())
	}
	if parseRow(append(row, 0x7f), reflect.New(v.Type()).Interface()) == nil {
		t.Fatalf("a field that nobody knows was passed over")
	}

	old, err := encMode.Marshal(v.Interface())
	if err != nil {
		t.Fatal(err)
	}
	before := reflect.New(v.Type())
	if err := parseRow(old, before.Interface()); err != nil || !reflect.DeepEqual(before.Elem().Interface(), v.Interface()) {
		t.Fatalf("a row of before was %+v and came back as %+v: %v", v.Interface(), before.Elem().Interface(), err)
	}
}

// fill gives v a value without any zero in it.
func fill(v reflect.Value, rng *rand.Rand) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("龘%d", rng.Int()))
	case reflect.Int, reflect.Int64:
		if v.SetInt(1 + rng.Int64N(1<<40)); rng.IntN(2) == 0 {
			v.SetInt(-v.Int())
		}
	case reflect.Uint64:
		v.SetUint(1 + rng.Uint64N(1<<40))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), rng)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(3), 3))
		v.Set(v.Slice3(0, v.Len(), v.Len()))
		for i := range v.Len() {
			fill(v.Index(i), rng)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(rng.Int64N(1<<35)-1<<33, rng.Int64N(1e9)).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), rng)
		}
	default:
		panic(v.Kind())
	}
}

func FuzzParseRow(f *testing.F) {
	for _, of := range coded() {
		v := reflect.New(reflect.TypeOf(of)).Elem()
		fill(v, rand.New(rand.NewPCG(3, 4)))
		row, _ := appendRow(nil, v.Addr().Interface())
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		for _, of := range coded() {
			v := reflect.New(reflect.TypeOf(of))
			if len(row) > 0 && row[0] >= noField || parseRow(row, v.Interface()) != nil {
				continue
			}
			once, _ := appendRow(nil, v.Interface())
			back := reflect.New(v.Elem().Type())
			err := parseRow(once, back.Interface())
			if twice, _ := appendRow(nil, back.Interface()); err != nil || !bytes.Equal(twice, once) {
				t.Fatalf("%x is %+v; that is written as %x, and when it is read as %x: %v", row, v.Elem().Interface(), once, twice, err)
			}
		}
	})
}

// BenchmarkRow has the coder and its peer write and read an order of three lines.
func BenchmarkRow(b *testing.B) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 123, time.UTC)
	o := floor.Order{ID: "DB20261122-ORD-000123", Channel: "dy-1", Shop: "88201", Number: "6932123456789012345", ModifiedAt: at, ShopState: floor.ShopPaid,
		Weight: 300, Content: fmt.Sprintf("%064x", 7), State: floor.Checked, Score: 95, Tags: []string{"rush"}, Pay: 3990, PaidAt: at, ShipBy: at, CollectBy: at,
		ReceivedAt: at, Note: "麻烦尽快发货", Token: fmt.Sprintf("%032x", 9), First: 99, Seq: 99}
	for i := range 3 {
		o.Lines = append(o.Lines, floor.Line{No: i + 1, SKU: "L001", Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 2})
	}
	var out []byte
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			out, _ = appendRow(out[:0], &o)
		}
		b.ReportMetric(float64(len(out)), "bytes")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			var x floor.Order
			_ = parseRow(out, &x)
		}
	})
	var old []byte
	b.Run("cbor/write", func(b *testing.B) {
		for b.Loop() {
			old, _ = encMode.Marshal(o)
		}
		b.ReportMetric(float64(len(old)), "bytes")
	})
	b.Run("cbor/read", func(b *testing.B) {
		for b.Loop() {
			var x floor.Order
			_ = decMode.Unmarshal(old, &x)
		}
	})
}
