//go:build linux

package host

import (
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// byID gives the containers of a tree by the two letters that their identifiers repeat.
func byID(t *testing.T, b *inventory.Batch) map[string]inventory.Container {
	t.Helper()
	got := make(map[string]inventory.Container)
	for _, c := range b.Containers {
		got[c.ID[:2]] = c
	}
	if len(got) != len(b.Containers) {
		t.Fatalf("got %+v", b.Containers)
	}
	return got
}

func workNames(b *inventory.Batch, layer inventory.Layer) string {
	var names []string
	for _, w := range b.Workloads {
		if w.Layer == layer {
			names = append(names, w.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestKubernetesNode(t *testing.T) {
	b := observed(t, plant(t, "kubernetes-node"))
	if roles := strings.Join(b.Machines[0].Roles, " "); roles != "container-host kubernetes-control-plane kubernetes-node" {
		t.Errorf("roles: %s", roles)
	}
	got := byID(t, b)
	if len(got) != 4 { // sandboxes are plumbing
		t.Fatalf("containers: %+v", b.Containers)
	}
	shop, agent, static, db := got["a1"], got["b2"], got["c3"], got["d4"]
	if shop.Pod.Or("") != "0a1b2c3d-1111-4222-8333-444455556666" || shop.Manager.Or("") != inventory.ManagedByK8s || shop.Runtime.Or("") != "containerd" ||
		shop.CPULimit.Or(0) != .5 || shop.MemoryLimit.Or(0) != 512*inventory.MiB || shop.Usage.CPUSeconds.Or(0) != 90 ||
		shop.Usage.Memory.Or(0) != 192*inventory.MiB || shop.Usage.Network.Or(0) != 4200 || shop.Layer != appl {
		t.Errorf("shop: %+v", shop)
	}
	if agent.Layer != infra || agent.Usage.Network.Why() != "it uses the machine's own network, in which nobody is counted apart" || !agent.CPULimit.IsAbsent() || !agent.Privileged.Or(false) {
		t.Errorf("agent: %+v", agent)
	}
	if static.Pod.Or("") != "d76e26fba3bf2bfd215eb29011d55250" || static.Layer != infra {
		t.Errorf("static pod: %+v", static)
	}
	if db.Role != "postgresql" || db.Layer != serv || db.Privileged.Or(true) {
		t.Errorf("database: %+v", db)
	}
	if s := workNames(b, appl) + workNames(b, serv); s != "" {
		t.Errorf("work outside containers: %s", s)
	}
}

func TestRootlessPodman(t *testing.T) {
	b := observed(t, plant(t, "rootless-podman"))
	got := byID(t, b)
	web, cache, api := got["a1"], got["b2"], got["d4"]
	if web.Manager.Or("") != inventory.ManagedByQuadlet || web.Unit != "web.service" || web.Name.Or("") != "systemd-web" ||
		web.Runtime.Or("") != "podman" || web.Role != "nginx" || web.PID.Or(0) != 101 || web.Privileged.Or(true) {
		t.Errorf("web: %+v", web)
	}
	if cache.Name.Or("") != "cache" || cache.Role != "valkey" || !cache.Manager.IsUnknown() || cache.MemoryLimit.Or(0) != 256*inventory.MiB {
		t.Errorf("cache: %+v", cache)
	}
	if api.Name.Or("") != "shop-api" || api.Layer != appl || api.PID.Or(0) != 311 {
		t.Errorf("api: %+v", api)
	}
	if pod := got["c3"]; pod.Layer != infra || len(got) != 4 {
		t.Errorf("the pod's own container is no work of its own: %+v; %d containers in all", pod, len(got))
	}
	if s := workNames(b, appl); s != "batch" {
		t.Errorf("applications outside containers: %q", s)
	}
	if len(b.Engines) != 1 || b.Engines[0].Kind != "podman" {
		t.Errorf("engines: %+v", b.Engines)
	}
}

// Where nothing keeps a series of what single programs use, that is known; where something may, it is not.
func TestSeriesThatNobodyKeeps(t *testing.T) {
	root := plant(t, "container-host")
	b := observed(t, root)
	for _, w := range b.Workloads {
		if !w.Demand.Days.IsAbsent() {
			t.Errorf("%s: a series of %v days", w.Name, w.Demand.Days)
		}
	}
	for _, c := range b.Containers {
		if !c.Demand.Days.IsAbsent() {
			t.Errorf("%s: a series of %v days", c.ID, c.Demand.Days)
		}
	}
	write(t, root, map[string]string{"/var/log/atop/": ""}, nil)
	for _, w := range observed(t, root).Workloads {
		if !w.Demand.Days.IsUnknown() {
			t.Errorf("%s beside atop: a series of %v days", w.Name, w.Demand.Days)
		}
	}
}
