package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/infraopt/infraopt/score"
)

// A Store is an open history. Its methods may be called by several goroutines at once, and other processes may work
// on the same history: each method does all it does or nothing, and what it has done survives a crash.
type Store struct {
	db    *sql.DB
	where string // for messages, without a secret
	dialect
}

// A dialect is what differs between databases.
type dialect struct {
	name       string
	migrations fs.FS
	// query turns $1, $2, … into what the database wants for them.
	query func(string) string
	// explain makes an Error of what the database says.
	explain func(where string, err error) error
	// compact gives space back that deleted entries took; nil where the database sees to that.
	compact func(context.Context, *sql.DB) error
}

// Close ends the use of the store.
func (s *Store) Close() error { return s.wrap("closing", s.db.Close()) }

// Where is the place of the history, without any secret.
func (s *Store) Where() string { return s.where }

// wrap explains an error of the database; of other errors it says what was being done.
func (s *Store) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if e := new(Error); errors.As(err, &e) {
		return err
	}
	if e := s.explain(s.where, err); e != nil {
		return e
	}
	return fmt.Errorf("history %s: %s: %w", s.where, doing, err)
}

// change runs f in a transaction, which is the only one that writes.
func (s *Store) change(ctx context.Context, doing string, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(doing, err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		return s.wrap(doing, err)
	}
	return s.wrap(doing, tx.Commit())
}

// Add stores a snapshot and its assessment. Once it has returned, they are there for good. If there is an entry of the
// same ID, nothing is added. The size of the entry is worked out.
func (s *Store) Add(ctx context.Context, e Entry, snapshot, assessment []byte) (added bool, err error) {
	if err := check(&e); err != nil {
		return false, err
	}
	if len(snapshot) == 0 || len(assessment) == 0 {
		return false, errors.New("adding to the history: want a snapshot and an assessment")
	}
	var low, high any
	if !e.Score.None {
		low, high = e.Score.Low, e.Score.High
	}
	err = s.change(ctx, "adding an entry", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, s.query(`INSERT INTO infraopt_entry
			(id, estate, taken_at, added_at, tool, rules, score_low, score_high, level, machines, size)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`),
			e.ID, e.Estate, e.TakenAt.UnixMicro(), e.AddedAt.UnixMicro(), e.Tool, e.Rules, low, high, e.Level, e.Machines,
			int64(len(snapshot)+len(assessment)))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		added = true
		_, err = tx.ExecContext(ctx, s.query(`INSERT INTO infraopt_content (id, snapshot, assessment) VALUES ($1, $2, $3)`), e.ID, snapshot, assessment)
		return err
	})
	return added && err == nil, err
}

// check refuses what no database should be given, and cleans what others wrote into a snapshot.
func check(e *Entry) error {
	if len(e.ID) != idLength || !isHex(e.ID) {
		return fmt.Errorf("adding to the history: the ID %q is none", e.ID)
	}
	if err := CheckEstate(e.Estate); err != nil {
		return err
	}
	for _, t := range []time.Time{e.TakenAt, e.AddedAt} {
		if y := t.UTC().Year(); y < 1970 || y > 9999 {
			return &Error{Kind: ErrEntry, Op: "adding to the history: the time " + t.UTC().Format(time.RFC3339) + " cannot be that of an entry", Remedy: "want a year from 1970 to 9999"}
		}
	}
	e.Tool, e.Rules = clean(e.Tool), clean(e.Rules)
	return nil
}

// maxEstate bounds the name of an estate, in bytes.
const maxEstate = 100

// CheckEstate says what is wrong with the name of an estate.
func CheckEstate(name string) error {
	if name == "" || len(name) > maxEstate || strings.TrimSpace(name) != name || clean(name) != name {
		return &Error{Kind: ErrEntry, Op: fmt.Sprintf("estate %q", name), Err: errors.New("this cannot be a name"),
			Remedy: fmt.Sprintf("want 1 to %d printable characters, such as %s or site-west", maxEstate, DefaultEstate)}
	}
	return nil
}

