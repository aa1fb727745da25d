package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floord/floor"
	"floord/floor/rules"
)

// read makes a Config of the file's bytes, with every mistake by place.
func read(path string, data []byte) (*Config, []Problem) {
	full, err := filepath.Abs(path)
	if err != nil {
		return &Config{}, []Problem{problem(place{file: path}, "unreadable", err)}
	}
	c := &Config{File: full}
	setDefaults(reflect.ValueOf(c).Elem())
	c.Site.Data = Path(dataFolder(full))
	doc := parse(path, data)
	d := &decoder{doc: doc, folder: filepath.Dir(full), at: map[string]place{}}
	d.table(doc.root, reflect.ValueOf(c).Elem(), "")
	d.cross(c)
	d.devices(c)
	d.rules(c)
	d.kinds(c)
	bad := merge(doc.bad, d.bad)
	if len(bad) == 0 {
		bad = doc.net()
	}
	return c, bad
}

// dataFolder is where the files lie unless site.data says so: the service's own
// folder for a floord.toml in /etc, else a folder beside it. It does not depend
// on the environment, so the operator's commands find what the daemon uses.
func dataFolder(file string) string {
	if strings.HasPrefix(file, "/etc/") {
		return "/var/lib/floord"
	}
	return filepath.Join(filepath.Dir(file), "data")
}

var (
	idForm     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)
	prefixForm = regexp.MustCompile(`^[A-Z0-9]{1,8}$`)
)

// forms are what a text may have to be.
var forms = map[string]func(string) bool{
	"id":     idForm.MatchString,
	"prefix": prefixForm.MatchString,
	"listen": func(s string) bool { return isHostPort(s, 0) },
	"host":   isHost,
	"url": func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.Fragment == ""
	},
	"ws": func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "ws" || u.Scheme == "wss") && u.Host != "" && u.User == nil && u.Fragment == ""
	},
	"port": func(s string) bool {
		if addr, ok := strings.CutPrefix(s, "tcp://"); ok {
			host, _, _ := net.SplitHostPort(addr)
			return isHostPort(addr, 1) && host != ""
		}
		return hidPort.MatchString(s) || filepath.IsAbs(s) && filepath.Clean(s) == s
	},
}

// hidPort is a scale on USB by its vendor and product, and its serial number where
// two are alike.
var hidPort = regexp.MustCompile(`^hid:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(:[!-~]{1,64})?$`)

func isHostPort(s string, lowest int) bool {
	host, port, err := net.SplitHostPort(s)
	n, bad := strconv.Atoi(port)
	return err == nil && bad == nil && n >= lowest && n <= 65535 && (host == "" || isHost(host))
}

// isHost accepts a name or an address, as it may stand in a Host header without
// its port.
func isHost(s string) bool {
	if net.ParseIP(s) != nil {
		return true
	}
	return len(s) <= 253 && !strings.ContainsAny(s, " \t/:*@?#[]\\\"'<>,")
}

// cross holds settings against each other. What could not be read is empty and
// was named before.
func (d *decoder) cross(c *Config) {
	if c.HTTP.TLSCert != "" && d.lacks("http.tls_key") {
		d.add(d.at["http.tls_cert"], "together", "tls_cert", "tls_key")
	}
	if c.HTTP.TLSKey != "" && d.lacks("http.tls_cert") {
		d.add(d.at["http.tls_key"], "together", "tls_key", "tls_cert")
	}
	if c.HTTP.Plain != "" && d.lacks("http.tls_cert") {
		d.add(d.at["http.plain"], "together", "plain", "tls_cert")
	}
	w := c.Wave
	slots := w.TotesPerCart
	if w.MaxOrders > 0 {
		slots = min(slots, w.MaxOrders)
	}
	if w.MinFill > slots {
		d.add(d.first("wave.min_fill", "wave.totes_per_cart", "wave.max_orders"), "min-fill", w.MinFill, slots)
	}
	if _, err := c.Layout.Names.BinForm(); err != nil {
		d.add(d.at["layout.names.form"], "bin-form", c.Layout.Names.Form)
	}
	d.unique("person", len(c.People), func(i int) string { return string(c.People[i].ID) })
	d.unique("channel", len(c.Channels), func(i int) string { return string(c.Channels[i].ID) })
	d.unique("carrier", len(c.Carriers), func(i int) string { return string(c.Carriers[i].ID) })
	d.unique("station", len(c.Stations), func(i int) string { return string(c.Stations[i].ID) })
	d.unique("wall", len(c.Walls), func(i int) string { return string(c.Walls[i].ID) })
	d.unique("packaging", len(c.Packagings), func(i int) string { return c.Packagings[i].ID })
	d.badges(c.People)
	for i, ch := range c.Channels {
		table := fmt.Sprintf("channel[%d]", i)
		d.needs(table, ch.Driver, needed[ch.Driver]...)
		if ch.Driver == "csv" && !d.has(table+".trial") {
			c.Channels[i].Trial = false // who imports a table ships it
		}
	}
	for i, ca := range c.Carriers {
		table := fmt.Sprintf("carrier[%d]", i)
		d.needs(table, ca.Driver, carrierNeeds[ca.Driver]...)
		for _, key := range []string{"channels", "demanded_by"} {
			for _, id := range map[string][]floor.ChannelID{"channels": ca.Channels, "demanded_by": ca.DemandedBy}[key] {
				if !slices.ContainsFunc(c.Channels, func(ch Channel) bool { return ch.ID == id }) {
					d.add(d.at[table+"."+key], "no-channel", key, id)
				}
			}
		}
	}
}

