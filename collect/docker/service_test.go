package docker

import (
	"context"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// These tests talk to the real engines that .ci/testbed starts.

const (
	dockerSocket = "/run/docker.sock"
	podmanSocket = "/run/podman/podman.sock"
)

// real reads an engine of this machine.
func real(t *testing.T, socket string) *inventory.Batch {
	t.Helper()
	c, err := open(collect.Target{Scheme: scheme, Rest: "unix://" + socket}, collect.SystemEnv())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	begin := time.Now()
	b, err := c.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d containers, %d images in %s", socket, len(b.Containers), len(b.Images), time.Since(begin))
	collecttest.Encode(t, b)
	return b
}

// engineIsThere skips the test where it is not.
func engineIsThere(t *testing.T, socket string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the services of .ci/testbed run on Linux")
	}
	_, err := os.Stat(socket)
	collecttest.Need(t, socket, err)
}

func TestRealDocker(t *testing.T) {
	engineIsThere(t, dockerSocket)
	collecttest.Try(t, "Docker", "docker", "version")
	docker := func(args ...string) string { return collecttest.Must(t, nil, append([]string{"docker"}, args...)...) }
	prefix := collecttest.Name("")
	img, vol := prefix+"image:1", prefix+"data"
	imageID := collecttest.Must(t, collecttest.Image(t), "docker", "import", "-", img)
	collecttest.Finally(t, "docker", "rmi", "-f", img)
	docker("volume", "create", vol)
	collecttest.Finally(t, "docker", "volume", "rm", vol)
	run := func(name string, args ...string) string {
		collecttest.Finally(t, "docker", "rm", "-f", prefix+name)
		return docker(append(append([]string{"run", "-d", "--name", prefix + name}, args...), img, "/bin/busybox", "sleep", "600")...)
	}
	limited := run("limited", "--restart", "unless-stopped", "--cpus", "0.5", "--memory", "64m", "-v", vol+":/data",
		"-e", "PASSWORD=s3cret-env", "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web")
	run("plain", "--network", "none")
	paused := run("paused", "--network", "none")
	docker("pause", paused)
	stopped := run("stopped", "--network", "none", "--restart", "on-failure:3")
	docker("stop", "-t", "0", stopped)
	docker("create", "--name", prefix+"created", "--network", "none", img, "/bin/busybox", "sleep", "s3cret-arg")
	collecttest.Finally(t, "docker", "rm", "-f", prefix+"created")

	ids := func() []string { return strings.Fields(docker("ps", "-aq", "--no-trunc")) }
	before := ids()
	b := real(t, dockerSocket)
	after := ids()

	var got []string
	states := map[inventory.RunState]int{}
	for _, c := range b.Containers {
		got = append(got, c.ID)
		if strings.HasPrefix(c.Name.Or(""), prefix) {
			states[c.State.Or("")]++
		}
	}
	for _, id := range before {
		if slices.Contains(after, id) && !slices.Contains(got, id) {
			t.Errorf("docker ps -a shows %s, the inventory does not", id)
		}
	}
	for _, id := range got {
		if !slices.Contains(after, id) && !slices.Contains(before, id) {
			t.Errorf("the inventory shows %s, docker ps -a does not", id)
		}
	}
	if states[inventory.Running] != 2 || states[inventory.Paused] != 1 || states[inventory.Stopped] != 2 {
		t.Errorf("got the states %v, want 2 running, 1 paused and 2 stopped", states)
	}

	c := find(t, b, limited)
	if c.Name.Or("") != prefix+"limited" || c.Image.Or("") != img || c.ImageID.Or("") != imageID || c.State.Or("") != inventory.Running {
		t.Errorf("got the container %+v", c)
	}
	if c.RestartPolicy.Or("") != "unless-stopped" || c.CPULimit.Or(0) != 0.5 || c.MemoryLimit.Or(0) != 64*inventory.MiB {
		t.Errorf("got the policy %s, the limits %s and %s", c.RestartPolicy, c.CPULimit, c.MemoryLimit)
	}
	if c.ComposeProject.Or("") != "shop" || c.ComposeService.Or("") != "web" || c.Manager.Or("") != inventory.ManagedByCompose {
		t.Errorf("got the project %s, the service %s and the manager %s", c.ComposeProject, c.ComposeService, c.Manager)
	}
	if !slices.Equal(c.Volumes, []string{vol}) || c.PID.Or(0) <= 0 || c.Privileged.Or(true) {
		t.Errorf("got the volumes %v, the PID %v and privileged %v", c.Volumes, c.PID, c.Privileged)
	}
	s := find(t, b, stopped)
	if s.RestartPolicy.Or("") != "on-failure" || s.Status.Or("") != "exited" || !s.PID.IsAbsent() || !s.CPULimit.IsAbsent() || s.Usage.CPUSeconds.IsKnown() {
		t.Errorf("got the stopped container %+v", s)
	}
	if !slices.ContainsFunc(b.Images, func(i inventory.Image) bool { return i.ID == imageID && slices.Contains(i.Tags, img) }) {
		t.Errorf("the image %s is missing", img)
	}
	if !slices.ContainsFunc(b.Volumes, func(v inventory.Volume) bool { return v.Name == vol }) {
		t.Errorf("the volume %s is missing", vol)
	}
	if e := b.Engines[0]; e.Kind != "docker" || !e.DataUsed.IsKnown() || e.Machine != b.Machines[0].ID || !e.Inventory.Or(false) {
		t.Errorf("got the engine %+v", e)
	}
	if strings.Contains(collecttest.Encode(t, b), "s3cret") {
		t.Error("the inventory holds a secret")
	}
}

