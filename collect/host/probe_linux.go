package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// probe says what this user can read of the machine: a list of what matters most, and everything else that a look at
// the machine misses and something would reveal.
func probe(ctx context.Context, env collect.Env) []collect.Probe {
	l := &look{env: env, fs: linux.NewFS(env.Root), target: scheme + ":"}
	env.Record, env.Sample = "", 0
	b, err := observeTree(ctx, env, l.fs, l.target)
	if err != nil {
		return []collect.Probe{{What: "this machine", Status: collect.ProbeBroken, Detail: err.Error(), Remedy: collect.RemedyOf(err)}}
	}
	l.live = l.fs.Live()
	l.manager, l.inside = linux.ContainerManager(l.fs)
	list := []collect.Probe{l.probeSelf(), probeProcesses(b.Machines[0].Processes)}
	for _, f := range []struct{ what, name, remedy string }{
		{"control groups", "/proc/1/cgroup", "mount /proc without hidepid, or run as root"},
		{"mounted file systems", "/proc/1/mountinfo", "mount /proc without hidepid, or run as root"},
		{"sockets of engines and hypervisors", "/proc/net/unix", asRoot},
		{"processors", "/proc/cpuinfo", asRoot},
		{"operating system", "/etc/os-release", asRoot},
		{"machine identifier", "/etc/machine-id", asRoot},
		{"maker and model", "/sys/class/dmi/id/sys_vendor", asRoot},
		{"system UUID", "/sys/class/dmi/id/product_uuid", asRoot},
		{"serial number", "/sys/class/dmi/id/product_serial", asRoot},
		{"chassis serial number", "/sys/class/dmi/id/chassis_serial", asRoot},
		{"the firmware's word on virtualisation", linux.SMBIOSTable, asRoot},
	} {
		list = append(list, l.probeFile(f.what, f.name, f.remedy))
	}
	list = append(list, l.probeDirectory("disks", "/sys/block"), l.probeDirectory("networks", "/sys/class/net"))
	return append(list, probeGaps(b.Gaps, list)...)
}

func (l *look) probeSelf() collect.Probe {
	if l.inside {
		return collect.Probe{
			What: "the machine itself", Status: collect.ProbeDenied,
			Detail: "this program runs in a container (" + l.manager + ")", Remedy: "run on the host",
		}
	}
	return collect.Probe{What: "the machine itself", Status: collect.ProbeReadable, Detail: "not in a container"}
}

func probeProcesses(n inventory.Reading[int]) collect.Probe {
	p := collect.Probe{What: "processes of all users", Status: collect.ProbeReadable, Detail: n.String() + " processes"}
	if n.IsUnknown() {
		p.Status, p.Detail, p.Remedy = collect.ProbeDenied, n.Why(), n.Remedy()
	}
	return p
}

// probeGaps lists what a look at the machine missed and something would reveal, but for what is listed already. Of the
// same thing in many places one is named.
func probeGaps(gaps []inventory.Gap, listed []collect.Probe) []collect.Probe {
	var list []collect.Probe
	have := make(map[string]bool)
	for _, p := range listed {
		subject, _, _ := strings.Cut(p.Detail, ": ")
		have[subject] = p.Status != collect.ProbeReadable
	}
	at := make(map[string]int)
	more := make(map[string]int)
	for _, g := range gaps {
		key := g.What + "\x00" + g.Remedy
		switch _, again := at[key]; {
		case g.Remedy == "" || have[g.Subject] || g.Subject == "/proc": // the processes are listed
		case again:
			more[key]++
		default:
			at[key] = len(list)
			list = append(list, collect.Probe{What: g.What, Status: collect.ProbeDenied, Detail: g.Subject + ": " + g.Why, Remedy: g.Remedy})
		}
	}
	for key, n := range more {
		list[at[key]].Detail += fmt.Sprintf(" (and %d more)", n)
	}
	return list
}

// probeFile tries a file by reading its first byte.
func (l *look) probeFile(what, name, remedy string) collect.Probe {
	r, err := l.fs.Open(name, linux.LargeFile)
	if err == nil {
		_, err = r.Read(make([]byte, 1))
		if errors.Is(err, io.EOF) {
			err = nil
		}
		r.Close()
	}
	return probed(what, name, remedy, err)
}

func (l *look) probeDirectory(what, name string) collect.Probe {
	_, err := l.fs.Names(name)
	return probed(what, name, asRoot, err)
}

func probed(what, name, remedy string, err error) collect.Probe {
	p := collect.Probe{What: what, Detail: name}
	switch {
	case err == nil:
		p.Status = collect.ProbeReadable
	case linux.Denied(err):
		p.Status, p.Detail, p.Remedy = collect.ProbeDenied, name+": permission denied", remedy
	case linux.Gone(err):
		p.Status, p.Detail = collect.ProbeAbsent, name+" is not there"
		if strings.HasPrefix(name, "/sys/class/dmi") {
			p.Detail += ": this kernel shows no DMI"
		}
	default:
		p.Status, p.Detail = collect.ProbeBroken, name+": "+linux.Reason(err)
	}
	return p
}
