package main

import (
	"context"
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A policy can be a pipe, and waiting for somebody to write to it can be interrupted.
func TestPolicyThatNobodyWrites(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "policy.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--policy", "--waivers"} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if status := run(ctx, []string{"audit", "demo:?machines=1", flag, pipe}, stdio{io.Discard, io.Discard, func(string) string { return "" }}); status != exitInterrupted {
			t.Errorf("%s: status %d, want %d", flag, status, exitInterrupted)
		}
		cancel()
	}
}
