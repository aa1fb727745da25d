package web

import (
	"context"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
)

type labelIn struct {
	Keyed
	ID   floor.ParcelID `path:"id" maxLength:"64"`
	Body struct {
		Reason  string          `json:"reason" minLength:"1" maxLength:"32"`
		Station floor.StationID `json:"station,omitempty" maxLength:"64" doc:"Of redo: on whose table the parcel lies; its own if left out"`
	}
}

func (a *api) reprint(ctx context.Context, in *labelIn) (*answer[done], error) {
	return did(a.o.Foreman.Reprint(ctx, a.by(ctx, in.Key), in.ID, in.Body.Reason))
}

func (a *api) renew(ctx context.Context, in *labelIn) (*answer[done], error) {
	return did(a.o.Foreman.Renew(ctx, a.by(ctx, in.Key), in.ID, in.Body.Reason))
}

func (a *api) redo(ctx context.Context, in *labelIn) (*answer[done], error) {
	return did(a.o.Foreman.Redo(ctx, a.by(ctx, in.Key), in.Body.Station, in.ID, in.Body.Reason))
}

// fuses gives those that are open.
func (a *api) fuses(ctx context.Context, _ *struct{}) (*answer[[]pda.OpenFuse], error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	out := []pda.OpenFuse{}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		return v.OpenFuses(func(x floor.Fuse) bool {
			out = append(out, pda.NewFuse(x))
			return len(out) < maxPage
		})
	})
	return give(out), err
}

func (a *api) closeFuse(ctx context.Context, in *struct {
	Keyed
	ID string `path:"id" maxLength:"32"`
}) (*answer[done], error) {
	return did(a.o.Foreman.CloseFuse(ctx, a.by(ctx, in.Key), in.ID))
}

type runIn struct {
	Keyed
	ID   floor.WaveID `path:"id" maxLength:"64"`
	Body struct {
		Station floor.StationID `json:"station" minLength:"1" maxLength:"64"`
	}
}

// printFirst prints the labels of a wave before its orders are packed.
func (a *api) printFirst(ctx context.Context, in *runIn) (*answer[pda.Run], error) {
	r, err := a.o.Foreman.PrintFirst(ctx, a.by(ctx, in.Key), in.ID, in.Body.Station)
	return give(pda.NewRun(r)), err
}

func (a *api) runs(ctx context.Context, _ *struct{}) (*answer[[]pda.Run], error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	return board(a, func(b pda.Board) []pda.Run { return b.Runs })
}

type pulledIn struct {
	Keyed
	ID   string `path:"id" maxLength:"32"`
	Body struct {
		Sheets []int `json:"sheets" minItems:"1" maxItems:"200"`
	}
}

func (a *api) pulled(ctx context.Context, in *pulledIn) (*answer[done], error) {
	return did(a.o.Foreman.Pulled(ctx, a.by(ctx, in.Key), in.ID, in.Body.Sheets))
}

// accounts gives the health of the accounts at the carriers.
func (a *api) accounts(context.Context, *struct{}) (*answer[[]pda.CarrierState], error) {
	return board(a, func(b pda.Board) []pda.CarrierState { return b.Accounts })
}
