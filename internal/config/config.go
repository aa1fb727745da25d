// Package config reads floord.toml. It names every mistake at once, each with
// its file, line and column, so that whoever edits the file mends it in one go;
// unknown keys are mistakes. Values that are left out have defaults, and an
// empty file is a site without shops and stations.
//
// Secrets are never values but the names of files that hold them. A mistake in a
// device's own entry, or in a profile, does not fail the load: that station is
// misconfigured, says why, and the rest of the floor works.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a small machine may have no time zones of its own

	"floord/device/profile"
	"floord/floor"
	"floord/floor/rules"
	"floord/internal/filecache"
	"floord/label"
)

// A Config is one site's settings, as the tags of its fields say: the key in
// TOML, the default, and what the value must be. Paths are absolute. It is not
// changed after Load.
type Config struct {
	File string // it was read from; empty for Default

	Site       Site        `toml:"site"`
	Sender     Sender      `toml:"sender"`
	HTTP       HTTP        `toml:"http"`
	Floor      Floor       `toml:"floor"`
	Freezes    []Freeze    `toml:"freeze"`
	Wave       Wave        `toml:"wave"`
	Orders     Orders      `toml:"orders"`
	Pick       Pick        `toml:"pick"`
	Walls      []Wall      `toml:"wall"`
	Catalogue  Catalogue   `toml:"catalogue"`
	Layout     Layout      `toml:"layout"`
	People     []Person    `toml:"person"`
	Channels   []Channel   `toml:"channel"`
	Carriers   []Carrier   `toml:"carrier"`
	Stations   []Station   `toml:"station"`
	Packagings []Packaging `toml:"packaging"`
	Profiles   Profiles    `toml:"profiles"`
	Labels     Labels      `toml:"labels"`
	Report     Report      `toml:"report"`
	Journal    Journal     `toml:"journal"`
	Backup     Backup      `toml:"backup"`
	Log        Log         `toml:"log"`

	Templates label.Templates // shipped, and the site's own over them

	// Problems are the mistakes that do not stop the daemon: of devices, profiles
	// and templates, by place.
	Problems []Problem
}

// Site says who we are and where our files lie.
type Site struct {
	Name   string         `toml:"name" default:"floord" is:"line"`
	Prefix string         `toml:"prefix" default:"DB" is:"prefix"` // of order ids
	Zone   *time.Location `toml:"zone" default:"Asia/Shanghai"`    // of the site's days
	Lang   string         `toml:"lang" default:"zh" oneof:"zh en"` // of boards, labels and reports
	Data   Path           `toml:"data"`                            // folder; "data" beside the file, /var/lib/floord for one in /etc
}

// Sender stands on every waybill.
type Sender struct {
	Name    string `toml:"name" is:"line"`
	Phone   string `toml:"phone" is:"line"`
	Address string `toml:"address" is:"line"`
}

// HTTP is how the pages and the handhelds' sockets are reached.
type HTTP struct {
	Listen         string   `toml:"listen" default:"127.0.0.1:8480" is:"listen"`
	Hosts          []string `toml:"hosts" is:"host"` // names the pages may be opened under; loopback always is
	AdminTokenFile Path     `toml:"admin_token_file" is:"secret"`
	TLSCert        Path     `toml:"tls_cert" is:"file"`
	TLSKey         Path     `toml:"tls_key" is:"secret"`
	Plain          string   `toml:"plain" is:"listen"` // beside HTTPS: where handhelds find the site's certificate; see floord cert
}

