package linux

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// planted makes a tree of directories and files ("/a/b" is a file, "/a/" a directory) and links ("/a -> /b").
func planted(t *testing.T, names ...string) FS {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		name, to, linked := strings.Cut(name, " -> ")
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err != nil:
		case linked:
			err = os.Symlink(to, path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(name+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return NewFS(root)
}

func TestHungMountIsGivenUpAsAWhole(t *testing.T) {
	f := planted(t, "/data/x", "/data/y", "/etc/z", "/var/lib -> /data")
	f.Mounted([]MountEntry{{Point: "/", FSType: "ext4"}, {Point: "/data", FSType: "fuse"}})
	hang := make(chan struct{})
	defer close(hang)
	begin := time.Now()
	// By way of a link: the mount that does not answer is the one that it leads to.
	if _, err := guarded(f, opRead, "/var/lib/x", func(string) (int, error) { <-hang; return 1, nil }); !errors.Is(err, ErrHung) {
		t.Errorf("a file that hangs gave %v", err)
	}
	waited := time.Since(begin)
	if waited < Patience || waited > Patience+time.Second {
		t.Errorf("it was waited for %s", waited)
	}
	for _, name := range []string{"/data/y", "/var/lib/y", "/data"} {
		if _, err := f.Line(name); !errors.Is(err, ErrHung) || Reason(err) != "its file system does not answer" {
			t.Errorf("%s on a dead mount gave %v", name, err)
		}
	}
	if v, err := f.Line("/etc/z"); v != "/etc/z" || err != nil {
		t.Errorf("a file of a living mount gave %q, %v", v, err)
	}
}

func TestPlacesThatAreAvoided(t *testing.T) {
	f := planted(t, "/home/adam/x", "/home/eva/x", "/srv/x", "/usr/x", "/mnt/x", "/home2 -> home/", "/proc/sys/fs/binfmt_misc/status",
		"/proc/uptime", "/opt/a -> ../srv")
	f.Mounted([]MountEntry{
		{Point: "/", FSType: "nfs4"}, {Point: "/home", FSType: "autofs"}, {Point: "/home/eva", FSType: "ext4"}, {Point: "/srv", FSType: "nfs"},
		{Point: "/usr", FSType: "nfs"}, {Point: "/mnt", FSType: "autofs"}, {Point: "/mnt", FSType: "ext4"}, {Point: "/proc/sys/fs/binfmt_misc", FSType: "autofs"},
	})
	for name, want := range map[string]error{
		"/home/adam/x": ErrAsleep, "/home2/adam/x": ErrAsleep, "/home/eva/x": nil, "/home2/eva/x": nil, "/srv/x": ErrRemote, "/opt/a/x": ErrRemote,
		"/usr/x": nil, "/mnt/x": nil, "/proc/sys/fs/binfmt_misc/status": ErrAsleep, "/proc/uptime": nil,
	} {
		if text, err := f.Line(name); !errors.Is(err, want) || err == nil && !strings.HasSuffix(text, "x") && text != name {
			t.Errorf("%s: got %q, %v, want %v", name, text, err, want)
		}
	}
	if _, err := f.Names("/home"); !errors.Is(err, ErrAsleep) {
		t.Errorf("listing what an automounter keeps: got %v", err)
	}
	if !f.Exists("/home") || f.Exists("/home/adam") || f.Exists("/srv") {
		t.Error("only the automounter's own point is seen")
	}
}

// No link leads out of a tree that is not the live one.
func TestTreeIsClosed(t *testing.T) {
	out := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(out, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := planted(t, "/a -> "+out, "/b -> ../../../../../../../../../.."+out, "/c -> /etc/passwd", "/d -> d", "/etc/os", "/e -> /etc")
	for _, name := range []string{"/a", "/b", "/c", "/d", "/../../.." + out} {
		if text, err := f.Line(name); err == nil {
			t.Errorf("%s: read %q", name, text)
		}
		if f.Exists(name) {
			t.Errorf("%s is there", name)
		}
	}
	if text, err := f.Line("/e/os"); err != nil || text != "/etc/os" {
		t.Errorf("a link from the root of the tree: got %q, %v", text, err)
	}
	if gone := NewFS(filepath.Join(t.TempDir(), "nosuch")); gone.Exists("/") {
		t.Error("a tree that is not there has a root")
	}
}

// What is read once is not read again.
func TestSmallFilesAreReadOnce(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := NewFS(root)
	first, _ := f.Line("/a")
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, _ := f.Line("/a")
	f.Forget("/a")
	anew, _ := f.Line("/a")
	if first != "1" || again != "1" || anew != "2" {
		t.Errorf("got %s, %s, %s", first, again, anew)
	}
}

// What is remembered is bounded.
func TestMemoryIsBounded(t *testing.T) {
	f := planted(t, "/a")
	for i := range 100 {
		f.s.remember("/x"+strings.Repeat("x", i), make([]byte, rememberedFile), nil)
	}
	sum := 0
	for _, m := range f.s.memo {
		sum += len(m.text)
	}
	if sum > rememberedSum {
		t.Errorf("%d bytes are kept", sum)
	}
	f.s.remember("/y", make([]byte, rememberedFile+1), nil)
	if _, ok := f.s.recall("/y"); ok {
		t.Error("a large file is kept")
	}
}

// A file is what the kernel says it is: no directory, no pipe, no more than asked for.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	for _, name := range []string{"/dev/null", "/dev/tty", "/proc/self", "/sys", "/tmp"} {
		if text, err := NewFS("/").Read(name, SmallFile); err == nil {
			t.Errorf("%s: read %q", name, text)
		}
	}
	f := planted(t, "/a")
	if err := os.WriteFile(f.Path("/a"), []byte(strings.Repeat("a", 10000)), 0o644); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]bool{9999: false, 10000: true, 20000: true} {
		for _, live := range []bool{true, false} {
			g, name := f, "/a"
			if live {
				g, name = NewFS("/"), f.Path("/a")
			}
			text, err := g.Read(name, limit)
			if want != (err == nil) || len(text) != min(limit, 10000) || !want && !errors.Is(err, ErrTooLarge) {
				t.Errorf("limit %d, live %v: %d bytes, %v", limit, live, len(text), err)
			}
			g.Forget(name)
		}
	}
}
