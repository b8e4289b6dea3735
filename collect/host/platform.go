package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// dmiHypervisors are the DMI texts of virtual machines, by how they begin, in the order in which the fields are
// looked at: product name, system vendor, board vendor, BIOS vendor, product version. After systemd's
// src/basic/virt.c, with what Ansible knows besides.
var dmiHypervisors = []struct{ prefix, name string }{
	{"KVM", "kvm"},
	{"OpenStack", "kvm"},
	{"KubeVirt", "kvm"},
	{"RHEV Hypervisor", "kvm"},
	{"oVirt", "kvm"},
	{"AHV", "kvm"},
	{"Amazon EC2", "amazon"},
	{"QEMU", "qemu"},
	{"VMware", "vmware"},
	{"VMW", "vmware"},
	{"innotek GmbH", "oracle"},
	{"VirtualBox", "oracle"},
	{"Oracle Corporation", "oracle"}, // also on Sun's and Oracle's own servers: see dmiHypervisor
	{"Xen", "xen"},
	{"Bochs", "bochs"},
	{"Parallels", "parallels"},
	{"BHYVE", "bhyve"},
	{"Hyper-V", "microsoft"},
	{"Apple Virtualization", "apple"},
	{"Google Compute Engine", "google"},
	{"Alibaba Cloud ECS", "kvm"},
}

// dmiHypervisor finds the hypervisor that DMI names; empty where it names none. A text that real servers carry too
// counts only where the processor does not deny it.
func dmiHypervisor(d linux.DMI, denied bool) string {
	if d.SysVendor == "Microsoft Corporation" && d.ProductName == "Virtual Machine" {
		return "microsoft"
	}
	for _, text := range []string{d.ProductName, d.SysVendor, d.BoardVendor, d.BIOSVendor, d.ProductVersion} {
		for _, h := range dmiHypervisors {
			if !strings.HasPrefix(text, h.prefix) {
				continue
			}
			if h.prefix == "Oracle Corporation" && denied {
				continue
			}
			return h.name
		}
	}
	return ""
}

// cloudProvider finds the provider whose mark DMI carries, and whether the instance is a whole server of it; empty
// where there is no mark, which proves nothing. After cloud-init's tools/ds-identify.
func cloudProvider(d linux.DMI) (provider string, metal bool) {
	product := d.ProductName
	switch {
	case strings.HasPrefix(d.SysVendor, "Amazon EC2"), strings.HasPrefix(d.BIOSVendor, "Amazon EC2"):
		return "aws", metalName(product)
	case d.AssetTag == "7783-7084-3265-9085-8269-3286-77":
		return "azure", false
	case product == "Google Compute Engine":
		return "gcp", false
	case d.AssetTag == "OracleCloud.com":
		return "oracle", false
	case product == "Alibaba Cloud ECS":
		return "alibaba", false
	case d.AssetTag == "OpenTelekomCloud":
		return "open-telekom-cloud", false
	case d.AssetTag == "HUAWEICLOUD":
		return "huawei", false
	case d.AssetTag == "SAP CCloud VM":
		return "sap", false
	case strings.HasSuffix(d.AssetTag, ".zstack.io"):
		return "zstack", false
	case strings.HasPrefix(product, "Exoscale"):
		return "exoscale", false
	case strings.HasPrefix(product, "CloudStack"):
		return "cloudstack", false
	case product == "CloudSigma":
		return "cloudsigma", false
	case strings.HasPrefix(product, "SmartDC"):
		return "smartos", false
	case product == "3DS Outscale VM" && d.SysVendor == "3DS Outscale":
		return "outscale", false
	}
	if name := cloudVendors[d.SysVendor]; name != "" {
		return name, false
	}
	if product == "OpenStack Nova" || product == "OpenStack Compute" || d.AssetTag == "OpenStack Nova" || d.AssetTag == "OpenStack Compute" {
		return "openstack", false
	}
	return "", false
}

// metalName tells by the name of its type whether an instance of Amazon is a whole server: m5.metal, c7i.metal-24xl.
func metalName(product string) bool {
	return strings.HasSuffix(product, ".metal") || strings.Contains(product, ".metal-")
}

// cloudVendors are the clouds that write their name into the system vendor.
var cloudVendors = map[string]string{
	"DigitalOcean": "digitalocean", "Hetzner": "hetzner", "UpCloud": "upcloud", "Scaleway": "scaleway",
	"Vultr": "vultr", "NWCS": "nwcs", "Linode": "akamai", "Akamai": "akamai", "e24cloud": "e24cloud",
}
