package libvirt

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
)

// An address is a driver and where a daemon that has it may listen.
type address struct {
	uri     string   // as libvirt writes it: qemu:///system
	driver  string   // qemu, xen, test, …
	sockets []string // paths to try, in this order
}

// daemons names the daemon that keeps each driver where each has one of its own. Drivers for containers are left
// out (their guests are no virtual machines), and so are those for other vendors' hypervisors.
var daemons = map[string]string{
	"qemu":  "virtqemud",
	"xen":   "virtxend",
	"bhyve": "virtbhyved",
	"ch":    "virtchd",
	"test":  "", // lives in whichever daemon is asked
}

// parseAddress reads the driver out of a target. An empty target is the driver of this host.
func parseAddress(t collect.Target, env collect.Env) (address, error) {
	f := linux.NewFS(env.Root)
	uri := t.Rest
	if uri == "" {
		uri = defaultURI(f)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || u.Path == "" {
		// The error of url.Parse repeats the text, which may hold a password.
		return address{}, usage(t, "want libvirt:DRIVER:///system")
	}
	daemon, ok := daemons[u.Scheme]
	switch {
	case strings.Contains(u.Scheme, "+"), u.Host != "", u.User != nil:
		return address{}, usage(t, "only daemons of this host can be read; run infraopt on the other host")
	case !ok:
		return address{}, usage(t, "the driver %.20q is not known; want one of qemu, xen, bhyve, ch, test", u.Scheme)
	case u.Path == "/embed":
		return address{}, usage(t, "an embedded driver has no daemon")
	}
	a := address{uri: uri, driver: u.Scheme}
	for key, value := range t.Query {
		if key != "socket" || len(value) != 1 || !filepath.IsAbs(value[0]) {
			return address{}, usage(t, "the only parameter is socket=/PATH")
		}
		a.sockets = value
	}
	if a.sockets == nil {
		a.sockets = socketsOf(f, env, daemon, u.Path == "/session")
	}
	return a, nil
}

// socketsOf lists where a daemon may listen. Users' own daemons have no read-only socket; there the connection is
// opened read-only all the same (see guard).
func socketsOf(f linux.FS, env collect.Env, daemon string, session bool) []string {
	dir, suffix := f.Path("/run/libvirt"), "-sock-ro"
	if session {
		dir = env.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			dir = f.Path(fmt.Sprintf("/run/user/%d", os.Getuid()))
		}
		dir, suffix = filepath.Join(dir, "libvirt"), "-sock"
	}
	var paths []string
	for _, name := range []string{daemon, "libvirt"} { // libvirt-sock is libvirtd's, or virtproxyd's
		if name != "" {
			paths = append(paths, filepath.Join(dir, name+suffix))
		}
	}
	if daemon == "" { // the test driver, where only a daemon of its own driver runs
		paths = append(paths, filepath.Join(dir, "virtqemud"+suffix))
	}
	return paths
}

// defaultURI is the driver that fits the host.
func defaultURI(f linux.FS) string {
	if f.Exists("/proc/xen/capabilities") || f.Exists("/run/libvirt/virtxend-sock-ro") {
		return "xen:///system"
	}
	return "qemu:///system"
}

// discover finds the daemon of this host by its socket, without connecting to it.
func discover(_ context.Context, env collect.Env) []collect.Target {
	t := collect.Target{Scheme: scheme, Rest: defaultURI(linux.NewFS(env.Root))}
	at, err := parseAddress(t, env)
	if err != nil {
		return nil
	}
	for _, path := range at.sockets {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
			return []collect.Target{t}
		}
	}
	return nil
}

// usage makes an error about a target that is not written as it should be.
func usage(t collect.Target, format string, args ...any) error {
	return fmt.Errorf("%w: target %s: %s", collect.ErrUsage, t, fmt.Sprintf(format, args...))
}
