package serial_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play another program that holds a port.
func TestMain(m *testing.M) {
	if path := os.Getenv("SERIAL_TEST_LOCK"); path != "" {
		lock(path)
		return
	}
	os.Exit(m.Run())
}

// lock takes the port the way a terminal program does and waits for stdin to end.
func lock(path string) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	fmt.Println("locked", err)
	io.Copy(io.Discard, os.Stdin)
}

func startLocker(t *testing.T, path string) (pid int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SERIAL_TEST_LOCK="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked <nil>\n" {
		t.Fatalf("locker said %q, %v", line, err)
	}
	return cmd.Process.Pid
}
