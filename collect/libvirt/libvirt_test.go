package libvirt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

const system = "qemu:///system"

func TestContract(t *testing.T) {
	raw := func(text string) collecttest.Maker {
		return func(t *testing.T) collect.Collector {
			return openAt(t, collecttest.Socket(t, collecttest.Says([]byte(text))), system)
		}
	}
	// on breaks the answer to one procedure of an otherwise healthy daemon.
	on := func(proc uint32, fault func(packet []byte) []byte) collecttest.Maker {
		return func(t *testing.T) collect.Collector {
			f := fake{guests: guests, faults: map[uint32]func([]byte) []byte{proc: fault}}
			return openAt(t, f.start(t), system)
		}
	}
	words := func(n ...uint32) func([]byte) []byte {
		return func(call []byte) []byte {
			var w wire
			for _, v := range n {
				w.word(v)
			}
			return reply(call, 0, w.Bytes())
		}
	}
	collecttest.Suite{
		Healthy: func(t *testing.T) collect.Collector { return openAt(t, fake{guests: guests}.start(t), system) },
		Absent:  func(t *testing.T) collect.Collector { return openAt(t, "/nonexistent.sock", system) },
		Denied: func(t *testing.T) collect.Collector {
			path := fake{}.start(t)
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			return openAt(t, path, system)
		},
		Hung: func(t *testing.T) collect.Collector {
			return openAt(t, collecttest.Socket(t, collecttest.Silent), system)
		},
		Garbage: map[string]collecttest.Maker{
			"HTTP":             raw("HTTP/1.1 400 Bad Request\r\n\r\n"),
			"zeros":            raw(strings.Repeat("\x00", 100)),
			"shorter than it":  raw("\x00\x00\x00\x1b" + strings.Repeat("\x00", 100)),
			"not asked for":    raw("\x00\x00\x00\x1c\x20\x00\x80\x86\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x07\x00\x00\x00\x00"),
			"cut off":          func(t *testing.T) collect.Collector { return openAt(t, collecttest.Socket(t, cutOff), system) },
			"endless list":     on(procAllStats, words(0x7fffffff, 0, 0, 0)),
			"endless inside":   on(procAllStats, words(1, 0, 0, 0, 0, 0, 1, 0x7fffffff)),
			"endless text":     on(procAllStats, words(1, 0x7ffffff0, 0, 0)),
			"unknown type":     on(procAllStats, words(1, 0, 0, 0, 0, 0, 1, 1, 0, 99, 0)),
			"nothing":          on(procAllStats, words()),
			"another question": on(procAllStats, func(call []byte) []byte { call[15]++; return words(0)(call) }),
			"answered twice":   on(procAuthList, func(call []byte) []byte { return append(words(1, 0)(call), words(1, 0)(call)...) }),
		},
		Secrets: []string{"s3cret"},
	}.Run(t)
}

// cutOff is a server that claims more than it sends. It first reads what it is asked: one that hangs up on whoever
// still talks looks dead, not broken.
func cutOff(conn net.Conn) {
	_, _ = io.ReadFull(conn, make([]byte, headerSize))
	head := make([]byte, headerSize)
	binary.BigEndian.PutUint32(head, 1<<20)
	_, _ = conn.Write(head)
}

func read(t *testing.T, f fake, uri string) *inventory.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	b, err := openAt(t, f.start(t), uri).Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Encode(t, b)
	return b
}

func find(t *testing.T, b *inventory.Batch, name string) inventory.VM {
	t.Helper()
	i := slices.IndexFunc(b.VMs, func(v inventory.VM) bool { return v.Name.Or("") == name })
	if i < 0 {
		t.Fatalf("virtual machine %s is missing", name)
	}
	return b.VMs[i]
}

