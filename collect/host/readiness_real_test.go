//go:build linux

package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// tiedTo names a file to which a copy of this test writes its number once it has made itself hard to contain.
const tiedTo = "INFRAOPT_TEST_TIED"

// tie takes hold of the machine in ways that the source should see: shared memory, a packet socket, a device,
// real-time scheduling, one processor.
func tie() error {
	const size = 1 << 20
	id, _, errno := syscall.Syscall(syscall.SYS_SHMGET, 0 /* IPC_PRIVATE */, size, 0o1600 /* IPC_CREAT */)
	if errno != 0 {
		return fmt.Errorf("shmget: %w", errno)
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_SHMAT, id, 0, 0); errno != 0 {
		return fmt.Errorf("shmat: %w", errno)
	}
	// It is gone with the last process that maps it.
	if _, _, errno := syscall.Syscall(syscall.SYS_SHMCTL, id, 0 /* IPC_RMID */, 0); errno != 0 {
		return fmt.Errorf("shmctl: %w", errno)
	}
	if _, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0); err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	if _, err := syscall.Open("/dev/fuse", syscall.O_RDWR, 0); err != nil {
		return err
	}
	first := uint64(1)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(os.Getpid()), 8, uintptr(unsafe.Pointer(&first))); errno != 0 {
		return fmt.Errorf("sched_setaffinity: %w", errno)
	}
	priority := int32(1)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, uintptr(os.Getpid()), 2 /* SCHED_RR */, uintptr(unsafe.Pointer(&priority))); errno != 0 {
		return fmt.Errorf("sched_setscheduler: %w", errno)
	}
	return nil
}

// A process that really holds on to the machine is seen to.
func TestReadinessOfRealProcess(t *testing.T) {
	if file := os.Getenv(tiedTo); file != "" {
		text := strconv.Itoa(os.Getpid())
		if err := tie(); err != nil {
			text = err.Error()
		}
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil || os.Rename(file+".new", file) != nil {
			t.Fatal(err)
		}
		for range 300 { // until it is ended, or whoever waits for it has gone
			if _, err := os.Stat(file); err != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		return
	}
	if os.Geteuid() != 0 {
		collecttest.Need(t, "root", errors.New("nobody else may make real-time processes and packet sockets"))
	}
	file := filepath.Join(t.TempDir(), "pid")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A child of nobody, so that it is a workload of its own.
	cmd := exec.Command("setsid", "--fork", self, "-test.run=^TestReadinessOfRealProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), tiedTo+"="+file)
	if err := cmd.Run(); err != nil {
		collecttest.Need(t, "setsid", err)
	}
	var text []byte
	for range 100 {
		if text, err = os.ReadFile(file); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		collecttest.Need(t, "a kernel that lets a process tie itself to it", fmt.Errorf("%s", text))
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		t.Fatal(err)
	}
	var last []inventory.Finding
	for _, w := range observed(t, "/").Workloads {
		if w.Processes != 1 || !strings.HasPrefix(filepath.Base(self), w.Command) && w.Command != strings.TrimSpace(string(name)) {
			continue
		}
		found := make(map[string]inventory.Severity)
		for _, f := range w.Findings {
			found[f.ID] = f.Severity
		}
		last = w.Findings
		if found["sysv-ipc"] == inventory.Warning && found["raw-sockets"] == inventory.Warning && found["device"] == inventory.Info &&
			found["real-time"] == inventory.Warning && found["cpu-pinning"] == inventory.Warning && w.Readiness.Or("") == inventory.ReadyWithWork {
			return
		}
	}
	t.Errorf("process %d is not seen to hold on to the machine; of the last one like it: %+v", pid, last)
}
