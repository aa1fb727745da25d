package daemon

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"floord/device"
)

// What Doctor asks the kernel, mostly of /proc.

// A mount is where a folder lies.
type mount struct {
	point, kind string
	options     []string // of the mount and of the file system
}

// mountOf finds the mount that dir lies on by its device number.
func mountOf(dir string) (mount, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return mount{}, err
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mount{}, err
	}
	clean, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return mount{}, err
	}
	m, ok := findMount(string(table), clean)
	if !ok {
		return mount{}, fmt.Errorf("no mount holds %s", clean)
	}
	return m, nil
}

// findMount reads mountinfo, for example
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 - ext4 /dev/root rw,data=writeback
//
// and gives the last mount of the longest mount point that holds dir: a later
// one lies over an earlier one.
func findMount(table, dir string) (mount, bool) {
	var best mount
	for line := range strings.Lines(table) {
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 3 {
			continue
		}
		point := unescape(left[4])
		if dir != point && !strings.HasPrefix(dir, strings.TrimSuffix(point, "/")+"/") || len(point) < len(best.point) {
			continue
		}
		best = mount{point, right[0], append(strings.Split(left[5], ","), strings.Split(right[2], ",")...)}
	}
	return best, best.point != ""
}

// unescape reads the kernel's \040 for a blank.
func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// judge says whether a file system keeps what it was told to keep.
//
// The ledger's promises stand on fsync and on a lock that both hold for every
// program. Network and user-space file systems keep neither for sure. ext4 with
// fast_commit was seen to answer fdatasync before the data was there (bbolt issue
// 562); with data=writeback old blocks may show up in a file after a power cut.
func judge(kind string, options []string) (verdict string, why device.Message) {
	has := func(o string) bool { return slices.Contains(options, o) }
	switch {
	case strings.HasPrefix(kind, "nfs"), kind == "cifs", kind == "smb3", kind == "9p", kind == "ceph", strings.HasPrefix(kind, "fuse"):
		return "bad", device.Message{ZH: "网络或用户态文件系统不能保证断电不丢，请用本机磁盘", EN: "a network or user-space file system does not keep its word in a power cut: use a local disk"}
	case kind == "vfat", kind == "exfat", kind == "msdos":
		return "bad", device.Message{ZH: "没有日志和权限，请用 ext4 或 xfs", EN: "it has no journal and no permissions: use ext4 or xfs"}
	case has("ro"):
		return "bad", device.Message{ZH: "是只读的", EN: "it is read-only"}
	case has("nobarrier"), has("barrier=0"), has("volatile"), has("fast_commit"), has("data=writeback"):
		return "bad", device.Message{ZH: "挂载选项会在断电时丢数据，请去掉 nobarrier、volatile、fast_commit、data=writeback", EN: "a mount option loses data in a power cut: remove nobarrier, volatile, fast_commit, data=writeback"}
	case kind == "tmpfs", kind == "ramfs":
		return "warn", device.Message{ZH: "在内存里，关机就没有了，只能用来试用", EN: "it lies in memory and is gone at power-off: good for a trial only"}
	case kind == "overlay":
		return "warn", device.Message{ZH: "是容器的临时层，删除容器就没有了，请挂载数据卷", EN: "it is a container's own layer and goes with the container: mount a volume"}
	}
	return "ok", device.Message{}
}

// lockHolder says which process holds the lock on the file at path, if one does;
// 0 is one that we cannot see.
func lockHolder(path string) (pid int, held bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close() // gives the lock back as well
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil || !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, false, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, true, err
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, true, nil // held, by whom is not known
	}
	return findLock(string(locks), uint64(st.Dev), st.Ino), true, nil
}

// findLock reads lines such as "2: FLOCK  ADVISORY  WRITE 812 08:01:131 0 EOF".
// Some file systems give another device number there than to stat, so an inode
// alone counts if no line has both.
func findLock(table string, dev, inode uint64) (pid int) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" {
			continue
		}
		where := strings.Split(f[5], ":")
		holder, err := strconv.Atoi(f[4])
		if err != nil || len(where) != 3 || where[2] != strconv.FormatUint(inode, 10) {
			continue
		}
		pid = holder
		if where[0] == fmt.Sprintf("%02x", unix.Major(dev)) && where[1] == fmt.Sprintf("%02x", unix.Minor(dev)) {
			return pid
		}
	}
	return max(pid, 0)
}

// processName gives the short name of a process, "?" if it cannot be seen.
func processName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(name))
}

// processes gives the pids of a program.
func processes(name string) []int {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	var pids []int
	for _, dir := range dirs {
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && processName(pid) == name {
			pids = append(pids, pid)
		}
	}
	return pids
}

// portHolder gives the process that listens on the address's port, 0 if it
// cannot be seen.
func portHolder(listen string) int {
	_, text, err := net.SplitHostPort(listen)
	port, bad := strconv.ParseUint(text, 10, 16)
	if err != nil || bad != nil {
		return 0
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := readSome(file)
		if err != nil {
			continue
		}
		for _, inode := range listeners(table, uint16(port)) {
			if pid := socketOwner(inode); pid != 0 {
				return pid
			}
		}
	}
	return 0
}

// readSome bounds what is read of a table that may be large.
func readSome(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 8<<20))
	return string(data), err
}

// listeners gives the sockets that listen on a port, of lines such as
//
//	0: 0100007F:2120 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 31337 1 ...
func listeners(table string, port uint16) (inodes []string) {
	const listening = "0A"
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) >= 10 && f[3] == listening && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}

// socketOwner finds who has the socket open, among those we may look into.
func socketOwner(inode string) int {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well formed
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2]) // the pattern holds digits
			return pid
		}
	}
	return 0
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
