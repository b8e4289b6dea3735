//go:build linux

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/internal/linux"
)

// storeOf plants unit files in a tree and finds them.
func storeOf(t *testing.T, files, links map[string]string) *unitStore {
	t.Helper()
	root := t.TempDir()
	write(t, root, files, links)
	return newUnitStore(linux.NewFS(root), systemUnitDirs)
}

func TestUnitFiles(t *testing.T) {
	s := storeOf(t, map[string]string{
		"/usr/lib/systemd/system/app.service":                        "[Service]\nUser=vendor\nExecStart=/usr/bin/app\n",
		"/etc/systemd/system/app.service":                            "[Service]\nUser=admin\nExecStart=/usr/bin/app\n",
		"/usr/lib/systemd/system/job@.service":                       "[Service]\nUser=%i\nExecStart=/usr/bin/job\n",
		"/usr/lib/systemd/system/job@big.service":                    "[Service]\nUser=own\nExecStart=/usr/bin/job\n",
		"/usr/lib/systemd/system/web-front.service":                  "[Service]\nUser=web\nExecStart=/usr/bin/web\n",
		"/usr/lib/systemd/system/web-front.service.d/20.conf":        "[Service]\nStateDirectory=vendor\n",
		"/etc/systemd/system/web-front.service.d/20.conf":            "[Service]\nStateDirectory=admin\n",
		"/usr/lib/systemd/system/web-front.service.d/10.conf":        "[Service]\nUser=ten\n",
		"/usr/lib/systemd/system/web-.service.d/15.conf":             "[Service]\nUser=fifteen\n",
		"/run/systemd/system/service.d/05.conf":                      "[Service]\nWatchdogSec=5\n",
		"/etc/systemd/system/other-name.service.d/90.conf":           "[Service]\nType=notify\n",
		"/opt/vendor/linked.service":                                 "[Service]\nUser=linked\nExecStart=/opt/vendor/x\n",
		"/run/systemd/generator.late/old.service":                    "[Unit]\nSourcePath=/etc/init.d/old\n[Service]\nType=forking\nExecStart=/etc/init.d/old start\n",
		"/usr/lib/systemd/system/broken.service":                     "[Service]\nUser=" + strings.Repeat("x", 5000) + "\n",
		"/usr/lib/systemd/system/sockets.target.wants/web.socket":    "",
		"/usr/lib/systemd/system/masked-drop.service":                "[Service]\nUser=a\n",
		"/usr/lib/systemd/system/masked-drop.service.d/50-user.conf": "[Service]\nUser=b\n",
	}, map[string]string{
		"/etc/systemd/system/other-name.service":                 "/usr/lib/systemd/system/web-front.service",
		"/etc/systemd/system/linked.service":                     "/opt/vendor/linked.service",
		"/etc/systemd/system/gone.service":                       "/dev/null",
		"/etc/systemd/system/circle.service":                     "ring.service",
		"/etc/systemd/system/ring.service":                       "circle.service",
		"/etc/systemd/system/nick@.service":                      "job@.service",
		"/etc/systemd/system/masked-drop.service.d/50-user.conf": "/dev/null",
	})
	for _, row := range []struct{ name, path, user string }{
		{"app.service", "/etc/systemd/system/app.service", "admin"},
		{"job@small.service", "/usr/lib/systemd/system/job@.service", "small"},
		{"job@big.service", "/usr/lib/systemd/system/job@big.service", "own"},
		{"nick@small.service", "/usr/lib/systemd/system/job@.service", "small"},
		{"web-front.service", "/usr/lib/systemd/system/web-front.service", "fifteen"},
		{"other-name.service", "/usr/lib/systemd/system/web-front.service", "fifteen"},
		{"linked.service", "/opt/vendor/linked.service", "linked"},
		{"circle.service", "", ""},
		{"missing.service", "", ""},
		{"masked-drop.service", "/usr/lib/systemd/system/masked-drop.service", "a"},
	} {
		u := s.load(row.name)
		if u.path != row.path || u.Text("Service.User") != row.user || u.err != nil {
			t.Errorf("%s: got %q as %q, %v, want %q as %q", row.name, u.path, u.Text("Service.User"), u.err, row.path, row.user)
		}
	}
	front := s.load("web-front.service")
	if got := front.List("Service.StateDirectory"); !slices.Equal(got, []string{"admin"}) {
		t.Errorf("the drop-in of the administrator does not hide that of the vendor: %v", got)
	}
	if front.Type() != "notify" {
		t.Error("a drop-in of another name of the unit does not count")
	}
	if s.load("app.service").Span("Service.WatchdogSec").Seconds() != 5 {
		t.Error("a drop-in of all services does not count")
	}
	if !s.load("gone.service").masked || s.load("app.service").masked {
		t.Error("a masked unit is not known as one, or another is")
	}
	if s.load("broken.service").err == nil {
		t.Error("a file that is not understood is no error")
	}
	if !s.wanted("sockets.target", "web.socket") || s.wanted("sockets.target", "app.socket") {
		t.Error("what sockets.target pulls in is not known")
	}
	for program, want := range map[string]string{
		"/opt/app/bin/appd": "/opt/app", "/usr/bin/x": "", "/usr/local/bin/x": "", "/usr/local/app/x": "/usr/local/app", "/usr/lib/postgresql/15/bin/postgres": "/usr/lib/postgresql",
		"/usr/lib/systemd/systemd-x": "", "/usr/lib/x": "", "modprobe": "", "/srv/a/../b/c": "/srv/b",
	} {
		if got := ownDir(program); got != want {
			t.Errorf("%s: got %q, want %q", program, got, want)
		}
	}
}

