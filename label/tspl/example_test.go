package tspl_test

import (
	"fmt"

	"floord/label"
	"floord/label/tspl"
)

func ExampleEncode() {
	page, err := label.Waybill100x150(label.Waybill{
		Number: "SF1234567890123", Carrier: "顺丰速运", SortCode: "571-A12-03",
		Recipient: label.Party{Name: "欧阳𠅤", Phone: "13812345678", Address: "浙江省杭州市文一西路969号3号楼2单元1502室"},
		ParcelID:  "P-77", Copy: 2, Reveal: true,
	})
	if err != nil {
		fmt.Println(err) // a field is missing
		return
	}
	job, err := tspl.Encode(page, tspl.Options{DPI: 203, Charset: "gbk", Direction: 1})
	if err != nil {
		fmt.Println(err) // something does not fit: a *label.FitError is in it
		return
	}
	for _, n := range job.Notes {
		fmt.Println(n)
	}
	// Output: recipient: U+20164 as bitmap 𠅤
}
