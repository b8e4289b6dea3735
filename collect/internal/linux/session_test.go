package linux

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestHungMountIsGivenUpAsAWhole(t *testing.T) {
	f := NewFS(t.TempDir())
	f.Mounted([]MountEntry{{Point: "/", FSType: "ext4"}, {Point: "/data", FSType: "nfs4"}})
	hang := make(chan struct{})
	defer close(hang)
	begin := time.Now()
	if _, err := guarded(f, "/data/x", func() (int, error) { <-hang; return 1, nil }); !errors.Is(err, ErrHung) {
		t.Errorf("a file that hangs gave %v", err)
	}
	waited := time.Since(begin)
	if waited < Patience || waited > 5*Patience {
		t.Errorf("it was waited for %s", waited)
	}
	if _, err := guarded(f, "/data/y", func() (int, error) { return 1, nil }); !errors.Is(err, ErrHung) {
		t.Errorf("another file of a dead mount gave %v", err)
	}
	if v, err := guarded(f, "/etc/z", func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("a file of a living mount gave %d, %v", v, err)
	}
}

func TestAutomountersAreNotWoken(t *testing.T) {
	f := NewFS(t.TempDir())
	f.Mounted([]MountEntry{{Point: "/", FSType: "ext4"}, {Point: "/home", FSType: "autofs"}, {Point: "/home/eva", FSType: "nfs4"}})
	if _, err := f.Line("/home/adam/x"); !errors.Is(err, ErrAsleep) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Line("/home/eva/x"); !Gone(err) {
		t.Errorf("what is mounted already: got %v", err)
	}
}

// A recording answers as the tree did from which it was made: files, links, directories, and what was denied.
func TestRecordingIsATree(t *testing.T) {
	source := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(source, "sys/devices/pci0/sda/queue"), 0o755))
	must(os.MkdirAll(filepath.Join(source, "sys/block"), 0o755))
	must(os.MkdirAll(filepath.Join(source, "etc"), 0o755))
	must(os.WriteFile(filepath.Join(source, "sys/devices/pci0/sda/size"), []byte("42\n"), 0o644))
	must(os.WriteFile(filepath.Join(source, "etc/secret"), []byte("password\n"), 0o644))
	must(os.Symlink("../devices/pci0/sda", filepath.Join(source, "sys/block/sda")))
	must(os.Symlink("/sys/block", filepath.Join(source, "etc/block")))

	look := func(f FS) (out []any) {
		names, err := f.Names("/sys/block")
		out = append(out, names, err)
		to, _ := f.Readlink("/sys/block/sda")
		size, _ := f.Line("/etc/block/sda/size")
		secret, _ := f.Line("/etc/secret")
		_, err = f.Line("/etc/hidden")
		return append(out, to, size, secret, f.Exists("/sys/block/sda/queue"), f.Exists("/sys/block/sdb"), Denied(err))
	}
	f := NewFS(source)
	f.s.denied["/etc/hidden"] = true // as if another user had made it
	dir := filepath.Join(t.TempDir(), "copy")
	r, err := f.Record(dir, func(_ string, text []byte) []byte {
		if string(text) == "password\n" {
			return []byte("gone\n")
		}
		return text
	})
	must(err)
	want := look(f)
	must(r.Close())
	got := look(NewFS(dir))
	if want[4] != "password" || got[4] != "gone" {
		t.Errorf("redaction: %v became %v", want[4], got[4])
	}
	want[4] = "gone"
	for i := range want {
		a, b := want[i], got[i]
		if names, ok := a.([]string); ok {
			a, b = names[0], b.([]string)[0]
		}
		if a != b {
			t.Errorf("answer %d: the copy says %v, the tree said %v", i, b, a)
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			if to, err := os.Readlink(path); err != nil || filepath.IsAbs(to) {
				t.Errorf("%s leads out of the copy: %s", path, to)
			}
		}
		return err
	})
	must(err)
	if _, err := f.Record(dir, nil); err == nil {
		t.Error("it records over what is there")
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
