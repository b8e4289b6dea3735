package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// TestHistoryWithoutRights lets somebody without rights at a history of root's.
func TestHistoryWithoutRights(t *testing.T) {
	if os.Geteuid() != 0 {
		collecttest.Need(t, "root", errors.New("only root can be two users"))
	}
	program := ownProgram(t)
	folder := filepath.Dir(program)
	private, readable, fixed := filepath.Join(folder, "private.db"), filepath.Join(folder, "readable.db"), filepath.Join(folder, "fixed.db")
	for _, file := range []string{private, readable, fixed} {
		if status, _, talk := call(t, nil, "history", "add", "demo:?machines=2", "--history="+file); status != exitOK {
			t.Fatal(talk)
		}
	}
	if err := errors.Join(os.Chmod(readable, 0o644), os.Chmod(fixed, 0o666)); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{private: "permission denied", readable: "permission denied", fixed: "the file or its folder may not be written to",
		filepath.Join(folder, "new.db"): "permission denied"} {
		cmd := exec.CommandContext(t.Context(), program, "history", "add", "demo:?machines=3", "--history", file)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: collecttest.Nobody, Gid: collecttest.Nobody}}
		text, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(text), want) || !strings.Contains(string(text), "\n  run as a user who may write") {
			t.Errorf("%s: %v, %s, want status %d and %q", filepath.Base(file), err, text, exitUsage, want)
		}
	}
}
