package address_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"floord/floor/address"
)

func saved(t testing.TB, name string) []map[string]string {
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		all = append(all, m)
	}
	return all
}

// TestHard holds it to addresses that are hard: names of old, the corps' cities,
// counties directly below a province, wide digits, identity cards, postcodes.
func TestHard(t *testing.T) {
	for _, row := range saved(t, "hard.csv") {
		a := address.Parse(row["raw"])
		for field, got := range map[string]string{
			"province": a.To.Province, "city": a.To.City, "district": a.To.District, "detail": a.To.Detail, "name": a.To.Name, "phone": a.To.Phone,
		} {
			if got != row[field] {
				t.Errorf("%s: %s %q; want %q", row["raw"], field, got, row[field])
			}
		}
	}
}

// right reports whether got is what the row expects, or one of what it also takes.
func right(row map[string]string, field, got string) bool {
	if got == row[field] {
		return true
	}
	for alt := range strings.SplitSeq(row["alt"], ";") {
		if name, value, _ := strings.Cut(alt, "="); name == field && value == got {
			return true
		}
	}
	return false
}

// TestSaved holds the parser to the share of the saved addresses that it reads right.
func TestSaved(t *testing.T) {
	rows := saved(t, "addresses.csv")
	where, all := 0, 0
	for _, row := range rows {
		a := address.Parse(row["raw"])
		three := right(row, "province", a.To.Province) && right(row, "city", a.To.City) && right(row, "district", a.To.District)
		four := three && right(row, "detail", a.To.Detail)
		person := a.To.Name == row["name"] && a.To.Phone == row["phone"]
		if three {
			where++
		}
		if four {
			all++
		}
		if !four || !person {
			t.Logf("%s %q: %+v", row["id"], row["raw"], a)
		}
	}
	t.Logf("province, city and district right: %d of %d; detail too: %d", where, len(rows), all)
	if where*100 < 95*len(rows) || all*100 < 90*len(rows) {
		t.Errorf("%d and %d of %d are right; want 95 %% and 90 %%", where, all, len(rows))
	}
}

