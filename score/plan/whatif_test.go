package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/yamlfile"
)

const whatIfExample = `# what if
changes:
  - remove: {vms: [old-*], images: ["web:1"]}
  - remove:
      containers: [proxy]
      on: [host-*]
  - resize: {vms: [db], vcpus: 8, memory: 32 GiB}
  - move: {vms: [erp], containers: [cache], to: host-b}
  - retire: {hosts: [host-a]}
  - set:
      machines: [host-b]
      os: {id: flatcar, version: "4000", style: image-based}
      management: gitops
      storage: sds-on-nodes
      network: overlay
      chassis: hci
      fabric: one
      zone: dmz
  - add: {hosts: 2, like: host-b, names: [n1, n2], memory: 1 TiB}
  - add: {hosts: 1, cores: 32, memory: 256 GiB, kind: physical}
  - do: {action: remove-idle-vm, machines: [host-b]}
`

func whatIf(t testing.TB, text string) *WhatIf {
	t.Helper()
	w, err := LoadWhatIf("w.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The examples of the documentation are accepted, and say something of every kind.
func TestExamplesOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/files.md")
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) string {
		_, rest, _ := strings.Cut(string(page), "<!-- example: "+name+" -->\n\n```yaml\n")
		text, _, ok := strings.Cut(rest, "```\n")
		if !ok {
			t.Fatalf("docs/files.md has no example %s", name)
		}
		return text
	}
	c := constraints(t, example("constraints.yaml"))
	if len(c.Pins) == 0 || len(c.KeepApart) == 0 || len(c.NeverTouch) == 0 || len(c.LicenceFences) == 0 {
		t.Errorf("%+v", c.ConstraintsFile)
	}
	w := whatIf(t, example("whatif.yaml"))
	for _, f := range yamlfile.Fields(reflect.TypeFor[Change]()) {
		if !slices.ContainsFunc(w.Changes, func(c Change) bool { return !reflect.ValueOf(c).FieldByIndex(f.Index).IsNil() }) {
			t.Errorf("no example of %s", f.Name)
		}
		if !strings.Contains(string(page), "| `"+f.Name+"` |") {
			t.Errorf("%s is not explained", f.Name)
		}
	}
}

