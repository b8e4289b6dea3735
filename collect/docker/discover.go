package docker

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
)

// discover lists the engines of this host by their sockets, without connecting to any.
func discover(_ context.Context, env collect.Env) []collect.Target {
	var targets []collect.Target
	for _, path := range socketFiles(env) {
		targets = append(targets, collect.Target{Scheme: scheme, Rest: "unix://" + path})
	}
	return targets
}

// socketFiles lists the engine sockets of this host: the system's Docker and Podman, those of users (rootless), and
// the one DOCKER_HOST names if it is a file. A socket that this user may not use, or may not even see because its
// folder is closed, is listed too: that an engine is there is worth knowing.
func socketFiles(env collect.Env) []string {
	f := linux.NewFS(env.Root)
	var found []string
	var known []os.FileInfo
	add := func(path string) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Type() != fs.ModeSocket {
			return
		}
		for _, k := range known {
			if os.SameFile(k, info) {
				return
			}
		}
		known = append(known, info)
		found = append(found, path)
	}
	if path, ok := strings.CutPrefix(env.Getenv("DOCKER_HOST"), "unix://"); ok {
		add(path)
	}
	for _, name := range []string{"/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"} {
		add(f.Path(name))
	}
	users, err := f.Names("/run/user")
	if err == nil {
		for _, uid := range users {
			add(f.Path("/run/user/" + uid + "/docker.sock"))
			add(f.Path("/run/user/" + uid + "/podman/podman.sock"))
		}
	}
	// The kernel lists listening sockets for everybody, also those in folders that this user cannot enter.
	for _, name := range listening(f) {
		if _, err := os.Stat(f.Path(name)); errors.Is(err, fs.ErrPermission) {
			found = append(found, f.Path(name))
		}
	}
	return found
}

// listening returns the sockets that are listened on here and at which engines are found.
func listening(f linux.FS) []string {
	text, err := f.Read("/proc/net/unix", linux.LargeFile)
	if err != nil {
		return nil
	}
	all, err := linux.ParseListening(string(text))
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range all {
		if rest, ok := strings.CutPrefix(name, "/var/run/"); ok {
			name = "/run/" + rest // one is a link to the other
		}
		if isEngineSocket(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isEngineSocket recognises the places where engines listen.
func isEngineSocket(path string) bool {
	if path != filepath.Clean(path) {
		return false
	}
	switch path {
	case "/run/docker.sock", "/run/podman/podman.sock":
		return true
	}
	rest, ok := strings.CutPrefix(path, "/run/user/")
	uid, file, found := strings.Cut(rest, "/")
	return ok && found && uid != "" && (file == "docker.sock" || file == "podman/podman.sock")
}

// probeTime is how long doctor waits for one engine.
const probeTime = 3 * time.Second

// probe says of each engine of this host whether this user can read it.
func probe(ctx context.Context, env collect.Env) []collect.Probe {
	const none = "container engines"
	found := socketFiles(env)
	if len(found) == 0 {
		return []collect.Probe{{What: none, Status: collect.ProbeAbsent, Detail: "no socket of Docker or Podman is here"}}
	}
	var probes []collect.Probe
	for _, path := range found {
		c := &collector{
			target:  collect.Target{Scheme: scheme, Rest: "unix://" + path},
			address: address{network: "unix", where: path},
			root:    env.Root,
		}
		probes = append(probes, c.probe(ctx))
	}
	return probes
}

func (c *collector) probe(ctx context.Context) collect.Probe {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	p := collect.Probe{What: c.address.where}
	api, err := dial(c.address)
	if err == nil {
		defer api.close()
		if err = api.hello(ctx); err == nil {
			var v version
			if v, err = api.version(ctx); err == nil {
				p.Status, p.Detail = collect.ProbeReadable, v.kind+" "+v.number+", API "+api.level()
				return p
			}
		}
	}
	err = c.explain(ctx, "asking the engine", err)
	p.Detail, p.Remedy = err.Error(), collect.RemedyOf(err)
	switch {
	case errors.Is(err, collect.ErrDenied):
		p.Status = collect.ProbeDenied
	case errors.Is(err, fs.ErrNotExist):
		p.Status = collect.ProbeAbsent
	default:
		p.Status = collect.ProbeBroken
	}
	return p
}
