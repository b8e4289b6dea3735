package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/all"
	"github.com/infraopt/infraopt/collect/host"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan"
)

var update = flag.Bool("update", false, "write what is generated instead of comparing it")

// TestGenerated holds that schemas, documentation and the tables of the README say what the code says.
// "go generate ./..." writes them.
func TestGenerated(t *testing.T) {
	files, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	files["docs/commands.md"] = commandsPage()
	sum, err := codeSum("../../score")
	if err != nil {
		t.Fatal(err)
	}
	files["score/indicators/code.sum"] = sum
	sections, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range []string{"README.md", "docs/method.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = marked.ReplaceAllStringFunc(string(text), func(old string) string {
			section := marked.FindStringSubmatch(old)[1]
			body, ok := sections[section]
			if !ok {
				t.Errorf("%s: nothing is generated under the name %q", name, section)
				return old
			}
			used[section] = true
			return fmt.Sprintf("<!-- generated: %s -->\n\n%s\n<!-- end -->", section, body)
		})
	}
	for section := range sections {
		if !used[section] {
			t.Errorf("no document has a place for the section %q", section)
		}
	}
	for name, want := range files {
		path := filepath.Join("../..", name)
		have, err := os.ReadFile(path)
		if err == nil && string(have) == want {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the code says: run make generate", name)
		} else if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// marked is a section of a document that is written by this test.
var marked = regexp.MustCompile(`(?s)<!-- generated: ([a-z-]+) -->.*?<!-- end -->`)

// tables makes the sections of documents, by name.
func tables() (map[string]string, error) {
	m, err := indicators.Default()
	if err != nil {
		return nil, err
	}
	capture, err := capturedSession()
	if err != nil {
		return nil, err
	}
	p := &program{sources: all.Sources()}
	var sources, formats, commands, statuses [][]string
	for _, s := range p.sources {
		sources = append(sources, []string{"`" + s.Scheme + ":`", s.Summary, s.Privileges, "`" + s.Example + "`"})
	}
	for _, f := range report.Formats() {
		ends := "none: `--format " + f.Name + "`"
		if f.Extension != "" {
			ends = "`" + f.Extension + "`"
		}
		formats = append(formats, []string{"`" + f.Name + "`", f.Summary, ends})
	}
	for _, c := range p.rootCommand().Commands() {
		if c.IsAvailableCommand() {
			commands = append(commands, []string{"`" + strings.ReplaceAll(c.Use, "|", " \\| ") + "`", c.Short})
		}
	}
	for _, x := range meanings() {
		statuses = append(statuses, []string{fmt.Sprint(x.Status), x.Text})
	}
	return map[string]string{
		"capture":    capture,
		"sources":    table([]string{"source", "what it shows", "what it needs", "example"}, sources),
		"formats":    table([]string{"format", "what for", "file name ends in"}, formats),
		"commands":   table([]string{"command", "what it does"}, commands),
		"status":     table([]string{"status", "meaning"}, statuses),
		"pillars":    pillarTable(m),
		"indicators": indicatorPages(m),
		"levels":     levelTable(m),
		"components": componentTable(m),
		"thresholds": thresholdTable(m),
		"actions":    actionTable(),
		"readiness":  readinessTable(),
	}, nil
}

// capturedSession shows the program at work, on an estate that is the same for everybody.
func capturedSession() (string, error) {
	args := []string{"assess", "demo:?machines=12&seed=1", "--now", "2026-01-01T08:00:00Z", "--top", "3"}
	var out, talk bytes.Buffer
	if status := run(context.Background(), args, stdio{&out, &talk, func(string) string { return "" }}); status != exitOK {
		return "", fmt.Errorf("infraopt %q ended with status %d: %s", args, status, talk.String())
	}
	return "```\n$ infraopt assess 'demo:?machines=12&seed=1' --now 2026-01-01T08:00:00Z --top 3\n" + out.String() + "```\n", nil
}

func readinessTable() string {
	var rows [][]string
	for _, k := range host.ReadinessFindings {
		var severities []string
		for _, s := range k.Severities {
			severities = append(severities, string(s))
		}
		rows = append(rows, []string{"`" + k.ID + "`", strings.Join(severities, ", "), k.Meaning})
	}
	return table([]string{"finding", "severity", "meaning"}, rows)
}

func pillarTable(m *score.Model) string {
	var rows [][]string
	for _, p := range m.Pillars {
		rows = append(rows, []string{"`" + p.ID + "`", points(100 * p.Weight), p.Question})
	}
	return table([]string{"pillar", "points", "question"}, rows)
}

func indicatorPages(m *score.Model) string {
	var b strings.Builder
	for _, p := range m.Pillars {
		for i := range m.Indicators {
			x := &m.Indicators[i].Definition
			if of, _ := x.Pillar(); of != p.ID {
				continue
			}
			fmt.Fprintf(&b, "### `%s`\n\n**%s** %s\n\nMeasured: %s\n\n", x.ID, words(x.Question), words(x.Why), words(x.Measured))
			fmt.Fprintf(&b, "Weight: %s of the pillar, %s points of the score.", percent(x.Weight), points(100*p.Weight*x.Weight))
			if len(x.References) > 0 {
				fmt.Fprintf(&b, " Reference: %s.", words(strings.Join(x.References, "; ")))
			}
			b.WriteString("\n\n")
			var rows [][]string
			for _, s := range x.Ladder {
				rows = append(rows, []string{step(s.Value), "`" + s.ID + "`", s.Text})
			}
			if len(rows) > 0 {
				b.WriteString(table([]string{"value", "step", "what it is"}, rows) + "\n")
			}
		}
	}
	return b.String()
}

func levelTable(m *score.Model) string {
	rows := [][]string{{"0 " + unassessed, unassessedText, "–"}}
	for _, l := range m.Levels {
		rows = append(rows, []string{fmt.Sprintf("%d %s", l.Number, l.Name), l.Text, strings.Join(gates(l), "; ")})
	}
	return table([]string{"level", "what it is", "what it takes, on the low end"}, rows)
}

func componentTable(m *score.Model) string {
	var rows [][]string
	for class, weight := range m.Components {
		rows = append(rows, []string{"`" + class + "`", fmt.Sprint(weight)})
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return table([]string{"component", "weight"}, rows)
}

// thresholdTable lists the thresholds and the numbers of the idle rules with what they mean.
func thresholdTable(m *score.Model) string {
	meanings := indicators.Meanings()
	var rows [][]string
	for _, p := range score.Leaves(m.Parts()) {
		if text, ok := meanings[p.Path]; ok {
			rows = append(rows, []string{"`" + p.Path + "`", shown(&p), p.Want(), text})
		}
	}
	return table([]string{"number", "value", "may be", "meaning"}, rows)
}

func actionTable() string {
	var rows [][]string
	for _, a := range plan.Definitions() {
		undo := "no"
		if a.Reversible {
			undo = "yes"
		}
		rows = append(rows, []string{"`" + a.ID + "`", a.Title, a.Why, a.Effort, a.Risk, undo})
	}
	return table([]string{"action", "what to do", "why", "effort", "risk", "can be undone"}, rows)
}

// words escapes what Markdown would take for emphasis or a tag.
func words(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`).Replace(s)
}

// table writes a table in Markdown.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	b.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, r := range rows {
		cells := slices.Clone(r)
		for i := range cells {
			if !strings.Contains(cells[i], `\|`) {
				cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
			}
		}
		line(cells)
	}
	return b.String()
}

// commandsPage describes every command as its help does.
func commandsPage() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nThis is what `infraopt help COMMAND` says, written by `make generate`.\n")
	root := (&program{sources: all.Sources()}).rootCommand()
	var describe func(c *cobra.Command)
	describe = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		text := c.Long
		if text == "" {
			text = c.Short
		}
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n\n%s```\n", c.CommandPath(), strings.TrimSpace(text), c.UsageString())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				describe(sub)
			}
		}
	}
	describe(root)
	return b.String()
}

