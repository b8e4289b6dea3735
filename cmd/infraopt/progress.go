package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// patience is how long something may take before people want to know that it goes on.
const patience = time.Second

// A progress is one line on the terminal that says what is waited for. It appears after a second and is gone when
// the work is done. Where talk does not go to a terminal, it says nothing.
type progress struct {
	doing string
	total int
	out   io.Writer // nil where nothing shall be shown
	width int
	begin time.Time

	mu      sync.Mutex
	waiting []string // targets that are being read
	done    int

	end, ended chan struct{}
}

// progress starts a line for some work, of so many targets or of none.
func (p *program) progress(doing string, total int) *progress {
	b := &progress{doing: doing, total: total, begin: time.Now(), end: make(chan struct{}), ended: make(chan struct{})}
	fd, tty := terminal(p.std.err)
	if !tty || p.quiet || p.std.getenv("CI") != "" || !p.escapes() {
		close(b.ended)
		return b
	}
	b.out, b.width = p.std.err, 80
	if w, _, err := term.GetSize(fd); err == nil && w > 0 {
		b.width = w
	}
	go b.show() // ends with stop
	return b
}

// target is told when the reading of a target starts and when it ends.
func (b *progress) target(name string, done bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !done {
		b.waiting = append(b.waiting, name)
		return
	}
	b.done++
	if i := slices.Index(b.waiting, name); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
}

// stop takes the line away. It is called once.
func (b *progress) stop() {
	close(b.end)
	<-b.ended
}

func (b *progress) show() {
	defer close(b.ended)
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-b.end:
		return
	case <-wait.C:
	}
	tick := time.NewTicker(time.Second / 5)
	defer tick.Stop()
	const clear = "\r\x1b[K"
	for {
		say(b.out, "%s%s", clear, b.line(time.Since(b.begin)))
		select {
		case <-b.end:
			say(b.out, clear)
			return
		case <-tick.C:
		}
	}
}

// line says what goes on, in less than the width of the terminal: a line that wraps cannot be cleared.
func (b *progress) line(since time.Duration) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.doing
	if b.total > 0 {
		s += fmt.Sprintf(" %d of %d", min(b.done+1, b.total), b.total)
	}
	s += fmt.Sprintf(" (%d s)", int(since.Seconds()))
	if len(b.waiting) > 0 {
		s += ": " + strings.Join(b.waiting, ", ")
	}
	if r := []rune(printable(s, false)); len(r) >= b.width {
		return string(r[:max(0, b.width-4)]) + "..."
	}
	return printable(s, false)
}
