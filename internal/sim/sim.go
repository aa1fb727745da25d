// Package sim is a pretend site: a shop and a carrier over HTTP, printers and
// scales on ptys, pickers, packers and a lead on real sockets, all on loopback,
// around a real daemon with a real ledger. The demo shows it, and the end-to-end
// tests hold the daemon to its promises with it.
package sim

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"floord/internal/sim/shop"
)

//go:embed data/retail_day.csv data/skus.csv
var data embed.FS

// An article is one of the 1,200 that the site sells.
type article struct {
	sku, name, barcode string
	grams, heat        int
	bin                string
}

// articles gives what the site sells, hottest first, each in a bin: 3 aisles with
// 2 blocks of 25 bays, bins left and right at 4 levels; the hottest lie in front.
func articles() ([]article, error) {
	rows, err := table("data/skus.csv")
	if err != nil {
		return nil, err
	}
	out := make([]article, 0, len(rows))
	for i, r := range rows {
		h := fnv.New32a()
		h.Write([]byte(r[0]))
		heat, err := strconv.Atoi(r[2])
		if err != nil {
			return nil, err
		}
		out = append(out, article{
			sku: r[0], name: r[1], heat: heat, grams: 40 + int(h.Sum32()%860),
			barcode: ean13(690_000_000_000 + int64(i)*37), bin: places[i%len(places)].name,
		})
	}
	return out, nil
}

func table(name string) ([][]string, error) {
	b, err := data.ReadFile(name)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows[1:], nil
}

// ean13 gives the 13-digit code of 12 digits.
func ean13(n int64) string {
	s := strconv.FormatInt(n, 10)
	sum := 0
	for i, c := range s {
		if i%2 == 0 {
			sum += int(c - '0')
		} else {
			sum += 3 * int(c-'0')
		}
	}
	return s + strconv.Itoa((10-sum%10)%10)
}

// A place is one bin.
type place struct {
	name  string
	aisle int
	x, y  float64
}

// The floor: aisles 3 m apart, bays 1 m wide, a cross aisle in front, in the
// middle and behind.
const (
	aisles, blocks, bays, sides, levels = 3, 2, 25, 2, 4
	aisleWidth, blockLength             = 3.0, bays + 2.0
)

// places lists the bins from the front to the back.
var places = func() []place {
	var out []place
	for b := range blocks {
		for bay := range bays {
			for a := range aisles {
				for s := range sides {
					for l := range levels {
						out = append(out, place{
							name:  fmt.Sprintf("%c-%02d-%02d-%d", 'A'+b, a+1, bay*sides+s+1, l+1),
							aisle: a + 1, x: aisleWidth * float64(a), y: float64(b)*blockLength + 1.5 + float64(bay),
						})
					}
				}
			}
		}
	}
	return out
}()

// purchases gives the day's orders as the shop's buyers placed them.
func purchases(rng *rand.Rand, goods []article) ([]shop.Order, error) {
	names := make(map[string]string, len(goods))
	for _, g := range goods {
		names[g.sku] = g.name
	}
	rows, err := table("data/retail_day.csv")
	if err != nil {
		return nil, err
	}
	var out []shop.Order
	last := ""
	for _, r := range rows {
		qty, err := strconv.Atoi(r[3])
		if err != nil {
			return nil, err
		}
		if r[0] != last {
			last = r[0]
			out = append(out, buyer(rng))
		}
		o := &out[len(out)-1]
		o.Items = append(o.Items, shop.Item{SKU: r[2], Name: names[r[2]], Qty: qty})
		o.PayFen += int64(qty) * (500 + int64(rng.IntN(9000)))
	}
	for i := range out { // and what is on offer today: one piece, and a set
		switch o := &out[i]; i % 8 {
		case 3:
			o.Items, o.PayFen = offer(goods[:1]), 1990
		case 7:
			o.Items, o.PayFen = offer(goods[1:3]), 4990
		}
	}
	return out, nil
}

// offer gives one piece of each.
func offer(goods []article) []shop.Item {
	var out []shop.Item
	for _, g := range goods {
		out = append(out, shop.Item{SKU: g.sku, Name: g.name, Qty: 1})
	}
	return out
}

// kinds are the pretend site's rules of how orders are picked.
const kinds = `[[kind]]
name = "加急"
kind = "order"
when = "urgent"

[[kind]]
name = "爆款"
kind = "identical"
when = "pieces > 1 && twins >= 2"
min_fill = 2
max_orders = 12

[[kind]]
name = "单品"
kind = "single"
min_fill = 2
max_orders = 12
`

// orderRules are the pretend site's rules of which orders go as one parcel.
const orderRules = `[[merge]]
name = "同一收件人"
within = "10m"
max_orders = 3
`

// buyer gives an order without items: who gets it, and what the buyer says.
func buyer(rng *rand.Rand) shop.Order {
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	town := towns[rng.IntN(len(towns))]
	o := shop.Order{
		Name: pick(surnames) + pick(givenNames), Phone: fmt.Sprintf("138%08d", rng.IntN(100_000_000)),
		Province: town[0], City: town[1], District: town[2], Shown: true,
		ShipIn: time.Duration(2+rng.IntN(40)) * time.Hour,
		Street: fmt.Sprintf("%s%d号%d幢%d室", pick(streets), 1+rng.IntN(300), 1+rng.IntN(20), 101+rng.IntN(900)),
	}
	if rng.IntN(6) == 0 {
		o.Memo = pick(memos)
	}
	return o
}

