package main

import (
	"fmt"
	"strconv"
	"time"
)

// A quarter of a year, in UTC.
type quarter struct{ year, number int }

// quarterOf is the quarter that a time is in.
func quarterOf(t time.Time) quarter {
	t = t.UTC()
	return quarter{t.Year(), (int(t.Month()) + 2) / 3}
}

// parseQuarter reads 2026Q4.
func parseQuarter(s string) (quarter, error) {
	if len(s) == len("2026Q4") && (s[4] == 'Q' || s[4] == 'q') && s[5] >= '1' && s[5] <= '4' {
		if year, err := strconv.ParseUint(s[:4], 10, 16); err == nil && year >= 1970 {
			return quarter{int(year), int(s[5] - '0')}, nil
		}
	}
	return quarter{}, fmt.Errorf("%.40q is no quarter: want a year and Q1 to Q4, such as 2026Q4", s)
}

func (q quarter) String() string { return fmt.Sprintf("%04dQ%d", q.year, q.number) }

// from is the first moment of the quarter.
func (q quarter) from() time.Time {
	return time.Date(q.year, time.Month(3*q.number-2), 1, 0, 0, 0, 0, time.UTC)
}

// before is the quarter that is n quarters earlier.
func (q quarter) before(n int) quarter {
	at := 4*q.year + q.number - 1 - n
	return quarter{at / 4, at%4 + 1}
}

// to is the first moment that is no longer in the quarter.
func (q quarter) to() time.Time { return q.before(-1).from() }
