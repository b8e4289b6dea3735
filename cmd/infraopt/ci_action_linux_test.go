package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// eachShell runs a test with each shell that audit.sh may meet.
func eachShell(t *testing.T, test func(t *testing.T, r *runner)) {
	for _, shell := range []string{"dash", "bash"} {
		t.Run(shell, func(t *testing.T) {
			r := newRunner(t, shell)
			r.stub()
			test(t, r)
		})
	}
}

func TestActionSyntax(t *testing.T) {
	for _, shell := range []string{"sh", "dash", "bash"} {
		_, err := exec.LookPath(shell)
		collecttest.Need(t, shell, err)
		collecttest.Must(t, nil, shell, "-n", filepath.Join(ciFolder, "github", "audit.sh"))
	}
}

// TestShellcheck lets a linter of shell read the action's script, and those of the jobs of other systems.
func TestShellcheck(t *testing.T) {
	_, err := exec.LookPath("shellcheck")
	collecttest.Need(t, "shellcheck", err)
	scripts, shells := ciScripts(t), map[string]string{"gitlab": "bash", "azure": "bash", "jenkins": "sh"}
	scripts["action"], shells["action"] = ciFile(t, "github/audit.sh"), "sh"
	for name, shell := range shells {
		cmd := exec.CommandContext(t.Context(), "shellcheck", "--norc", "--shell", shell, "-")
		cmd.Stdin = strings.NewReader(scripts[name])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestActionKeepsStatus holds that the step ends as infraopt does, that all places of the runner are filled, and that a step
// without a result says so.
func TestActionKeepsStatus(t *testing.T) {
	eachShell(t, func(t *testing.T, r *runner) {
		reports := filepath.Join(r.folder, "temp", "infraopt")
		for _, status := range []int{0, 1, 2, 3, 4, 130, 137} {
			got := r.step(nil, fmt.Sprintf("STUB_STATUS=%d", status))
			if got.status != status || got.outputs["status"] != fmt.Sprint(status) {
				t.Errorf("status %d: ends with %d and the output %q\n%s", status, got.status, got.outputs["status"], got.log)
			}
			if got.summary != "# before\n# the summary\n" {
				t.Errorf("status %d: the summary is %q", status, got.summary)
			}
			if want := []string{"::notice title=infraopt::where it stands"}; !slices.Equal(got.commands, want) {
				t.Errorf("status %d: the runner obeys %q, want %q", status, got.commands, want)
			}
			if got.outputs["sarif"] != reports+"/infraopt.sarif" || got.outputs["reports"] != reports {
				t.Errorf("status %d: the outputs are %q", status, got.outputs)
			}

			// The reports of the run before are gone by now.
			want := max(status, 0)
			if status == 0 {
				want = 4 // nothing was written, so nothing was audited
			}
			got = r.step(nil, fmt.Sprintf("STUB_STATUS=%d", status), "STUB_SILENT=1")
			if got.status != want || got.outputs["status"] != fmt.Sprint(want) || got.outputs["sarif"] != "" {
				t.Errorf("status %d without reports: ends with %d and the outputs %q, want %d", status, got.status, got.outputs, want)
			}
			if len(got.commands) != 1 || !strings.HasPrefix(got.commands[0], "::error title=infraopt::") || !strings.Contains(got.commands[0], fmt.Sprintf("exit status %d", want)) {
				t.Errorf("status %d without reports: the runner obeys %q", status, got.commands)
			}
			if !strings.HasPrefix(got.summary, "# before\n**infraopt**: ") {
				t.Errorf("status %d without reports: the summary is %q", status, got.summary)
			}
		}
		if got := r.step(nil, "STUB_STATUS=0", "GITHUB_STEP_SUMMARY=/dev/full"); got.status != 4 {
			t.Errorf("a summary that cannot be written: ends with %d, want 4", got.status)
		}
		if got := r.step(nil, "STUB_STATUS=1", "GITHUB_STEP_SUMMARY=/dev/full"); got.status != 1 {
			t.Errorf("a summary that cannot be written: ends with %d, want 1 as before", got.status)
		}
	})
}

// TestActionTakesInputsAsTheyAre gives the step inputs that are programs to a shell. Each has to arrive as it is.
func TestActionTakesInputsAsTheyAre(t *testing.T) {
	eachShell(t, func(t *testing.T, r *runner) {
		targets := []string{"$(touch pwned)", "`touch pwned`", "; touch pwned", "a b  c.json", `"quoted" 'twice'`, "*", "~", "\\n$HOME", "--out=pwned", "-",
			"${AUDIT_TARGETS}", "LINES", "host:?root=/a&b|c", "&& touch pwned", "snapshots/ü€.json", "'; touch pwned; '", "#no comment", "$((1+1))", "%s%n"}
		got := r.step(map[string]string{
			"targets":  "\n  " + strings.Join(targets, "\r\n\t") + " \n\n",
			"policy":   "a b'\"$(touch pwned)\nLINES\n.yaml",
			"baseline": "git:HEAD:`touch pwned`",
			"flags":    "--min-score=$(touch pwned)\n--assume=a b\n",
			"reports":  filepath.Join(r.folder, "$(touch pwned) it's"),
		}, "STUB_STATUS=0")
		if got.status != 0 {
			t.Fatalf("status %d: %s", got.status, got.log)
		}
		at := slices.Index(got.args, "--")
		if at < 0 || !slices.Equal(got.args[at+1:], targets) {
			t.Errorf("targets: got %q, want %q", got.args, targets)
		}
		for _, want := range []string{"--policy=a b'\"$(touch pwned)\nLINES\n.yaml", "--baseline=git:HEAD:`touch pwned`", "--min-score=$(touch pwned)", "--assume=a b",
			"--out=" + filepath.Join(r.folder, "$(touch pwned) it's", "infraopt.sarif"), "--format=github"} {
			if !slices.Contains(got.args[:at], want) {
				t.Errorf("got %q, want %q among them", got.args, want)
			}
		}
		if got := r.step(nil, "STUB_STATUS=0"); got.args[len(got.args)-1] != "--" {
			t.Errorf("without targets: got %q", got.args)
		}

		for what, inputs := range map[string]map[string]string{
			"a target among the flags":    {"flags": "--complete\nhost:"},
			"no program":                  {"binary": "no such program"},
			"a word of the shell":         {"binary": "end"},
			"a program with arguments":    {"binary": "touch pwned"},
			"a command as the program":    {"binary": "$(touch pwned)"},
			"reports that add an output":  {"reports": "x\nstatus=0"},
			"reports in the way of files": {"reports": filepath.Join(r.folder, "output", "x")},
		} {
			got := r.step(inputs, "STUB_STATUS=0")
			if got.status != 3 || got.outputs["status"] != "3" || len(got.outputs) != 2 || got.args != nil || len(got.commands) != 1 {
				t.Errorf("%s: ends with %d and the outputs %q, commands %q, want 3\n%s", what, got.status, got.outputs, got.commands, got.log)
			}
		}
		err := filepath.WalkDir(r.folder, func(path string, _ os.DirEntry, err error) error {
			if filepath.Base(path) == "pwned" {
				t.Errorf("%s was made", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestActionLogIsNoCommand lets infraopt say what machines would have it say.
func TestActionLogIsNoCommand(t *testing.T) {
	eachShell(t, func(t *testing.T, r *runner) {
		const talk = "infraopt: reading x: ##[add-mask]e\n::set-output name=status::0\n  ::stop-commands::x\n::x::\n::infraopt-::"
		tokens := map[string]bool{}
		for _, env := range [][]string{{"STUB_STATUS=1"}, {"STUB_STATUS=3", "STUB_SILENT=1"}} {
			got := r.step(nil, append(env, "STUB_TALK="+talk)...)
			if len(got.commands) != 1 || !strings.Contains(got.commands[0], "title=infraopt::") || !strings.Contains(got.log, talk) {
				t.Errorf("%v: the runner obeys %q of\n%s", env, got.commands, got.log)
			}
			token, _, _ := strings.Cut(got.log, "\n")
			if tokens[token] || len(token) < len("::stop-commands::")+32 {
				t.Errorf("a token that can be guessed: %q", token)
			}
			tokens[token] = true
		}
	})
}

// TestActionBuilds lets the step build a version, with a stub in the place of Go.
func TestActionBuilds(t *testing.T) {
	eachShell(t, func(t *testing.T, r *runner) {
		if err := os.Rename(filepath.Join(r.folder, "bin", "infraopt"), filepath.Join(r.folder, "infraopt")); err != nil {
			t.Fatal(err)
		}
		r.write("bin/go", `#!/bin/sh
printf '%s|' "$@" "$CGO_ENABLED" "$GOFLAGS" >"${STUB_ARGS%args}go"
[ -z "${STUB_BROKEN:-}" ] || exit 1
cp "${STUB_ARGS%args}infraopt" "$GOBIN/infraopt"
`, 0o755)
		for _, version := range []string{"v1.2.3", "v0.0.0-20261123074100-0123456789ab", "v2.0.0-rc.1+incompatible", "0123456789abcdef0123456789abcdef01234567"} {
			got := r.step(map[string]string{"version": version, "targets": "host:"}, "STUB_STATUS=1", "GOFLAGS=-mod=vendor")
			if want := "install|-trimpath|" + module + "/cmd/infraopt@" + version + "|0||"; r.read("go") != want || got.status != 1 || got.args == nil {
				t.Errorf("%s: status %d, go %q, want %q\n%s", version, got.status, r.read("go"), want, got.log)
			}
		}
		if err := os.Remove(filepath.Join(r.folder, "go")); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"latest", "main", "v1", "v1.2", "1.2.3", "v1.2.3 ; x", "v1.2.3\nv1.2.4", "$(touch pwned)", "0123abc", "../v1.2.3", "deadbeefdeadbeeg"} {
			got := r.step(map[string]string{"version": version}, "STUB_STATUS=0")
			if got.status != 3 || r.read("go") != "" || len(got.commands) != 1 {
				t.Errorf("%q: status %d, go %q, want 3\n%s", version, got.status, r.read("go"), got.log)
			}
		}
		if got := r.step(map[string]string{"version": "v1.2.3"}, "STUB_STATUS=0", "STUB_BROKEN=1"); got.status != 4 {
			t.Errorf("a version that cannot be built: status %d, want 4", got.status)
		}
	})
}

// TestActionCancelled cancels the job as the runner does: SIGINT to the process that it has started, and SIGTERM seconds later.
func TestActionCancelled(t *testing.T) {
	eachShell(t, func(t *testing.T, r *runner) {
		if err := os.Rename(filepath.Join(r.folder, "bin", "infraopt"), filepath.Join(r.folder, "infraopt")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"ready", "told", "go"} {
			if err := syscall.Mkfifo(filepath.Join(r.folder, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r.write("bin/infraopt", `#!/bin/sh
cd "${STUB_ARGS%args}"
told() {
	trap '' TERM
	echo told >told
	cat go
	STUB_STATUS=130 exec ./infraopt "$@"
}
trap 'told "$@"' TERM
echo ready >ready
n=0
while [ $n -lt 600 ]; do sleep 0.1; n=$((n + 1)); done
exit 9
`, 0o755)
		wait := func(name string) {
			if _, err := os.ReadFile(filepath.Join(r.folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, signals := range [][]os.Signal{{syscall.SIGINT}, {syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGTERM}} {
			r.write("summary.md", "", 0o644)
			cmd, log := r.command(nil)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			wait("ready")
			for i, s := range signals {
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					wait("told")
				}
			}
			r.write("go", "", 0o600)
			got := r.result(cmd.Wait(), log.String())
			if got.status != 130 || got.outputs["status"] != "130" || got.summary != "# the summary\n" {
				t.Errorf("%v: ends with %d, the outputs %q and the summary %q, want 130\n%s", signals, got.status, got.outputs, got.summary, got.log)
			}
		}
	})
}
