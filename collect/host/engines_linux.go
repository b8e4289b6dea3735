package host

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// An engineSign is what shows that a container engine is there, without asking it.
type engineSign struct {
	kind    string
	socket  string // how its socket's path ends
	program string // its daemon, as long as the kernel keeps names; empty where it has none
	right   string // what lets a user ask it
	target  string // scheme of the source that asks it; empty where there is none
}

// engineSigns are the engines that are recognised.
var engineSigns = []engineSign{
	{"docker", "/docker.sock", "dockerd", "run as root or as a member of group docker", "docker"},
	{"podman", "/podman/podman.sock", "", "run as root", "docker"},
	{"containerd", "/containerd.sock", "containerd", "run as root", "containerd"},
	{"cri-o", "/crio.sock", "crio", "run as root", "cri"},
	{"lxd", "/lxd/unix.socket", "lxd", "run as root or as a member of group lxd", ""},
	{"incus", "/incus/unix.socket", "incusd", "run as root or as a member of group incus-admin", ""},
}

// runtimeSign finds the engine of a runtime, to say who knows more of a container.
func runtimeSign(runtime string) (engineSign, bool) {
	if runtime == "lxc" {
		runtime = "lxd"
	}
	for _, s := range engineSigns {
		if s.kind == runtime {
			return s, true
		}
	}
	return engineSign{}, false
}

// engines lists the container engines of the machine: by sockets that are listened on, by their daemons, and for
// Podman, which has neither, by its containers.
func (l *look) engines(p *processes, s *sorted) []inventory.Engine {
	var list []inventory.Engine
	add := func(sign engineSign, socket string) {
		for i := range list {
			if list[i].Kind == sign.kind && (socket == "" || list[i].ID == l.engineID(sign.kind, socket)) {
				return
			}
		}
		list = append(list, l.engine(sign, socket))
	}
	seen := make(map[string]bool) // kinds by container
	for _, c := range s.containers {
		r := runtimeOf(c)
		seen[r] = true
	}
	running := make(map[string]bool)
	docked := false // containerd belongs to Docker
	for _, q := range p.list {
		if q.group != nil && q.group.class.Container() {
			continue // an engine in a container is that container's business
		}
		running[q.Comm] = true
		if q.Comm == "containerd" && q.parent != nil && q.parent.Comm == "dockerd" {
			docked = true
		}
	}
	kubernetes := running["kubelet"] || running["k3s-server"] || running["k3s-agent"] || running["k0s"] || running["kubelite"]
	for _, sign := range engineSigns {
		found := false
		for _, socket := range l.sockets {
			if strings.HasPrefix(socket, "@") || !strings.HasSuffix("/"+strings.TrimLeft(socket, "/"), sign.socket) {
				continue
			}
			// Docker brings a containerd of its own, or uses the machine's: that is one engine, not two.
			if sign.kind == "containerd" && (running["dockerd"] || docked) && !kubernetes && !seen["containerd"] {
				continue
			}
			if sign.kind == "containerd" && strings.Contains(socket, "/docker/") {
				continue
			}
			add(sign, socket)
			found = true
		}
		byDaemon := sign.program != "" && running[sign.program] && (sign.kind != "containerd" || !running["dockerd"])
		if !found && (byDaemon || sign.kind != "lxd" && seen[sign.kind]) {
			add(sign, "")
		}
	}
	for _, e := range list {
		l.engineGap(e)
	}
	slices.SortFunc(list, func(a, b inventory.Engine) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	return list
}

func (l *look) engineID(kind, socket string) string {
	return "engine-" + shortHash(kind+"\x00"+l.id+"\x00"+socket)
}

func (l *look) engine(sign engineSign, socket string) inventory.Engine {
	why, remedy := l.engineKnows(sign.kind)
	e := inventory.Engine{
		ID:         l.engineID(sign.kind, socket),
		Machine:    l.id,
		Kind:       sign.kind,
		Version:    inventory.Unknown[string](why, remedy),
		Rootless:   inventory.Unknown[bool](why, remedy),
		Cluster:    inventory.Unknown[string](why, remedy),
		BuildCache: inventory.Unknown[inventory.Bytes](why, remedy),
		DataRoot:   inventory.Unknown[string](why, remedy),
		DataUsed:   inventory.Unknown[inventory.Bytes](why, remedy),
		Inventory:  inventory.Unknown[bool](why, remedy),
		Seen:       l.seen(),
	}
	if socket != "" {
		e.Rootless = inventory.Known(strings.HasPrefix(socket, "/run/user/"))
	}
	return e
}

// socketOf is the socket of a kind of engine; empty where none is listened on.
func (l *look) socketOf(sign engineSign) string {
	best := ""
	for _, s := range l.sockets {
		if !strings.HasPrefix(s, "@") && strings.HasSuffix(s, sign.socket) && (best == "" || len(s) < len(best)) {
			best = s
		}
	}
	return best
}

// engineKnows says why something about a container is not known here, and what would reveal it.
func (l *look) engineKnows(kind string) (why, remedy string) {
	sign, ok := runtimeSign(kind)
	if !ok {
		return "only the engine knows", ""
	}
	socket := l.socketOf(sign)
	if socket == "" {
		return "only the engine knows; no socket of it is listened on", sign.right
	}
	switch err := l.fs.Writable(socket); {
	case errors.Is(err, linux.ErrUnasked):
		return "only the engine knows; it was not asked at " + socket, sign.right
	case err == nil && sign.target != "":
		return "only the engine knows; it was not asked", "assess " + sign.target + ":unix://" + socket + " too"
	case err == nil:
		return "only the engine knows; it was not asked", ""
	case linux.Denied(err):
		return "only the engine knows; " + socket + " is not readable", sign.right
	default:
		return "only the engine knows; " + socket + " does not answer", ""
	}
}

// engineGap reports an engine that this user may not ask.
func (l *look) engineGap(e inventory.Engine) {
	sign, _ := runtimeSign(e.Kind)
	socket := l.socketOf(sign)
	if socket == "" || !linux.Denied(l.fs.Writable(socket)) {
		return
	}
	user, err := l.fs.Answer("user", func() ([]byte, error) { return []byte(itoa(os.Getuid())), nil })
	if err != nil {
		user = []byte("who made the tree")
	}
	l.gap(socket, "names, images and settings of containers, stopped containers, images and volumes of "+e.Kind,
		"permission denied for user "+inventory.Text(string(user)), sign.right)
}
