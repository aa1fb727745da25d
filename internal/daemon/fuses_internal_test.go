package daemon

import (
	"errors"
	"fmt"
	"testing"

	"floord/floor"
	"floord/label"
)

func TestLabelTrip(t *testing.T) {
	e := floor.Effect{What: floor.EffectLabel, Parcel: "P-7", Order: "O-1", Args: map[string]string{"carrier": "sf", "template": "waybill-100x150"}}
	fit := &label.FitError{Page: "waybill-100x150", Field: "recipient.address", Characters: 400}
	for _, tt := range []struct {
		e    floor.Effect
		err  error
		want floor.FuseCause
	}{{e, fit, floor.FuseFit}, {e, fmt.Errorf("page: %w", fit), floor.FuseFit}, {e, errors.New("template waybill-100x150 has no place for the number"), floor.FuseTemplate}} {
		got := labelTrip(tt.e, "pack-1", tt.err)
		if got == nil || got.Cause != tt.want || got.Parcel != "P-7" || got.Scope != (floor.Scope{Carrier: "sf", Template: "waybill-100x150", Station: "pack-1"}) || got.Why == "" {
			t.Errorf("%v: %+v; want %s", tt.err, got, tt.want)
		}
	}
	if got := labelTrip(floor.Effect{What: floor.EffectWaveLabel}, "pack-1", fit); got != nil {
		t.Errorf("the label of a cart stops parcels: %+v", got)
	}
}

func TestAddressTrouble(t *testing.T) {
	for _, tt := range []struct {
		to   floor.Recipient
		want string
	}{
		{floor.Recipient{Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "文一西路 2 号"}, ""},
		{floor.Recipient{Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "上海路 2 号北京小区"}, ""},
		{floor.Recipient{Detail: "浙江省杭州市余杭区文一西路 2 号"}, ""},
		{floor.Recipient{Province: "浙江省", City: "杭州市", District: "余杭区"}, "address-detail"},
		{floor.Recipient{Detail: "月球背面"}, "address-division"},
		{floor.Recipient{Province: "重庆市", City: "攀枝花市", Detail: "路 1 号"}, "address-conflict"},
		{floor.Recipient{Masked: true, Token: "oaid"}, ""},
	} {
		if got := addressTrouble(tt.to); got != tt.want {
			t.Errorf("%+v: %q; want %q", tt.to, got, tt.want)
		}
	}
}

// A masked recipient is of use to the platform's own service alone.
func TestMaskedNeedsThePlatform(t *testing.T) {
	to := floor.Recipient{Name: "王**", Phone: "188****0000", Province: "浙江省", City: "杭州市", Detail: "***", Masked: true, Token: "oaid"}
	if got := shipmentTrip(floor.CarrierRule{ID: "sf"}, "O-1", to); got == nil || got.Cause != floor.FuseReceiver || got.Why != "receiver-masked" {
		t.Errorf("by SF: %+v; want its fuse", got)
	}
	if got := shipmentTrip(floor.CarrierRule{ID: "cn", Tokens: true}, "O-1", to); got != nil {
		t.Errorf("by the platform: %+v", got)
	}
}