// clean leaves out of a text what a database may not take, or a terminal.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	const most = 200
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

const columns = `id, estate, taken_at, added_at, tool, rules, score_low, score_high, level, machines, size`

// List gives the entries of a query, the oldest first.
func (s *Store) List(ctx context.Context, q Query) ([]Entry, error) {
	var where []string
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	if q.Estate != "" {
		add("estate =", q.Estate)
	}
	if !q.From.IsZero() {
		add("taken_at >=", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		add("taken_at <", q.To.UnixMicro())
	}
	list, err := s.entries(ctx, where, args, q.Limit)
	slices.Reverse(list)
	return list, s.wrap("listing entries", err)
}

// entries gives entries that meet all conditions, the newest first.
func (s *Store) entries(ctx context.Context, where []string, args []any, limit int) ([]Entry, error) {
	query := "SELECT " + columns + " FROM infraopt_entry"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY taken_at DESC, added_at DESC, id DESC"
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := s.db.QueryContext(ctx, s.query(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what goes wrong, Err tells
	list := []Entry{}
	for rows.Next() {
		var e Entry
		var taken, added int64
		var low, high sql.NullFloat64
		if err := rows.Scan(&e.ID, &e.Estate, &taken, &added, &e.Tool, &e.Rules, &low, &high, &e.Level, &e.Machines, &e.Size); err != nil {
			return nil, err
		}
		e.TakenAt, e.AddedAt = time.UnixMicro(taken).UTC(), time.UnixMicro(added).UTC()
		e.Score = score.Bounds{Low: low.Float64, High: high.Float64, None: !low.Valid || !high.Valid}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Latest gives the newest entry of an estate that was taken before a time; the newest of all where that is zero. The
// error is of kind ErrEntry where there is none.
func (s *Store) Latest(ctx context.Context, estate string, before time.Time) (Entry, error) {
	list, err := s.List(ctx, Query{Estate: estate, To: before, Limit: 1})
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 {
		return Entry{}, s.none(estate, before)
	}
	return list[0], nil
}

// none is the error where an estate has no entry.
func (s *Store) none(estate string, before time.Time) error {
	op := "history " + s.where + ": no entry of the estate " + estate
	if !before.IsZero() {
		op += " from before " + before.UTC().Format(time.RFC3339)
	}
	return &Error{Kind: ErrEntry, Op: op, Remedy: "infraopt history list shows what there is, infraopt history add and import add to it"}
}

// Snapshot gives the snapshot of an entry as it was added.
func (s *Store) Snapshot(ctx context.Context, id string) ([]byte, error) {
	return s.content(ctx, "snapshot", id)
}

// Assessment gives the assessment of an entry as it was added.
func (s *Store) Assessment(ctx context.Context, id string) ([]byte, error) {
	return s.content(ctx, "assessment", id)
}

func (s *Store) content(ctx context.Context, column, id string) ([]byte, error) {
	var b []byte
	err := s.db.QueryRowContext(ctx, s.query("SELECT "+column+" FROM infraopt_content WHERE id = $1"), id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &Error{Kind: ErrEntry, Op: fmt.Sprintf("history %s: no entry %.64q", s.where, id), Remedy: "infraopt history list shows what there is"}
	}
	return b, s.wrap("reading a "+column, err)
}

// Delete removes entries, all of them or none, and says how many of them there were.
func (s *Store) Delete(ctx context.Context, ids ...string) (int, error) {
	n := 0
	err := s.change(ctx, "deleting entries", func(tx *sql.Tx) error {
		for _, id := range ids {
			r, err := tx.ExecContext(ctx, s.query("DELETE FROM infraopt_entry WHERE id = $1"), id) // and the content with it
			if err != nil {
				return err
			}
			k, err := r.RowsAffected()
			if err != nil {
				return err
			}
			n += int(k)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Compact gives space back to the system that deleted entries took.
func (s *Store) Compact(ctx context.Context) error {
	if s.compact == nil {
		return nil
	}
	return s.wrap("giving space back", s.compact(ctx, s.db))
}
