//go:build linux

package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

func TestOperatingSystems(t *testing.T) {
	release := func(lines ...string) map[string]string {
		return map[string]string{"/etc/os-release": strings.Join(lines, "\n") + "\n"}
	}
	const (
		mounts   = "/proc/1/mountinfo"
		writable = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		imaged   = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 253:0 / /usr ro - ext4 /dev/mapper/usr ro\n"
	)
	for _, row := range []struct {
		name, style, management string
		files                   map[string]string
	}{
		{"bottlerocket", "image-based", "image-managed", release("ID=bottlerocket", "VARIANT_ID=aws-k8s-1.29")},
		{"fedora coreos", "image-based", "image-managed", release("ID=fedora", "VARIANT_ID=coreos", "OSTREE_VERSION='39.1'")},
		{"red hat coreos", "image-based", "image-managed", release(`ID="rhcos"`, `OPENSHIFT_VERSION="4.14"`)},
		{"red hat coreos, newer", "image-based", "image-managed", release(`ID="rhel"`, "VARIANT_ID=coreos")},
		{"fedora silverblue", "image-based", "image-managed", with(release("ID=fedora", "VARIANT_ID=silverblue"), "/run/ostree-booted", "")},
		{"bootc by the kernel's command line", "image-based", "image-managed", with(release("ID=centos"), "/proc/cmdline", "root=UUID=1 ostree=/ostree/boot.1/default/ab/0\n")},
		{"micro os", "image-based", "image-managed", release(`ID="opensuse-microos"`, `ID_LIKE="suse opensuse opensuse-tumbleweed microos"`)},
		{"like micro os", "image-based", "image-managed", release("ID=acme", `ID_LIKE="suse sl-micro"`)},
		{"flatcar", "image-based", "image-managed", release("ID=flatcar", "ID_LIKE=coreos")},
		{"ubuntu core", "image-based", "image-managed", release("ID=ubuntu-core")},
		{"ubuntu with snaps", "general", "none", with(release("ID=ubuntu"), "/var/lib/snapd/snaps/lxd_1.snap", "")},
		{"container-optimized", "image-based", "image-managed", release("ID=cos")},
		{"kairos", "image-based", "image-managed", release("ID=ubuntu", `KAIROS_FLAVOR="ubuntu"`)},
		{"kairos by its file", "image-based", "image-managed", with(release("ID=ubuntu"), "/etc/kairos-release", "")},
		{"elemental", "image-based", "image-managed", with(release("ID=sles"), "/etc/elemental/config.yaml", "")},
		{"nixos", "general", "config-mgmt", release("ID=nixos")},
		{"nix on another system", "general", "none", with(release("ID=debian"), "/nix/store/x", "")},
		{"an image with read-only programs", "image-based", "image-managed", with(release("ID=acme", "IMAGE_ID=edge"), mounts, imaged)},
		{"a golden image", "general", "none", with(release("ID=debian", "IMAGE_VERSION=7"), mounts, writable)},
		{"read-only programs alone", "general", "none", with(release("ID=debian"), mounts, imaged)},
		{"verified programs", "image-based", "image-managed", with(release("ID=debian"), mounts, imaged, "/sys/block/dm-0/dev", "253:0\n", "/sys/block/dm-0/dm/uuid", "CRYPT-VERITY-ab-usr\n")},
		{"another verified volume", "general", "none", with(release("ID=debian"), mounts, imaged, "/sys/block/dm-0/dev", "253:1\n", "/sys/block/dm-0/dm/uuid", "CRYPT-VERITY-ab-data\n")},
		{"an encrypted root", "general", "none", with(release("ID=debian"), mounts, imaged, "/sys/block/dm-0/dev", "253:0\n", "/sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-ab-usr\n")},
		{"read-only for this unit only", "general", "none", with(release("ID=acme", "IMAGE_ID=edge"), mounts, "(missing)", "/proc/self/mountinfo", imaged)},
		{"no os-release", "unknown: /etc/os-release: not there", "none", nil},
	} {
		m := machineWith(t, row.files).Machines[0]
		if got := m.OS.Style.String(); got != row.style {
			t.Errorf("%s: style %q, want %q", row.name, got, row.style)
		}
		if got := m.Management.String(); got != row.management {
			t.Errorf("%s: management %q, want %q", row.name, got, row.management)
		}
	}
}

