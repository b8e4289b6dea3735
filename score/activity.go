package score

import (
	"math"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Activity says whether work is used.
type Activity int

// The activities.
const (
	ActivityUnknown Activity = iota
	Active
	Idle
)

// String names the activity.
func (a Activity) String() string { return [...]string{"unknown", "active", "idle"}[a] }

// IdleRules are named rules by which a utilisation series shows idleness. They disagree: of the same 279 virtual
// machines they call 10 to 52 % idle. So one is chosen, and where only another one matches, it is not known.
type IdleRules struct {
	Rule    string      `json:"rule" model:"strict|default|broad"` // the one that counts: strict, default or broad
	Strict  StrictIdle  `json:"strict"`
	Default DefaultIdle `json:"default"`
	Broad   BroadIdle   `json:"broad"`
}

// StrictIdle asks for a low peak and little traffic.
type StrictIdle struct {
	PeakShare    float64 `json:"peakShare" model:"0..1"`       // of the allocated cores, below
	NetworkBytes float64 `json:"networkBytes" model:"0..1e15"` // a day, in and out, below
}

// DefaultIdle asks for low use most of the time: CPU for 97 % of the samples, traffic for 95 %.
type DefaultIdle struct {
	Cores         float64 `json:"cores" model:"0..1024"`         // below
	ReceivedBytes float64 `json:"receivedBytes" model:"0..1e15"` // a second, below
	SentBytes     float64 `json:"sentBytes" model:"0..1e15"`     // a second, below
}

// BroadIdle asks for low CPU use for 90 % of the samples, and for nothing else.
type BroadIdle struct {
	MHz float64 `json:"mhz" model:"0..1000000"` // below
}

// truth is the answer to a question of which the facts may be missing.
type truth int

const (
	maybe truth = iota
	yes
	no
)

// and is yes if every answer is, and no if any is.
func and(answers ...truth) truth {
	out := yes
	for _, a := range answers {
		switch a {
		case no:
			return no
		case maybe:
			out = maybe
		}
	}
	return out
}

// activity judges replicas together: Active and Idle need positive evidence. Cumulative counters decide where they
// can. Only where they are all there and do not, a utilisation series does, and only where that is all there too, or
// known not to be kept, connections of clients do: if a missing fact were passed over for a weaker one, losing it could
// decide what was open. Only use of replicas that are known to run speaks for activity.
func (s *Stack) activity(replicas []*Work) Activity {
	a, runs := s.counted(replicas)
	if a == ActivityUnknown && runs && s.opt.RunningIsActive {
		return Active
	}
	return a
}

func (s *Stack) counted(replicas []*Work) (a Activity, runs bool) {
	th := &s.model.Thresholds
	var all, sure struct{ cpu, network float64 } // of all replicas, and of those that are known to run
	running := surelyRunning(replicas)
	var most float64
	networkKnown, aged, answered := true, true, true
	for _, x := range replicas {
		n, ok := networkPerDay(x.usage)
		all.cpu, all.network, most = all.cpu+x.cpu.lo, all.network+n, most+x.cpu.hi
		networkKnown = networkKnown && ok
		if x.surelyRuns() {
			sure.cpu, sure.network = sure.cpu+x.cpu.lo, sure.network+n
		}
		age, ok := x.usage.Age.Get()
		aged = aged && ok && float64(age) >= th.IdleDays*float64(inventory.Day)
		answered = answered && !x.usage.CPUSeconds.IsUnknown() && !x.usage.Network.IsUnknown() && !x.usage.Age.IsUnknown()
	}
	runs = len(running) > 0
	switch {
	case sure.cpu >= th.ActiveCores || sure.network >= th.ActiveNetworkBytes:
		return Active, runs
	case aged && networkKnown && most < th.ActiveCores && all.network < th.ActiveNetworkBytes:
		return Idle, runs
	case !answered, all.cpu >= th.ActiveCores, all.network >= th.ActiveNetworkBytes: // in use, if it runs
		return ActivityUnknown, runs
	}
	strict, normal, broad := s.idleBySeries(replicas)
	if s.ruled(strict, normal, broad) == yes {
		// Without one that may not run, the share of the others may be another: then each has to be idle by itself.
		for _, x := range replicas {
			if len(running) < len(replicas) && s.ruled(s.idleBySeries([]*Work{x})) != yes {
				return ActivityUnknown, runs
			}
		}
		return Idle, runs
	}
	settled := strict != maybe && normal != maybe && broad != maybe
	// Replicas that may not run may have no part in what the sums show.
	if len(running) < len(replicas) {
		strict, normal, broad = s.idleBySeries(running)
	}
	if runs && strict == no && normal == no && broad == no {
		return Active, runs
	}
	// Here, too, a replica that may not run has to be left out of what decides; then something else may.
	if len(running) == len(replicas) && connected(replicas) && (settled || s.noSeries(replicas)) {
		return Active, runs
	}
	return ActivityUnknown, runs
}

// countersShowUse reports whether the counters of replicas that are known to run show that they are in use, whatever others
// there may be.
func (s *Stack) countersShowUse(replicas []*Work) bool {
	cpu, network := 0.0, 0.0
	for _, x := range surelyRunning(replicas) {
		n, _ := networkPerDay(x.usage)
		cpu, network = cpu+x.cpu.lo, network+n
	}
	return cpu >= s.model.Thresholds.ActiveCores || network >= s.model.Thresholds.ActiveNetworkBytes
}

// ruled is the answer of the rule that counts.
func (s *Stack) ruled(strict, normal, broad truth) truth {
	switch s.model.Idle.Rule {
	case "strict":
		return strict
	case "broad":
		return broad
	default:
		return normal
	}
}

// connected reports whether another machine holds a connection to any of the replicas.
func connected(replicas []*Work) bool {
	for _, x := range replicas {
		if x.usage.Clients.Or(0) > 0 {
			return true
		}
	}
	return false
}

// noSeries reports whether replicas are known to have no series, together, by which the rules of idleness could judge:
// one of them has none, or one that is too short.
func (s *Stack) noSeries(replicas []*Work) bool {
	for _, x := range replicas {
		days, known := x.demand.Days.Get()
		if known && days < s.model.Thresholds.SeriesDays || !known && !x.demand.Days.IsUnknown() {
			return true
		}
	}
	return false
}

// idleBySeries puts the series of replicas, summed, to the rules. Sums of percentiles are never less than the
// percentiles of the sum would be, so a workload does not become idle by being split.
func (s *Stack) idleBySeries(replicas []*Work) (strict, normal, broad truth) {
	var peak, p97, p90, rx, tx, network, alloc, slow total
	for _, x := range replicas {
		d := x.demand
		if days, ok := d.Days.Get(); !ok || days < s.model.Thresholds.SeriesDays {
			return maybe, maybe, maybe
		}
		peak.add(d.CPUMax.Get())
		p97.add(d.CPUP97.Get())
		p90.add(d.CPUP90.Get())
		rx.addBytes(d.ReceivedP95)
		tx.addBytes(d.SentP95)
		network.addBytes(d.NetworkDay)
		alloc.add(x.capCPU, x.allocated())
		mhz, ok := x.Place.Host().Machine.MHz.Get()
		slow.add(s.model.Idle.Broad.MHz/math.Max(mhz, 1), ok && mhz > 0)
	}
	rules := &s.model.Idle
	cores := rules.Strict.PeakShare * alloc.sum
	strict = and(peak.and(alloc).below(cores), network.below(rules.Strict.NetworkBytes))
	normal = and(p97.below(rules.Default.Cores), rx.below(rules.Default.ReceivedBytes), tx.below(rules.Default.SentBytes))
	broad = p90.and(slow).below(slow.sum / math.Max(1, float64(len(replicas))))
	return strict, normal, broad
}

// A total is a sum of what may not be known.
type total struct {
	sum     float64
	unknown bool
}

func (t *total) add(v float64, known bool) {
	t.sum += v
	t.unknown = t.unknown || !known
}

func (t *total) addBytes(r inventory.Reading[inventory.Bytes]) {
	v, ok := r.Get()
	t.add(float64(v), ok)
}

// and is t where u is known too.
func (t total) and(u total) total { return total{t.sum, t.unknown || u.unknown} }

// below says whether a total is less than a limit; without the total, nobody knows.
func (t total) below(limit float64) truth {
	switch {
	case t.unknown:
		return maybe
	case t.sum < limit:
		return yes
	default:
		return no
	}
}

// allocated reports whether the number of cores that the work may use is known: its own limit, and that of
// everything below it.
func (x *Work) allocated() bool {
	if x.Container != nil && x.Container.CPULimit.IsUnknown() {
		return false
	}
	for p := x.Place; p != nil; p = p.Below {
		if p.Node != nil && !p.Node.Machine.Cores.IsKnown() || p.VM != nil && !p.VM.VCPUs.IsKnown() {
			return false
		}
	}
	return true
}

// networkPerDay is a lower bound of the bytes a day, and whether it is exact.
func networkPerDay(u *inventory.Usage) (perDay float64, known bool) {
	n, ok := u.Network.Get()
	age, ok2 := u.Age.Get()
	if !ok || !ok2 || age < 0 {
		return 0, false
	}
	return float64(n) / math.Max(1, float64(age/inventory.Day)), true
}
