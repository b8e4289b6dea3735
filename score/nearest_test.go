package score

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"assess", "collect", "explain", "doctor", "sources", "schema", "version"}
	for name, want := range map[string]string{
		"asess": "assess", "asses": "assess", "colect": "collect", "docotr": "doctor", "VERSION": "version", "exp": "explain", "xyzzy": "", "": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("nearest to %q: %q, want %q", name, got, want)
		}
	}
	if a, b := distance("doctor", "docotr"), distance("docotr", "doctor"); a != 1 || b != 1 {
		t.Errorf("distance of swapped letters: %d and %d, want 1", a, b)
	}
	if got := Nearest(strings.Repeat("x", 1<<20), known); got != "" {
		t.Errorf("nearest to a megabyte: %q", got)
	}
}
