package host

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/rpm"
	"github.com/infraopt/infraopt/collect/inventory"
)

// packageLimit is how long a package database may be, in bytes: one of 20,000 packages has 40 MiB.
const packageLimit = 256 << 20

// packages counts what the system's own package manager has installed. The first database that has packages counts:
// where the tools of another system are installed, theirs is empty.
func (l *look) packages() inventory.Reading[int] {
	for _, count := range []func() (inventory.Reading[int], bool){l.packageLists, l.pacmanPackages, l.rpmPackages} {
		if n, found := count(); found {
			return n
		}
	}
	return inventory.Unknown[int]("no package database is known here", "")
}

// packageLists counts in databases that are one text.
func (l *look) packageLists() (inventory.Reading[int], bool) {
	for _, db := range []struct {
		name  string
		count func(io.Reader) (int, error)
	}{
		{"/var/lib/dpkg/status", linux.CountDpkg},
		{"/lib/apk/db/installed", linux.CountApk},
		{"/usr/lib/apk/db/installed", linux.CountApk},
	} {
		r, err := l.fs.Open(db.name, packageLimit)
		if linux.Gone(err) {
			continue
		}
		if err != nil {
			return l.uncounted(db.name, "", err), true
		}
		n, err := db.count(r)
		r.Close()
		if err != nil {
			return inventory.Unknown[int](db.name+": "+linux.Reason(err), ""), true
		}
		if n > 0 {
			return inventory.Known(n), true
		}
	}
	return inventory.Reading[int]{}, false
}

// pacmanPackages counts the directories that pacman has for each package.
func (l *look) pacmanPackages() (inventory.Reading[int], bool) {
	const dir = "/var/lib/pacman/local"
	names, err := l.fs.Names(dir)
	if linux.Gone(err) {
		return inventory.Reading[int]{}, false
	}
	if err != nil {
		return l.uncounted(dir, "pacman -Q | wc -l", err), true
	}
	n := 0
	for _, name := range names {
		if name != "ALPM_DB_VERSION" {
			n++
		}
	}
	return inventory.Known(n), true
}

// rpmDirs are where RPM keeps its database, the newer place first. The older may be a link to it.
var rpmDirs = []string{"/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"}

// rpmPackages counts in the databases of RPM.
func (l *look) rpmPackages() (inventory.Reading[int], bool) {
	const remedy = "rpm -qa | wc -l"
	for _, dir := range rpmDirs {
		for _, kind := range rpm.Databases {
			name := path.Join(dir, kind)
			text, err := l.fs.Digest(name, "rpm", func(file string) ([]byte, error) {
				n, err := rpm.Count(file)
				if errors.Is(err, rpm.ErrFormat) {
					err = fmt.Errorf("%w: %w", linux.ErrFormat, err)
				}
				return strconv.AppendInt(nil, int64(n), 10), err
			})
			if linux.Gone(err) {
				continue
			}
			if log := l.unwritten(name); log != "" {
				return inventory.Unknown[int](name+": what "+log+" holds is not in it yet", remedy), true
			}
			n := 0
			if err == nil {
				n, err = strconv.Atoi(strings.TrimSpace(string(text)))
			}
			if err != nil {
				return l.uncounted(name, remedy, err), true
			}
			return inventory.Known(n), true
		}
	}
	return inventory.Reading[int]{}, false
}

// unwritten names a log of SQLite whose changes are not all in the database yet, so that it may have been counted too
// small, or while it was written; empty where there is none.
func (l *look) unwritten(database string) string {
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := l.fs.Stat(database + suffix); err == nil && info.Size() > 0 {
			return database + suffix
		}
	}
	return ""
}

// uncounted is a database that is there and cannot be read.
func (l *look) uncounted(name, remedy string, err error) inventory.Reading[int] {
	reason := linux.Reason(err)
	why := name + ": " + reason
	if linux.Denied(err) {
		l.gap(name, "number of installed packages", reason, asRoot)
		return inventory.Unknown[int](why, asRoot)
	}
	return inventory.Unknown[int](why, remedy)
}
