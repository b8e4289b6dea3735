package docker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

const (
	web  = "236904ddbec5ef099a010ac1e1ee6cc048187912aee3181680e71e5bbe7592b0"
	old  = "1111111111111111111111111111111111111111111111111111111111111111"
	api  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	keep = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
)

func TestContract(t *testing.T) {
	raw := func(text string) collecttest.Maker {
		return func(t *testing.T) collect.Collector {
			return openAt(t, collecttest.Socket(t, collecttest.Says([]byte(text))), world(t, false))
		}
	}
	all := func(h http.HandlerFunc, paths ...string) collecttest.Maker {
		return func(t *testing.T) collect.Collector {
			f := fake{faults: map[string]http.HandlerFunc{}}
			for _, p := range paths {
				f.faults[p] = h
			}
			return openAt(t, f.start(t), world(t, false))
		}
	}
	rest := []string{"/version", "/info", "/containers/json", "/images/json", "/volumes", "/networks"}
	everything := append([]string{"/_ping"}, rest...)
	collecttest.Suite{
		Healthy: func(t *testing.T) collect.Collector { return openAt(t, fake{}.start(t), world(t, true)) },
		Absent:  func(t *testing.T) collect.Collector { return openAt(t, "/nonexistent.sock", world(t, false)) },
		Denied: func(t *testing.T) collect.Collector {
			path := fake{}.start(t)
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			return openAt(t, path, world(t, false))
		},
		Hung: func(t *testing.T) collect.Collector {
			return openAt(t, collecttest.Socket(t, collecttest.Silent), world(t, false))
		},
		Garbage: map[string]collecttest.Maker{
			"no HTTP":         raw("SSH-2.0-OpenSSH_9.2\r\n"),
			"zeros":           raw(strings.Repeat("\x00", 100) + "\n\n"),
			"other server":    all(says(200, "<html>hello</html>"), everything...),
			"server error":    all(says(500, "oops"), everything...),
			"not JSON":        all(says(200, "<html>hello</html>"), rest...),
			"other JSON":      all(says(200, `[1,"two",{"three":3}]`), rest...),
			"empty object":    all(says(200, `{}`), rest...),
			"errors for all":  all(says(500, `{"message":"no"}`), rest...),
			"cut off":         all(says(200, `[{"Id":"`), rest...),
			"endless list":    all(endless("{}"), rest...),
			"endless text":    all(endless(`"x"`), rest...),
			"endless message": all(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); endless("x")(w, r) }, rest...),
		},
		Secrets: []string{"s3cret"},
	}.Run(t)
}

// endless is a fault: a list that never ends.
func endless(element string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		piece := []byte(strings.Repeat(element+",", 1000))
		_, _ = w.Write([]byte("["))
		for r.Context().Err() == nil {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}
}

func read(t *testing.T, f fake, env collect.Env) *inventory.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	b, err := openAt(t, f.start(t), env).Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Encode(t, b)
	return b
}

func find(t *testing.T, b *inventory.Batch, id string) inventory.Container {
	t.Helper()
	i := slices.IndexFunc(b.Containers, func(c inventory.Container) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("container %s is missing", id)
	}
	return b.Containers[i]
}

