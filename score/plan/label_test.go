package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Subjects of one step are told apart, also where nobody gave them a name, or somebody gave them one name.
func TestSubjectsAreToldApart(t *testing.T) {
	known := inventory.Known[string]
	stopped := func(id string, name inventory.Reading[string]) inventory.Container {
		return inventory.Container{ID: id, Machine: "m", Name: name, Runtime: known("podman"), State: inventory.Known(inventory.Stopped), RestartPolicy: known("no")}
	}
	unnamed := inventory.Unknown[string]("nobody said", "")
	hash := strings.Repeat("0123456789ab", 6)[:64]
	n := &inventory.Node{Machine: inventory.Machine{ID: "m", Name: known("m")}}
	n.Containers = []inventory.Container{
		stopped("machine.slice-one", unnamed), stopped("machine.slice-two", unnamed), // not hashes: no first letters tell them apart
		stopped(hash, unnamed), stopped("a-1", known("web")), stopped("a-2", known("web")), stopped("a-3", known("db")),
	}
	images := &inventory.Node{Machine: n.Machine}
	for i := range 40 {
		images.Images = append(images.Images, inventory.Image{ID: "sha256:00000" + fmt.Sprintf("%04d", i) + strings.Repeat("0", 55), Engine: "podman"})
	}
	for _, test := range []struct {
		action *Action
		node   *inventory.Node
		want   []string
	}{
		{removeStoppedContainers(), n, []string{
			"machine.slice-one in podman on m", "machine.slice-two in podman on m", "0123456789ab in podman on m",
			"web in podman on m (a-1)", "web in podman on m (a-2)", "db in podman on m",
		}},
		{removeDanglingImages(), images, nil},
	} {
		_, found := test.action.node(test.node, &scene{})
		got := labels(len(found), func(i int) *Subject { return &found[i] })
		if test.want != nil && !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.action.ID, got, test.want)
		}
		if n := len(got); n == 0 || len(distinct(slices.Clone(got))) != n {
			t.Errorf("%s: %d subjects, not all of which are told apart: %q", test.action.ID, n, got)
		}
		if strings.Contains(got[0], "(") {
			t.Errorf("%s: %q has an ID that it does not need", test.action.ID, got[0])
		}
	}
}
