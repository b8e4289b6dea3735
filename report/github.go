package report

import (
	"fmt"
	"io"
	"strings"
)

// mostAnnotations is how many annotations of each level GitHub shows for a step.
const mostAnnotations = 10

// renderGitHub writes workflow commands, which GitHub Actions makes annotations of, to be printed by a step. The last
// annotation of a level says how many there were no room for.
func renderGitHub(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	return p.annotate(w, append([]issue{{kind: "estate", text: p.summary(a)}}, p.issues(a)...), "infraopt assess")
}

// annotate writes annotations by their gravity; lists is the command that lists all.
func (p *page) annotate(w io.Writer, issues []issue, lists string) error {
	var out strings.Builder
	command := func(level, title, text string) {
		const longest = 1000
		fmt.Fprintf(&out, "::%s title=%s::%s\n", level, propertyEscape.Replace(spaces(cut(title, longest, p.ellipsis))), dataEscape.Replace(spaces(cut(text, longest, p.ellipsis))))
	}
	var byGravity [3][]issue
	for _, x := range issues {
		byGravity[x.gravity] = append(byGravity[x.gravity], x)
	}
	for g := graveError; g >= graveNote; g-- {
		list := byGravity[g]
		level := [...]string{"notice", "warning", "error"}[g]
		shown := list
		if len(list) > mostAnnotations {
			shown = list[:mostAnnotations-1]
		}
		for i := range shown {
			x := &shown[i]
			title, text := "infraopt", x.text
			if x.subject != "" {
				title += ": " + x.subject
			}
			if x.remedy != "" {
				text += "\nWhat to do: " + x.remedy
			}
			command(level, title, text)
		}
		if left := len(list) - len(shown); left > 0 {
			command(level, "infraopt", "and "+p.number(float64(left))+" more: "+lists+" lists them")
		}
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing the annotations: %w", err)
	}
	return nil
}

// The escaping of workflow commands, as the runner undoes it.
var (
	dataEscape     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// spaces makes plain spaces of those that keep numbers and units together on a terminal.
func spaces(s string) string { return strings.ReplaceAll(s, nbsp, " ") }
