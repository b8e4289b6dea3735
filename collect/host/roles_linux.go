package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A role is what a program is for.
type role struct {
	name     string // postgresql; empty where it is not recognised
	layer    inventory.Layer
	state    stateful
	licensed bool                    // a licence or a support contract may bind it to a machine
	function inventory.AgentFunction // of agents
	ports    []int                   // that it usually waits on: they back up a name that says little
}

// stateful says whether a program of a role keeps data that must outlive it.
type stateful int

const (
	maybeStateful stateful = iota
	alwaysStateful
	neverStateful
)

// Short forms for the tables.
const (
	infra = inventory.Infrastructure
	serv  = inventory.Service
	appl  = inventory.Application

	licensed = true
)

// commLength is how much of a name the kernel keeps.
const commLength = 15

// A roleIndex finds roles by the names of programs.
type roleIndex struct {
	named    map[string]role // by the name of the role itself
	programs map[string]role
	cut      map[string]role // by the beginnings of longer names
	prefixes []prefixRole    // longest first
}

type prefixRole struct {
	prefix string
	role   role
}

// known is made of the tables services, plumbingRoles and agents.
var known = indexRoles()

func indexRoles() *roleIndex {
	x := &roleIndex{named: make(map[string]role), programs: make(map[string]role), cut: make(map[string]role)}
	for _, f := range services {
		x.add(role{f.name, f.layer, f.state, f.licensed, "", f.ports}, f.programs)
	}
	for _, f := range plumbingRoles {
		x.add(role{f.name, infra, f.state, false, "", nil}, f.programs)
	}
	for _, list := range agents {
		for _, f := range list.products {
			x.add(role{f.name, infra, neverStateful, false, list.function, nil}, f.programs)
		}
	}
	slices.SortFunc(x.prefixes, func(a, b prefixRole) int {
		return len(b.prefix) - len(a.prefix)
	})
	return x
}

// add takes in a role and the programs that have it; a name that ends in * stands for all that begin so.
func (x *roleIndex) add(r role, programs string) {
	if _, ok := x.named[r.name]; !ok {
		x.named[r.name] = r
	}
	for name := range strings.FieldsSeq(programs) {
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			x.prefixes = append(x.prefixes, prefixRole{prefix, r})
			continue
		}
		x.programs[name] = r
		if len(name) > commLength {
			x.cut[name[:commLength]] = r
		}
	}
}

// roleOf recognises a program by its name, which may be cut off where the kernel gave it. False where it is not
// known.
func roleOf(program string) (role, bool) {
	if r, ok := known.programs[program]; ok {
		return r, true
	}
	if r, ok := known.cut[program]; ok {
		return r, true
	}
	for _, p := range known.prefixes {
		if strings.HasPrefix(program, p.prefix) {
			return p.role, true
		}
	}
	return role{}, false
}

// roleRun recognises what an interpreter runs, by the name that linux.InterpretedRole gives it.
func roleRun(name string) role {
	if r, ok := known.named[name]; ok {
		return r
	}
	if r, ok := roleOf(name); ok {
		return r
	}
	return role{name: name, layer: appl}
}

// vague are names of programs that others may have as well. They count where something else says the same: one of the
// role's ports, or one of these words in the name of the unit or of a companion.
var vague = map[string]string{
	"master":     "postfix qmgr pickup",
	"registry":   "registry docker-distribution",
	"vector":     "vector",
	"alloy":      "alloy grafana",
	"agent":      "datadog trace-agent process-agent",
	"named":      "named bind",
	"dataserver": "sybase syb backupserver",
	"cvd":        "commvault cvlaunchd cvfwd galaxy",
	"bird":       "bird calico",
	"rook":       "rook ceph",
	"px":         "portworx px-storage",
	"weed":       "weed seaweed",
	"nails":      "mcafee nailsd",
	"cma":        "mcafee cma",
	"pmd":        "traps cortex",
	"coda":       "ovcd opcmona",
	"defender":   "twistlock",
	"collector":  "sumo otel",
	"acc":        "servicenow",
	"speaker":    "metallb",
	"heartbeat":  "beat elastic",
	"confd":      "calico",
}

// corroborated reports whether a crowd bears out what the name of its program says.
func (c *crowd) corroborated(program string, r role) bool {
	words, ok := vague[program]
	if !ok {
		return true
	}
	for _, v := range c.reach.listens {
		if slices.Contains(r.ports, v.Port) {
			return true
		}
	}
	for word := range strings.FieldsSeq(words) {
		if strings.Contains(c.unit, word) || strings.Contains(c.shim.Name, word) {
			return true
		}
		for _, q := range c.members {
			if q.Comm != program && strings.Contains(q.Comm, word) {
				return true
			}
		}
	}
	return false
}

// roleBy recognises a crowd by the name of a program.
func (c *crowd) roleBy(program string) (role, bool) {
	r, ok := roleOf(program)
	return r, ok && c.corroborated(program, r)
}

// role recognises what a container is for.
func (l *look) role(c *crowd) role {
	worker := c.worker()
	if r, ok := c.roleBy(worker.Comm); ok && !linux.Interpreter(worker.Comm) {
		return r
	}
	r, _ := l.roleByCommand(c, worker)
	return r
}

// roleByCommand recognises a program by its command line, of which it keeps the program's name only. What is not
// recognised is an application.
func (l *look) roleByCommand(c *crowd, q *process) (role, string) {
	unknown := role{layer: appl}
	text, err := l.fs.Read("/proc/"+itoa(q.PID)+"/cmdline", linux.LargeFile)
	if err != nil || len(text) == 0 {
		if r, ok := c.roleBy(q.Comm); ok {
			return r, ""
		}
		return unknown, ""
	}
	program := linux.Program(text)
	if linux.Interpreter(program) || linux.Interpreter(q.Comm) {
		if name := linux.InterpretedRole(text); name != "" {
			return roleRun(name), program
		}
	}
	for _, name := range []string{q.Comm, program} {
		if r, ok := c.roleBy(name); ok {
			return r, program
		}
	}
	return unknown, program
}

// stateful gives the role's answer as a fact.
func (r role) stateful() inventory.Reading[bool] {
	switch {
	case r.name == "":
		return inventory.Unknown[bool]("the program is not recognised", "")
	case r.state == alwaysStateful:
		return inventory.Known(true)
	case r.state == neverStateful:
		return inventory.Known(false)
	default:
		return inventory.Unknown[bool]("programs of this kind may or may not keep data", "")
	}
}

// shells and wrappers start the program that matters, or stand by while it runs.
var wrappers = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true, "fish": true, "busybox": true,
	"tini": true, "dumb-init": true, "docker-init": true, "catatonit": true, "su": true, "sudo": true, "runuser": true,
	"env": true, "nohup": true, "timeout": true, "nice": true, "setsid": true, "gosu": true, "su-exec": true,
	"s6-svscan": true, "s6-supervise": true, "supervise-daemo": true, "start-stop-daem": true, "mysqld_safe": true,
	"screen": true, "SCREEN": true, "tmux: server": true, "sleep": true, "tail": true, "xargs": true,
}
