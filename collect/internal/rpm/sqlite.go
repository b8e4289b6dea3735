package rpm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite"
)

// A connector opens one file. The driver is not looked up by name, which would take an import for its side effects.
type connector string

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(string(c)) }
func (connector) Driver() driver.Driver                          { return &sqlite.Driver{} }

// countSQLite counts the rows of the table of packages. Immutable says to SQLite that nobody writes: it then neither
// locks nor looks for a write-ahead log, and makes none. Whoever calls has to make sure that there is none.
func countSQLite(file string) (n int, err error) {
	if _, err := os.Stat(file); err != nil {
		return 0, err // SQLite's own error does not tell a missing file from one that may not be read
	}
	db := sql.OpenDB(connector("file:" + (&url.URL{Path: file}).EscapedPath() + "?mode=ro&immutable=1&_pragma=cache_size(-1024)&_pragma=mmap_size(0)"))
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	// Whoever waits for this gives it up as a whole: reading a file cannot be cancelled.
	if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM Packages").Scan(&n); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return n, nil
}
