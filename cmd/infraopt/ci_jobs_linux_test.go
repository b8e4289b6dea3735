package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/report"
)

// policies make the audit of auditedRepository end with each status.
var policies = map[int]string{
	0: "minScore: 1\n",
	1: "minScore: 100\n",
	2: "minCoverage: 1\n",
	3: "minSkore: 1\n",
}

// auditedRepository fills a folder as the examples have it: a snapshot, and a baseline that has all that is in it.
func auditedRepository(t *testing.T, folder string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, "infraopt"), 0o755); err != nil {
		t.Fatal(err)
	}
	snapshot, baseline := filepath.Join(folder, "infraopt", "estate.json.zst"), filepath.Join(folder, "infraopt", "baseline.json")
	for _, args := range [][]string{{"collect", "demo:?machines=4&seed=7&unknown=0.2", "-o", snapshot}, {"audit", snapshot, "--policy=none", "--write-baseline", baseline}} {
		if status, _, talk := call(t, nil, args...); status != 0 {
			t.Fatalf("infraopt %q: status %d: %s", args, status, talk)
		}
	}
}

func setPolicy(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, ".infraopt.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestActionForReal runs the step with infraopt itself.
func TestActionForReal(t *testing.T) {
	for _, shell := range []string{"dash", "bash"} {
		r := newRunner(t, shell)
		auditedRepository(t, r.work)
		name := "infraopt/an estate; with 'signs'.json.zst"
		if err := os.Rename(filepath.Join(r.work, "infraopt", "estate.json.zst"), filepath.Join(r.work, name)); err != nil {
			t.Fatal(err)
		}
		inputs := map[string]string{"targets": name, "baseline": "infraopt/baseline.json", "flags": "--fail-on-new\n--complete\n"}
		for status, policy := range policies {
			setPolicy(t, r.work, policy)
			got := r.step(inputs)
			if got.status != status {
				t.Errorf("%s: ends with %d, want %d\n%s", shell, got.status, status, got.log)
				continue
			}
			levels := map[string]int{}
			for _, c := range got.commands {
				level, _, ok := strings.Cut(strings.TrimPrefix(c, "::"), " title=infraopt")
				if !ok {
					t.Errorf("%s, status %d: the runner obeys %q", shell, status, c)
				}
				levels[level]++
			}
			if status == 3 {
				if levels["error"] != 1 || got.outputs["sarif"] != "" || !strings.Contains(got.log, "did you mean minScore?") {
					t.Errorf("%s, status 3: the runner obeys %q, outputs %q\n%s", shell, got.commands, got.outputs, got.log)
				}
				continue
			}
			if (levels["error"] > 0) != (status == 1) || (levels["warning"] > 0) != (status == 2) || levels["notice"] == 0 {
				t.Errorf("%s, status %d: annotations %v", shell, status, levels)
			}
			if !strings.HasPrefix(got.summary, "# before\n# infraopt audit: ") {
				t.Errorf("%s, status %d: the summary is %q", shell, status, got.summary)
			}
			if status > 0 && !strings.Contains(got.log, "exit status "+got.outputs["status"]) {
				t.Errorf("%s, status %d: the log does not explain it:\n%s", shell, status, got.log)
			}
			for _, name := range []string{"infraopt.json", "infraopt.sarif", "infraopt.junit.xml", "infraopt.summary.md"} {
				if info, err := os.Stat(filepath.Join(got.outputs["reports"], name)); err != nil || info.Size() == 0 {
					t.Errorf("%s, status %d: %s: %v", shell, status, name, err)
				}
			}
		}
		setPolicy(t, r.work, policies[0])
		inputs["flags"] = "--fail-on-new\n--nosuch"
		if got := r.step(inputs); got.status != 3 {
			t.Errorf("%s: an unknown flag: ends with %d, want 3", shell, got.status)
		}
		delete(inputs, "flags")
		inputs["targets"] = "--nosuch"
		if got := r.step(inputs); got.status != 3 || !strings.Contains(got.log, "no such file") {
			t.Errorf("%s: a target that looks like a flag: ends with %d, want 3, as there is no such file\n%s", shell, got.status, got.log)
		}
	}
}

// A job is how another system runs what its file says, and the reports that have to be there afterwards.
type job struct {
	run     []string
	reports []string
}

func jobs(t *testing.T) map[string]job {
	t.Helper()
	scripts := ciScripts(t)
	return map[string]job{
		"gitlab":     {[]string{"bash", "-eo", "pipefail", "-c", scripts["gitlab"]}, []string{"infraopt.json", "infraopt.md", "infraopt.junit.xml", "infraopt.codequality.json"}},
		"jenkins":    {[]string{"sh", "-xec", scripts["jenkins"]}, []string{"infraopt.json", "infraopt.md", "infraopt.junit.xml"}},
		"azure":      {[]string{"bash", "--noprofile", "--norc", "-c", scripts["azure"]}, []string{"infraopt-reports/infraopt.json", "infraopt-reports/infraopt.md", "infraopt-reports/infraopt.junit.xml"}},
		"pre-commit": {strings.Fields(scripts["pre-commit"]), nil},
	}
}

func runJob(t *testing.T, folder string, j job, env ...string) (int, string) {
	t.Helper()
	_, err := exec.LookPath(j.run[0])
	collecttest.Need(t, j.run[0], err)
	cmd := exec.CommandContext(t.Context(), j.run[0], j.run[1:]...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), log.String()
	case err != nil:
		t.Fatal(err)
	}
	return 0, log.String()
}

