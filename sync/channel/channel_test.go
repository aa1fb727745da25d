package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/floor"
)

func TestErrorsAreClassified(t *testing.T) {
	limited := fmt.Errorf("pull: %w", &Error{Class: RateLimited, Op: "list", Code: "52101", After: time.Second, Zh: "稍后", En: "later"})
	if ClassOf(limited) != RateLimited || After(limited) != time.Second {
		t.Errorf("%v: class %s, after %v", limited, ClassOf(limited), After(limited))
	}
	if got, want := limited.Error(), "pull: list: code 52101: later"; got != want {
		t.Errorf("error %q; want %q", got, want)
	}
	if ClassOf(io.EOF) != Retryable || After(io.EOF) != 0 {
		t.Error("an error nobody classified is not retryable")
	}
	if e := (&Error{Class: Refused, Op: "x", Err: io.EOF}); e.Text("zh") != "x: EOF" || !errors.Is(e, io.EOF) {
		t.Errorf("an error without sentences says %q", e.Text("zh"))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := Lost(ctx, "x", io.ErrUnexpectedEOF); ClassOf(err) != Retryable || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("lost: %v", err)
	}
	cancel(errors.New("stopping"))
	if err := Lost(ctx, "x", io.ErrUnexpectedEOF); !strings.Contains(err.Error(), "stopping") {
		t.Errorf("lost as its context ended: %v", err)
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	file := TokenFile(path)
	if _, err := file.Read(); err == nil {
		t.Error("a file that is not there gave a token")
	}
	for text, want := range map[string]string{"abc\n": "abc", " d-e ": "d-e", "": "", "\n": "", "a\nb": "", strings.Repeat("x", 20000): "",
		`{"access":"j","refresh":"r"}`: "j", `{"access":""}`: "", `{"access":`: "", `{"access":"a\nb"}`: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := file.Read(); got.Access != want || (err != nil) != (want == "") {
			t.Errorf("%.10q: token %q, %v; want %q", text, got.Access, err, want)
		}
	}
	want := Token{Access: "a", Refresh: "r", Ends: time.Unix(1794312030, 0).UTC()}
	if err := file.Write(want); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if got, err2 := file.Read(); got != want || err2 != nil || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("written %+v, read %+v, %v; mode %v, %v", want, got, err2, info.Mode(), err)
	}
	if none, err := TokenFile("").Read(); none != (Token{}) || err != nil {
		t.Errorf("no file: %+v, %v", none, err)
	}
}

// TestLinesHoldNoPersonalData prints an order full of it.
func TestLinesHoldNoPersonalData(t *testing.T) {
	o := floor.ShopOrder{Number: "1", State: floor.ShopPaid, Pay: 1, Flags: []string{"buyer_message"}, BuyerNote: "SECRET", SellerNote: "SECRET",
		Lines: []floor.ShopLine{{SKU: "A", Qty: 1, Name: "x<y>"}}, Raw: []byte("SECRET"),
		To: floor.Recipient{Name: "SECRET", Phone: "SECRET", Detail: "SECRET", Token: "SECRET"}}
	var out bytes.Buffer
	if err := WriteOrders(&out, []floor.ShopOrder{o, {}}); err != nil {
		t.Fatal(err)
	}
	want := `{"order_no":"1","state":"paid","pay_fen":1,"shippable":true,"ship_by":null,"hold":[],"items":[["A",1,false]],"flags":["buyer_message"],"merge_key":null}
{"order_no":"","state":"","pay_fen":0,"shippable":false,"ship_by":null,"hold":[],"items":[],"flags":[],"merge_key":null}
`
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}
