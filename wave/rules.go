package wave

import (
	"errors"
	"fmt"
	"time"

	"floord/floor"
)

// Rules are the site's own settings. The zero value is refused by Check; begin
// with DefaultRules.
type Rules struct {
	TotesPerCart int         // slots of a cart; an order takes one
	MaxOrders    int         // of a wave; 0: as many as there are slots
	MaxLines     int         // stops of a wave; 0: no limit
	MaxGrams     floor.Grams // on a cart; 0: no limit
	SameCarrier  bool        // a cart holds orders of one carrier only
	SameZones    bool        // and such as need the same zones

	MaxMillilitres int64 // on a cart; 0: no limit

	// A part-filled wave goes when it has MinFill orders, when its oldest order has
	// waited for MaxWait, or when an order in it is urgent or due within DueSoon.
	MinFill int
	MaxWait time.Duration
	DueSoon time.Duration

	// An order may join a walk that is under way if that grows by so much at most;
	// 0: none may.
	JoinMetres Metres

	MetresPerSecond float64 // walking pace
	SecondsPerStop  float64 // reach, scan, put down

	// Seed decides between orders that are alike in everything but their number, so
	// that no order loses by its number alone every day.
	Seed uint64
}

// DefaultRules suits a cart of twelve totes pushed by a grown-up.
func DefaultRules() Rules {
	return Rules{
		TotesPerCart:    12,
		MaxGrams:        150_000,
		MinFill:         6,
		MaxWait:         20 * time.Minute,
		DueSoon:         2 * time.Hour,
		JoinMetres:      10,
		MetresPerSecond: 1,
		SecondsPerStop:  12,
	}
}

// Bounds of the rules.
const (
	maxTotes = 1000
	maxJoin  = 1000
)

// Check refuses rules that no wave can follow. The error names every mistake.
func (r Rules) Check() error {
	var bad []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			bad = append(bad, fmt.Errorf("wave rules: "+format, args...))
		}
	}
	refuse(r.TotesPerCart < 1 || r.TotesPerCart > maxTotes, "totes_per_cart is %d, want 1 to %d", r.TotesPerCart, maxTotes)
	refuse(r.MaxOrders < 0, "max_orders is %d, want 0 (no limit) or more", r.MaxOrders)
	refuse(r.MaxLines < 0, "max_lines is %d, want 0 (no limit) or more", r.MaxLines)
	refuse(r.MaxGrams < 0, "max_grams is %d, want 0 (no limit) or more", r.MaxGrams)
	refuse(r.MaxMillilitres < 0, "max_millilitres is %d, want 0 (no limit) or more", r.MaxMillilitres)
	refuse(r.MinFill < 0, "min_fill is %d, want 0 or more", r.MinFill)
	refuse(r.MinFill > r.slots(), "min_fill is %d, but a wave holds only %d orders", r.MinFill, r.slots())
	refuse(r.MaxWait < 0, "max_wait is %v, want 0 or more", r.MaxWait)
	refuse(r.DueSoon < 0, "due_soon is %v, want 0 or more", r.DueSoon)
	refuse(!(r.JoinMetres >= 0 && r.JoinMetres <= maxJoin), "join_metres is %v, want 0 (never) to %d", r.JoinMetres, maxJoin)
	refuse(!(r.MetresPerSecond >= 0.1 && r.MetresPerSecond <= 10), "metres_per_second is %v, want 0.1 to 10", r.MetresPerSecond)
	refuse(!(r.SecondsPerStop >= 0 && r.SecondsPerStop <= 600), "seconds_per_stop is %v, want 0 to 600", r.SecondsPerStop)
	return errors.Join(bad...)
}

// slots is how many orders a wave may hold.
func (r Rules) slots() int {
	if r.MaxOrders > 0 {
		return min(r.MaxOrders, r.TotesPerCart)
	}
	return r.TotesPerCart
}

// minutes is how long a walk takes at the site's pace.
func (r Rules) minutes(m Metres, stops int) float64 {
	return (float64(m)/r.MetresPerSecond + float64(stops)*r.SecondsPerStop) / 60
}

// lasts is minutes as a duration.
func (r Rules) lasts(m Metres, stops int) time.Duration {
	return time.Duration(r.minutes(m, stops) * float64(time.Minute))
}