// TestJobs runs the jobs of the other systems with infraopt itself, in a repository of git.
func TestJobs(t *testing.T) {
	_, err := exec.LookPath("git")
	collecttest.Need(t, "git", err)
	for name, j := range jobs(t) {
		folder := t.TempDir()
		auditedRepository(t, folder)
		for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"}} {
			collecttest.Must(t, nil, append([]string{"git", "-C", folder}, args...)...)
		}
		for _, status := range slices.Sorted(maps.Keys(policies)) {
			setPolicy(t, folder, policies[status])
			got, log := runJob(t, folder, j)
			if got != status {
				t.Errorf("%s: ends with %d, want %d\n%s", name, got, status, log)
			}
			if strings.Contains(log, "\x1b") {
				t.Errorf("%s: colours in %q", name, log)
			}
			for _, file := range j.reports {
				text, _ := os.ReadFile(filepath.Join(folder, file))
				if (len(text) > 0) != (status < 3) && name != "gitlab" { // which has a clean checkout each time
					t.Errorf("%s, status %d: %s has %d bytes", name, status, file, len(text))
				}
			}
		}
		if err := os.Remove(filepath.Join(folder, "infraopt", "estate.json.zst")); err != nil {
			t.Fatal(err)
		}
		setPolicy(t, folder, policies[0])
		if got, log := runJob(t, folder, j); got != 3 {
			t.Errorf("%s: without a snapshot: ends with %d, want 3\n%s", name, got, log)
		}
	}
}

// TestAzureLogIsNoCommand lets infraopt say what machines would have it say to the agent, which looks for commands anywhere.
func TestAzureLogIsNoCommand(t *testing.T) {
	folder := t.TempDir()
	stub := "#!/bin/sh\nmkdir -p infraopt-reports\necho x >infraopt-reports/infraopt.md\necho 'a ##vso[task.setvariable variable=x]y ###vso[a.b]' >&2\necho '##vso[task.complete]'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(folder, "infraopt"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	status, log := runJob(t, folder, jobs(t)["azure"], "PATH="+folder+":"+os.Getenv("PATH"))
	commands := regexp.MustCompile(`##vso\[[^\n]*`).FindAllString(log, -1)
	if status != 1 || len(commands) != 1 || !strings.HasPrefix(commands[0], "##vso[task.uploadsummary]/") || !strings.Contains(log, "variable=x") {
		t.Errorf("status %d, the agent obeys %q of\n%s", status, commands, log)
	}
}