func TestContainers(t *testing.T) {
	b := read(t, fake{}, world(t, true))
	if len(b.Containers) != 4 || len(b.Gaps) != 0 {
		t.Fatalf("got %d containers and the gaps %v, want 4 and none", len(b.Containers), b.Gaps)
	}
	for _, tc := range []struct {
		id, name, image, policy, project, service, cpu string
		memory                                         inventory.Bytes // 0 is no limit
		state                                          inventory.RunState
		manager                                        inventory.Manager
	}{
		{web, "shop-web-1", "nginx:1.25", "unless-stopped", "shop", "none", "0.5", 64 * inventory.MiB, inventory.Running, inventory.ManagedByCompose},
		{old, "old", "started-from:1", "none", "none", "none", "none", 0, inventory.Stopped, inventory.ManagedByHand},
		{api, "api.1.xyz", "api:2", "none", "none", "swarm/api@svc123", "1.5", 0, inventory.Running, inventory.ManagedBySwarm},
		{keep, "keeper", "keeper:1", "always", "none", "none", "0.25", 0, inventory.Paused, inventory.ManagedByPolicy},
	} {
		c := find(t, b, tc.id)
		got := fmt.Sprint(c.Name, c.Image, c.RestartPolicy, c.ComposeProject, c.Service, c.CPULimit, c.MemoryLimit.Or(0), c.State, c.Manager)
		want := fmt.Sprint(tc.name, tc.image, tc.policy, tc.project, tc.service, tc.cpu, tc.memory, tc.state, tc.manager)
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, want)
		}
	}
	c := find(t, b, web)
	if !slices.Equal(c.Volumes, []string{"shop_data"}) || c.PID.Or(0) != 4711 || c.Privileged.Or(true) {
		t.Errorf("got volumes %v, PID %v, privileged %v", c.Volumes, c.PID, c.Privileged)
	}
	if c.Usage.CPUSeconds.IsKnown() {
		t.Error("an old engine of this machine was asked for counters, which takes a second each")
	}
	for name, b := range map[string]*inventory.Batch{
		"a newer engine": read(t, fake{level: "1.43"}, world(t, true)),
		"a remote one":   read(t, fake{}, world(t, false)),
	} {
		if u := find(t, b, web).Usage; u.CPUSeconds.Or(0) != 33.686628 || u.Memory.Or(0) != 5_800_000 || u.Network.Or(0) != 123 || u.Age.Or(0) != 3600 {
			t.Errorf("%s: got the usage %+v", name, u)
		}
	}
	if find(t, b, old).Usage.CPUSeconds.IsKnown() {
		t.Error("a stopped container uses CPU")
	}
}

func TestMachineAndEngine(t *testing.T) {
	local, remote := read(t, fake{}, world(t, true)), read(t, fake{}, world(t, false))
	m := local.Machines[0]
	if m.Identity.MachineID.Or("") != "3d1219c7c4c5404aaa1f6d2a48adfda4" || m.Identity.EngineID.Or("") != "qyg7:2sk3:7e63" {
		t.Errorf("got the identity %+v", m.Identity)
	}
	if m.Cores.Or(0) != 2 || m.Memory.Or(0) != 25276510208 || m.Name.Or("") != "web-7" || m.OS.Kernel.Or("") != "6.1.0-fake" {
		t.Errorf("got the machine %+v", m)
	}
	if r := remote.Machines[0]; r.Identity.MachineID.IsKnown() || r.ID == m.ID {
		t.Errorf("an engine of another kernel was taken for local: %+v", r)
	}
	e := local.Engines[0]
	if e.Kind != "docker" || !e.Rootless.Or(false) || e.Cluster.Or("") != "swarm-abcdefswarm" || !e.DataUsed.IsKnown() || !e.BuildCache.IsUnknown() {
		t.Errorf("got the engine %+v", e)
	}
	if remote.Engines[0].DataUsed.IsKnown() {
		t.Error("a remote engine's disk was measured here")
	}
	if len(local.Clusters) != 1 || local.Clusters[0].Nodes.Or(0) != 3 || !local.Clusters[0].Orchestrates {
		t.Errorf("got the clusters %+v", local.Clusters)
	}
	if got := read(t, fake{level: "1.43"}, world(t, true)).Engines[0].BuildCache.Or(0); got != 1000 {
		t.Errorf("got %d bytes of build cache, want the 1000 that are not shared", got)
	}
}

