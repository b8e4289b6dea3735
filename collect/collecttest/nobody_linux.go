package collecttest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Nobody is the user that AsNobody changes to.
const Nobody = 65534

// AsNobody makes sure that the test is run by a user without rights. Where root runs it, the test is run once more,
// in a process of that user's, and AsNobody returns false here; the test then has nothing left to do.
func AsNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	var pattern []string
	for _, part := range strings.Split(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	// By its path nobody could not reach the binary: the folder that go test makes is closed to others.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run="+strings.Join(pattern, "/"), "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: Nobody, Gid: Nobody}}
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case err != nil:
		t.Errorf("as nobody: %v\n%s", err, text)
	case strings.Contains(text, "--- SKIP: "+t.Name()):
		t.Skipf("as nobody:\n%s", text)
	case !strings.Contains(text, "--- PASS: "+t.Name()):
		t.Errorf("as nobody the test did not run:\n%s", text)
	}
	return false
}
