package plan

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A Pattern names things by name or ID, in whatever case: *, ? and [a-z] match as in file names.
type Pattern string

// Want says for a message what a pattern has to be.
func (Pattern) Want() string {
	return "a name or pattern such as web-*, in quotes where it looks like something else"
}

// UnmarshalText takes a pattern that can match something.
func (p *Pattern) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "" {
		return errors.New("is empty: want a name or a pattern such as web-*")
	}
	if _, err := path.Match(string(text), ""); err != nil {
		return fmt.Errorf("%q: want a name or a pattern as of file names, such as web-*; here a bracket is not closed, or a backslash is last", text)
	}
	*p = Pattern(text)
	return nil
}

// meta are the characters that make a pattern of a name.
const meta = `*?[\`

// matches reports whether the pattern matches any of some names in lower case.
func (p Pattern) matches(lower []string) bool {
	text := strings.ToLower(string(p))
	for _, n := range lower {
		if ok, err := path.Match(text, n); ok && err == nil {
			return true
		}
	}
	return false
}

// A matcher finds which of many patterns match a name. Exact names are looked up; patterns are tried in turn, where the
// name begins as they do.
type matcher struct {
	exact map[string][]int
	wild  []wildcard
	count int
}

type wildcard struct {
	begin, text string
	number      int
}

// add takes a pattern and gives it the next number.
func (m *matcher) add(p Pattern) {
	number := m.count
	m.count++
	text := strings.ToLower(string(p))
	if i := strings.IndexAny(text, meta); i >= 0 {
		m.wild = append(m.wild, wildcard{text[:i], text, number})
		return
	}
	if m.exact == nil {
		m.exact = map[string][]int{}
	}
	m.exact[text] = append(m.exact[text], number)
}

// find calls f with the number of every pattern that matches any of the names, in no particular order, and perhaps more
// than once.
func (m *matcher) find(names []string, f func(number int)) {
	for _, n := range names {
		n = strings.ToLower(n)
		for _, number := range m.exact[n] {
			f(number)
		}
		for i := range m.wild {
			w := &m.wild[i]
			if !strings.HasPrefix(n, w.begin) {
				continue
			}
			if ok, err := path.Match(w.text, n); ok && err == nil {
				f(w.number)
			}
		}
	}
}

// MachineNames are what patterns may call a machine.
func MachineNames(m *inventory.Machine) []string { return called(m.ID, m.Name) }

// VMNames are what patterns may call a virtual machine: as its hypervisor does, or as it calls itself.
func VMNames(v *inventory.GuestVM) []string {
	out := called(v.ID, v.Name)
	if v.Guest != nil {
		out = append(out, MachineNames(&v.Guest.Machine)...)
	}
	return out
}

// ContainerNames are what patterns may call a container.
func ContainerNames(c *inventory.Container) []string {
	out := called(c.ID, c.Name)
	const shown = 12 // of an ID, as engines show it
	if len(c.ID) > shown {
		out = append(out, c.ID[:shown])
	}
	return out
}

// WorkloadNames are what patterns may call a service or a group of processes.
func WorkloadNames(w *inventory.Workload) []string {
	out := []string{w.Name, w.ID}
	if w.Unit != "" && w.Unit != w.Name {
		out = append(out, w.Unit)
	}
	return out
}

func called(id string, name inventory.Reading[string]) []string {
	if n, ok := name.Get(); ok && n != id {
		return []string{n, id}
	}
	return []string{id}
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// nearest ends a message about a pattern that matches nothing: with the name that was meant, as far as anybody can tell.
// Of many names only those are compared that have nearly the same letters.
func nearest(p Pattern, known []string) string {
	text := strings.ToLower(string(p))
	most := max(1, len(text)/3)
	var like []string
	for _, k := range known {
		if l := strings.ToLower(k); strings.HasPrefix(l, text) || unlike(text, l) <= most {
			like = append(like, k)
		}
	}
	if near := score.Nearest(text, like); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}

// unlike is how many letters one text has at least that the other has not: no fewer steps turn one into the other.
func unlike(a, b string) int {
	var count [256]int
	for i := range len(a) {
		count[a[i]]++
	}
	for i := range len(b) {
		count[b[i]]--
	}
	more, less := 0, 0
	for _, n := range count {
		if n > 0 {
			more += n
		} else {
			less -= n
		}
	}
	return max(more, less)
}
