package linux

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// An op is a way to look at a name.
type op string

const (
	opRead  op = "read"
	opEnd   op = "end" // reading, after the text that was recorded
	opList  op = "list"
	opStat  op = "stat"
	opLink  op = "link"
	opWrite op = "write"
)

// An aside is what a recorded tree holds beside its files, in files of its directory /.infraopt with a line for each
// name. Names come last in a line, and are quoted as in Go where they hold anything unusual.
//
//	denied     NAME: it could not be read, listed or followed for want of rights
//	failed     OP KIND NAME: how else looking at it failed, with the words of failures
//	links      NAME -> TARGET: what a symbolic link says, of processes too, where no link can be made
//	stats      KIND RIGHTS SIZE SECONDS NAME: what it is (f, d, s, p, c, b), octal rights, bytes, when it was changed
//	writable   KIND NAME: whether the user may write to it: yes, or a word of failures
//
// Everything else in the directory is an answer, see [FS.Answer].
type aside struct {
	denied   map[string]bool
	failed   map[string]error // by op and name
	links    map[string]string
	children map[string][]string // of directories, by links
	stats    map[string]fs.FileInfo
	writable map[string]error
}

// asideLimit bounds each file of an aside, in bytes: a machine with 100,000 open files has 10 MiB.
const asideLimit = 256 << 20

// failures are the words for errors that a tree can hold.
var failures = []struct {
	word string
	err  error
}{
	{"denied", fs.ErrPermission},
	{"gone", fs.ErrNotExist},
	{"hung", ErrHung},
	{"asleep", ErrAsleep},
	{"remote", ErrRemote},
	{"large", ErrTooLarge},
	{"format", ErrFormat},
	{"other", errors.New("an error")},
}

// failureOf is the word for an error.
func failureOf(err error) string {
	if Gone(err) {
		return "gone"
	}
	for _, f := range failures {
		if errors.Is(err, f.err) {
			return f.word
		}
	}
	return "other"
}

// failure is the error that a word stands for; nil for none.
func failure(word string) error {
	for _, f := range failures {
		if f.word == word {
			return f.err
		}
	}
	return nil
}

// recorded gives the error that looking at a name had when the tree was recorded.
func (s *session) recorded(o op, name string) error {
	err := s.aside.failed[string(o)+" "+name]
	if err == nil && s.aside.denied[name] && (o == opRead || o == opList || o == opLink) {
		err = fs.ErrPermission
	}
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: string(o), Path: name, Err: err}
}

// Recorded gives the error that reading a name had when the tree was recorded; nil where it had none, and for the
// live tree. It is for those who read by other means than the tree's own.
func (f FS) Recorded(name string) error { return f.s.recorded(opRead, name) }

// readAside reads what a recorded tree holds beside its files. What is not understood says nothing.
func readAside(s *session) aside {
	lines := func(name string) func(yield func(string) bool) {
		text, err := s.readAll(answers+"/"+name, asideLimit)
		return func(yield func(string) bool) {
			if err != nil {
				return
			}
			for line := range bytes.Lines(text) {
				if t := strings.TrimSpace(string(line)); t != "" && !yield(t) {
					return
				}
			}
		}
	}
	a := aside{
		denied: make(map[string]bool), failed: make(map[string]error), links: make(map[string]string), children: make(map[string][]string),
		stats: make(map[string]fs.FileInfo), writable: make(map[string]error),
	}
	for line := range lines("denied") {
		a.denied[unquoted(line)] = true
	}
	for line := range lines("failed") {
		f := strings.SplitN(line, " ", 3)
		if len(f) != 3 {
			continue
		}
		if err := failure(f[1]); err != nil {
			a.failed[f[0]+" "+unquoted(f[2])] = err
		}
	}
	for line := range lines("links") {
		if name, to, ok := cutLink(line); ok {
			a.links[name] = to
			a.children[path.Dir(name)] = append(a.children[path.Dir(name)], path.Base(name))
		}
	}
	for line := range lines("stats") {
		if info, name, ok := parseStat(line); ok {
			a.stats[name] = info
		}
	}
	for line := range lines("writable") {
		word, name, _ := strings.Cut(line, " ")
		if err := failure(word); word == "yes" || err != nil {
			a.writable[unquoted(name)] = err
		}
	}
	return a
}

// quoted writes a name so that it is one line and keeps its blanks.
func quoted(name string) string {
	if name == "" || strings.HasPrefix(name, `"`) || strings.TrimSpace(name) != name || strings.Contains(name, " -> ") ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(name)
	}
	return name
}

func unquoted(text string) string {
	if name, err := strconv.Unquote(text); err == nil && strings.HasPrefix(text, `"`) {
		return name
	}
	return text
}

// cutLink cuts a line of links in two: a quoted name may hold the arrow too.
func cutLink(line string) (name, to string, ok bool) {
	if q, err := strconv.QuotedPrefix(line); err == nil && strings.HasPrefix(line, `"`) {
		to, ok = strings.CutPrefix(line[len(q):], " -> ")
		return unquoted(q), unquoted(to), ok
	}
	name, to, ok = strings.Cut(line, " -> ")
	return name, unquoted(to), ok
}

// A statLine is what was recorded of a file that was not read.
type statLine struct {
	name string
	mode fs.FileMode
	size int64
	time time.Time
}

func (s statLine) Name() string       { return path.Base(s.name) }
func (s statLine) Size() int64        { return s.size }
func (s statLine) Mode() fs.FileMode  { return s.mode }
func (s statLine) ModTime() time.Time { return s.time }
func (s statLine) IsDir() bool        { return s.mode.IsDir() }
func (s statLine) Sys() any           { return nil }

// kinds are the letters for what a file is.
var kinds = map[string]fs.FileMode{
	"f": 0, "d": fs.ModeDir, "s": fs.ModeSocket, "p": fs.ModeNamedPipe, "c": fs.ModeDevice | fs.ModeCharDevice, "b": fs.ModeDevice,
}

// statText writes a line of stats.
func statText(name string, info fs.FileInfo) string {
	kind := "f"
	for k, mode := range kinds {
		if info.Mode().Type() == mode {
			kind = k
		}
	}
	t := info.ModTime()
	seconds := strconv.FormatInt(t.Unix(), 10)
	if n := t.Nanosecond(); n > 0 {
		seconds += fmt.Sprintf(".%09d", n)
	}
	return fmt.Sprintf("%s %o %d %s %s", kind, info.Mode().Perm(), info.Size(), seconds, quoted(name))
}

func parseStat(line string) (info statLine, name string, ok bool) {
	f := strings.SplitN(line, " ", 5)
	if len(f) != 5 {
		return statLine{}, "", false
	}
	kind, known := kinds[f[0]]
	rights, err1 := strconv.ParseUint(f[1], 8, 9)
	size, err2 := strconv.ParseInt(f[2], 10, 64)
	whole, part, _ := strings.Cut(f[3], ".")
	sec, err3 := strconv.ParseInt(whole, 10, 64)
	nano, err4 := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	if !known || errors.Join(err1, err2, err3, err4) != nil {
		return statLine{}, "", false
	}
	name = unquoted(f[4])
	return statLine{name, kind | fs.FileMode(rights), size, time.Unix(sec, nano)}, name, true
}
