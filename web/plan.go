package web

import (
	"context"

	"floord/floor"
	"floord/sync/pda"
)

// A FloorPlan is the warehouse from above, in metres, with who walks where now.
type FloorPlan struct {
	Depot PlanPoint   `json:"depot"`
	Bins  []PlanBin   `json:"bins"`
	Walks []PlanWalk  `json:"walks" doc:"Those not over, the newest first"`
	Aside []PlanAside `json:"aside" doc:"Orders that cannot be planned until somebody mends something"`

	Waiting []PlanWaiting `json:"waiting" doc:"Orders that no wave has yet, by why, the most pressing first"`
}

// A PlanPoint is x, across the aisles, and y, along them.
type PlanPoint [2]float64

// A PlanBin is a bin with a known place.
type PlanBin struct {
	Bin  floor.BinID `json:"bin"`
	At   PlanPoint   `json:"at"`
	Heat int         `json:"heat" doc:"0, nothing is picked from it, to 4, most"`
}

// A PlanWalk is a task with its way.
type PlanWalk struct {
	Task   floor.TaskID   `json:"task"`
	Wave   floor.WaveID   `json:"wave,omitempty"`
	Kind   string         `json:"kind" doc:"of the wave; of the task where it belongs to none"`
	Person floor.PersonID `json:"person,omitempty" doc:"Nobody has taken it yet without one"`
	Orders int            `json:"orders"`
	Stops  int            `json:"stops"`
	Done   int            `json:"done"`
	Metres float64        `json:"metres"`
	Walked []PlanPoint    `json:"walked" doc:"The way so far, from the depot to the last stop that is done"`
	Ahead  []PlanPoint    `json:"ahead" doc:"The way on, and back"`
	Next   floor.BinID    `json:"next,omitempty"`

	Before       []PlanPoint `json:"before,omitempty" doc:"The same orders one by one, each from the depot and back"`
	BeforeMetres float64     `json:"before_metres,omitempty"`

	Why []pda.Words `json:"why"`
}

// A PlanAside is an order that is set aside, and what must be mended.
type PlanAside struct {
	Order floor.OrderID `json:"order"`
	Why   pda.Words     `json:"why"`
}

// A PlanWaiting is how many orders wait for the same, and the first of them.
type PlanWaiting struct {
	Orders int           `json:"orders"`
	Order  floor.OrderID `json:"order"`
	Why    pda.Words     `json:"why"`
}

func (a *api) plan(context.Context, *struct{}) (*answer[FloorPlan], error) {
	p := FloorPlan{Bins: []PlanBin{}, Walks: []PlanWalk{}, Aside: []PlanAside{}, Waiting: []PlanWaiting{}}
	if a.o.Plan == nil {
		return give(p), nil
	}
	p, err := a.o.Plan()
	return give(p), err
}
