//go:build !linux

package collecttest

import (
	"os"
	"testing"
)

// AsNobody makes sure that the test is run by a user without rights.
func AsNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root is denied nothing")
	}
	return true
}
