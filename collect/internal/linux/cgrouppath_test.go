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
	rows := []struct {
		number int // of the row of the appendix
		path   string
		kind   CgroupKind
		id     string
		pod    string
		unit   string
	}{
		{1, `/system.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "", ""},
		{2, `/docker/<ID>`, CgroupOCI, "<ID>", "", ""},
		{3, `/docker/<ID2>/docker/<ID>`, CgroupOCI, "<ID>", "", ""},
		{4, `/machine.slice/libpod-<ID>.scope/container`, CgroupLibpod, "<ID>", "", ""},
		{5, `/machine.slice/libpod-conmon-<ID>.scope`, CgroupMonitor, "libpod-conmon-<ID>.scope", "", ""},
		{6, `/libpod_parent/libpod-<ID>`, CgroupLibpod, "<ID>", "", ""},
		{7, `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-<ID>.scope`, CgroupLibpod, "<ID>", "", "user@1000.service"},
		{8, `/system.slice/foo.service/libpod-payload-<ID>`, CgroupSplit, "<ID>", "", "foo.service"},
		{9, `/system.slice/foo.service/runtime`, CgroupUnit, "", "", "foo.service"},
		{10, `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", ""},
		{11, `/kubepods.slice/kubepods-podU1_.slice/crio-<ID>.scope`, CgroupCRIO, "<ID>", "U1", ""},
		{12, `/kubepods.slice/kubepods-podU1_.slice/crio-conmon-<ID>.scope`, CgroupMonitor, "crio-conmon-<ID>.scope", "", ""},
		{13, `/kubepods/burstable/podU1/<ID>`, CgroupOCI, "<ID>", "U1", ""},
		{14, `/kubepods/podU2/crio-<ID>`, CgroupCRIO, "<ID>", "U2", ""},
		{15, `/kubepods/besteffort/podd76e26fba3bf2bfd215eb29011d55250/<ID>`, CgroupOCI, "<ID>", "d76e26fba3bf2bfd215eb29011d55250", ""},
		{16, `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", ""},
		{17, `/system.slice/containerd.service/kubepods-burstable-podU1_.slice:cri-containerd:<ID>`, CgroupCRI, "<ID>", "U1", "containerd.service"},
		{18, `/ecs/abc123/<ID>`, CgroupOCI, "<ID>", "", ""},
		{19, `/system.slice/var-lib-docker-overlay-<ID>-merged.mount`, CgroupMount, "", "", ""},
		{20, `/lxc.payload.web1/init.scope`, CgroupLXC, "web1", "", ""},
		{21, `/lxc.monitor.web1`, CgroupMonitor, "lxc.monitor.web1", "", ""},
		{22, `/lxc/101/ns/init.scope`, CgroupLXC, "101", "", ""},
		{23, `/lxc.payload/web1`, CgroupLXC, "web1", "", ""},
		{24, `/machine.slice/systemd-nspawn@deb.service/payload/init.scope`, CgroupNspawn, "deb", "", "systemd-nspawn@deb.service"},
		{25, `/machine.slice/machine-qemu\x2d1\x2dvm1.scope/libvirt/emulator`, CgroupVM, "vm1", "", "machine-qemu-1-vm1.scope"},
		{26, `/machine.slice/machine-lxc\x2d11111\x2dcontainer1.scope`, CgroupLXCVirt, "container1", "", "machine-lxc-11111-container1.scope"},
		{27, `/machine/qemu-1-vm1.libvirt-qemu/vcpu0`, CgroupVMFS, "qemu-1-vm1", "", ""},
		{28, `/qemu.slice/100.scope`, CgroupVMProxmox, "100", "", ""},
		{29, `/system.slice/system-postgresql.slice/postgresql@15-main.service`, CgroupUnit, "", "", "postgresql@15-main.service"},
		{30, `/user.slice/user-0.slice/session-1.scope`, CgroupUnit, "", "", "session-1.scope"},
		{31, `/init.scope`, CgroupUnit, "", "", "init.scope"},
		{32, `/`, CgroupRoot, "", "", ""},
		{33, `/system.slice/docker-<ID>.scope/system.slice/nginx.service`, CgroupDocker, "<ID>", "", "nginx.service"},
	}
	if len(rows) != 33 {
		t.Errorf("%d rows, and the appendix has 33", len(rows))
	}
	for i, row := range rows {
		if row.number != i+1 {
			t.Errorf("row %d is in the place of row %d", row.number, i+1)
		}
		got := ClassifyCgroup(appendixA.Replace(row.path))
		want := CgroupClass{Kind: row.kind, ID: appendixA.Replace(row.id), Pod: appendixA.Replace(row.pod), Unit: row.unit}
		if got.Kind != want.Kind || got.ID != want.ID || got.Pod != want.Pod || got.Unit != want.Unit {
			t.Errorf("row %d, %s:\n got kind %q, id %q, pod %q, unit %q\nwant kind %q, id %q, pod %q, unit %q", row.number, row.path,
				got.Kind, got.ID, got.Pod, got.Unit, want.Kind, want.ID, want.Pod, want.Unit)
		}
	}
}

// TestClassifyCgroupTable holds what the table of patterns in section 5.2 of the signal catalogue names and its
// Appendix A leaves out.
func TestClassifyCgroupTable(t *testing.T) {
	for _, row := range []struct {
		owner  string // of the row of the table
		path   string
		kind   CgroupKind
		id     string
		pod    string
		unit   string
		nested bool
	}{
		{"Docker, other parent", `/mine/<ID>`, CgroupOCI, "<ID>", "", "", false},
		{"Docker, other parent", `/mine.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "", "", false},
		{"Docker rootless", `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "", "user@1000.service", false},
		{"Docker-in-Docker", `/system.slice/docker-<ID2>.scope/docker/<ID>`, CgroupOCI, "<ID>", "", "", true},
		{"Docker-in-Docker, what it runs on", `/docker/<ID2>/init`, CgroupOCI, "<ID2>", "", "", false},
		{"Podman, monitor of a user", `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-<ID>.scope`, CgroupMonitor, "libpod-conmon-<ID>.scope", "", "", false},
		{"Quadlet of a user", `/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-<ID>`, CgroupSplit, "<ID>", "", "web.service", false},
		{"Podman pods", `/machine.slice/machine-libpod_pod_<ID2>.slice/libpod-<ID>.scope/container`, CgroupLibpod, "<ID>", "", "", false},
		{"Podman pods of a user", `/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_<ID2>.slice/libpod-<ID>.scope`, CgroupLibpod, "<ID>", "", "user@1000.service", false},
		{"Podman pods, cgroupfs", `/libpod_parent/<ID2>/libpod-<ID>`, CgroupLibpod, "<ID>", "", "", false},
		{"Kubernetes, best effort", `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", "", false},
		{"Kubernetes, guaranteed, cgroupfs", `/kubepods/podU1/<ID>`, CgroupOCI, "<ID>", "U1", "", false},
		{"Kubernetes, dockershim", `/kubepods.slice/kubepods-podU1_.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "U1", "", false},
		{"Kubernetes, CRI-O, plumbing of the pod", `/kubepods.slice/kubepods-podU1_.slice/crio-<ID>`, CgroupMonitor, "crio-<ID>", "", "", false},
		{"Kubernetes, drivers do not match", `/system.slice/crio.service/kubepods-podU1_.slice:crio:<ID>`, CgroupCRI, "<ID>", "U1", "crio.service", false},
		{"Kubernetes, drivers do not match", `/system.slice/docker.service/kubepods-podU1_.slice:docker:<ID>`, CgroupCRI, "<ID>", "U1", "docker.service", false},
		{"static pod, systemd", `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podd76e26fba3bf2bfd215eb29011d55250.slice/crio-<ID>.scope`, CgroupCRIO, "<ID>", "d76e26fba3bf2bfd215eb29011d55250", "", false},
		{"kind", `/system.slice/docker-<ID2>.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podU1_.slice/cri-containerd-<ID>.scope`, CgroupContainer, "<ID>", "U1", "", true},
		{"kind, cgroupfs", `/docker/<ID2>/kubelet/kubepods/besteffort/podU1/<ID>`, CgroupOCI, "<ID>", "U1", "", true},
		{"kind, the node itself", `/system.slice/docker-<ID2>.scope/kubelet.slice/kubelet.service`, CgroupDocker, "<ID2>", "", "kubelet.service", false},
		{"pod level", `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU1_.slice`, CgroupPod, "", "U1", "", false},
		{"pod level, cgroupfs", `/kubepods/besteffort/podU2`, CgroupPod, "", "U2", "", false},
		{"pod level, static", `/kubepods/besteffort/podd76e26fba3bf2bfd215eb29011d55250`, CgroupPod, "", "d76e26fba3bf2bfd215eb29011d55250", "", false},
		{"no pod", `/kubepods.slice/kubepods-burstable.slice`, CgroupRoot, "", "", "", false},
		{"ECS, systemd", `/ecstasks.slice/ecstasks-abc123.slice/docker-<ID>.scope`, CgroupDocker, "<ID>", "", "", false},
		{"containerd, nerdctl", `/system.slice/nerdctl-<ID>.scope`, CgroupNerdctl, "<ID>", "", "", false},
		{"containerd, ctr", `/default/<ID>`, CgroupOCI, "<ID>", "", "", false},
		{"Incus, project", `/lxc.payload.shop_web1/system.slice/nginx.service`, CgroupLXC, "shop_web1", "", "nginx.service", false},
		{"LXC, monitor of version 3", `/lxc.monitor/web1`, CgroupMonitor, "lxc.monitor", "", "", false},
		{"LXC, old", `/lxc/web1`, CgroupLXC, "web1", "", "", false},
		{"LXC in a hierarchy of systemd", `/lxc.payload.web1/init.scope`, CgroupLXC, "web1", "", "", false},
		{"systemd-nspawn, supervisor", `/machine.slice/systemd-nspawn@deb.service/supervisor`, CgroupNspawn, "deb", "", "systemd-nspawn@deb.service", false},
		{"systemd-nspawn by hand", `/machine.slice/machine-deb.scope/payload/system.slice/a.service`, CgroupNspawn, "deb", "", "a.service", false},
		{"libvirt LXC, cgroupfs", `/machine/web1.libvirt-lxc`, CgroupLXCVirtFS, "web1", "", "", false},
		{"libvirt, old", `/libvirt/qemu/vm1/vcpu0`, CgroupVMFS, "vm1", "", "", false},
		{"libvirt, old, in a service", `/system/libvirtd.service/libvirt/qemu/vm1`, CgroupVMFS, "vm1", "", "libvirtd.service", false},
		{"libvirt LXC, old", `/libvirt/lxc/web1`, CgroupLXCVirtFS, "web1", "", "", false},
		{"systemd-vmspawn", `/machine.slice/machine-vm1.scope`, CgroupUnit, "", "", "machine-vm1.scope", false},
		{"Kata", `/kata_<ID>`, CgroupKata, "<ID>", "", "", false},
		{"Kata in Kubernetes", `/kubepods/podU1/kata_<ID>`, CgroupKata, "<ID>", "U1", "", false},
		{"Kata, overhead", `/kubepods/podU1/kata_overhead/<ID>`, CgroupMonitor, "kata_overhead", "", "", false},
		{"systemd service in a slice", `/system.slice/system-getty.slice/getty@tty1.service`, CgroupUnit, "", "", "getty@tty1.service", false},
		{"systemd service with groups of its own", `/system.slice/a.service/sub/deep`, CgroupUnit, "", "", "a.service", false},
		{"user service", `/user.slice/user-1000.slice/user@1000.service/app.slice/app.service`, CgroupUnit, "", "", "app.service", false},
		{"user scope", `/user.slice/user-1000.slice/user@1000.service/app.slice/app-x-7.scope`, CgroupUnit, "", "", "user@1000.service", false},
		{"snap", `/system.slice/snap.lxd.daemon.service`, CgroupUnit, "", "", "snap.lxd.daemon.service", false},
		{"outside", `/../system.slice/a.service`, CgroupOutside, "", "", "", false},
		{"mount, escaped", `/system.slice/var-lib-docker-overlay2-<ID>\x2dmerged.mount`, CgroupMount, "", "", "", false},
	} {
		got := ClassifyCgroup(appendixA.Replace(row.path))
		id, pod := appendixA.Replace(row.id), appendixA.Replace(row.pod)
		if got.Kind != row.kind || got.ID != id || got.Pod != pod || got.Unit != row.unit || got.Nested != row.nested {
			t.Errorf("%s, %s:\n got kind %q, id %q, pod %q, unit %q, nested %t\nwant kind %q, id %q, pod %q, unit %q, nested %t", row.owner, row.path,
				got.Kind, got.ID, got.Pod, got.Unit, got.Nested, row.kind, id, pod, row.unit, row.nested)
		}
	}
}

func TestDomain(t *testing.T) {
	for path, want := range map[string]string{
		`/machine.slice/machine-qemu\x2d1\x2dvm1.scope/libvirt/emulator`: "vm1",
		`/machine/qemu-1-vm1.libvirt-qemu/vcpu0`:                         "vm1",
		`/machine/vm1.libvirt-qemu`:                                      "vm1",
		`/libvirt/qemu/vm1`:                                              "vm1",
		`/qemu.slice/100.scope`:                                          "100",
		`/system.slice/a.service`:                                        "",
	} {
		if c := ClassifyCgroup(path); c.Domain() != want {
			t.Errorf("%s: got %q, want %q", path, c.Domain(), want)
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
