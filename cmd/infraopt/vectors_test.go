package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Vectors of what neighbouring tools get wrong that are about the command line; the others stand in packages of score.

// Every target of a batch is out of reach: that is never status 0.
func TestV13EveryTargetUnreachable(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.sock")
	for _, command := range []string{"audit", "assess", "plan", "collect"} {
		status, _, talk := call(t, nil, command, "docker:unix://"+gone, "docker:unix://"+gone+"2")
		if status != exitIncomplete || !strings.Contains(talk, gone) {
			t.Errorf("%s: status %d, want %d: %s", command, status, exitIncomplete, talk)
		}
	}
}

// An unknown flag is never status 0.
func TestV14UnknownFlag(t *testing.T) {
	for _, command := range []string{"audit", "assess", "plan", "collect", "report", "history list"} {
		args := append(strings.Fields(command), "--no-such-flag")
		if status, _, talk := call(t, nil, args...); status != exitUsage || !strings.Contains(talk, "no-such-flag") {
			t.Errorf("%s: status %d, want %d: %s", command, status, exitUsage, talk)
		}
	}
}
