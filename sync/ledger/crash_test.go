package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/ledger/ledgertest"
)

func TestMain(m *testing.M) {
	os.Exit(ledgertest.Main(m, map[string]ledgertest.Child{
		"eight writers": eightWriters,
		"one writer":    oneWriter,
		"disk breaks":   diskBreaks,
		"disk fills":    diskFills,
	}))
}

// put commits a fact or two, one of them with a payload.
func put(l *ledger.Ledger, key string, i int) error {
	_, err := l.Commit(context.Background(), ledger.Request{Key: key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
		p := floor.PersonSet{Person: floor.PersonID(fmt.Sprint("p", i%40)), Badge: fmt.Sprint("badge", i%40), Name: strings.Repeat("x", i*37%700)}
		o := floor.OrderReceived{Order: floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", i)),
			Shop: floor.ShopOrder{Channel: "pdd", Number: key, Raw: []byte(strings.Repeat(key, 20))}}
		return []floor.Fact{p, o}[:1+i%2], nil
	})
	return err
}

// eightWriters commits until it is killed.
func eightWriters(path string, ack func(string)) error {
	l, err := ledger.Open(path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	begin := int(l.Seq()) // keys of this round are new
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("20261121/pda-%02d/%06d-%06d", w, begin, i)
				if put(l, key, begin+i*8+w) == nil {
					ack(key)
				}
			}
		})
	}
	wg.Wait()
	return nil
}

// oneWriter commits some requests on one thread and closes.
func oneWriter(path string, ack func(string)) error {
	l, err := ledger.Open(path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	for i := range 60 {
		key := fmt.Sprintf("20261121/pda-07/%06d", i)
		if err := put(l, key, i); err != nil {
			return errors.Join(err, l.Close())
		}
		ack(key)
	}
	return l.Close()
}

func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	rounds := 20
	if ledgertest.Long() {
		rounds = 200
	}
	ledgertest.Kill(t, "eight writers", rounds, 5*rounds)
}

func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()
	n := 40
	if ledgertest.Long() {
		n = 300
	}
	ledgertest.Sweep(t, "one writer", n)
}

// TestPowerCut takes the power away at many moments. The same checker must find
// a ledger broken whose syncs did nothing: else it would find nothing at all.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rounds := 150
	if ledgertest.Long() {
		rounds = 5000
	}
	t.Run("syncs that sync", func(t *testing.T) {
		if n, err := ledgertest.Record(t, "one writer", false).PowerCuts(t, rounds); n > 0 {
			t.Errorf("%d of %d states are broken: %v", n, rounds, err)
		}
	})
	t.Run("syncs that lie", func(t *testing.T) {
		n, err := ledgertest.Record(t, "one writer", true).PowerCuts(t, 40)
		t.Logf("%d of 40 states are broken, as they must be: %v", n, err)
		if n < 20 {
			t.Errorf("only %d of 40 states without syncs are found broken: the checker is blind", n)
		}
	})
}
