// Command wavebench measures the planner on published instances: it plans each
// through the public interface of package wave, has the plan checked by code that
// shares nothing with it, and puts the two rules beside it that floors use today.
//
//	go run ./internal/wavebench -dir DIR -ref CSV -time 2s -seed 1
//	go run ./internal/wavebench -orders CSV -count 10000 -time 3s
//
// DIR has a folder for every set. The CSV says set, file, reference_value,
// proven_optimal, objective; its rows are the instances that are run. On standard
// output comes a row an instance, on standard error a summary a set. A file that
// cannot be read and a plan that the checker refuses end the run with exit code 1,
// after all rows, and are in no summary; nor are instances without a reference value.
//
// The second form draws orders from the invoices of Online Retail II, lays the goods
// out in several ways on a floor of 30 aisles, and takes first come, first fit with
// the shortest walks as the reference.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"floord/wave"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "folder of the sets")
	flag.StringVar(&o.ref, "ref", "", "CSV of reference values")
	flag.DurationVar(&o.time, "time", 2*time.Second, "time for an instance")
	flag.Uint64Var(&o.seed, "seed", 1, "seed")
	flag.StringVar(&o.sets, "sets", "", "only these sets, separated by commas")
	flag.IntVar(&o.every, "every", 1, "only every n-th instance of a set")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "goroutines for an instance")
	flag.BoolVar(&o.busy, "busy", false, "count processor time, not time on the wall: for a machine that others use, too")
	flag.StringVar(&o.orders, "orders", "", "CSV of Online Retail II: plan -count of its orders on a made-up floor instead; -sets names slottings")
	flag.IntVar(&o.count, "count", 10_000, "orders to draw")
	flag.IntVar(&o.tries, "tries", 0, "changes each goroutine tries, instead of -time: the same plan on every machine")
	flag.Parse()
	run := o.run
	if o.orders != "" {
		run = o.scale
	}
	if err := run(os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "wavebench:", err)
		os.Exit(1)
	}
}

type options struct {
	dir, ref, sets string
	time           time.Duration
	seed           uint64
	every, workers int
	tries          int
	busy           bool
	orders         string
	count          int
}

var columns = []string{"set", "file", "value", "reference", "ratio", "proven", "fcfs_value", "sshape_value", "feasible", "cpu_s", "wall_s"}

// A reference is a row of the reference file.
type reference struct {
	set, file, proven string
	value             float64
}

func (o options) run(out, summary io.Writer) error {
	refs, err := readReferences(o.ref)
	if err != nil {
		return err
	}
	rows := csv.NewWriter(out)
	defer rows.Flush()
	rows.Write(columns)
	var tallies []*tally
	seen := map[string]int{}
	var bad error
	for _, r := range refs {
		f, known := formats[r.set]
		if o.sets != "" && !slices.Contains(strings.Split(o.sets, ","), r.set) {
			continue
		}
		if n := seen[r.set]; n == 0 {
			if !known {
				fmt.Fprintf(summary, "%s: not read by this program\n", r.set)
			} else {
				tallies = append(tallies, &tally{set: r.set, more: f.more})
			}
		}
		seen[r.set]++
		if !known || (seen[r.set]-1)%max(1, o.every) != 0 {
			continue
		}
		in, err := f.read(filepath.Join(o.dir, f.dir, r.file))
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s %s: %w", r.set, r.file, err))
			continue
		}
		res, err := in.solve(o)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s %s: %w", r.set, r.file, err))
		}
		rows.Write(res.row(r, err == nil))
		rows.Flush()
		if err == nil && r.value > 0 {
			tallies[len(tallies)-1].add(r, res)
		}
	}
	for _, t := range tallies {
		t.write(summary)
	}
	return errors.Join(bad, rows.Error())
}

func readReferences(path string) ([]reference, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var refs []reference
	for i, row := range rows {
		if len(row) < 4 {
			return nil, fmt.Errorf("%s: row %d has %d columns, want 4 or more", path, i+1, len(row))
		}
		if i == 0 {
			continue
		}
		v := 0.0 // none is known
		if text := strings.TrimSpace(row[2]); text != "" {
			if v, err = strconv.ParseFloat(text, 64); err != nil || !(v > 0) {
				return nil, fmt.Errorf("%s: row %d: reference %q, want a number above 0 or nothing", path, i+1, text)
			}
		}
		refs = append(refs, reference{set: row[0], file: row[1], value: v, proven: row[3]})
	}
	slices.SortStableFunc(refs, func(a, b reference) int { return strings.Compare(a.set, b.set) })
	return refs, nil
}