func TestWhatIfErrors(t *testing.T) {
	one := func(change string) string { return "changes:\n  - " + change + "\n" }
	for _, test := range []struct{ text, want string }{
		{"change: []", `w.yaml:1:1: unknown key "change": did you mean changes?`},
		{"changes: {remove: {vms: [a]}}", "changes: have keys with values: want a list"},
		{one("{}"), "w.yaml:2:5: changes.1: have 0 keys: want just one of remove, resize, move, retire, set, add, do"},
		{one("remove: {vms: [a]}\n    add: {hosts: 1, like: x}"), "w.yaml:2:5: changes.1: have 2 keys: want just one of remove"},
		{one("delete: {vms: [a]}"), `w.yaml:2:5: unknown key "delete"`},
		{one("remove: {}"), "nothing to remove: want one of machines, vms, containers, workloads, images, volumes"},
		{one("remove: {on: [a]}"), "nothing to remove"},
		{one("remove: {machines: [a], on: [b]}"), "w.yaml:2:33: machines stand on no machine"},
		{one("remove: {vm: [a]}"), `unknown key "vm": did you mean vms?`},
		{one("remove: {vms: ['[']}"), "here a bracket is not closed"},
		{one("resize: {vms: [a]}"), "no new size: want vcpus, memory or both"},
		{one("resize: {vms: [a], vcpus: 0}"), `have "0": want a number from 0.01 to 65536`},
		{one("resize: {vms: [a], memory: 8}"), `have "8": want a size such as 512 MiB, 8 GiB or 1.5 TiB`},
		{one("resize: {vms: [a], memory: 8 GB}"), `"8 GB": want a size such as 512 MiB, 8 GiB or 1.5 TiB`},
		{one("resize: {vms: [a], memory: 2000 TiB}"), "want a size"},
		{one("resize: {vms: [a], memory: -1 GiB}"), "want a size"},
		{one("resize: {vms: [a], memory: NaN GiB}"), "want a size"},
		{one("resize: {vcpus: 2}"), "changes.1.resize.vms is missing"},
		{one("move: {to: a}"), "nothing to move: want vms, containers or both"},
		{one("move: {vms: [a]}"), "changes.1.move.to is missing or empty: want a name or pattern"},
		{one("retire: {}"), "changes.1.retire.hosts is missing"},
		{one("set: {machines: [a]}"), "nothing to set: want one of os, management"},
		{one("set: {machines: [a], os: {}}"), "nothing to set"},
		{one("set: {machines: [a], os: {id: ''}}"), "an operating system without a name"},
		{one("set: {machines: [a], management: puppet}"), `"puppet": want one of by-hand, provisioned, config-mgmt, image-managed, gitops`},
		{one("set: {machines: [a], os: {style: imagebased}}"), `want one of general, minimal, image-based: did you mean image-based?`},
		{one("set: {machines: [a], powered: off}"), `have "off": want true or false`},
		{one("add: {like: a}"), "changes.1.add.hosts is missing"},
		{one("add: {hosts: 0, like: a}"), `have "0": want a whole number from 1 to 10000`},
		{one("add: {hosts: 1}"), "hosts of no size: want like, or cores and memory"},
		{one("add: {hosts: 1, cores: 4}"), "hosts of no size"},
		{one("add: {hosts: 2, like: a, names: [b]}"), "1 names for 2 hosts: want as many"},
		{one("add: {hosts: 1, like: a, names: [' ']}"), "an empty name"},
		{one("add: {hosts: 1, like: a, kind: virtual}"), `"virtual": want one of physical, cloud`},
		{one("do: {action: remove-idel-vm}"), `w.yaml:2:18: no action of the roadmap is called "remove-idel-vm": did you mean remove-idle-vm?`},
		{one("do: {action: xyzzy}"), "want one of remove-idle-vm, remove-stopped-vm"},
	} {
		if _, err := LoadWhatIf("w.yaml", []byte(test.text)); err == nil || !strings.HasPrefix(err.Error(), "w.yaml:") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// smallEstate is an estate with two hosts and something of everything.
func smallEstate() *inventory.Estate {
	text := func(s string) inventory.Reading[string] { return inventory.Known(s) }
	host := func(id string) *inventory.Node {
		n := &inventory.Node{Machine: inventory.Machine{ID: "id-" + id, Name: text(id), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: inventory.Known(32.), Memory: inventory.Known(256 * inventory.GiB), Processes: inventory.Known(90), Containers: inventory.Known(0),
			OS:      inventory.OS{ID: text("debian"), Version: text("12"), Name: text("Debian 12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(200)},
			Storage: inventory.Known(inventory.RawLocal), Demand: inventory.Demand{Days: inventory.Known(9.)}}}
		n.Hypervisors = []inventory.Hypervisor{{ID: "hv-" + id, Machine: n.Machine.ID, Kind: "kvm", Cluster: inventory.Absent[string](), VMs: inventory.Known(0)}}
		n.Engines = []inventory.Engine{{ID: "e-" + id, Machine: n.Machine.ID, Kind: "docker", Inventory: inventory.Known(true)}}
		return n
	}
	a, b := host("host-a"), host("host-b")
	vm := func(n *inventory.Node, name string, guest bool) {
		v := inventory.GuestVM{VM: inventory.VM{ID: "v-" + name, Name: text(name), Hypervisor: n.Hypervisors[0].ID, State: inventory.Known(inventory.Running), VCPUs: inventory.Known(4.),
			Memory: inventory.Known(16 * inventory.GiB), OnHost: true, Storage: n.Machine.Storage, Disks: []inventory.VMDisk{{Name: "vda", Class: n.Machine.Storage}}, PID: inventory.Known(7)}}
		if guest {
			v.Guest = &inventory.Node{Machine: inventory.Machine{ID: "g-" + name, Name: text(name + ".example"), Kind: inventory.Known(inventory.Virtual), Powered: inventory.Known(true), Cores: inventory.Known(4.), Memory: inventory.Known(16 * inventory.GiB)}}
		}
		n.VMs = append(n.VMs, v)
		n.Hypervisors[0].VMs = inventory.Known(len(n.VMs))
	}
	vm(a, "db", true)
	vm(a, "erp", false)
	vm(a, "old-1", false)
	vm(b, "old-2", true)
	container := func(n *inventory.Node, name, image string, volumes ...string) {
		n.Containers = append(n.Containers, inventory.Container{ID: "c-" + name, Machine: n.Machine.ID, Name: text(name), Runtime: text("docker"), ImageID: text("sha256:" + image), Image: text(image + ":1"),
			State: inventory.Known(inventory.Running), System: inventory.Known(false), Layer: inventory.Application, Volumes: volumes, CPULimit: inventory.Known(1.), MemoryLimit: inventory.Known(inventory.GiB)})
		n.Machine.Containers = inventory.Known(len(n.Containers))
	}
	container(a, "cache", "redis", "data")
	container(a, "proxy", "nginx")
	container(a, "store", "minio", "left", "right")
	container(a, "store-helper", "minio", "right")
	for _, i := range []string{"minio", "nginx", "redis", "web"} {
		a.Images = append(a.Images, inventory.Image{ID: "sha256:" + i, Machine: a.Machine.ID, Engine: "docker", Tags: []string{i + ":1"}})
	}
	for _, v := range []string{"data", "left", "right", "spare"} {
		a.Volumes = append(a.Volumes, inventory.Volume{Name: v, Machine: a.Machine.ID, Engine: "docker"})
	}
	return &inventory.Estate{Hosts: []*inventory.Node{a, b}, Clusters: []inventory.Cluster{{ID: "k", Kind: "proxmox", Machines: []string{"id-host-a", "id-host-b"}, Nodes: inventory.Known(2)}},
		Gaps: []inventory.Gap{{Subject: "id-host-a", What: "x"}, {Subject: "id-host-b", What: "y"}, {Subject: "/etc", What: "z"}}}
}

func means(t testing.TB) Means {
	t.Helper()
	return Means{Model: model(t)}
}

// shape lists what an estate holds, a line for each thing.
func shape(e *inventory.Estate) []string {
	var out []string
	e.Walk(func(n *inventory.Node) {
		m := &n.Machine
		on := m.Name.Or(m.ID)
		out = append(out, fmt.Sprintf("%s: on %v, %v cores, %v, %v %v %v %v, packages %v, containers %v", on, m.Powered, m.Cores, m.Memory, m.OS.ID, m.OS.Version, m.OS.Style, m.Storage, m.OS.Packages, m.Containers))
		for _, h := range n.Hypervisors {
			out = append(out, fmt.Sprintf("%s: %s has %v", on, h.ID, h.VMs))
		}
		for _, v := range n.VMs {
			out = append(out, fmt.Sprintf("%s: vm %v of %s, %v vCPU, %v, on %v %v, pid %v", on, v.Name, v.Hypervisor, v.VCPUs, v.Memory, v.Storage, v.Disks[0].Class, v.PID))
		}
		for _, c := range n.Containers {
			out = append(out, fmt.Sprintf("%s: container %v of %s", on, c.Name, c.Machine))
		}
		for _, i := range n.Images {
			out = append(out, fmt.Sprintf("%s: image %s of %s", on, i.Tags[0], i.Machine))
		}
		for _, v := range n.Volumes {
			out = append(out, fmt.Sprintf("%s: volume %s of %s", on, v.Name, v.Machine))
		}
	})
	for _, c := range e.Clusters {
		out = append(out, fmt.Sprintf("cluster %s: %q of %v", c.ID, c.Machines, c.Nodes))
	}
	for _, g := range e.Gaps {
		out = append(out, "gap "+g.Subject)
	}
	return out
}

// diff lists the lines that were and are no more, and those that are new.
func diff(before, after []string) string {
	var out []string
	for _, l := range before {
		if !slices.Contains(after, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatIfApplies(t *testing.T) {
	const unknown = "unknown: it followed from what the what-if file changed"
	tests := []struct {
		change  string
		changed int
		want    string
	}{
		{"remove: {vms: [OLD-1]}", 1, `
- host-a: hv-host-a has 3
- host-a: vm old-1 of hv-host-a, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
+ host-a: hv-host-a has 2`},
		{"remove: {vms: [db.example]}", 1, `
- host-a: hv-host-a has 3
- host-a: vm db of hv-host-a, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
- db.example: on true, 4 cores, 16 GiB, unknown unknown unknown unknown, packages unknown, containers unknown
+ host-a: hv-host-a has 2`},
		{"remove: {machines: [g-db]}", 1, `
- host-a: hv-host-a has 3
- host-a: vm db of hv-host-a, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
- db.example: on true, 4 cores, 16 GiB, unknown unknown unknown unknown, packages unknown, containers unknown
+ host-a: hv-host-a has 2`},
		{"remove: {machines: [host-b], vms: [old-2]}", 1, `
- host-b: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 0
- host-b: hv-host-b has 1
- host-b: vm old-2 of hv-host-b, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
- old-2.example: on true, 4 cores, 16 GiB, unknown unknown unknown unknown, packages unknown, containers unknown
- cluster k: ["id-host-a" "id-host-b"] of 2
- gap id-host-b
+ cluster k: ["id-host-a"] of 1`},
		{"remove: {containers: [proxy], images: [\"nginx:*\", \"web:*\"], volumes: [spare], on: [host-a]}", 4, `
- host-a: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 4
- host-a: container proxy of id-host-a
- host-a: image nginx:1 of id-host-a
- host-a: image web:1 of id-host-a
- host-a: volume spare of id-host-a
+ host-a: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 3`},
		{"resize: {vms: [db], vcpus: 2, memory: 32 GiB}", 1, `
- host-a: vm db of hv-host-a, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
- db.example: on true, 4 cores, 16 GiB, unknown unknown unknown unknown, packages unknown, containers unknown
+ host-a: vm db of hv-host-a, 2 vCPU, 32 GiB, on raw-local raw-local, pid 7
+ db.example: on true, 2 cores, 32 GiB, unknown unknown unknown unknown, packages unknown, containers unknown`},
		{"move: {vms: [erp], containers: [cache], to: host-b}", 2, `
- host-a: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 4
- host-a: hv-host-a has 3
- host-a: vm erp of hv-host-a, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
- host-a: container cache of id-host-a
- host-a: volume data of id-host-a
- host-b: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 0
- host-b: hv-host-b has 1
+ host-a: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 3
+ host-a: hv-host-a has 2
+ host-b: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 1
+ host-b: hv-host-b has 2
+ host-b: vm erp of hv-host-b, 4 vCPU, 16 GiB, on raw-local raw-local, pid ` + unknown + `
+ host-b: container cache of id-host-b
+ host-b: image redis:1 of id-host-b
+ host-b: volume data of id-host-b`},
		{"set: {machines: [host-b], os: {id: flatcar, style: image-based}, storage: sds-on-nodes}", 1, `
- host-b: on true, 32 cores, 256 GiB, debian 12 general raw-local, packages 200, containers 0
- host-b: vm old-2 of hv-host-b, 4 vCPU, 16 GiB, on raw-local raw-local, pid 7
+ host-b: on true, 32 cores, 256 GiB, flatcar ` + unknown + ` image-based sds-on-nodes, packages ` + unknown + `, containers 0
+ host-b: vm old-2 of hv-host-b, 4 vCPU, 16 GiB, on sds-on-nodes sds-on-nodes, pid 7`},
		{"add: {hosts: 2, like: host-b, names: [n1, a-2], memory: 1 TiB}", 2, `
- cluster k: ["id-host-a" "id-host-b"] of 2
+ a-2: on true, 32 cores, 1 TiB, debian 12 general raw-local, packages 200, containers 0
+ a-2: planned:a-2/hypervisor-1 has 0
+ n1: on true, 32 cores, 1 TiB, debian 12 general raw-local, packages 200, containers 0
+ n1: planned:n1/hypervisor-1 has 0
+ cluster k: ["id-host-a" "id-host-b" "planned:a-2" "planned:n1"] of 4`},
		{"add: {hosts: 1, cores: 8, memory: 64 GiB, kind: cloud}", 1, `
+ new-1: on true, 8 cores, 64 GiB, unknown unknown unknown unknown, packages unknown, containers 0`},
		{"retire: {hosts: [host-a]}", 1, ""}, // below
	}
	for _, test := range tests {
		e := smallEstate()
		out, done, err := whatIf(t, "changes:\n  - "+test.change).Apply(e, means(t))
		if err != nil {
			t.Errorf("%s: %v", test.change, err)
			continue
		}
		if !reflect.DeepEqual(e, smallEstate()) {
			t.Errorf("%s: the given estate has changed", test.change)
		}
		if got := diff(shape(e), shape(out)); test.want != "" && got != strings.TrimPrefix(test.want, "\n") {
			t.Errorf("%s: got\n%s\nwant%s", test.change, got, test.want)
		}
		if d := done[0]; len(done) != 1 || d.Changed != test.changed || len(d.Subjects) != test.changed || d.Change == "" || d.Where != "w.yaml:2" {
			t.Errorf("%s: %+v", test.change, done)
		}
		if err := sound(out); err != nil {
			t.Errorf("%s: %v", test.change, err)
		}
	}
}

// What is on a host that is retired is elsewhere afterwards, all of it, and the host has left.
func TestWhatIfRetires(t *testing.T) {
	e := smallEstate()
	out, done, err := whatIf(t, "changes: [{retire: {hosts: [host-a]}}]").Apply(e, means(t))
	if err != nil {
		t.Fatal(err)
	}
	b := out.Hosts[0]
	if len(out.Hosts) != len(e.Hosts)-1 || len(b.VMs) != 4 || len(b.Containers) != 4 || len(b.Volumes) != 3 || len(b.Images) != 3 || !b.Machine.Demand.Days.IsUnknown() {
		t.Errorf("got\n%s", strings.Join(shape(out), "\n"))
	}
	if len(done[0].Notes) != 1 || !strings.HasPrefix(done[0].Notes[0], "7 virtual machines and containers go to other hosts; ") {
		t.Errorf("notes: %q", done[0].Notes)
	}
	// Constraints are kept to.
	for text, want := range map[string]string{
		"pins: [{workloads: [db], hosts: [host-a], reason: dongle}]":                   "w.yaml:1:28: no place was found for db on host-a, which may need 4 cores and 16 GiB (a utilisation series would tell): db must run on host-a: dongle (c.yaml:1)",
		"keepApart: [{workloads: [erp, old-2]}]":                                       "no two of erp, old-2 may share a host (c.yaml:1)",
		"neverTouch: [{names: [cache]}]":                                               "host-a cannot be emptied: nothing may touch cache (c.yaml:1)",
		"neverTouch: [{names: [host-b]}]":                                              "nothing may touch host-b (c.yaml:1)",
		"licenceFences: [{name: x, workloads: [q], hosts: [host-b], exclusive: true}]": "and nothing else there",
	} {
		w := whatIf(t, "changes: [{retire: {hosts: [host-a]}}]")
		x := means(t)
		x.Evacuate = BestFit(x.Model, x.Options, constraints(t, text))
		if _, _, err := w.Apply(e, x); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// Notes say what a change takes for granted.
func TestWhatIfNotes(t *testing.T) {
	for change, want := range map[string]string{
		"resize: {vms: [db, erp], vcpus: 2}":            "2 of them get less, and what they need is not proven: the result takes it that it fits",
		"resize: {vms: [db], vcpus: 4}":                 "1 have that size already",
		"move: {vms: [db], to: host-a}":                 "1 are there already",
		"resize: {vms: [erp], memory: 230 GiB}":         "host-a is too small for what it carries: 0 cores and 262 GiB at least, of 32 and 256 GiB",
		"set: {machines: [host-a], storage: raw-local}": "1 are so already",
	} {
		e := smallEstate()
		_, done, err := whatIf(t, "changes:\n  - "+change).Apply(e, means(t))
		if err != nil || !slices.Equal(done[0].Notes, []string{want}) {
			t.Errorf("%s: got %+v, %v, want %s", change, done, err, want)
		}
	}
}

func TestWhatIfRefuses(t *testing.T) {
	tests := []struct{ change, want string }{
		{"remove: {vms: [old-1, old-9]}", `w.yaml:2:27: no virtual machine is called "old-9": did you mean old-1?`},
		{"remove: {machines: [hots-a]}", `no machine is called "hots-a": did you mean host-a?`},
		{"remove: {vms: [old-1], on: [host-b]}", `no virtual machine is called "old-1"`},
		{"remove: {vms: [old-1], on: [host-x]}", `w.yaml:2:33: no machine is called "host-x": did you mean host-a?`},
		{"remove: {images: [\"nginx:1\"]}", "image nginx:1 on host-a: container proxy uses it: want that removed before"},
		{"remove: {volumes: [data]}", "volume data on host-a: container cache mounts it"},
		{"resize: {vms: [host-a], vcpus: 1}", `no virtual machine is called "host-a"`},
		{"move: {vms: [erp], to: host-*}", `w.yaml:2:28: 2 machines are called "host-*", host-a and host-b among them: want one`},
		{"move: {vms: [erp], to: host-q}", `no machine is called "host-q": did you mean host-a?`},
		{"move: {vms: [erp], to: g-db}", "erp on host-a cannot go to db.example: no hypervisor runs there"},
		{"move: {vms: [db], to: g-db}", "db on host-a would stand on itself"},
		{"move: {containers: [cache], to: g-db}", "cache on host-a cannot go to db.example: no container engine runs there"},
		{"move: {containers: [store], to: host-b}", "store on host-a cannot go to host-b: it shares the volume right with store-helper: want both moved"},
		{"retire: {hosts: [db.example]}", `no host is called "db.example"`},
		{"retire: {hosts: [host-*]}", "no place was found for"},
		{"set: {machines: [g-db], powered: false}", "w.yaml:2:38: db.example is a virtual machine on another: want hosts"},
		{"set: {machines: [host-a], powered: false}", "host-a cannot be switched off: virtual machine db is on it, and runs, or may: want it retired"},
		{"set: {machines: [host-c], powered: false}", `no machine is called "host-c"`},
		{"add: {hosts: 1, like: g-db}", "db.example is a virtual machine on another: want a host"},
		{"add: {hosts: 1, like: host-a, names: [HOST-B]}", `w.yaml:2:43: a machine is called "HOST-B" already`},
		{"add: {hosts: 2, like: host-a, names: [q, Q]}", `a machine is called "Q" already`},
		{"do: {action: remove-stopped-vm}", "w.yaml:2:18: remove-stopped-vm finds nothing to do"},
		{"do: {action: remove-stopped-vm, machines: [host-z]}", `no machine is called "host-z"`},
	}
	for _, test := range tests {
		_, _, err := whatIf(t, "changes:\n  - "+test.change).Apply(smallEstate(), means(t))
		var f *yamlfile.Fault
		if err == nil || !errors.As(err, &f) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:\n got %v\nwant %s", test.change, err, test.want)
		}
	}
	// What could not be seen is taken to be there.
	for want, change := range map[string]func(h *inventory.Node){
		"which processes run on it could not be seen: denied (be root)": func(h *inventory.Node) { h.Machine.Processes = inventory.Unknown[int]("denied", "be root") },
		"how many virtual machines run on it could not be seen":         func(h *inventory.Node) { h.Hypervisors[0].VMs = inventory.Reading[int]{} },
		"service billing runs on it: want it removed before, or turned into a container": func(h *inventory.Node) {
			h.Workloads = []inventory.Workload{{ID: "w", Name: "billing", Layer: inventory.Application}}
		},
		"looked at from inside a container (docker)":                               func(h *inventory.Node) { h.Machine.Inside = inventory.Known("docker") },
		"host-a cannot be emptied: what virtual machine db was given is not known": func(h *inventory.Node) { h.VMs[0].Memory = inventory.Reading[inventory.Bytes]{} },
	} {
		e := smallEstate()
		change(e.Hosts[0])
		if _, _, err := whatIf(t, "changes: [{retire: {hosts: [host-a]}}]").Apply(e, means(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	// What stays on a host leaves less room for others.
	for _, fill := range []func(h *inventory.Node){
		func(h *inventory.Node) {
			h.Workloads = []inventory.Workload{{ID: "w", Name: "billing", Layer: inventory.Application}}
		},
		func(h *inventory.Node) { h.Machine.Processes = inventory.Reading[int]{} },
		func(h *inventory.Node) { h.VMs[0].Memory = inventory.Known(200 * inventory.GiB) },
		func(h *inventory.Node) { h.Machine.Cores = inventory.Reading[float64]{} },
		func(h *inventory.Node) { h.Machine.Powered = inventory.Reading[bool]{} },
	} {
		e := smallEstate()
		fill(e.Hosts[1])
		if _, _, err := whatIf(t, "changes: [{retire: {hosts: [host-a]}}]").Apply(e, means(t)); err == nil || !strings.Contains(err.Error(), "no place was found") {
			t.Errorf("got %v", err)
		}
	}
	// Zones of the model file count first.
	x := means(t)
	m := *x.Model
	m.Zones = []score.Zone{{Name: "dmz", Machines: []string{"host-*"}}}
	x.Model = &m
	if _, _, err := whatIf(t, "changes: [{set: {machines: [host-a], zone: lab}}]").Apply(smallEstate(), x); err == nil || !strings.Contains(err.Error(), `host-a is in zone "dmz" by the model file`) {
		t.Errorf("got %v", err)
	}
}

// sound reports what is not as resolving leaves an estate.
func sound(e *inventory.Estate) error {
	if !slices.IsSortedFunc(e.Hosts, func(a, b *inventory.Node) int { return strings.Compare(a.Machine.ID, b.Machine.ID) }) {
		return errors.New("hosts are out of order")
	}
	machines := map[string]bool{}
	var bad error
	e.Walk(func(n *inventory.Node) {
		id := n.Machine.ID
		wrong := func(format string, args ...any) {
			if bad == nil {
				bad = fmt.Errorf(id+": "+format, args...)
			}
		}
		if machines[id] {
			wrong("two machines have that ID")
		}
		machines[id] = true
		seen := map[string]bool{}
		once := func(class, id string) {
			if seen[class+id] {
				wrong("two of class %s have the ID %s", class, id)
			}
			seen[class+id] = true
		}
		hypervisors := map[string]int{}
		for _, h := range n.Hypervisors {
			once("hypervisor", h.ID)
			if h.Machine != id {
				wrong("hypervisor %s is of %s", h.ID, h.Machine)
			}
			hypervisors[h.ID] = 0
		}
		for i := range n.VMs {
			v := &n.VMs[i]
			once("vm", v.ID)
			if _, ok := hypervisors[v.Hypervisor]; !ok {
				wrong("virtual machine %s is on hypervisor %s, which is not there", v.ID, v.Hypervisor)
			}
		}
		for _, c := range n.Containers {
			once("container", c.ID)
			if c.Machine != id {
				wrong("container %s is of %s", c.ID, c.Machine)
			}
		}
		for _, x := range n.Images {
			once("image", x.Engine+x.ID)
			if x.Machine != id {
				wrong("image %s is of %s", x.ID, x.Machine)
			}
		}
		for _, x := range n.Volumes {
			once("volume", x.Engine+x.Name)
			if x.Machine != id {
				wrong("volume %s is of %s", x.Name, x.Machine)
			}
		}
		for _, w := range n.Workloads {
			once("workload", w.ID)
		}
	})
	for _, c := range e.Clusters {
		for _, id := range c.Machines {
			if !machines[id] {
				return fmt.Errorf("cluster %s has the member %s, which is not there", c.ID, id)
			}
		}
	}
	return bad
}

// quoted writes names as a list of a file. Names of random estates hold nothing that a pattern takes for more than itself.
func quoted(names ...string) string {
	out, _ := json.Marshal(names)
	return string(out)
}

// FuzzWhatIf holds that no file makes the loader panic or take long, and that what it accepts leaves a sound estate, or says
// where it cannot be applied.
func FuzzWhatIf(f *testing.F) {
	for _, seed := range []string{whatIfExample, "", "changes: [{retire: {hosts: ['*']}}]", "changes: [{move: {vms: [erp], to: host-b}}, {move: {vms: [erp], to: host-a}}]",
		"changes: [{remove: {machines: ['*']}}]", "changes: [{add: {hosts: 3, like: host-b}}, {retire: {hosts: [host-a]}}, {remove: {machines: [host-a]}}]",
		"changes: [{do: {action: containerise-ready}}, {set: {machines: ['*'], os: {id: x}}}]", "changes: [{resize: {vms: ['*'], vcpus: .01, memory: 1 MiB}}]"} {
		f.Add([]byte(seed))
	}
	x := means(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		w, err := LoadWhatIf("w.yaml", text)
		if err == nil {
			e := smallEstate()
			var out *inventory.Estate
			if out, _, err = w.Apply(e, x); err == nil {
				if err := sound(out); err != nil {
					t.Error(err)
				}
				if r := score.NewLedger(out, x.Model, score.Options{}).Rate().Score; !r.None && !(0 <= r.Low && r.Low <= r.High+1e-9 && r.High <= 100) {
					t.Errorf("score %+v", r)
				}
			}
			if !reflect.DeepEqual(e, smallEstate()) {
				t.Error("the given estate has changed")
			}
		}
		if err != nil && !strings.HasPrefix(err.Error(), "w.yaml:") {
			t.Errorf("an error without a place: %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
