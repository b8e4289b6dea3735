package history

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// The steps by which tables come to be what this version wants them to be. A step that was released is never changed.
//
//go:embed migrations/*/*.sql
var migrations embed.FS

// versionTable is where a history notes which steps it has taken.
const versionTable = "infraopt_history_version"

// steps are those of one kind of database.
func steps(folder string) fs.FS {
	sub, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		panic(err) // the name of the folder is part of this program
	}
	return sub
}

// Until the tables of a new history are there, whoever else opens it may find it locked, and looks again after a while.
const (
	tries = 100
	pause = 50 * time.Millisecond
)

// migrate brings the tables up to date. Several processes may do so at once: each step is one transaction, so all but
// one of them fail to take it, and find it taken when they look again.
func (s *Store) migrate(ctx context.Context) error {
	var err error
	for range tries {
		if err = s.migrateOnce(ctx); err == nil || ctx.Err() != nil || errors.Is(s.wrap("", err), ErrPlace) {
			break
		}
		wait, stop := context.WithTimeout(ctx, pause)
		<-wait.Done()
		stop()
	}
	return s.wrap("preparing its tables", err)
}

func (s *Store) migrateOnce(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.Dialect(s.name), s.db, s.migrations,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil || have == want:
		return err
	case have > want:
		return &Error{Kind: ErrPlace, Op: fmt.Sprintf("history %s: a newer version of infraopt made it (its tables are of version %d, this program knows %d)", s.where, have, want),
			Remedy: "use that version, or name another place by --history"}
	}
	_, err = p.Up(ctx)
	return err
}