// rules compiles the site's rules of judgement; what is wrong with them is named
// in their own file.
func (d *decoder) rules(c *Config) {
	c.Orders.Rules = rules.Default()
	path := string(c.Orders.RulesFile)
	if path == "" {
		return
	}
	data, err := readFile(path, rules.MaxFile)
	if err != nil {
		return // the key's own check has named it
	}
	own, err := rules.Parse(path, data)
	var bad floor.Mistakes
	if errors.As(err, &bad) {
		for _, m := range bad {
			d.add(place{m.File, m.Line, max(1, m.Column)}, "rule", m.Text)
		}
		return
	}
	c.Orders.Rules = own
}

// kinds compiles the rules for kinds of waves, against what the site has.
func (d *decoder) kinds(c *Config) {
	b := rules.Bounds{Totes: c.Wave.TotesPerCart}
	for _, w := range c.Walls {
		b.Wall = max(b.Wall, w.Slots)
	}
	path := string(c.Wave.KindsFile)
	var data []byte
	if path != "" {
		var err error
		if data, err = readFile(path, rules.MaxFile); err != nil {
			return // the key's own check has named it
		}
		data = append([]byte{}, data...) // an empty file has no rules, rather than those that are shipped
	}
	kinds, err := rules.ParseKinds(path, data, b)
	var bad floor.Mistakes
	if errors.As(err, &bad) {
		for _, m := range bad {
			d.add(place{m.File, m.Line, max(1, m.Column)}, "rule", m.Text)
		}
	}
	c.Wave.Kinds = kinds
}

// carrierNeeds are the keys that a carrier's driver cannot do without.
var carrierNeeds = map[string][]string{
	"demo":    {"url", "account", "secret_file"},
	"sf":      {"account", "secret_file", "customer"},
	"zto":     {"account", "secret_file", "customer"},
	"yto":     {"account", "secret_file", "customer"},
	"jdl":     {"account", "secret_file", "customer", "token_file"},
	"cainiao": {"account", "secret_file", "token_file", "code", "channels"},
	"pdd":     {"account", "secret_file", "token_file", "code", "channels"},
	"douyin":  {"account", "secret_file", "token_file", "code", "channels"},
}

// needed are the keys that a driver cannot do without.
var needed = map[string][]string{
	"pdd":          {"shop", "client_id", "secret_file", "token_file"},
	"taobao":       {"shop", "client_id", "secret_file", "token_file"},
	"jd":           {"shop", "client_id", "secret_file", "token_file"},
	"douyin":       {"shop", "client_id", "secret_file", "token_file"},
	"kuaishou":     {"shop", "client_id", "secret_file", "sign_file", "token_file", "code"},
	"xiaohongshu":  {"shop", "client_id", "secret_file", "token_file"},
	"wechat_store": {"shop", "client_id", "secret_file", "token_file"},
	"shopify":      {"shop", "url", "token_file"},
	"woocommerce":  {"shop", "url", "client_id", "secret_file"},
	"amazon":       {"shop", "client_id", "secret_file", "token_file"},
	"qimen":        {"shop", "url", "client_id", "secret_file"},
	"map":          {"shop", "map"},
}

// has says whether the file has that key, right or wrong.
func (d *decoder) has(name string) bool {
	_, ok := d.at[name]
	return ok
}

// lacks says whether the file does not have that key, and is sure of it.
func (d *decoder) lacks(name string) bool { return !d.has(name) && !d.doc.broken }

// first is the place of the first of the names that is written.
func (d *decoder) first(names ...string) place {
	for _, name := range names {
		if at, ok := d.at[name]; ok {
			return at
		}
	}
	return place{file: d.doc.file}
}

// needs names the keys of a table that its driver cannot do without.
func (d *decoder) needs(table, driver string, keys ...string) {
	for _, key := range keys {
		if d.lacks(table + "." + key) {
			d.add(d.at[table], "missing-for", key, driver)
		}
	}
}

// unique names ids that are there twice in an array of tables.
func (d *decoder) unique(table string, n int, id func(int) string) {
	first := map[string]int{}
	for i := range n {
		at := d.at[fmt.Sprintf("%s[%d].id", table, i)]
		if old, twice := first[id(i)]; twice && id(i) != "" {
			d.add(at, "id-twice", table, id(i), old)
		} else {
			first[id(i)] = at.line
		}
	}
}

// badges checks that each person has one, and nobody else the same.
func (d *decoder) badges(people []Person) {
	owners := map[string]Person{}
	for i, p := range people {
		name := fmt.Sprintf("person[%d]", i)
		text, file := d.has(name+".badge"), d.has(name+".badge_file")
		if text == file && !d.doc.broken {
			d.add(d.at[name], "one-of-two", "badge", "badge_file")
			continue
		}
		badge, err := p.ReadBadge()
		if err != nil || badge == "" {
			continue // named with its key
		}
		if owner, taken := owners[badge]; taken {
			d.add(d.first(name+".badge", name+".badge_file"), "badge-twice", cmp.Or(string(owner.ID), owner.Name))
		} else {
			owners[badge] = p
		}
	}
}

// ReadBadge gives the barcode of the person's badge.
func (p Person) ReadBadge() (string, error) {
	if p.BadgeFile == "" {
		return p.Badge, nil
	}
	return Secret(p.BadgeFile)
}
