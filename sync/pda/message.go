package pda

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"floord/floor"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// dayForm is a day within a key.
const dayForm = "20060102"

// Goodbyes: why the daemon closes a socket. After the first four the page must
// not come back by itself.
const (
	byeBadToken = "bad-token"
	byeRevoked  = "revoked"
	byeReplaced = "replaced" // the device has opened another socket
	byeScreen   = "bad-screen"
	byeNoHello  = "no-hello"
	byeRestart  = "restart" // floord stops or is full: come back and resume
	byeSlow     = "slow"
	byeNonsense = "nonsense"
	byeTrouble  = "trouble" // of the daemon
)

// A hello is the first message of a handheld.
type hello struct {
	Type    string `json:"type"`
	Token   string `json:"token,omitempty"`
	Session string `json:"session"` // names the numbering of its acts
	Lang    string `json:"lang,omitempty"`
	Epoch   string `json:"epoch,omitempty"` // with Seq: what it has seen before
	Seq     uint64 `json:"seq,omitempty"`
}

// An act is what a person did on a handheld. (Day, device, session, N) is its
// key for ever.
type act struct {
	Type string         `json:"type"`
	N    uint64         `json:"n"`
	Day  string         `json:"day"`
	Verb string         `json:"verb"`
	Args jsontext.Value `json:"args,omitempty"`
	// Typed says that a code of it was typed by hand and not scanned.
	Typed bool `json:"typed,omitempty"`
}

// What the daemon says. Each has its type as first member.
type (
	welcome struct {
		Type    string          `json:"type"`
		Epoch   string          `json:"epoch"`
		Device  floor.DeviceID  `json:"device"`
		Screen  string          `json:"screen"`
		Station floor.StationID `json:"station,omitempty"`
		Day     string          `json:"day"`
		Now     time.Time       `json:"now"` // a handheld's clock may be wrong
		Resumed bool            `json:"resumed"`
	}
	beat struct {
		Type string `json:"type"`
		Day  string `json:"day"`
	}
	event struct {
		Type  string         `json:"type"`
		Seq   uint64         `json:"seq"`
		At    time.Time      `json:"at"`
		Kind  floor.Kind     `json:"kind"`
		Cause string         `json:"cause"`
		Fact  jsontext.Value `json:"fact"`
	}
	freeze struct {
		Type      string          `json:"type"`
		Seq       uint64          `json:"seq"`
		Intercept string          `json:"intercept"`
		Order     floor.OrderID   `json:"order"`
		In        floor.OrderID   `json:"in,omitempty"` // it goes with others: all of that stops
		Why       floor.FreezeWhy `json:"why"`
		Stage     floor.State     `json:"stage"`
		AskedAt   time.Time       `json:"asked_at"`
		Deadline  time.Time       `json:"deadline"`
		Shown     bool            `json:"shown,omitzero"`    // this device has said so
		Answered  bool            `json:"answered,omitzero"` // from this device
		ZH        string          `json:"zh"`
		EN        string          `json:"en"`
	}
	live struct {
		Type    string       `json:"type"`
		Scale   ScaleState   `json:"scale"`
		Printer PrinterState `json:"printer"`
	}
	scanned struct {
		Type string `json:"type"`
		Scanned
	}
	okay struct {
		Type     string `json:"type"`
		N        uint64 `json:"n"`
		Seq      uint64 `json:"seq"` // what it led to is in the picture at this seq
		Repeated bool   `json:"repeated,omitzero"`
		Result   any    `json:"result,omitzero"`
	}
	refused struct {
		Type string            `json:"type"`
		N    uint64            `json:"n"`
		Code string            `json:"code"`
		Args map[string]string `json:"args,omitempty"`
		ZH   string            `json:"zh"`
		EN   string            `json:"en"`
	}
	failed struct {
		Type string `json:"type"`
		N    uint64 `json:"n"` // to be sent again, unchanged, in a while
	}
	bye struct {
		Type string `json:"type"`
		Code string `json:"code"`
	}
)

func newFreeze(seq uint64, i floor.Intercept) freeze {
	args := map[string]string{"order": string(i.Order), "why": "why-" + string(i.Why)}
	r := &floor.Refusal{Code: "frozen", Args: args}
	return freeze{
		Type: "freeze", Seq: seq, Intercept: i.Key, Order: i.Order, In: i.In, Why: i.Why, Stage: i.Stage,
		AskedAt: i.AskedAt, Deadline: i.Deadline, ZH: Say("zh", r), EN: Say("en", r),
	}
}

func newRefused(n uint64, r *floor.Refusal) refused {
	return refused{Type: "refused", N: n, Code: r.Code, Args: r.Args, ZH: Say("zh", r), EN: Say("en", r)}
}

