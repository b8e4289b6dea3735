package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/infraopt/infraopt/collect"
)

// The exit statuses. They are part of the interface: scripts and CI jobs decide by them.
const (
	exitOK          = 0   // done; every gate passed
	exitGate        = 1   // done; an audit gate failed
	exitIncomplete  = 2   // a named target could not be read, or every target failed
	exitUsage       = 3   // wrong usage, configuration or input file
	exitFailed      = 4   // the program itself failed
	exitInterrupted = 130 // SIGINT or SIGTERM; what was finished is kept
)

// A meaning says what an exit status tells.
type meaning struct {
	Status int
	Text   string
}

// meanings lists the exit statuses for help and documentation.
func meanings() []meaning {
	return []meaning{
		{exitOK, "done; parts of this host that could not be read are listed in the report"},
		{exitGate, "done, and an audit gate failed"},
		{exitIncomplete, "incomplete: a target that was named could not be read, or none could, an audit gate is unknown (such as coverage below its gate), or hosts do not suffice for what is to be packed; the rest is reported"},
		{exitUsage, "wrong usage, or an input file that is missing or not what it should be (a policy, or a baseline that cannot be compared with); other targets are still reported"},
		{exitFailed, "the program itself failed"},
		{exitInterrupted, "interrupted; what was read until then is reported"},
	}
}

// statusOf maps the error of a command to the exit status. Nothing else decides one.
func statusOf(err error) int {
	is := func(kinds ...error) bool {
		for _, k := range kinds {
			if errors.Is(err, k) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		return exitOK
	case is(errInterrupted, context.Canceled):
		return exitInterrupted
	case is(collect.ErrBug):
		return exitFailed
	case is(collect.ErrUsage, collect.ErrInput):
		return exitUsage
	case is(collect.ErrUnavailable, collect.ErrDenied, collect.ErrTimeout, collect.ErrMalformed, errShort, errGateUnknown):
		return exitIncomplete
	case is(errGateFailed):
		return exitGate
	default:
		return exitFailed
	}
}

// errInterrupted is the error of a command that was told to stop.
var errInterrupted = errors.New("interrupted: the rest was not read")

// A usageError says what is wrong with what the user wrote, and what was expected.
type usageError struct {
	text string
	hint string // what to do about it, may be empty
}

func (e *usageError) Error() string { return e.text }
func (e *usageError) Unwrap() error { return collect.ErrUsage }

func usagef(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

// failures are several errors that are told one by one.
type failures []error

func (f failures) Error() string   { return errors.Join(f...).Error() }
func (f failures) Unwrap() []error { return f }

// complain tells people about an error: what happened, and below it what to do about it.
func complain(w io.Writer, err error) {
	if err == nil {
		return
	}
	if list, ok := err.(failures); ok { //nolint:errorlint // a list inside another error is that error's business
		for _, e := range list {
			complain(w, e)
		}
		return
	}
	remedy := collect.RemedyOf(err)
	var usage *usageError
	if errors.As(err, &usage) {
		remedy = usage.hint
	}
	var gate *gateError
	if errors.As(err, &gate) {
		remedy = gate.remedy
	}
	var short *shortError
	if errors.As(err, &short) {
		remedy = short.remedy
	}
	say(w, "infraopt: %s\n", printable(err.Error(), errors.Is(err, collect.ErrBug)))
	if remedy != "" {
		say(w, "  %s\n", printable(remedy, false))
	}
}

// say talks to people. Where they cannot be reached, there is nobody to tell that either.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// printable escapes what could steer a terminal: errors quote what other programs answered.
func printable(s string, lines bool) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) || lines && (r == '\n' || r == '\t') {
			b.WriteRune(r)
			continue
		}
		switch {
		case r == '\n':
			b.WriteString(`; `)
		case r == '\t':
			b.WriteByte(' ')
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
