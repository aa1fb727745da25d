package daemon

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"floord/device/serial"
	"floord/floor"
	"floord/sync/channel/api"
	"floord/sync/ledger"
	"floord/web"
)

// metrics are what /metrics shows. They hold no personal data. Most are read from
// the ledger when asked, so that they cannot disagree with it.
type metrics struct {
	d        *Daemon
	registry *prometheus.Registry
	refused  *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

var (
	ordersDesc   = prometheus.NewDesc("floord_orders", "Orders by state.", []string{"state"}, nil)
	flaggedDesc  = prometheus.NewDesc("floord_orders_flagged", "Orders that are frozen, held or short.", []string{"flag"}, nil)
	countsDesc   = prometheus.NewDesc("floord_events_counted_total", "What happened since the ledger began.", []string{"what"}, nil)
	outboxDesc   = prometheus.NewDesc("floord_outbox_rows", "What is owed to the outside, by lane and state.", []string{"lane", "state"}, nil)
	ledgerDesc   = prometheus.NewDesc("floord_ledger", "The ledger's own figures.", []string{"what"}, nil)
	channelDesc  = prometheus.NewDesc("floord_channel_up", "1 if nothing is out of order with the channel's connection.", []string{"channel"}, nil)
	lagDesc      = prometheus.NewDesc("floord_channel_lag_seconds", "From the shop's time to our disk: since when all is pulled, the worst push of the last minutes, the oldest push that waits.", []string{"channel", "way"}, nil)
	failDesc     = prometheus.NewDesc("floord_channel_failures", "Failures in a row, by way.", []string{"channel", "way"}, nil)
	answersDesc  = prometheus.NewDesc("floord_channel_answers_total", "Questions to the shop, by status of HTTP (0: no answer) and class of error (empty: none).", []string{"channel", "status", "class"}, nil)
	skewDesc     = prometheus.NewDesc("floord_channel_clock_skew_seconds", "How far the shop's clock is ahead of ours.", []string{"channel"}, nil)
	endsDesc     = prometheus.NewDesc("floord_channel_ends_timestamp_seconds", "When a token, certificate or domain ends.", []string{"channel", "what"}, nil)
	riskDesc     = prometheus.NewDesc("floord_channel_orders_at_risk", "Orders whose time to ship ends soon, while the connection is down.", []string{"channel"}, nil)
	garbledDesc  = prometheus.NewDesc("floord_channel_payloads_unread_total", "Payloads of the channel that nobody could read.", []string{"channel"}, nil)
	pushesDesc   = prometheus.NewDesc("floord_pushes_total", "Pushes of the channel, by what became of them.", []string{"channel", "result"}, nil)
	socketsDesc  = prometheus.NewDesc("floord_handhelds_connected", "Devices on a socket.", nil, nil)
	stuckDesc    = prometheus.NewDesc("floord_serial_stuck", "Calls to serial drivers that never came back.", nil, nil)
	allDescs     = []*prometheus.Desc{ordersDesc, flaggedDesc, countsDesc, outboxDesc, ledgerDesc, channelDesc, lagDesc, failDesc, answersDesc, skewDesc, endsDesc, riskDesc, garbledDesc, pushesDesc, socketsDesc, stuckDesc}
	tookShape    = prometheus.HistogramOpts{Name: "floord_channel_answer_seconds", Help: "How long the shop took to answer.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 13)}
	refusedShape = prometheus.CounterOpts{Name: "floord_http_turned_away_total", Help: "Requests turned away before anything else was looked at."}
)

func newMetrics(d *Daemon) *metrics {
	m := &metrics{d: d, registry: prometheus.NewRegistry(), refused: prometheus.NewCounterVec(refusedShape, []string{"reason"}), took: prometheus.NewHistogramVec(tookShape, []string{"channel"})}
	m.registry.MustRegister(m, m.refused, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) turnedAway(reason string) { m.refused.WithLabelValues(reason).Inc() }

func (m *metrics) heard(id floor.ChannelID, h api.Heard) {
	m.took.WithLabelValues(string(id)).Observe(h.Took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range allDescs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	type row struct{ lane, state string }
	outbox := map[row]int{}
	var g floor.Figures
	err := m.d.ledger.Read(func(v *ledger.View) (err error) {
		if g, err = v.Figures(); err != nil {
			return err
		}
		return v.Lane("", func(e floor.Effect) bool { outbox[row{e.Lane, e.State}]++; return true })
	})
	if err != nil {
		m.d.log.Error("metrics", "err", err)
	}
	for s, n := range g.ByState {
		gauge(ordersDesc, float64(n), string(s))
	}
	gauge(flaggedDesc, float64(g.Frozen), "frozen")
	gauge(flaggedDesc, float64(g.Held), "held")
	gauge(flaggedDesc, float64(g.Short), "short")
	for what, n := range g.Counts {
		ch <- prometheus.MustNewConstMetric(countsDesc, prometheus.CounterValue, float64(n), what)
	}
	for r, n := range outbox {
		gauge(outboxDesc, float64(n), r.lane, r.state)
	}
	s := m.d.ledger.Stats()
	for what, v := range map[string]float64{
		"seq": float64(s.Seq), "commits": float64(s.Commits), "requests": float64(s.Requests), "events": float64(s.Events),
		"readers": float64(s.Readers), "followers": float64(s.Followers), "file_bytes": float64(s.FileBytes),
		"disk_free_bytes": float64(s.DiskFree), "damaged_rows": float64(len(s.Damaged)), "slowest_sync_seconds": s.SlowestSync.Seconds(),
	} {
		gauge(ledgerDesc, v, what)
	}
	for _, h := range m.d.channelHealth() {
		m.channel(ch, h)
	}
	gauge(socketsDesc, float64(m.d.pda.Connected()))
	gauge(stuckDesc, float64(serial.Stuck()))
}

// channel shows how a channel's connection is, as the page of the shops does.
func (m *metrics) channel(ch chan<- prometheus.Metric, h web.ChannelHealth) {
	send := func(t prometheus.ValueType, desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, t, v, append([]string{string(h.ID)}, labels...)...)
	}
	send(prometheus.GaugeValue, channelDesc, float64(bit(h.OK)))
	send(prometheus.GaugeValue, skewDesc, h.Skew)
	send(prometheus.GaugeValue, riskDesc, float64(h.Risk))
	send(prometheus.CounterValue, garbledDesc, float64(h.Garbled))
	for _, l := range h.Lags {
		send(prometheus.GaugeValue, lagDesc, l.Seconds, l.Way)
	}
	for _, way := range []string{wayPull, wayPush, waySocket, wayTell, waySweep} {
		send(prometheus.GaugeValue, failDesc, float64(h.Failing[way]), way)
	}
	for _, a := range h.Answers {
		send(prometheus.CounterValue, answersDesc, float64(a.Count), strconv.Itoa(a.Status), a.Class)
	}
	for _, e := range h.Ends {
		send(prometheus.GaugeValue, endsDesc, float64(e.At.Unix()), e.What)
	}
	for result, n := range h.Pushes {
		send(prometheus.CounterValue, pushesDesc, float64(n), result)
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
