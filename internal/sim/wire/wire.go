// Package wire is what goes wrong between two machines: it stands before a fake
// server's handler and, when told, fails, drops, cuts or delays an answer. The
// pretend shops and carriers share it; faults are set while they run.
package wire

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
)

// A Fault is one way for a request to go wrong.
type Fault string

// The faults.
const (
	None           Fault = ""
	Failed         Fault = "500"      // an error page, nothing done
	Busy           Fault = "503"      // busy, with Retry-After, nothing done
	GatewayTimeout Fault = "504"      // nothing done
	TooMany        Fault = "429"      // rate limit in HTTP's words, nothing done
	Garbage        Fault = "garbage"  // a page of HTML with status 200, nothing done
	Dropped        Fault = "dropped"  // the connection breaks, nothing done
	Lost           Fault = "lost"     // done, but the connection breaks before the answer
	HalfSent       Fault = "half"     // done, the answer breaks in the middle
	Hang           Fault = "hang"     // nothing done, no answer until the asker leaves
	LostHang       Fault = "losthang" // done, no answer until the asker leaves
)

// Faults decides which requests go wrong. The zero value lets all pass. All
// methods may be called while requests run.
type Faults struct {
	mu     sync.Mutex
	next   []planned  // guarded by mu
	always Fault      // guarded by mu
	chance float64    // guarded by mu
	among  []Fault    // guarded by mu
	rand   *rand.Rand // guarded by mu
	met    int        // guarded by mu
}

type planned struct {
	op    string
	fault Fault
}

// Next makes the next requests for op meet these faults, one each, in order. An
// empty op means any request.
func (f *Faults) Next(op string, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.next = append(f.next, planned{op, fault})
	}
}

// Always makes every request meet the fault, until Always(None).
func (f *Faults) Always(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = fault
}

// Sometimes makes each request meet one of the faults with that chance, the same
// ones for the same seed and order of requests.
func (f *Faults) Sometimes(chance float64, seed uint64, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chance, f.among, f.rand = chance, faults, rand.New(rand.NewPCG(seed, seed))
}

// Met counts the requests that met a fault.
func (f *Faults) Met() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

func (f *Faults) take(op string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.always
	if fault == None {
		fault = f.planned(op)
	}
	if fault == None && f.rand != nil && len(f.among) > 0 && f.rand.Float64() < f.chance {
		fault = f.among[f.rand.IntN(len(f.among))]
	}
	if fault != None {
		f.met++
	}
	return fault
}

func (f *Faults) planned(op string) Fault {
	for i, p := range f.next {
		if p.op == "" || p.op == op {
			f.next = append(f.next[:i:i], f.next[i+1:]...)
			return p.fault
		}
	}
	return None
}

// Before gives a handler that meets the faults and else is h. op says what a
// request asks for, so that a fault can be meant for it.
func (f *Faults) Before(h http.Handler, op func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f.take(op(r)) {
		case None:
			h.ServeHTTP(w, r)
		case Failed:
			http.Error(w, "internal error", http.StatusInternalServerError)
		case Busy:
			w.Header().Set("Retry-After", "2")
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case GatewayTimeout:
			http.Error(w, "gateway timeout", http.StatusGatewayTimeout)
		case TooMany:
			w.Header().Set("Retry-After", "7")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		case Garbage:
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><body>网络认证 please log in</body></html>"))
		case Dropped:
			panic(http.ErrAbortHandler)
		case Lost:
			h.ServeHTTP(&answer{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		case HalfSent:
			half(w, r, h)
		case LostHang:
			h.ServeHTTP(&answer{header: http.Header{}}, r)
			<-r.Context().Done()
		case Hang:
			<-r.Context().Done()
		}
	})
}

// half announces the whole answer and breaks off in its middle.
func half(w http.ResponseWriter, r *http.Request, h http.Handler) {
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r)
	if a.body.Len() == 0 { // there is no half of nothing
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
	if fl, ok := w.(http.Flusher); ok {
		fl.Flush()
	}
	panic(http.ErrAbortHandler)
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
