package history

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	idLength = 64 // hexadecimal digits
	// leastPrefix is how much of an ID names an entry at least.
	leastPrefix = 4
	// mostBack bounds what follows last~.
	mostBack = 1_000_000
)

// RefForms says how entries are named, for help.
const RefForms = "the beginning of an ID, last, last~N for the Nth before it, or a date such as 2026-09-30 for the last one up to the end of that day (UTC)"

// A Ref is the name of an entry as people write it. One of the fields is in use.
type Ref struct {
	ID   string // or the beginning of one
	Back int    // so many before the last, where nothing else is said
	Day  time.Time
}

// ParseRef reads the name of an entry.
func ParseRef(text string) (Ref, error) {
	if rest, ok := strings.CutPrefix(text, "last"); ok {
		if rest == "" {
			return Ref{}, nil
		}
		digits, ok := strings.CutPrefix(rest, "~")
		n, err := strconv.ParseUint(digits, 10, 31)
		if ok && err == nil && n <= mostBack {
			return Ref{Back: int(n)}, nil
		}
		return Ref{}, badRef(text)
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.Year() >= 1970 {
		return Ref{Day: day}, nil
	}
	if len(text) >= leastPrefix && len(text) <= idLength && isHex(text) {
		return Ref{ID: text}, nil
	}
	return Ref{}, badRef(text)
}

func badRef(text string) error {
	return &Error{Kind: ErrEntry, Op: fmt.Sprintf("%.80q names no entry", text), Remedy: "want " + RefForms}
}

// isHex tells whether a text is of lower-case hexadecimal digits.
func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}

// Find gives the entry of a name. Dates and last are about one estate, IDs about all.
func (s *Store) Find(ctx context.Context, estate, name string) (Entry, error) {
	ref, err := ParseRef(name)
	if err != nil {
		return Entry{}, err
	}
	switch {
	case ref.ID != "":
		return s.byPrefix(ctx, ref.ID)
	case !ref.Day.IsZero():
		return s.Latest(ctx, estate, ref.Day.AddDate(0, 0, 1))
	}
	list, err := s.List(ctx, Query{Estate: estate, Limit: ref.Back + 1})
	switch {
	case err != nil:
		return Entry{}, err
	case len(list) == 0:
		return Entry{}, s.none(estate, time.Time{})
	case len(list) <= ref.Back:
		return Entry{}, &Error{Kind: ErrEntry, Op: fmt.Sprintf("history %s: no entry %s: the estate %s has %d", s.where, name, estate, len(list)),
			Remedy: "infraopt history list shows them"}
	}
	return list[0], nil
}

// byPrefix gives the entry whose ID begins so.
func (s *Store) byPrefix(ctx context.Context, prefix string) (Entry, error) {
	const two = 2 // are enough to see that there are several
	list, err := s.entries(ctx, []string{"id >= $1", "id < $2"}, []any{prefix, prefix + "g"}, two)
	switch {
	case err != nil:
		return Entry{}, s.wrap("finding an entry", err)
	case len(list) == 0:
		return Entry{}, &Error{Kind: ErrEntry, Op: fmt.Sprintf("history %s: no entry %s", s.where, prefix), Remedy: "infraopt history list shows what there is"}
	case len(list) > 1:
		return Entry{}, &Error{Kind: ErrEntry, Op: fmt.Sprintf("history %s: several entries begin with %s", s.where, prefix), Remedy: "write more digits of the ID"}
	}
	return list[0], nil
}
