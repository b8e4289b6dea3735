package score

// Target is the estate that the roadmap ends in, with what it brings beside the score. Everything in it was found by
// applying all steps and assessing the result.
type Target struct {
	Score                 Bounds       `json:"score"`
	Level                 int          `json:"level"`
	LevelName             string       `json:"levelName"`
	Components            Bounds       `json:"components"`
	ComponentsPerWorkload Bounds       `json:"componentsPerWorkload"`
	Stacks                []StackClass `json:"stacks"` // on the roadmap's basis
	Hosts                 HostPlan     `json:"hosts"`  // of all pools
	Pools                 []PoolPlan   `json:"pools"`
	Machines              []HostAssign `json:"machines"` // every host of today: what becomes of it
	Moves                 []Move       `json:"moves"`
	Outcomes              *Outcomes    `json:"outcomes"` // against the estate of today
	KPIs                  *KPIs        `json:"kpis"`
	Overload              *Overload    `json:"overload"`               // null where no series could be replayed
	NotValidated          string       `json:"notValidated,omitempty"` // hosts on which none could be, and why; the overload says nothing of them
}

// HostPlan is a number of hosts: as they are, as planned, and what no plan can do without. All of them count spares.
type HostPlan struct {
	Now       int     `json:"now"`
	Plan      int     `json:"plan"`
	Bound     int     `json:"bound"`     // no plan under the same constraints needs fewer
	BoundKind string  `json:"boundKind"` // what proves it
	Spares    int     `json:"spares"`    // of Plan, kept for the loss of others
	Gap       float64 `json:"gap"`       // (plan − bound) / bound
}

// PoolPlan is the plan of the hosts of one zone that could carry the same things.
type PoolPlan struct {
	Zone string `json:"zone"`
	Pool string `json:"pool"` // the hypervisors and container engines that its hosts have in common; empty where nothing needs any
	HostPlan
	Withheld string `json:"withheld,omitempty"` // why its hosts are no fewer
}

// HostAssign says what becomes of a host.
type HostAssign struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Zone string `json:"zone"`
	Pool string `json:"pool"`
	// Fate is keep, spare (on, and empty for the loss of others), or retire (evacuated and switched off).
	Fate   string `json:"fate"`
	Reason string `json:"reason,omitempty"` // kind of reason for which a host cannot be emptied
	Why    string `json:"why,omitempty"`    // and the reason itself
}

// The fates of hosts.
const (
	FateKeep   = "keep"
	FateSpare  = "spare"
	FateRetire = "retire"
)

// Move is one thing that goes from one host to another.
type Move struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Class string `json:"class"` // vm, container
	From  string `json:"from"`  // IDs of machines
	To    string `json:"to"`
	Zone  string `json:"zone"`
}

// Outcomes are what a change brings beside the score, and never inside it. Each is an interval, as what it rests on is
// not fully known.
type Outcomes struct {
	EnergyKWh *Change `json:"energyKWh"` // a year
	CarbonKg  *Change `json:"carbonKg"`  // CO2 equivalent of that energy, a year
	Cost      *Change `json:"cost"`      // a year, in the currency of the price book; null without one
	Currency  string  `json:"currency,omitempty"`
	// MemoryFreed is what the operating systems of guests that go away leave to others, in bytes.
	MemoryFreed Bounds   `json:"memoryFreed"`
	Basis       []Ground `json:"basis"`
	Notes       []string `json:"notes"` // what widens the intervals
}

// Change is a quantity before and after, and what is saved: not the difference of the ends, as what is not known is the
// same on both sides.
type Change struct {
	Before Bounds `json:"before"`
	After  Bounds `json:"after"`
	Saved  Bounds `json:"saved"`
}

// Ground is a number that an outcome rests on: its source, and whether it is a default that nobody confirmed.
type Ground struct {
	Name    string `json:"name"`
	Value   Bounds `json:"value"`
	Unit    string `json:"unit"`
	Source  string `json:"source"`
	Default bool   `json:"default"`
}

// KPIs compare an estate with others. They are in no score.
type KPIs struct {
	// Utilisation is the mean share of the processors of servers at work, each server counted by its processors, from the
	// counters since each was started (after ISO/IEC 30134-5, ITEUsv).
	Utilisation     Bounds `json:"utilisation"`
	ContainersPerOS Ratio  `json:"containersPerOS"` // running application containers, by running operating systems
	VMsPerHost      Ratio  `json:"vmsPerHost"`      // running virtual machines, by hosts with a hypervisor
	VCPUsPerCore    Ratio  `json:"vcpusPerCore"`    // virtual CPUs of those, by cores of those, threads counted once
}

// A Ratio is a number of things for each of others, as far as both could be counted. Where nothing bounds it High is null,
// and where there is nothing to divide by both are.
type Ratio struct {
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// Overload says how often the hosts of a plan would have been too full, found by replaying utilisation series over it.
type Overload struct {
	Samples   int     `json:"samples"`   // points in time of all hosts together
	Above80   float64 `json:"above80"`   // share of samples with more than 80 % of the CPU in use
	Above100  float64 `json:"above100"`  // and with more than there is
	Memory100 float64 `json:"memory100"` // and with more memory in use than there is
	Covered   float64 `json:"covered"`   // share of what the plan places for which there are series; the rest is taken at its planned size
	WorstHost string  `json:"worstHost"`
	Worst     float64 `json:"worst"` // highest share of the CPU of one host that was in use
}

// Wave is what of a roadmap can be done by some time with the effort that there is.
type Wave struct {
	ID         string  `json:"id"`                // now, quarter, year
	Budget     float64 `json:"budget"`            // effort points from the beginning to its end
	Effort     float64 `json:"effort"`            // of that, what its steps take
	Steps      int     `json:"steps"`             // of the roadmap that are complete by its end
	Partial    string  `json:"partial,omitempty"` // ID of the step that is under way at its end
	Done       int     `json:"done,omitempty"`    // subjects of it that are done
	Of         int     `json:"of,omitempty"`
	Score      Bounds  `json:"score"` // at its end, assessed
	Level      int     `json:"level"`
	Components float64 `json:"components"`
}
