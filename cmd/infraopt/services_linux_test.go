package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// infraopt runs the program in a process of its own, as root or as a user without any right, and decodes its report.
func infraopt(t *testing.T, nobody bool, args ...string) (*score.Assessment, string) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Args = append([]string{"infraopt"}, args...) // TestMain goes by the name
	cmd.Stdout, cmd.Stderr = &out, &talk
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "HOME=/nonexistent")
	if nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: collecttest.Nobody, Gid: collecttest.Nobody}}
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("infraopt %q: %v\n%s", args, err, talk.String())
	}
	if err := validate("assessment", out.Bytes()); err != nil {
		t.Errorf("infraopt %q: %v", args, err)
	}
	a := &score.Assessment{}
	if err := json.Unmarshal(out.Bytes(), a); err != nil {
		t.Fatal(err)
	}
	return a, talk.String()
}

// TestRealEstate assesses this host while Docker runs two containers and keeps three stopped ones, and libvirt runs
// two domains and keeps one that is shut off. Tests of other packages may run containers and domains of their own
// meanwhile, so totals are compared with what the services' own tools list before and after.
func TestRealEstate(t *testing.T) {
	collecttest.Try(t, "Docker", "docker", "version")
	collecttest.Try(t, "libvirt", "virsh", "-q", "-r", "-c", "qemu:///system", "list")
	if os.Geteuid() != 0 {
		collecttest.Need(t, "root", errors.New("the services are root's"))
	}
	docker := func(args ...string) string { return collecttest.Must(t, nil, append([]string{"docker"}, args...)...) }
	virsh := func(args ...string) string {
		return collecttest.Must(t, nil, append([]string{"virsh", "-q", "-c", "qemu:///system"}, args...)...)
	}
	prefix := collecttest.Name("")
	image := prefix + "estate:1"
	collecttest.Must(t, collecttest.Image(t), "docker", "import", "-", image)
	collecttest.Finally(t, "docker", "rmi", "-f", image)
	start := func(name string, args ...string) {
		collecttest.Finally(t, "docker", "rm", "-f", prefix+name)
		docker(append(append([]string{"run", "-d", "--name", prefix + name, "--network", "none"}, args...), image, "/bin/busybox", "sleep", "600")...)
	}
	start("web", "--restart", "unless-stopped", "--cpus", "0.25", "--memory", "48m", "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web")
	start("hand")
	for _, name := range []string{"old1", "old2", "old3"} {
		start(name)
		docker("stop", "-t", "0", prefix+name)
	}
	for i, name := range []string{"vm1", "vm2", "off"} {
		file := filepath.Join(t.TempDir(), "domain.xml")
		text := fmt.Sprintf(`<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os></domain>`, prefix+name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			virsh("create", file)
			collecttest.Finally(t, "virsh", "-q", "-c", "qemu:///system", "destroy", prefix+name)
		} else {
			virsh("define", file)
			collecttest.Finally(t, "virsh", "-q", "-c", "qemu:///system", "undefine", prefix+name)
		}
	}

	lines := func(s string) []string { return strings.Fields(s) }
	all := func() [3][]string {
		return [3][]string{lines(docker("ps", "-aq", "--no-trunc")), lines(docker("ps", "-q", "--no-trunc")), lines(virsh("list", "--all", "--uuid"))}
	}
	before := all()
	root, _ := infraopt(t, false, "assess", "--format", "json", "docker:unix:///run/docker.sock", "host:", "libvirt:qemu:///system")
	after := all()

	var ids, running, vms []string
	states := map[inventory.RunState]int{}
	for _, c := range root.Containers {
		if c.Runtime.Or("") != "docker" {
			continue // another engine's, seen by its control group
		}
		ids = append(ids, c.ID)
		if c.State.Or("") == inventory.Running {
			running = append(running, c.ID)
		}
		if strings.HasPrefix(c.Name.Or(""), prefix) {
			states[c.State.Or("")]++
		}
	}
	vmStates := map[inventory.RunState]int{}
	for _, v := range root.VMs {
		vms = append(vms, v.UUID.Or(v.ID))
		if strings.HasPrefix(v.Name.Or(""), prefix) {
			vmStates[v.State.Or("")]++
		}
	}
	agree(t, "docker ps -a", ids, before[0], after[0])
	agree(t, "docker ps", running, before[1], after[1])
	agree(t, "virsh list --all", vms, before[2], after[2])
	if states[inventory.Running] != 2 || states[inventory.Stopped] != 3 {
		t.Errorf("containers: got %v, want 2 running and 3 stopped", states)
	}
	if vmStates[inventory.Running] != 2 || vmStates[inventory.Stopped] != 1 {
		t.Errorf("virtual machines: got %v, want 2 running and 1 stopped", vmStates)
	}
	if n := root.Inventory.Containers.Total; n != len(root.Containers) {
		t.Errorf("counts %d containers and lists %d", n, len(root.Containers))
	}
	if root.MachinesTotal != 1 {
		t.Errorf("the engine, the hypervisor and the host are one machine; got %d: %+v", root.MachinesTotal, root.Machines)
	}
	for _, c := range root.Containers {
		if c.Name.Or("") != prefix+"web" {
			continue
		}
		if c.Image.Or("") != image || c.RestartPolicy.Or("") != "unless-stopped" || c.CPULimit.Or(0) != .25 || c.MemoryLimit.Or(0) != 48*inventory.MiB ||
			c.ComposeProject.Or("") != "shop" || c.ComposeService.Or("") != "web" || !slices.Equal(c.Seen, []string{"docker:unix:///run/docker.sock", "host:"}) {
			t.Errorf("got %+v", c)
		}
	}

	// The same machine, seen by a user who may not talk to Docker. What runs here changes between two looks, so a
	// comparison that fails is tried again; a law that is broken fails every time.
	var why string
	for range 5 {
		nobody, _ := infraopt(t, true, "assess", "--format", "json")
		root, _ := infraopt(t, false, "assess", "--format", "json")
		why = unprivileged(nobody, root, before[1])
		t.Logf("root: %d containers (%d running), score %.2f to %.2f, coverage %.3f; nobody: %d, %.2f to %.2f, %.3f", root.Inventory.Containers.Total, root.Inventory.Containers.Running,
			root.Score.Low, root.Score.High, root.Coverage.Evidence, nobody.Inventory.Containers.Total, nobody.Score.Low, nobody.Score.High, nobody.Coverage.Evidence)
		if why == "" {
			return
		}
	}
	t.Error(why)
}

