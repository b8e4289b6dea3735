// Package inventory is the vocabulary that every other package speaks: machines, hypervisors, virtual
// machines, containers, images, volumes, clusters, storage, networks, workloads, and the gaps between them.
//
// It holds plain data with a JSON form and nothing else: it opens nothing, measures nothing and judges
// nothing. A fact that may be missing is a [Reading], whose zero value is "not known", never zero.
package inventory
