package daemon_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/web"
)

// place takes an order of some SKUs, one piece each, into the running daemon.
func (k *dock) place(number string, skus ...floor.SKU) floor.OrderID {
	k.t.Helper()
	o := floor.ShopOrder{Channel: "files", Number: number, ModifiedAt: time.Now(), State: floor.ShopPaid, PaidAt: time.Now(), Pay: 3990, Content: number, To: floor.Recipient{Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "宝安区", Detail: "示例路1号"}}
	for _, s := range skus {
		o.Lines = append(o.Lines, floor.ShopLine{SKU: s, Qty: 1})
	}
	got, err := k.f.Receive(k.t.Context(), foreman.Intake{Key: k.key(), Channel: "files", Orders: []floor.ShopOrder{o}})
	k.must(err)
	return got.Events[0].Fact.(floor.OrderReceived).Order
}

// screen pairs a screen of the lead's and gives a way to read from the API with it.
func (k *dock) screen() func(path string, to any) {
	k.t.Helper()
	ctx := k.t.Context()
	code, err := k.f.Invite(ctx, k.root(), "board-1", "board", "")
	k.must(err)
	_, k.token, err = k.f.Pair(ctx, code)
	k.must(err)
	return func(path string, to any) {
		_, answer := k.call(http.MethodGet, path, "")
		k.must(json.Unmarshal(answer, to))
	}
}

// call asks the API with the screen.
func (k *dock) call(method, path, body string) (status int, answer []byte) {
	k.t.Helper()
	req, err := http.NewRequestWithContext(k.t.Context(), method, k.d.URL("/api/v1/"+path), strings.NewReader(body))
	k.must(err)
	req.Header.Set("Authorization", "Bearer "+k.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	k.must(err)
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	k.must(err)
	return resp.StatusCode, answer
}

// Whatever is wrong with an order's goods sets it aside with its reason, and the rest
// is planned.
func TestBadInputIsSetAside(t *testing.T) {
	k := newDockWith(t, "[[layout.blocked]]\nzone = \"B\"\naisle = 2\n", map[string]string{
		"skus.csv":  "sku,name,grams,min_days\nTS01,上衣,200,\nLOST,帽子,90,\nSHUT,手套,90,\nBOTH,围巾,90,\nHEAVY,石磨,100000,\nNOBIN,袜子,90,\nSTALE,牛奶,250,30\n",
		"bins.csv":  "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-02,A,1,1,9\nB-01,B,2,5,5\nX-1,X,,,\n",
		"stock.csv": "bin,sku,qty,expiry\nA-01,TS01,100,\nX-1,LOST,5,\nB-01,SHUT,5,\nB-01,BOTH,5,\nA-02,BOTH,1,\nA-02,HEAVY,5,\nA-02,STALE,5," + time.Now().AddDate(0, 0, 10).Format(time.DateOnly) + "\n",
	})
	get := k.screen()
	want := map[floor.OrderID]string{}
	for sku, why := range map[floor.SKU]string{
		"LOST": "bin X-1 has no coordinates", "SHUT": "bin B-01 lies in a blocked aisle", "HEAVY": "a cart takes 150000 g",
		"NOBIN": "line 1 (NOBIN) has no bin", "STALE": "line 1 (STALE) is not good for long enough",
	} {
		goods := []floor.SKU{sku}
		if sku == "HEAVY" {
			goods = append(goods, sku) // by itself it fits
		}
		want[k.place("bad-"+string(sku), goods...)] = why
	}
	good := k.place("good", "TS01", "BOTH")
	var got web.FloorPlan
	k.until("each is aside with its reason", func(v *ledger.View) (bool, error) {
		get("plan", &got)
		said := 0
		for _, x := range got.Aside {
			if why, ok := want[x.Order]; ok && strings.Contains(x.Why.EN, why) && x.Why.ZH != x.Why.EN {
				said++
			}
		}
		o, _, err := v.Order(good)
		return said == len(want) && o.State == floor.Waved, err
	})
	k.must(k.d.Ledger().Read(func(v *ledger.View) error {
		o, _, err := v.Order(good)
		row, _, err2 := v.Task(o.Task)
		if len(row.Stops) != 2 || slices.ContainsFunc(row.Stops, func(s floor.Stop) bool { return s.Bin == "B-01" }) {
			t.Errorf("the good order's walk is %+v", row.Stops)
		}
		if err == nil {
			err = err2
		}
		return err
	}))
}

// A bin that the waiting orders would empty is filled up from a reserve bin before:
// the lot that expires first, with a reason on the board; then the order goes, and
// its picker is told that lot.
func TestRefillInTheDaemon(t *testing.T) {
	early, late := time.Now().AddDate(0, 0, 20).Format(time.DateOnly), time.Now().AddDate(0, 2, 0).Format(time.DateOnly)
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams,ask\nMILK,牛奶,250,lot\nTEA,茶,90,\n",
		"bins.csv":  "bin,zone,aisle,x,y,use\nA-01,A,1,1,1,pick\nR-01,R,9,20,1,reserve\nR-02,R,9,20,9,备货\n",
		"stock.csv": "bin,sku,qty,lot,expiry\nA-01,MILK,0,,\nA-01,TEA,0,,\nR-01,TEA,9,,\nR-01,MILK,50,L2," + late + "\nR-02,MILK,1,L1," + early + "\n",
	})
	ctx := t.Context()
	get := k.screen()
	id := k.place("o", "MILK")
	k.place("tea", "TEA")
	var task floor.Task
	k.until("the refill", func(v *ledger.View) (ok bool, err error) { task, ok, err = v.WaitingTask(); return ok, err })
	if want := (floor.Spot{Bin: "R-02", SKU: "MILK", Lot: floor.Lot{No: "L1", Expiry: early}}); task.Kind != floor.TaskRefill || task.Stops[0].Spot() != want || task.Stops[0].Qty != 1 || task.Stops[1].Bin != "A-01" {
		t.Fatalf("the walk is %+v", task)
	}
	var plan web.FloorPlan
	get("plan", &plan)
	if len(plan.Walks) != 1 /* there is one picker: the tea waits */ || len(plan.Walks[0].Why) != 1 || !strings.Contains(plan.Walks[0].Why[0].ZH, "A-01 只剩 0 件可用，等货订单要 1 件") {
		t.Errorf("the plan says %+v", plan.Walks)
	}
	if !slices.ContainsFunc(plan.Aside, func(a web.PlanAside) bool {
		return a.Order == id && strings.Contains(a.Why.EN, "lies in a reserve bin")
	}) {
		t.Errorf("the order: %+v", plan.Aside)
	}
	for task.Kind == floor.TaskRefill {
		got, err := k.f.Take(ctx, k.as("picker"), "")
		k.must(err)
		for _, s := range task.Stops {
			_, err = k.f.Carry(ctx, k.as("picker"), foreman.PickScan{Task: got, Stop: s.No, Bin: s.Bin, Code: string(s.SKU), Qty: 1, Pieces: floor.Pieces{Lot: s.Lot}})
			k.must(err)
		}
		k.until("the next walk", func(v *ledger.View) (ok bool, err error) { task, ok, err = v.WaitingTask(); return ok, err })
	}
	if s := task.Stops[0]; task.Kind != floor.TaskPick || s.Order != id || s.Bin != "A-01" || s.No != 1 || s.Lot.No != "L1" {
		t.Errorf("its walk is %+v", task)
	}
}

