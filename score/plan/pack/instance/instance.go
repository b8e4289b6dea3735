// Package instance holds the vocabulary of packing: what is to be packed, into what, how it was done, and what proves
// that it cannot be done with less. It is data that the packer and the independent checker share; neither shares any code.
package instance

// An Instance asks for the least number of hosts that carry all items. All hosts and items are of one zone: instances of
// several zones are independent of each other.
type Instance struct {
	Dimensions []string // what sizes and capacities are measured in, "cpu (mCPU)", "memory (MiB)", …
	Items      []Item
	Types      []HostType
	Apart      [][]int // groups of items, by their index, of which no two may share a host
	Spares     int     // hosts kept for the loss of any so many; BySize for one for every twenty, at least one
	// HostsPerSpare is how many hosts of the bound have one spare where Spares is BySize.
	HostsPerSpare int
}

// BySize stands for a number of spares that follows from the bound of the hosts.
const BySize = -1

// An Item is one thing that runs on one host and cannot be divided.
type Item struct {
	Name string
	Size []int64 // by dimension, ≥ 0
	// Allow lists the types of host, by their index, that may carry it; nil for all. What is pinned to one host has a type
	// of one host for itself.
	Allow []int
	At    Ref // where it runs now; Nowhere where that makes no difference
}

// A HostType is a number of hosts that are alike.
type HostType struct {
	Name     string
	Capacity []int64 // by dimension, what may be filled: headroom and what cannot move are taken off
	Count    int     // hosts that there are; Unlimited where any number can be had
	// Open says that its hosts are in use whatever the plan: something stands on them that cannot leave. They count as
	// used, each one.
	Open bool
}

// Unlimited is the Count of a type of which any number of hosts can be had.
const Unlimited = -1

// A Ref is one host: the N-th of a type, from 0.
type Ref struct{ Type, N int }

// Nowhere is the place of what has none.
var Nowhere = Ref{-1, -1}

// A Plan says which host carries what.
type Plan struct {
	Hosts []Ref // in use, each once; all hosts of open types are among them
	Of    []int // by item: which of Hosts carries it; Unplaced where none does
	// Spares are hosts, none of them in use, so that each host in use has as many of them as the instance asks for that
	// could each take everything that can move from it. So any so many hosts may be lost at once: each lost host's load
	// finds a spare of its own. (An item that only one host may carry cannot move.)
	Spares []Ref
}

// Unplaced marks an item that no host carries.
const Unplaced = -1

// Bound kinds, from the cheapest.
const (
	L1            = "L1"               // continuous: what is needed in sum in one dimension
	L2            = "L2"               // Martello and Toth 1990, section 8.3: large items in one dimension
	Configuration = "configuration LP" // Gilmore and Gomory 1961, Farley 1990: what whole hosts can hold
	Separate      = "apart"            // the items of one group, each of which needs a host of its own
)

// A Certificate proves that no plan uses fewer than Bound hosts, spares not counted. What proves it depends on the kind:
//
// L1: the sum of the items' sizes in Dimension, and hosts filled from the largest down.
//
// L2: in Dimension, with Alpha as the size below which items are left out, all hosts taken to be as large as the largest.
//
// Separate: the number of different items in Apart[Group].
//
// Configuration: prices of classes of items, such that the hosts that are worth most, a host being worth the dearest set
// of items that fits into it, have to be so many to be worth as much as all items.
//
// Hosts of open types are counted in Bound, and what they carry costs no other host.
type Certificate struct {
	Kind      string
	Bound     int
	Dimension int   // of L1 and L2
	Alpha     int64 // of L2, 0 ≤ Alpha ≤ half of the largest capacity
	Group     int   // of Separate
	// Classes have sizes that are at most those of their items in each dimension, and prices in any unit.
	Classes []Class
	Of      []int // by item: its class
}

// A Class is a kind of items in a Certificate of the configuration LP.
type Class struct {
	Size  []int64
	Price int64 // ≥ 0
}
