//go:build linux

package host

import (
	"maps"
	"os"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// machineWith reads a machine of the default files and those given; a text of "-> x" is a symbolic link.
func machineWith(t *testing.T, more map[string]string) *inventory.Batch {
	t.Helper()
	files, links := maps.Clone(defaults), make(map[string]string)
	plantProcess(t, files, "1 0 systemd cg=/init.scope")
	for name, text := range more {
		if len(text) > 3 && text[:3] == "-> " {
			links[name] = text[3:]
			continue
		}
		files[name] = text
	}
	root := t.TempDir()
	write(t, root, files, links)
	return observed(t, root)
}

const (
	realCPU    = "processor\t: 0\nflags\t\t: fpu\n"
	virtualCPU = "processor\t: 0\nflags\t\t: fpu hypervisor\n"
	armCPU     = "processor\t: 0\nFeatures\t: fp asimd\n"
)

func TestPlatform(t *testing.T) {
	dmi := func(vendor, product, chassis, cpu string) map[string]string {
		return map[string]string{
			"/proc/cpuinfo": cpu, "/sys/class/dmi/id/sys_vendor": vendor + "\n", "/sys/class/dmi/id/product_name": product + "\n",
			"/sys/class/dmi/id/chassis_type": chassis + "\n",
		}
	}
	with := func(files map[string]string, name, text string) map[string]string {
		files[name] = text
		return files
	}
	for _, row := range []struct {
		name, kind, virt, provider string
		files                      map[string]string
	}{
		{"virtualbox", "virtual", "oracle", "", dmi("innotek GmbH", "VirtualBox", "1", virtualCPU)},
		{"hidden flag", "virtual", "vmware", "", dmi("VMware, Inc.", "VMware7,1", "1", realCPU)},
		{"hyper-v on premises", "virtual", "microsoft", "", dmi("Microsoft Corporation", "Virtual Machine", "3", virtualCPU)},
		{"azure", "cloud", "microsoft", "azure", with(dmi("Microsoft Corporation", "Virtual Machine", "3", virtualCPU), "/sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n")},
		{"surface", "physical", "none", "none", dmi("Microsoft Corporation", "Surface Pro", "9", realCPU)},
		{"gcp", "cloud", "google", "gcp", dmi("Google", "Google Compute Engine", "1", virtualCPU)},
		{"ec2 metal", "cloud", "none", "aws", dmi("Amazon EC2", "m5.metal", "1", realCPU)},
		{"ahv", "virtual", "kvm", "", dmi("Nutanix", "AHV", "1", virtualCPU)},
		{"nutanix node", "physical", "none", "none", dmi("Nutanix", "NX-8035-G6", "23", realCPU)},
		{"openstack", "cloud", "kvm", "openstack", dmi("OpenStack Foundation", "OpenStack Nova", "1", virtualCPU)},
		{"hetzner cloud", "cloud", "qemu", "hetzner", with(dmi("Hetzner", "vServer", "1", virtualCPU), "/sys/class/dmi/id/bios_vendor", "QEMU\n")},
		{"flag only", "virtual", "unknown: the processor says that it is virtual, not by what", "", map[string]string{"/proc/cpuinfo": virtualCPU}},
		{"real without DMI", "physical", "none", "none", map[string]string{"/proc/cpuinfo": realCPU}},
		{"xen guest", "virtual", "xen", "", map[string]string{"/proc/cpuinfo": virtualCPU, "/sys/hypervisor/type": "xen\n", "/proc/xen/": ""}},
		{"xen host", "physical", "none", "none", map[string]string{"/proc/cpuinfo": virtualCPU, "/sys/hypervisor/type": "xen\n", "/proc/xen/capabilities": "control_d\n"}},
		{"arm server", "physical", "none", "none", dmi("HPE", "ProLiant RL300", "23", armCPU)},
		{"arm guest", "virtual", "qemu", "", dmi("QEMU", "KVM Virtual Machine", "1", armCPU)},
		{"arm board", "physical", "none", "none", map[string]string{"/proc/cpuinfo": armCPU, "/proc/device-tree/model": "Raspberry Pi 4 Model B\x00"}},
		{"arm guest by device tree", "virtual", "kvm", "", map[string]string{"/proc/cpuinfo": armCPU, "/proc/device-tree/hypervisor/compatible": "linux,kvm\x00"}},
		{"arm, nothing shown", "unknown: nothing that is readable proves it to be a box or a virtual machine", "", "", map[string]string{"/proc/cpuinfo": armCPU}},
		{"z/VM", "virtual", "zvm", "", map[string]string{"/proc/cpuinfo": "vendor_id : IBM/S390\nprocessor 0: version = FF\n", "/proc/sysinfo": "LPAR Number: 3\nVM00 Control Program: z/VM 7.2\n"}},
		{"cloud by cloud-init", "cloud", "kvm", "digitalocean", map[string]string{
			"/proc/cpuinfo": virtualCPU, "/run/cloud-init/cloud-id": "digitalocean\n",
			"/sys/devices/system/clocksource/clocksource0/available_clocksource": "kvm-clock tsc\n",
		}},
	} {
		m := machineWith(t, row.files).Machines[0]
		if got := m.Kind.String(); got != row.kind {
			t.Errorf("%s: kind %q, want %q", row.name, got, row.kind)
		}
		if got := m.Virtualization.String(); row.virt != "" && got != row.virt && (row.name != "arm guest" || got != "kvm") {
			t.Errorf("%s: virtualisation %q, want %q", row.name, got, row.virt)
		}
		if got := m.Provider.String(); row.provider != "" && got != row.provider {
			t.Errorf("%s: provider %q, want %q", row.name, got, row.provider)
		}
	}
}

func TestStorageClasses(t *testing.T) {
	disk := func(link string) map[string]string {
		return map[string]string{
			"/proc/cpuinfo": realCPU, "/sys/block/sda": "-> " + link,
			"/sys" + link[2:] + "/size": "1000000\n", "/sys" + link[2:] + "/dev": "8:0\n", "/sys" + link[2:] + "/sda1/dev": "8:1\n",
		}
	}
	with := func(files map[string]string, pairs ...string) map[string]string {
		for i := 0; i < len(pairs); i += 2 {
			files[pairs[i]] = pairs[i+1]
		}
		return files
	}
	nvme := map[string]string{"/proc/cpuinfo": realCPU, "/sys/block/nvme1n1/size": "1000000\n", "/sys/block/nvme1n1/dev": "8:1\n"}
	const local = "../devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	for _, row := range []struct {
		name, class string
		files       map[string]string
	}{
		{"partition", "raw-local", disk(local)},
		{"software RAID", "local-volumes", with(disk(local), "/sys"+local[2:]+"/sda1/holders/md0/x", "")},
		{"btrfs", "local-volumes", with(disk(local), "/proc/1/mountinfo", "27 1 0:25 /root / rw - btrfs /dev/sda1 rw\n")},
		{"encrypted LVM", "local-volumes", with(disk(local), "/sys"+local[2:]+"/sda1/holders/dm-0/x", "", "/sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-x\n",
			"/sys/block/dm-0/holders/dm-1/x", "", "/sys/block/dm-1/dm/uuid", "LVM-x\n", "/sys/block/dm-1/dm/name", "vg-root\n")},
		{"zfs", "local-volumes", with(disk(local), "/proc/1/mountinfo", "27 1 0:25 / / rw - zfs tank/root rw\n", "/proc/spl/kstat/zfs/tank/state", "ONLINE\n")},
		{"iscsi", "ip-array", with(disk("../devices/platform/host7/session3/target7:0:0/7:0:0:1/block/sda"), "/sys/class/iscsi_session/session3/targetname", "iqn.1992-08.com.netapp:sn.1\n")},
		{"longhorn", "sds-on-nodes", with(disk("../devices/platform/host7/session3/target7:0:0/7:0:0:1/block/sda"), "/sys/class/iscsi_session/session3/targetname", "iqn.2019-10.io.longhorn:pvc-1\n")},
		{"nvme over tcp", "ip-array", with(maps.Clone(nvme), "/sys/class/nvme/nvme1/transport", "tcp\n", "/sys/class/nvme/nvme1/subsysnqn", "nqn.2010-06.com.purestorage:x\n")},
		{"nvme over fibre channel", "fc-array", with(maps.Clone(nvme), "/sys/class/nvme/nvme1/transport", "fc\n")},
		{"nvme in the box", "raw-local", with(maps.Clone(nvme), "/sys/class/nvme/nvme1/transport", "pcie\n")},
		{"ceph client", "sds-separate", map[string]string{"/proc/cpuinfo": realCPU, "/sys/block/rbd0/size": "1000000\n"}},
		{"diskless with NFS root", "ip-array", map[string]string{"/proc/cpuinfo": realCPU, "/sys/block/": "", "/proc/1/mountinfo": "27 1 0:25 / / rw - nfs4 filer:/root rw\n"}},
		{"two kinds of remote", "unknown: several kinds of remote file system are mounted, and their sizes are not asked for", map[string]string{
			"/proc/cpuinfo": realCPU, "/sys/block/": "", "/proc/1/mountinfo": "27 1 0:25 / / rw - nfs4 filer:/root rw\n28 1 0:26 / /c rw - ceph mon:/ rw\n",
		}},
		{"its own NFS server", "raw-local", with(disk(local), "/proc/1/mountinfo", "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 1 0:26 / /c rw - nfs4 127.0.0.1:/x rw\n")},
		{"no /sys", "unknown: /sys/block: not there", map[string]string{"/proc/cpuinfo": realCPU}},
	} {
		if got := machineWith(t, row.files).Machines[0].Storage.String(); got != row.class {
			t.Errorf("%s: got %q, want %q", row.name, got, row.class)
		}
	}
}

