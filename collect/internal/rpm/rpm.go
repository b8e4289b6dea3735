// Package rpm counts what the databases of RPM say is installed, as "rpm -qa" lists it. It opens them for reading
// only, takes no locks and makes no files, so that it cannot get into the way of an installation.
package rpm

import (
	"errors"
	"fmt"
	"path"
)

// ErrFormat marks a file that is not a database of RPM, or a damaged one.
var ErrFormat = errors.New("not a database of RPM")

// Databases are the names that RPM's databases have in their directory, the newest kind first.
var Databases = []string{"rpmdb.sqlite", "Packages.db", "Packages"}

// Count gives the number of packages in a database, whose kind its name tells.
func Count(file string) (int, error) {
	count := map[string]func(string) (int, error){"rpmdb.sqlite": countSQLite, "Packages.db": countNDB, "Packages": countBDB}[path.Base(file)]
	if count == nil {
		return 0, fmt.Errorf("%w: %s", ErrFormat, path.Base(file))
	}
	n, err := count(file)
	if err != nil {
		return 0, fmt.Errorf("counting packages: %w", err)
	}
	return n, nil
}