func TestStores(t *testing.T) {
	b := read(t, fake{}, world(t, true))
	if len(b.Images) != 2 || len(b.Images[0].Tags) != 0 || !slices.Equal(b.Images[1].Tags, []string{"b:2", "started-from:1"}) {
		t.Errorf("got the images %+v", b.Images)
	}
	if len(b.Volumes) != 2 || b.Volumes[0].Name != "old" {
		t.Errorf("got the volumes %+v", b.Volumes)
	}
	want := map[string]inventory.NetworkClass{"bridge": inventory.BridgeNetwork, "mesh": inventory.OverlayNetwork, "lan": inventory.PhysicalNetwork, "odd": ""}
	if len(b.Networks) != len(want) {
		t.Errorf("got the networks %+v", b.Networks)
	}
	for _, n := range b.Networks {
		if n.Class.Or("") != want[n.Name] {
			t.Errorf("network %s: got the class %q, want %q", n.Name, n.Class, want[n.Name])
		}
	}
}

// What one question loses, the others keep; and the gap says what is missing and why.
func TestPartialAnswers(t *testing.T) {
	inspectWeb := "/containers/" + web + "/json"
	for name, tc := range map[string]struct {
		path       string
		fault      http.HandlerFunc
		containers int
		gap, why   string // of the only gap; empty for none
	}{
		"info is forbidden":      {"/info", says(403, "no"), 4, "the machine's size", "permission denied"},
		"volumes fail":           {"/volumes", says(500, `{"message":"driver lost"}`), 4, "volumes", "driver lost"},
		"images hang":            {"/images/json", hangs, 4, "images", "no answer in time"},
		"containers are garbage": {"/containers/json", says(200, "?"), 0, "containers", "nonsense"},
		"a container went away":  {inspectWeb, says(404, `{"message":"no such container"}`), 3, "", ""},
		"a container is broken":  {inspectWeb, says(500, `{"message":"layer lost"}`), 4, "restart policy", "layer lost"},
		"a container is stuck":   {inspectWeb, hangs, 4, "restart policy", "no answer in time"},
		"inspection is null":     {inspectWeb, says(200, `null`), 4, "restart policy", "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.NoLeaks(t)
			b := read(t, fake{faults: map[string]http.HandlerFunc{tc.path: tc.fault}}, world(t, true))
			if len(b.Containers) != tc.containers {
				t.Errorf("got %d containers, want %d", len(b.Containers), tc.containers)
			}
			if tc.gap == "" {
				if len(b.Gaps) > 0 {
					t.Errorf("got the gaps %+v, want none", b.Gaps)
				}
				return
			}
			if len(b.Gaps) != 1 || !strings.Contains(b.Gaps[0].What, tc.gap) || !strings.Contains(b.Gaps[0].Why, tc.why) {
				t.Errorf("got the gaps %+v, want one with %q and %q", b.Gaps, tc.gap, tc.why)
			}
			if tc.gap == "restart policy" {
				if c := find(t, b, web); !c.RestartPolicy.IsUnknown() || !c.State.IsKnown() || c.Manager.Or("") != inventory.ManagedByCompose {
					t.Errorf("got the container %+v", c)
				}
			}
		})
	}
}

// A stuck engine with many containers makes one gap, not one for each.
func TestManyFailuresAreOneGap(t *testing.T) {
	f := fake{faults: map[string]http.HandlerFunc{}}
	for _, id := range []string{web, old, api, keep} {
		f.faults["/containers/"+id+"/json"] = says(500, `{"message":"broken `+id+`"}`)
	}
	b := read(t, f, world(t, true))
	if len(b.Gaps) != 1 || b.Gaps[0].Subject != "containers old, shop-web-1, api.1.xyz and 1 more" {
		t.Errorf("got the gaps %+v", b.Gaps)
	}
}

// An identifier from outside must not lead a request anywhere else.
func TestHostileIdentifier(t *testing.T) {
	f := fake{faults: map[string]http.HandlerFunc{
		"/containers/json": says(200, `[{"Id":"../../secrets?x=","Names":["/a"],"State":"running"},{"Id":"","Names":["/b"]},null]`),
		"/secrets":         func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) },
	}}
	b := read(t, f, world(t, true))
	if len(b.Containers) != 1 || len(b.Gaps) != 1 {
		t.Errorf("got %d containers and the gaps %+v", len(b.Containers), b.Gaps)
	}
}

