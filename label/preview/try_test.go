package preview_test
import ("testing";"os";"time";"fmt";"floord/label";"floord/label/preview";"floord/label/tspl")
func TestTry(t *testing.T){
 w:=label.Waybill{Number:"SF1234567890123",Carrier:"顺丰速运",Service:"标快",SortCode:"571-A12-03",Hub:"杭州余杭集",
 Recipient:label.Party{"欧阳𠅤龘","13812345678","浙江省杭州市余杭区仓前街道文一西路969号阿里巴巴西溪园区3号楼2单元1502室"},
 Sender:label.Party{"王大锤","021-66668888","上海市浦东新区张江镇祖冲之路2288弄1号仓B区"},
 OrderNo:"DB20261121-ORD-000123",ParcelID:"P-77",Copy:2,Piece:1,Pieces:2,Grams:2350,Payment:"到付",Special:"冰袋 易碎",Remarks:"请放丰巢，勿打电话 José 말 😀 \"quoted\" \\ ok",Wave:"W-12/4",PrintedAt:time.Date(2026,11,21,9,30,5,0,time.UTC)}
 for i:=range 30 { w.Items=append(w.Items,label.Item{fmt.Sprintf("红富士苹果%d斤装",i+1),i%3+1})}
 w.Reveal=os.Getenv("REVEAL")!=""
 wv:=label.Wave{ID:"W-12",Copy:1,Kind:"边拣边分",QR:"floord:W-12|3冰袋:1,4,7|2德邦:2,5|1刻字:9",Orders:12,Lines:30,Units:41,Totes:12,Zones:"A B",Person:"李伟",Requirements:[]string{"冰袋×3（1、4、7号箱）","德邦×2（2、5号箱）","刻字×1（9号箱）：生日快乐"},DueBy:time.Date(2026,11,21,18,0,0,0,time.UTC),PrintedAt:time.Date(2026,11,21,9,30,5,0,time.UTC)}
 pages:=map[string]func()(label.Page,error){"a100":func()(label.Page,error){return label.Waybill100x150(w)},"a76":func()(label.Page,error){return label.Waybill76x130(w)},"w100":func()(label.Page,error){return label.Wave100x150(wv)},"w76":func()(label.Page,error){return label.Wave76x130(wv)}}
 for n,f:=range pages { p,err:=f(); if err!=nil{t.Error(err);continue}
 for _,dpi:=range []int{203,300}{
 o:=tspl.Options{DPI:dpi}
 j,err:=tspl.Encode(p,o); if err!=nil{t.Error(err);continue}
 fmt.Println(n,dpi,len(j.Bytes), float64(len(j.Bytes))/float64((j.Sheet.Width+7)/8*j.Sheet.Height))
 d,_:=o.Device(); out,_:=os.Create(fmt.Sprintf("/tmp/mont/%s-%d.png",n,dpi)); notes,err:=preview.PNG(out,p,d); out.Close(); if err!=nil{t.Error(err)}
 if dpi==203 && n[0]=='a' {for _,x:=range notes { fmt.Printf("%s %q %s %q\n",x.Field,x.Rune,x.Step,x.Printed)}}
 }}
}
