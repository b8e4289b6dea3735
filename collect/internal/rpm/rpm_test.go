package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// slots makes a database of the own format with two pages of slots, of which some are taken.
func slots(taken int) []byte {
	text := make([]byte, 2*slotPage)
	put := func(at int, words ...uint32) {
		for i, w := range words {
			binary.LittleEndian.PutUint32(text[at+4*i:], w)
		}
	}
	put(0, ndbMagic, 0, 7, 2)
	for i := 2; i < len(text)/slotSize; i++ {
		put(i*slotSize, slotMagic)
	}
	for i := range taken { // in both pages, with free ones between
		put((2+3*i)*slotSize, slotMagic, uint32(i+1), 600, 4)
	}
	return text
}

// hash makes a Berkeley DB of a first page, one with entries and one that a long value would lie on. The first entry
// is the one with key zero.
func hash(order binary.ByteOrder, packages int) []byte {
	const size = 512
	text := make([]byte, 3*size)
	order.PutUint32(text[12:], bdbMagic)
	order.PutUint32(text[20:], size)
	text[25] = hashMetadata
	order.PutUint32(text[32:], 2)
	page := text[size : 2*size]
	page[25] = hashSorted
	order.PutUint16(page[20:], uint16(2*(packages+1)))
	end := size
	for i := range packages + 1 {
		end -= 5
		page[end] = keyItem
		order.PutUint32(page[end+1:], uint32(i))
		order.PutUint16(page[bdbHeader+4*i:], uint16(end))
		end -= 12
		page[end] = 3 // lies on pages of its own
		order.PutUint16(page[bdbHeader+4*i+2:], uint16(end))
	}
	text[2*size+25] = 7
	return text
}

func TestFormats(t *testing.T) {
	for name, text := range map[string][]byte{"Packages.db": slots(100), "Packages": hash(binary.LittleEndian, 20)} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"Packages.db": 100, "Packages": 20}[name]
		if n, err := Count(file); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", name, n, err, want)
		}
	}
	if n, err := readBDB(bytes.NewReader(hash(binary.BigEndian, 20))); err != nil || n != 20 {
		t.Errorf("the other byte order: %d, %v", n, err)
	}
}

// What is damaged is an error and never a smaller number.
func TestDamaged(t *testing.T) {
	change := func(text []byte, at int, b byte) []byte {
		text = bytes.Clone(text)
		text[at] = b
		return text
	}
	good, little := slots(3), hash(binary.LittleEndian, 3)
	for what, text := range map[string][]byte{
		"empty": nil, "magic": change(good, 0, 'x'), "no pages": change(good, 12, 0), "more pages": change(good, 12, 3),
		"cut": good[:len(good)-1], "slot": change(good, 5*slotSize, 'x'), "sizes": change(good, 15, 0xff),
	} {
		if n, err := readNDB(bytes.NewReader(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("own format, %s: %d, %v", what, n, err)
		}
	}
	for what, text := range map[string][]byte{
		"empty": nil, "magic": change(little, 12, 0), "encrypted": change(little, 24, 1), "page size": change(little, 20, 1), "huge pages": change(little, 22, 0xff),
		"cut": little[:len(little)-1], "page missing": little[:1024], "odd items": change(little, 512+20, 3), "many items": change(little, 512+21, 0xff),
		"item outside": change(little, 512+27, 0xff),
	} {
		if n, err := readBDB(bytes.NewReader(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("Berkeley DB, %s: %d, %v", what, n, err)
		}
	}
	dir := t.TempDir()
	for _, name := range Databases {
		if _, err := Count(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is not there: %v", name, err)
		}
	}
	file := filepath.Join(dir, "rpmdb.sqlite")
	if err := os.WriteFile(file, []byte("no database at all, but long enough to be looked at"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, filepath.Join(dir, "other")} {
		if n, err := Count(name); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %d, %v", filepath.Base(name), n, err)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("counting made files: %v", names)
	}
}

// TestBerkeleyDB counts a hash that Berkeley DB's own program has made, with values of all lengths.
func TestBerkeleyDB(t *testing.T) {
	collecttest.Try(t, "Berkeley DB", "db5.3_load", "-V")
	var dump strings.Builder
	dump.WriteString("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n 00000000\n f4010000\n")
	for i := range 500 {
		fmt.Fprintf(&dump, " %02x%02x0000\n %s\n", byte(i+1), byte((i+1)>>8), strings.Repeat("ab", 20+40*i))
	}
	dump.WriteString("DATA=END\n")
	file := filepath.Join(t.TempDir(), "Packages")
	collecttest.Must(t, []byte(dump.String()), "db5.3_load", file)
	if n, err := Count(file); err != nil || n != 500 {
		t.Errorf("%d, %v; want 500", n, err)
	}
}

// TestRPM lets rpm install a package, and counts what it then lists, before and after.
func TestRPM(t *testing.T) {
	collecttest.Try(t, "rpmbuild", "rpmbuild", "--version")
	dir := filepath.Join(t.TempDir(), "a b?c%d#e") // characters that mean something in a URI
	db := filepath.Join(dir, "db")
	spec := filepath.Join(dir, "tiny.spec")
	if err := os.MkdirAll(db, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spec, []byte("Name: tiny\nVersion: 1\nRelease: 1\nSummary: tiny\nLicense: none\nBuildArch: noarch\n%description\ntiny\n%files\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	collecttest.Must(t, nil, "rpmbuild", "-bb", "--define", "_topdir "+top, spec)
	rpm := func(args ...string) string {
		return collecttest.Must(t, nil, append([]string{"rpm", "--define", "_db_backend sqlite", "--define", "_dbpath " + top + "/db"}, args...)...)
	}
	count := func() (int, error) {
		// A copy, as it is on a machine where rpm has ended: what it keeps beside the database goes with its lock.
		text, err := os.ReadFile(filepath.Join(top, "db", "rpmdb.sqlite"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(db, "rpmdb.sqlite"), text, 0o444); err != nil {
			t.Fatal(err)
		}
		return Count(filepath.Join(db, "rpmdb.sqlite"))
	}
	rpm("--initdb")
	if n, err := count(); err != nil || n != 0 {
		t.Errorf("nothing installed: %d, %v", n, err)
	}
	if err := os.Remove(filepath.Join(db, "rpmdb.sqlite")); err != nil {
		t.Fatal(err)
	}
	rpm("-i", "--nodeps", "--justdb", filepath.Join(top, "RPMS", "noarch", "tiny-1-1.noarch.rpm"))
	n, err := count()
	if want := len(strings.Fields(rpm("-qa"))); err != nil || n != want || want != 1 {
		t.Errorf("%d, %v; rpm lists %d", n, err, want)
	}
	names, err := os.ReadDir(db)
	if err != nil || len(names) != 1 {
		t.Errorf("counting made files: %v, %v", names, err)
	}
}

func FuzzFormats(f *testing.F) {
	f.Add(slots(2)[:slotPage])
	f.Add(hash(binary.LittleEndian, 2))
	f.Add(hash(binary.BigEndian, 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func([]byte) (int, error){
			func(b []byte) (int, error) { return readNDB(bytes.NewReader(b)) },
			func(b []byte) (int, error) { return readBDB(bytes.NewReader(b)) },
		} {
			if n, err := read(text); err == nil && (n < 0 || n > len(text)) {
				t.Errorf("%d packages in %d bytes", n, len(text))
			}
		}
	})
}
