package floor

import "time"

// OrderTried says that the shop shipped an order of a channel on trial by other
// hands. Differs is why floord would not have shipped it; none: it would have.
type OrderTried struct {
	Order   OrderID   `json:"order"`
	Channel ChannelID `json:"channel"`
	State   ShopState `json:"state"`
	Differs []Hold    `json:"differs,omitempty"`
}

func (OrderTried) Kind() Kind           { return "order.tried/1" }
func (f OrderTried) Subjects() []string { return []string{order(f.Order)} }

// ChannelOpened ends a channel's trial: its orders are worked on from now on. Adopt
// says that those which came during the trial and are not shipped are too; else they
// are left to those who ship them now, but for those nobody has paid yet.
type ChannelOpened struct {
	Channel ChannelID `json:"channel"`
	Adopt   bool      `json:"adopt"`
}

func (ChannelOpened) Kind() Kind           { return "channel.opened/1" }
func (f ChannelOpened) Subjects() []string { return []string{"channel:" + string(f.Channel)} }

// PayloadUnread keeps what a shop sent and nobody can read: no JSON, too large, of
// another form. Size is of the whole; Body may be its beginning.
type PayloadUnread struct {
	Channel ChannelID `json:"channel"`
	Op      string    `json:"op"` // what was asked, or "push"
	Why     string    `json:"why"`
	Hash    string    `json:"hash"` // SHA-256 of what was received, hex
	Size    int       `json:"size"`
	Body    []byte    `json:"-"`
}

func (PayloadUnread) Kind() Kind           { return "payload.unread/1" }
func (f PayloadUnread) Subjects() []string { return []string{"channel:" + string(f.Channel)} }
func (f PayloadUnread) RawPayload() []byte { return f.Body }

// An Unread is a payload that nobody can read; Seq is the event that has its bytes.
type Unread struct {
	PayloadUnread
	At  time.Time
	Seq uint64
}

// MaxUnread is how many of them a channel's list has, the newest.
const MaxUnread = 100

// OrderDisputed says that a shop said of one moment what contradicts what it says of
// the same moment, and what weighs more: that stands.
type OrderDisputed struct {
	Order   OrderID   `json:"order"`
	Channel ChannelID `json:"channel"`
	State   ShopState `json:"state"` // what it said
	Content string    `json:"content"`
}

func (OrderDisputed) Kind() Kind           { return "order.disputed/1" }
func (f OrderDisputed) Subjects() []string { return []string{order(f.Order)} }

// DisputeMended says that a person had a dispute mended, and how.
type DisputeMended struct {
	Order   OrderID   `json:"order"`
	Channel ChannelID `json:"channel"`
	Dispute string    `json:"dispute"`
	Mend    string    `json:"mend"`
}

func (DisputeMended) Kind() Kind           { return "dispute.mended/1" }
func (f DisputeMended) Subjects() []string { return []string{order(f.Order)} }

// A Dispute is an order of which a shop contradicts itself or the floor. It ends by
// itself when both say the same again, or by a mend.
type Dispute struct {
	Order   OrderID
	Channel ChannelID
	Number  string
	Kind    string
	Ours    State     // where the order stood when it began
	Theirs  ShopState // what the shop says
	Before  ShopState // what it said before
	Content string    // of the saying, DisputeMoment only
	Since   time.Time
}

// Kinds of disputes.
const (
	DisputeShipped   = "shipped"   // the shop has it as shipped, and it is still on the floor
	DisputeUnshipped = "unshipped" // it left and was reported, and the shop has it as to be shipped
	DisputeGone      = "gone"      // the shop cancelled it after it had left
	DisputeBack      = "back"      // the shop took back that it was shipped
	DisputeMoment    = "moment"    // the shop says two things of one moment
)

// Settles is how long an unshipped order is no dispute yet: the shop is read only now
// and then.
const Settles = 30 * time.Minute

// Mends of disputes.
const (
	MendClose  = "close"  // end the order here
	MendFreeze = "freeze" // stop the hands that hold it, for a lead to decide
	MendReport = "report" // ask the shop again, and if it says the same, report once more
	MendAsk    = "ask"    // ask the shop again, and take its word
	MendNote   = "note"   // somebody has seen it: the parcel is with the carrier
)

// Mend proposes how a dispute over an order that stands there is mended.
func (d *Dispute) Mend(s State) string {
	switch d.Kind {
	case DisputeShipped:
		if s.Before(Waved) {
			return MendClose
		}
		return MendFreeze
	case DisputeUnshipped:
		return MendReport
	case DisputeGone:
		return MendNote
	}
	return MendAsk
}

// Asks reports whether the mend begins with a question to the shop.
func (d *Dispute) Asks() bool { return d.Kind != DisputeShipped && d.Kind != DisputeGone }

func init() {
	register[OrderDisputed]()
	register[DisputeMended]()
	register[PayloadUnread]()
	register[OrderTried]()
	register[ChannelOpened]()
}

// A TrialRun is how a channel's trial goes: what became of the orders that the shop
// shipped by other hands meanwhile.
type TrialRun struct {
	Channel ChannelID
	Began   time.Time      // of its first order
	Orders  int            // that came
	Same    int            // shipped by other hands, and floord would have shipped them too
	Differ  int            // it would not have,
	Why     map[string]int // for these hold codes
	Opened  time.Time      // a lead opened the channel; zero: not yet
	By      Actor
	Adopted int // orders taken over then
	Left    int // orders left to others then
}

// A Tried is an order on trial that the shop shipped and floord would not have.
type Tried struct {
	Order   OrderID
	Channel ChannelID
	At      time.Time
	Why     []Hold
}

// MaxTried is how many of them are kept for a channel, the newest.
const MaxTried = 500