func TestPackages(t *testing.T) {
	const dpkg, rpmdb = "/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite"
	two := "Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: hold ok installed\n"
	for name, row := range map[string]struct {
		want  string
		files map[string]string
	}{
		"dpkg":                {"2", map[string]string{dpkg: two}},
		"apk":                 {"1", map[string]string{"/lib/apk/db/installed": "P:musl\nV:1\n"}},
		"pacman":              {"2", map[string]string{"/var/lib/pacman/local/ALPM_DB_VERSION": "9\n", "/var/lib/pacman/local/acl-2.3-1/desc": "", "/var/lib/pacman/local/bash-5-1/desc": ""}},
		"rpm":                 {"7", map[string]string{rpmdb: "", "/.infraopt/rpm": "7"}},
		"rpm beside its tool": {"7", map[string]string{dpkg: "", rpmdb: "", "/.infraopt/rpm": "7"}},
		"rpm, a log of writing": {"unknown: " + rpmdb + ": what " + rpmdb + "-wal holds is not in it yet",
			map[string]string{rpmdb: "", rpmdb + "-wal": "x", "/.infraopt/rpm": "7"}},
		"rpm, an empty log": {"7", map[string]string{rpmdb: "", rpmdb + "-wal": "", "/.infraopt/rpm": "7"}},
		"rpm, damaged":      {"unknown: /usr/lib/sysimage/rpm/Packages.db: not understood", map[string]string{"/usr/lib/sysimage/rpm/Packages.db": "RpmP"}},
		"dpkg, denied":      {"unknown: " + dpkg + ": permission denied", map[string]string{dpkg: two, "/.infraopt/denied": dpkg + "\n"}},
		"rpm, denied":       {"unknown: " + rpmdb + ": permission denied", map[string]string{rpmdb: "", "/.infraopt/denied": rpmdb + "\n"}},
		"none":              {"unknown: no package database is known here", nil},
	} {
		b := machineWith(t, row.files)
		got := b.Machines[0].OS.Packages
		if got.String() != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
		if strings.HasPrefix(got.Why(), rpmdb) && got.Remedy() != "rpm -qa | wc -l" && got.Remedy() != asRoot {
			t.Errorf("%s: remedy %q", name, got.Remedy())
		}
		if denied := strings.HasSuffix(name, "denied"); denied != gapAbout(b, "number of installed packages") {
			t.Errorf("%s: gaps %+v", name, b.Gaps)
		}
	}
}

func gapAbout(b *inventory.Batch, what string) bool {
	for _, g := range b.Gaps {
		if g.What == what && g.Remedy == asRoot {
			return true
		}
	}
	return false
}

