package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// deadMounts is the variable that names the directories which the child of TestHungMounts lets die.
const deadMounts = "INFRAOPT_TEST_DEAD_MOUNTS"

// mountDead mounts a file system on a directory whose server has opened it and says nothing: the kernel waits for the
// answer to whatever is asked of it. Greeted, it is one that has answered once, when it was mounted.
func mountDead(point string, greeted bool) error {
	server, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening /dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", server)
	if err := syscall.Mount("dead", point, "fuse.dead", 0, options); err != nil {
		return fmt.Errorf("mounting on %s: %w", point, err)
	}
	if !greeted {
		return nil
	}
	// The kernel's first request is INIT (operation 26); struct fuse_in_header has the number of the request at 8.
	request := make([]byte, 64<<10)
	n, err := syscall.Read(server, request)
	if err != nil || n < 40 || binary.NativeEndian.Uint32(request[4:]) != 26 {
		return fmt.Errorf("greeting: %d bytes, %w", n, err)
	}
	answer := make([]byte, 16+64) // struct fuse_out_header, struct fuse_init_out
	binary.NativeEndian.PutUint32(answer, uint32(len(answer)))
	copy(answer[8:16], request[8:16])
	binary.NativeEndian.PutUint32(answer[16:], 7)  // protocol
	binary.NativeEndian.PutUint32(answer[20:], 31) // its version
	binary.NativeEndian.PutUint32(answer[36:], 64<<10)
	_, err = syscall.Write(server, answer)
	return err
}

// TestHungMounts looks at this machine while file systems below /var and /opt do not answer, in a process with mounts
// of its own. Each costs the patience for one mount, what lies behind is unknown and says why, and the rest is there.
func TestHungMounts(t *testing.T) {
	if os.Geteuid() != 0 {
		collecttest.Need(t, "root", errors.New("only root can mount"))
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		collecttest.Need(t, "FUSE", err)
	}
	dpkg, err := os.ReadDir("/var/lib/dpkg")
	if err != nil || len(dpkg) == 0 {
		collecttest.Need(t, "dpkg", errors.New("this machine has no packages of Debian"))
	}
	program := ownProgram(t)
	whole := lookAround(t, program, "")
	for _, row := range []struct {
		name, dead string
		mounts     int
	}{
		{"one", "/var/lib/dpkg", 1},
		{"one that never answered", "!/var/lib/dpkg", 1},
		{"two", "/var/lib/dpkg /opt", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			begin := time.Now()
			m := lookAround(t, program, row.dead)
			took := time.Since(begin)
			const patience, rest = 2 * time.Second, 20 * time.Second // what would wait for the file would wait for ever
			if limit := time.Duration(row.mounts)*patience + rest; took > limit || took < patience {
				t.Errorf("it took %s, want %s at the most", took, limit)
			}
			t.Logf("it took %s", took)
			if why := m.OS.Packages.Why(); !strings.Contains(why, "/var/lib/dpkg/status: its file system does not answer") {
				t.Errorf("packages: %v", m.OS.Packages)
			}
			if why := m.Management.Why(); row.mounts == 2 && !strings.Contains(why, "its file system does not answer") {
				t.Errorf("management: %v", m.Management)
			}
			if m.OS.ID.String() != whole.OS.ID.String() || m.Kind.String() != whole.Kind.String() || m.Memory.String() != whole.Memory.String() ||
				m.Storage.String() != whole.Storage.String() || !m.Processes.IsKnown() || !m.OS.Kernel.IsKnown() {
				t.Errorf("something else is missing:\n%+v\n%+v", m, whole)
			}
		})
	}
}

// lookAround runs the program in a process with mounts of its own, where some are dead, and returns what it says of
// the machine.
func lookAround(t *testing.T, program, dead string) inventory.Machine {
	t.Helper()
	out := filepath.Join(t.TempDir(), "snapshot.json")
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestHungMountsChild$", "-test.count=1", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), deadMounts+"=infraopt "+dead, "INFRAOPT_TEST_PROGRAM="+program, "INFRAOPT_TEST_OUT="+out)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	cmd.WaitDelay = time.Second
	if text, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(text), "cannot mount") {
			collecttest.Need(t, "FUSE", errors.New(string(text)))
		}
		t.Fatalf("%v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Decode(strings.NewReader(string(text)))
	if err != nil || len(s.Sources) != 1 || len(s.Sources[0].Machines) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	return s.Sources[0].Machines[0]
}

// TestHungMountsChild is the process with mounts of its own. They end with it.
func TestHungMountsChild(t *testing.T) {
	dead, ok := strings.CutPrefix(os.Getenv(deadMounts), "infraopt")
	if !ok {
		t.Skip("it is for TestHungMounts")
	}
	for point := range strings.FieldsSeq(dead) {
		point, silent := strings.CutPrefix(point, "!")
		if err := mountDead(point, !silent); err != nil {
			t.Fatalf("cannot mount: %v", err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Getenv("INFRAOPT_TEST_PROGRAM"), "collect", "host:", "-o", os.Getenv("INFRAOPT_TEST_OUT"))
	cmd.WaitDelay = time.Second
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
