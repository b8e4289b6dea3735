package libvirt

import (
	"encoding/xml"
	"fmt"
	"path"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

type class = inventory.Reading[inventory.StorageClass]

func isClass(c inventory.StorageClass) class { return inventory.Known(c) }

func noClass(format string, args ...any) class {
	return inventory.Unknown[inventory.StorageClass](inventory.Text(fmt.Sprintf(format, args...)), "")
}

// A poolXML is the part of a storage pool's XML that is kept; its <auth> element is not.
// https://libvirt.org/formatstorage.html
type poolXML struct {
	XMLName xml.Name `xml:"pool"`
	Type    string   `xml:"type,attr"`
	Target  struct {
		Path string `xml:"path"`
	} `xml:"target"`
}

func parsePool(text string) (poolXML, error) {
	var p poolXML
	if err := xml.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("storage pool XML: %w", err)
	}
	return p, nil
}

// classOfPool says where a storage pool keeps its data.
func (f *found) classOfPool(p poolXML) class {
	switch p.Type {
	case "dir", "fs":
		return f.classOfPath(p.Target.Path)
	case "netfs", "iscsi", "iscsi-direct":
		return isClass(inventory.IPArray)
	case "logical", "zfs":
		return isClass(inventory.LocalVolumes)
	case "rbd", "sheepdog", "gluster":
		return isClass(inventory.SDSSeparate)
	case "vstorage":
		return isClass(inventory.SDSOnNodes)
	default: // disk, scsi, mpath: disks that may be in the box or in an array
		return noClass("a pool of type %q may be on disks of the box or of an array", p.Type)
	}
}

// classOfDisk says where a disk of a domain keeps its data.
func (f *found) classOfDisk(d disk) class {
	switch d.Type {
	case "file", "dir":
		return f.classOfPath(d.Source.File)
	case "block":
		return classOfDevice(d.Source.Dev)
	case "network":
		return classOfProtocol(d.Source.Protocol)
	case "volume":
		if c, ok := f.poolClass[d.Source.Pool]; ok {
			return c
		}
		return noClass("the storage pool %q is not listed", d.Source.Pool)
	case "nvme":
		return isClass(inventory.RawLocal) // a device of the box, handed to the guest
	default:
		return noClass("a disk of type %q", d.Type)
	}
}

func classOfProtocol(protocol string) class {
	switch protocol {
	case "rbd", "gluster", "sheepdog", "vxhs":
		return isClass(inventory.SDSSeparate)
	case "iscsi", "nfs", "nvme-of":
		return isClass(inventory.IPArray)
	default:
		return noClass("a network disk over %q", protocol)
	}
}

// classOfDevice tells what the name of a block device gives away. A plain disk may be in the box or in an array.
func classOfDevice(dev string) class {
	base := path.Base(dev)
	switch {
	case strings.HasPrefix(base, "mpath"), strings.HasPrefix(base, "dm-uuid-mpath-"):
		return noClass("a multipath device: an array over Fibre Channel or IP")
	case strings.HasPrefix(dev, "/dev/drbd"):
		return isClass(inventory.SDSOnNodes)
	case strings.HasPrefix(dev, "/dev/rbd"):
		return isClass(inventory.SDSSeparate)
	case strings.HasPrefix(dev, "/dev/zvol/"):
		return isClass(inventory.LocalVolumes)
	case strings.HasPrefix(dev, "/dev/disk/by-path/") && strings.Contains(base, "-iscsi-"):
		return isClass(inventory.IPArray)
	case strings.HasPrefix(dev, "/dev/disk/by-path/") && strings.Contains(base, "-fc-"):
		return isClass(inventory.FCArray)
	default:
		return noClass("the device %s may be on disks of the box or of an array", dev)
	}
}

// classOfPath says where a file lies, as far as the kind of file system tells.
func (f *found) classOfPath(file string) class {
	fsType := f.mounts.fileSystem(file)
	switch fsType {
	case "nfs", "nfs4", "cifs", "smb3":
		return isClass(inventory.IPArray)
	case "ceph", "fuse.ceph", "fuse.glusterfs", "glusterfs", "lustre", "beegfs", "fuse.juicefs":
		return isClass(inventory.SDSSeparate)
	case "zfs", "btrfs":
		return isClass(inventory.LocalVolumes)
	case "":
		return noClass("the file system of the disk's file is not seen from here")
	default:
		return noClass("a file on %s: where that lies is for the host to tell", fsType)
	}
}

// onHost reports whether a disk of a domain is a file on a file system of this machine's own, or one of its plain
// block devices: then its data lies on whatever storage the machine has.
func (f *found) onHost(d disk) bool {
	switch d.Type {
	case "file", "dir":
		return f.mounts.fileSystem(d.Source.File) != "" && !f.classOfPath(d.Source.File).IsKnown()
	case "block":
		base := path.Base(d.Source.Dev)
		return len(f.mounts) > 0 && !classOfDevice(d.Source.Dev).IsKnown() && !strings.HasPrefix(base, "mpath") && !strings.HasPrefix(base, "dm-uuid-mpath-")
	default:
		return false
	}
}

// mounts is the mount table of the machine that the daemon runs on; empty where that is not this one.
type mounts []linux.MountEntry

func readMounts(f linux.FS) mounts {
	text, err := f.Read("/proc/self/mountinfo", linux.LargeFile)
	if err != nil {
		return nil
	}
	table, err := linux.ParseMountinfo(string(text))
	if err != nil {
		return nil
	}
	return table
}

// fileSystem returns the type of the file system that a file lies on; empty where that is not known. It does not
// touch the file: that could wake an automounter.
func (m mounts) fileSystem(file string) string {
	if !path.IsAbs(file) {
		return ""
	}
	file = path.Clean(file)
	best, fsType := -1, ""
	for _, e := range m {
		point := strings.TrimSuffix(e.Point, "/")
		if len(point) >= best && (file == point || strings.HasPrefix(file, point+"/")) {
			best, fsType = len(point), e.FSType // a later mount covers an earlier one at the same place
		}
	}
	return fsType
}

// A networkXML is the part of a virtual network's XML that is kept.
// https://libvirt.org/formatnetwork.html
type networkXML struct {
	XMLName xml.Name `xml:"network"`
	Forward struct {
		Mode string `xml:"mode,attr"`
	} `xml:"forward"`
	VirtualPort struct {
		Type string `xml:"type,attr"`
	} `xml:"virtualport"`
}

func parseNetwork(text string) (networkXML, error) {
	var n networkXML
	if err := xml.Unmarshal([]byte(text), &n); err != nil {
		return n, fmt.Errorf("network XML: %w", err)
	}
	return n, nil
}

// classOfNetwork returns the kind of a virtual network and what it makes of the machine's links.
func classOfNetwork(n networkXML) (string, inventory.Reading[inventory.NetworkClass]) {
	mode := n.Forward.Mode
	switch n.VirtualPort.Type {
	case "openvswitch", "midonet":
		return n.VirtualPort.Type, inventory.Known(inventory.ManagedSwitch)
	}
	switch mode {
	case "":
		return "isolated", inventory.Known(inventory.BridgeNetwork)
	case "nat", "route", "open", "bridge":
		return mode, inventory.Known(inventory.BridgeNetwork)
	case "private", "vepa", "passthrough", "hostdev":
		return mode, inventory.Known(inventory.PhysicalNetwork)
	default:
		return inventory.Text(mode), inventory.Unknown[inventory.NetworkClass]("the forward mode is not known", "")
	}
}
