// Package history keeps snapshots of an estate, each with the assessment that was made of it, so that later quarters
// can be compared with earlier ones. A history is one SQLite file, or a PostgreSQL database that several people share.
//
// It stores bytes and reads none of them: what a snapshot or an assessment is, and how it is compressed, is for its
// callers. It asks for no time: when something was taken or added is passed in.
package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/infraopt/infraopt/score"
)

// DefaultEstate is the estate of those who have one.
const DefaultEstate = "default"

// An Entry is what is known of a stored snapshot without reading it. Its times are in UTC, and whole microseconds.
type Entry struct {
	ID       string       `json:"id"`      // of the content and the estate, see ID
	Estate   string       `json:"estate"`  // whose snapshot it is
	TakenAt  time.Time    `json:"takenAt"` // when the estate was looked at
	AddedAt  time.Time    `json:"addedAt"` // when the entry was stored
	Tool     string       `json:"tool"`    // version of the program that assessed it
	Rules    string       `json:"rules"`   // hash of the rules by which it did
	Score    score.Bounds `json:"score"`
	Level    int          `json:"level"`
	Machines int          `json:"machines"`
	Size     int64        `json:"size"` // bytes of snapshot and assessment as they are stored
}

// ListingSchema names the form of a Listing.
const ListingSchema = "infraopt.history/v1"

// A Listing is what a history holds, the oldest entry first.
type Listing struct {
	Schema  string  `json:"schema"`
	Entries []Entry `json:"entries"`
}

// A Query selects entries. What is empty selects nothing in particular.
type Query struct {
	Estate string
	From   time.Time // taken at this time or later
	To     time.Time // taken before
	Limit  int       // the newest so many
}

// ID names content for ever: equal content of one estate has one ID, everywhere. Write writes the content, which had
// better be uncompressed, as compressors change.
func ID(estate string, write func(io.Writer) error) (string, error) {
	h := sha256.New()
	h.Write([]byte(estate + "\x00"))
	if err := write(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Kinds of error. What is of none of them is a fault of the program, or of the disk.
var (
	// ErrPlace says that there is no usable history at the place that was named, and that asking again will not help.
	ErrPlace = errors.New("no usable history")
	// ErrUnavailable says that a history could not be reached now.
	ErrUnavailable = errors.New("history unavailable")
	// ErrEntry says that a name is that of no entry, or of several, or cannot be one.
	ErrEntry = errors.New("no such entry")
)

// An Error says what is wrong, and what can be done about it.
type Error struct {
	Kind   error
	Op     string // what was being done, or what is wrong where there is no Err
	Err    error
	Remedy string
	again  bool // it may be otherwise in a moment
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Op
	}
	return e.Op + ": " + e.Err.Error()
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Open opens the history at a place: a file, which it makes if there is none, or a database of PostgreSQL by its
// postgres:// URL. It brings the tables up to date.
func Open(ctx context.Context, where string) (*Store, error) {
	var s *Store
	var err error
	if IsURL(where) {
		s, err = openPostgres(where)
	} else {
		s, err = openSQLite(ctx, where)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.db.Close() // the first error says more
		return nil, err
	}
	return s, nil
}
