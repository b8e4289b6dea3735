package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/rpm"
)

// probe says what this user can read of the machine.
func probe(ctx context.Context, env collect.Env) []collect.Probe {
	l := &look{env: env, fs: linux.NewFS(env.Root), target: scheme + ":"}
	l.live = l.fs.Live()
	l.mountedHere()
	l.common()
	list := []collect.Probe{l.probeSelf(), l.probeProcesses(ctx)}
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
		{"the firmware's word on virtualisation", "/sys/firmware/dmi/entries/0-0/raw", asRoot},
	} {
		list = append(list, l.probeFile(f.what, f.name, f.remedy))
	}
	for _, m := range managers {
		for _, name := range m.runs {
			if p := l.probeFile("last run of the configuration management", name, asRoot); p.Status == collect.ProbeDenied {
				list = append(list, p)
			}
		}
	}
	for _, dir := range rpmDirs {
		for _, kind := range rpm.Databases {
			if p := l.probeFile("installed packages", path.Join(dir, kind), asRoot); p.Status == collect.ProbeDenied {
				list = append(list, p)
			}
		}
	}
	return append(list, l.probeDirectory("disks", "/sys/block"), l.probeDirectory("networks", "/sys/class/net"))
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

func (l *look) probeProcesses(ctx context.Context) collect.Probe {
	p := l.processes(ctx)
	if why, remedy, hidden := p.hidden(l); hidden {
		return collect.Probe{What: "processes of all users", Status: collect.ProbeDenied, Detail: why, Remedy: remedy}
	}
	return collect.Probe{What: "processes of all users", Status: collect.ProbeReadable, Detail: fmt.Sprintf("%d processes", len(p.list))}
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