func TestVMs(t *testing.T) {
	b := read(t, fake{guests: guests}, system)
	if len(b.VMs) != 3 || len(b.Gaps) != 0 {
		t.Fatalf("got %d virtual machines and the gaps %+v, want 3 and none", len(b.VMs), b.Gaps)
	}
	for _, tc := range []struct {
		name, storage string
		state         inventory.RunState
		vcpus         float64
		memory        inventory.Bytes
	}{
		{"db", "sds-separate", inventory.Running, 4, 4 * inventory.GiB},
		{"old", "none", inventory.Stopped, 1, 2 * inventory.GiB},
		{"asleep", "none", inventory.Paused, 2, inventory.MiB},
	} {
		v := find(t, b, tc.name)
		got := fmt.Sprint(v.Storage, " ", v.State, " ", v.VCPUs, " ", v.Memory)
		if want := fmt.Sprint(tc.storage, " ", tc.state, " ", tc.vcpus, " ", tc.memory); got != want {
			t.Errorf("%s: got %s, want %s", tc.name, got, want)
		}
	}
	v := find(t, b, "db")
	if v.UUID.Or("") != "ab000000-0000-0000-0000-000000000001" || v.ID != "vm-"+v.UUID.Or("") {
		t.Errorf("got the ID %s and the UUID %s", v.ID, v.UUID)
	}
	if !slices.Equal(v.MACs, []string{"52:54:00:aa:bb:cc"}) || !v.Autostart.Or(false) || v.GuestOS.Or("") != "http://debian.org/debian/12" {
		t.Errorf("got MACs %v, autostart %v, guest %v", v.MACs, v.Autostart, v.GuestOS)
	}
	if u := v.Usage; u.CPUSeconds.Or(0) != 120 || u.Network.Or(0) != 1234 || u.Memory.Or(0) != 3*inventory.GiB || !u.Age.IsUnknown() {
		t.Errorf("got the usage %+v", u)
	}
	if len(v.Disks) != 2 || v.Disks[0].Class.Or("") != inventory.IPArray || v.Disks[1].Capacity.Or(0) != 90*inventory.GiB {
		t.Errorf("got the disks %+v", v.Disks)
	}
	if u := find(t, b, "old").Usage; u.CPUSeconds.IsKnown() || u.Network.IsKnown() {
		t.Errorf("a machine that is off uses %+v", u)
	}
}

func TestMachineAndHypervisor(t *testing.T) {
	b := read(t, fake{guests: guests}, system)
	m, h := b.Machines[0], b.Hypervisors[0]
	if m.Name.Or("") != "box" || !m.Identity.MachineID.IsKnown() || m.Cores.Or(0) != 8 || m.Memory.Or(0) != 16*inventory.GiB {
		t.Errorf("got the machine %+v", m)
	}
	if h.ID != "hv-"+m.ID || h.Kind != "kvm" || h.Version.Or("") != "7.2.22" || h.VMs.Or(0) != 3 || !h.Cluster.IsAbsent() || h.SeparateImage.Or(true) {
		t.Errorf("got the hypervisor %+v", h)
	}
	if len(b.Storage) != 1 || b.Storage[0].Class.Or("") != inventory.LocalVolumes || b.Storage[0].Capacity.Or(0) != 100*inventory.GiB {
		t.Errorf("got the pools %+v", b.Storage)
	}
	if len(b.Networks) != 1 || b.Networks[0].Class.Or("") != inventory.BridgeNetwork || b.Networks[0].Kind != "nat" {
		t.Errorf("got the networks %+v", b.Networks)
	}
	test := read(t, fake{guests: guests}, "test:///default").Machines[0]
	if test.ID == m.ID || test.Identity.MachineID.IsKnown() || test.Identity.BootID.IsKnown() {
		t.Errorf("the machine that the test driver invents could be taken for the real one: %+v", test)
	}
}

// An old driver has no call for all machines at once.
func TestOneByOne(t *testing.T) {
	f := fake{guests: guests, faults: map[uint32]func([]byte) []byte{
		procAllStats: func(call []byte) []byte { return refuse(call, 3, "not supported by the connection driver") },
	}}
	b := read(t, f, system)
	if v := find(t, b, "db"); len(b.VMs) != 3 || v.VCPUs.Or(0) != 3 || v.Memory.Or(0) != 2*inventory.MiB || v.Usage.CPUSeconds.Or(0) != 7 {
		t.Errorf("got %d machines, one of them %+v", len(b.VMs), v)
	}
}

