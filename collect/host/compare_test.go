//go:build linux

package host

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// TestAgreesWithTools compares what this source says of this machine with what the system's own tools say, wherever
// both state a fact.
func TestAgreesWithTools(t *testing.T) {
	m := observed(t, "/").Machines[0]
	virt := "none"
	if v, ok := m.Virtualization.Get(); ok {
		virt = v
	} else if m.Virtualization.IsUnknown() {
		virt = "" // nothing is stated
	}
	if m.Inside.IsKnown() {
		collecttest.Need(t, "the machine", errors.New("in a container, which the tools do not look out of either"))
	}
	t.Run("systemd-detect-virt", func(t *testing.T) {
		path, err := exec.LookPath("systemd-detect-virt")
		collecttest.Need(t, "systemd-detect-virt", err)
		out, _ := exec.Command(path, "--vm").Output() // fails where there is no virtual machine
		if theirs := strings.TrimSpace(string(out)); virt != "" && theirs != "vm-other" && theirs != virt {
			t.Errorf("virtualisation %q, it says %q", virt, theirs)
		}
	})
	t.Run("virt-what", func(t *testing.T) {
		path, err := exec.LookPath("virt-what")
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/virt-what")
		}
		collecttest.Need(t, "virt-what", err)
		theirs := strings.Fields(collecttest.Try(t, "virt-what", path))
		agrees := virt == "" || virt == "none" && len(theirs) == 0
		for _, word := range theirs {
			agrees = agrees || word == virt || virtWhat[word] == virt
		}
		if !agrees {
			t.Errorf("virtualisation %q, it says %q", virt, theirs)
		}
	})
	t.Run("lscpu", func(t *testing.T) {
		var out struct {
			Lscpu []lscpuField `json:"lscpu"`
		}
		if err := json.Unmarshal([]byte(collecttest.Try(t, "lscpu", "lscpu", "-J")), &out); err != nil {
			t.Fatal(err)
		}
		said := make(map[string]string)
		var flatten func([]lscpuField)
		flatten = func(list []lscpuField) {
			for _, f := range list {
				said[strings.TrimSuffix(f.Field, ":")] = f.Data
				flatten(f.Children)
			}
		}
		flatten(out.Lscpu)
		if n, err := strconv.ParseFloat(said["CPU(s)"], 64); err == nil && said["Off-line CPU(s) list"] == "" && n != m.Cores.Or(n) {
			t.Errorf("%v cores, it says %v", m.Cores, n)
		}
		if model := strings.Join(strings.Fields(said["Model name"]), " "); model != "" && model != "-" && model != m.CPUModel.Or(model) {
			t.Errorf("model %v, it says %q", m.CPUModel, model)
		}
		// It names KVM for all that use it, where others name the product.
		if theirs := strings.ToLower(said["Hypervisor vendor"]); theirs != "" && virt == "none" {
			t.Errorf("a box, it says %q", theirs)
		} else if known := map[string]bool{"kvm": true, "xen": true, "vmware": true, "microsoft": true}; known[theirs] && known[virt] && theirs != virt {
			t.Errorf("virtualisation %q, it says %q", virt, theirs)
		}
	})
	t.Run("dpkg", func(t *testing.T) {
		out := collecttest.Try(t, "dpkg", "dpkg", "-l")
		n := 0
		for line := range strings.Lines(out) {
			if len(line) > 3 && line[1] == 'i' && strings.HasPrefix(line[2:], " ") { // installed, whatever is wanted
				n++
			}
		}
		// Something may be installed while this runs.
		if again := observed(t, "/").Machines[0].OS.Packages; m.OS.Packages == again && again.Or(n) != n {
			t.Errorf("%v packages, it says %d", again, n)
		}
	})
	t.Run("rpm", func(t *testing.T) {
		if source := observed(t, "/").Machines[0].OS.Packages; source.IsKnown() && !m.OS.ID.IsAbsent() && rpmSystems[m.OS.ID.Or("")] {
			if theirs := len(strings.Fields(collecttest.Try(t, "rpm", "rpm", "-qa"))); theirs != source.Or(theirs) {
				t.Errorf("%v packages, it says %d", source, theirs)
			}
		}
	})
	if _, ok := m.Kind.Get(); ok && (m.Kind.Or("") == inventory.Physical) != (virt == "none") && m.Kind.Or("") != inventory.Cloud {
		t.Errorf("kind %v with virtualisation %q", m.Kind, virt)
	}
}

type lscpuField struct {
	Field    string       `json:"field"`
	Data     string       `json:"data"`
	Children []lscpuField `json:"children"`
}

// virtWhat are the words of virt-what for what systemd calls otherwise.
var virtWhat = map[string]string{
	"aws": "amazon", "hyperv": "microsoft", "virtualbox": "oracle", "google_cloud": "google", "ibm_systemz-zvm": "zvm", "ibm_systemz-lpar": "pr/sm",
	"ibm_power-lpar_shared": "powervm", "ibm_power-lpar_dedicated": "powervm", "apple_virt": "apple", "ovirt": "kvm", "rhev": "kvm", "openstack": "kvm",
	"nutanix_ahv": "kvm", "kubevirt": "kvm", "alibaba_cloud": "kvm",
}

// rpmSystems are those that RPM is the package manager of.
var rpmSystems = map[string]bool{"fedora": true, "rhel": true, "centos": true, "rocky": true, "almalinux": true, "sles": true, "opensuse-leap": true, "amzn": true, "ol": true}

// What this machine is, a recording of it is as well: what the processor said, and how many packages were counted.
func TestRecordingIsTheSameMachine(t *testing.T) {
	env := collect.Env{Root: "/", Record: filepath.Join(t.TempDir(), "tree"), Getenv: func(string) string { return "" }}
	live, err := observe(context.Background(), env, "host:")
	if err != nil {
		t.Fatal(err)
	}
	tree := observed(t, env.Record)
	want, got := facts(live.Machines[0]), facts(tree.Machines[0])
	for _, fact := range []string{"kind", "virt", "provider", "style", "os", "packages", "tools", "findings", "mhz", "chassis", "enclosure", "management", "inside"} {
		if got[fact] != want[fact] {
			t.Errorf("%s: recorded %q, live %q", fact, got[fact], want[fact])
		}
	}
}