// security asks systemd what it makes of a unit's files, without running anything.
func security(t *testing.T, root, name string) map[string]*bool {
	t.Helper()
	args := []string{"security", "--offline=true", "--json=short", name}
	if root != "" {
		args = append([]string{"--root=" + root}, args...)
	}
	out, err := exec.Command("systemd-analyze", args...).Output()
	var list []struct {
		Name string `json:"name"`
		Set  *bool  `json:"set"`
	}
	if err != nil || json.Unmarshal(out, &list) != nil {
		return nil // it may want things that are not there
	}
	fields := make(map[string]*bool)
	for _, f := range list {
		fields[f.Name] = f.Set
	}
	return fields
}

// agree compares a unit with what systemd says of it, and returns how many facts both state.
func agree(t *testing.T, u *unit, name string, theirs map[string]*bool) int {
	t.Helper()
	n := 0
	for field, ours := range map[string]bool{
		"User=/DynamicUser=":                                !u.Root(),
		"PrivateDevices=":                                   u.Bool("Service.PrivateDevices"),
		"AmbientCapabilities=":                              u.Ambient() == 0,
		"NotifyAccess=":                                     u.Text("Service.NotifyAccess") != "all",
		"CapabilityBoundingSet=~CAP_KILL":                   u.Bounding()>>5&1 == 0,
		"CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)": u.Bounding()&(1<<0|1<<4|1<<31) == 0,
		"CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)": u.Bounding()&(1<<10|1<<11|1<<13) == 0,
		"CapabilityBoundingSet=~CAP_SYS_ADMIN":                        u.Bounding()>>21&1 == 0,
	} {
		set := theirs[field]
		if set == nil {
			continue
		}
		n++
		if *set != ours {
			t.Errorf("%s (%s): systemd says %v of %s, this says %v", name, u.path, *set, field, ours)
		}
	}
	return n
}

// The unit files of this machine are found where systemd finds them, and say what systemd reads in them.
func TestUnitsAsSystemd(t *testing.T) {
	out := collecttest.Try(t, "systemd-analyze", "systemd-analyze", "unit-files")
	s := newUnitStore(linux.NewFS("/"), systemUnitDirs)
	found, asked, facts := 0, 0, 0
	for line := range strings.Lines(out) {
		name, to, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "ids: "), " → ")
		if !strings.HasPrefix(line, "ids: ") || !ok {
			continue
		}
		file, _, masked := s.fragment(name)
		if masked {
			continue
		}
		found++
		if !strings.HasPrefix(to, "/") { // an alias: its own name's file
			to = s.find(to)
		}
		ours, err := filepath.EvalSymlinks(file)
		theirs, err2 := filepath.EvalSymlinks(to)
		if err != nil || err2 != nil || ours != theirs {
			t.Errorf("%s: found at %q, by systemd at %q (%v, %v)", name, file, to, err, err2)
		}
		if !strings.HasSuffix(name, ".service") {
			continue
		}
		name = strings.Replace(name, "@.", "@test.", 1)
		u := s.load(name)
		if u.err != nil {
			t.Errorf("%s: %v", name, u.err)
		}
		special := !u.Root() || u.Bool("Service.PrivateDevices") || u.Ambient() != 0 || u.Text("Service.NotifyAccess") != "" || u.Bounding() != s.load("missing.service").Bounding()
		if special && asked < 25 {
			asked++
			facts += agree(t, u, name, security(t, "", name))
		}
	}
	t.Logf("%d units are found alike, %d facts of %d services agree", found, facts, asked)
	if found == 0 {
		t.Error("systemd lists no units")
	}
}

