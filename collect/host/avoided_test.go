//go:build linux

package host

import (
	"strings"
	"testing"
)

// What lies behind an automounter or on a file server is not looked at, and so is unknown, not absent: with why.
func TestAvoidedPlacesAreUnknown(t *testing.T) {
	b := machineWith(t, map[string]string{
		"/proc/1/mountinfo": "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:30 / /var/lib/dpkg rw - nfs4 filer:/dpkg rw\n" +
			"29 27 0:31 / /opt rw - autofs systemd-1 rw,fd=5,direct\n",
		"/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\n",
		"/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml": "time:\n  last_run: 1700099000\n",
	})
	m := b.Machines[0]
	if why := m.OS.Packages.Why(); !strings.Contains(why, "/var/lib/dpkg/status: on a file server, which is not asked") {
		t.Errorf("packages: %v", m.OS.Packages)
	}
	if why := m.Management.Why(); !strings.Contains(why, "behind an automounter, which is not woken") {
		t.Errorf("management: %v", m.Management)
	}
	if !m.Uptime.IsKnown() || !m.Processes.IsKnown() {
		t.Errorf("something else is missing: %+v", m)
	}
}
