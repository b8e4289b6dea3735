// Package all holds the one list of sources. Only commands import it: tests and libraries choose their own.
package all

import (
	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/docker"
	"github.com/infraopt/infraopt/collect/host"
	"github.com/infraopt/infraopt/collect/libvirt"
	"github.com/infraopt/infraopt/collect/snapshot"
)

// Sources lists every source, in the order help shows them.
func Sources() []collect.Source {
	return []collect.Source{
		host.Source(),
		docker.Source(),
		libvirt.Source(),
		snapshot.Source(),
		demo.Source(),
	}
}

// File gives the target that reads a file which was named without a scheme.
func File(name string) collect.Target {
	// Snapshots are the only files there are sources for. Those to come are told apart by their content here.
	return collect.Target{Scheme: snapshot.Scheme, Rest: name}
}
