package web

import (
	"context"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// A walk is a task as a lead sees it.
type walk struct {
	ID       floor.TaskID    `json:"id"`
	Kind     string          `json:"kind"`
	Wave     floor.WaveID    `json:"wave,omitempty"`
	State    floor.TaskState `json:"state"`
	Person   floor.PersonID  `json:"person,omitempty"`
	Device   floor.DeviceID  `json:"device,omitempty"`
	Metres   float64         `json:"metres"`
	Stops    int             `json:"stops"`
	Done     int             `json:"done" doc:"Stops that ask for nothing more"`
	Orders   []walkOrder     `json:"orders"`
	IssuedAt time.Time       `json:"issued_at"`
	TakenAt  time.Time       `json:"taken_at,omitzero"`
	Due      time.Time       `json:"due,omitzero"`
	Overdue  time.Time       `json:"overdue,omitzero" doc:"A lead was called"`
}

// A walkOrder is an order's part of a walk.
type walkOrder struct {
	Order  floor.OrderID `json:"order"`
	State  floor.State   `json:"state,omitempty"`
	Frozen bool          `json:"frozen,omitzero"`
	Pieces int           `json:"pieces"`
	Done   int           `json:"done"`
}

type walksIn struct {
	Wave   floor.WaveID   `query:"wave" maxLength:"64"`
	Person floor.PersonID `query:"person" maxLength:"64"`
}

// lastTasks is how far back a person's tasks are looked for, and maxWalks how many are
// shown.
const (
	lastTasks = 1000
	maxWalks  = 50
)

// walks lists the walks of a wave in the order they were issued, or of a person, the
// newest first; with neither, those that are not over.
func (a *api) walks(_ context.Context, in *walksIn) (*answer[[]walk], error) {
	var tasks []floor.Task
	out := []walk{}
	err := a.o.Ledger.Read(func(v *ledger.View) (err error) {
		switch {
		case in.Wave != "":
			tasks, err = tasksOf(v, in.Wave)
		case in.Person != "":
			tasks, err = tasksBy(v, in.Person)
		default:
			err = v.LiveTasks(func(t floor.Task) bool {
				tasks = append(tasks, t)
				return len(tasks) < maxWalks
			})
		}
		for i := 0; i < len(tasks) && err == nil; i++ {
			var w walk
			w, err = newWalk(v, tasks[i])
			out = append(out, w)
		}
		return err
	})
	return give(out), err
}

func tasksOf(v *ledger.View, id floor.WaveID) ([]floor.Task, error) {
	w, ok, err := v.Wave(id)
	if err == nil && !ok {
		err = floor.Refuse("unknown-wave", "wave", id)
	}
	var out []floor.Task
	for _, id := range w.Tasks[:min(len(w.Tasks), maxWalks)] {
		t, ok, err := v.Task(id)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, t)
		}
	}
	return out, err
}

func tasksBy(v *ledger.View, id floor.PersonID) ([]floor.Task, error) {
	next, err := v.Next("task")
	if err != nil {
		return nil, err
	}
	var out []floor.Task
	err = v.Tasks(next-min(next, lastTasks), func(t floor.Task) bool {
		if t.Person == id {
			out = append([]floor.Task{t}, out[:min(len(out), maxWalks-1)]...)
		}
		return true
	})
	return out, err
}

func newWalk(v *ledger.View, t floor.Task) (walk, error) {
	w := walk{
		ID: t.ID, Kind: t.Kind, Wave: t.Wave, State: t.State, Person: t.Person, Device: t.Device, Metres: t.Metres,
		Stops: len(t.Stops), Orders: []walkOrder{}, IssuedAt: t.IssuedAt, TakenAt: t.TakenAt, Due: t.Due, Overdue: t.Overdue,
	}
	at := map[floor.OrderID]int{}
	for i := range t.Stops {
		s := &t.Stops[i]
		if s.Left() == 0 {
			w.Done++
		}
		n, seen := at[s.Order]
		if !seen {
			o, _, err := v.Order(s.Order)
			if err != nil {
				return w, err
			}
			n = len(w.Orders)
			at[s.Order] = n
			w.Orders = append(w.Orders, walkOrder{Order: s.Order, State: o.State, Frozen: o.Freeze != nil})
		}
		w.Orders[n].Pieces += s.Qty
		w.Orders[n].Done += s.Done
	}
	return w, nil
}
