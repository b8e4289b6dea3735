package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// record makes a copy of what look reads of a tree, and returns what it saw and the copy.
func record(t *testing.T, f FS, look func(FS) []string) ([]string, FS, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	r, err := f.Record(dir, Redact)
	if err != nil {
		t.Fatal(err)
	}
	saw := look(f)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.s.record = nil
	return saw, NewFS(dir), dir
}

// answersOf asks everything that can be asked of names.
func answersOf(names ...string) func(FS) []string {
	return func(f FS) (out []string) {
		say := func(op, name string, err error, format string, args ...any) {
			out = append(out, op+" "+name+": "+fmt.Sprintf(format, args...)+" "+Reason(err))
		}
		for _, name := range names {
			info, err := f.Stat(name)
			if err != nil {
				say("stat", name, err, "")
			} else {
				size := info.Size()
				if info.IsDir() || strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/sys/") {
					size = 0
				}
				say("stat", name, err, "%v %d", info.Mode().Type(), size)
			}
			if err == nil && !strings.HasPrefix(name, "/proc/") && !strings.HasPrefix(name, "/sys/") {
				say("modified", name, err, "%d", info.ModTime().UnixNano())
			}
			list, err := f.Names(name)
			say("list", name, err, "%q", list)
			to, err := f.Readlink(name)
			say("link", name, err, "%q", to)
			text, err := f.Read(name, 100)
			say("read", name, err, "%q", text)
			if f.Live() || len(f.s.aside.writable) > 0 {
				say("write", name, f.Writable(name), "")
			}
		}
		return out
	}
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	saw := make(map[string]bool)
	for _, line := range want {
		saw[line] = true
	}
	for _, line := range got {
		if !saw[line] {
			t.Errorf("only the copy says %s", line)
		}
		delete(saw, line)
	}
	for _, line := range want {
		if saw[line] {
			t.Errorf("only the tree said %s", line)
		}
	}
}

