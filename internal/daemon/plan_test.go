package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/web"
)

// An order whose only stock lies in a bin without coordinates is set aside with its
// reason on the plan, the rest walks; the plan shows how far, and forgets what is done.
func TestFloorPlan(t *testing.T) {
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams\nTS01,上衣,200\nLOST,帽子,90\n",
		"bins.csv":  "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-02,A,2,3,1\nX-1,X,,,\n",
		"stock.csv": "bin,sku,qty\nA-01,TS01,100\nX-1,LOST,5\n",
	})
	ctx := t.Context()
	get := k.screen()
	plan := func() (p web.FloorPlan) { get("plan", &p); return p }
	lost := k.place("lost", "LOST")
	k.until("the order is set aside", func(*ledger.View) (bool, error) {
		return slices.ContainsFunc(plan().Aside, func(a web.PlanAside) bool {
			return a.Order == lost && a.Why.ZH == "库位 X-1 没有坐标，请在库位表中补上"
		}), nil
	})
	k.place("good", "TS01")
	k.until("the other's walk", func(*ledger.View) (bool, error) {
		p := plan()
		return len(p.Walks) == 1 && len(p.Walks[0].Why) > 0 && p.Walks[0].Next == "A-01" && len(p.Bins) == 2 && len(p.Walks[0].Walked) == 1, nil
	})
	if p := plan(); p.Walks[0].BeforeMetres != p.Walks[0].Metres || len(p.Walks[0].Before) < 3 || p.Walks[0].Why[0].EN != "no rule has these orders: sorted while picking, as usual" {
		t.Errorf("before: %+v", p.Walks[0])
	}
	task, err := k.f.Take(ctx, k.as("picker"), "")
	k.must(err)
	if w := plan().Walks[0]; w.Person != "picker" || w.Task != task || w.Done != 0 || w.Stops != 1 || len(w.Ahead) < 3 {
		t.Errorf("the walk is %+v", w)
	}
	_, err = k.f.BindTote(ctx, k.as("picker"), task, 1, "tote-1")
	k.must(err)
	_, err = k.f.Pick(ctx, k.as("picker"), foreman.PickScan{Task: task, Stop: 1, Bin: "A-01", Code: "TS01", Qty: 1})
	k.must(err)
	if p := plan(); len(p.Walks) != 0 || len(p.Aside) != 1 {
		t.Errorf("after the walk: %+v", p)
	}
}

// An order that comes while everybody walks joins a walk that passes its bin, goes by
// the carrier that the planner foresaw, and is not kept waiting for the next wave.
func TestOrderJoinsAWalk(t *testing.T) {
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams\nTS01,上衣,200\nHAT,帽子,90\n",
		"bins.csv":  "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-02,A,1,1,9\n",
		"stock.csv": "bin,sku,qty\nA-01,TS01,100\nA-02,HAT,100\n",
	})
	ctx := t.Context()
	k.place("first", "TS01", "HAT")
	k.until("the first walk", func(v *ledger.View) (bool, error) { _, ok, err := v.WaitingTask(); return ok, err })
	task, err := k.f.Take(ctx, k.as("picker"), "")
	k.must(err)
	second := k.place("second", "HAT")
	k.until("the second order joins it", func(v *ledger.View) (bool, error) {
		o, _, err := v.Order(second)
		return o.State == floor.Waved && o.Task == task, err
	})
	k.until("its number is asked for", func(v *ledger.View) (bool, error) {
		all, err := v.Bookings(second)
		return len(all) > 0, err
	})
	k.must(k.d.Ledger().Read(func(v *ledger.View) error {
		row, _, err := v.Task(task)
		if len(row.Stops) != 3 || row.Stops[2].Order != second || row.Stops[2].Slot != 2 {
			t.Errorf("the walk is %+v", row.Stops)
		}
		return err
	}))
}

