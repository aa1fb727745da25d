// Package direct holds the drivers of carriers that give a number for a parcel
// themselves: SF (丰桥), ZTO, YTO and JD Logistics. They need a recipient they can
// read: an order whose recipient a platform hides goes by the platform's own
// waybill service (package ewaybill).
//
// Their protocols differ in where the signature stands and over what; what comes
// back is read for the number, the sort code, or the carrier's no. An id that was
// asked before either gives its number again or is called a duplicate; then the
// order is looked up, so that a lost answer never costs a second number.
package direct

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// An Account is what a site has at a carrier.
type Account struct {
	URL      string // of the service; empty: the carrier's own
	ID       string // partnerID, app key, or customer's code
	Secret   string
	Customer string // monthly account or shop at the carrier, where it has one
	Token    func() (string, error)
	Client   *http.Client // nil: one with the drivers' time limits
}

func (a Account) check(service string) (Account, error) {
	var err error
	if a.URL, a.Client, err = carrier.Wire(a.URL, service, a.Client); err == nil && (a.ID == "" || a.Secret == "") {
		err = errors.New("account and secret are needed")
	}
	return a, err
}

// decode reads an answer, passing over what a later version adds.
func decode(op string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return carrier.Unread(op, err)
	}
	return nil
}

// decodePart reads a part of an answer that went well; nobody may want it.
func decodePart(op string, data json.RawMessage, into any) error {
	if into == nil {
		return nil
	}
	return decode(op, data, into)
}

// kilos gives a weight in kilograms as a JSON number with no rounding.
func kilos(grams int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", grams/1000, grams%1000))
}

// b64md5 and hexmd5 are what the protocols ask for; they protect nothing else.
func b64md5(s string) string {
	sum := md5.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func hexmd5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// one asks a carrier that tells the track of one number at a time.
func one(numbers []floor.WaybillNo, ask func(floor.WaybillNo) ([]carrier.Trace, error)) (map[floor.WaybillNo]time.Time, error) {
	out := map[floor.WaybillNo]time.Time{}
	for _, no := range numbers {
		track, err := ask(no)
		var e *carrier.Error
		if errors.As(err, &e) && carrier.NoTrack(e.Zh) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if at := carrier.FirstScan(track); !at.IsZero() {
			out[no] = at
		}
	}
	return out, nil
}

func classOf(err error) carrier.Class {
	if err == nil {
		return ""
	}
	return carrier.ClassOf(err)
}
