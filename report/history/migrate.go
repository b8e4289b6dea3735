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
	tries = 10
	pause = 200 * time.Millisecond
)

// migrate brings the tables up to date. Several processes may do so at once: each step is one transaction, so all but
// one of them fail to take it, and find it taken when they look again.
func (s *Store) migrate(ctx context.Context) error {
	var err error
	for range tries {
		err = s.migrateOnce(ctx)
		var known *Error
		if err == nil || ctx.Err() != nil || errors.As(s.wrap("", err), &known) && !known.again {
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
	var want, have int64
	for _, step := range p.ListSources() {
		want = max(want, step.Version)
	}
	// Goose takes whatever keeps it from reading its table for the lack of it, so that is found out first.
	err = s.db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+versionTable).Scan(&have)
	switch {
	case err == nil && have == want:
		return nil
	case err == nil && have > want:
		return &Error{Kind: ErrPlace, Op: fmt.Sprintf("history %s: a newer version of infraopt made it (its tables are of version %d, this program knows %d)", s.where, have, want),
			Remedy: "use that version, or name another place by --history"}
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && s.explain(s.where, err) != nil:
		return err
	}
	_, err = p.Up(ctx)
	return err
}
