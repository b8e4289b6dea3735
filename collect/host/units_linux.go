package host

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/unitfile"
)

// systemUnitDirs are where unit files of the system lie; a file in an earlier one hides that of the same name in a
// later one. https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html
var systemUnitDirs = []string{
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
	"/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
	"/run/systemd/generator", "/usr/local/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system",
	"/run/systemd/generator.late",
}

// userUnitDirs are where unit files for the managers of users lie, except those in home directories, which are not read.
var userUnitDirs = []string{
	"/etc/systemd/user", "/run/systemd/user", "/usr/local/share/systemd/user", "/usr/share/systemd/user",
	"/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
}

// unitFileSize is how long a unit file may be, in bytes.
const unitFileSize = 256 << 10

// A unit is what the files of a unit of systemd say.
type unit struct {
	unitfile.Settings
	path   string // of its unit file; empty where there is none
	masked bool
	err    error // one of its files could not be read
}

// A unitStore finds unit files by name, and reads each once.
type unitStore struct {
	fs    linux.FS
	dirs  []string
	names map[string]map[string]bool // by directory: what it holds
	err   error                      // a directory could not be listed
	memo  map[string]*unit
	// aliased are the drop-in directories that bear another name of a unit, by the unit's own.
	aliased map[string][]string
}

func newUnitStore(f linux.FS, dirs []string) *unitStore {
	s := &unitStore{fs: f, names: make(map[string]map[string]bool), memo: make(map[string]*unit), aliased: make(map[string][]string)}
	for _, dir := range dirs {
		// Where /lib leads to /usr/lib, its directory comes again under the other name.
		if strings.HasPrefix(dir, "/lib/") && strings.Trim(f.LinkBase("/lib"), "/") == "lib" {
			continue
		}
		names, err := f.Names(dir)
		if err != nil {
			if !linux.Gone(err) && s.err == nil {
				s.err = err
			}
			continue
		}
		s.dirs = append(s.dirs, dir)
		held := make(map[string]bool, len(names))
		for _, n := range names {
			held[n] = true
		}
		s.names[dir] = held
	}
	for _, dir := range s.dirs {
		for n := range s.names[dir] {
			if alias, ok := strings.CutSuffix(n, ".d"); ok && strings.Contains(alias, ".") {
				if own := s.alias(alias); own != "" && !slices.Contains(s.aliased[own], alias) {
					s.aliased[own] = append(s.aliased[own], alias)
				}
			}
		}
	}
	for _, list := range s.aliased {
		slices.Sort(list)
	}
	return s
}

// alias finds the name that another name of a unit leads to; empty where it is no alias.
func (s *unitStore) alias(name string) string {
	at := name
	for range 8 {
		file := s.find(at)
		if file == "" {
			break
		}
		to := s.fs.LinkBase(file)
		if to == "" || to == at || to == "null" {
			break
		}
		at = to
	}
	if at == name {
		return ""
	}
	return at
}

// find gives the path of the file of just this name that counts; empty where there is none.
func (s *unitStore) find(name string) string {
	for _, dir := range s.dirs {
		if s.names[dir][name] {
			return dir + "/" + name
		}
	}
	return ""
}

// unitTemplate gives the name of the template of an instance: foo@.service for foo@bar.service.
func unitTemplate(name string) (string, bool) {
	before, after, ok := strings.Cut(name, "@")
	dot := strings.LastIndexByte(after, '.')
	if !ok || dot <= 0 {
		return "", false
	}
	return before + "@" + after[dot:], true
}

// fragment finds the unit file of a unit and all names that the unit has on the way to it.
func (s *unitStore) fragment(name string) (file string, names []string, masked bool) {
	names = []string{name}
	for range 8 { // aliases of aliases, and no circles
		file = s.find(name)
		if file == "" {
			t, ok := unitTemplate(name)
			if !ok {
				return "", names, false
			}
			if file = s.find(t); file == "" {
				return "", names, false
			}
		}
		to, err := s.fs.Readlink(file)
		if err != nil {
			return file, names, false
		}
		if to == "/dev/null" {
			return file, names, true
		}
		base := path.Base(to)
		if base == path.Base(file) { // the unit file itself lies elsewhere
			if !path.IsAbs(to) {
				to = path.Join(path.Dir(file), to)
			}
			return to, names, false
		}
		// Another name of a unit: of an instance, the instance of the other template.
		if _, instance, ok := strings.Cut(name, "@"); ok {
			if before, after, ok := strings.Cut(base, "@"); ok && strings.HasPrefix(after, ".") {
				base = before + "@" + instance
			}
		}
		if name = base; slices.Contains(names, name) {
			return "", names, false
		}
		names = append(names, name)
	}
	return "", names, false
}

