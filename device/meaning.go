package device

import "encoding/json"

// A Meaning is what recorded bytes of a device mean, as `floord device decode`
// writes it. Value and Grams are exact, and missing where the bytes do not hold
// them; so are Stable and Mode.
type Meaning struct {
	ID      string      `json:"id,omitempty"` // not in Frames
	Outcome Outcome     `json:"outcome"`
	Value   string      `json:"value,omitempty"`
	Unit    string      `json:"unit,omitempty"`
	Grams   json.Number `json:"grams,omitempty"`
	Stable  *bool       `json:"stable,omitempty"`
	Mode    string      `json:"mode,omitempty"`
	Flags   []string    `json:"flags"`
	Frames  []Meaning   `json:"frames,omitempty"` // where there are several; the meaning itself then is the last one
}

// An Outcome is what bytes are worth.
type Outcome string

// The outcomes. A Status is sound and holds no weight; a Reject is not sound;
// Incomplete bytes are the beginning of something; Ambiguous ones mean different
// things in the dialects they may be of.
const (
	MeansWeight     Outcome = "weight"
	MeansStatus     Outcome = "status"
	MeansReject     Outcome = "reject"
	MeansIncomplete Outcome = "incomplete"
	MeansAmbiguous  Outcome = "ambiguous"
)

// Means gives a meaning without a value.
func Means(o Outcome, flags ...string) Meaning {
	return Meaning{Outcome: o, Flags: append([]string{}, flags...)}
}
