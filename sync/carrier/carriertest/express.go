package carriertest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/sim/courierco"
	"floord/internal/sim/wire"
	"floord/sync/carrier"
)

// express lets the suite break a pretend carrier.
type express struct{ *courierco.Express }

func (f express) Collect(no floor.WaybillNo, at time.Time) { f.Express.Collect(string(no), at) }

func (f express) Break(t Trouble) { f.Faults.Next("", faults[t]) }

// faults are what the troubles of the wire are to a fake.
var faults = map[Trouble]wire.Fault{
	ServerError: wire.Failed, Garbage: wire.Garbage, Dropped: wire.Dropped,
	Lost: wire.Lost, HalfSent: wire.HalfSent, RateLimited: wire.TooMany,
}

// Express makes benches of a driver beside a pretend carrier of a kind. connect
// makes the driver for the service at an address, with a secret.
func Express(o courierco.ExpressOptions, to floor.Recipient, connect func(url, secret string, c *http.Client) (carrier.Booker, error)) func(testing.TB, bool) BookBench {
	return func(t testing.TB, strict bool) BookBench {
		o.Balance, o.Strict = 1000, strict
		fake := courierco.NewExpress(o)
		srv := httptest.NewServer(fake)
		t.Cleanup(srv.Close)
		with := func(secret string, client *http.Client) func(testing.TB) carrier.Booker {
			return func(t testing.TB) carrier.Booker {
				b, err := connect(srv.URL, secret, client)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
		}
		hasty := &http.Client{Transport: late{srv.Client().Transport}}
		return BookBench{Fake: express{fake}, Open: with(o.Secret, srv.Client()), Hasty: with(o.Secret, hasty), Forged: with("guess", srv.Client()), To: to}
	}
}

// late is a wire on which every answer comes after the asker has given up.
type late struct{ http.RoundTripper }

func (l late) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return nil, errors.Join(os.ErrDeadlineExceeded, resp.Body.Close())
}