// dropIns lists the drop-ins of a unit in the order in which they apply: by name, where a name that is in several
// directories counts once, in the first.
func (s *unitStore) dropIns(names []string) (list []string, hidden error) {
	found := make(map[string]string)
	add := func(name string) {
		for _, dir := range s.dirs {
			for _, at := range dropInNames(name) {
				if !s.names[dir][at] {
					continue
				}
				list, err := s.fs.Names(dir + "/" + at)
				if linux.Denied(err) {
					hidden = err
				}
				for _, n := range list {
					if strings.HasSuffix(n, ".conf") && found[n] == "" {
						found[n] = dir + "/" + at + "/" + n
					}
				}
			}
		}
	}
	for _, n := range names {
		add(n)
		for _, alias := range s.aliased[n] {
			if !slices.Contains(names, alias) {
				add(alias)
			}
		}
	}
	add(strings.TrimPrefix(path.Ext(names[0]), ".")) // of all units of a type
	for _, n := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[n])
	}
	return list, hidden
}

// dropInNames are the directories of drop-ins of a unit, the closest first: its own, its template's, and those of
// beginnings of its name that end with a hyphen.
func dropInNames(name string) []string {
	list := []string{name + ".d"}
	if t, ok := unitTemplate(name); ok {
		list = append(list, t+".d")
		name = t
	}
	suffix := path.Ext(name)
	prefix := strings.TrimSuffix(name, suffix)
	for {
		prefix = strings.TrimSuffix(strings.TrimSuffix(prefix, "@"), "-")
		i := strings.LastIndexByte(prefix, '-')
		if i <= 0 || suffix == "" {
			return list
		}
		prefix = prefix[:i+1]
		list = append(list, prefix+suffix+".d")
	}
}

// load reads the files of a unit.
func (s *unitStore) load(name string) *unit {
	if u := s.memo[name]; u != nil {
		return u
	}
	u := &unit{}
	s.memo[name] = u
	file, names, masked := s.fragment(name)
	u.path, u.masked = file, masked
	if masked {
		return u
	}
	var files []unitfile.File
	list, err := s.dropIns(names)
	u.err = err
	if file != "" {
		list = append([]string{file}, list...)
	}
	for _, f := range list {
		text, err := s.fs.ReadRedacted(f, unitFileSize, linux.CleanUnit)
		if linux.Gone(err) && f == file {
			u.path = ""
			continue
		}
		var parsed unitfile.File
		if err == nil {
			parsed, err = unitfile.Parse(text)
		} else if to, link := s.fs.Readlink(f); link == nil && to == "/dev/null" {
			continue // a drop-in that is masked
		}
		if err != nil {
			u.err = err
			continue
		}
		files = append(files, parsed)
	}
	u.Settings = unitfile.Merge(name, files...)
	return u
}

// ending lists the units whose names end so, sorted.
func (s *unitStore) ending(suffix string) []string {
	seen := make(map[string]bool)
	for _, dir := range s.dirs {
		for n := range s.names[dir] {
			if strings.HasSuffix(n, suffix) && !strings.HasSuffix(n, "@"+suffix) {
				seen[n] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// wanted reports whether a target pulls a unit in: whether it is switched on.
func (s *unitStore) wanted(target, name string) bool {
	for _, dir := range s.dirs {
		for _, kind := range []string{".wants", ".requires"} {
			at := target + kind
			if !s.names[dir][at] {
				continue
			}
			if list, err := s.fs.Names(dir + "/" + at); err == nil && slices.Contains(list, name) {
				return true
			}
		}
	}
	return false
}

// programDir is the directory of a unit's program, where that is its own and no directory of all programs.
func (u *unit) programDir() string {
	for _, p := range u.Programs("Service.ExecStart") {
		if dir := ownDir(p); dir != "" {
			return dir
		}
	}
	return ""
}

// sharedRoots are directories below which each entry belongs to one application.
var sharedRoots = []string{"/opt/", "/srv/", "/usr/local/", "/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/usr/share/", "/u01/"}

// commonDirs are directories of programs of all kinds.
var commonDirs = map[string]bool{
	"bin": true, "sbin": true, "lib": true, "lib64": true, "libexec": true, "share": true, "etc": true, "systemd": true, "games": true,
	"x86_64-linux-gnu": true, "aarch64-linux-gnu": true,
}

// ownDir gives the directory that belongs to a program's application: /opt/app for /opt/app/bin/appd; empty for one in a
// directory of all programs.
func ownDir(program string) string {
	program = path.Clean(program)
	for _, root := range sharedRoots {
		rest, ok := strings.CutPrefix(program, root)
		if !ok {
			continue
		}
		first, more, ok := strings.Cut(rest, "/")
		if !ok || more == "" || commonDirs[first] {
			return ""
		}
		return root + first
	}
	return ""
}
