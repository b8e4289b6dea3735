package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// A runner is a machine of GitHub Actions, as far as the step of the action sees one.
type runner struct {
	t      *testing.T
	folder string // that everything is in
	work   string // where the step is run
	run    string // of the step
	env    map[string]string
	shell  string // that audit.sh is run by
}

// newRunner copies the action into a repository. The script is run by a shell of our choice: sh is dash in Debian, and bash
// elsewhere.
func newRunner(t *testing.T, shell string) *runner {
	t.Helper()
	for _, program := range []string{"bash", shell} {
		_, err := exec.LookPath(program)
		collecttest.Need(t, program, err)
	}
	r := &runner{t: t, folder: t.TempDir(), env: map[string]string{}, shell: shell}
	r.work = filepath.Join(r.folder, "a repository")
	for _, name := range []string{"temp", "action", "bin", "a repository"} {
		if err := os.Mkdir(filepath.Join(r.folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.write("action/audit.sh", ciFile(t, "github/audit.sh"), 0o644)
	r.write("summary.md", "# before\n", 0o644)
	r.write("output", "", 0o644)
	shellPath, err := exec.LookPath(shell)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(shellPath, filepath.Join(r.folder, "bin", "sh")); err != nil {
		t.Fatal(err)
	}
	var a action
	ciYAML(t, "github/action.yml", &a)
	r.run = a.Runs.Steps[0]["run"].(string)
	inputs := regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)
	for name, value := range a.Runs.Steps[0]["env"].(map[string]any) {
		m := inputs.FindStringSubmatch(value.(string))
		if m == nil {
			t.Fatalf("%s: %s is more than an input", name, value)
		}
		r.env[m[1]] = name
	}
	return r
}

func (r *runner) write(name, text string, rights os.FileMode) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), rights); err != nil {
		r.t.Fatal(err)
	}
}

func (r *runner) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(r.folder, name)) // what is not there is empty
	return string(text)
}

// stub puts a program in the place of infraopt, which notes what it is given, writes the reports it is asked for, and ends
// as STUB_STATUS says.
func (r *runner) stub() {
	r.write("bin/infraopt", `#!/bin/sh
for a; do printf '%s\0' "$a"; done >"$STUB_ARGS"
printf '%s\n' "${STUB_TALK:-}" >&2
[ -n "${STUB_SILENT:-}" ] && exit "$STUB_STATUS"
for a; do
	[ "$a" != -- ] || break
	case $a in
	--out=*.summary.md) printf '# the summary\n' >"${a#--out=}" ;;
	--out=*) printf 'report\n' >"${a#--out=}" ;;
	esac
done
printf '::notice title=infraopt::where it stands\n'
exit "$STUB_STATUS"
`, 0o755)
}

// A stepResult is what a step leaves behind.
type stepResult struct {
	status   int
	log      string
	outputs  map[string]string
	summary  string
	args     []string // of the stub
	commands []string // that the runner obeys
}

// command makes the process that the runner starts for the step. Inputs that are not given are empty.
func (r *runner) command(inputs map[string]string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	r.t.Helper()
	r.write("step.sh", r.run, 0o644)
	cmd := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", filepath.Join(r.folder, "step.sh"))
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(),
		"PATH="+filepath.Join(r.folder, "bin")+":"+os.Getenv("PATH"),
		"RUNNER_TEMP="+filepath.Join(r.folder, "temp"),
		"GITHUB_ACTION_PATH="+filepath.Join(r.folder, "action"),
		"GITHUB_STEP_SUMMARY="+filepath.Join(r.folder, "summary.md"),
		"GITHUB_OUTPUT="+filepath.Join(r.folder, "output"),
		"STUB_ARGS="+filepath.Join(r.folder, "args"))
	unknown := maps.Clone(inputs)
	for input, name := range r.env {
		cmd.Env = append(cmd.Env, name+"="+inputs[input])
		delete(unknown, input)
	}
	if len(unknown) > 0 {
		r.t.Fatalf("the step is not given the inputs %v", unknown)
	}
	cmd.Env = append(cmd.Env, env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	return cmd, &log
}

// step runs the step. The runner's files are as they were before each.
func (r *runner) step(inputs map[string]string, env ...string) stepResult {
	r.t.Helper()
	r.write("summary.md", "# before\n", 0o644)
	r.write("output", "", 0o644)
	_ = os.Remove(filepath.Join(r.folder, "args"))
	cmd, log := r.command(inputs, env...)
	return r.result(cmd.Run(), log.String())
}

func (r *runner) result(err error, log string) stepResult {
	r.t.Helper()
	out := stepResult{log: log, summary: r.read("summary.md"), outputs: map[string]string{}, commands: obeyed(log)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		out.status = exit.ExitCode()
	case err != nil:
		r.t.Fatal(err)
	}
	for line := range strings.Lines(r.read("output")) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			r.t.Errorf("the output has a line %q", line)
		}
		out.outputs[name] = value
	}
	if args := r.read("args"); args != "" {
		out.args = strings.Split(strings.TrimSuffix(args, "\x00"), "\x00")
	}
	return out
}

var (
	commandV2 = regexp.MustCompile(`^\s*::([a-z-]+)[^:]*::(.*)$`)
	commandV1 = regexp.MustCompile(`##\[([a-z-]+)[^\]]*\](.*)$`) // anywhere in a line
)

// obeyed gives the commands that the runner takes a log for, in both of the forms that it knows.
func obeyed(log string) []string {
	var out []string
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if stopped != "" {
			if line == "::"+stopped+"::" {
				stopped = ""
			}
			continue
		}
		m := commandV2.FindStringSubmatch(line)
		if m == nil {
			m = commandV1.FindStringSubmatch(line)
		}
		switch {
		case m == nil:
		case m[1] == "stop-commands":
			stopped = m[2]
		default:
			out = append(out, line)
		}
	}
	if stopped != "" {
		out = append(out, "commands stay stopped")
	}
	return out
}
