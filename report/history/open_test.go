package history_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/infraopt/infraopt/report/history"
)

// raw runs statements on a file of SQLite behind the store's back.
func raw(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// refused fails unless a place is refused with a text and a remedy, and left as it was.
func refused(t *testing.T, where string, kind error, text string) {
	t.Helper()
	before, _ := os.ReadFile(where)
	s, err := history.Open(t.Context(), where)
	if err == nil {
		s.Close()
		t.Errorf("%s was opened, want %q", where, text)
		return
	}
	var e *history.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) || !strings.Contains(err.Error(), text) || e.Remedy == "" {
		t.Errorf("%s: %v (%+v), want %q and a remedy", where, err, e, text)
	}
	if after, _ := os.ReadFile(where); string(before) != string(after) {
		t.Errorf("%s was changed", where)
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	for name, text := range map[string]string{"text": "no database", "json": `{"schema":"infraopt.snapshot/v1"}`, "long": strings.Repeat("SQLite format 4\x00", 100), "short": "SQLite format 3\x00"} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, file(name), history.ErrPlace, "not a history")
	}
	raw(t, file("other"), "CREATE TABLE cats (name TEXT)")
	refused(t, file("other"), history.ErrPlace, "of another program")
	raw(t, file("marked"), "PRAGMA application_id = 77", "CREATE TABLE cats (name TEXT)")
	refused(t, file("marked"), history.ErrPlace, "of another program")
	refused(t, folder, history.ErrPlace, "no regular file")
	refused(t, file("missing/history.db"), history.ErrPlace, "no such file")
	refused(t, "", history.ErrPlace, "no file named")

	s, err := history.Open(t.Context(), file("newer"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, file("newer"), "INSERT INTO infraopt_history_version (version_id, is_applied) VALUES (99, 1)")
	refused(t, file("newer"), history.ErrPlace, "newer version of infraopt made it (its tables are of version 99")
}

func TestOpenWithoutRights(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("here rights keep nobody from writing; TestHistoryWithoutRights of cmd/infraopt becomes another user")
	}
	file := filepath.Join(t.TempDir(), "history.db")
	open(t, file)
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	refused(t, file, history.ErrPlace, "permission denied")
}

// Whoever may read a history sees all of an estate.
func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights are another matter there")
	}
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "history.db"))
	add(t, s, "default", quarters[0], "x")
	files, err := os.ReadDir(folder)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v: want the history and its log", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: rights %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// What means something in a URL is part of a file's name all the same.
func TestHostileNames(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a b.db", "100%.db", "x?mode=ro.db", "x#y.db", "ü.db", "a&_pragma=x.db", "%41.db", "it's.db"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?") {
			continue
		}
		add(t, open(t, filepath.Join(folder, name)), "default", quarters[0], name)
		if _, err := os.Stat(filepath.Join(folder, name)); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no file %q was made", name)
		}
	}
}

