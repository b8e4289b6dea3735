package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestPlainLocale(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "en_GB.UTF-8"}, false},
		{map[string]string{"LANG": "C.utf8"}, false},
		{map[string]string{"LANG": "C"}, true},
		{map[string]string{"LANG": "POSIX"}, true},
		{map[string]string{"LANG": "de_DE.ISO-8859-1"}, true},
		{map[string]string{"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, true},
		{map[string]string{"LC_ALL": "en_GB.UTF-8", "LC_CTYPE": "C"}, false},
		{map[string]string{"LC_CTYPE": "C", "LANG": "en_GB.UTF-8"}, true},
	} {
		p := &program{std: stdio{io.Discard, io.Discard, func(name string) string { return c.env[name] }}}
		if got := p.plainLocale(); got != c.want {
			t.Errorf("locale %v is plain: %v, want %v", c.env, got, c.want)
		}
		d := p.display()
		if d.Color || d.Width != 0 {
			t.Errorf("what is no terminal has colour %v and width %d", d.Color, d.Width)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 7, "one two|three"},
		{"  one\n two ", 80, "one two"},
		{"sudo /a/very/long/path x", 6, "sudo|/a/very/long/path|x"},
		{"ä ö ü", 3, "ä ö|ü"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("wrap %q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	b := &progress{doing: "reading", total: 3, width: 40}
	b.target("host:", false)
	b.target("docker:unix:///run/\x1b.sock", false)
	b.target("host:", true)
	got := b.line(2500 * time.Millisecond)
	if want := "reading 2 of 3 (2 s): docker:unix://..."; got != want {
		t.Errorf("progress: %q, want %q", got, want)
	}
	if len(got) >= 41 {
		t.Errorf("progress takes %d columns of %d", len(got), b.width)
	}
	// Talk that goes nowhere is not spoken, and ending it does not wait.
	p := &program{std: stdio{io.Discard, io.Discard, func(string) string { return "" }}}
	quiet := p.progress("reading", 1)
	quiet.target("host:", false)
	quiet.stop()
}
