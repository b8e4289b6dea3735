package history

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

const (
	// sqliteOptions hold for each connection. Whoever wants to write waits for whoever does, from the beginning of a
	// transaction on; a commit returns when the disk has it.
	sqliteOptions = "?_txlock=immediate&_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_error_rc=1"
	// applicationID is what the first of the migrations sets.
	applicationID = 0x696f7074
)

func sqliteDialect() dialect {
	return dialect{
		name:       "sqlite3",
		migrations: steps("sqlite"),
		query:      func(q string) string { return strings.ReplaceAll(q, "$", "?") },
		explain:    explainSQLite,
		compact: func(ctx context.Context, db *sql.DB) error {
			if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
				return err
			}
			_, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
			return err
		},
	}
}

// A connector opens one file. The driver is not looked up by name, which would take an import for its side effects.
type connector string

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(string(c)) }
func (connector) Driver() driver.Driver                          { return &sqlite.Driver{} }

// openFile opens a file of SQLite with options.
func openFile(name, options string) (*sql.DB, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a drive of Windows
	}
	return sql.OpenDB(connector("file://" + (&url.URL{Path: abs}).EscapedPath() + options)), nil
}

func openSQLite(ctx context.Context, name string) (*Store, error) {
	if err := prepareFile(ctx, name); err != nil {
		return nil, err
	}
	db, err := openFile(name, sqliteOptions)
	if err != nil {
		return nil, fmt.Errorf("history %s: %w", name, err)
	}
	return &Store{db: db, where: name, dialect: sqliteDialect()}, nil
}

// prepareFile makes sure that there is a file that can be a history. SQLite itself would say less of what is wrong, and
// might already have changed a file of somebody else's.
func prepareFile(ctx context.Context, name string) error {
	place := func(err error, remedy string) error {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return &Error{Kind: ErrPlace, Op: "history " + name, Err: err, Remedy: remedy}
	}
	if name == "" {
		return place(errors.New("no file named"), "want the name of a file, or postgres://HOST/DATABASE")
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return place(errors.New("it is no regular file"), "want the name of a file, such as "+filepath.Join(name, "history.db"))
	}
	// Everybody who may read a history sees all of the estate.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(name, os.O_RDWR, 0)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return place(err, "make its folder first, or name a file in a folder that exists")
	case errors.Is(err, fs.ErrPermission):
		return place(err, "run as a user who may write the file and its folder, or read a copy of it: a history is written to even where it is only read")
	case err != nil:
		return place(err, "want a file that may be written to; to read one that may not, make a copy of it")
	}
	defer f.Close()
	const header = 100
	head := make([]byte, header)
	n, err := io.ReadFull(f, head)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil // it is new, or another process has just made it
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return place(err, "")
	case n < header || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return place(errors.New("this is not a history, but some other file"), "name another file; to add a snapshot to a history, see infraopt history import --help")
	}
	switch id := binary.BigEndian.Uint32(head[68:]); id {
	case applicationID:
		return nil
	case 0:
		return onlyOurs(ctx, name)
	default:
		return place(errNotOurs, "name another file")
	}
}

var errNotOurs = errors.New("this is a database of another program")

// onlyOurs refuses a database that has tables of others, without changing it. One that has none was made a moment ago.
func onlyOurs(ctx context.Context, name string) error {
	db, err := openFile(name, "?mode=ro&_pragma=busy_timeout(60000)&_error_rc=1")
	if err != nil {
		return fmt.Errorf("history %s: %w", name, err)
	}
	defer func() { _ = db.Close() }() // it was only read
	var others int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'infraopt%' AND name NOT LIKE 'sqlite%'`).Scan(&others)
	switch {
	case err != nil:
		if e := explainSQLite(name, err); e != nil {
			return e
		}
		return fmt.Errorf("history %s: %w", name, err)
	case others > 0:
		return &Error{Kind: ErrPlace, Op: "history " + name, Err: errNotOurs, Remedy: "name another file"}
	}
	return nil
}

// explainSQLite knows what users can do something about.
func explainSQLite(where string, err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	is := func(text, remedy string) error {
		return &Error{Kind: ErrPlace, Op: "history " + where + ": " + text, Err: err, Remedy: remedy}
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_NOTADB:
		return is("this is not a history", "name another file")
	case lib.SQLITE_CORRUPT:
		return is("the file is damaged", "take it back from a backup; what can still be read of it: infraopt history export")
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
		return is("the file or its folder may not be written to", "run as a user who may write both; to read a history that may not be written to, make a copy of it")
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return &Error{Kind: ErrUnavailable, Op: "history " + where + ": another process has been writing for a long time", Err: err,
			Remedy: "try again when it has ended", again: true}
	}
	return nil
}
