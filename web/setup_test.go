package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	_ "image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/label/labeltest"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
	"floord/web"

	"github.com/chromedp/chromedp"
)

// setupSite is a site of which wang.fang stands in floord.toml, with a printer at
// pack-1 that talks.
func setupSite(t testing.TB) *pdatest.Site {
	s := pdatest.NewSite(t, pdatest.Options{Hooks: pda.Hooks{
		Stations: func() []floor.StationID { return []floor.StationID{"pack-1", "pack-2"} },
		Scale:    func(floor.StationID) pda.ScaleState { return pda.ScaleState{State: "empty"} },
		Printer: func(st floor.StationID) pda.PrinterState {
			return pda.PrinterState{State: map[floor.StationID]string{"pack-1": "ready", "pack-2": "down"}[st]}
		},
	}})
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", AdminToken: adminToken, Site: "东坝一号仓",
		InFile: func(id floor.PersonID) bool { return id == "wang.fang" },
		PrintSecret: func(_ context.Context, by foreman.By, station floor.StationID, kind string, words map[string]string) error {
			if station != "pack-1" {
				return floor.Refuse("no-printer", "station", station)
			}
			if words["badge"]+words["code"] == "" || words["code"] != "" && !strings.HasSuffix(words["qr"], "/pda#pair="+words["code"]) {
				t.Errorf("%s: printed %v", kind, words)
			}
			return nil
		},
		Device: func(st floor.StationID, kind string, after uint64) (web.DeviceFeed, bool) {
			if kind == "scanner" {
				return web.DeviceFeed{}, false
			}
			f := web.DeviceFeed{
				Station: st, Kind: kind, Port: "/dev/ttyUSB0", Profile: "tsc-ttp244", Line: "9600 8N1", Phase: "up", Say: pda.Words{ZH: "就绪", EN: "ready"},
				Seq: after + 1, Bytes: []web.DeviceBytes{{Seq: after + 1, Way: "<", Hex: "02 2b 30 30 38 35 30", ASCII: ".+00850"}}, Frames: []web.DeviceFrame{},
			}
			return f, true
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	return s
}

// picture gives the image that an element of the page shows.
func (w *window) picture(find string) image.Image {
	w.b.t.Helper()
	w.until("!!document.querySelector('" + find + "')")
	src, err := chromedp.Run(w.ctx, chromedp.Evaluate[string]("document.querySelector('"+find+"').src"))
	if err != nil {
		w.b.t.Fatal(err)
	}
	_, data, _ := strings.Cut(src, "base64,")
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		w.b.t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		w.b.t.Fatal(err)
	}
	return m
}