// TestOtherSystems looks at what is beside the script of a job: what it keeps has to be what the audit wrote.
func TestOtherSystems(t *testing.T) {
	scripts := ciScripts(t)
	written := func(where, file string) bool {
		for _, words := range ciCommands(scripts[where]) {
			for i, w := range words[1:] {
				if words[i] == "--out" && w == file {
					return true
				}
			}
		}
		return false
	}
	var lab map[string]struct {
		Stage     string
		Artifacts struct {
			When    string
			Paths   []string
			Reports map[string]string
		}
	}
	ciYAML(t, "gitlab/infraopt.gitlab-ci.yml", &lab)
	a := lab["infraopt-audit"].Artifacts
	for kind, format := range map[string]string{"junit": "junit", "codequality": "gitlab-codequality"} {
		f, err := report.ForFile(report.AuditFormats(), a.Reports[kind])
		if err != nil || f.Name != format || !written("gitlab", a.Reports[kind]) {
			t.Errorf("gitlab: the report %s is %q, which is written as %q (%v)", kind, a.Reports[kind], f.Name, err)
		}
	}
	for _, file := range a.Paths {
		if !written("gitlab", file) {
			t.Errorf("gitlab keeps %s, which is not written", file)
		}
	}
	if a.When != "always" || len(lab) != 1 || len(a.Reports) != 2 {
		t.Errorf("gitlab: %+v", lab)
	}

	var azure struct {
		Steps []struct {
			Task      string
			Condition string
			Inputs    map[string]any
			Publish   string
		}
	}
	ciYAML(t, "azure/azure-pipelines.yml", &azure)
	tasks := 0
	for _, s := range azure.Steps {
		if s.Task != "" {
			tasks++
			file, _ := s.Inputs["testResultsFiles"].(string)
			if s.Task != "PublishTestResults@2" || s.Condition != "succeededOrFailed()" || s.Inputs["failTaskOnFailedTests"] != false || !written("azure", file) {
				t.Errorf("azure: %+v", s)
			}
		}
	}
	if tasks != 1 {
		t.Errorf("azure: %d tasks", tasks)
	}

	text := ciFile(t, "jenkins/Jenkinsfile")
	for _, m := range regexp.MustCompile(`(?:testResults|artifacts): '([^']+)'`).FindAllStringSubmatch(text, -1) {
		for file := range strings.SplitSeq(m[1], ",") {
			if !written("jenkins", file) {
				t.Errorf("jenkins keeps %s, which is not written", file)
			}
		}
	}
	depth := 0
	for _, r := range text {
		switch r {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		}
	}
	if depth != 0 || strings.Count(text, "'''") != 2 {
		t.Errorf("jenkins: brackets or quotes are left open")
	}

	var hooks struct {
		Repos []struct {
			Repo  string
			Hooks []map[string]any
		}
	}
	ciYAML(t, "pre-commit-config.yaml", &hooks)
	for _, r := range hooks.Repos {
		for _, h := range r.Hooks {
			files, err := regexp.Compile(h["files"].(string))
			if err != nil || !files.MatchString("infraopt/estate.json.zst") || !files.MatchString(".infraopt.yaml") || files.MatchString("x.infraopt.yaml") {
				t.Errorf("pre-commit: files %q: %v", h["files"], err)
			}
			if r.Repo != "local" || h["id"] == nil || h["name"] == nil || h["language"] != "system" || h["pass_filenames"] != false {
				t.Errorf("pre-commit: %v", h)
			}
		}
	}
}

// TestCIReadmePolicies asks infraopt for each policy that the guide shows.
func TestCIReadmePolicies(t *testing.T) {
	folder := t.TempDir()
	auditedRepository(t, folder)
	blocks := strings.Split(ciFile(t, "README.md"), "```yaml\n")[1:]
	if len(blocks) == 0 {
		t.Error("there is none")
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		var doc map[string]any
		if err := yaml.Unmarshal([]byte(block), &doc); err != nil {
			t.Fatal(err)
		}
		setPolicy(t, folder, block)
		status, _, talk := call(t, nil, "audit", filepath.Join(folder, "infraopt", "estate.json.zst"), "--policy", filepath.Join(folder, ".infraopt.yaml"))
		if status > exitIncomplete {
			t.Errorf("status %d: %s\n%s", status, talk, block)
		}
	}
}