// What should lie elsewhere is computed when a lead asks, beside the work, and shown.
func TestAdviceInTheDaemon(t *testing.T) {
	k := newDockWith(t, "", map[string]string{
		"skus.csv":  "sku,name,grams\nHOT,上衣,200\nCOLD,帽子,90\n",
		"bins.csv":  "bin,zone,aisle,x,y\nA-01,A,1,1,1\nA-40,A,1,1,40\n",
		"stock.csv": "bin,sku,qty\nA-40,HOT,100\nA-01,COLD,100\n",
	})
	ctx := t.Context()
	get := k.screen()
	for i := range 5 {
		k.place(fmt.Sprint("h", i), "HOT")
	}
	_, err := k.f.SetPerson(ctx, k.root(), floor.Person{ID: "boss", Name: "boss", Roles: []floor.Role{floor.RoleLead}}, "badge-boss")
	k.must(err)
	post := func(path, body string) int {
		status, _ := k.call(http.MethodPost, "stock/"+path, body)
		return status
	}
	if code := post("advice", "{}"); code != http.StatusForbidden {
		t.Errorf("nobody asked for it: %d", code)
	}
	_, _, err = k.f.Login(ctx, foreman.By{Device: "board-1", Key: k.key()}, "badge-boss")
	k.must(err)
	if code := post("advice", "{}"); code != http.StatusOK {
		t.Fatalf("a lead asked for it: %d", code)
	}
	var got web.StockList
	k.until("the advice", func(*ledger.View) (bool, error) {
		get("stock", &got)
		return !got.Advice.At.IsZero() && !got.Advice.Busy, nil
	})
	if m := got.Advice.Moves; len(m) != 1 || m[0].SKU != "HOT" || m[0].From != "A-40" || m[0].To != "A-01" || m[0].With != "COLD" || m[0].Metres < 70 || got.Advice.Orders != 5 {
		t.Errorf("advised %+v", got.Advice)
	}
	var lies []struct {
		floor.Spot
		Sellable, Reserved int
	}
	k.until("the orders' pieces are promised", func(*ledger.View) (bool, error) {
		get("stock/HOT", &lies)
		return len(lies) == 1 && lies[0].Bin == "A-40" && lies[0].Sellable == 95 && lies[0].Reserved == 5, nil
	})
	// What lies where is counted from a file, and a file with a mistake counts nothing.
	if code := post("import", `{"csv":"bin,sku,qty,lot,expiry\nA-01,HOT,7,L1,2039-01-31\nA-01,COLD,60,,\n"}`); code != http.StatusOK {
		t.Errorf("the file: %d", code)
	}
	if code := post("import", `{"csv":"bin,sku,qty\nA-01,COLD,50\nA-01,COLD,many\n"}`); code == http.StatusOK {
		t.Error("a file with a mistake was taken")
	}
	var hot, cold []struct {
		floor.Spot
		Sellable int
	}
	get("stock/HOT", &hot)
	get("stock/COLD", &cold)
	if len(hot) != 2 || hot[0].No != "L1" || hot[0].Sellable != 7 || len(cold) != 1 || cold[0].Sellable != 60 {
		t.Errorf("after the file: %+v, %+v", hot, cold)
	}
}