// Floor is what the foreman goes by.
type Floor struct {
	FreezeWindow     time.Duration `toml:"freeze_window" default:"15s" range:"1s..10m"` // a person must answer a freeze within
	CallEvery        time.Duration `toml:"call_every" default:"1m" range:"5s..1h"`      // else a lead is called, and so often the next one
	PackagingGrams   floor.Grams   `toml:"packaging_grams" default:"0" range:"0..5000"` // of an empty box
	ToleranceGrams   floor.Grams   `toml:"tolerance_grams" default:"30" range:"1..5000"`
	TolerancePercent int           `toml:"tolerance_percent" default:"5" range:"1..50"` // the larger of the two counts
	ReserveFor       time.Duration `toml:"reserve_for" default:"24h" range:"0s..720h"`  // stock is promised so long to an order that no wave has; 0: for ever
	MaxShorts        int           `toml:"max_shorts" default:"10" range:"0..100"`      // more orders short of a SKU within short_window stop it; 0: never
	ShortWindow      time.Duration `toml:"short_window" default:"5m" range:"1s..24h"`
	Seal             string        `toml:"seal" default:"weighed" oneof:"weighed asked"` // a parcel that weighs right by itself, or when the packer says so
	Verify           string        `toml:"verify" default:"each" oneof:"each count"`     // at the station each piece is scanned, or one and their number typed
	ToleranceLeast   floor.Grams   `toml:"tolerance_least" default:"10" range:"1..5000"` // where all weights have been learned, it may go down to this
}

// A Freeze is a window other than Floor.FreezeWindow, for freezes of one reason, for
// orders with goods of one category, or both. The one that says most counts, and of
// several such the shortest.
type Freeze struct {
	Why      string        `toml:"why" oneof:"cancel address remark lead"` // empty: any
	Category string        `toml:"category" is:"line"`                     // of the SKU file; empty: any
	Within   time.Duration `toml:"within" default:"15s" range:"1s..10m"`
}

// Wave is how orders are grouped. Its keys are the fields of wave.Rules.
type Wave struct {
	Every           time.Duration `toml:"every" default:"2s" range:"200ms..10m"` // between two plans
	TotesPerCart    int           `toml:"totes_per_cart" default:"12" range:"1..1000"`
	MaxOrders       int           `toml:"max_orders" default:"0" range:"0..100000"`         // 0: as many as there are totes
	MaxLines        int           `toml:"max_lines" default:"0" range:"0..100000"`          // 0: no limit
	MaxGrams        floor.Grams   `toml:"max_grams" default:"150000" range:"0..10000000"`   // 0: no limit
	MaxMillilitres  int64         `toml:"max_millilitres" default:"0" range:"0..100000000"` // 0: no limit
	SameCarrier     bool          `toml:"same_carrier"`
	SameZones       bool          `toml:"same_zones"`
	MinFill         int           `toml:"min_fill" default:"6" range:"0..1000"`
	MaxWait         time.Duration `toml:"max_wait" default:"20m" range:"0s..24h"`
	DueSoon         time.Duration `toml:"due_soon" default:"2h" range:"0s..72h"`
	JoinMetres      float64       `toml:"join_metres" default:"10" range:"0..1000"`  // a walk under way may grow by so much for an order; 0: none joins
	RefillAhead     time.Duration `toml:"refill_ahead" default:"4h" range:"0s..48h"` // bins are filled up before the demand of so long empties them
	MetresPerSecond float64       `toml:"metres_per_second" default:"1" range:"0.1..10"`
	SecondsPerStop  float64       `toml:"seconds_per_stop" default:"12" range:"0..600"`
	Seed            int           `toml:"seed" default:"0" range:"0.."`
	KindsFile       Path          `toml:"kinds" is:"file"` // the site's rules for kinds of waves, in place of those that are shipped

	Kinds []rules.Kind // as they were read
}

// Orders is how orders are judged as they come in.
type Orders struct {
	RulesFile Path `toml:"rules" is:"file"` // the site's own rules, over those that are shipped

	Rules *rules.Rules // as they were read
}

