package ledgertest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// written are the system calls through which a ledger reaches the disk.
const written = "pwrite64,fdatasync,fsync,ftruncate,renameat,renameat2,unlinkat,linkat"

// Sweep kills the child at the entry of each of its first n calls that write or
// sync, one run each, and checks what it leaves. A child that makes fewer calls,
// or a run that is not killed, fails the test.
func Sweep(t *testing.T, child string, n int) {
	log := filepath.Join(t.TempDir(), "calls")
	left := run(t, child, filepath.Join(t.TempDir(), "floor.db"), nil, "strace", "-f", "-qq", "-o", log, "-e", "trace="+written)
	if left.Err != nil {
		t.Fatalf("child %s: %v", child, left.Err)
	}
	calls := readCalls(t, log)
	if len(calls) < n {
		t.Fatalf("the child makes %d calls that write or sync; want at least %d", len(calls), n)
	}
	seen := map[string]int{}
	for i, c := range calls[:n] {
		if c.pid != calls[0].pid {
			t.Fatalf("call %d is made by another thread than call 1: they cannot be counted", i+1)
		}
		seen[c.name]++
		inject := fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", c.name, seen[c.name])
		left := run(t, child, filepath.Join(t.TempDir(), "floor.db"), nil, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+c.name, "-e", inject)
		if !left.Killed {
			t.Fatalf("call %d, %s: the child was not killed: %v", i+1, inject, left.Err)
		}
		if err := Check(left); err != nil {
			t.Fatalf("killed at call %d (%s, %d acknowledged): %v", i+1, inject, len(left.Acked), err)
		}
	}
	t.Logf("killed at each of %d calls: %v", n, seen)
}

// Fail runs the child with calls made to fail: inject is in strace's words
// ("fdatasync:error=EIO:when=7+2").
func Fail(t *testing.T, child, path, inject string) Leftover {
	name, _, _ := strings.Cut(inject, ":")
	return run(t, child, path, nil, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+name, "-e", "inject="+inject)
}

// A call is one line of strace's log.
type call struct {
	pid  string
	name string
	args string // as strace prints them
	ret  string // what it gave, with what strace says about it
}

// readCalls reads a log written with -f -o: one call a line, or its beginning
// ("<unfinished ...>") and its end ("<... name resumed>") on two.
func readCalls(t testing.TB, log string) []call {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []call
	begun := map[string]string{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		pid, rest, _ := strings.Cut(in.Text(), " ")
		rest = strings.TrimLeft(rest, " ")
		if head, ok := strings.CutSuffix(rest, " <unfinished ...>"); ok {
			begun[pid] = head
			continue
		}
		if strings.HasPrefix(rest, "<... ") {
			_, tail, _ := strings.Cut(rest, " resumed>")
			rest = begun[pid] + tail
		}
		name, rest, ok := strings.Cut(rest, "(")
		end := strings.LastIndex(rest, ") ")
		if !ok || end < 0 {
			continue // a signal or an exit
		}
		ret := strings.TrimLeft(rest[end+2:], " ")
		calls = append(calls, call{pid: pid, name: name, args: rest[:end], ret: strings.TrimPrefix(ret, "= ")})
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

// ok says whether the call did what it should: not failed, and not left out by
// strace though it gave success.
func (c call) ok() bool {
	return !strings.HasPrefix(c.ret, "-1") && !strings.HasPrefix(c.ret, "?") && !strings.Contains(c.ret, "INJECTED")
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		t.Fatalf("strace's log: %v", err)
	}
	return n
}
