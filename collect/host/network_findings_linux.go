package host

import "github.com/infraopt/infraopt/collect/inventory"

// networkFindings are what is said of the networks of a machine, by identifier: how grave it is, and what it means.
var networkFindings = map[string]struct {
	severity inventory.Severity
	means    string
}{
	"unused-bridge":        {inventory.Info, "a bridge that nothing is plugged into"},
	"unused-overlay":       {inventory.Info, "a tunnel that has neither an address nor a place in a bridge or switch"},
	"unused-switch":        {inventory.Info, "Open vSwitch runs and has no bridge"},
	"duplicate-switches":   {inventory.Info, "a bridge of the kernel and Open vSwitch both carry workloads"},
	"bond-single-port":     {inventory.Warning, "a bond of one port: the name of redundancy without it"},
	"port-down":            {inventory.Info, "a port that is switched on and has no link"},
	"overlapping-networks": {inventory.Warning, "several products make networks for the same workloads"},
	"leftover-networks":    {inventory.Info, "configurations of CNI after the first, which nothing reads"},
}

// addNetworkFinding adds a finding of the table to a machine.
func addNetworkFinding(m *inventory.Machine, id, text, source string) {
	m.Findings = append(m.Findings, finding(id, networkFindings[id].severity, source, text))
}