// Pick is what pickers scan at each stop, and what else handhelds do.
type Pick struct {
	Bin        string        `toml:"bin" default:"scan" oneof:"scan off"`
	Item       string        `toml:"item" default:"first" oneof:"first count each off"` // one piece stands for all, or their number is typed, or each is scanned
	Tote       string        `toml:"tote" default:"scan" oneof:"scan off"`
	ZeroCheck  bool          `toml:"zero_check" default:"true"`              // ask whether a bin is empty that should be
	CartPrefix string        `toml:"cart_prefix" is:"line"`                  // of carts' bar codes; empty: no carts with fixed boxes
	TaskTime   time.Duration `toml:"task_time" default:"0s" range:"0s..8h"`  // a task is to be done within; 0: nobody counts
	StopTime   time.Duration `toml:"stop_time" default:"45s" range:"0s..1h"` // and so much more for each stop
	Pictures   Path          `toml:"pictures" is:"folder"`                   // of goods: SKU.jpg, .png or .webp
}

// A Wall is a put wall. The bar codes of its slots are its id with -01 and so on.
type Wall struct {
	ID    floor.WallID `toml:"id" is:"id needed"`
	Slots int          `toml:"slots" default:"16" range:"1..99"`
}

// Catalogue names the CSV files of what the site sells and where it lies.
type Catalogue struct {
	SKUs  Path `toml:"skus" is:"file"`
	Bins  Path `toml:"bins" is:"file"`
	Stock Path `toml:"stock" is:"file"`
}

// Layout is the floor in metres, as far as the bins' coordinates do not say it.
type Layout struct {
	Depot       *Point    `toml:"depot"`                              // where walks begin and end; nil: front of the first aisle
	CrossAisles []float64 `toml:"cross_aisles" range:"-10000..10000"` // their y; none: one before and one behind all bins
	Open        bool      `toml:"open"`                               // the depot lies in an open space: every crossing of its cross aisle is reached in a straight line
	OneWay      []OneWay  `toml:"one_way"`
	Blocked     []Blocked `toml:"blocked"`
	Drops       []Point   `toml:"drop"` // where walks end, each at the nearest; none: at the depot
	Names       Names     `toml:"names"`
}

// Names say where bins lie by their names, for those that the bins file gives no place.
type Names struct {
	Form  string  `toml:"form" is:"line"` // "ZONE-AISLE-BAY-LEVEL"; empty: names say nothing
	Apart float64 `toml:"aisles_apart" default:"3" range:"0.5..100"`
	Bay   float64 `toml:"bay" default:"1" range:"0.1..20"` // metres from one to the next
	Sides int     `toml:"sides" default:"1" range:"1..2"`  // 2: odd bays on one side, even ones face them
	Zones []Zone  `toml:"zone"`
}

// A Zone's first aisle has its first bay at x, y; of one that is not named, at 0, 0.
type Zone struct {
	Zone string  `toml:"zone" is:"line needed"`
	X    float64 `toml:"x" range:"-10000..10000"`
	Y    float64 `toml:"y" range:"-10000..10000"`
}

// BinForm gives the form of bins' names; the zero one says nothing.
func (n Names) BinForm() (floor.BinForm, error) {
	if n.Form == "" {
		return floor.BinForm{}, nil
	}
	f, err := floor.NewBinForm(n.Form)
	f.Apart, f.Bay, f.Sides, f.Zones = n.Apart, n.Bay, n.Sides, map[string]floor.Corner{}
	for _, z := range n.Zones {
		f.Zones[z.Zone] = floor.Corner{X: z.X, Y: z.Y}
	}
	return f, err
}

// A OneWay aisle is walked in one direction between its outer cross aisles: up is along
// rising y.
type OneWay struct {
	Zone  string `toml:"zone" is:"line"`
	Aisle int    `toml:"aisle" range:"1..1000000" is:"needed"`
	To    string `toml:"to" oneof:"up down" is:"needed"`
}