func TestParse(t *testing.T) {
	tests := []struct{ raw, where, detail, name, phone, flags string }{
		{"广东深圳南山科技园", "广东省 深圳市 南山区", "科技园", "", "", ""},
		{"浙江省杭州市西湖大道12号", "浙江省 杭州市 ", "西湖大道12号", "", "", "no_district"},
		{"四川省成都市双流县东升街道", "四川省 成都市 双流区", "东升街道", "", "", "renamed"},
		{"湖北襄樊市襄城区1号", "湖北省 襄阳市 襄城区", "1号", "", "", "renamed"},
		{"河南省济源市沁园路1号", "河南省 济源市 ", "沁园路1号", "", "", ""},
		{"湖北省神农架林区松柏镇", "湖北省 神农架林区 ", "松柏镇", "", "", ""},
		{"海南省白沙县牙叉镇", "海南省 白沙黎族自治县 ", "牙叉镇", "", "", ""},
		{"海南省儋州市那大镇", "海南省 儋州市 ", "那大镇", "", "", ""},
		{"青海省海南藏族自治州共和县恰卜恰镇", "青海省 海南藏族自治州 共和县", "恰卜恰镇", "", "", ""},
		{"天津河北区中山路1号", "天津市 天津市 河北区", "中山路1号", "", "", ""},
		{"黑龙江牡丹江西安区新华路", "黑龙江省 牡丹江市 西安区", "新华路", "", "", ""},
		{"鼓楼区中山路1号", "  ", "中山路1号", "", "", "ambiguous,no_district"},
		{"河北省桥西区1号", "河北省  ", "1号", "", "", "ambiguous,no_district"},
		{"香港九龙观塘区开源道60号 张七 61234567", "香港特别行政区 九龙 观塘区", "开源道60号", "张七", "61234567", ""},
		{"香港特别行政区湾仔区轩尼诗道1号 李八 +852 6123 4567", "香港特别行政区 香港岛 湾仔区", "轩尼诗道1号", "李八", "85261234567", ""},
		{"香港新界沙田区沙田正街1号 Chan Tai Man +852-91234567", "香港特别行政区 新界 沙田区", "沙田正街1号", "Chan Tai Man", "85291234567", ""},
		{"深圳市南山区科技园1号 Block A 张三 13800000001", "广东省 深圳市 南山区", "科技园1号Block A", "张三", "13800000001", ""},
		{"南京市江浦县珠江镇1号", "江苏省 南京市 浦口区", "珠江镇1号", "", "", "renamed"},
		{"湖南省湘西自治州吉首市人民路1号", "湖南省 湘西土家族苗族自治州 吉首市", "人民路1号", "", "", ""},
		{"湖北宜昌长阳自治县龙舟坪镇", "湖北省 宜昌市 长阳土家族自治县", "龙舟坪镇", "", "", ""},
		{"内蒙古呼伦贝尔市莫旗尼尔基镇", "内蒙古自治区 呼伦贝尔市 莫力达瓦达斡尔族自治旗", "尼尔基镇", "", "", ""},
		{"西藏林芝地区林芝县八一镇", "西藏自治区 林芝市 巴宜区", "八一镇", "", "", "renamed"},
		{"臺灣新北市板橋區文化路一段100號", "台湾省 新北市 板桥区", "文化路一段100號", "", "", ""},
		{"收貨人：陳大文 電話：13800000001 地址：廣東省東莞市長安鎮德政路1號", "广东省 东莞市 ", "長安鎮德政路1號", "陳大文", "13800000001", ""},
		{"陕西省咸阳市乾县城关镇1号", "陕西省 咸阳市 乾县", "城关镇1号", "", "", ""},
		{"辽宁省/大连市/甘井子区/华北路1号/王五/13612345678", "辽宁省 大连市 甘井子区", "华北路1号", "王五", "13612345678", ""},
		{"沈阳市和平区南京街1/2号 王五 13612345678", "辽宁省 沈阳市 和平区", "南京街1/2号", "王五", "13612345678", ""},
		{"佛山市顺德区凤山中路1号李四收18688886666", "广东省 佛山市 顺德区", "凤山中路1号", "李四", "18688886666", ""},
		{"18688886666 佛山顺德北滘镇美的大道6号 诸葛亮", "广东省 佛山市 顺德区", "北滘镇美的大道6号", "诸葛亮", "18688886666", ""},
		{"佛山市顺德区凤山中路1号，王丰收，18688886666", "广东省 佛山市 顺德区", "凤山中路1号", "王丰收", "18688886666", ""},
		{"广东省深圳市南山区科技路12345678号", "广东省 深圳市 南山区", "科技路12345678号", "", "", ""},
		{"重庆攀枝花市东区1号", "  ", "重庆攀枝花市东区1号", "", "", "conflict"},
		{"广东省长沙市岳麓区1号", "  ", "广东省长沙市岳麓区1号", "", "", "conflict"},
		{"收货人：李四\n手机号：138 0000 0001\n所在地区：广东省广州市天河区\n详细地址：体育西路1号", "广东省 广州市 天河区", "体育西路1号", "李四", "13800000001", ""},
		{"张三 +86-13800000001 北京市海淀区中关村大街1号", "北京市 北京市 海淀区", "中关村大街1号", "张三", "13800000001", ""},
		{"北京市海淀区中关村大街1号 张三 13800000001-1234", "北京市 北京市 海淀区", "中关村大街1号", "张三", "13800000001-1234", ""},
		{"上海市南京东路100号", "上海市 上海市 ", "南京东路100号", "", "", "no_district"},
		{"新疆石河子市北三路", "新疆维吾尔自治区 石河子市 ", "北三路", "", "", ""},
		{"", "  ", "", "", "", "not_address"},
		{"海南省省直辖县级行政区划琼海市嘉积镇", "海南省 琼海市 ", "嘉积镇", "", "", ""},
		{"重庆市县云阳县双江街道", "重庆市 重庆市 云阳县", "双江街道", "", "", ""},
		{"北京市市辖区东城区景山街道", "北京市 北京市 东城区", "景山街道", "", "", ""},
		{"昆山花桥镇1号", "江苏省 苏州市 昆山市", "花桥镇1号", "", "", ""},
		{"巴州库尔勒市萨依巴格路1号", "新疆维吾尔自治区 巴音郭楞蒙古自治州 库尔勒市", "萨依巴格路1号", "", "", ""},
		{"广州市天河区体育西路1号张三13812345678", "广东省 广州市 天河区", "体育西路1号", "张三", "13812345678", ""},
		{"广州市天河区体育西路1号 电话13812345678 收件人张三", "广东省 广州市 天河区", "体育西路1号", "张三", "13812345678", ""},
		{"收货人: 李 雷\n电话: 13812345678\n地址: 北京市海淀区中关村大街1号", "北京市 北京市 海淀区", "中关村大街1号", "李 雷", "13812345678", ""},
		{"广州市番禺区大石街道广东省广州市番禺区大石街道1号", "广东省 广州市 番禺区", "大石街道1号", "", "", ""},
		{"上海市徐汇区南京大厦5楼", "上海市 上海市 徐汇区", "南京大厦5楼", "", "", ""},
		{"北京市东城区 东长安街 王府井", "北京市 北京市 东城区", "东长安街王府井", "", "", ""},
		{"河南省新郑市龙湖镇 林溪湾 13800000044", "河南省 郑州市 新郑市", "龙湖镇林溪湾", "", "13800000044", ""},
		{"河北 保定市 涿州市 桃园街道 13000000000", "河北省 保定市 涿州市", "桃园街道", "", "13000000000", ""},
		{"河北雄安新区容城县奥威路", "河北省 保定市 容城县", "奥威路", "", "", ""},
		{"南京市江宁区上元大街8号，收货人：Tom Hanks，电话：13912340000", "江苏省 南京市 江宁区", "上元大街8号", "Tom Hanks", "13912340000", ""},
		{"黑龙江省伊春市南岔区1号", "黑龙江省 伊春市 南岔县", "1号", "", "", "renamed"},
		{"新疆乌鲁木齐米东新区1号", "新疆维吾尔自治区 乌鲁木齐市 米东区", "1号", "", "", "renamed"},
		{"云南省思茅市翠云区1号", "云南省 普洱市 思茅区", "1号", "", "", "renamed"},
		{"安徽六安寿县寿春镇1号", "安徽省 淮南市 寿县", "寿春镇1号", "", "", "renamed"},
		{"广州市白云区大源村1号 王先生（收） 13811112222", "广东省 广州市 白云区", "大源村1号", "王先生", "13811112222", ""},
		{"13811112222 晋江市陈埭镇 洪女士", "福建省 泉州市 晋江市", "陈埭镇", "洪女士", "13811112222", ""},
		{"宁波市鄞州区天童北路9号 收件人 高明 0731-88888888转802 邮编：315100", "浙江省 宁波市 鄞州区", "天童北路9号", "高明", "073188888888-802", ""},
		{"南京西路5号", "  ", "南京西路5号", "", "", "not_address"},
	}
	for _, tt := range tests {
		a := address.Parse(tt.raw)
		where := a.To.Province + " " + a.To.City + " " + a.To.District
		if where != tt.where || a.To.Detail != tt.detail || a.To.Name != tt.name || a.To.Phone != tt.phone || strings.Join(a.Flags, ",") != tt.flags {
			t.Errorf("%q = %q %q %q %q %v; want %q %q %q %q %s", tt.raw, where, a.To.Detail, a.To.Name, a.To.Phone, a.Flags,
				tt.where, tt.detail, tt.name, tt.phone, tt.flags)
		}
	}
}