func TestChassis(t *testing.T) {
	for _, row := range []struct{ vendor, product, kind, want string }{
		{"Dell Inc.", "PowerEdge R740", "23", "rack"},
		{"Dell Inc.", "PowerEdge M640", "17", "blade"},
		{"Dell Inc.", "PowerEdge T440", "17", "tower"},
		{"Dell Inc.", "PowerEdge C6420", "23", "blade"},
		{"Dell EMC", "VxRail P570F", "23", "hci"},
		{"HPE", "Synergy 480 Gen10", "1", "blade"},
		{"Cisco Systems Inc", "HXAF240C-M5SX", "23", "hci"},
		{"Cisco Systems Inc", "UCSB-B200-M5", "1", "blade"},
		{"Nutanix", "NX-8035-G6", "23", "hci"},
		{"Supermicro", "Super Server", "17", "rack"},
		{"ACME", "Box", "28", "blade"},
		{"ACME", "Box", "156", "blade"}, // type 28 with a lock
		{"ACME", "Box", "151", "rack"},
		{"ACME", "Box", "284", "unknown: its DMI gives chassis type 284, and its model is not known"},
		{"ACME", "Box", "1", "unknown: its DMI gives chassis type 1, and its model is not known"},
		{"", "", "", "unknown: its DMI gives chassis type none, and its model is not known"},
	} {
		got := chassisOf(linux.DMI{Present: true, SysVendor: row.vendor, ProductName: row.product, ChassisType: row.kind}, "").String()
		if got != row.want {
			t.Errorf("%s %s, type %s: got %q, want %q", row.vendor, row.product, row.kind, got, row.want)
		}
	}
}

