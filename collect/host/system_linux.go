package host

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// system describes the operating system and how it is kept.
func (l *look) system(m *inventory.Machine) {
	if release, err := l.fs.Line("/proc/sys/kernel/osrelease"); err == nil {
		m.OS.Kernel = inventory.Known(inventory.Text(release))
	} else {
		m.OS.Kernel = inventory.Unknown[string]("/proc/sys/kernel/osrelease: "+linux.Reason(err), "")
	}
	vars, err := linux.ReadOSRelease(l.fs)
	imaged := err == nil && imageBased(l.fs, vars, l.mounts)
	m.OS.Packages, m.Management = countPackages(l.fs), managed(l.fs, l.now, imaged)
	if m.Management.Remedy() == asRoot {
		l.gap(strings.TrimSuffix(m.Management.Why(), ": permission denied"), "last run of the configuration management", "permission denied", asRoot)
	}
	if err != nil {
		why := "/etc/os-release: " + linux.Reason(err)
		m.OS.ID, m.OS.Version, m.OS.Name = inventory.Unknown[string](why, ""), inventory.Unknown[string](why, ""), inventory.Unknown[string](why, "")
		m.OS.Style = inventory.Unknown[inventory.OSStyle](why, "")
		return
	}
	id := vars["ID"]
	if id == "" {
		id = "linux" // what os-release(5) says it then is
	}
	m.OS.ID = inventory.Known(inventory.Text(id))
	m.OS.Version = field(vars["VERSION_ID"])
	name := vars["PRETTY_NAME"]
	if name == "" {
		name = strings.TrimSpace(vars["NAME"] + " " + vars["VERSION_ID"])
	}
	m.OS.Name = field(name)
	m.OS.Style = inventory.Known(inventory.GeneralOS)
	if imaged {
		m.OS.Style = inventory.Known(inventory.ImageBasedOS)
	}
}

// imageIDs are the systems that are always replaced as a whole, by their ID in os-release.
var imageIDs = []string{
	"bottlerocket", "talos", "rhcos", "opensuse-microos", "sle-micro", "sl-micro", "opensuse-leap-micro", "flatcar",
	"coreos", "ubuntu-core", "cos", "kairos", "elemental", "rancheros", "photon-immutable", "harvester", "vanillaos",
}

// imageBased tells whether the system is put together as an image.
func imageBased(f linux.FS, vars map[string]string, mounts []linux.MountEntry) bool {
	like := strings.Fields(vars["ID_LIKE"])
	for _, id := range imageIDs {
		if vars["ID"] == id || slices.Contains(like, id) {
			return true
		}
	}
	switch {
	case vars["VARIANT_ID"] == "coreos", vars["OSTREE_VERSION"] != "", f.Exists("/run/ostree-booted"), f.Exists("/etc/kairos-release"):
		return true
	case vars["IMAGE_ID"] == "" && vars["IMAGE_VERSION"] == "":
		return false
	}
	// An image identifier alone may be that of a golden image; the program files also have to be read-only.
	readOnly := map[string]bool{}
	for _, m := range mounts {
		if m.Point == "/" || m.Point == "/usr" {
			readOnly[m.Point] = linux.HasOption(m.Options, "ro") || m.FSType == "erofs" || m.FSType == "squashfs"
		}
	}
	if usr, ok := readOnly["/usr"]; ok {
		return usr
	}
	return readOnly["/"]
}

// packageLimit is how long a package database may be, in bytes: one of 20,000 packages has 40 MiB.
const packageLimit = 256 << 20

// countPackages counts what the system's own package manager has installed.
func countPackages(f linux.FS) inventory.Reading[int] {
	for _, db := range []struct {
		name  string
		count func(io.Reader) (int, error)
	}{
		{"/var/lib/dpkg/status", linux.CountDpkg},
		{"/lib/apk/db/installed", linux.CountApk},
		{"/usr/lib/apk/db/installed", linux.CountApk},
	} {
		r, err := f.Open(db.name, packageLimit)
		if linux.Gone(err) {
			continue
		}
		if err != nil {
			return inventory.Unknown[int](db.name+": "+linux.Reason(err), asRoot)
		}
		n, err := db.count(r)
		r.Close()
		if err != nil {
			return inventory.Unknown[int](db.name+": "+linux.Reason(err), "")
		}
		return inventory.Known(n)
	}
	if names, err := f.Names("/var/lib/pacman/local"); err == nil {
		n := 0
		for _, name := range names {
			if name != "ALPM_DB_VERSION" {
				n++
			}
		}
		return inventory.Known(n)
	}
	for _, name := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"} {
		if f.Exists(name) {
			return inventory.Unknown[int]("the RPM database is not read in this version", "rpm -qa | wc -l")
		}
	}
	return inventory.Unknown[int]("no package database is known here", "")
}

// fresh is how recent the last run of a configuration management has to be to count as active.
const fresh = 24 * time.Hour

// managed tells how the configuration comes about. Absent says that every place which would show it was readable
// and shows nothing; agentless tools leave no trace, so that proves nothing, least of all work by hand.
func managed(f linux.FS, now time.Time, imaged bool) inventory.Reading[inventory.Management] {
	if imaged {
		return inventory.Known(inventory.ImageManaged)
	}
	hidden := ""
	for _, t := range lastRuns {
		at, err := t.read(f, t.path)
		if age := now.Sub(at); err == nil && age < fresh && age > -fresh {
			return inventory.Known(inventory.ConfigManaged)
		}
		if linux.Denied(err) && hidden == "" {
			hidden = t.path
		}
	}
	if hidden != "" {
		return inventory.Unknown[inventory.Management](hidden+": permission denied", asRoot)
	}
	if f.Exists("/etc/.ignition-result.json") || f.Exists("/var/lib/cloud/data/result.json") && !noDatasource(f) ||
		f.Exists("/run/cloud-init/instance-data.json") && !noDatasource(f) {
		return inventory.Known(inventory.Provisioned)
	}
	return inventory.Absent[inventory.Management]()
}

// noDatasource reports whether cloud-init found nothing to provision from.
func noDatasource(f linux.FS) bool {
	text, err := f.Line("/var/lib/cloud/data/result.json")
	return err == nil && (strings.Contains(text, `"datasource": null`) || strings.Contains(text, "DataSourceNone"))
}

// lastRuns are the files by which configuration management shows when it last ran.
var lastRuns = []struct {
	path string
	read func(linux.FS, string) (time.Time, error)
}{
	{"/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml", puppetRun},
	{"/var/lib/puppet/state/last_run_summary.yaml", puppetRun},
	{"/var/cache/puppet/state/last_run_summary.yaml", puppetRun},
	{"/var/cache/salt/minion/highstate.cache.p", linux.FS.Modified},
	{"/var/chef/cache", linux.FS.Modified},
	{"/var/cache/chef", linux.FS.Modified},
	{"/var/lib/chef", linux.FS.Modified},
	{"/var/cfengine/state/cf_lastseen.lmdb", linux.FS.Modified},
}

func puppetRun(f linux.FS, name string) (time.Time, error) {
	text, err := f.Read(name, linux.LargeFile)
	if err != nil {
		return time.Time{}, err
	}
	return linux.ParsePuppetRun(string(text))
}