// Unit files and drop-ins that are strewn over directories at random merge as systemd merges them.
func TestDropInsAsSystemd(t *testing.T) {
	collecttest.Try(t, "systemd-analyze", "systemd-analyze", "--version")
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 4))
		dirs := []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"}
		pick := func(list ...string) string { return list[r.IntN(len(list))] }
		settings := func() string {
			text := "[Service]\n"
			for range 1 + r.IntN(2) {
				text += pick("User=games", "User=", "User=root", "DynamicUser=yes", "PrivateDevices=yes", "PrivateDevices=no", "NotifyAccess=all", "NotifyAccess=main",
					"AmbientCapabilities=CAP_KILL", "AmbientCapabilities=", "CapabilityBoundingSet=CAP_KILL CAP_CHOWN", "CapabilityBoundingSet=~CAP_KILL",
					"CapabilityBoundingSet=", "CapabilityBoundingSet=CAP_NET_RAW \\\n# comment\n  CAP_SYS_ADMIN") + "\n"
			}
			return text
		}
		files, links := map[string]string{"/usr/lib/systemd/system/sysinit.target": "", "/usr/lib/systemd/system/basic.target": "", "/usr/lib/systemd/system/shutdown.target": ""}, map[string]string{}
		for _, dir := range dirs {
			for _, n := range []string{"a-b.service", "a-b@.service", "a-b@x.service"} {
				if r.IntN(3) == 0 || dir == dirs[3] && n != "a-b@x.service" {
					files[dir+"/"+n] = settings() + "ExecStart=/bin/true\n"
				}
			}
			for _, n := range []string{"a-b.service.d", "a-.service.d", "service.d", "a-b@.service.d", "a-b@x.service.d", "nick.service.d"} {
				if r.IntN(3) == 0 {
					files[dir+"/"+n+"/"+fmt.Sprint(10+r.IntN(4))+".conf"] = settings()
				}
			}
		}
		links["/etc/systemd/system/nick.service"] = "a-b.service"
		root := t.TempDir()
		write(t, root, files, links)
		s := newUnitStore(linux.NewFS(root), systemUnitDirs)
		for _, name := range []string{"a-b.service", "a-b@x.service"} {
			theirs := security(t, root, name)
			if theirs == nil {
				t.Fatalf("seed %d: systemd does not read %s", seed, name)
			}
			if agree(t, s.load(name), fmt.Sprintf("seed %d: %s", seed, name), theirs) == 0 {
				t.Errorf("seed %d: %s: nothing to compare", seed, name)
			}
			if t.Failed() {
				for n, text := range files {
					if strings.Contains(n, "a-") || strings.Contains(n, "service.d") {
						t.Logf("%s: %q", n, text)
					}
				}
				t.FailNow()
			}
		}
	}
}

// Every unit file that a package of this machine brings can be read.
func TestUnitFilesOfThisMachine(t *testing.T) {
	files, err := filepath.Glob("/usr/lib/systemd/system/*.*")
	if err == nil && len(files) == 0 {
		err = errors.New("there are none")
	}
	collecttest.Need(t, "unit files", err)
	s := newUnitStore(linux.NewFS("/"), systemUnitDirs)
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if u := s.load(filepath.Base(f)); u.err != nil || u.path == "" {
			t.Errorf("%s: %q, %v", f, u.path, u.err)
		}
	}
}
