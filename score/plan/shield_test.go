package plan

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// What is not to be touched is as it was after every step of every roadmap, where it was, and no step names it.
func TestNothingTouchesWhatIsFixed(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var would, steps atomic.Int64
	forRoadmaps(t, targetEstates, func(seed int, e *inventory.Estate) error {
		r := rand.New(rand.NewPCG(uint64(seed), 43))
		free, err := advised(t, e, m, lawRequest(seed))
		if free == nil {
			return err
		}
		fixed := map[string]bool{} // keys of things
		var names []string
		fix := func(key, id string, above *inventory.Node) {
			names, fixed[key] = append(names, fmt.Sprintf("%q", id)), true
			if above != nil {
				above.Walk(func(n *inventory.Node) { fixed["machine "+n.Machine.ID+" "] = true })
				for key := range below(above) {
					fixed[key] = true
				}
			}
		}
		e.Walk(func(n *inventory.Node) {
			id := n.Machine.ID
			if r.IntN(12) == 0 {
				fix("machine "+id+" ", id, n)
			}
			for i := range n.VMs {
				if v := &n.VMs[i]; r.IntN(6) == 0 {
					fix("vm "+id+" "+v.ID, v.ID, v.Guest)
				}
			}
			for i := range n.Containers {
				if c := &n.Containers[i]; r.IntN(6) == 0 {
					fix("container "+id+" "+c.ID, c.ID, nil)
				}
			}
			for i := range n.Workloads {
				if w := &n.Workloads[i]; r.IntN(6) == 0 {
					fix("workload "+id+" "+w.ID, w.ID, nil)
				}
			}
		})
		if len(names) == 0 {
			return nil
		}
		c, err := LoadConstraints("c.yaml", []byte("neverTouch:\n  - names:\n    - "+strings.Join(names, "\n    - ")+"\n"))
		if err != nil {
			return err
		}
		was := things(e)
		changed := func(x *planned) string {
			is := things(x.estates[len(x.estates)-1])
			for key := range fixed {
				if is[key] != was[key] {
					return fmt.Sprintf("%s was %s and is %s", key, was[key], is[key])
				}
			}
			return ""
		}
		if changed(free) != "" {
			would.Add(1)
		}
		req := lawRequest(seed)
		req.Constraints = c
		x, err := advised(t, e, m, req)
		if x == nil {
			return err
		}
		if text := changed(x); text != "" {
			return fmt.Errorf("%s", text)
		}
		steps.Add(int64(len(x.r.steps)))
		return nil
	})
	if t.Logf("%d steps; %d roadmaps would touch it", steps.Load(), would.Load()); steps.Load() == 0 || would.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// Each action leaves alone what is fixed, with what it needs, and does the rest.
func TestFixedThings(t *testing.T) {
	m := model(t)
	known := inventory.Known[string]
	stopped := func(id, image string, volumes ...string) inventory.Container {
		return inventory.Container{ID: id, Machine: "host", Name: known(id), Runtime: known("docker"), ImageID: known(image), Volumes: volumes, State: inventory.Known(inventory.Stopped), System: inventory.Known(false), RestartPolicy: known("no")}
	}
	off := func(id string) inventory.VM {
		v := used(id, 4, 8)
		v.State = inventory.Known(inventory.Stopped)
		return v
	}
	e := hypervisor(off("old-a"), off("old-b"), used("wide", 16, 64))
	h := e.Hosts[0]
	h.Engines = []inventory.Engine{{ID: "docker", Machine: "host", Kind: "docker"}}
	h.Containers = []inventory.Container{stopped("keep", "i-keep", "v-keep"), stopped("drop", "i-drop", "v-drop"), stopped("run", "i-run")}
	h.Containers[2].State = inventory.Known(inventory.Running) // there is a reason for another operating system
	for _, id := range []string{"drop", "keep", "other"} {
		h.Images = append(h.Images, inventory.Image{ID: "i-" + id, Machine: "host", Engine: "docker", Tags: []string{id + ":1"}})
		h.Volumes = append(h.Volumes, inventory.Volume{Name: "v-" + id, Machine: "host", Engine: "docker"})
	}
	left := func(names string) (vms, containers, images, volumes []string, style inventory.OSStyle) {
		req := Request{Request: score.Request{}}
		if names != "" {
			c, err := LoadConstraints("c.yaml", []byte("neverTouch: [{names: ["+names+"]}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			req.Constraints = c
		}
		p := newPlanner(t.Context(), e, m, req)
		n := h
		for _, act := range []*Action{removeStoppedVMs(), removeStoppedContainers(), removeUnusedImages(), removeUnusedVolumes()} {
			n, _ = p.apply(act, n)
		}
		plain := *h // of containers alone
		plain.VMs, plain.Hypervisors = nil, nil
		system, _ := p.apply(immutableOS(), &plain)
		for i := range n.VMs {
			vms = append(vms, n.VMs[i].ID)
		}
		for i := range n.Containers {
			containers = append(containers, n.Containers[i].ID)
		}
		for i := range n.Images {
			images = append(images, n.Images[i].ID)
		}
		for i := range n.Volumes {
			volumes = append(volumes, n.Volumes[i].Name)
		}
		return vms, containers, images, volumes, system.Machine.OS.Style.Or("")
	}
	before := reflect.ValueOf(*h).Interface()
	for _, test := range []struct{ names, vms, containers, images, volumes string }{
		{"", "busy wide", "run", "", ""},
		{"old-b", "busy old-b wide", "run", "", ""},
		{"keep", "busy wide", "keep run", "i-keep", "v-keep"},
		{"'*'", "busy old-a old-b wide", "keep drop run", "i-drop i-keep i-other", "v-drop v-keep v-other"},
		{"host", "busy old-a old-b wide", "keep drop run", "i-drop i-keep i-other", "v-drop v-keep v-other"},
	} {
		vms, containers, images, volumes, _ := left(test.names)
		got := []string{strings.Join(vms, " "), strings.Join(containers, " "), strings.Join(images, " "), strings.Join(volumes, " ")}
		if want := []string{test.vms, test.containers, test.images, test.volumes}; !slices.Equal(got, want) {
			t.Errorf("%q is fixed: left are %q, want %q", test.names, got, want)
		}
	}
	if _, _, _, _, style := left(""); style == inventory.GeneralOS {
		t.Error("the operating system is not changed: the test shows nothing")
	}
	if _, _, _, _, style := left("keep"); style != inventory.GeneralOS {
		t.Error("the operating system below what is fixed is changed")
	}
	if !reflect.DeepEqual(before, *h) {
		t.Error("an action changed the machine that it was given")
	}
}