// A Blocked piece of an aisle cannot be walked, nor anything on it be reached. Without
// from and to it is the whole aisle.
type Blocked struct {
	Zone  string  `toml:"zone" is:"line"`
	Aisle int     `toml:"aisle" range:"1..1000000" is:"needed"`
	From  float64 `toml:"from" default:"-10000" range:"-10000..10000"`
	To    float64 `toml:"to" default:"10000" range:"-10000..10000"`
}

// A Point is a place on the floor in metres, y along the aisles.
type Point struct {
	X float64 `toml:"x" range:"-10000..10000"`
	Y float64 `toml:"y" range:"-10000..10000"`
}

// A Person is somebody with a badge. Badge or BadgeFile holds the badge's barcode.
type Person struct {
	ID        floor.PersonID `toml:"id" is:"id needed"`
	Name      string         `toml:"name" is:"line needed"`
	Badge     string         `toml:"badge" is:"line"`
	BadgeFile Path           `toml:"badge_file" is:"secret"`
	Roles     []floor.Role   `toml:"roles" oneof:"picker packer lead admin" is:"needed"`
	Lang      string         `toml:"lang" oneof:"zh en"` // empty: the site's
	Team      string         `toml:"team" is:"line"`     // 班组; reports count by it
}

// A Channel is one account on one platform.
type Channel struct {
	ID         floor.ChannelID `toml:"id" is:"id needed"`
	Driver     string          `toml:"driver" oneof:"pdd taobao jd douyin kuaishou xiaohongshu wechat_store shopify woocommerce amazon qimen map csv" is:"needed"`
	Map        Path            `toml:"map" is:"file"` // of driver "map": the site's own channel map
	URL        string          `toml:"url" is:"url"`  // empty: the platform's own
	Shop       string          `toml:"shop" is:"line"`
	ClientID   string          `toml:"client_id" is:"line"`
	SecretFile Path            `toml:"secret_file" is:"secret"`
	SignFile   Path            `toml:"sign_file" is:"secret"` // where calls are signed with another secret
	HookFile   Path            `toml:"hook_file" is:"secret"` // where pushes are signed with another secret
	TokenFile  Path            `toml:"token_file" is:"secret"`
	Socket     bool            `toml:"socket"`                               // take messages over a connection of our own
	Every      time.Duration   `toml:"every" default:"5m" range:"1s..24h"`   // between two pulls
	Overlap    time.Duration   `toml:"overlap" default:"0s" range:"0s..24h"` // read again at each pull; 0: the driver's own
	Lag        time.Duration   `toml:"lag" default:"0s" range:"0s..1h"`      // a pull ends so long before now; 0: the driver's own
	Refunds    bool            `toml:"agree_refunds"`                        // a cancel that was stopped may be answered where that gives the money back
	Trial      bool            `toml:"trial" default:"true"`                 // while the ledger knows no order of it, its orders are only looked at until a lead opens it; false for tables if left out
	TokenEnds  Day             `toml:"token_ends"`                           // of a token whose file does not say it
	DomainEnds Day             `toml:"domain_ends"`                          // of the name that pushes come by: nobody can be asked
	Codes      []Code          `toml:"code"`
}

// A Code is what a platform calls a carrier.
type Code struct {
	Carrier floor.CarrierID `toml:"carrier" is:"id needed"`
	Code    string          `toml:"code" is:"line needed"`
}

