package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// system describes the operating system and how it is kept.
func (l *look) system(m *inventory.Machine, procs *processes) {
	if release, err := l.fs.Line("/proc/sys/kernel/osrelease"); err == nil {
		m.OS.Kernel = inventory.Known(inventory.Text(release))
	} else {
		m.OS.Kernel = inventory.Unknown[string]("/proc/sys/kernel/osrelease: "+linux.Reason(err), "")
	}
	vars, err := linux.ReadOSRelease(l.fs)
	imaged := err == nil && l.imageBased(vars)
	m.OS.Packages = l.packages()
	m.Tools = l.tools(procs, vars)
	m.Management = l.managed(m.Tools, imaged)
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