// Today's orders, walking or not, are planned under other rules: fewer totes on a cart
// are more metres, alike orders together are less time, and a rule that nobody can
// follow is named.
func TestWhatIf(t *testing.T) {
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams\nTS01,上衣,200\nHAT,帽子,90\n",
		"bins.csv":  "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-02,A,1,1,9\n",
		"stock.csv": "bin,sku,qty\nA-01,TS01,100\nA-02,HAT,100\n",
	})
	k.screen()
	for i := range 6 {
		k.place(fmt.Sprint("n", i), "TS01", "HAT")
	}
	k.until("a first wave", func(v *ledger.View) (bool, error) { _, ok, err := v.WaitingTask(); return ok, err })
	call := func(body string) (status int, out web.WhatIf) {
		status, answer := k.call(http.MethodPost, "whatif", body)
		k.must(json.Unmarshal(answer, &out))
		return status, out
	}
	rules := func(totes int, kinds string) string {
		b, err := json.Marshal(web.WhatIfRules{TotesPerCart: totes, MaxGrams: 150_000, Kinds: kinds})
		k.must(err)
		return string(b)
	}
	_, got := call(rules(1, ""))
	if len(got.Plans) != 2 || got.Orders != 6 || got.Plans[0].Waves != 1 || got.Plans[0].Orders != 6 || got.Plans[1].Waves != 6 {
		t.Fatalf("one tote on a cart: %+v", got)
	}
	if now, other := got.Plans[0], got.Plans[1]; now.Metres*6 != other.Metres || other.Metres != got.OneByOne || now.Minutes >= other.Minutes {
		t.Errorf("now %v m, %v min; one tote on a cart %v m, %v min; one by one %v m", now.Metres, now.Minutes, other.Metres, other.Minutes, got.OneByOne)
	}
	_, got = call(rules(12, "[[kind]]\nname = \"twins\"\nkind = \"identical\"\nmax_orders = 50\nmin_fill = 40\n"))
	if p := got.Plans[1]; p.Waves != 1 || p.Kinds[0].Rule != "twins" || p.Kinds[0].Kind != "identical" || p.Minutes >= got.Plans[0].Minutes {
		t.Errorf("twins together: %+v, now %+v", p, got.Plans[0])
	}
	_, got = call(rules(12, "[[kind]]\nname = \"big\"\nkind = \"cluster\"\nmax_orders = 13\n"))
	if p := got.Plans[1]; len(p.Wrong) != 1 || !strings.Contains(p.Wrong[0].Text, `"big"`) || p.Waves != 0 {
		t.Errorf("an impossible rule: %+v", p)
	}
	if status, _ := call(rules(0, "")); status != http.StatusUnprocessableEntity {
		t.Errorf("no tote on a cart: %d", status)
	}
}

// An order that waits for a refill is compared as walked to where its goods are picked,
// not to the reserve bin that has more of them; what lies in reserve alone is picked there.
func TestWhatIfWalksPastReserve(t *testing.T) {
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams\nTS01,上衣,200\nNEW,帽子,90\n",
		"bins.csv":  "bin,zone,aisle,x,y,use\nA-01,A,1,1,1,pick\nA-02,A,1,1,9,pick\nR-01,R,9,200,1,reserve\n",
		"stock.csv": "bin,sku,qty\nA-01,TS01,0\nA-02,TS01,0\nR-01,TS01,500\nR-01,NEW,500\n",
	})
	k.screen()
	rules, err := json.Marshal(web.WhatIfRules{TotesPerCart: 12, MaxGrams: 150_000})
	k.must(err)
	oneByOne := func() float64 {
		var out web.WhatIf
		_, answer := k.call(http.MethodPost, "whatif", string(rules))
		k.must(json.Unmarshal(answer, &out))
		return out.OneByOne
	}
	k.place("waits", "TS01")
	near := oneByOne()
	k.place("alone", "NEW")
	if far := oneByOne() - near; near == 0 || near > 100 || far < 300 {
		t.Errorf("%v m to A-01, %v m to R-01", near, far)
	}
}

// Bins without coordinates lie where their names say, if floord.toml says how to read
// them; a file that gives a place is right. The list may be TOML.
func TestBinsByName(t *testing.T) {
	const form = "[layout.names]\nform = \"ZONE-AISLE-BAY-LEVEL\"\naisles_apart = 4\nbay = 1.5\nsides = 2\nzone = [{ zone = \"B\", x = 100.0, y = 50.0 }]\n"
	want := map[floor.BinID]floor.BinInfo{
		"A-01-01-1": {Bin: "A-01-01-1", Zone: "A", Aisle: 1}, "A-03-06-2": {Bin: "A-03-06-2", Zone: "A", Aisle: 3, X: 8, Y: 3},
		"B-02-01-1": {Bin: "B-02-01-1", Zone: "B", Aisle: 2, X: 104, Y: 50}, "A-01-02-1": {Bin: "A-01-02-1", Zone: "A", Aisle: 1, X: 0.5, Y: 7}, "STAGE": {Bin: "STAGE"},
	}
	for name, files := range map[string]map[string]string{
		"csv":  {"bins.csv": "bin,zone,aisle,x,y\nA-01-01-1,,,,\nA-03-06-2,,,,\nB-02-01-1,,,,\nA-01-02-1,A,1,0.5,7\nSTAGE,,,,\n", "stock.csv": "bin,sku,qty\nA-01-01-1,TS01,100\n"},
		"toml": {"bins.csv": "bin\n", "bins.toml": "[[bin]]\nbin = \"A-01-01-1\"\n[[bin]]\nbin = \"A-03-06-2\"\n[[bin]]\nbin = \"B-02-01-1\"\n[[bin]]\nbin = \"A-01-02-1\"\nzone = \"A\"\naisle = 1\nx = 0.5\ny = 7\n[[bin]]\nbin = \"STAGE\"\n", "stock.csv": "bin,sku,qty\nA-01-01-1,TS01,100\n"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newDockAs(t, strings.Replace(dockTOML, "bins.csv", "bins."+name, 1), form, files)
			got := map[floor.BinID]floor.BinInfo{}
			k.must(k.d.Ledger().Read(func(v *ledger.View) error {
				return v.Bins(func(b floor.BinInfo) bool { got[b.Bin] = b; return true })
			}))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("bins = %+v, want %+v", got, want)
			}
		})
	}
}
