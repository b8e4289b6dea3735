package inventory

import "time"

// SnapshotSchema names the form of a Snapshot.
const SnapshotSchema = "infraopt.snapshot/v1"

// A Snapshot is what one collection saw, source by source. Nothing in it has been joined or judged.
type Snapshot struct {
	Schema  string        `json:"schema"`
	TakenAt time.Time     `json:"takenAt"` // UTC, whole seconds
	Tool    Tool          `json:"tool"`
	Sources []Observation `json:"sources"`
}

// Tool says which program made a document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// Status is the outcome of reading one target.
type Status string

// The outcomes.
const (
	StatusOK      Status = "ok"      // everything that the source can show as anyone
	StatusPartial Status = "partial" // useful, with gaps
	StatusFailed  Status = "failed"  // nothing useful
)

// An Observation is what one source saw of one target, and how the reading went.
type Observation struct {
	Target     string    `json:"target"` // without any secret
	Scheme     string    `json:"scheme"`
	Status     Status    `json:"status"`
	StartedAt  time.Time `json:"startedAt"` // UTC, whole seconds
	DurationMS int64     `json:"durationMs"`
	Error      string    `json:"error,omitempty"`
	Remedy     string    `json:"remedy,omitempty"` // what would make a failed target readable
	Batch
}

// A Batch is what a collector returns: everything it saw, in lists. References between entities are by ID and
// stay within the batch.
type Batch struct {
	Machines    []Machine    `json:"machines,omitempty"`
	Hypervisors []Hypervisor `json:"hypervisors,omitempty"`
	VMs         []VM         `json:"vms,omitempty"`
	Engines     []Engine     `json:"engines,omitempty"`
	Containers  []Container  `json:"containers,omitempty"`
	Images      []Image      `json:"images,omitempty"`
	Volumes     []Volume     `json:"volumes,omitempty"`
	Workloads   []Workload   `json:"workloads,omitempty"`
	Clusters    []Cluster    `json:"clusters,omitempty"`
	Storage     []Storage    `json:"storage,omitempty"`
	Networks    []Network    `json:"networks,omitempty"`
	Gaps        []Gap        `json:"gaps,omitempty"`
}

// Entities counts everything in the batch but the gaps.
func (b *Batch) Entities() int {
	return len(b.Machines) + len(b.Hypervisors) + len(b.VMs) + len(b.Engines) + len(b.Containers) + len(b.Images) +
		len(b.Volumes) + len(b.Workloads) + len(b.Clusters) + len(b.Storage) + len(b.Networks)
}

// A Gap is something that is known to exist, or likely to, and could not be seen.
type Gap struct {
	Source  string `json:"source"`  // target that met the gap
	Subject string `json:"subject"` // the thing concerned: a machine, socket, file
	What    string `json:"what"`    // the fact that is missing
	Why     string `json:"why"`
	Remedy  string `json:"remedy"` // the command or right that would close it; empty where nothing would
}
