package score_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Findings are counted by machine, whatever the order of the machines, and the gravest come first.
func TestFindings(t *testing.T) {
	finding := func(id string, s inventory.Severity, text string) inventory.Finding {
		return inventory.Finding{ID: id, Severity: s, Text: text, Source: "/sys"}
	}
	host := func(id string, found ...inventory.Finding) *inventory.Node {
		return &inventory.Node{Machine: inventory.Machine{ID: id, Name: inventory.Known("host " + id), Findings: found}}
	}
	hosts := []*inventory.Node{
		host("a", finding("dark-hba", inventory.Info, "host1 has no link"), finding("dark-hba", inventory.Info, "host2 has no link")),
		host("b", finding("unused-disk", inventory.Info, "sdb is empty")),
		host("c", finding("dark-hba", inventory.Warning, "host9 has no link"), finding("unused-disk", inventory.Info, "sdc is empty")),
		host("d", finding("unused-disk", inventory.Info, "sdd is empty")),
	}
	assess := func(hosts []*inventory.Node) []score.Found {
		return score.Assess(&inventory.Estate{Hosts: hosts}, model(t), score.Request{Options: score.Options{Now: time.Unix(1e9, 0)}}).Findings
	}
	got := assess(hosts)
	if len(got) != 2 || got[0].ID != "dark-hba" || got[0].Severity != inventory.Warning || got[0].Machines != 2 || len(got[0].Examples) != 3 ||
		got[1].ID != "unused-disk" || got[1].Machines != 3 || got[1].Examples[0].Name != "host b" || got[1].Examples[0].Text != "sdb is empty" {
		t.Errorf("got %+v", got)
	}
	if again := assess([]*inventory.Node{hosts[3], hosts[1], hosts[2], hosts[0]}); !reflect.DeepEqual(again, got) {
		t.Errorf("in another order: %+v", again)
	}
	if none := assess(nil); none == nil || len(none) != 0 {
		t.Errorf("of no machine: %#v", none)
	}
}
