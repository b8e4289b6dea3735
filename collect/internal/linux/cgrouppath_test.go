package linux

import (
	"strings"
	"testing"
)

// The identifiers that stand for themselves in Appendix A of the signal catalogue.
var appendixA = strings.NewReplacer(
	"<ID>", strings.Repeat("a1b2c3d4", 8),
	"<ID2>", strings.Repeat("0f1e2d3c", 8),
	"U1_", "01042b28_179d_446a_954a_7266557e12cd",
	"U1", "01042b28-179d-446a-954a-7266557e12cd",
	"U2", "068e8fa0-9213-11e7-a01f-507b9d4141fa",
)

// TestClassifyCgroupAppendixA holds the 33 sample paths of the signal catalogue.
func TestClassifyCgroupAppendixA(t *testing.T) {
	for i, row := range []struct {
		path string
		kind CgroupKind
		id   string
		pod  string
		unit string
	}{
		{`/system.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "", ""},
		{`/docker/<ID>`, CgroupOCI, "<ID>", "", ""},
		{`/docker/<ID2>/docker/<ID>`, CgroupOCI, "<ID>", "", ""},
		{`/machine.slice/libpod-<ID>.scope/container`, CgroupLibpod, "<ID>", "", ""},
		{`/machine.slice/libpod-conmon-<ID>.scope`, CgroupMonitor, "libpod-conmon-<ID>.scope", "", ""},
		{`/libpod_parent/libpod-<ID>`, CgroupLibpod, "<ID>", "", ""},
		{`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-<ID>.scope`, CgroupLibpod, "<ID>", "", "user@1000.service"},
		{`/system.slice/foo.service/libpod-payload-<ID>`, CgroupSplit, "<ID>", "", "foo.service"},
		{`/system.slice/foo.service/runtime`, CgroupUnit, "", "", "foo.service"},
		{`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", ""},
		{`/kubepods.slice/kubepods-podU1_.slice/crio-<ID>.scope`, CgroupCRIO, "<ID>", "U1", ""},
		{`/kubepods.slice/kubepods-podU1_.slice/crio-conmon-<ID>.scope`, CgroupMonitor, "crio-conmon-<ID>.scope", "", ""},
		{`/kubepods/burstable/podU1/<ID>`, CgroupOCI, "<ID>", "U1", ""},
		{`/kubepods/podU2/crio-<ID>`, CgroupCRIO, "<ID>", "U2", ""},
		{`/kubepods/besteffort/podd76e26fba3bf2bfd215eb29011d55250/<ID>`, CgroupOCI, "<ID>", "d76e26fba3bf2bfd215eb29011d55250", ""},
		{`/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", ""},
		{`/system.slice/containerd.service/kubepods-burstable-podU1_.slice:cri-containerd:<ID>`, CgroupCRI, "<ID>", "U1", "containerd.service"},
		{`/ecs/abc123/<ID>`, CgroupOCI, "<ID>", "", ""},
		{`/system.slice/var-lib-docker-overlay-<ID>-merged.mount`, CgroupMount, "", "", ""},
		{`/lxc.payload.web1/init.scope`, CgroupLXC, "web1", "", ""},
		{`/lxc.monitor.web1`, CgroupMonitor, "lxc.monitor.web1", "", ""},
		{`/lxc/101/ns/init.scope`, CgroupLXC, "101", "", ""},
		{`/lxc.payload/web1`, CgroupLXC, "web1", "", ""},
		{`/machine.slice/systemd-nspawn@deb.service/payload/init.scope`, CgroupNspawn, "deb", "", "systemd-nspawn@deb.service"},
		{`/machine.slice/machine-qemu\x2d1\x2dvm1.scope/libvirt/emulator`, CgroupVM, "vm1", "", "machine-qemu-1-vm1.scope"},
		{`/machine.slice/machine-lxc\x2d11111\x2dcontainer1.scope`, CgroupLXCVirt, "container1", "", "machine-lxc-11111-container1.scope"},
		{`/machine/qemu-1-vm1.libvirt-qemu/vcpu0`, CgroupVMFS, "qemu-1-vm1", "", ""},
		{`/qemu.slice/100.scope`, CgroupVMProxmox, "100", "", ""},
		{`/system.slice/system-postgresql.slice/postgresql@15-main.service`, CgroupUnit, "", "", "postgresql@15-main.service"},
		{`/user.slice/user-0.slice/session-1.scope`, CgroupUnit, "", "", "session-1.scope"},
		{`/init.scope`, CgroupUnit, "", "", "init.scope"},
		{`/`, CgroupRoot, "", "", ""},
		{`/system.slice/docker-<ID>.scope/system.slice/nginx.service`, CgroupDocker, "<ID>", "", "nginx.service"},
	} {
		path := appendixA.Replace(row.path)
		got := ClassifyCgroup(path)
		want := CgroupClass{Kind: row.kind, ID: appendixA.Replace(row.id), Pod: appendixA.Replace(row.pod), Unit: row.unit}
		if got.Kind != want.Kind || got.ID != want.ID || got.Pod != want.Pod || got.Unit != want.Unit {
			t.Errorf("row %d, %s:\n got kind %q, id %q, pod %q, unit %q\nwant kind %q, id %q, pod %q, unit %q", i+1, row.path,
				got.Kind, got.ID, got.Pod, got.Unit, want.Kind, want.ID, want.Pod, want.Unit)
		}
	}
}

func TestClassifyCgroupBeyondAppendix(t *testing.T) {
	for _, row := range []struct {
		path   string
		kind   CgroupKind
		id     string
		parent string
		dir    string // what CgroupDir gives
	}{
		{`/docker/<ID>`, CgroupOCI, "<ID>", "docker", `/docker/<ID>`},
		{`/system.slice/docker-<ID>.scope/init.scope`, CgroupDocker, "<ID>", "system.slice", `/system.slice/docker-<ID>.scope`},
		{`/lxc/101/ns`, CgroupLXC, "101", "", `/lxc/101`},
		{`/lxc.payload.web1/system.slice/x.service`, CgroupLXC, "web1", "", `/lxc.payload.web1`},
		{`/machine.slice/machine-qemu\x2d1\x2dvm1.scope/libvirt`, CgroupVM, "vm1", "machine.slice", `/machine.slice/machine-qemu\x2d1\x2dvm1.scope`},
		{`/system.slice/a.service/sub/deep`, CgroupUnit, "", "", `/system.slice/a.service`},
		{`/user.slice/user-0.slice/session-1.scope/x`, CgroupUnit, "", "", `/user.slice/user-0.slice/session-1.scope`},
		{`/kubepods/burstable/podU1`, CgroupPod, "", "", `/kubepods/burstable/podU1`},
		{`/../../docker/<ID>`, CgroupOutside, "", "", `/../../docker/<ID>`},
		{`/machine.slice/machine-deb.scope/payload`, CgroupNspawn, "deb", "machine.slice", `/machine.slice/machine-deb.scope`},
		{`/machine.slice/machine-deb.scope`, CgroupUnit, "", "", `/machine.slice/machine-deb.scope`},
		{`/system.slice/docker-<ID>x.scope`, CgroupUnit, "", "", `/system.slice/docker-<ID>x.scope`},
		{`/system.slice/docker-abc.scope`, CgroupUnit, "", "", `/system.slice/docker-abc.scope`},
		{`/mypods/podU1/x.service`, CgroupUnit, "", "", `/mypods/podU1/x.service`},
		{``, CgroupRoot, "", "", ``},
		{`/lxc`, CgroupRoot, "", "", `/lxc`},
	} {
		path := appendixA.Replace(row.path)
		got := ClassifyCgroup(path)
		if got.Kind != row.kind || got.ID != appendixA.Replace(row.id) || got.Kind == CgroupOCI && got.Parent != row.parent {
			t.Errorf("%s: got kind %q, id %q, parent %q; want %q, %q, %q", row.path, got.Kind, got.ID, got.Parent, row.kind, row.id, row.parent)
		}
		if dir := CgroupDir(path, got.Depth); dir != appendixA.Replace(row.dir) {
			t.Errorf("%s: directory %s, want %s", row.path, dir, row.dir)
		}
	}
	inner := ClassifyCgroup(appendixA.Replace(`/docker/<ID2>/docker/<ID>`))
	if !inner.Nested {
		t.Errorf("a container in a container is not marked as nested: %+v", inner)
	}
}

func FuzzClassifyCgroup(f *testing.F) {
	f.Add(appendixA.Replace(`/kubepods.slice/kubepods-podU1_.slice:cri-containerd:<ID>`))
	f.Add(`/machine.slice/machine-qemu\x2d1\x2dvm1.scope`)
	f.Add(`/lxc/\x2fa/pod-podpod`)
	f.Fuzz(func(t *testing.T, path string) {
		c := ClassifyCgroup(path)
		if c.Kind == "" {
			t.Errorf("%q has no kind", path)
		}
		if c.Container() && c.ID == "" {
			t.Errorf("%q is a container without an identifier", path)
		}
		if dir := CgroupDir(path, c.Depth); !strings.HasPrefix(path, dir) {
			t.Errorf("the directory %q of %q does not lead to it", dir, path)
		}
	})
}
