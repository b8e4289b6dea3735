package host

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A look is one reading of a machine, with what its parts share.
type look struct {
	env    collect.Env
	fs     linux.FS
	live   bool // the machine is this one, not a recorded tree
	target string

	id         string // of the machine
	hostname   string
	uptime     float64   // seconds; ages are counted from it
	now        time.Time // by the machine's own clock
	inside     bool      // this program runs in a container
	manager    string    // whose
	cpu        linux.CPUInfo
	cpuErr     error
	dmi        linux.DMI
	mounts     []linux.MountEntry // as the first process sees them
	mountsHere []linux.MountEntry // as this program sees them
	ownMounts  bool               // no: as this program does, which a service manager may have confined
	loaded     []linux.Module     // of the kernel; see modules
	unseen     string             // why a run of configuration management would not have been seen; empty where it would
	sockets    []string           // unix sockets that are listened on
	judged     []*crowd           // workloads whose readiness is to be judged
	binaries   map[string]program // by name, those that were looked at
	gaps       []inventory.Gap
}

// observe reads the machine below the root of env, and copies what it reads if env says so.
func observe(ctx context.Context, env collect.Env, target string) (*inventory.Batch, error) {
	tree := linux.NewFS(env.Root)
	if env.Record == "" {
		return observeTree(ctx, env, tree, target)
	}
	recording, err := tree.Record(env.Record, linux.Redact)
	if err != nil {
		return nil, &collect.Error{Kind: collect.ErrUsage, Op: "recording to " + env.Record, Err: err, Remedy: "name a directory that is empty or not there yet"}
	}
	b, err := observeTree(ctx, env, tree, target)
	if closing := recording.Close(); err == nil && closing != nil {
		return nil, &collect.Error{Kind: collect.ErrUnavailable, Op: "recording to " + env.Record, Err: closing}
	}
	return b, err
}

func observeTree(ctx context.Context, env collect.Env, files linux.FS, target string) (*inventory.Batch, error) {
	l := &look{env: env, fs: files, live: files.Live(), target: target}
	l.mountedHere()
	if err := l.clocks(); err != nil {
		return nil, err
	}
	l.common()
	identity := linux.LocalIdentity(l.fs)
	l.id = linux.MachineID(identity, l.hostname)

	procs := l.processes(ctx)
	tree := l.sort(procs)
	l.listen(ctx, procs, tree)
	b := &inventory.Batch{}
	m := l.machine(ctx, identity)
	l.platform(&m, procs)
	l.boxed(&m)
	l.system(&m, procs)
	m.OS.Services = l.services(ctx, procs, tree)
	disks := l.storage(&m, procs)
	links := l.network(ctx, &m, procs, tree)
	l.hardware(&m)

	mon := l.monitors(tree)
	b.Hypervisors, b.VMs = mon.hypervisors, mon.vms
	b.Engines = l.engines(procs, tree)
	b.Containers = l.containers(tree)
	if _, _, hidden := procs.hidden(l); hidden {
		b.Containers = l.grouped(ctx, b.Containers)
	}
	b.Workloads = l.workloads(tree)
	l.judge(b.Workloads, tree, procs)
	l.strain(&m, tree, b.Workloads)
	converge(&m, b)
	l.hosts(&m, procs)
	l.findings(&m, procs, b)
	sortFindings(m.Findings)
	b.Storage, b.Networks = disks, links
	l.counts(&m, procs, b)
	b.Machines = []inventory.Machine{m}
	l.identityGaps(identity)
	l.sample(ctx, tree, b)
	l.unkept(b)
	l.confine(b)
	if err := ctx.Err(); err != nil {
		l.gap(cmp.Or(l.hostname, "this machine"), "all that was not read in time", "the deadline passed", "raise --timeout")
	}
	slices.SortFunc(l.gaps, func(a, b inventory.Gap) int {
		return strings.Compare(a.Subject+"\x00"+a.What, b.Subject+"\x00"+b.What)
	})
	b.Gaps = l.gaps
	return b, nil
}

// mountedHere tells the tree what is mounted where this program looks, before it looks anywhere: dead servers and
// automounters are to be left alone. What is written of no program, is of the first process.
func (l *look) mountedHere() {
	for _, name := range []string{"/proc/self/mountinfo", "/proc/1/mountinfo"} {
		if text, err := l.fs.Read(name, linux.LargeFile); err == nil {
			if list, err := linux.ParseMountinfo(string(text)); err == nil {
				l.mountsHere = list
				l.fs.Mounted(list)
				return
			}
		}
	}
}

// clocks reads the time of the machine. Without /proc nothing can be said of a machine at all.
func (l *look) clocks() error {
	text, err := l.fs.Line("/proc/uptime")
	if err == nil {
		l.uptime, err = linux.ParseUptime(text)
	}
	if err == nil {
		return nil
	}
	kind := collect.ErrUnavailable
	switch {
	case linux.Denied(err):
		kind = collect.ErrDenied
	case errors.Is(err, linux.ErrFormat):
		kind = collect.ErrMalformed
	}
	remedy := "mount /proc"
	if !l.live {
		remedy = "name a tree that collect --record has written"
	}
	return &collect.Error{Kind: kind, Op: "reading /proc/uptime", Err: err, Remedy: remedy}
}

// common reads what several parts need. What cannot be read stays empty; the parts say what they miss.
func (l *look) common() {
	l.hostname = inventory.Text(linux.Hostname(l.fs))
	l.manager, l.inside = linux.ContainerManager(l.fs)
	if l.inside && l.live && l.manager == linux.UnknownManager && l.env.Getenv != nil && l.env.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		l.manager = "kubernetes" // the kubelet gives it to every container of a pod
	}
	l.dmi = linux.ReadDMI(l.fs)
	if text, err := l.fs.Read("/proc/cpuinfo", linux.LargeFile); err == nil {
		l.cpu, l.cpuErr = linux.ParseCPUInfo(string(text))
	} else {
		l.cpuErr = err
	}
	if text, err := l.fs.Read("/proc/1/mountinfo", linux.LargeFile); err == nil {
		if list, err := linux.ParseMountinfo(string(text)); err == nil {
			l.mounts = list
		}
	}
	if l.mounts == nil {
		l.mounts, l.ownMounts = l.mountsHere, true
	}
	if l.mounts == nil {
		_, err := l.fs.Read("/proc/self/mountinfo", linux.LargeFile)
		l.gap("/proc/1/mountinfo", "mounted file systems", linux.Reason(cmp.Or(err, linux.ErrFormat)), asRoot)
	}
	text, err := l.fs.Read("/proc/net/unix", linux.LargeFile)
	if err == nil {
		l.sockets, err = linux.ParseListening(string(text))
	}
	if err != nil {
		l.gap("/proc/net/unix", "sockets of container engines and hypervisors", linux.Reason(err), asRoot)
	}
}

// asRoot is the remedy for what only root may read.
const asRoot = "run as root"

func (l *look) gap(subject, what, why, remedy string) {
	l.gaps = append(l.gaps, inventory.Gap{Source: l.target, Subject: inventory.Text(subject), What: what, Why: why, Remedy: remedy})
}

func (l *look) seen() []string { return []string{l.target} }
