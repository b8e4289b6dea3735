package demo

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A cause is why a fact cannot be read, and what would reveal it.
type cause struct{ why, remedy string }

var (
	forRoot     = cause{"permission denied", "run as root"}
	noStats     = cause{"the guest reports no memory statistics", "virsh dommemstat DOMAIN --period 10 --live --config"}
	notTold     = cause{"the domain's description does not say", "run infraopt collect in the virtual machine"}
	notAnswered = cause{"the engine did not answer in time", "raise --timeout, or see why the engine does not answer"}
	noAgent     = cause{"no trace of a tool was readable", "run as root, or declare how the machine is managed"}
	noInspect   = cause{"the engine did not show the container's details", "docker inspect CONTAINER"}
	noSocket    = cause{"dial unix /run/docker.sock: permission denied", "run as root, or add the user to the group docker: usermod -aG docker USER"}
	noRole      = cause{`pods is forbidden: the user cannot list the resource "pods"`, "kubectl create clusterrolebinding infraopt --clusterrole=view --user=USER"}
)

// lose forgets a reading with the probability that the query asks for. Whatever that is, the same dice are thrown: a
// fact that is lost at one share is lost at every higher one.
func lose[T any](h *host, r *inventory.Reading[T], what string, c cause) {
	if !h.lost.share(h.query.unknown) || r.IsUnknown() {
		return
	}
	r.Forget(c.why, c.remedy)
	for i := range h.missed {
		if m := &h.missed[i]; m.cause == c {
			if !slices.Contains(m.what, what) {
				m.what = append(m.what, what)
			}
			return
		}
	}
	h.missed = append(h.missed, missed{c, []string{what}})
}

// missed are facts that one cause hides.
type missed struct {
	cause
	what []string
}

// emit ends an observation: what was lost since the last one becomes its gaps.
func (h *host) emit(o inventory.Observation, subject string) {
	o.StartedAt, o.Status = base, inventory.StatusOK
	for _, m := range h.missed {
		o.Gaps = append(o.Gaps, inventory.Gap{Source: o.Target, Subject: subject, What: strings.Join(m.what, ", "), Why: m.why, Remedy: m.remedy})
		o.Status = inventory.StatusPartial
	}
	slices.SortFunc(o.Gaps, func(a, b inventory.Gap) int { return strings.Compare(a.What, b.What) })
	h.missed = h.missed[:0]
	h.seen = append(h.seen, o)
}