// A Carrier is one account at one carrier, or at a platform's own waybill service,
// and which parcels it takes. Their order is the site's preference.
type Carrier struct {
	ID         floor.CarrierID `toml:"id" is:"id needed"`
	Name       string          `toml:"name" is:"line"`
	Driver     string          `toml:"driver" oneof:"demo sf zto yto jdl cainiao pdd douyin" is:"needed"`
	URL        string          `toml:"url" is:"url"`      // empty: the carrier's own
	Account    string          `toml:"account" is:"line"` // partner id, app key
	SecretFile Path            `toml:"secret_file" is:"secret"`
	TokenFile  Path            `toml:"token_file" is:"secret"`               // read at each call
	Customer   string          `toml:"customer" is:"line"`                   // monthly account, customer's code
	Code       string          `toml:"code" is:"line"`                       // the platform's code of the carrier
	User       string          `toml:"user" is:"line"`                       // the seller's number on the platform
	Template   string          `toml:"template" is:"url"`                    // the platform's label template
	Pool       int             `toml:"pool" default:"200" range:"1..100000"` // waybill numbers kept ahead, where they are sold so

	Avoid      []string          `toml:"avoid" is:"line"`       // platform codes by which a buyer refuses it
	Channels   []floor.ChannelID `toml:"channels" is:"line"`    // it takes orders of these alone
	DemandedBy []floor.ChannelID `toml:"demanded_by" is:"line"` // orders of these go by it and by no other
	Serves     []string          `toml:"serves" is:"line"`      // "浙江省" or "浙江省/杭州市"; none: everywhere
	Except     []string          `toml:"except" is:"line"`
	MinGrams   floor.Grams       `toml:"min_grams" default:"0" range:"0..100000"`
	MaxGrams   floor.Grams       `toml:"max_grams" default:"0" range:"0..100000"`   // 0: no limit
	CheckGrams floor.Grams       `toml:"check_grams" default:"0" range:"0..100000"` // a lead looks at heavier ones; 0: none
	CutOff     Clock             `toml:"cut_off" default:"00:00"`                   // its last collection; 00:00: at any time
	Prices     []Price           `toml:"price"`
}

// A Price is one line of a carrier's price table.
type Price struct {
	To         []string    `toml:"to" is:"line"` // places; none: everywhere else
	FirstGrams floor.Grams `toml:"first_grams" default:"1000" range:"1..100000"`
	First      Yuan        `toml:"first" is:"needed"`
	NextGrams  floor.Grams `toml:"next_grams" default:"0" range:"0..100000"` // 0: heavier parcels have no price here
	Next       Yuan        `toml:"next" default:"0"`
}

// Yuan is money as people write it, "8.50", kept in fen.
type Yuan floor.Fen

// UnmarshalText reads "8", "8.5" or "8.50".
func (y *Yuan) UnmarshalText(b []byte) error {
	m := yuanForm.FindSubmatch(b)
	if m == nil {
		return errors.New(`want yuan such as "8.50"`)
	}
	fen, err := strconv.ParseInt(string(m[1])+(string(m[2]) + "00")[:2], 10, 64)
	*y = Yuan(fen)
	return err
}

var yuanForm = regexp.MustCompile(`^([0-9]{1,7})(?:\.([0-9]{1,2}))?$`)

// A Component is a platform's print component: a program on some machine that
// alone can make the labels of that platform's tickets.
type Component struct {
	Platform string `toml:"platform" oneof:"cainiao pdd douyin" is:"needed"`
	URL      string `toml:"url" is:"ws needed"` // "ws://192.168.8.31:13528"
	Printer  string `toml:"printer" is:"line"`  // as the component names it; empty: its own default
}

// A Packaging is a box or bag that a packer scans. Where there are any, packers
// must scan one for each parcel.
type Packaging struct {
	ID    string      `toml:"id" is:"line needed"` // its barcode
	Name  string      `toml:"name" is:"line needed"`
	Grams floor.Grams `toml:"grams" default:"0" range:"0..20000"`
}

// A Station is a pack station. Printer, Scale and Scanner are nil where there is
// none; a scanner that types like a keyboard is none.
type Station struct {
	ID      floor.StationID `toml:"id" is:"id needed"`
	Name    string          `toml:"name" is:"line"`
	Printer *Device         `toml:"printer"`
	Scale   *Device         `toml:"scale"`
	Scanner *Device         `toml:"scanner"`

	Components []Component `toml:"component"` // that print its platforms' labels
}

