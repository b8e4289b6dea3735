package linux

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// tree writes files below a new directory; a text that begins with "-> " makes a symbolic link.
func tree(t *testing.T, files map[string]string) FS {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(to, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return NewFS(root)
}

func TestLocalIdentity(t *testing.T) {
	f := tree(t, map[string]string{
		"/etc/machine-id":                    "3D1219C7C4C5404AAA1F6D2A48ADFDA4\n",
		"/proc/sys/kernel/random/boot_id":    "2f728b53-4f6a-4ebe-bbc6-3663b00c1b5c\n",
		"/sys/class/dmi/id/product_uuid":     "4C4C4544-0032-3510-8054-B7C04F4E4B32\n",
		"/sys/class/dmi/id/product_serial":   "To Be Filled By O.E.M.\n",
		"/sys/class/net/eth1/address":        "02:00:00:00:00:02\n",
		"/sys/class/net/eth1/device/vendor":  "0x8086\n",
		"/sys/class/net/eth0/address":        "02:00:00:00:00:01\n",
		"/sys/class/net/eth0/device/vendor":  "0x8086\n",
		"/sys/class/net/vf0/address":         "02:00:00:00:00:09\n",
		"/sys/class/net/vf0/device/physfn/x": "\n",
		"/sys/class/net/docker0/address":     "02:42:00:00:00:01\n",
		"/sys/class/net/lo/address":          "00:00:00:00:00:00\n",
		"/sys/class/net/dummy/device/vendor": "x\n",
		"/sys/class/net/dummy/address":       "00:00:00:00:00:00\n",
	})
	want := inventory.Identity{
		UUID:      inventory.Known("4c4c4544-0032-3510-8054-b7c04f4e4b32"),
		MachineID: inventory.Known("3d1219c7c4c5404aaa1f6d2a48adfda4"),
		BootID:    inventory.Known("2f728b53-4f6a-4ebe-bbc6-3663b00c1b5c"),
		Serial:    inventory.Absent[string](),
		MACs:      []string{"02:00:00:00:00:01", "02:00:00:00:00:02"},
	}
	if got := LocalIdentity(f); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// Without DMI nobody can tell whether the machine has a UUID: it is not absent.
func TestLocalIdentityWithoutDMI(t *testing.T) {
	id := LocalIdentity(tree(t, map[string]string{"/etc/machine-id": "uninitialized\n"}))
	if !id.UUID.IsUnknown() || !id.Serial.IsUnknown() || !id.MachineID.IsAbsent() || !id.BootID.IsUnknown() {
		t.Errorf("got %+v", id)
	}
}

func TestLocalIdentityDenied(t *testing.T) {
	if !collecttest.AsNobody(t) { // root is denied nothing
		return
	}
	f := tree(t, map[string]string{"/sys/class/dmi/id/product_uuid": "4c4c4544-0032-3510-8054-b7c04f4e4b32\n"})
	if err := os.Chmod(f.Path("/sys/class/dmi/id/product_uuid"), 0); err != nil {
		t.Fatal(err)
	}
	if id := LocalIdentity(f); id.UUID.Remedy() != "run as root" {
		t.Errorf("got %v with remedy %q", id.UUID, id.UUID.Remedy())
	}
}

func TestMachineID(t *testing.T) {
	machine := inventory.Identity{MachineID: inventory.Known("aa"), UUID: inventory.Known("bb")}
	uuid := inventory.Identity{UUID: inventory.Known("bb")}
	ids := []string{MachineID(machine, "web"), MachineID(uuid, "web"), MachineID(inventory.Identity{}, "web")}
	for i, id := range ids {
		if len(id) != 14 || !strings.HasPrefix(id, "m-") {
			t.Errorf("%q is not m- and twelve digits", id)
		}
		for _, other := range ids[:i] {
			if id == other {
				t.Errorf("two different machines have the identifier %s", id)
			}
		}
	}
	if MachineID(machine, "web") != MachineID(machine, "db") {
		t.Error("a machine-id is enough to know a machine by, whatever its name")
	}
	if MachineID(inventory.Identity{}, "WEB") != MachineID(inventory.Identity{}, "web") {
		t.Error("host names differ by case")
	}
}

func TestPlaceholder(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, " Default string ": true, "0000000": true, "xxxxxx": true, "None": true, "........": true,
		"CZJ1234567": false, "7783-7084-3265-9085-8269-3286-77": false,
	} {
		if Placeholder(text) != want {
			t.Errorf("Placeholder(%q) is not %t", text, want)
		}
	}
}

func TestContainerManager(t *testing.T) {
	host := "-> pid:[4026531836]"
	other := "-> pid:[4026532999]"
	kthreadd := "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n"
	id := strings.Repeat("a1b2c3d4", 8)
	overlay := "1 0 0:5 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X\n"
	for _, row := range []struct {
		name  string
		files map[string]string
		want  string // empty: not in a container
	}{
		{"bare", map[string]string{"/proc/self/ns/pid": host, "/proc/1/cgroup": "0::/init.scope\n"}, ""},
		{"virtual machine made from a container image", map[string]string{
			"/.dockerenv": "", "/proc/self/ns/pid": host, "/proc/1/cgroup": "1:name=systemd:/\n0::/\n", "/proc/self/cgroup": "1:name=systemd:/\n0::/\n",
			"/sys/fs/cgroup/systemd/release_agent": "\n", "/sys/fs/cgroup/systemd/cgroup.procs": "1\n",
		}, ""},
		{"the same in a recorded tree without namespaces", map[string]string{
			"/.dockerenv": "", "/proc/1/stat": "1 (init) S 0 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n", "/proc/2/stat": kthreadd,
			"/proc/1/cgroup": "0::/\n",
		}, ""},
		{"/run/systemd/container left in an image", map[string]string{"/run/systemd/container": "docker\n", "/proc/self/ns/pid": host, "/proc/1/cgroup": "0::/init.scope\n"}, ""},
		{"docker, version 1", map[string]string{"/.dockerenv": "", "/proc/self/ns/pid": other, "/proc/self/cgroup": "1:name=systemd:/docker/" + id + "\n"}, "docker"},
		{"docker, version 2", map[string]string{
			"/.dockerenv": "", "/proc/self/ns/pid": other, "/proc/self/cgroup": "0::/\n",
			"/sys/fs/cgroup/cgroup.events": "populated 1\n", "/sys/fs/cgroup/cgroup.type": "domain\n", "/proc/1/mountinfo": overlay,
		}, "docker"},
		{"docker with the host's processes", map[string]string{"/.dockerenv": "", "/proc/self/ns/pid": host, "/proc/self/cgroup": "0::/system.slice/docker-" + id + ".scope\n"}, "docker"},
		{"podman", map[string]string{"/run/.containerenv": "", "/proc/self/ns/pid": other, "/proc/self/cgroup": "0::/\n"}, "podman"},
		{"pod", map[string]string{
			"/var/run/secrets/kubernetes.io/serviceaccount/token": "x", "/proc/self/ns/pid": other, "/proc/self/cgroup": "0::/\n",
			"/sys/fs/cgroup/cgroup.events": "", "/sys/fs/cgroup/cgroup.type": "domain\n",
		}, "kubernetes"},
		{"nspawn", map[string]string{"/run/host/container-manager": "systemd-nspawn\n", "/proc/self/ns/pid": other}, "systemd-nspawn"},
		{"only another process namespace", map[string]string{"/proc/self/ns/pid": other, "/proc/1/cgroup": "0::/\n"}, ""},
		{"openvz", map[string]string{"/proc/vz/x": ""}, "openvz"},
		{"openvz host", map[string]string{"/proc/vz/x": "", "/proc/bc/x": "", "/proc/self/ns/pid": host}, ""},
		{"CloudLinux", map[string]string{"/proc/lve/list": "", "/proc/self/ns/pid": host}, ""},
		{"proot", map[string]string{"/proc/self/status": "Name:\tx\nTracerPid:\t41\n", "/proc/41/comm": "proot\n", "/proc/self/ns/pid": host}, "proot"},
		{"a debugger", map[string]string{"/proc/self/status": "TracerPid:\t41\n", "/proc/41/comm": "gdb\n", "/proc/self/ns/pid": host}, ""},
		{"not traced", map[string]string{"/proc/self/status": "TracerPid:\t0\n", "/proc/0/comm": "proot\n", "/proc/self/ns/pid": host}, ""},
		{"lxd", map[string]string{"/dev/lxd/sock": "", "/proc/self/ns/pid": other, "/proc/1/cgroup": "0::/\n"}, "lxd"},
		{"unnamed by its runtime", map[string]string{"/run/systemd/container": "oci\n", "/run/.containerenv": "", "/proc/self/ns/pid": other}, "podman"},
		{"version 1 hierarchy of a container", map[string]string{
			"/proc/self/ns/pid": other, "/proc/self/cgroup": "1:name=systemd:/\n", "/sys/fs/cgroup/systemd/cgroup.procs": "1\n",
		}, "unknown manager"},
		{"wsl", map[string]string{"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}, "wsl"},
		{"nothing readable", map[string]string{"/.dockerenv": ""}, ""},
	} {
		got, inside := ContainerManager(tree(t, row.files))
		if got != row.want || inside != (row.want != "") {
			t.Errorf("%s: got %q, %t; want %q", row.name, got, inside, row.want)
		}
	}
}

// A file that is longer than allowed is an error and never a shorter file.
func TestReadLimit(t *testing.T) {
	f := tree(t, map[string]string{"/a": "12345"})
	for limit, ok := range map[int]bool{4: false, 5: true, 6: true} {
		b, err := f.Read("/a", limit)
		if ok != (err == nil) || ok && string(b) != "12345" || !ok && !errors.Is(err, ErrTooLarge) {
			t.Errorf("limit %d: got %q, %v", limit, b, err)
		}
	}
	r, err := f.Open("/a", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); !errors.Is(err, ErrTooLarge) || string(b) != "123" {
		t.Errorf("stream: got %q, %v", b, err)
	}
	if _, err := f.Open("/", 3); err == nil {
		t.Error("a directory was opened as a file")
	}
}
