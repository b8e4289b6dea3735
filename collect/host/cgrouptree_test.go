//go:build linux

package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// groupTree is a machine whose /proc hides everything but the reader, with control groups as given: path of a
// group to the content of its cgroup.procs.
func groupTree(t *testing.T, mounts string, groups map[string]string) string {
	t.Helper()
	root := plant(t, "hidepid")
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("/proc/self/mountinfo", "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:21 / /proc rw,relatime - proc proc rw,hidepid=2\n"+mounts)
	for group, procs := range groups {
		for dir := group; dir != "/sys/fs/cgroup" && len(dir) > 1; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(root, dir, "cgroup.procs")); err != nil {
				put(dir+"/cgroup.procs", "")
			}
		}
		put(group+"/cgroup.procs", procs)
	}
	return root
}

// Containers are found by their control groups where /proc hides their processes: those that have any, once each,
// and neither their monitors nor leftovers.
func TestContainersByControlGroups(t *testing.T) {
	a, b, c := strings.Repeat("a1", 32), strings.Repeat("b2", 32), strings.Repeat("c3", 32)
	for name, tree := range map[string]struct {
		mounts string
		groups map[string]string
	}{
		"version 2": {"30 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", map[string]string{
			"/sys/fs/cgroup/system.slice/docker-" + a + ".scope":                   "201\n",
			"/sys/fs/cgroup/machine.slice/libpod-" + b + ".scope":                  "301\n",
			"/sys/fs/cgroup/machine.slice/libpod-conmon-" + b + ".scope":           "300\n",
			"/sys/fs/cgroup/system.slice/docker-" + c + ".scope":                   "", // left behind
			"/sys/fs/cgroup/system.slice/nginx.service":                            "7\n",
			"/sys/fs/cgroup/system.slice/var-lib-docker-overlay-" + c + "-m.mount": "8\n",
		}},
		"version 1": {"30 27 0:29 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n31 27 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", map[string]string{
			"/sys/fs/cgroup/cpuacct/docker/" + a:              "201\n",
			"/sys/fs/cgroup/memory/docker/" + a:               "201\n",
			"/sys/fs/cgroup/memory/libpod_parent/libpod-" + b: "301\n",
			"/sys/fs/cgroup/cpuacct/libpod_parent/conmon":     "300\n",
			"/sys/fs/cgroup/cpuacct/docker/" + c:              "",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			root := groupTree(t, tree.mounts, tree.groups)
			batch := observed(t, root)
			var ids []string
			for _, x := range batch.Containers {
				ids = append(ids, x.ID)
				if x.State.Or("") != inventory.Running || !x.PID.IsUnknown() || !x.Image.IsUnknown() {
					t.Errorf("got %+v", x)
				}
			}
			if !slices.Equal(ids, []string{a, b}) {
				t.Errorf("got %v, want %v", ids, []string{a, b})
			}
			if len(ids) == 2 && (batch.Containers[0].Runtime.Or("") != "docker" || batch.Containers[1].Runtime.Or("") != "podman") {
				t.Errorf("got the runtimes %s and %s", batch.Containers[0].Runtime, batch.Containers[1].Runtime)
			}
			if m := batch.Machines[0]; !m.Containers.IsUnknown() || !m.Processes.IsUnknown() {
				t.Errorf("there may be more: got %s containers, %s processes", m.Containers, m.Processes)
			}
		})
	}
}
