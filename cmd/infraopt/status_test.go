package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/collect"
)

func TestStatusOf(t *testing.T) {
	of := func(kind error) error { return fmt.Errorf("x: %w", &collect.Error{Kind: kind, Op: "reading"}) }
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{of(collect.ErrUsage), exitUsage},
		{of(collect.ErrInput), exitUsage},
		{usagef("no"), exitUsage},
		{of(collect.ErrUnavailable), exitIncomplete},
		{of(collect.ErrDenied), exitIncomplete},
		{of(collect.ErrTimeout), exitIncomplete},
		{of(collect.ErrMalformed), exitIncomplete},
		{fmt.Errorf("x: %w", collect.ErrBug), exitFailed},
		{errors.New("disk full"), exitFailed},
		{&shortError{text: "no room"}, exitIncomplete},
		{errInterrupted, exitInterrupted},
		{fmt.Errorf("x: %w", context.Canceled), exitInterrupted},
		{failures{of(collect.ErrDenied), of(collect.ErrInput)}, exitUsage},
		{failures{of(collect.ErrInput), collect.ErrBug}, exitFailed},
		{failures{of(collect.ErrInput), errInterrupted}, exitInterrupted},
	} {
		if got := statusOf(c.err); got != c.want {
			t.Errorf("status of %v: %d, want %d", c.err, got, c.want)
		}
	}
	// Every status that a command can end with has a meaning.
	for _, s := range []int{exitOK, exitGate, exitIncomplete, exitUsage, exitFailed, exitInterrupted} {
		found := false
		for _, m := range meanings() {
			found = found || m.Status == s
		}
		if !found {
			t.Errorf("status %d has no meaning", s)
		}
	}
}

func TestComplain(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("a\x1b[31mred\u202etext\nand more"), "infraopt: a\\x1b[31mred\\u202etext; and more\n"},
		{&usageError{text: "bad", hint: "do this"}, "infraopt: bad\n  do this\n"},
		{failures{errors.New("one"), &collect.Error{Kind: collect.ErrDenied, Op: "reading x", Remedy: "sudo"}},
			"infraopt: one\ninfraopt: reading x: permission denied\n  sudo\n"},
	} {
		var b bytes.Buffer
		complain(&b, c.err)
		if b.String() != c.want {
			t.Errorf("complaint about %v: %q, want %q", c.err, b.String(), c.want)
		}
	}
}