// codeSum is a hash over the sources of the arithmetic and of the actions: what decides a result beside the numbers of
// the model. Comments, layout and the names and order of files are left out; directives, such as what is embedded, count.
func codeSum(root string) (string, error) {
	var sums []string
	for _, pattern := range []string{"*.go", "indicators/*.go", "plan/*.go", "plan/*/*.go"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			sums = append(sums, tokenSum(text))
		}
	}
	slices.Sort(sums)
	return fmt.Sprintf("%x\n", sha256.Sum256([]byte(strings.Join(sums, "\n")))), nil
}

// tokenSum is a hash over the tokens of a Go source: what the compiler sees of it, whatever version prints it.
func tokenSum(text []byte) string {
	h := sha256.New()
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), text, nil, scanner.ScanComments)
	var end token.Token // of a statement or element, written or meant by the end of a line; before a bracket it is nothing
	for {
		_, tok, lit := s.Scan()
		if tok == token.COMMENT && !strings.HasPrefix(lit, "//go:") {
			continue
		}
		if end != token.ILLEGAL && tok != token.RBRACE && tok != token.RPAREN {
			fmt.Fprintln(h, end)
		}
		switch end = token.ILLEGAL; tok {
		case token.EOF:
			return fmt.Sprintf("%x", h.Sum(nil))
		case token.SEMICOLON, token.COMMA:
			end = tok
		default:
			fmt.Fprintf(h, "%v %q\n", tok, lit)
		}
	}
}

// The hash over the code changes with what it does, and with nothing else.
func TestTokenSum(t *testing.T) {
	sum := tokenSum([]byte("package x\n\nfunc f() int { return 1 + 2 }\n"))
	for text, same := range map[string]bool{
		"// Package x.\npackage x\n\n// f adds.\nfunc f() int {\n\treturn 1+2 // three\n}\n": true,
		"package x\n\nfunc f() int { return 1 + 3 }\n":                                       false,
		"package x\n\nfunc f() int { return 1 - 2 }\n":                                       false,
		"package x\n\n//go:embed y\nfunc f() int { return 1 + 2 }\n":                         false,
	} {
		if got := tokenSum([]byte(text)) == sum; got != same {
			t.Errorf("%q: the same hash: %v, want %v", text, got, same)
		}
	}
}