func TestPartialAnswers(t *testing.T) {
	// only answers with a fault for one machine and otherwise as usual.
	only := func(name string, fault func(call []byte) []byte) func([]byte) []byte {
		return func(call []byte) []byte {
			if bytes.HasPrefix(call[headerSize+4:], []byte(name)) {
				return fault(call)
			}
			payload, _ := fake{guests: guests}.answer(procDomainXML, call[headerSize:])
			return reply(call, 0, payload)
		}
	}
	for name, tc := range map[string]struct {
		proc  uint32
		fault func([]byte) []byte
		vms   int
		gaps  []string // parts of subject, what and why of each
	}{
		"no pools":          {procListPools, func(call []byte) []byte { return refuse(call, 38, "pool driver broke") }, 3, []string{"storage pools not available: pool driver broke"}},
		"pools unsupported": {procListPools, func(call []byte) []byte { return refuse(call, 3, "unsupported") }, 3, nil},
		"a machine is gone": {procDomainXML, only("old", func(call []byte) []byte { return refuse(call, 42, "no domain") }), 2, nil},
		"broken XML": {procDomainXML, only("old", func(call []byte) []byte {
			var w wire
			return reply(call, 0, w.text("<domain>").Bytes())
		}), 3, []string{"virtual machine old disks, interfaces and autostart answered with nonsense"}},
		"a machine is stuck": {procDomainXML, only("asleep", func([]byte) []byte { return nil }), 3, []string{"storage pools", "virtual networks", "asleep"}},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.NoLeaks(t)
			b := read(t, fake{guests: guests, faults: map[uint32]func([]byte) []byte{tc.proc: tc.fault}}, system)
			if len(b.VMs) != tc.vms {
				t.Errorf("got %d virtual machines, want %d", len(b.VMs), tc.vms)
			}
			var all []string
			for _, g := range b.Gaps {
				all = append(all, g.Subject+" "+g.What+" "+g.Why)
			}
			text := strings.Join(all, "\n")
			if len(all) != len(tc.gaps) {
				t.Errorf("got %d gaps, want %d:\n%s", len(all), len(tc.gaps), text)
			}
			for _, want := range tc.gaps {
				if !strings.Contains(text, want) {
					t.Errorf("no gap says %q:\n%s", want, text)
				}
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	f := fake{faults: map[uint32]func([]byte) []byte{
		procOpen: func(call []byte) []byte { return refuse(call, 88, "access denied by the policy") },
	}}
	_, err := openAt(t, f.start(t), system).Collect(t.Context())
	if !errors.Is(err, collect.ErrDenied) || collect.RemedyOf(err) == "" {
		t.Errorf("got the error %v, want one that wraps ErrDenied and says what would help", err)
	}
}

func TestTargets(t *testing.T) {
	env := world(t)
	run := filepath.Join(env.Root, "run/libvirt")
	for _, tc := range []struct {
		target, uri string   // empty for an error that wraps ErrUsage
		sockets     []string // below the folder of sockets
	}{
		{"libvirt:", system, []string{"virtqemud-sock-ro", "libvirt-sock-ro"}},
		{"libvirt:qemu:///system", system, []string{"virtqemud-sock-ro", "libvirt-sock-ro"}},
		{"libvirt:xen:///system", "xen:///system", []string{"virtxend-sock-ro", "libvirt-sock-ro"}},
		{"libvirt:test:///default", "test:///default", []string{"libvirt-sock-ro", "virtqemud-sock-ro"}},
		{"libvirt:qemu+ssh://u:pw@host/system", "", nil},
		{"libvirt:qemu://u:pw@host/system", "", nil},
		{"libvirt:qemu:///embed", "", nil},
		{"libvirt:lxc:///system", "", nil},
		{"libvirt:nonsense", "", nil},
		{"libvirt:://%zz", "", nil},
		{"libvirt:qemu:///system?socket=relative", "", nil},
		{"libvirt:qemu:///system?keyfile=/x", "", nil},
	} {
		target, err := collect.ParseTarget(tc.target)
		if err != nil {
			t.Fatal(err)
		}
		c, err := open(target, env)
		if tc.uri == "" {
			if !errors.Is(err, collect.ErrUsage) || strings.Contains(err.Error(), "pw") {
				t.Errorf("%s: got the error %v, want one that wraps ErrUsage and shows no password", tc.target, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.target, err)
			continue
		}
		at := c.(*collector).address
		var want []string
		for _, s := range tc.sockets {
			want = append(want, filepath.Join(run, s))
		}
		if at.uri != tc.uri || !slices.Equal(at.sockets, want) {
			t.Errorf("%s: got %+v, want %s at %v", tc.target, at, tc.uri, want)
		}
	}
}

func TestDiscover(t *testing.T) {
	env := world(t)
	if got := discover(t.Context(), env); len(got) != 0 {
		t.Errorf("got %v on a host without libvirt", got)
	}
	if p := probe(t.Context(), env); len(p) != 1 || p[0].Status != collect.ProbeAbsent {
		t.Errorf("got %+v on a host without libvirt", p)
	}
	dir := filepath.Join(env.Root, "run/libvirt")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fake{}.start(t), filepath.Join(dir, "libvirt-sock-ro")); err != nil {
		t.Fatal(err)
	}
	if got := discover(t.Context(), env); len(got) != 1 || got[0].String() != "libvirt:qemu:///system" {
		t.Errorf("got %v", got)
	}
	if p := probe(t.Context(), env); len(p) != 1 || p[0].Status != collect.ProbeReadable || p[0].Detail != "QEMU 7.2.22" {
		t.Errorf("got %+v", p)
	}
}

func TestStorageOf(t *testing.T) {
	disk := func(c inventory.StorageClass, size inventory.Reading[inventory.Bytes]) inventory.VMDisk {
		return inventory.VMDisk{Class: inventory.Known(c), Capacity: size}
	}
	none := inventory.Reading[inventory.Bytes]{}
	for name, tc := range map[string]struct {
		disks []inventory.VMDisk
		want  string
	}{
		"none":        {nil, "none"},
		"one":         {[]inventory.VMDisk{disk("raw-local", none)}, "raw-local"},
		"largest":     {[]inventory.VMDisk{disk("raw-local", inventory.Known[inventory.Bytes](1)), disk("ip-array", inventory.Known[inventory.Bytes](2))}, "ip-array"},
		"agree":       {[]inventory.VMDisk{disk("ip-array", none), disk("ip-array", none)}, "ip-array"},
		"do not know": {[]inventory.VMDisk{disk("raw-local", none), disk("ip-array", none)}, "unknown: its disks lie in different places, and their sizes are not known"},
	} {
		if got := storageOf(tc.disks).String(); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestFileSystem(t *testing.T) {
	m := readMounts((&found{collector: &collector{root: world(t).Root}}).tree())
	for file, want := range map[string]string{
		"/var/lib/libvirt/images/a": "nfs4",
		"/var/lib/libvirt/images2":  "ext4",
		"/a":                        "ext4",
		"relative":                  "",
		"":                          "",
	} {
		if got := m.fileSystem(file); got != want {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

func TestOnHost(t *testing.T) {
	f := &found{collector: &collector{root: world(t).Root}}
	f.mounts = readMounts(f.tree())
	of := func(kind, file, dev string) (d disk) {
		d.Type, d.Source.File, d.Source.Dev = kind, file, dev
		return d
	}
	for _, tc := range []struct {
		disk disk
		want bool
	}{
		{of("file", "/a.qcow2", ""), true},
		{of("file", "/var/lib/libvirt/images/a", ""), false}, // NFS: known
		{of("file", "relative", ""), false},
		{of("block", "", "/dev/sdb"), true},
		{of("block", "", "/dev/mapper/mpatha"), false},
		{of("network", "", ""), false},
	} {
		if got := f.onHost(tc.disk); got != tc.want {
			t.Errorf("%+v: got %v", tc.disk, got)
		}
	}
}

func FuzzDomain(f *testing.F) {
	for _, g := range guests {
		f.Add(g.xml)
	}
	f.Add(`<domain><memory unit='TiB'>99999999999999</memory><vcpu>-1</vcpu></domain>`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDomain(text)
		if err != nil {
			return
		}
		found := found{collector: &collector{}}
		v := found.vm("hv", &record{}, detail{domain: d})
		if v.Memory.Or(0) < 0 || v.VCPUs.Or(1) <= 0 {
			t.Errorf("got memory %v and %v virtual CPUs", v.Memory, v.VCPUs)
		}
	})
}

func FuzzShape(f *testing.F) {
	stats, _ := fake{guests: guests}.answer(procAllStats, nil)
	f.Add(stats)
	f.Fuzz(func(_ *testing.T, data []byte) {
		for _, shape := range shapes {
			checkShape(shape, data)
		}
	})
}