// fill types into the field behind a label.
func (w *window) fill(label, text string) {
	w.b.t.Helper()
	script := `(function (l, v) {
		var all = document.querySelectorAll('.fields label');
		for (var i = 0; i < all.length; i++) if (all[i].innerText.indexOf(l) >= 0) {
			var at = all[i].querySelector('input,select');
			at.value = v;
			at.dispatchEvent(new Event('change'));
			return true;
		}
		return false;
	})(` + quote(label) + `,` + quote(text) + `)`
	w.until(script)
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// A lead invites a device, and the code on the screen pairs it; adds a person, and
// the badge on the screen logs in; watches what a printer says.
func TestSetUpInTheBrowser(t *testing.T) {
	t.Parallel()
	s := setupSite(t)
	_, err := s.Foreman.SetPerson(t.Context(), s.Root(), floor.Person{ID: "wang.fang", Name: "王芳", Roles: []floor.Role{floor.RolePacker}}, "EMP-0001")
	s.Must(err)
	s.Person("admin.lu", "陆敏", floor.RoleAdmin)
	b := newBrowser(t)
	base := "http://" + s.Addr
	x := b.open(base+"/setup?token="+s.Pair("board-1", "board", ""), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-admin.lu")
	x.says("生成配对码")
	x.says("board-1")
	x.fill("设备", "pda 7")
	x.press("生成配对码")
	x.says("不能用")
	x.press("知道了")
	x.fill("设备", "pda-07")
	x.press("生成配对码")
	x.says("只能用一次")
	x.press("在 pack-2 打印")
	x.says("请选别的包装台")
	x.press("知道了")
	x.press("在 pack-1 打印")
	x.says("已发到 pack-1 的打印机")
	x.look("setup-devices")
	codes := labeltest.ReadCodesZbar(t, x.picture("img.qr"))
	if len(codes) != 1 || !strings.HasPrefix(codes[0], base+"/pda#pair=") {
		t.Fatalf("the pairing code says %q", codes)
	}

	opened := b.open(codes[0], 360, 640)
	opened.says("请扫描工牌")
	opened.until("document.querySelector('header b').innerText === 'pda-07'")

	x.fill("设备", "pack-screen")
	x.fill("用途", "station")
	x.fill("工作台", "pack-1")
	x.press("生成配对码")
	x.until("/station#/.test((document.querySelector('img.qr') || {}).alt)")
	x.look("setup-station-code")
	codes = labeltest.ReadCodesZbar(t, x.picture("img.qr"))
	scanned := b.open(base+"/station", 1280, 800)
	scanned.says("还没有配对")
	scanned.scan(codes[0]) // a scanner types the whole address
	scanned.says("请扫描工牌")
	scanned.until("document.querySelector('header b').innerText === 'pack-1'")

	x.press("设备")
	x.says("pack-screen")
	x.until("document.querySelectorAll('.list tbody tr').length === 3")
	x.press("停用")
	x.says("要重新配对才行")
	x.press("取消")

	x.press("人员")
	x.says("来自 floord.toml")
	x.press("添加人员")
	x.fill("工号", "liu.yang")
	x.fill("人员", "刘洋")
	x.fill("班组", "早班")
	x.press("自动生成")
	x.press("保存")
	x.says("打印工牌")
	x.says("刘洋")
	x.press("在 pack-1 打印")
	x.says("已发到 pack-1 的打印机")
	x.look("setup-people")
	badge := labeltest.ReadCodesZbar(t, x.picture(".badge img"))
	if len(badge) != 1 || len(badge[0]) != 12 {
		t.Fatalf("the badge says %q", badge)
	}
	opened.scan(badge[0])
	opened.says("刘洋")
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		p, _, err := v.Person("liu.yang")
		if p.Name != "刘洋" || p.Team != "早班" || !p.May(floor.RolePicker) || p.May(floor.RolePacker) {
			t.Errorf("kept: %+v", p)
		}
		return err
	}))
	x.press("工牌") // of wang.fang, who is in the file
	x.says("此人写在 floord.toml 里")
	x.scan("EMP-0001")
	x.press("预览工牌")
	x.says("打印工牌")
	x.look("setup-in-file")
	if badge := labeltest.ReadCodesZbar(t, x.picture(".badge img")); len(badge) != 1 || badge[0] != "EMP-0001" {
		t.Errorf("the badge says %q", badge)
	}

	x.press("工作台")
	x.says("02 2b 30 30 38 35 30")
	x.says("没有接")
	x.until("document.querySelectorAll('.feed pre')[0].childNodes.length > 2")
	x.look("setup-stations")

	en := b.open(base+"/setup?lang=en#admin", 1280, 800)
	en.says("Admin token")
	en.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('input[type=password]').value = 'wrong'"))
	en.press("Enter")
	en.says("not paired")
	en.press("Understood")
	en.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('input[type=password]').value = " + quote(adminToken)))
	en.press("Enter")
	en.says("Make a pairing code")
	en.press("People")
	en.says("from floord.toml")
	en.look("setup-en")
}

// What floord.toml sets is changed there only; a badge that is not named stays; the
// label of a badge is drawn for whoever knows what is on it.
func TestPeopleOfTheFile(t *testing.T) {
	s := setupSite(t)
	lead := s.Pair("board-1", "board", "")
	s.Dial(lead, "zhao.lei")
	for _, tt := range []struct {
		name, token, method, path, body string
		status                          int
		has                             string
	}{
		{"who is in the file", lead, "GET", "/api/v1/people", "", 200, `"id":"wang.fang","name":"王芳","roles":["packer"],"in_file":true`},
		{"in the file", adminToken, "PUT", "/api/v1/people/wang.fang", `{"name":"王","roles":["lead"]}`, 409, "in-file"},
		{"taken out of the file", adminToken, "DELETE", "/api/v1/people/wang.fang", "", 409, "in-file"},
		{"a lead is no admin", lead, "PUT", "/api/v1/people/li.wei", `{"name":"李","roles":["admin"]}`, 403, "no-role"},
		{"without a badge", adminToken, "PUT", "/api/v1/people/new.one", `{"name":"新","roles":["picker"]}`, 409, "badge-taken"},
		{"somebody's badge", adminToken, "PUT", "/api/v1/people/new.one", `{"name":"新","roles":["picker"],"badge":"badge-li.wei"}`, 409, "badge-taken"},
		{"too short", adminToken, "PUT", "/api/v1/people/new.one", `{"name":"新","roles":["picker"],"badge":"abc"}`, 422, "bad-args"},
		{"the badge stays", adminToken, "PUT", "/api/v1/people/li.wei", `{"name":"李伟","roles":["picker","packer"],"team":"晚班"}`, 200, "true"},
		{"it did", lead, "POST", "/api/v1/people/li.wei/badge", `{"badge":"badge-li.wei"}`, 200, `"png":"`},
		{"not that one", lead, "POST", "/api/v1/people/li.wei/badge", `{"badge":"badge-x"}`, 409, "badge-other"},
		{"nobody's", lead, "POST", "/api/v1/people/no.one/badge", `{"badge":"badge-x"}`, 409, "badge-other"},
		{"a stranger", "", "POST", "/api/v1/people/li.wei/badge", `{"badge":"badge-li.wei"}`, http.StatusUnauthorized, "no-device"},
	} {
		if status, body := call(s, tt.token, tt.method, tt.path, tt.body); status != tt.status || !strings.Contains(body, tt.has) {
			t.Errorf("%s: %d %s, want %d with %s", tt.name, status, body, tt.status, tt.has)
		}
	}
}

