package floor

// OrdersMerged makes one order of several to one recipient: it is picked, packed and
// labelled once, and each of them is reported as shipped. What was reserved for them is
// reserved for it.
type OrdersMerged struct {
	Order OrderID   `json:"order"` // PREFIXyyyymmdd-MRG-nnnnnn
	Of    []OrderID `json:"of"`    // two at least; the first gives the recipient
	Rule  string    `json:"rule"`
}

func (OrdersMerged) Kind() Kind { return "orders.merged/1" }
func (f OrdersMerged) Subjects() []string {
	s := []string{order(f.Order)}
	for _, id := range f.Of {
		s = append(s, order(id))
	}
	return s
}

// OrderParted takes an order out of the one it was merged into. Before a wave it goes
// on as it stood; later its stops leave the walk, what was picked of it goes back, and
// it begins again. What is left goes on without it, and is packed anew if it was packed.
type OrderParted struct {
	Order  OrderID  `json:"order"`
	From   OrderID  `json:"from"`
	Why    string   `json:"why"` // "cancelled", "address", ...
	Task   TaskID   `json:"task,omitempty"`
	Person PersonID `json:"person,omitempty"`
}

func (OrderParted) Kind() Kind { return "order.parted/1" }
func (f OrderParted) Subjects() []string {
	s := []string{order(f.Order), order(f.From)}
	if f.Task != "" {
		s = append(s, task(f.Task))
	}
	if f.Person != "" {
		s = append(s, person(f.Person))
	}
	return s
}

func init() {
	register[OrdersMerged]()
	register[OrderParted]()
}

// MaxMerge is how many orders may go as one parcel.
const MaxMerge = 20

// MergeKey names whom an order goes to, alike for those that may go as one parcel: by
// what its shop says of it (said), else by the recipient where that is no secret. "" is
// nobody.
func MergeKey(o *Order, to Recipient, said string) string {
	if said == "" && to.Token == "" && !to.Masked && to.Name != "" && to.Phone != "" && to.Detail != "" {
		said = RecipientMark(to)
	}
	if said == "" {
		return ""
	}
	return string(o.Channel) + "|" + o.Shop + "|" + to.Province + to.City + to.District + "|" + said
}