func TestFabric(t *testing.T) {
	base := map[string]string{
		"/proc/cpuinfo": realCPU, "/sys/class/fc_host/host1/port_state": "Online\n", "/sys/class/fc_remote_ports/rport-1/roles": "FCP Target, FCP Initiator\n",
	}
	change := func(name, text string) map[string]string {
		m := maps.Clone(base)
		m[name] = text
		return m
	}
	for _, row := range []struct {
		name, want string
		files      map[string]string
	}{
		{"in use", "fc-beside-ethernet", base},
		{"dark", "one", change("/sys/class/fc_host/host1/port_state", "Linkdown\n")},
		{"no target", "one", change("/sys/class/fc_remote_ports/rport-1/roles", "Fabric Port\n")},
		{"converged", "fcoe", change("/sys/class/fc_host/host1/symbolic_name", "bnx2fc v2.12 over eth3 FCoE\n")},
		{"no adapter", "one", map[string]string{"/proc/cpuinfo": realCPU, "/sys/class/net/": ""}},
		{"no /sys", "unknown: /sys/class is not there", map[string]string{"/proc/cpuinfo": realCPU}},
	} {
		if got := machineWith(t, row.files).Machines[0].Hardware.Fabric.String(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestManagement(t *testing.T) {
	for _, row := range []struct {
		name, want string
		files      map[string]string
	}{
		{"puppet, today", "config-mgmt", map[string]string{"/var/lib/puppet/state/last_run_summary.yaml": "time:\n  last_run: 1700099000\n"}},
		{"puppet, last month", "none", map[string]string{"/var/lib/puppet/state/last_run_summary.yaml": "time:\n  last_run: 1697000000\n"}},
		{"cloud-init", "provisioned", map[string]string{"/var/lib/cloud/data/result.json": `{"v1": {"datasource": "DataSourceOpenStack"}}`}},
		{"cloud-init without a source", "none", map[string]string{"/var/lib/cloud/data/result.json": `{"v1": {"datasource": "DataSourceNone"}}`}},
		{"image-based", "image-managed", map[string]string{"/etc/os-release": "ID=fedora\nVARIANT_ID=coreos\n"}},
		{"golden image", "none", map[string]string{"/etc/os-release": "ID=debian\nIMAGE_ID=base\n"}},
		{"verified image", "image-managed", map[string]string{"/etc/os-release": "ID=acme\nIMAGE_ID=base\n", "/proc/1/mountinfo": "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 253:0 / /usr ro - erofs /dev/dm-0 ro\n"}},
	} {
		if got := machineWith(t, row.files).Machines[0].Management.String(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// What only root may read is unknown with its remedy, and a gap, for everybody else.
func TestDenied(t *testing.T) {
	if !collecttest.AsNobody(t) { // root is denied nothing
		return
	}
	root := plant(t, "rack-fc")
	for _, name := range []string{"product_serial", "product_uuid"} {
		if err := os.Chmod(root+"/sys/class/dmi/id/"+name, 0); err != nil {
			t.Fatal(err)
		}
	}
	b := observed(t, root)
	subjects := make(map[string]string)
	for _, g := range b.Gaps {
		subjects[g.Subject] = g.Remedy
	}
	for _, name := range []string{"product_serial", "product_uuid"} {
		if subjects["/sys/class/dmi/id/"+name] != "run as root" {
			t.Errorf("no gap for %s: %v", name, b.Gaps)
		}
	}
}