func TestTryCSV(t *testing.T) {
	var out bytes.Buffer
	err := address.TryCSV(&out, strings.NewReader("\ufeffraw,id\n\"张三,13800000001,北京市海淀区中关村大街1号\",7\n"))
	want := `{"id":"7","province":"北京市","city":"北京市","district":"海淀区","detail":"中关村大街1号","name":"张三","phone":"13800000001","confidence":1,"flags":[]}` + "\n"
	if err != nil || out.String() != want {
		t.Errorf("got %q, %v; want %q", out.String(), err, want)
	}
	for _, bad := range []string{"", "id\n1\n", "id,raw\n1\n"} {
		if address.TryCSV(&out, strings.NewReader(bad)) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzParse: no panic; what is printed is text; the divisions are all or in order.
func FuzzParse(f *testing.F) {
	for _, row := range saved(f, "addresses.csv") {
		f.Add(row["raw"])
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a := address.Parse(raw)
		if a.Confidence < 0 || a.Confidence > 1 || a.To.Province == "" && a.To.City+a.To.District != "" {
			t.Fatalf("%q: %+v", raw, a)
		}
		if _, err := json.Marshal(a); err != nil || utf8.ValidString(raw) && !utf8.ValidString(a.To.Detail) {
			t.Fatalf("%q: %+v, %v", raw, a, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	rows := saved(b, "addresses.csv")
	for i := 0; b.Loop(); i++ {
		address.Parse(rows[i%len(rows)]["raw"])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "addresses/s")
}
