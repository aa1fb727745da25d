package drivers_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"floord/sync/channel"
)

// TestStorm pulls while orders are placed, changed, held and cancelled between
// the pages, calls fail in every way, and the driver is opened anew. In the end
// the present version of every order has come at least once. (Which of two
// versions of one second is the newer, a shop's whole seconds do not tell: that
// is not the driver's to decide.) FLOORD_LONG=1 runs more seeds.
func TestStorm(t *testing.T) {
	seeds := uint64(1)
	if os.Getenv("FLOORD_LONG") == "1" {
		seeds = 200
	}
	for driver := range fakes {
		met := 0
		for seed := range seeds {
			t.Run(fmt.Sprint(driver, " seed ", seed), func(t *testing.T) { met += storm(t, driver, seed+1) })
		}
		if met == 0 {
			t.Errorf("%s: no fault was met", driver)
		}
	}
}

// storm gives the number of faults met.
func storm(t *testing.T, driver string, seed uint64) int {
	fake, b := benchOf(t, driver)
	rnd := rand.New(rand.NewPCG(seed, 1))
	at := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	var numbers []string
	for range 6 { // clumps of orders, whole windows empty between some
		clump := at.Add(time.Duration(rnd.IntN(110)) * time.Minute)
		numbers = append(numbers, told{fake}.Place(5+rnd.IntN(30), clump)...)
	}
	fake.Drift(rnd.IntN(4))
	fake.Doubles(seed%2 == 0)
	fake.Faults.Sometimes(0.2, seed, "500", "503", "dropped", "lost", "half", "garbage")
	seen := map[string]bool{} // versions, by content
	ch := b.Open(t, at)
	var cursor channel.Cursor
	pull := func() bool {
		page, err := ch.Pull(t.Context(), cursor)
		if err != nil {
			if c := channel.ClassOf(err); c != channel.Retryable && c != channel.RateLimited {
				t.Fatal(err)
			}
			return true
		}
		for _, o := range page.Orders {
			seen[o.Content] = true
		}
		cursor = page.Next
		return page.More
	}
	for i := 0; i < 2000 && pull() || i < 30; i++ {
		n := numbers[rnd.IntN(len(numbers))]
		switch rnd.IntN(8) {
		case 0:
			fake.Hold(n, rnd.IntN(2) == 0)
		case 1:
			fake.CancelByBuyer(n)
		case 2:
			fake.ChangeAddress(n, fmt.Sprint("新路", i))
		case 3:
			ch = b.Open(t, at)
		case 4:
			numbers = append(numbers, told{fake}.Place(1, time.Now())...)
		}
	}
	fake.Faults.Sometimes(0, seed)
	fake.Drift(0)
	fake.Advance(time.Minute)
	if _, err := ch.Check(t.Context(), numbers[0]); err != nil { // the driver hears the shop's clock
		t.Fatal(err)
	}
	for pull() {
	}
	for _, n := range numbers {
		now, err := ch.Check(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if !seen[now.Content] {
			t.Errorf("order %s: its present version, of %v, did not come", n, now.ModifiedAt)
		}
	}
	return fake.Faults.Met()
}