// drift is how far the score of a busy machine may move, in points, between two looks a second apart.
const drift = .5

// unprivileged says what is wrong with the report that a user without rights gets, beside that of root.
func unprivileged(nobody, root *score.Assessment, running []string) string {
	seen := 0
	for _, c := range nobody.Containers {
		if slices.Contains(running, c.ID) {
			seen++
		}
	}
	named := false
	for _, g := range nobody.Gaps {
		named = named || strings.Contains(g.What+g.Why+g.Subject, "docker.sock") && strings.Contains(g.Remedy, "group docker")
	}
	switch {
	case seen < 2:
		return fmt.Sprintf("nobody sees %d of the containers that run, want those of this test at least: %+v", seen, nobody.Containers)
	case !named:
		return fmt.Sprintf("no gap names the socket and the group: %+v", nobody.Gaps)
	case nobody.Score.Low > root.Score.Low+drift, nobody.Coverage.Evidence >= root.Coverage.Evidence:
		return fmt.Sprintf("nobody: score %+v, coverage %v; root: %+v, %v", nobody.Score, nobody.Coverage.Evidence, root.Score, root.Coverage.Evidence)
	}
	return ""
}

// agree compares a list with what a tool listed before and after: whatever was there both times must be in it, and
// nothing that was there neither time.
func agree(t *testing.T, tool string, got, before, after []string) {
	t.Helper()
	for _, id := range before {
		if slices.Contains(after, id) && !slices.Contains(got, id) {
			t.Errorf("%s shows %s, the report does not", tool, id)
		}
	}
	for _, id := range got {
		if !slices.Contains(before, id) && !slices.Contains(after, id) {
			t.Errorf("the report shows %s, %s does not", id, tool)
		}
	}
}
