package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// use notes a part in a storage technology, once.
func (s *stores) use(technology string, role inventory.StorageRole, source string) {
	for _, u := range s.uses {
		if u.Technology == technology && u.Role == role {
			return
		}
	}
	s.uses = append(s.uses, inventory.StorageUse{Technology: technology, Role: role, Source: inventory.Text(source)})
}

// programs finds what the processes of the machine do for storage. A daemon in a container has the same name there.
func (l *look) programs(s *stores, p *processes) {
	note := func(k storageProgram, source string) {
		s.use(k.technology, k.role, source)
		s.serving[k.technology] = max(s.serving[k.technology], k.keeps)
	}
	for _, q := range p.list {
		if k, ok := storagePrograms[q.Comm]; ok {
			note(k, "process "+q.Comm)
		}
		s.initiator = s.initiator || q.Comm == "iscsid"
		if q.group != nil && linux.Interpreter(q.Comm) {
			for _, k := range storageUnits {
				if strings.Contains(q.group.path, k.part) {
					note(k.storageProgram, "unit "+k.part)
				}
			}
		}
		if emulator(q.Comm) {
			if text, err := l.commandLine(q); err == nil {
				for _, protocol := range linux.DriveProtocols(text) {
					technology := map[string]string{"rbd": "ceph", "gluster": "glusterfs"}[protocol]
					s.use(cmp.Or(technology, protocol), inventory.StorageClient, "command line of "+q.Comm)
				}
			}
		}
	}
	if l.fs.Exists("/opt/emc/scaleio/sds") {
		note(storageProgram{"powerflex", inventory.StorageServer, onDisks}, "/opt/emc/scaleio/sds")
	}
}

// storageUses gathers the part of the machine in every storage technology that it shows.
func (l *look) storageUses(s *stores) {
	l.volumeUses(s)
	for _, d := range s.disks {
		source := "/sys/block/" + d.name
		if technology := networkDisk(d.name); technology != "" {
			s.use(technology, inventory.StorageClient, source)
			if technology == "drbd" && s.copied(d.name) {
				s.use(technology, inventory.StorageServer, source)
			}
		}
		switch protocol := l.nvmeOf(s, d).transport; {
		case d.array == "":
			if d.software == "longhorn" || d.software == "openebs" {
				s.use(d.software, inventory.StorageClient, source)
			}
		case protocol == "tcp" || protocol == "rdma" || protocol == "fc":
			s.use("nvme-of", inventory.StorageClient, source)
		case strings.Contains(d.link, "/rport-"):
			s.use("fc", inventory.StorageClient, source)
		case strings.Contains(d.link, "/session"):
			s.use("iscsi", inventory.StorageClient, source)
		default:
			if protocol, _ := d.udev.Fabric(); protocol != "" {
				s.use(protocol, inventory.StorageClient, source)
			}
		}
		if d.path != "" {
			s.use("multipath", inventory.StorageClient, "/sys/block/*/dm/uuid")
		}
	}
	for _, c := range s.sessions {
		if technology := cmp.Or(nodeTarget(c.target), "iscsi"); c.state == "LOGGED_IN" || c.state == "" {
			s.use(technology, inventory.StorageClient, "/sys/class/iscsi_session/"+c.name)
		}
	}
	for _, r := range s.remote {
		s.use(r.technology, inventory.StorageClient, "/proc/1/mountinfo")
	}
	for _, m := range l.mounts {
		switch {
		case sharedFileSystems[m.FSType]:
			s.use(m.FSType, inventory.StorageClient, "/proc/1/mountinfo")
		case m.FSType == "lustre" && strings.HasPrefix(m.Source, "/dev/"):
			s.use("lustre", inventory.StorageServer, "/proc/1/mountinfo")
		case m.FSType == "autofs" && !strings.HasPrefix(m.Source, "systemd-"): // that of systemd is on every machine
			s.use("autofs", inventory.StorageClient, "/proc/1/mountinfo")
		}
	}
	if names, err := l.fs.Names("/sys/bus/rbd/devices"); err == nil && len(names) > 0 {
		s.use("ceph", inventory.StorageClient, "/sys/bus/rbd/devices")
	}
	if names, err := l.fs.Names("/sys/class/fc_vports"); err == nil && len(names) > 0 {
		s.use("npiv", inventory.StorageLocal, "/sys/class/fc_vports")
	}
	if names, err := l.fs.Names("/sys/class/enclosure"); err == nil && len(names) > 0 {
		s.use("sas-enclosure", inventory.StorageLocal, "/sys/class/enclosure")
	}
	l.served(s)
	if s.serving["longhorn"] != nowhere { // it works through targets of its own
		s.uses = slices.DeleteFunc(s.uses, func(u inventory.StorageUse) bool {
			return u.Role == inventory.StorageServer && (u.Technology == "iscsi-target" || u.Technology == "spdk")
		})
	}
	slices.SortFunc(s.uses, func(a, b inventory.StorageUse) int {
		return cmp.Or(strings.Compare(a.Technology, b.Technology), strings.Compare(string(a.Role), string(b.Role)))
	})
	s.m.StorageUse = s.uses
}

// layers are the technologies of LVM, by the layers that its devices name.
var layers = map[string]string{
	"tpool": "lvm-thin", "tdata": "lvm-thin", "tmeta": "lvm-thin",
	"cpool": "lvm-cache", "cdata": "lvm-cache", "cmeta": "lvm-cache", "cvol": "lvm-cache",
	"vpool": "vdo", "vdata": "vdo",
}

// volumeUses notes what the machine makes of its own disks.
func (l *look) volumeUses(s *stores) {
	for _, p := range s.pools {
		s.use(p.kind, inventory.StorageLocal, p.source)
	}
	for _, d := range slices.Concat(s.disks, s.images) {
		if d.software == "ceph" && networkDisk(d.name) == "" {
			s.use("ceph", inventory.StorageServer, "/sys/block/"+d.name)
		}
		for _, u := range d.uppers {
			if strings.HasPrefix(u, "bcache") {
				s.use("bcache", inventory.StorageLocal, "/sys/block/"+u)
				continue
			}
			source := "/sys/block/" + u + "/dm/uuid"
			text, err := l.fs.Line(source)
			if err != nil {
				continue
			}
			switch m := linux.ParseMapperUUID(text); m.Kind {
			case linux.MapperLVM:
				if technology := layers[m.Layer]; technology != "" {
					s.use(technology, inventory.StorageLocal, source)
				}
			case linux.MapperCrypt:
				s.use("dm-crypt", inventory.StorageLocal, source)
			case linux.MapperVDO, linux.MapperStratis:
				s.use(string(m.Kind), inventory.StorageLocal, source)
			}
		}
	}
	for _, m := range l.mounts {
		if volumeSystems[m.FSType] {
			s.use(m.FSType, inventory.StorageLocal, "/proc/1/mountinfo")
		}
	}
}
