package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// served finds what the kernel of this machine serves to others: NFS, and block devices over iSCSI, Fibre Channel and
// NVMe. That a module is loaded is no service.
func (l *look) served(s *stores) {
	const stats = "/proc/net/rpc/nfsd"
	if text, err := l.fs.Read(stats, linux.SmallFile); err == nil {
		server, err := linux.ParseNFSServer(string(text))
		if err == nil && server.Threads > 0 && (server.Calls > 0 || l.exports()) {
			s.use("nfs", inventory.StorageServer, stats)
		}
	}
	l.targets(s)
	if names, err := l.fs.Names("/sys/kernel/scst_tgt/targets"); err == nil {
		for _, driver := range names {
			if driver != "copy_manager" && l.listedNames("/sys/kernel/scst_tgt/targets/"+driver) {
				s.use(targetProtocol(driver), inventory.StorageServer, "/sys/kernel/scst_tgt/targets/"+driver)
			}
		}
	}
}

// exports reports whether the NFS server has anything to serve.
func (l *look) exports() bool {
	for _, file := range []string{"/var/lib/nfs/etab", "/proc/fs/nfs/exports"} {
		text, err := l.fs.Read(file, linux.LargeFile)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "/") {
				return true
			}
		}
	}
	return false
}

// targets looks into the configuration of the kernel's own targets, whose credentials lie deeper than is looked.
func (l *look) targets(s *stores) {
	const lio, nvmet = "/sys/kernel/config/target", "/sys/kernel/config/nvmet"
	for _, dir := range []string{lio, nvmet + "/ports"} {
		names, err := l.fs.Names(dir)
		if err != nil {
			if linux.Denied(err) {
				l.gap(dir, "block devices that this machine serves to others", linux.Reason(err), asRoot)
			}
			continue
		}
		for _, name := range names {
			at := dir + "/" + name
			switch {
			case dir != lio:
				if l.listedNames(at + "/subsystems") {
					s.use("nvme-target", inventory.StorageServer, at)
				}
			case name != "core" && name != "loopback" && name != "vhost" && l.listedNames(at): // those serve this machine itself
				s.use(targetProtocol(name), inventory.StorageServer, at)
			}
		}
	}
}

// targetProtocol names what a driver of a target speaks.
func targetProtocol(driver string) string {
	switch driver {
	case "iscsi", "iser":
		return "iscsi-target"
	case "srpt", "ib_srpt":
		return "srp-target"
	default: // qla2xxx, lpfc, tcm_fc
		return "fc-target"
	}
}

// listedNames reports whether a directory holds directories of names that somebody has given: iqn.…, naa.…
func (l *look) listedNames(dir string) bool {
	names, err := l.fs.Names(dir)
	if err != nil {
		return false
	}
	for _, n := range names {
		if strings.ContainsAny(n, ".:") {
			return true
		}
	}
	return false
}
