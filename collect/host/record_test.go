//go:build linux

package host

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// encoded is a batch as a snapshot holds it.
func encoded(t testing.TB, b *inventory.Batch) string {
	t.Helper()
	var out bytes.Buffer
	s := &inventory.Snapshot{Schema: inventory.SnapshotSchema, Sources: []inventory.Observation{{Target: "host:", Scheme: "host", Status: inventory.StatusOK, Batch: *b}}}
	if err := inventory.Encode(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// recorded observes a machine and returns what that gave and the tree that was recorded of it.
func recorded(t testing.TB, root string) (*inventory.Batch, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "recorded")
	env := collect.Env{Root: root, Record: dir, Getenv: func(string) string { return "" }}
	b, err := observe(context.Background(), env, "host:")
	if err != nil {
		t.Fatal(err)
	}
	return b, dir
}

// differences shows the lines in which two texts differ, the first few.
func differences(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out []string
	for i := range max(len(x), len(y)) {
		left, right := "", ""
		if i < len(x) {
			left = strings.TrimSpace(x[i])
		}
		if i < len(y) {
			right = strings.TrimSpace(y[i])
		}
		if left != right {
			out = append(out, fmt.Sprintf("line %d: %s\n      is: %s", i+1, left, right))
		}
		if len(out) == 5 {
			break
		}
	}
	return strings.Join(out, "\n")
}

// What is observed of a recording is to the byte what was observed when it was made, and a tree file made of it is the
// same again. Nothing differs with the clock: a tree has its own, and a machine is observed once.
func TestRecordingIsTheMachine(t *testing.T) {
	roots := map[string]string{"this machine": "/", "generated": generate(t, 300)}
	for _, name := range trees(t) {
		roots[name] = plant(t, name)
	}
	for _, name := range slices.Sorted(maps.Keys(roots)) {
		t.Run(name, func(t *testing.T) {
			b, dir := recorded(t, roots[name])
			want := encoded(t, b)
			if got := encoded(t, observed(t, dir)); got != want {
				t.Errorf("the recording says something else:\n%s", differences(want, got))
			}
			text := pack(t, dir, nil)
			if got := encoded(t, observed(t, unpack(t, text, false))); got != want {
				t.Errorf("the recording as a file says something else:\n%s", differences(want, got))
			}
			if again := pack(t, unpack(t, text, false), nil); again != text {
				t.Errorf("packing it again gives something else:\n%s", differences(text, again))
			}
		})
	}
}

// A user's recording, too, says what the user saw, and why the rest was not seen.
func TestRecordingOfDenied(t *testing.T) {
	root := plant(t, "rack-fc")
	write(t, root, map[string]string{"/.infraopt/denied": "/sys/class/dmi/id/product_uuid\n/proc/80/cgroup\n/proc/90/stat\n/proc/1/mountinfo\n",
		"/.infraopt/failed": "read hung /etc/os-release\nread asleep /var/lib/dpkg/status\nstat denied /var/chef/cache\nread other /sys/block/sda/size\n"}, nil)
	b, dir := recorded(t, root)
	if got, want := encoded(t, observed(t, dir)), encoded(t, b); got != want {
		t.Errorf("the recording says something else:\n%s", differences(want, got))
	}
	m := b.Machines[0]
	for what, r := range map[string]interface{ Why() string }{"system UUID": m.Identity.UUID, "processes": m.Processes, "operating system": m.OS.ID, "packages": m.OS.Packages, "management": m.Management} {
		if r.Why() == "" {
			t.Errorf("%s: no reason why it is not known", what)
		}
	}
}

func TestRecordNeedsAnEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := observe(context.Background(), collect.Env{Root: "/", Record: dir}, "host:"); !errors.Is(err, collect.ErrUsage) || collect.RemedyOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

var packFlag = flag.String("pack", "", "given NAME=DIR, make a tree file of the directory that collect --record has written")

// TestPack makes a tree file of a recorded tree. Read it before you publish it.
func TestPack(t *testing.T) {
	name, dir, ok := strings.Cut(*packFlag, "=")
	if !ok {
		t.Skip("no -pack NAME=DIR")
	}
	text := "A recorded machine. Processes that are like others were left out.\n\n" + pack(t, dir, idle(t, dir))
	if err := os.WriteFile(filepath.Join("testdata", name+".tree"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var unpackFlag = flag.String("unpack", "", "write the tree file NAME as a directory, given NAME=DIR")

func TestUnpack(t *testing.T) {
	name, dir, ok := strings.Cut(*unpackFlag, "=")
	if !ok {
		t.Skip("no -unpack NAME=DIR")
	}
	if err := os.CopyFS(dir, os.DirFS(plant(t, name))); err != nil {
		t.Fatal(err)
	}
}

// idle finds the processes of a recorded tree without which it says the same but for how many there are: every one
// beyond the third of the same program in the same control group.
func idle(t *testing.T, root string) func(name string) bool {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "proc", "[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	drop := make(map[string]bool)
	seen := make(map[string]int)
	parents := make(map[string]bool)
	type entry struct{ pid, kind, parent string }
	var list []entry
	for _, dir := range dirs {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue
		}
		group, _ := os.ReadFile(filepath.Join(dir, "cgroup")) // a process without is of the kind of those without
		_, rest, _ := strings.Cut(string(stat), "(")
		comm, rest, _ := strings.Cut(rest, ") ")
		e := entry{filepath.Base(dir), comm + "\x00" + string(group), strings.Fields(rest)[1]}
		parents[e.parent] = true
		list = append(list, e)
	}
	for _, e := range list {
		if seen[e.kind]++; seen[e.kind] > 3 && !parents[e.pid] {
			drop["/proc/"+e.pid+"/"] = true
		}
	}
	return func(name string) bool {
		parts := strings.SplitAfterN(name, "/", 4)
		return len(parts) == 4 && drop[strings.Join(parts[:3], "")]
	}
}

// pack writes a recorded tree as a tree file, without the files that drop names; nil drops none.
func pack(t testing.TB, root string, drop func(name string) bool) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(file, root)
		if name == "" || drop != nil && drop(name) {
			return nil
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(file)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "-- %s -> %s --\n", name, to)
			return nil
		case d.IsDir():
			if entries, err := os.ReadDir(file); err != nil || len(entries) > 0 {
				return err
			}
			fmt.Fprintf(&out, "-- %s/ --\n", name)
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if drop != nil && strings.HasPrefix(name, "/.infraopt/") {
			text = withoutLines(text, drop)
		}
		if plain(string(text)) {
			fmt.Fprintf(&out, "-- %s --\n%s", name, text)
			return nil
		}
		fmt.Fprintf(&out, "-- %s as base64 --\n", name)
		for code := base64.StdEncoding.EncodeToString(text); code != ""; {
			n := min(len(code), 100)
			fmt.Fprintln(&out, code[:n])
			code = code[n:]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// withoutLines takes the lines out of a file of /.infraopt that speak of dropped files.
func withoutLines(text []byte, drop func(name string) bool) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if i := bytes.Index(line, []byte("/proc/")); i < 0 || !drop(string(line[i:])) {
			out = append(out, line...)
		}
	}
	return out
}

// plain reports whether a text can stand in a tree file as it is.
func plain(text string) bool {
	return (text == "" || strings.HasSuffix(text, "\n")) && !strings.HasPrefix(text, "-- ") && !strings.Contains(text, "\n-- ") &&
		strings.TrimSpace(text) != "(missing)" && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f })
}