// Devices lists the devices there are.
func (s Station) Devices() []*Device {
	return slices.DeleteFunc([]*Device{s.Printer, s.Scale, s.Scanner}, func(d *Device) bool { return d == nil })
}

// Problem says in lang why the station is misconfigured; empty if it is not.
func (s Station) Problem(lang string) string {
	var texts []string
	for _, d := range s.Devices() {
		for _, p := range d.Problems {
			texts = append(texts, p.Text(lang))
		}
	}
	return strings.Join(texts, "; ")
}

// A Device is a printer or scale of a station. One with Problems must not be
// opened: nobody knows what it is.
type Device struct {
	Port   string `toml:"port" is:"port needed"`                            // "/dev/serial/by-id/usb-...", or "tcp://10.0.0.7:9100"
	Model  string `toml:"profile" is:"line needed"`                         // "vendor/model", or "vendor/model@firmware"
	Labels string `toml:"labels" default:"100x150" is:"line"`               // paper of a printer, in mm; there is a template waybill-SIZE
	Rare   string `toml:"rare" default:"bitmap" oneof:"bitmap pinyin both"` // what a printer does about characters its font lacks

	// The line's settings where they differ from the profile's; 0 and "" do not.
	Baud     int    `toml:"baud" range:"300..921600"`
	DataBits int    `toml:"data_bits" range:"7..8"`
	Parity   string `toml:"parity" oneof:"none even odd"`
	StopBits int    `toml:"stop_bits" range:"1..2"`
	Flow     string `toml:"flow" oneof:"none xonxoff rtscts"`

	Profile  profile.Profile // in force; its Line has the settings above laid over it
	Problems []Problem

	set *profile.Set
}

// Address gives host:port of a device on the network, and whether it is one.
func (d *Device) Address() (string, bool) { return strings.CutPrefix(d.Port, "tcp://") }

// Profiles is where the site keeps its own device profiles.
type Profiles struct {
	Dir Path `toml:"dir" is:"folder"`
}

// Labels is where the site keeps its own label templates: a file NAME.toml each,
// in place of the shipped one of that name, or new.
type Labels struct {
	Dir Path `toml:"dir" is:"folder"`
}

// Report is the daily report.
type Report struct {
	At  Clock `toml:"at" default:"08:30"` // of the morning after
	Dir Path  `toml:"dir"`                // empty: reports in the data folder
}

// Journal is how long the ledger keeps what happened; older days are archived.
type Journal struct {
	KeepDays int `toml:"keep_days" default:"30" range:"2..3650"`
}

// Backup is how often the ledger is copied to the backups folder.
type Backup struct {
	Every time.Duration `toml:"every" default:"15m" range:"1m..24h"`
	Keep  int           `toml:"keep" default:"8" range:"1..1000"` // newest copies that stay
}

// Log is what goes to standard error.
type Log struct {
	Level  slog.Level `toml:"level" default:"info" oneof:"debug info warn error"`
	Format string     `toml:"format" default:"text" oneof:"text json"`
}

// A Path is the absolute path of a file; in TOML it may be relative to the
// folder that floord.toml lies in. Empty means none.
type Path string

// A Clock is a time of the day, "08:30".
type Clock struct{ Hour, Minute int }

// UnmarshalText reads "08:30".
func (c *Clock) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil {
		return errors.New(`want a time of the day such as "08:30"`)
	}
	c.Hour, c.Minute = t.Hour(), t.Minute()
	return nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute) }

// On gives the clock's moment on the day of t, in t's zone.
func (c Clock) On(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), c.Hour, c.Minute, 0, 0, t.Location())
}

// A Day is a day of the calendar, "2027-05-31"; the zero Day is none.
type Day struct{ time.Time }

// UnmarshalText reads "2027-05-31".
func (d *Day) UnmarshalText(b []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(b)); err != nil {
		return errors.New(`want a day such as "2027-05-31"`)
	}
	return nil
}