// TestSetupOfShopsRulesAndBins: what floord.toml alone may change is shown with its
// mistakes and where to change it; a bins file is tried and nothing of it is kept.
func TestSetupOfShopsRulesAndBins(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{Hooks: pda.Hooks{
		Channels: func() []pda.ChannelState {
			return []pda.ChannelState{{ID: "pdd-main", OK: true, Text: "正常", EN: "well"}}
		},
	}})
	var tried string
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", AdminToken: adminToken,
		Settings: func() web.Settings {
			return web.Settings{
				File: "/etc/floord/floord.toml", Changed: true,
				Mistakes: []web.Mistake{{File: "/etc/floord/floord.toml", Line: 41, Column: 1, Words: pda.Words{ZH: "没有 \"nmae\" 这个设置", EN: "unknown key \"nmae\""}}},
				Shops: []web.Shop{
					{ID: "pdd-main", Line: 12, Text: "[[channel]]\nid = \"pdd-main\"", Runs: true, Driver: "pdd", Every: "5m0s", TokenEnds: time.Date(2027, 1, 5, 0, 0, 0, 0, time.UTC)},
					{ID: "tb", Line: 20, Text: "[[channel]]\nid = \"tb\"", Trial: true},
				},
			}
		},
		ReadBins: func(in io.Reader) ([]floor.BinInfo, error) {
			data, err := io.ReadAll(in)
			tried = string(data)
			return []floor.BinInfo{{Bin: pdatest.Bin(0), Zone: "A", Aisle: 1, X: 2, Y: 1}, {Bin: "Z-9", Zone: "Z"}}, errors.Join(err, errors.New("bins.csv:3: bin Z-8: x \"\" is no number"))
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	w := newBrowser(t).open("http://"+s.Addr+"/setup?token="+s.Pair("board-1", "board", ""), 1280, 800)
	w.says("请扫描工牌")
	w.scan("badge-zhao.lei")
	w.press("店铺")
	w.says("没有 \"nmae\" 这个设置")
	w.says("floord.toml:41")
	w.says("重启 floord 后生效")
	w.says("第 12 行起修改")
	w.says("重启后启用") // the one that is not in force yet
	w.look("setup-shops")
	w.press("规则")
	w.says("现在用的是自带的规则")
	w.look("setup-rules")
	w.press("库位")
	w.says("共 40 个库位")
	w.until("!!document.querySelector('canvas.map')")
	w.value(`(function () { document.querySelector('textarea').value = 'bin,zone'; return ''; })()`)
	w.press("检查并预览")
	w.says("新增 1 个，改动 1 个，文件里没有的 39 个保持不变")
	w.says("第 3 行有误")
	w.says("库位 Z-9 没有坐标")
	w.says("有错误的文件不会被采用")
	w.look("setup-bins")
	if tried != "bin,zone" {
		t.Errorf("tried %q", tried)
	}
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		if b, _, err := v.Bin(pdatest.Bin(0)); err != nil || b.X != 0 {
			t.Errorf("the bin is at %v, %v; want it where it was", b.X, err)
		}
		return nil
	}))
	for _, path := range []string{"/api/v1/settings", "/api/v1/bins"} { // no picker's business
		if status, _ := call(s, s.Pair("pda-"+floor.DeviceID(path[8:]), "pda", ""), "GET", path, ""); status != http.StatusForbidden {
			t.Errorf("%s: %d for a device without a lead", path, status)
		}
	}
}
