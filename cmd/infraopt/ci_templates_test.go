package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rhysd/actionlint"

	"github.com/infraopt/infraopt/collect/all"
	"github.com/infraopt/infraopt/report"
)

const ciFolder = "../../docs/ci"

// ciFile reads a file that people copy into their repositories.
func ciFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(ciFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ciYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(ciFile(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// ciFiles calls a function with every file below docs/ci.
func ciFiles(t *testing.T, each func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(ciFolder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(ciFolder, path)
		if err == nil {
			name = filepath.ToSlash(name)
			each(name, ciFile(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hostName is a name with a domain of the internet's own, as far as these files could have one.
var hostName = regexp.MustCompile(`\b[a-z0-9.-]+\.(com|org|io|net|dev|cloud)\b`)

// TestCIFiles holds what is true of every file: YAML is YAML, nothing is fetched and run unseen, and no host is named but
// the one of examples, and those that belong to a name.
func TestCIFiles(t *testing.T) {
	ciFiles(t, func(name, text string) {
		switch filepath.Ext(name) {
		case ".yml", ".yaml":
			var doc any
			ciYAML(t, name, &doc)
		}
		if strings.Contains(text, "\r") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: want lines that end with a line feed, the last one, too", name)
		}
		for _, word := range []string{"curl", "wget", "eval ", "@latest", ":latest", "@main", "@master"} {
			if strings.Contains(text, word) {
				t.Errorf("%s: has %q", name, word)
			}
		}
		for _, h := range hostName.FindAllString(text, -1) {
			if h != "registry.example.com" && h != "github.com" {
				t.Errorf("%s: names the host %s", name, h)
			}
		}
		for _, s := range strings.Split(text, "github.com")[1:] {
			if !strings.HasPrefix(s, "/infraopt/infraopt") {
				t.Errorf("%s: names github.com%.30s", name, s)
			}
		}
	})
}

// An action is what is looked at of action.yml.
type action struct {
	Inputs map[string]struct {
		Description string
		Default     *string
		Required    bool
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []map[string]any
	}
}

// TestGitHubFiles lays the files out as a repository that has copied them, and lints them. The linter takes no look at the
// steps of an action; as those of a job it does.
func TestGitHubFiles(t *testing.T) {
	var a action
	ciYAML(t, "github/action.yml", &a)
	if a.Runs.Using != "composite" {
		t.Errorf("the action runs by %q", a.Runs.Using)
	}
	inputs := map[string]any{}
	for name, x := range a.Inputs {
		if x.Description == "" {
			t.Errorf("the input %s is not described", name)
		}
		inputs[name] = map[string]any{"type": "string"}
	}
	for i, s := range a.Runs.Steps {
		if s["run"] != nil && s["shell"] == nil {
			t.Errorf("step %d of the action has no shell", i+1)
		}
	}
	asJob := map[string]any{
		"on":   map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "steps": a.Runs.Steps}},
	}
	text, err := yaml.Marshal(asJob)
	if err != nil {
		t.Fatal(err)
	}
	repo := map[string]string{
		".github/workflows/infraopt.yml":      ciFile(t, "github/workflow.yml"),
		".github/workflows/action.yml":        string(text),
		".github/actions/infraopt/action.yml": ciFile(t, "github/action.yml"),
		".github/actionlint.yaml":             "self-hosted-runner:\n  labels: [estate]\n",
		".git/HEAD":                           "ref: refs/heads/main\n",
	}
	if mistakes := lint(t, repo); len(mistakes) > 0 {
		t.Errorf("the linter says: %s", strings.Join(mistakes, "\n"))
	}
	// It has to see the action that the workflow calls, and what is in the steps.
	for _, x := range []struct{ file, old, new, want string }{
		{".github/workflows/infraopt.yml", "baseline:", "baselin:", `input "baselin" is not defined in action`},
		{".github/workflows/action.yml", "inputs.targets", "inputs.nosuch", `property "nosuch" is not defined`},
		{".github/workflows/action.yml", "steps.audit.outputs", "steps.audi.outputs", `property "audi" is not defined`},
	} {
		broken := maps.Clone(repo)
		broken[x.file] = strings.Replace(broken[x.file], x.old, x.new, 1)
		if mistakes := strings.Join(lint(t, broken), "\n"); !strings.Contains(mistakes, x.want) {
			t.Errorf("with %q for %q the linter says %q, want %q", x.new, x.old, mistakes, x.want)
		}
	}
}

// lint says what is wrong with the workflows of a repository.
func lint(t *testing.T, repo map[string]string) []string {
	t.Helper()
	root := t.TempDir()
	for name, text := range repo {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	project, err := actionlint.NewProject(root)
	if err != nil {
		t.Fatal(err)
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{WorkingDir: root})
	if err != nil {
		t.Fatal(err)
	}
	mistakes, err := linter.LintDir(filepath.Join(root, ".github", "workflows"), project)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range mistakes {
		out = append(out, m.Error())
	}
	return out
}

// TestNoInputInScripts holds that what others may choose, such as the name of a branch, is never part of a script's text.
func TestNoInputInScripts(t *testing.T) {
	for _, name := range []string{"github/action.yml", "github/workflow.yml"} {
		var doc any
		ciYAML(t, name, &doc)
		scripts := 0
		walk(doc, func(key string, value any) {
			if text, ok := value.(string); ok && key == "run" {
				scripts++
				if strings.Contains(text, "${{") {
					t.Errorf("%s: an expression in the script %q", name, text)
				}
			}
		})
		if name == "github/action.yml" && scripts == 0 {
			t.Errorf("%s has no script", name)
		}
	}
}

func walk(doc any, each func(key string, value any)) {
	switch x := doc.(type) {
	case map[string]any:
		for k, v := range x {
			each(k, v)
			walk(v, each)
		}
	case []any:
		for _, v := range x {
			walk(v, each)
		}
	}
}

// ciScripts are the pieces of shell in the files, by where they are.
func ciScripts(t *testing.T) map[string]string {
	t.Helper()
	var lab map[string]struct{ Script []string }
	ciYAML(t, "gitlab/infraopt.gitlab-ci.yml", &lab)
	var azure struct{ Steps []struct{ Bash string } }
	ciYAML(t, "azure/azure-pipelines.yml", &azure)
	var hooks struct {
		Repos []struct{ Hooks []struct{ Entry string } }
	}
	ciYAML(t, "pre-commit-config.yaml", &hooks)
	out := map[string]string{
		"gitlab":     strings.Join(lab["infraopt-audit"].Script, "\n"),
		"jenkins":    between(ciFile(t, "jenkins/Jenkinsfile"), "script: '''", "'''"),
		"pre-commit": hooks.Repos[0].Hooks[0].Entry,
		"readme":     strings.Join(fenced(ciFile(t, "README.md")), "\n"),
	}
	for _, s := range azure.Steps {
		out["azure"] += s.Bash
	}
	return out
}

func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

// fenced are the blocks of shell in a Markdown text.
func fenced(text string) []string {
	var out []string
	for _, block := range strings.Split(text, "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		out = append(out, block)
	}
	return out
}

// callOfInfraopt finds the calls of infraopt at the beginning of lines; in an image it goes by the name of the image.
var callOfInfraopt = regexp.MustCompile(`^(?:exec |podman run .*registry\.example\.com/infraopt:\S+ |)(?:infraopt )?(.*)$`)

func ciCommands(script string) [][]string {
	var out [][]string
	for _, line := range strings.Split(strings.ReplaceAll(script, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if !strings.Contains(line, "infraopt ") && !strings.Contains(line, "infraopt:") || !callOfInfraopt.MatchString(line) {
			continue
		}
		if !strings.HasPrefix(line, "infraopt ") && !strings.HasPrefix(line, "exec infraopt ") && !strings.HasPrefix(line, "podman run ") {
			continue
		}
		var words []string
		for _, w := range strings.Fields(callOfInfraopt.FindStringSubmatch(line)[1]) {
			if strings.HasPrefix(w, ">") || strings.HasPrefix(w, "2>") || strings.HasPrefix(w, "|") || w == "#" || w == "&&" {
				break
			}
			words = append(words, strings.Trim(w, `"'`))
		}
		out = append(out, words)
	}
	return out
}

// TestCICommands holds that infraopt knows every command and flag that the files use, and every format that they ask for.
func TestCICommands(t *testing.T) {
	if err := checkCommand([]string{"audit", "--no-such-flag"}); err == nil {
		t.Error("a flag that there is not is taken")
	}
	if err := checkCommand([]string{"audit", "--out", "report.nosuch"}); err == nil {
		t.Error("a file without a format is taken")
	}
	for where, script := range ciScripts(t) {
		commands := ciCommands(script)
		if len(commands) == 0 {
			t.Errorf("%s: no command of infraopt in %q", where, script)
		}
		for _, words := range commands {
			if err := checkCommand(words); err != nil {
				t.Errorf("%s: infraopt %s: %v", where, strings.Join(words, " "), err)
			}
		}
	}
}

func checkCommand(words []string) error {
	p := &program{sources: all.Sources(), std: stdio{io.Discard, io.Discard, func(string) string { return "" }}}
	cmd, rest, err := p.rootCommand().Find(words)
	if err != nil {
		return err
	}
	if !cmd.HasParent() {
		return fmt.Errorf("no command in %q", words)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.Name() != "audit" {
		return nil
	}
	formats := report.AuditFormats()
	if name, _ := cmd.Flags().GetString("format"); cmd.Flags().Changed("format") {
		if _, err := report.Lookup(formats, name); err != nil {
			return err
		}
	}
	names, err := cmd.Flags().GetStringArray("out")
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := report.ForFile(formats, name); err != nil {
			return err
		}
	}
	return nil
}

// TestCIReadme holds that the guide names every file and every exit status.
func TestCIReadme(t *testing.T) {
	text := ciFile(t, "README.md")
	ciFiles(t, func(name, _ string) {
		if name != "README.md" && !strings.Contains(text, "("+name+")") {
			t.Errorf("README.md has no link to %s", name)
		}
	})
	for _, m := range meanings() {
		if !strings.Contains(text, fmt.Sprintf("\n| %d | ", m.Status)) {
			t.Errorf("README.md does not say what becomes of exit status %d", m.Status)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(ciFolder, link[1])); err != nil {
			t.Errorf("README.md: %v", err)
		}
	}
	for _, block := range fenced(text) {
		if strings.Contains(block, "\t") || slices.Contains(strings.Fields(block), "sudo") {
			t.Errorf("README.md: %q", block)
		}
	}
}