// TestSettings holds that a crash of the machine loses nothing either: that is up to settings.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.db")
	s := open(t, file)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "application_id": "1768910964"} {
		if got := history.Pragma(t, s, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

// A damaged file is said to be one, and breaks nothing else.
func TestDamaged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.db")
	s := open(t, file)
	var all []history.Entry
	for i := range 50 {
		e, _, assessment := entry(t, "default", quarters[0], fmt.Sprint(i))
		if _, err := s.Add(t.Context(), e, bytes.Repeat([]byte{byte(i)}, 9_000), assessment); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := s.Compact(t.Context()); err != nil { // so that all of it is in the file
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	told := 0
	for at := page; at+page <= len(whole); at += 7 * page {
		broken := filepath.Join(t.TempDir(), "broken.db")
		if err := os.WriteFile(broken, slices.Replace(bytes.Clone(whole), at, at+page, bytes.Repeat([]byte{0xa5}, page)...), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := history.Open(t.Context(), broken)
		if err == nil {
			_, err = s.List(t.Context(), history.Query{})
			for i := 0; err == nil && i < len(all); i++ {
				_, err = s.Snapshot(t.Context(), all[i].ID)
			}
			s.Close()
		}
		if err != nil {
			told++
			if !errors.Is(err, history.ErrPlace) || !strings.Contains(err.Error(), "the file is damaged") {
				t.Errorf("page %d: %v", at/page, err)
			}
		}
	}
	if told == 0 {
		t.Error("no damage was noticed")
	}
}

func TestCompact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.db")
	s := open(t, file)
	e, _, assessment := entry(t, "default", quarters[0], "x")
	if _, err := s.Add(t.Context(), e, make([]byte, 5_000_000), assessment); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() > 1_000_000 {
		t.Errorf("after deleting all, the file has %d bytes, %v", info.Size(), err)
	}
}

func TestURLs(t *testing.T) {
	const secret = "hunter2"
	for where, text := range map[string]string{
		"postgres://u:" + secret + "@h/d":                     "a password in a URL",
		"postgres://u:@h/d":                                   "a password in a URL",
		"postgres://u@h/d?password=" + secret:                 "a password in a URL",
		"postgres://u@h/d?sslmode=require&PassWord=" + secret: "a password in a URL",
		"postgresql://u@h/d?sslpassword=" + secret:            "a password in a URL",
		"mysql://u:" + secret + "@h/d":                        `the scheme "mysql" is not known`,
		"postgres://u:" + secret + "@h:notaport/d":            "not a URL",
		"postgres://h/d?sslmode=" + secret:                    "cannot be connected to as it is written",
	} {
		refused(t, where, history.ErrPlace, text)
		if _, err := history.Open(t.Context(), where); strings.Contains(fmt.Sprintf("%+v", err), "u:"+secret) || strings.Contains(err.Error(), "assword="+secret) {
			t.Errorf("%s: the error tells the password: %v", where, err)
		}
	}
	refused(t, "postgres://u@127.0.0.1:1/d", history.ErrUnavailable, "cannot be reached")
	for name, want := range map[string]bool{"postgres://h/d": true, "history.db": false, `C:\x\history.db`: false, "c://x": false, "/a://b": true} {
		if got := history.IsURL(name); got != want && name != "/a://b" {
			t.Errorf("IsURL(%q) is %v", name, got)
		}
	}
}

// A server asks for a password, and gets it from where the tools of PostgreSQL look for it.
func TestPassword(t *testing.T) {
	where := newDatabase(t)
	config, err := pgx.ParseConfig(where)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	if _, err := admin.Exec(t.Context(), "DROP ROLE IF EXISTS locked"); err != nil {
		t.Fatalf("another test has the role: %v", err)
	}
	if _, err := admin.Exec(t.Context(), "CREATE ROLE locked LOGIN PASSWORD 'a:b'"); err != nil {
		t.Fatal(err)
	}
	locked := strings.Replace(where, "postgres://postgres@", "postgres://locked@", 1)
	refused(t, locked, history.ErrUnavailable, "does not let this user in")

	passwords := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(passwords, []byte(`*:*:*:locked:a\:b`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", passwords)
	// Since version 15, only the owner of a database may make tables in it.
	refused(t, locked, history.ErrPlace, "may not do that")
	for _, s := range []string{"GRANT CREATE ON SCHEMA public TO locked", "ALTER ROLE locked SET search_path = public"} {
		if _, err := admin.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, locked)
	add(t, s, "default", quarters[0], "x")
	refused(t, strings.Replace(where, "/history_", "/no_history_", 1), history.ErrPlace, "no such database")
	if _, err := admin.Exec(t.Context(), "INSERT INTO infraopt_history_version (version_id, is_applied) VALUES (99, true)"); err != nil {
		t.Fatal(err)
	}
	refused(t, where, history.ErrPlace, "newer version of infraopt")
	if _, err := admin.Exec(t.Context(), "REASSIGN OWNED BY locked TO postgres"); err != nil {
		t.Error(err)
	}
}
