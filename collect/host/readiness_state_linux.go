package host

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// stateRoots are directories below which each entry holds what one application keeps.
var stateRoots = []string{"/var/lib/", "/var/opt/", "/var/spool/", "/var/www/", "/opt/", "/srv/", "/data/"}

// stateDir gives the directory of an application's data that a file lies in; empty for a file elsewhere.
func stateDir(name string) string {
	name = path.Clean(name)
	if name == "/data" { // often the mount itself
		return name
	}
	for _, root := range stateRoots {
		if rest, ok := strings.CutPrefix(name, root); ok {
			first, _, _ := strings.Cut(rest, "/")
			return root + first
		}
	}
	return ""
}

// largeState is the size of data that takes planning to move, in bytes.
const largeState = 500 << 30

// descriptorsLookedAt is how many descriptors of a process are asked for how they were opened.
const descriptorsLookedAt = 256

// codeFiles are how names of files end that hold code, which programs keep open without writing.
var codeFiles = []string{".jar", ".war", ".so", ".pyc", ".class"}

// state looks at what the work keeps in files, and at where it writes.
func (j *judgement) state() {
	dirs := make(map[string]bool)
	writes := make(map[string]bool)
	j.stateOfUnit(dirs, writes)
	own := ""
	if j.unit != nil {
		own = j.unit.programDir()
	}
	for _, q := range j.members {
		o, err := j.l.opened(q)
		switch {
		case linux.Gone(err):
			continue
		case err != nil:
			j.miss("open files of process "+itoa(q.PID)+": "+linux.Reason(err), inventory.Warning, asRoot)
			continue
		}
		left := descriptorsLookedAt
		for _, f := range o.files {
			dir, program := stateDir(f), programFile(f, own)
			if dir == "" && !program || left == 0 || slices.Contains(codeFiles, path.Ext(f)) {
				continue
			}
			left--
			if !j.l.writable(q, o, f) {
				continue
			}
			if dir != "" {
				dirs[dir] = true
			}
			if program {
				writes[path.Dir(f)] = true
			}
		}
	}
	if len(writes) > 0 {
		j.add("writes-program-files", inventory.Warning, "writes into "+enumerated(slices.Collect(maps.Keys(writes))), "/proc/PID/fdinfo, unit ReadWritePaths")
	}
	j.places(slices.Sorted(maps.Keys(dirs)))
}

// stateOfUnit adds the directories that a unit names.
func (j *judgement) stateOfUnit(dirs, writes map[string]bool) {
	s := j.settings()
	for _, v := range s.List("Service.StateDirectory") {
		name, _, _ := strings.Cut(v, ":")
		if dir := stateDir("/var/lib/" + name); dir != "" {
			dirs[dir] = true
		}
	}
	for _, key := range []string{"Service.ReadWritePaths", "Unit.RequiresMountsFor", "Service.WorkingDirectory"} {
		list := s.List(key)
		if key == "Service.WorkingDirectory" {
			list = []string{s.Text(key)}
		}
		for _, v := range list {
			v = strings.TrimLeft(v, "-+")
			if dir := stateDir(v); dir != "" && (key != "Service.WorkingDirectory" || dir != j.unit.programDir()) {
				dirs[dir] = true
			}
			if key == "Service.ReadWritePaths" && programFile(v+"/x", "") {
				writes[path.Clean(v)] = true
			}
		}
	}
}

// programFile reports whether a file lies where images keep what does not change: /etc, /usr, the directory of the
// program's own application.
func programFile(name, own string) bool {
	return strings.HasPrefix(name, "/etc/") || strings.HasPrefix(name, "/usr/") || own != "" && strings.HasPrefix(name, own+"/")
}

// writable reports whether a process has a file open for writing.
func (l *look) writable(q *process, o opened, name string) bool {
	for _, n := range o.numbers[name] {
		text, err := l.fs.Read("/proc/"+itoa(q.PID)+"/fdinfo/"+n, linux.SmallFile)
		if err != nil {
			continue
		}
		if yes, err := linux.ParseWritable(string(text)); err == nil && yes {
			return true
		}
	}
	return false
}

// localFiles are file systems on disks of the machine, whose size can be asked for without waiting for a server.
var localFiles = map[string]bool{
	"ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "zfs": true, "f2fs": true, "jfs": true, "reiserfs": true, "bcachefs": true,
}

// places looks at the file systems that the data lies on.
func (j *judgement) places(dirs []string) {
	if len(dirs) == 0 {
		return
	}
	j.add("local-state", inventory.Info, "keeps data in "+enumerated(dirs), "unit StateDirectory, ReadWritePaths, WorkingDirectory; /proc/PID/fd")
	exports := j.l.exported()
	var remote []string
	for _, dir := range dirs {
		m := j.l.mountOf(dir + "/") // which may be a mount itself
		if linux.RemoteFS(m.FSType) {
			remote = append(remote, m.Point)
			continue
		}
		for _, o := range []string{"usrquota", "grpquota", "prjquota", "pquota", "uquota", "gquota", "quota"} {
			if m.Point != "/" && (linux.HasOption(m.Super, o) || linux.HasOption(m.Options, o)) {
				j.add("quota", inventory.Warning, "its data lies on "+m.Point+", which has quotas", "mountinfo")
			}
		}
		for _, e := range exports {
			if e == dir || strings.HasPrefix(dir, strings.TrimSuffix(e, "/")+"/") || strings.HasPrefix(e, dir+"/") {
				j.add("nfs-export", inventory.Warning, e+" is exported over NFS", "/etc/exports")
			}
		}
		if used, ok := j.l.used(m); ok && used > largeState {
			j.add("large-state", inventory.Warning, fmt.Sprintf("up to %d GiB on %s", used>>30, m.Point), "statfs")
		}
	}
	if len(remote) > 0 {
		j.add("remote-state", inventory.Info, "its data lies on the remote file systems "+enumerated(remote), "mountinfo")
	}
}

// used asks a local file system how much of it is used, in bytes. Data is never added up file by file.
func (l *look) used(m linux.MountEntry) (int64, bool) {
	if !localFiles[m.FSType] {
		return 0, false
	}
	text, err := l.fs.Answer("used-"+url.PathEscape(m.Point), func() ([]byte, error) {
		var s syscall.Statfs_t
		if err := syscall.Statfs(m.Point, &s); err != nil {
			return nil, err
		}
		return json.Marshal(int64(s.Blocks-s.Bfree) * int64(s.Bsize))
	})
	var used int64
	if err != nil || json.Unmarshal(text, &used) != nil {
		return 0, false
	}
	return used, true
}