// Ledger is the ledger's file.
func (c *Config) Ledger() string { return filepath.Join(string(c.Site.Data), "floor.db") }

// Key is the file of the ledger's key.
func (c *Config) Key() string { return filepath.Join(string(c.Site.Data), "floor.key") }

// Archive is the folder of the ledger's older days.
func (c *Config) Archive() string { return filepath.Join(string(c.Site.Data), "archive") }

// Backups is the folder of the ledger's copies.
func (c *Config) Backups() string { return filepath.Join(string(c.Site.Data), "backups") }

// Reports is the folder of the daily reports.
func (c *Config) Reports() string {
	if c.Report.Dir != "" {
		return string(c.Report.Dir)
	}
	return filepath.Join(string(c.Site.Data), "reports")
}

// Limits on what is read.
const (
	maxFile   = 1 << 20
	maxSecret = 64 << 10
	maxText   = 1000 // bytes of one string
	maxItems  = 1000 // of one array
)

// Default is what an empty file in folder dir gives.
func Default(dir string) *Config {
	dir, err := filepath.Abs(dir)
	if err != nil {
		dir = string(filepath.Separator) // the folder we are in is gone
	}
	c, mistakes := read(filepath.Join(dir, "floord.toml"), nil)
	if len(mistakes) > 0 {
		panic(mistakes[0].Error()) // a default is a mistake
	}
	c.File = ""
	return c
}

// Load reads the file at path. The error is an *Error that names every mistake.
// Mistakes that concern only devices and profiles are no error: see Config.Problems.
func Load(path string) (*Config, error) {
	data, err := readFile(path, maxFile)
	if err != nil {
		unread := []Problem{problem(place{file: path}, "unreadable", reason(err))}
		return nil, &Error{Problems: unread, all: unread}
	}
	c, mistakes := read(path, data)
	if len(mistakes) > 0 {
		return nil, &Error{Problems: mistakes, all: merge(mistakes, c.Problems), lang: c.Site.Lang}
	}
	return c, nil
}

// Check loads the file and writes every mistake to w, those of devices and
// profiles too, or one line that says it is right. A site that speaks Chinese
// gets each mistake in Chinese as well.
func Check(w io.Writer, path string) (ok bool) {
	c, err := Load(path)
	var wrong *Error
	if errors.As(err, &wrong) {
		return tell(w, wrong.lang, wrong.all)
	}
	if len(c.Problems) > 0 {
		return tell(w, c.Site.Lang, c.Problems)
	}
	fmt.Fprintln(w, say(c.Site.Lang, "right", path, len(c.People), len(c.Channels), len(c.Carriers), len(c.Stations)))
	return true
}

func tell(w io.Writer, lang string, mistakes []Problem) bool {
	for _, p := range mistakes {
		fmt.Fprintln(w, p.Error())
		if lang != "en" {
			fmt.Fprintln(w, "    "+p.Text("zh"))
		}
	}
	return false
}

// Secret reads a secret from its file, without the white space around it. It is
// looked at anew at each use: tokens are renewed while the daemon runs.
func Secret(path Path) (string, error) {
	text, err := secrets.Get(string(path), func(os.FileInfo) (string, error) {
		data, err := readFile(string(path), maxSecret)
		return strings.TrimSpace(string(data)), err
	})
	if err != nil {
		return "", fmt.Errorf("secret file %s: %w", path, reason(err))
	}
	if text == "" {
		return "", fmt.Errorf("secret file %s: it is empty", path)
	}
	return text, nil
}

// secrets are those that files held when they last changed.
var secrets filecache.Cache[string]

// readFile reads a regular file of at most limit bytes; it never waits, as the
// opening of a pipe would.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("it has %d bytes, at most %d are read", info.Size(), limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// reason is an error about a file without the path, which its place names already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func merge(a, b []Problem) []Problem {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, byPlace)
	return all
}
