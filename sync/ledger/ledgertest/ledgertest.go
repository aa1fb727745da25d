// Package ledgertest kills processes that write a ledger, or takes the power
// from under them, and checks what they leave: nothing acknowledged is lost,
// the views equal the fold, the chain is whole.
//
// The processes are the test binary itself, run again as a child: TestMain hands
// its children to Main. A child says what was acknowledged through its output.
package ledgertest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// A Child works on the ledger at path, which may not be there yet, and calls
// ack with the key of each request that was answered without an error. It runs
// in a process of its own until it returns or is killed. All that it does in its
// first goroutine happens on one thread, so that system calls can be counted:
// what Sweep and Record run must use no other goroutine for the ledger.
type Child func(path string, ack func(key string)) error

// Where a child finds its name and its path.
const (
	envChild = "FLOORD_LEDGERTEST_CHILD"
	envPath  = "FLOORD_LEDGERTEST_PATH"
)

// Main runs the child that the environment names, else the tests. It is called
// by TestMain and gives the exit code.
func Main(m *testing.M, children map[string]Child) int {
	name := os.Getenv(envChild)
	if name == "" {
		return m.Run()
	}
	runtime.LockOSThread()
	child := children[name]
	if child == nil {
		fmt.Fprintf(os.Stderr, "no child %q\n", name)
		return 2
	}
	ack := func(key string) {
		if _, err := os.Stdout.WriteString(key + "\n"); err != nil {
			os.Exit(3) // nobody listens any more
		}
	}
	if err := child(os.Getenv(envPath), ack); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Long reports whether the long forms of the tests were asked for (FLOORD_LONG=1).
func Long() bool { return os.Getenv("FLOORD_LONG") != "" }

// A Leftover is what a child left behind.
type Leftover struct {
	Path   string
	Acked  []string // keys, in the order they were acknowledged
	Killed bool     // else it returned by itself
	Err    error    // why it ended badly, if it was not killed
}

// start runs the child under a wrapper (strace and its arguments, or nothing).
func start(t testing.TB, child, path string, wrapper ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrapper, self)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), envChild+"="+child, envPath+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// run starts the child and waits for its end. kill, if not nil, runs beside it: it
// gets what ends the child and its wrapper at once, and a channel that is closed
// when the child has acknowledged something or ended.
func run(t testing.TB, child, path string, kill func(end func(), working <-chan struct{}), wrapper ...string) Leftover {
	t.Helper()
	cmd := start(t, child, path, wrapper...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatalf("start child %s: %v (the crash tests need strace)", child, err)
	}
	working := make(chan struct{})
	if kill != nil {
		go kill(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }, working)
	}
	left := Leftover{Path: path, Acked: lines(out, working)}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		left.Killed = status.Signaled() && status.Signal() == syscall.SIGKILL || status.ExitStatus() == 128+int(syscall.SIGKILL)
	}
	if err != nil && !left.Killed {
		left.Err = fmt.Errorf("%w: %s", err, complaint.String())
	}
	return left
}

// lines reads whole lines: a line without an end was not acknowledged.
// It closes working at the first line, or at the end.
func lines(r io.Reader, working chan<- struct{}) []string {
	var all []string
	begun := sync.OnceFunc(func() { close(working) })
	defer begun()
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return all
		}
		all = append(all, strings.TrimSuffix(line, "\n"))
		begun()
	}
}

// Kill runs the child for the given rounds and kills it each time at a random
// moment: every fourth time while it starts, else after it has begun to
// acknowledge. The ledger lives on through five rounds, then a new one begins.
// The rounds together must have acknowledged at least least requests, or the
// test fails: it would have shown nothing. On a slow disk there are up to ten times
// as many.
func Kill(t *testing.T, child string, rounds, least int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	total := 0
	var left Leftover
	for round := 0; round < rounds || total < least && round < 10*rounds; round++ {
		if round%5 == 0 {
			left = Leftover{Path: filepath.Join(t.TempDir(), "floor.db")}
		}
		wait := time.Duration(rnd.Int64N(int64(200 * time.Millisecond)))
		l := run(t, child, left.Path, func(end func(), working <-chan struct{}) {
			if round%4 != 3 {
				<-working
			}
			time.Sleep(wait)
			end()
		})
		if !l.Killed {
			t.Fatalf("round %d: the child ended before it was killed: %v", round, l.Err)
		}
		left.Acked = append(left.Acked, l.Acked...)
		total += len(l.Acked)
		if err := Check(left); err != nil {
			t.Fatalf("round %d, killed after %v: %v", round, wait, err)
		}
	}
	t.Logf("%d requests acknowledged, none lost", total)
	if total < least {
		t.Errorf("only %d requests were acknowledged; want at least %d", total, least)
	}
}

// Check opens what was left behind and says what does not hold. The ledger must
// take a commit afterwards.
func Check(left Leftover) error {
	l, err := ledger.Open(left.Path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	defer l.Close()
	lost := errors.New("not answered")
	for _, key := range left.Acked {
		r, err := l.Commit(context.Background(), ledger.Request{Key: key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) { return nil, lost })
		if err != nil || !r.Repeated {
			return fmt.Errorf("acknowledged request %s of %d is lost: %w", key, len(left.Acked), err)
		}
	}
	v, err := l.Verify(context.Background())
	if err != nil {
		return err
	}
	if !v.OK() {
		return fmt.Errorf("%d problems, first: %v", len(v.Problems)+v.More, v.Problems[0])
	}
	key := fmt.Sprintf("zz/after/%06d", l.Seq())
	_, err = l.Commit(context.Background(), ledger.Request{Key: key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
		return []floor.Fact{floor.DaemonStarted{Version: "after"}}, nil
	})
	if err != nil {
		return fmt.Errorf("commit afterwards: %w", err)
	}
	return nil
}