func TestTargets(t *testing.T) {
	env := func(vars ...string) collect.Env {
		e := world(t, false)
		e.Getenv = func(name string) string {
			for i := 0; i < len(vars); i += 2 {
				if vars[i] == name {
					return vars[i+1]
				}
			}
			return ""
		}
		return e
	}
	for _, tc := range []struct {
		target string
		env    collect.Env
		want   string // empty for an error that wraps ErrUsage
	}{
		{"docker:", env(), "unix:///run/docker.sock"},
		{"docker:", env("DOCKER_HOST", "tcp://10.0.0.1:2375"), "tcp://10.0.0.1:2375"},
		{"docker:unix:///run/podman/podman.sock", env("DOCKER_HOST", "tcp://10.0.0.1:2375"), "unix:///run/podman/podman.sock"},
		{"docker:/run/x.sock", env(), "unix:///run/x.sock"},
		{"docker:tcp://engine", env(), "tcp://engine:2375"},
		{"docker:tcp://engine", env("DOCKER_TLS_VERIFY", "1"), "tcp://engine:2376"},
		{"docker:http://engine:80/base/", env(), "tcp://engine:80/base"},
		{"docker:tcp://u:pw@engine:2375", env(), ""},
		{"docker:tcp://%zz", env(), ""},
		{"docker:ssh://engine", env(), ""},
		{"docker:nothing", env(), ""},
		{"docker:unix://", env(), ""},
		{"docker:unix:///x?y=z", env(), ""},
	} {
		target, err := collect.ParseTarget(tc.target)
		if err != nil {
			t.Fatal(err)
		}
		c, err := open(target, tc.env)
		switch {
		case tc.want == "":
			if !errors.Is(err, collect.ErrUsage) {
				t.Errorf("%s: got the error %v, want one that wraps ErrUsage", tc.target, err)
			}
			if err != nil && strings.Contains(err.Error(), "pw") {
				t.Errorf("%s: the error shows the password: %v", tc.target, err)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.target, err)
		default:
			if got := c.(*collector).address.String(); got != tc.want {
				t.Errorf("%s: got %s, want %s", tc.target, got, tc.want)
			}
		}
	}
}

func TestDiscover(t *testing.T) {
	env := world(t, false)
	socket := collecttest.Socket(t, collecttest.Silent)
	link := func(name string) string {
		path := filepath.Join(env.Root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(socket, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := link("run/docker.sock")
	link("var/run/docker.sock") // the same socket again
	if err := os.MkdirAll(filepath.Join(env.Root, "run/user/1000"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env.Root, "run/user/1000/docker.sock"), nil, 0o600); err != nil { // no socket
		t.Fatal(err)
	}
	got := discover(t.Context(), env)
	if len(got) != 1 || got[0].Rest != "unix://"+first {
		t.Errorf("got %v, want %s alone", got, first)
	}
	probes := probe(t.Context(), collect.Env{Root: t.TempDir(), Getenv: env.Getenv})
	if len(probes) != 1 || probes[0].Status != collect.ProbeAbsent {
		t.Errorf("got %+v for a host without engines", probes)
	}
}

func TestProbe(t *testing.T) {
	for name, tc := range map[string]struct {
		socket string
		want   collect.ProbeStatus
	}{
		"healthy": {fake{}.start(t), collect.ProbeReadable},
		"garbage": {collecttest.Socket(t, collecttest.Says([]byte("x\n\n"))), collect.ProbeBroken},
	} {
		p := openAt(t, tc.socket, world(t, true)).(*collector).probe(t.Context())
		if p.Status != tc.want || p.Detail == "" {
			t.Errorf("%s: got %+v, want the status %s", name, p, tc.want)
		}
	}
}
