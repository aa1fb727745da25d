package direct_test

import (
	"net/http"
	"os"
	"testing"

	"io"
	"strings"

	"floord/sync/carrier"
	"floord/sync/carrier/direct"
)

// said answers every request with the same bytes, without a wire.
type said string

func (s said) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(s))), Request: r, Header: http.Header{}}, nil
}

// FuzzAnswers: whatever a carrier answers, a driver gives a usable number or a
// classified error with a sentence, never both and never a panic.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"sf", "zto", "yto", "jdl", "sf-error"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(`{"apiResultCode":"A1000","apiResultData":"null"}`)
	f.Add(`{"status":true,"result":[]}`)
	f.Add(`{"success":true,"data":null}`)
	f.Fuzz(func(t *testing.T, answer string) {
		a := direct.Account{ID: "a", Secret: "b", Customer: "c", Token: func() (string, error) { return "t", nil }, Client: &http.Client{Transport: said(answer)}}
		sf, err1 := direct.NewSF(a)
		zto, err2 := direct.NewZTO(a)
		yto, err3 := direct.NewYTO(a)
		jdl, err4 := direct.NewJDL(a)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []carrier.Booker{sf, zto, yto, jdl} {
			got, err := c.Book(t.Context(), carrier.Shipment{ID: "W1"})
			if (err == nil) != carrier.ValidNo(got.Waybill) || err != nil && carrier.ClassOf(err) == "" {
				t.Errorf("%T: %+v, %v", c, got, err)
			}
			_ = c.Void(t.Context(), "W1", "SF7444400000001")
		}
	})
}
