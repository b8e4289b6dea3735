package libvirt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// These tests talk to the real daemon that .ci/testbed starts.

// real reads a driver of the daemon.
func real(t *testing.T, uri string) *inventory.Batch {
	t.Helper()
	target, err := collect.ParseTarget("libvirt:" + uri)
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(target, collect.SystemEnv())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	begin := time.Now()
	b, err := c.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d virtual machines in %s", uri, len(b.VMs), time.Since(begin))
	collecttest.Encode(t, b)
	return b
}

func virsh(t *testing.T, args ...string) string {
	t.Helper()
	return collecttest.Must(t, nil, append([]string{"virsh", "-q"}, args...)...)
}

func daemonIsThere(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the services of .ci/testbed run on Linux")
	}
	collecttest.Try(t, "libvirt", "virsh", "-q", "-r", "-c", system, "list")
}

// domainFile describes a domain without a disk.
func domainFile(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "domain.xml")
	text := fmt.Sprintf(`<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><vcpu>2</vcpu>
<os><type arch='x86_64'>hvm</type></os></domain>`, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRealQEMU(t *testing.T) {
	daemonIsThere(t)
	prefix := collecttest.Name("")
	for _, name := range []string{"a", "b", "paused"} {
		virsh(t, "-c", system, "create", domainFile(t, prefix+name)) // the daemon forgets it when it ends
		collecttest.Finally(t, "virsh", "-q", "-c", system, "destroy", prefix+name)
	}
	virsh(t, "-c", system, "suspend", prefix+"paused")
	virsh(t, "-c", system, "define", domainFile(t, prefix+"off"))
	collecttest.Finally(t, "virsh", "-q", "-c", system, "undefine", prefix+"off")

	uuids := func() []string { return strings.Fields(virsh(t, "-r", "-c", system, "list", "--all", "--uuid")) }
	before := uuids()
	b := real(t, system)
	after := uuids()

	var got []string
	for _, v := range b.VMs {
		got = append(got, v.UUID.Or(""))
	}
	for _, id := range before {
		if slices.Contains(after, id) && !slices.Contains(got, id) {
			t.Errorf("virsh list --all shows %s, the inventory does not", id)
		}
	}
	for _, id := range got {
		if !slices.Contains(after, id) && !slices.Contains(before, id) {
			t.Errorf("the inventory shows %s, virsh list --all does not", id)
		}
	}
	for name, state := range map[string]inventory.RunState{"a": inventory.Running, "b": inventory.Running, "paused": inventory.Paused, "off": inventory.Stopped} {
		v := find(t, b, prefix+name)
		if v.State.Or("") != state || v.VCPUs.Or(0) != 2 || v.Memory.Or(0) != 32*inventory.MiB || !v.Storage.IsAbsent() || v.Autostart.Or(true) {
			t.Errorf("%s: got %+v", name, v)
		}
	}
	if u := find(t, b, prefix+"a").Usage; u.CPUSeconds.Or(0) <= 0 || !u.Age.IsUnknown() {
		t.Errorf("got the usage %+v", u)
	}
	if len(b.Gaps) > 0 {
		t.Errorf("got the gaps %+v", b.Gaps)
	}
	if h := b.Hypervisors[0]; h.Kind != "qemu" || h.VMs.Or(0) != len(b.VMs) {
		t.Errorf("got the hypervisor %+v", h)
	}
}

func TestRealTestDriver(t *testing.T) {
	daemonIsThere(t)
	b := real(t, "test:///default")
	v := find(t, b, "test")
	if v.State.Or("") != inventory.Running || v.Memory.Or(0) != 2*inventory.GiB || v.VCPUs.Or(0) != 2 {
		t.Errorf("got the virtual machine %+v", v)
	}
	if len(b.Storage) == 0 || len(b.Networks) == 0 || b.Hypervisors[0].Kind != "test" {
		t.Errorf("got the pools %+v, the networks %+v and the hypervisor %+v", b.Storage, b.Networks, b.Hypervisors)
	}
	if a := real(t, system).Machines[0]; a.ID == b.Machines[0].ID {
		t.Error("the machine that the test driver invents is taken for the real one")
	}
}

// The read-only socket is open to all.
func TestRealAsNobody(t *testing.T) {
	daemonIsThere(t)
	if !collecttest.AsNobody(t) {
		return
	}
	real(t, system)
}