// A recording answers as the tree did from which it was made.
func TestRecordingIsATree(t *testing.T) {
	f := planted(t, "/sys/devices/pci0/sda/size", "/sys/devices/pci0/sda/queue/", "/sys/block/sda -> ../devices/pci0/sda", "/etc/block -> /sys/block",
		"/etc/hidden", "/etc/dead", "/var/chef/cache/", "/etc/dangling -> nowhere", "/dir/a", "/dir/b", "/dir/odd\nname", "/etc/up -> ../../../../etc/hidden",
		"/etc/empty/", "/etc/ring -> ring2", "/etc/ring2 -> ring", "/proc/80/fd/3 -> socket:[7]", "/proc/80/fd/4 -> /dir/a", "/proc/80/stat", "/home/x")
	if err := os.WriteFile(f.Path("/dir/long"), make([]byte, 500), 0o644); err != nil {
		t.Fatal(err)
	}
	then := time.Unix(1_500_000_000, 123_456_789)
	if err := os.Chtimes(f.Path("/var/chef/cache"), then, then); err != nil {
		t.Fatal(err)
	}
	f.s.aside.denied["/etc/hidden"] = true // as if another user had made it
	f.s.aside.failed["stat /var/lib/secret/x"] = fs.ErrPermission
	f.s.aside.failed["read /etc/dead"] = ErrHung
	f.Mounted([]MountEntry{{Point: "/", FSType: "ext4"}, {Point: "/home", FSType: "autofs"}})
	look := answersOf("/sys/block", "/sys/block/sda", "/etc/block/sda/size", "/etc/hidden", "/var/lib/secret/x", "/etc/dead", "/var/chef/cache", "/etc/dangling",
		"/etc/block/sda/queue", "/etc/block/sdb", "/dir", "/dir/long", "/dir/odd\nname", "/etc/up", "/etc/empty", "/etc/ring", "/proc/80/fd", "/proc/80/fd/3",
		"/proc/80/fd/4", "/etc/nosuch", "/nosuch/at/all", "/home/x", "/home", "/")
	want, copied, dir := record(t, f, look)
	same(t, look(copied), want)

	// A copy of the copy is the same again.
	_, twice, _ := record(t, NewFS(dir), look)
	same(t, look(twice), want)

	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch rights := info.Mode().Perm(); {
		case d.Type()&fs.ModeSymlink != 0:
			if to, err := os.Readlink(path); err != nil || filepath.IsAbs(to) {
				t.Errorf("%s leads out of the copy: %s", path, to)
			}
		case d.IsDir() && rights != 0o700, !d.IsDir() && rights != 0o600:
			t.Errorf("%s has mode %o", path, rights)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Directories that were only listed are directories, whichever way they were listed.
func TestRecordingOfLists(t *testing.T) {
	f := planted(t, "/sys/devices/sda/holders/dm-0/x", "/sys/devices/sda/sda1/x", "/sys/block/sda -> ../devices/sda", "/sys/block/dm-0/holders/")
	look := func(f FS) (out []string) {
		for _, dir := range []string{"/sys/block", "/sys/block/sda", "/sys/block/sda/sda1", "/sys/block/sda/holders", "/sys/block/dm-0/holders", "/sys/block/dm-0"} {
			names, err := f.Names(dir)
			out = append(out, fmt.Sprintf("%s: %q %s", dir, names, Reason(err)))
		}
		return out
	}
	want, copied, _ := record(t, f, look)
	same(t, look(copied), want)
}

// The live tree has links that are none, files that end in errors, and processes that end.
func TestRecordingOfThisMachine(t *testing.T) {
	if _, err := os.Stat("/proc/self/mountinfo"); err != nil {
		t.Skip("there is no /proc")
	}
	names := []string{"/proc/self/mountinfo", "/proc/self/ns/pid", "/proc/self/root", "/proc/self/exe", "/proc/net", "/proc/mounts", "/proc/1/root",
		"/proc/1/fd", "/proc/1/fd/0", "/proc/1/ns/pid", "/proc/self/root/etc/os-release", "/etc/os-release", "/etc/localtime", "/sys/class/net", "/sys/class/net/lo",
		"/sys/class/net/lo/speed", "/sys/class/net/lo/duplex", "/sys/class/net/lo/address", "/sys/block", "/dev/null", "/proc/99999999/stat", "/sys/kernel/debug",
		"/run", "/sys/class/dmi/id/product_uuid"}
	look := answersOf(names...)
	want, copied, dir := record(t, NewFS("/"), func(f FS) []string {
		f.Read("/proc/self/mountinfo", LargeFile)
		return look(f)
	})
	same(t, look(copied), want)
	if to, err := os.Readlink(filepath.Join(dir, "proc/self")); err == nil {
		t.Errorf("/proc/self leads to %s", to)
	}
}

// A stream that its reader leaves, or that ends in an error, is recorded as far as it went, in pieces of whole lines.
func TestRecordingOfStreams(t *testing.T) {
	f := planted(t, "/a")
	line := strings.Repeat("x", 99) + "\n"
	if err := os.WriteFile(f.Path("/a"), []byte(strings.Repeat(line, 30_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	var pieces int
	dir := filepath.Join(t.TempDir(), "copy")
	rec, err := f.Record(dir, func(name string, text []byte) []byte {
		if name == "/a" {
			pieces++
			if len(text)%100 != 0 || len(text) > pieceSize+1<<16 {
				t.Errorf("a piece of %d bytes", len(text))
			}
			return []byte(strings.ReplaceAll(string(text), "x", "y"))
		}
		return text
	})
	if err != nil {
		t.Fatal(err)
	}
	all := func(f FS, name string, limit int64) (int, error) {
		r, err := f.Open(name, limit)
		if err != nil {
			return 0, err
		}
		defer r.Close()
		n, err := io.Copy(io.Discard, r)
		return int(n), err
	}
	n, err := all(f, "/a", 2_000_000)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	again, errAgain := all(NewFS(dir), "/a", 4_000_000)
	if n != 2_000_000 || n != again || !errors.Is(err, ErrTooLarge) || !errors.Is(errAgain, ErrTooLarge) || pieces < 2 {
		t.Errorf("read %d, %v, and again %d, %v, in %d pieces", n, err, again, errAgain, pieces)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "a")); strings.Contains(string(text), "x") {
		t.Error("a stream is not redacted")
	}
}

func TestRecordingWantsAnEmptyDirectory(t *testing.T) {
	f := planted(t, "/a")
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{full, filepath.Join(full, "x"), filepath.Join(full, "no", "such")} {
		if _, err := f.Record(dir, nil); err == nil {
			t.Errorf("it records to %s", dir)
		}
	}
	if f.Recording() != nil {
		t.Error("it records after an error")
	}
}

// Somebody else's links in the directory lead nobody astray, and a disk that is full is an error.
func TestRecordingWritesNowhereElse(t *testing.T) {
	f := planted(t, "/etc/passwd", "/b")
	outside := t.TempDir()
	dir := filepath.Join(t.TempDir(), "copy")
	r, err := f.Record(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "etc")); err != nil {
		t.Fatal(err)
	}
	f.Line("/etc/passwd")
	if err := r.Close(); err == nil {
		t.Error("no error")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("it wrote %s outside of the copy", entries[0].Name())
	}
}

func TestRecordingToAFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("mounting: ", err)
	}
	defer syscall.Unmount(dir, 0)
	f := planted(t, "/a", "/b")
	for _, name := range []string{"/a", "/b"} {
		if err := os.WriteFile(f.Path(name), make([]byte, 100_000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := f.Record(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/a", "/b"} {
		if text, err := f.Read(name, LargeFile); err != nil || len(text) != 100_000 {
			t.Errorf("%s: %d bytes, %v: that the copy fails is not the reader's business", name, len(text), err)
		}
	}
	if err := r.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}

// Several goroutines may read while it is recorded.
func TestRecordingAtOnce(t *testing.T) {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("/dir%d/sub/file", i%7)+fmt.Sprint(i))
	}
	f := planted(t, names...)
	want, copied, _ := record(t, f, func(f FS) []string {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { answersOf(names...)(f) })
		}
		wg.Wait()
		return answersOf(names...)(f)
	})
	same(t, answersOf(names...)(copied), want)
}

