package main

import (
	"strconv"
	"time"
)

// clock gives the time: the one that was passed in, by flag or by the convention of reproducible builds
// (https://reproducible-builds.org/specs/source-date-epoch/), or else the system's. It is in UTC and whole seconds.
func (p *program) clock(flag string) (func() time.Time, error) {
	fixed := func(t time.Time) func() time.Time {
		t = t.UTC().Truncate(time.Second)
		return func() time.Time { return t }
	}
	if flag != "" {
		t, err := time.Parse(time.RFC3339, flag)
		if err != nil {
			return nil, usagef("--now %q: want a time as in 2026-11-23T07:41:00Z", flag)
		}
		return fixed(t), nil
	}
	if epoch := p.std.getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		s, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || s < 0 || s > 253402300799 { // the end of the year 9999, and of RFC 3339
			return nil, usagef("SOURCE_DATE_EPOCH=%q: want seconds since 1970", epoch)
		}
		return fixed(time.Unix(s, 0)), nil
	}
	return func() time.Time { return time.Now().UTC().Truncate(time.Second) }, nil
}
