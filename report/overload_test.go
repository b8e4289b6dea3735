package report

import (
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score"
)

// What could not be validated is said, also beside what could.
func TestOverload(t *testing.T) {
	o := &score.Overload{Samples: 8000, Above80: .0123, Above100: .00044, Covered: .5, WorstHost: "host-7", Worst: 1.02}
	for name, test := range map[string]struct {
		overload     *score.Overload
		notValidated string
		want, never  string
	}{
		"nothing":  {nil, "2 of 2 hosts: no series", "OVERLOAD RISK: not validated\n\n  2 of 2 hosts: no series", "samples"},
		"all":      {o, "", "1.23\u00a0% above 80\u00a0%", "not validated"},
		"some":     {o, "1 of 3 hosts: no series", "not validated: 1 of 3 hosts: no series", "OVERLOAD RISK: not"},
		"rounding": {o, "", "host-7 at", "0.04"},
		"zero":     {&score.Overload{Samples: 1}, "", "0.00\u00a0% above 100", "-0"},
	} {
		p := newPage(Display{Width: 200})
		if err := p.overload(&score.Assessment{Target: &score.Target{Overload: test.overload, NotValidated: test.notValidated}}); err != nil {
			t.Fatal(err)
		}
		plain := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ") }
		if got := plain(p.out.String()); !strings.Contains(got, plain(test.want)) || strings.Contains(got, test.never) {
			t.Errorf("%s: got %q, want %q in it and not %q", name, got, plain(test.want), test.never)
		}
	}
}
