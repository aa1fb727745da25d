package web

import (
	"context"

	"floord/floor"
)

// WhatIfRules are how orders are grouped into waves; 0 is no limit.
type WhatIfRules struct {
	TotesPerCart int    `json:"totes_per_cart" minimum:"1" maximum:"1000"`
	MaxOrders    int    `json:"max_orders" minimum:"0" maximum:"100000" doc:"Of a wave"`
	MaxLines     int    `json:"max_lines" minimum:"0" maximum:"100000" doc:"Stops of a walk"`
	MaxGrams     int    `json:"max_grams" minimum:"0" maximum:"10000000" doc:"On a cart"`
	SameCarrier  bool   `json:"same_carrier"`
	SameZones    bool   `json:"same_zones"`
	Kinds        string `json:"kinds" maxLength:"262144" doc:"Rules of kinds of waves, TOML"`
}

// A WhatIf is today's orders planned under the rules in force, the first of Plans,
// and under others.
type WhatIf struct {
	Orders   int          `json:"orders"`
	LeftOut  int          `json:"left_out" doc:"Orders beyond the most that are compared"`
	OneByOne float64      `json:"one_by_one" doc:"Metres, each order by itself"`
	Plans    []WhatIfPlan `json:"plans"`
}

// A WhatIfPlan is what rules come to.
type WhatIfPlan struct {
	Wrong     []RuleMistake `json:"wrong,omitempty" doc:"The rules cannot be followed; there is no plan"`
	Waves     int           `json:"waves"`
	Orders    int           `json:"orders"`
	Metres    float64       `json:"metres"`
	Minutes   float64       `json:"minutes"`
	Aside     int           `json:"aside" doc:"Orders that cannot be planned"`
	Unplanned int           `json:"unplanned" doc:"Orders for which there was no time: the figures are of the others"`
	Kinds     []WhatIfKind  `json:"kinds"`
}

// A WhatIfKind is the part of a plan that one rule of kinds has; no rule: the usual.
type WhatIfKind struct {
	Rule    string  `json:"rule,omitempty"`
	Kind    string  `json:"kind"`
	Waves   int     `json:"waves"`
	Orders  int     `json:"orders"`
	Metres  float64 `json:"metres"`
	Minutes float64 `json:"minutes"`
}

func (a *api) present(context.Context, *struct{}) (*answer[WhatIfRules], error) {
	if a.o.Present == nil {
		return nil, floor.Refuse("no-floor-plan")
	}
	r, err := a.o.Present()
	return give(r), err
}

func (a *api) whatIf(ctx context.Context, in *struct{ Body WhatIfRules }) (*answer[WhatIf], error) {
	if a.o.WhatIf == nil {
		return nil, floor.Refuse("no-floor-plan")
	}
	out, err := a.o.WhatIf(ctx, in.Body)
	return give(out), err
}
