package pdd

import (
	"time"

	"golang.org/x/time/rate"
)

// Decode maps one answer and gives the number of its orders.
func Decode(payload []byte) (int, error) {
	page, err := chart.Page("test", payload, time.Now())
	return len(page.Orders), err
}

// Starve leaves one call of the method, and no other for an hour.
func (s *Shop) Starve(method string) {
	s.limits[method] = rate.NewLimiter(rate.Every(time.Hour), 1)
}
