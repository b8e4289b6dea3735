package host

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// manyPorts is how many ports are more than one publishes by hand.
const manyPorts = 20

// listeners looks at the sockets that the work waits on for others.
func (j *judgement) listeners() {
	for _, f := range listening(j.w.Listens) {
		j.add(f.ID, f.Severity, f.Text, f.Source)
	}
	// Which program has joined a group is not shown. Where only one takes datagrams on any address, it may be the one.
	if len(j.around.udp) != 1 || j.around.udp[0] != j.w {
		return
	}
	if groups, err := j.around.multicast(); err == nil && len(groups) > 0 {
		j.add("multicast", inventory.Info, fmt.Sprintf("multicast groups of the machine, where no other work takes datagrams: %d", len(groups)), "/proc/net/igmp")
	}
}

// listening judges sockets that are waited on.
func listening(list []inventory.Listener) []inventory.Finding {
	const source = "listening sockets"
	var found []inventory.Finding
	add := func(id string, severity inventory.Severity, text string) {
		found = append(found, inventory.Finding{ID: id, Severity: severity, Text: text, Source: source})
	}
	ports := make(map[string]bool)
	var privileged, dynamic, addresses, groups []string
	for _, s := range list {
		a, err := netip.ParseAddr(s.Address)
		if s.Address == "loopback" || err == nil && a.IsLoopback() {
			continue // nobody else reaches it
		}
		port := fmt.Sprintf("%s/%d", s.Protocol, s.Port)
		ports[port] = true
		if s.Port < 1024 {
			privileged = append(privileged, port)
		}
		if name := portsOfDynamicProtocols[s.Port]; name != "" {
			dynamic = append(dynamic, name)
		}
		switch {
		case err != nil || a.IsUnspecified():
		case a.IsMulticast():
			groups = append(groups, s.Address)
		default:
			addresses = append(addresses, s.Address)
		}
	}
	if len(groups) > 0 {
		add("multicast", inventory.Warning, "listens on the multicast groups "+enumerated(groups))
	}
	if len(addresses) > 0 {
		add("specific-address", inventory.Info, "listens on "+enumerated(addresses)+" only")
	}
	if len(privileged) > 0 {
		add("privileged-ports", inventory.Info, "listens on "+enumerated(privileged))
	}
	if len(dynamic) > 0 {
		add("dynamic-ports", inventory.Warning, "speaks "+enumerated(dynamic)+", which opens more ports")
	}
	if len(ports) > manyPorts {
		add("many-ports", inventory.Warning, fmt.Sprintf("listens on %d ports", len(ports)))
	}
	return found
}

// rawSockets looks for sockets below the transport protocols among the open ones.
func (j *judgement) rawSockets() {
	raw, err := j.around.rawInodes()
	if err != nil {
		j.miss("/proc/net/packet, /proc/net/raw: "+linux.Reason(err), inventory.Warning, asRoot)
		return
	}
	kinds := make(map[string]int)
	for _, q := range j.members {
		o, err := j.l.opened(q)
		switch {
		case linux.Gone(err):
		case err != nil && len(raw) > 0:
			j.miss("sockets of process "+itoa(q.PID)+": "+linux.Reason(err), inventory.Warning, asRoot)
		}
		for _, s := range o.sockets {
			if what := raw[s]; what != "" {
				kinds[what]++
			}
		}
	}
	for what, n := range kinds {
		j.add("raw-sockets", inventory.Warning, fmt.Sprintf("open %s sockets: %d", what, n), "/proc/net/packet, /proc/net/raw")
	}
}

// Limits for reading configuration files.
const (
	configFiles   = 64        // of one workload
	configSize    = 256 << 10 // bytes of one file
	configMachine = 4 << 20   // bytes in all
	configDepth   = 3         // directories below that of the program
)

// addresses counts addresses of hosts in the configuration of the work. Neither they nor anything else of the text is
// kept.
func (j *judgement) addresses() {
	s := scan{j: j, left: configFiles}
	seen := make(map[string]bool)
	for _, name := range j.configNames() {
		for _, at := range []string{"/etc/" + name, "/etc/" + name + ".conf"} {
			if !seen[at] {
				seen[at] = true
				s.file(at, configDepth)
			}
		}
	}
	if s.denied != "" {
		j.miss(s.denied+": permission denied", inventory.Warning, asRoot)
	}
	private := s.found
	private.Other = 0
	switch {
	case private.Sum() > 0:
		j.add("hard-coded-addresses", inventory.Warning, "addresses in its configuration: "+s.found.String(), "files below /etc")
	case s.found.Sum() > 0: // what looks like a public address may be a version
		j.add("hard-coded-addresses", inventory.Info, "addresses in its configuration: "+s.found.String(), "files below /etc")
	}
	if n, err := j.l.foreignHosts(); err == nil && n > 0 {
		j.add("hosts-file", inventory.Info, fmt.Sprintf("entries of /etc/hosts for other machines: %d", n), "/etc/hosts")
	}
}

// configNames are the names that a directory of configuration may have.
func (j *judgement) configNames() []string {
	var names []string
	if j.c.unit != "" {
		base, _, _ := strings.Cut(strings.TrimSuffix(j.c.unit, path.Ext(j.c.unit)), "@")
		names = append(names, base)
	}
	names = append(names, j.w.Command)
	return slices.DeleteFunc(names, func(n string) bool {
		// Interpreters and shells are configured for all of their programs, and dots lead elsewhere.
		return n == "" || strings.ContainsAny(n, "/ ") || strings.HasPrefix(n, ".") || linux.Interpreter(n) || wrappers[n] || commonConfig[n]
	})
}

// commonConfig are directories of /etc that belong to the whole system.
var commonConfig = map[string]bool{"hosts": true, "ssl": true, "security": true, "default": true, "init": true, "systemd": true, "pki": true}

// A scan reads the configuration files of one workload.
type scan struct {
	j      *judgement
	left   int // files that may still be looked at
	found  linux.Addresses
	denied string // the first that may not be read
}

// secretNames are parts of names of files that hold keys and passwords, which are never opened.
var secretNames = []string{"key", ".pem", ".crt", ".cer", ".p12", ".pfx", ".jks", "secret", "passw", "credential", "shadow", "private", "id_rsa", "token"}

// file reads a file, or what a directory holds.
func (s *scan) file(name string, depth int) {
	lower := strings.ToLower(path.Base(name))
	if s.left <= 0 || slices.ContainsFunc(secretNames, func(p string) bool { return strings.Contains(lower, p) }) {
		return
	}
	if names, err := s.j.l.fs.Names(name); err == nil {
		for _, n := range names {
			if depth > 0 {
				s.file(name+"/"+n, depth-1)
			}
		}
		return
	} else if linux.Denied(err) {
		s.left--
		s.refuse(name)
		return
	}
	if s.j.around.scanned >= configMachine {
		return
	}
	s.left--
	size := 0
	text, err := s.j.l.fs.ReadRedacted(name, configSize, func(text []byte) []byte {
		size = len(text)
		return linux.RedactAddresses(text)
	})
	s.j.around.scanned += size
	switch {
	case err == nil:
		s.found.Add(linux.CountAddresses(text))
	case linux.Denied(err):
		s.refuse(name)
	}
}

func (s *scan) refuse(name string) {
	if s.denied == "" {
		s.denied = name
	}
}