// Say gives a refusal's sentence in that language. A value that is a code itself
// is said in it too: "why-cancel" as it is, the role "lead" by the catalogue's
// "role-lead" if it has that.
func Say(lang string, r *floor.Refusal) string {
	args := make(map[string]string, len(r.Args))
	for k, v := range r.Args {
		code := k + "-" + v
		for _, prefix := range []string{"why-", "hold-", "receiver-", "address-"} {
			if strings.HasPrefix(v, prefix) {
				code = v
			}
		}
		if said := floor.Say(lang, code, nil); said != code {
			v = said
		}
		args[k] = v
	}
	return floor.Say(lang, r.Code, args)
}

// encode gives the JSON of a message. Every message can be encoded.
func encode(m any) []byte {
	data, err := json.Marshal(m, json.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		panic(fmt.Sprintf("pda: message %T: %v", m, err))
	}
	return data
}

// typeOf gives the type of a message, or "" if it is none.
func typeOf(data []byte) string {
	var m struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(data, &m) != nil {
		return ""
	}
	return m.Type
}

// decode reads JSON strictly: no unknown, repeated or differently written
// member, no invalid UTF-8, and no value out of bounds.
func decode(data []byte, into any) error {
	if err := json.Unmarshal(data, into, json.RejectUnknownMembers(true)); err != nil {
		return plain(err)
	}
	return bounded(reflect.ValueOf(into).Elem(), "")
}

// plain shortens an error of the decoder to what a person can use: where.
func plain(err error) error {
	var s *json.SemanticError
	if errors.As(err, &s) && s.JSONPointer != "" {
		if errors.Is(err, json.ErrUnknownName) {
			return fmt.Errorf("unknown member %.64q", string(s.JSONPointer))
		}
		return fmt.Errorf("%.64q has the wrong form", string(s.JSONPointer))
	}
	return errors.New("not valid JSON")
}

// Bounds of what a handheld may send.
const (
	maxText = 128
	maxList = 100
	maxInt  = 1_000_000
)

// bounded refuses long texts and lists, control characters (FS, GS, RS and US apart:
// they part the fields of a scanned code) and numbers that nothing on a floor has.
func bounded(v reflect.Value, name string) error {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if err := bounded(v.Field(i), tag); err != nil {
				return err
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return bounded(v.Elem(), name)
		}
	case reflect.String:
		if len(v.String()) > maxText {
			return fmt.Errorf("%s is longer than %d bytes", name, maxText)
		}
		if strings.ContainsFunc(v.String(), func(r rune) bool { return unicode.IsControl(r) && (r < 0x1c || r > 0x1f) }) {
			return fmt.Errorf("%s has a control character", name)
		}
	case reflect.Slice:
		if ink, ok := v.Interface().(floor.Ink); ok {
			if !ink.OK() {
				return fmt.Errorf("%s is out of range", name)
			}
			return nil
		}
		if v.Len() > maxList {
			return fmt.Errorf("%s has more than %d entries", name, maxList)
		}
		for i := range v.Len() {
			if err := bounded(v.Index(i), name); err != nil {
				return err
			}
		}
	case reflect.Int, reflect.Int64:
		if v.Int() < -maxInt || v.Int() > maxInt {
			return fmt.Errorf("%s is out of range", name)
		}
	}
	return nil
}

// decodeHello reads the first message.
func decodeHello(data []byte) (hello, error) {
	var h hello
	if typeOf(data) != "hello" {
		return h, errors.New("the first message must be a hello")
	}
	if err := decode(data, &h); err != nil {
		return h, err
	}
	if !okSession(h.Session) {
		return h, errors.New("session must be 1 to 32 letters and digits")
	}
	return h, nil
}

func okSession(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 32
}

// How old an act may be, and how far ahead its day: its key is remembered for
// 30 days if not set otherwise, and a handheld's clock may run fast.
const (
	oldestAct = 14 * 24 * time.Hour
	newestAct = 48 * time.Hour
)

// decodeAct reads an act. With an error it gives the number if that could be
// read, so that the refusal finds its act.
func decodeAct(data []byte, now time.Time) (act, error) {
	var a act
	if typeOf(data) != "act" {
		return a, errors.New("type must be act")
	}
	if len(data) > maxMessage {
		return a, errors.New("message is too long")
	}
	if err := json.Unmarshal(data, &a, json.RejectUnknownMembers(true)); err != nil {
		return act{N: a.N}, plain(err)
	}
	switch {
	case a.N == 0 || a.N > 999_999_999:
		return a, errors.New("n must be 1 to 999999999")
	case len(a.Verb) > 32:
		return a, errors.New("verb is too long")
	}
	return a, okDay(a.Day, now)
}

func okDay(text string, now time.Time) error {
	day, err := time.Parse(dayForm, text)
	switch {
	case err != nil:
		return errors.New("day must be a day such as 20261121")
	case now.Sub(day) > oldestAct || day.Sub(now) > newestAct:
		return errors.New("day is too far from today")
	}
	return nil
}
