package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// provider says whose instance the machine is. A cloud may leave no mark at all, or one that only root sees.
func (l *look) provider(m *inventory.Machine, found string) inventory.Reading[string] {
	switch kind, known := m.Kind.Get(); {
	case found != "":
		return inventory.Known(found)
	case known && kind == inventory.Physical:
		return inventory.Absent[string]()
	}
	const serial = "/sys/class/dmi/id/product_serial"
	if _, err := l.fs.Line(serial); linux.Denied(err) {
		const why = "no mark of a known provider, and some put theirs into the serial number"
		l.gap(serial, "cloud provider", why, asRoot)
		return inventory.Unknown[string](why, asRoot)
	}
	return inventory.Unknown[string]("no mark of a known provider; some leave none", "")
}

// cloudByFile finds the provider by what DMI shows to root only, by the hypervisor's own mark, and by what cloud-init
// found out when the instance booted.
func (l *look) cloudByFile(id inventory.Identity) string {
	if name := cloudBySerial(id.Serial.Or(""), id.UUID.Or("")); name != "" {
		return name
	}
	if uuid, err := l.fs.Line("/sys/hypervisor/uuid"); err == nil && strings.HasPrefix(strings.ToLower(uuid), "ec2") {
		return "aws"
	}
	// IBM's classic machines are guests of Xen with a disk of this name.
	if l.xen() && l.fs.Exists("/dev/disk/by-label/METADATA") {
		return "ibm"
	}
	if l.fs.Exists("/dev/disk/by-uuid/9796-932E") && l.fs.Exists("/dev/disk/by-label/config-2") {
		return "ibm"
	}
	if id, err := l.fs.Line("/run/cloud-init/cloud-id"); err == nil {
		return cloudIDs[id]
	}
	if text, err := l.fs.Read("/run/cloud-init/instance-data.json", linux.LargeFile); err == nil {
		if name, err := linux.ParseCloudName(text); err == nil {
			return cloudIDs[name]
		}
	}
	return ""
}

// cloudBySerial finds the provider whose mark is in the identity that only root may read, in lower case.
func cloudBySerial(serial, uuid string) string {
	switch {
	case strings.HasPrefix(serial, "ec2") && serial == uuid:
		return "aws"
	case strings.HasPrefix(serial, "googlecloud-"):
		return "gcp"
	case strings.HasSuffix(serial, ".brightbox.com"):
		return "brightbox"
	}
	return ""
}

// cloudIDs are the names that cloud-init has for public clouds.
var cloudIDs = map[string]string{
	"aws": "aws", "azure": "azure", "gce": "gcp", "oracle": "oracle", "aliyun": "alibaba", "digitalocean": "digitalocean",
	"hetzner": "hetzner", "upcloud": "upcloud", "scaleway": "scaleway", "vultr": "vultr", "exoscale": "exoscale",
	"cloudsigma": "cloudsigma", "ibmcloud": "ibm", "akamai": "akamai", "nwcs": "nwcs", "outscale": "outscale",
	"gcp": "gcp", "alibaba": "alibaba", "brightbox": "brightbox", "e24cloud": "e24cloud", "zstack": "zstack", "cloudstack": "cloudstack",
	"smartos": "smartos", "openstack": "openstack", "tencent": "tencent", "huawei": "huawei",
}