// A database on a tree is read by its path there, and counted as rpm lists it.
func TestPackagesOfRPM(t *testing.T) {
	collecttest.Try(t, "rpm", "rpm", "--version")
	root := plant(t, "rhel8")
	for _, name := range []string{"/.infraopt/rpm", "/var/lib/rpm/Packages"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"rpm", "--define", "_db_backend sqlite", "--define", "_dbpath " + root + "/var/lib/rpm", "--initdb"}
	collecttest.Must(t, nil, args...)
	if got := observed(t, root).Machines[0].OS.Packages; got.Or(-1) != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

func TestServices(t *testing.T) {
	process := func(files map[string]string, lines ...string) map[string]string {
		for _, line := range lines {
			plantProcess(t, files, line)
		}
		return files
	}
	groups := map[string]string{
		"/proc/self/mountinfo": "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n29 27 0:21 / /proc rw - proc proc rw,hidepid=2\n",
		"/proc/1/mountinfo":    "(missing)", "/proc/1/stat": "(missing)", "/run/systemd/system/": "",
		"/sys/fs/cgroup/system.slice/ssh.service/cgroup.events":                                                   "populated 1\nfrozen 0\n",
		"/sys/fs/cgroup/system.slice/done.service/cgroup.events":                                                  "populated 0\nfrozen 0\n",
		"/sys/fs/cgroup/system.slice/system-getty.slice/getty@tty1.service/cgroup.events":                         "populated 1\n",
		"/sys/fs/cgroup/system.slice/tmp.mount/cgroup.events":                                                     "populated 0\n",
		"/sys/fs/cgroup/system.slice/docker-" + strings.Repeat("ab", 32) + ".scope/cgroup.events":                 "populated 1\n",
		"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service/cgroup.events":        "populated 1\n",
		"/sys/fs/cgroup/system.slice/containerd.service/cgroup.procs":                                             "70\n",
		"/sys/fs/cgroup/system.slice/ssh.service/inner.service/cgroup.events":                                     "populated 1\n",
		"/sys/fs/cgroup/system.slice/systemd-udevd.service/udev/cgroup.events":                                    "populated 1\n",
		"/sys/fs/cgroup/system.slice/systemd-udevd.service/cgroup.events":                                         "populated 1\n",
		"/sys/fs/cgroup/system.slice/system-getty.slice/serial-getty@ttyS0.service/cgroup.events":                 "populated 0\n",
		"/sys/fs/cgroup/machine.slice/machine-qemu\\x2d1.scope/cgroup.events":                                     "populated 1\n",
		"/sys/fs/cgroup/system.slice/system-postgresql.slice/postgresql@15-main.service/postmaster/cgroup.events": "populated 1\n",
		"/sys/fs/cgroup/system.slice/system-postgresql.slice/postgresql@15-main.service/memory.current":           "1\n",
		"/sys/fs/cgroup/system.slice/system-postgresql.slice/postgresql@15-main.service/cgroup.events":            "populated 1\n",
		"/sys/fs/cgroup/system.slice/system-postgresql.slice/postgresql@14-main.service/memory.current":           "1\n",
	}
	for name, row := range map[string]struct {
		want  string
		files map[string]string
	}{
		"systemd": {"2", process(map[string]string{}, "50 1 sshd cg=/system.slice/ssh.service", "51 50 sshd cg=/system.slice/ssh.service",
			"60 1 agetty cg=/system.slice/system-getty.slice/getty@tty1.service", "70 1 bash cg=/user.slice/user-1000.slice/session-1.scope",
			"80 1 app cg=/system.slice/docker-"+strings.Repeat("ab", 32)+".scope")},
		"systemd with hidden processes": {"5", groups},
		"hidden, and no groups to see": {"unknown: /proc is mounted with hidepid: processes of other users are hidden",
			map[string]string{"/proc/self/mountinfo": "29 27 0:21 / /proc rw - proc proc rw,hidepid=2\n", "/proc/1/mountinfo": "(missing)", "/proc/1/stat": "(missing)", "/run/systemd/system/": ""}},
		"openrc": {"1", process(map[string]string{"/run/openrc/started/sshd": "", "/run/openrc/started/hostname": "", "/run/openrc/daemons/sshd/001": ""}, "1 0 init")},
		"runit":  {"2", process(map[string]string{}, "1 0 runit", "5 1 runsvdir", "6 5 runsv", "7 6 sshd", "8 6 svlogd", "9 5 runsv", "10 9 nginx", "11 5 runsv")},
		"s6":     {"1", process(map[string]string{}, "1 0 s6-svscan", "6 1 s6-supervise", "7 6 sshd", "9 1 s6-supervise")},
		"none":   {"unknown: no service manager is known here", process(map[string]string{}, "1 0 init", "7 1 sshd")},
	} {
		if got := machineWith(t, row.files).Machines[0].OS.Services.String(); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestTools(t *testing.T) {
	const (
		puppet = "/var/lib/puppet/state/last_run_summary.yaml"
		status = `{"v1": {"init": {"finished": 1700000020.5}, "modules-final": {"finished": 1700000100}}}`
	)
	dated := func(path string) func(root string) {
		return func(root string) {
			at := time.Unix(1700090000, 0)
			if err := os.Chtimes(filepath.Join(root, path), at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, row := range map[string]struct {
		tools, management string
		files             map[string]string
		then              func(root string)
	}{
		"nothing":                     {"", "none", nil, nil},
		"puppet":                      {"puppet=1000", "config-mgmt", map[string]string{puppet: "time:\n  last_run: 1700099000\n"}, nil},
		"puppet, switched off":        {"puppet=1000", "none", map[string]string{puppet: "time:\n  last_run: 1700099000\n", "/var/lib/puppet/state/agent_disabled.lock": "{}"}, nil},
		"puppet that never ran":       {"puppet=none", "none", map[string]string{"/etc/puppet/puppet.conf": "[main]\n"}, nil},
		"puppet, long ago":            {"puppet=3.1e+06", "none", map[string]string{puppet: "time:\n  last_run: 1697000000\n"}, nil},
		"puppet, tomorrow":            {"puppet=unknown: its date lies in the future", "none", map[string]string{puppet: "time:\n  last_run: 1800000000\n"}, nil},
		"puppet, damaged":             {"puppet=unknown: " + puppet + ": not understood", "none", map[string]string{puppet: "x", "/etc/puppet/puppet.conf": ""}, nil},
		"salt":                        {"salt=10000", "config-mgmt", map[string]string{"/etc/salt/minion_id": "web\n", "/var/cache/salt/minion/highstate.cache.p": "x"}, dated("/var/cache/salt/minion/highstate.cache.p")},
		"salt, closed":                {"salt=unknown: /var/cache/salt/minion/highstate.cache.p: permission denied", "unknown: /var/cache/salt/minion/highstate.cache.p: permission denied", map[string]string{"/etc/salt/minion": "", "/.infraopt/denied": "/var/cache/salt/minion/highstate.cache.p\n"}, nil},
		"chef":                        {"chef=10000", "config-mgmt", map[string]string{"/etc/chef/client.rb": "", "/var/chef/cache/": ""}, dated("/var/chef/cache")},
		"cinc that never ran":         {"cinc=none", "none", map[string]string{"/etc/cinc/client.rb": ""}, nil},
		"cfengine":                    {"cfengine=10000", "config-mgmt", map[string]string{"/var/cfengine/state/cf_lastseen.lmdb": "x"}, dated("/var/cfengine/state/cf_lastseen.lmdb")},
		"rudder":                      {"rudder=10000", "config-mgmt", map[string]string{"/opt/rudder/x": "", "/var/rudder/cfengine-community/last_successful_inputs_update": ""}, dated("/var/rudder/cfengine-community/last_successful_inputs_update")},
		"ansible's facts":             {"ansible=unknown: it leaves nothing behind when it runs", "none", map[string]string{"/etc/ansible/facts.d/app.fact": "{}"}, nil},
		"ansible by root":             {"ansible=10000", "none", map[string]string{"/root/.ansible/tmp/": ""}, dated("/root/.ansible/tmp")},
		"ansible's controller":        {"ansible-controller=unknown: nothing shows when", "none", map[string]string{"/etc/tower/settings.py": ""}, nil},
		"ignition":                    {"ignition=99900", "provisioned", map[string]string{"/etc/.ignition-result.json": `{"provisioningDate": "2023-11-14T22:15:00Z"}`}, nil},
		"cloud-init":                  {"cloud-init=99900", "provisioned", map[string]string{"/var/lib/cloud/data/result.json": `{"v1": {"datasource": "DataSourceNoCloud [seed=/dev/sr0]"}}`, "/var/lib/cloud/data/status.json": status}, nil},
		"cloud-init without a source": {"cloud-init=99900", "none", map[string]string{"/var/lib/cloud/data/result.json": `{"v1": {"datasource": null}}`, "/var/lib/cloud/data/status.json": status}, nil},
		"cloud-init, switched off":    {"", "none", map[string]string{"/run/cloud-init/disabled": "", "/etc/cloud/cloud-init.disabled": ""}, nil},
		"cloud-init by its last file": {"cloud-init=10000", "none", map[string]string{"/var/lib/cloud/instance/boot-finished": ""}, dated("/var/lib/cloud/instance/boot-finished")},
		"maas":                        {"maas=unknown: the kernel's command line does not say when", "none", map[string]string{"/proc/cmdline": "iscsi_target_name=iqn.2004-05.com.ubuntu:maas:x\n"}, nil},
		"nixos":                       {"nixos=unknown: its files bear no dates", "config-mgmt", map[string]string{"/etc/os-release": "ID=nixos\n"}, nil},
	} {
		files := with(defaults)
		plantProcess(t, files, "1 0 systemd cg=/init.scope")
		for name, text := range row.files {
			files[name] = text
		}
		root := t.TempDir()
		write(t, root, files, nil)
		if row.then != nil {
			row.then(root)
		}
		b := observed(t, root)
		m := b.Machines[0]
		tools, _ := listed(m)
		if tools != row.tools || m.Management.String() != row.management {
			t.Errorf("%s: tools %q, management %q; want %q, %q", name, tools, m.Management, row.tools, row.management)
		}
		for _, tool := range m.Tools {
			if tool.Source == "" {
				t.Errorf("%s: %+v has no source", name, tool)
			}
		}
		if denied := strings.HasSuffix(name, "closed"); denied != gapAbout(b, "last run of the configuration management") {
			t.Errorf("%s: gaps %+v", name, b.Gaps)
		}
	}
}

// What runs in a process shows a tool, and one in a container is that container's.
func TestToolByProcess(t *testing.T) {
	files := map[string]string{}
	plantProcess(t, files, "50 1 salt-minion cg=/system.slice/salt-minion.service")
	plantProcess(t, files, "60 1 cf-execd cg=/system.slice/docker-"+strings.Repeat("ab", 32)+".scope")
	tools, _ := listed(machineWith(t, files).Machines[0])
	if tools != "salt=none" {
		t.Errorf("got %q", tools)
	}
}
