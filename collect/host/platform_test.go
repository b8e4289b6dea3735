//go:build linux

package host

import (
	"maps"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// with adds files to some.
func with(files map[string]string, pairs ...string) map[string]string {
	files = maps.Clone(files)
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = pairs[i+1]
	}
	return files
}

// dmi gives the fields of DMI by their names; a name that begins with a slash is another file.
func dmi(cpu string, pairs ...string) map[string]string {
	files := map[string]string{"/proc/cpuinfo": cpu}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i]
		if name[0] != '/' {
			name = "/sys/class/dmi/id/" + name
		}
		files[name] = pairs[i+1] + "\n"
	}
	return files
}

// smbios is a table of type 0 with an extension of the BIOS characteristics; 0x10 is the bit of virtual machines.
func smbios(extension byte) string {
	text := make([]byte, 40)
	text[1], text[19] = 26, extension
	return string(text)
}

// TestHypervisors holds the order of systemd's detect_vm: what the processor says counts after marks of products that
// use another one's hypervisor, and before what the firmware says otherwise.
func TestHypervisors(t *testing.T) {
	const (
		cpuid  = "/.infraopt/cpuid"
		vmBit  = "/sys/firmware/dmi/entries/0-0/raw"
		kvm    = `{"virtual":true,"vendor":"KVMKVMKVM"}`
		hyperv = `{"virtual":true,"vendor":"Microsoft Hv"}`
		other  = `{"virtual":true,"vendor":"SomethingNew"}`
		silent = "unknown: the processor says that it is virtual, not by what"
	)
	for _, row := range []struct {
		name, kind, virt string
		files            map[string]string
	}{
		{"kvm by the processor", "virtual", "kvm", with(dmi(virtualCPU), cpuid, kvm)},
		{"kvm by its other name", "virtual", "kvm", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"Linux KVM Hv"}`)},
		{"the processor before the firmware", "virtual", "kvm", with(dmi(virtualCPU, "sys_vendor", "QEMU", "product_name", "Standard PC"), cpuid, kvm)},
		{"emulation", "virtual", "qemu", with(dmi(virtualCPU, "sys_vendor", "QEMU"), cpuid, `{"virtual":true,"vendor":"TCGTCGTCGTCG"}`)},
		{"vmware", "virtual", "vmware", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"VMwareVMware"}`)},
		{"bhyve", "virtual", "bhyve", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"bhyve bhyve "}`)},
		{"acrn", "virtual", "acrn", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"ACRNACRNACRN"}`)},
		{"qnx", "virtual", "qnx", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"QNXQVMBSQG"}`)},
		{"sre", "virtual", "sre", with(dmi(virtualCPU), cpuid, `{"virtual":true,"vendor":"SRESRESRESRE"}`)},
		{"virtualbox on kvm", "virtual", "oracle", with(dmi(virtualCPU, "product_name", "VirtualBox"), cpuid, kvm)},
		{"parallels shows kvm", "virtual", "parallels", with(dmi(virtualCPU, "sys_vendor", "Parallels Software International Inc."), cpuid, kvm)},
		{"qemu with Hyper-V's features", "virtual", "qemu", with(dmi(virtualCPU, "sys_vendor", "QEMU"), cpuid, hyperv)},
		{"the same, with KVM's clock", "virtual", "kvm", with(dmi(virtualCPU, "sys_vendor", "QEMU", "/sys/devices/system/clocksource/clocksource0/available_clocksource", "kvm-clock tsc"), cpuid, hyperv)},
		{"Hyper-V when nothing else says otherwise", "virtual", "microsoft", with(dmi(virtualCPU), cpuid, hyperv)},
		{"a signature that nobody knows", "virtual", silent, with(dmi(virtualCPU), cpuid, other)},
		{"no signature", "virtual", silent, with(dmi(virtualCPU), cpuid, `{"virtual":true}`)},
		{"the firmware's bit alone", "virtual", "unknown: the firmware says that it is virtual, not by what", with(dmi(realCPU, "sys_vendor", "ACME"), vmBit, smbios(0x1c))},
		{"the bit not set proves nothing", "virtual", "qemu", with(dmi(virtualCPU, "sys_vendor", "QEMU"), vmBit, smbios(0x0c))},
		{"a whole server by name", "cloud", "none", dmi(realCPU, "sys_vendor", "Amazon EC2", "product_name", "c7i.metal-24xl")},
		{"a whole server by the bit", "cloud", "none", with(dmi(realCPU, "sys_vendor", "Amazon EC2", "product_name", "c7x.large"), vmBit, smbios(0x0c))},
		{"the bit against the name", "cloud", "amazon", with(dmi(virtualCPU, "sys_vendor", "Amazon EC2", "product_name", "m5.metal"), vmBit, smbios(0x1c))},
		{"uml", "virtual", "uml", map[string]string{"/proc/cpuinfo": "processor\t: 0\nvendor_id\t: User Mode Linux\n"}},
		{"an old xen guest with an empty directory", "virtual", "xen", with(dmi(realCPU), "/proc/xen/", "")},
		{"xen by what the kernel calls it", "virtual", "xen", with(dmi(armCPU), "/sys/hypervisor/type", "xen\n")},
		{"a hypervisor by a name of the kernel's", "virtual", "unknown: the firmware says that it is virtual, not by what", with(dmi(armCPU), "/sys/hypervisor/type", "z\n")},
		{"dom0 by its features", "physical", "none", with(dmi(virtualCPU), "/sys/hypervisor/type", "xen\n", "/sys/hypervisor/properties/features", "00000800\n", cpuid, `{"virtual":true,"vendor":"XenVMMXenVMM"}`)},
		{"dom0 on another hypervisor", "virtual", "kvm", with(dmi(virtualCPU), "/sys/hypervisor/type", "xen\n", "/proc/xen/capabilities", "control_d\n", cpuid, kvm)},
		{"domU by its features", "virtual", "xen", with(dmi(virtualCPU), "/sys/hypervisor/type", "xen\n", "/sys/hypervisor/properties/features", "00000705\n")},
		{"default processor of qemu", "virtual", "kvm", map[string]string{"/proc/cpuinfo": "processor\t: 0\nmodel name\t: Common KVM processor\nflags\t\t: fpu\n"}},
		{"a Sun server", "physical", "none", dmi(realCPU, "sys_vendor", "Oracle Corporation", "product_name", "ORACLE SERVER X8-2", "chassis_type", "23")},
		{"kubevirt", "virtual", "kvm", dmi(virtualCPU, "sys_vendor", "KubeVirt")},
		{"apple", "virtual", "apple", dmi(armCPU, "product_name", "Apple Virtualization Generic Platform")},
		{"Hyper-V by its version", "virtual", "microsoft", dmi(virtualCPU, "product_version", "Hyper-V UEFI Release v4.0")},
		{"powervm", "virtual", "powervm", with(dmi(armCPU), "/proc/device-tree/ibm,partition-name", "p1", "/proc/device-tree/hmc-managed?", "")},
		{"pseries of qemu", "virtual", "qemu", with(dmi(armCPU), "/proc/device-tree/compatible", "qemu,pseries\x00")},
		{"xen by device tree", "virtual", "xen", with(dmi(armCPU), "/proc/device-tree/hypervisor/compatible", "xen,xen-4.17\x00xen,xen\x00")},
		{"vmware by device tree", "virtual", "vmware", with(dmi(armCPU), "/proc/device-tree/hypervisor/compatible", "vmware\x00")},
		{"kvm on a mainframe", "virtual", "kvm", with(dmi(armCPU), "/proc/sysinfo", "LPAR Number: 3\nVM00 Control Program: KVM/Linux\n")},
	} {
		m := machineWith(t, row.files).Machines[0]
		if got := m.Kind.String(); got != row.kind {
			t.Errorf("%s: kind %q, want %q", row.name, got, row.kind)
		}
		if got := m.Virtualization.String(); got != row.virt {
			t.Errorf("%s: virtualisation %q, want %q", row.name, got, row.virt)
		}
	}
}

// An agent for guests proves nothing, and is not kept back either.
func TestGuestAgentCorroborates(t *testing.T) {
	files := map[string]string{"/proc/cpuinfo": armCPU}
	plantProcess(t, files, "50 1 qemu-ga cg=/system.slice/qemu-guest-agent.service")
	m := machineWith(t, files).Machines[0]
	if !m.Kind.IsUnknown() || !strings.Contains(m.Kind.Why(), "qemu-ga runs") {
		t.Errorf("got %v", m.Kind)
	}
}

// Where nothing else tells what a machine is, what root would see more is a gap.
func TestVMBitForRootOnly(t *testing.T) {
	for name, cpu := range map[string]string{"unproven": armCPU, "proven": realCPU} {
		b := machineWith(t, with(dmi(cpu, "sys_vendor", "ACME"), linux.SMBIOSTable, "x", "/.infraopt/denied", linux.SMBIOSTable+"\n"))
		if got := gapAbout(b, "whether the firmware calls the machine virtual"); got != (name == "unproven") {
			t.Errorf("%s: gaps %+v", name, b.Gaps)
		}
	}
}

func TestProviders(t *testing.T) {
	for name, row := range map[string]struct {
		provider string
		files    map[string]string
	}{
		"aws":                      {"aws", dmi(virtualCPU, "sys_vendor", "Amazon EC2", "product_name", "m5.large")},
		"aws on xen":               {"aws", dmi(virtualCPU, "sys_vendor", "Xen", "/sys/hypervisor/type", "xen", "/sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef")},
		"aws by serial and uuid":   {"aws", dmi(virtualCPU, "sys_vendor", "Xen", "product_serial", "EC2E1916-9099-7CAF-FD21-012345ABCDEF", "product_uuid", "ec2e1916-9099-7caf-fd21-012345abcdef")},
		"ec2 in the serial only":   {"unknown: no mark of a known provider; some leave none", dmi(virtualCPU, "sys_vendor", "Xen", "product_serial", "ec2-but-not-a-uuid", "product_uuid", "ec2e1916-9099-7caf-fd21-012345abcdef")},
		"gcp by serial":            {"gcp", dmi(virtualCPU, "product_serial", "GoogleCloud-ABC123")},
		"oracle":                   {"oracle", dmi(virtualCPU, "sys_vendor", "QEMU", "chassis_asset_tag", "OracleCloud.com")},
		"alibaba":                  {"alibaba", dmi(virtualCPU, "product_name", "Alibaba Cloud ECS")},
		"open telekom cloud":       {"open-telekom-cloud", dmi(virtualCPU, "chassis_asset_tag", "OpenTelekomCloud")},
		"sap":                      {"sap", dmi(virtualCPU, "chassis_asset_tag", "SAP CCloud VM")},
		"huawei":                   {"huawei", dmi(virtualCPU, "chassis_asset_tag", "HUAWEICLOUD")},
		"openstack by tag":         {"openstack", dmi(virtualCPU, "chassis_asset_tag", "OpenStack Compute")},
		"digitalocean":             {"digitalocean", dmi(virtualCPU, "sys_vendor", "DigitalOcean", "product_name", "Droplet")},
		"upcloud":                  {"upcloud", dmi(virtualCPU, "sys_vendor", "UpCloud")},
		"scaleway":                 {"scaleway", dmi(virtualCPU, "sys_vendor", "Scaleway")},
		"vultr":                    {"vultr", dmi(virtualCPU, "sys_vendor", "Vultr")},
		"nwcs":                     {"nwcs", dmi(virtualCPU, "sys_vendor", "NWCS")},
		"akamai":                   {"akamai", dmi(virtualCPU, "sys_vendor", "Linode")},
		"exoscale":                 {"exoscale", dmi(virtualCPU, "product_name", "Exoscale Compute Platform")},
		"cloudstack":               {"cloudstack", dmi(virtualCPU, "product_name", "CloudStack KVM Hypervisor")},
		"cloudsigma":               {"cloudsigma", dmi(virtualCPU, "product_name", "CloudSigma")},
		"smartos":                  {"smartos", dmi(virtualCPU, "product_name", "SmartDC HVM")},
		"outscale":                 {"outscale", dmi(virtualCPU, "product_name", "3DS Outscale VM", "sys_vendor", "3DS Outscale")},
		"e24cloud":                 {"e24cloud", dmi(virtualCPU, "sys_vendor", "e24cloud")},
		"zstack":                   {"zstack", dmi(virtualCPU, "chassis_asset_tag", "abc.zstack.io")},
		"brightbox":                {"brightbox", dmi(virtualCPU, "product_serial", "srv-abc12.gb1.brightbox.com")},
		"ibm":                      {"ibm", with(dmi(virtualCPU, "/sys/hypervisor/type", "xen"), "/dev/disk/by-label/METADATA", "")},
		"ibm by configuration":     {"ibm", with(dmi(virtualCPU), "/dev/disk/by-label/config-2", "", "/dev/disk/by-uuid/9796-932E", "")},
		"by what cloud-init found": {"hetzner", with(dmi(virtualCPU), "/run/cloud-init/cloud-id", "hetzner\n")},
		"by its data":              {"gcp", with(dmi(virtualCPU), "/run/cloud-init/instance-data.json", `{"v1": {"cloud_name": "gce"}}`)},
		"not by a local source":    {"unknown: no mark of a known provider; some leave none", with(dmi(virtualCPU), "/run/cloud-init/cloud-id", "nocloud\n")},
		"ahv":                      {"unknown: no mark of a known provider; some leave none", dmi(virtualCPU, "sys_vendor", "Nutanix", "product_name", "AHV")},
	} {
		m := machineWith(t, row.files).Machines[0]
		if got := m.Provider.String(); got != row.provider {
			t.Errorf("%s: provider %q, want %q", name, got, row.provider)
		}
	}
}

// What only root sees is a gap for others, and only narrows what they know.
func TestProviderForRootOnly(t *testing.T) {
	root, user := observed(t, plant(t, "gce")), observed(t, plant(t, "gce-user"))
	gaps := func(b *inventory.Batch) (what string) {
		for _, g := range b.Gaps {
			if g.Subject == "/sys/class/dmi/id/product_serial" && g.Remedy == asRoot {
				what += g.What + "; "
			}
		}
		return what
	}
	if got := gaps(user); got != "cloud provider; serial number; " {
		t.Errorf("gaps of the user: %q", got)
	}
	if got := gaps(root); got != "" {
		t.Errorf("gaps of root: %q", got)
	}
	if r, u := root.Machines[0].Provider, user.Machines[0].Provider; !r.IsKnown() || u.Remedy() != asRoot {
		t.Errorf("root %v, user %v with remedy %q", r, u, u.Remedy())
	}
}

// Two nodes of a chassis that says nothing about its form are known by standing in one.
func TestMultiNodePair(t *testing.T) {
	s := &inventory.Snapshot{Schema: inventory.SnapshotSchema}
	for _, name := range []string{"multi-node-1", "multi-node-2"} {
		b := observed(t, plant(t, name))
		s.Sources = append(s.Sources, inventory.Observation{Target: "host:" + name, Scheme: "host", Status: inventory.StatusOK, Batch: *b})
	}
	hosts := resolve.Estate(s).Hosts
	if len(hosts) != 2 {
		t.Fatalf("got %d hosts", len(hosts))
	}
	for _, h := range hosts {
		if h.Machine.Hardware.Chassis.Or("") != inventory.Blade {
			t.Errorf("%v: %v", h.Machine.Name, h.Machine.Hardware.Chassis)
		}
	}
}

func TestPowerProfile(t *testing.T) {
	for profile, want := range map[string]string{
		"1\n": "tower", "2\n": "tower", "3\n": "tower", "8\n": "tower", "0\n": "unknown: its DMI gives chassis type 1, and its model is not known",
		"4\n": "unknown: its DMI gives chassis type 1, and its model is not known; its firmware says a server, not of what form",
	} {
		files := dmi(realCPU, "sys_vendor", "ACME", "product_name", "Box", "chassis_type", "1", "/sys/firmware/acpi/pm_profile", strings.TrimSpace(profile))
		if got := machineWith(t, files).Machines[0].Hardware.Chassis.String(); got != want {
			t.Errorf("profile %q: %q, want %q", profile, got, want)
		}
	}
}

// Enclosures are for root; others are told what they miss, on boxes only.
func TestEnclosureForRootOnly(t *testing.T) {
	const serial = "/sys/class/dmi/id/chassis_serial"
	denied := with(dmi(realCPU, "sys_vendor", "ACME", "chassis_serial", "C1"), "/.infraopt/denied", serial+"\n")
	b := machineWith(t, denied)
	if e := b.Machines[0].Hardware.Enclosure; e.Remedy() != asRoot {
		t.Errorf("got %v, remedy %q", e, e.Remedy())
	}
	found := false
	for _, g := range b.Gaps {
		found = found || g.Subject == serial && g.Remedy == asRoot
	}
	if !found {
		t.Errorf("no gap: %+v", b.Gaps)
	}
}

// A node is hyper-converged by what it does: not by serving storage alone, and not by computing alone.
func TestConverge(t *testing.T) {
	server := []inventory.StorageUse{{Technology: "ceph", Role: inventory.StorageServer}}
	vm, app := []inventory.VM{{}}, []inventory.Container{{Layer: inventory.Application}}
	for _, row := range []struct {
		name string
		kind inventory.MachineKind
		uses []inventory.StorageUse
		b    inventory.Batch
		want inventory.Chassis
	}{
		{"both", inventory.Physical, server, inventory.Batch{VMs: vm}, inventory.HCI},
		{"pods on its storage", inventory.Physical, server, inventory.Batch{Containers: app}, inventory.HCI},
		{"storage alone", inventory.Physical, server, inventory.Batch{}, inventory.Rack},
		{"storage in containers", inventory.Physical, server, inventory.Batch{Containers: []inventory.Container{{Layer: inventory.Infrastructure, Role: "ceph"}}}, inventory.Rack},
		{"a client", inventory.Physical, []inventory.StorageUse{{Technology: "ceph", Role: inventory.StorageClient}}, inventory.Batch{VMs: vm}, inventory.Rack},
		{"a file server", inventory.Physical, []inventory.StorageUse{{Technology: "nfs", Role: inventory.StorageServer}}, inventory.Batch{VMs: vm}, inventory.Rack},
		{"in a guest", inventory.Virtual, server, inventory.Batch{VMs: vm}, inventory.Rack},
	} {
		m := inventory.Machine{Kind: inventory.Known(row.kind), StorageUse: row.uses}
		m.Hardware.Chassis = inventory.Known(inventory.Rack)
		converge(&m, &row.b)
		if got := m.Hardware.Chassis.Or(""); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