// Names, towns and words of the pretend buyers. 龘, 㛃 and 𠅤 are there because
// such names exist, and labels must show them.
var (
	surnames   = []string{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "欧阳", "单", "仇", "曾"}
	givenNames = []string{"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "龘", "䶮", "𠅤", "㛃", "喆", "堃", "文一西"}
	streets    = []string{"示例路", "人民路", "解放大道", "文一西路", "中山东路", "建设街", "滨江大道", "学府路"}
	memos      = []string{"请尽快发货", "不要放驿站", "易碎品请多包一层", "发票放箱内", "周末送货"}
	towns      = [][3]string{
		{"广东省", "深圳市", "南山区"}, {"浙江省", "杭州市", "西湖区"}, {"江苏省", "南京市", "鼓楼区"}, {"四川省", "成都市", "武侯区"},
		{"湖北省", "武汉市", "洪山区"}, {"北京市", "北京市", "海淀区"}, {"上海市", "上海市", "浦东新区"}, {"陕西省", "西安市", "雁塔区"},
		{"福建省", "厦门市", "思明区"}, {"山东省", "青岛市", "市南区"}, {"河南省", "郑州市", "金水区"}, {"湖南省", "长沙市", "岳麓区"},
	}
)

// The site's shop, carrier and secrets.
const (
	carrierID = "sf"
	mallID    = "100000001"
	account   = "demo-account"
	carrierKy = "demo-carrier-key"
)

// People of the site: 4 pickers, 2 packers, a lead.
var (
	pickers = []string{"li.wei", "zhao.lei", "sun.yan", "qian.min"}
	packers = []string{"wang.fang", "zhou.jie"}
	lead    = "chen.jie"
	names   = map[string]string{
		"li.wei": "李伟", "zhao.lei": "赵磊", "sun.yan": "孙艳", "qian.min": "钱敏",
		"wang.fang": "王芳", "zhou.jie": "周杰", "chen.jie": "陈洁",
	}
)

func badge(person string) string   { return "BADGE-" + person }
func station(i int) string         { return fmt.Sprintf("pack-%d", i+1) }
func link(dir, name string) string { return filepath.Join(dir, "dev", name) }

// emptySite makes the folders of a site, which must not hold one.
func emptySite(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "data", "floor.db")); err == nil {
		return fmt.Errorf("%s holds a site already, and the pretend shops would begin their numbers anew: name an empty folder", dir)
	}
	return os.MkdirAll(filepath.Join(dir, "dev"), 0o750)
}

// writeSite writes the pretend site's files into dir, floord.toml among them, and
// gives its path.
func writeSite(dir, listen, channels, carrierURL string, goods []article) (string, error) {
	skus := [][]string{{"sku", "name", "barcode", "grams"}}
	bins := [][]string{{"bin", "zone", "aisle", "x", "y"}}
	stock := [][]string{{"bin", "sku", "qty"}}
	for _, g := range goods {
		skus = append(skus, []string{g.sku, g.name, g.barcode, strconv.Itoa(g.grams)})
		stock = append(stock, []string{g.bin, g.sku, strconv.Itoa(20 + g.heat/20)})
	}
	for _, p := range places {
		bins = append(bins, []string{p.name, p.name[:1], strconv.Itoa(p.aisle), fmt.Sprint(p.x), fmt.Sprint(p.y)})
	}
	files := map[string][]byte{
		"carrier.secret": []byte(carrierKy), "kinds.toml": []byte(kinds), "rules.toml": []byte(orderRules), "admin.token": []byte("demo-admin"),
		"floord.toml": tomlOf(listen, dir, channels, carrierURL),
	}
	for name, rows := range map[string][][]string{"skus.csv": skus, "bins.csv": bins, "stock.csv": stock} {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			return "", err
		}
		files[name] = b.Bytes()
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "floord.toml"), nil
}

func tomlOf(listen, dir, channels, carrierURL string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `[site]
name = "示范仓"
prefix = "DB"

[sender]
name = "示范仓发货部"
phone = "0755-12345678"
address = "广东省深圳市宝安区物流路1号"

[http]
listen = %q
admin_token_file = "admin.token"

[floor]
freeze_window = "15s"
packaging_grams = 60

[orders]
rules = "rules.toml"

[wave]
every = "500ms"
totes_per_cart = 6
min_fill = 3
max_wait = "4s"
kinds = "kinds.toml"

[catalogue]
skus = "skus.csv"
bins = "bins.csv"
stock = "stock.csv"

[layout]
depot = { x = 0.0, y = 0.0 }
cross_aisles = [0.0, %v, %v]

%s
[[carrier]]
id = %q
name = "顺丰速运"
driver = "demo"
url = %q
account = %q
secret_file = "carrier.secret"
pool = 200
`, listen, blockLength, 2*blockLength, channels, carrierID, carrierURL, account)
	for i := range packers {
		fmt.Fprintf(&b, `
[[station]]
id = %q
printer = { port = %q, profile = %q }
scale = { port = %q, profile = %q }
`, station(i), link(dir, station(i)+"-printer"), printerProfile, link(dir, station(i)+"-scale"), scaleProfiles[i%len(scaleProfiles)])
	}
	for _, p := range slices.Concat(pickers, packers, []string{lead}) {
		role := "picker"
		switch {
		case slices.Contains(packers, p):
			role = "packer"
		case p == lead:
			role = "lead"
		}
		fmt.Fprintf(&b, "\n[[person]]\nid = %q\nname = %q\nbadge = %q\nroles = [%q]\n", p, names[p], badge(p), role)
	}
	return b.Bytes()
}
