package floor

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A BinForm is how a site's names of bins say where they lie, as "ZONE-AISLE-BAY-LEVEL".
type BinForm struct {
	Apart float64           // metres from aisle to aisle
	Bay   float64           // metres from bay to bay, along the aisle
	Sides int               // 2: odd bays stand on one side, even ones face them
	Zones map[string]Corner // where the first aisle's first bay of a zone lies; others: at 0, 0

	names *regexp.Regexp
}

// A Corner is a place on the floor, in metres.
type Corner struct{ X, Y float64 }

// binWords are what a form is made of, and what each stands for.
var binWords = map[string]string{"ZONE": `([\pL\pN]+?)`, "AISLE": `([0-9]{1,6})`, "BAY": `([0-9]{1,6})`, "LEVEL": `([\pL\pN]+)`}

var binWord = regexp.MustCompile(`ZONE|AISLE|BAY|LEVEL`)

// NewBinForm reads a form: the words AISLE and BAY, and perhaps ZONE and LEVEL, each
// once, with what stands between them.
func NewBinForm(form string) (BinForm, error) {
	words := binWord.FindAllString(form, -1)
	slices.Sort(words)
	if len(slices.Compact(slices.Clone(words))) != len(words) || !slices.Contains(words, "AISLE") || !slices.Contains(words, "BAY") || len(form) > 100 {
		return BinForm{}, fmt.Errorf("form %q: AISLE and BAY are wanted, ZONE and LEVEL may be, each once", form)
	}
	var expr strings.Builder
	from := 0
	for _, at := range binWord.FindAllStringIndex(form, -1) {
		word := form[at[0]:at[1]]
		expr.WriteString(regexp.QuoteMeta(form[from:at[0]]) + "(?P<" + word + ">" + binWords[word] + ")")
		from = at[1]
	}
	names, err := regexp.Compile("^" + expr.String() + regexp.QuoteMeta(form[from:]) + "$")
	if err != nil {
		return BinForm{}, errors.New("form: it is not plain text")
	}
	return BinForm{Apart: 3, Bay: 1, Sides: 1, names: names}, nil
}

// Place gives a bin the place that its name says. It is false for a bin whose name is
// of another form.
func (f BinForm) Place(b *BinInfo) bool {
	if f.names == nil {
		return false
	}
	m := f.names.FindStringSubmatch(string(b.Bin))
	if m == nil {
		return false
	}
	word := func(name string) string {
		if i := f.names.SubexpIndex(name); i >= 0 {
			return m[i]
		}
		return ""
	}
	aisle, err1 := strconv.Atoi(word("AISLE"))
	bay, err2 := strconv.Atoi(word("BAY"))
	if err1 != nil || err2 != nil || aisle < 1 || bay < 1 {
		return false
	}
	if b.Zone == "" {
		b.Zone = word("ZONE")
	}
	at := f.Zones[b.Zone]
	b.Aisle = aisle
	b.X = at.X + float64(aisle-1)*f.Apart
	b.Y = at.Y + float64((bay-1)/max(1, f.Sides))*f.Bay
	return true
}
