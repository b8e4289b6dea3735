package main

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/infraopt/infraopt/report"
)

// terminal gives the file descriptor behind a writer, where that is a terminal.
func terminal(w io.Writer) (fd int, ok bool) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// display says what standard output can show. None of it changes a number.
func (p *program) display() report.Display {
	fd, tty := terminal(p.std.out)
	d := report.Display{ASCII: p.ascii || p.plainLocale()}
	if n, err := strconv.Atoi(p.std.getenv("COLUMNS")); err == nil && n > 0 {
		d.Width = n
	} else if tty {
		if w, _, err := term.GetSize(fd); err == nil {
			d.Width = w
		}
	}
	d.Color = tty && !p.noColor && p.std.getenv("NO_COLOR") == "" && p.escapes()
	return d
}

// escapes tells whether the terminal understands escape codes.
func (p *program) escapes() bool {
	switch p.std.getenv("TERM") {
	case "dumb":
		return false
	case "":
		return runtime.GOOS == "windows" && p.std.getenv("WT_SESSION") != ""
	}
	return true
}

// plainLocale tells whether the locale says that characters outside ASCII would not be shown. Where no locale is
// set, as in many containers and CI jobs, that says nothing.
func (p *program) plainLocale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := p.std.getenv(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return false
}

// sheet is an empty page for standard output.
func (p *program) sheet() *sheet {
	d := p.display()
	if d.Width == 0 {
		d.Width = 80
	}
	return &sheet{width: min(max(d.Width, 40), 100), ascii: d.ASCII}
}

// print writes what a command found to standard output.
func (p *program) print(text string) error {
	_, err := io.WriteString(p.std.out, text)
	return err
}