func TestRealPodman(t *testing.T) {
	engineIsThere(t, podmanSocket)
	collecttest.Try(t, "Podman", "podman", "version")
	prefix := collecttest.Name("")
	img := "localhost/" + prefix + "image:1"
	collecttest.Must(t, collecttest.Image(t), "podman", "import", "-q", "-", img)
	collecttest.Finally(t, "podman", "rmi", "-f", img)
	run := func(name string, args ...string) string {
		collecttest.Finally(t, "podman", "rm", "-f", "-t", "0", prefix+name)
		command := []string{"podman", "--runtime", "runc", "run", "-d", "--name", prefix + name, "--network", "none",
			"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}
		return collecttest.Must(t, nil, append(append(command, args...), img, "/bin/busybox", "sleep", "600")...)
	}
	unit := run("unit", "--label", "PODMAN_SYSTEMD_UNIT=web.service")
	stopped := run("stopped")
	collecttest.Must(t, nil, "podman", "stop", "-t", "0", prefix+"stopped")

	b := real(t, podmanSocket)
	c := find(t, b, unit)
	if c.Name.Or("") != prefix+"unit" || c.Image.Or("") != img || c.State.Or("") != inventory.Running || c.Runtime.Or("") != "podman" {
		t.Errorf("got the container %+v", c)
	}
	if c.Manager.Or("") != inventory.ManagedByQuadlet || c.Unit != "web.service" || !c.RestartPolicy.IsAbsent() || c.PID.Or(0) <= 0 {
		t.Errorf("got the manager %s, the unit %q, the policy %s and the PID %s", c.Manager, c.Unit, c.RestartPolicy, c.PID)
	}
	if u := c.Usage; u.CPUSeconds.Or(0) <= 0 || !u.Network.IsKnown() || u.Age.Or(0) <= 0 {
		t.Errorf("got the usage %+v", u)
	}
	if s := find(t, b, stopped); s.State.Or("") != inventory.Stopped {
		t.Errorf("got the stopped container %+v", s)
	}
	if e := b.Engines[0]; e.Kind != "podman" || !e.BuildCache.IsNotApplicable() || !e.Cluster.IsAbsent() {
		t.Errorf("got the engine %+v", e)
	}
	if b.Machines[0].Identity.EngineID.IsKnown() {
		t.Error("Podman's identifier was kept, which is another one each time")
	}
}

// engineAnswers skips the test where this user may not use the engine.
func engineAnswers(t *testing.T, socket string) {
	t.Helper()
	engineIsThere(t, socket)
	conn, err := net.Dial("unix", socket)
	collecttest.Need(t, socket, err)
	conn.Close()
}

// Both engines of a machine show the same machine.
func TestRealEnginesShareTheMachine(t *testing.T) {
	engineAnswers(t, dockerSocket)
	engineAnswers(t, podmanSocket)
	a, b := real(t, dockerSocket).Machines[0], real(t, podmanSocket).Machines[0]
	if a.ID != b.ID || a.Identity.BootID != b.Identity.BootID {
		t.Errorf("got two machines: %+v and %+v", a, b)
	}
}

// A user without the group is told which group it is.
func TestRealSocketIsClosed(t *testing.T) {
	engineIsThere(t, dockerSocket)
	if !collecttest.AsNobody(t) {
		return
	}
	found := discover(t.Context(), collect.SystemEnv())
	if !slices.ContainsFunc(found, func(target collect.Target) bool { return target.Rest == "unix://"+dockerSocket }) {
		t.Errorf("a socket that may not be used is not discovered: %v", found)
	}
	c, err := open(collect.Target{Scheme: scheme, Rest: "unix://" + dockerSocket}, collect.SystemEnv())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Collect(t.Context())
	if !strings.Contains(collect.RemedyOf(err), "group docker") || !strings.Contains(err.Error(), dockerSocket) {
		t.Errorf("got the error %v with the remedy %q, want the socket and its group named", err, collect.RemedyOf(err))
	}
}