func TestAside(t *testing.T) {
	for _, name := range []string{"/a", "", "/a b", " /a", `"`, "/a\nb", "/a -> b", "/é", "/\xff", "/a\u202eb"} {
		if got := unquoted(quoted(name)); got != name {
			t.Errorf("%q became %q by way of %s", name, got, quoted(name))
		}
		line := quoted(name) + " -> " + quoted(name)
		if a, b, ok := cutLink(line); !ok || a != name || b != name {
			t.Errorf("%s: cut to %q, %q", line, a, b)
		}
	}
	for _, line := range []string{"", "f", "f 644 1 2", "x 644 1 2 /a", "f 999 1 2 /a", "f 644 x 2 /a", "f 644 1 2.x /a"} {
		if _, _, ok := parseStat(line); ok {
			t.Errorf("%q is understood", line)
		}
	}
	for _, line := range []string{"f 644 1 2 /a b", "d 755 4096 1500000000.000000001 /a", "s 777 0 0 \"/a\\nb\""} {
		info, name, ok := parseStat(line)
		if !ok || statText(name, info) != line {
			t.Errorf("%q became %q", line, statText(name, info))
		}
	}
	f := planted(t, "/.infraopt/denied", "/.infraopt/failed", "/.infraopt/links", "/.infraopt/stats", "/.infraopt/writable")
	for _, word := range []string{"denied", "failed", "links", "stats", "writable"} {
		if err := os.WriteFile(f.Path("/.infraopt/"+word), []byte("\n \nx\nx y z\n\"\n\xff\xfe\nread nosuch /a\nyes\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if f = NewFS(f.Root()); f.Exists("/a") { // what is not understood says nothing, and breaks nothing
		t.Error("/a is there")
	}
}

func FuzzAside(f *testing.F) {
	f.Add("f 644 1 1500000000.5 /a", "/a -> b", "/x")
	f.Add("d 755 4096 0 \"/a\\nb\"", `"/a -> b" -> "c"`, "a\nb")
	f.Fuzz(func(t *testing.T, line, link, name string) {
		if info, n, ok := parseStat(line); ok {
			again, m, ok := parseStat(statText(n, info))
			if !ok || m != n || again.size != info.size || again.mode != info.mode || !again.time.Equal(info.time) {
				t.Errorf("%q became %q", line, statText(n, info))
			}
		}
		cutLink(link)
		if got := unquoted(quoted(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// A directory that was listed is one in the copy too, though another list has only its name, and nothing in it was
// looked at.
func TestRecordingOfListsInLists(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "sys/block/sda/holders/dm-3"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := NewFS(root)
	dir := filepath.Join(t.TempDir(), "recorded")
	r, err := f.Record(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	look := func(f FS) (all []string) {
		for _, name := range []string{"/sys/block", "/sys/block/sda", "/sys/block/sda/holders"} {
			names, err := f.Names(name)
			if err != nil {
				t.Error(err)
			}
			all = append(all, names...)
		}
		return all
	}
	want := look(f)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := look(NewFS(dir)); !slices.Equal(got, want) {
		t.Errorf("the copy lists %q, the tree listed %q", got, want)
	}
}
