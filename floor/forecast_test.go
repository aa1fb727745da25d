package floor

import (
	"testing"
	"time"
)

func TestForecast(t *testing.T) {
	base := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var rows []ShipRow
	for i := range 40 { // released at 8:00, picked half an hour later, left 1 to 40 minutes after that
		left := base.Add(30*time.Minute + time.Duration(i+1)*time.Minute)
		rows = append(rows, ShipRow{Waved: base, Picked: base.Add(30 * time.Minute), HandedOver: left})
	}
	rows = append(rows, ShipRow{Waved: base}, ShipRow{Sealed: base, HandedOver: base.Add(time.Hour)})
	f := ForecastOf(rows)
	for _, tt := range []struct {
		name  string
		state State
		want  time.Duration
	}{
		{"nine in ten of the forty took 66 minutes at most", Waved, 66 * time.Minute},
		{"an order that waits for a wave needs what a released one does", New, 66 * time.Minute},
		{"while it is picked nothing is done yet", Picking, 66 * time.Minute},
		{"after the last pick only the rest counts", Picked, 36 * time.Minute},
		{"one order sealed is too few: the default", Sealed, time.Hour},
		{"what has left needs nothing", HandedOver, 0},
		{"nor what is closed", Closed, 0},
	} {
		if got := f.Rest(tt.state); got != tt.want {
			t.Errorf("%s: rest of %s = %v; want %v", tt.name, tt.state, got, tt.want)
		}
	}
	if f[0].N != 40 || f[2].N != 0 || f.Longest() != 66*time.Minute {
		t.Errorf("forecast = %+v, longest %v; want 40 measured, the default named, 66 minutes", f, f.Longest())
	}
}
