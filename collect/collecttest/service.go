package collecttest

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Name makes a name for something that a test creates in a real service: other tests do so at the same time, and
// whoever cleans up by hand must see where it came from.
func Name(what string) string {
	return "infraopt-test-" + strings.ToLower(rand.Text()[:8]) + "-" + what
}

// Try runs a command that asks a service for something. Where it fails the service is not usable: the test is
// skipped or fails, as Need says.
func Try(t testing.TB, service string, command ...string) string {
	t.Helper()
	out, err := run(nil, command)
	Need(t, service, err)
	return out
}

// Must runs a command and fails the test where that fails. It returns what the command wrote, without blank space
// around it.
func Must(t testing.TB, stdin []byte, command ...string) string {
	t.Helper()
	out, err := run(stdin, command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Finally runs a command when the test ends. It is for cleaning up, so that it fails is only noted.
func Finally(t testing.TB, command ...string) {
	t.Cleanup(func() {
		if _, err := run(nil, command); err != nil {
			t.Logf("cleaning up: %v", err)
		}
	})
}

func run(stdin []byte, command []string) (string, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// Image is a tar archive for "docker import -": an image that holds nothing but a statically linked busybox.
func Image(t testing.TB) []byte {
	t.Helper()
	path, err := exec.LookPath("busybox")
	Need(t, "busybox", err)
	program, err := os.ReadFile(path)
	Need(t, "busybox", err)
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	for _, err := range []error{
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "bin/", Mode: 0o755}),
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))}),
		write(w, program),
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return text.Bytes()
}

func write(w *tar.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}