// A result is what was measured on one instance.
type result struct {
	value, fcfs, sshape float64
	cpu, wall           float64 // seconds
}

// An instance plans itself through the public interface of package wave, checks
// the plan and applies the rules of today.
type instance interface {
	solve(o options) (result, error)
}

// effort begins to count the time of one instance.
func (o options) effort() wave.Effort {
	if o.tries > 0 {
		return wave.Effort{Seed: o.seed, Workers: o.workers, Iterations: o.tries}
	}
	start, cpu := time.Now(), cpuTime()
	spent := func() float64 { return time.Since(start).Seconds() / o.time.Seconds() }
	if o.busy {
		spent = func() float64 { return (cpuTime() - cpu) / (o.time.Seconds() * float64(max(1, o.workers))) }
	}
	return wave.Effort{Seed: o.seed, Workers: o.workers, Spent: spent}
}

// A stopwatch measures what planning takes.
type stopwatch struct {
	start time.Time
	cpu   float64
}

func begin() stopwatch { return stopwatch{time.Now(), cpuTime()} }

func (s stopwatch) stop(r *result) { r.wall, r.cpu = time.Since(s.start).Seconds(), cpuTime()-s.cpu }

func (p *problem) solve(o options) (result, error) {
	var res result
	l, err := wave.NewLayout(p.bins(), p.geometry())
	if err != nil {
		return res, err
	}
	watch := begin()
	batches, metres, err := wave.Batch(context.Background(), l, p.loads(), p.cart, o.effort())
	if err != nil {
		return res, err
	}
	walks, err := p.walks(l, batches)
	if err != nil {
		return res, err
	}
	watch.stop(&res)
	first := p.firstFit()
	res.fcfs, res.sshape = p.inLocationOrder(first), p.sShape(first)
	res.value, err = p.check(batches, walks)
	if err == nil && math.Abs(res.value-float64(metres)) > p.blur*float64(1+len(batches))+1e-6*(1+res.value) {
		err = fmt.Errorf("the plan says %v m, it is %v m", metres, res.value)
	}
	return res, err
}

// walks gives the spots of each batch in the order in which they are walked.
func (p *problem) walks(l *wave.Layout, batches [][]int) ([][]int, error) {
	walks := make([][]int, len(batches))
	for i, b := range batches {
		stops, _, err := wave.Walk(l, p.stops(b))
		if err != nil {
			return nil, err
		}
		for _, s := range stops {
			walks[i] = append(walks[i], s.Line)
		}
	}
	return walks, nil
}

func (r result) row(ref reference, feasible bool) []string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	short := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	rule := func(v float64) string { // a rule that says nothing about this kind of instance has an empty field
		if v == 0 {
			return ""
		}
		return num(math.Round(v*1e4) / 1e4)
	}
	ratio := ""
	if ref.value > 0 {
		ratio = short(r.value / ref.value)
	}
	return []string{
		ref.set, ref.file, num(math.Round(r.value*1e4) / 1e4), rule(ref.value), ratio, ref.proven,
		rule(r.fcfs), rule(r.sshape), strconv.FormatBool(feasible), short(r.cpu), short(r.wall),
	}
}

// cpuTime is the processor time of this process so far, in seconds.
func cpuTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// peakMemory is the most memory this process has had, in bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss << 10
}

// A tally sums up a set.
type tally struct {
	set                     string
	more                    bool // is better
	n, optimal              int
	sum, worst, fcfs, shape float64
	overFCFS, cpu, slowest  float64
}

func (t *tally) add(ref reference, r result) {
	ratio := r.value / ref.value
	t.n++
	t.sum += ratio
	if t.n == 1 || (ratio > t.worst) != t.more {
		t.worst = ratio
	}
	t.fcfs, t.shape = t.fcfs+r.fcfs/ref.value, t.shape+r.sshape/ref.value
	t.overFCFS += math.Log(r.value / r.fcfs)
	t.cpu, t.slowest = t.cpu+r.cpu, max(t.slowest, r.wall)
	if ratio < 1+1e-6 != t.more || math.Abs(ratio-1) < 1e-6 {
		t.optimal++
	}
}

func (t *tally) write(w io.Writer) {
	n := float64(t.n)
	if t.n == 0 {
		return
	}
	fmt.Fprintf(w, "%s: %d instances, ratio mean %.4f worst %.4f, %d at the reference or better; fcfs %.3f, s-shape %.3f; to fcfs %.3f; cpu %.3f s, slowest %.4f s\n",
		t.set, t.n, t.sum/n, t.worst, t.optimal, t.fcfs/n, t.shape/n, math.Exp(t.overFCFS/n), t.cpu/n, t.slowest)
}
