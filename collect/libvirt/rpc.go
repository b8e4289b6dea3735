package libvirt

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	lib "github.com/digitalocean/go-libvirt"

	"github.com/infraopt/infraopt/collect"
)

// This file is the only one that knows the client library.

// A daemon is an open connection.
type daemon struct {
	conn   *guard
	rpc    *lib.Libvirt
	cancel func() bool
}

// alreadyOpen is a dialer for the library that dials nothing.
type alreadyOpen struct{ conn net.Conn }

// Dial returns the connection.
func (a alreadyOpen) Dial() (net.Conn, error) { return a.conn, nil }

// dial connects to a daemon and opens a driver. The library knows no contexts: the connection breaks when ctx is
// done, and all calls end with it. Where it fails after connecting the daemon is returned too, to tell why.
func dial(ctx context.Context, path, uri string) (*daemon, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	d := &daemon{conn: newGuard(conn)}
	d.rpc = lib.NewWithDialer(alreadyOpen{d.conn})
	d.cancel = context.AfterFunc(ctx, func() { conn.Close() })
	if err := d.rpc.ConnectToURI(lib.ConnectURI(uri)); err != nil {
		d.cancel()
		conn.Close()
		return d, err
	}
	return d, nil
}

// close says good-bye, so that the daemon does not log a lost client, and ends the connection.
func (d *daemon) close() {
	if d.broken() == nil {
		_ = d.rpc.ConnectClose()
	}
	d.cancel()
	d.conn.Close()
}

// broken returns why the connection is not usable any more; nil while it is.
func (d *daemon) broken() error { return d.conn.err() }

// kindOf says which kind of error it is.
func kindOf(ctx context.Context, d *daemon, err error) error {
	var refused lib.Error
	broken := err
	if d != nil && d.broken() != nil {
		broken = d.broken()
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return collect.ErrUnavailable // interrupted by the user
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return collect.ErrTimeout
	case errors.Is(err, fs.ErrPermission):
		return collect.ErrDenied
	case errors.Is(broken, errGarbage):
		return collect.ErrMalformed
	case errors.As(err, &refused):
		switch lib.ErrorNumber(refused.Code) {
		case lib.ErrOperationDenied, lib.ErrAuthFailed, lib.ErrAuthCancelled, lib.ErrAccessDenied, lib.ErrAuthUnavailable:
			return collect.ErrDenied
		}
		return collect.ErrUnavailable
	case errors.Is(err, fs.ErrNotExist), errors.Is(broken, syscall.ECONNREFUSED), errors.Is(broken, syscall.EPIPE),
		errors.Is(broken, io.EOF), errors.Is(broken, syscall.ECONNRESET), errors.Is(broken, net.ErrClosed),
		errors.Is(err, lib.ErrInterrupted), errors.Is(err, syscall.EINVAL), errors.Is(err, lib.ErrUnsupported):
		return collect.ErrUnavailable
	default:
		return collect.ErrMalformed
	}
}

// isGone reports whether the thing asked for is not there any more.
func isGone(err error) bool {
	var e lib.Error
	if !errors.As(err, &e) {
		return false
	}
	switch lib.ErrorNumber(e.Code) {
	case lib.ErrNoDomain, lib.ErrNoStoragePool, lib.ErrNoNetwork:
		return true
	}
	return false
}

// isUnsupported reports whether the driver does not know the call, or not with this flag.
func isUnsupported(err error) bool {
	var e lib.Error
	if errors.Is(err, lib.ErrUnsupported) {
		return true
	}
	if !errors.As(err, &e) {
		return false
	}
	switch lib.ErrorNumber(e.Code) {
	case lib.ErrNoSupport, lib.ErrInvalidArg, lib.ErrArgumentUnsupported, lib.ErrConfigUnsupported:
		return true
	}
	return false
}

type version struct {
	driver string // QEMU, Xen, TEST
	number string
}

func (d *daemon) version() (version, error) {
	driver, err := d.rpc.ConnectGetType()
	if err != nil {
		return version{}, err
	}
	n, err := d.rpc.ConnectGetVersion()
	if err != nil {
		return version{}, err
	}
	return version{driver, fmt.Sprintf("%d.%d.%d", n/1_000_000, n/1000%1000, n%1000)}, nil
}

func (d *daemon) hostname() (string, error) { return d.rpc.ConnectGetHostname() }

// node is the machine below, as the daemon sees it.
type node struct {
	cpus    int
	memory  uint64 // bytes
	sockets int    // 0 where the daemon does not tell
	cores   int    // in all sockets, threads counted once; 0 as well
}

func (d *daemon) node() (node, error) {
	_, memory, cpus, _, cells, sockets, cores, threads, err := d.rpc.NodeGetInfo()
	n := node{cpus: int(cpus), memory: memory << 10}
	n.sockets, n.cores = topology(int(cpus), int(cells), int(sockets), int(cores), int(threads))
	return n, err
}

// topology makes sense of what virNodeInfo says: sockets of one NUMA cell, cores of one socket, and threads of one core.
// Where the machine is of no such shape, it says one cell with one socket that holds all processors as cores, which looks
// like a box with one processor without threads and may be any. Where processors are off, the product is not their number.
// One processor can be several cells (sub-NUMA clustering, nodes per socket), so sockets are only told apart within one.
// https://libvirt.org/html/libvirt-libvirt-host.html#virNodeInfo
func topology(cpus, cells, perCell, perSocket, threads int) (sockets, cores int) {
	for _, n := range []int{cells, perCell, perSocket, threads} {
		if n < 1 || n > cpus {
			return 0, 0
		}
	}
	if cells*perCell*perSocket*threads != cpus || cells*perCell*threads == 1 {
		return 0, 0
	}
	if cells == 1 {
		sockets = perCell
	}
	return sockets, cells * perCell * perSocket
}

// A record is what the one call for all virtual machines tells of one.
type record struct {
	dom     lib.Domain
	numbers map[string]uint64 // by parameter
	texts   map[string]string
	network uint64 // received and sent, all interfaces
	wired   bool   // whether any interface was counted
}

func (r *record) name() string { return r.dom.Name }

func (r *record) uuid() string { return uuidText(r.dom.UUID) }

func uuidText(u lib.UUID) string {
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// What is asked of each virtual machine: state, CPU, balloon, virtual CPUs, interfaces, disks.
const wanted = uint32(lib.DomainStatsState | lib.DomainStatsCPUTotal | lib.DomainStatsBalloon |
	lib.DomainStatsVCPU | lib.DomainStatsInterface | lib.DomainStatsBlock)

// domains lists all virtual machines of any state in one call. A machine that is busy answers with less instead of
// keeping all others waiting.
func (d *daemon) domains() ([]record, error) {
	list, err := d.rpc.ConnectGetAllDomainStats(nil, wanted, uint32(lib.ConnectGetAllDomainsStatsNowait))
	if isUnsupported(err) { // before libvirt 4.5
		list, err = d.rpc.ConnectGetAllDomainStats(nil, wanted, 0)
	}
	if isUnsupported(err) {
		return d.domainsOneByOne()
	}
	if err != nil {
		return nil, err
	}
	out := make([]record, 0, len(list))
	for _, s := range list {
		r := record{dom: s.Dom, numbers: map[string]uint64{}, texts: map[string]string{}}
		for _, p := range s.Params {
			if text, ok := p.Value.I.(string); ok {
				r.texts[p.Field] = text
				continue
			}
			n, ok := number(p.Value.I)
			if !ok {
				continue
			}
			r.numbers[p.Field] = n
			if strings.HasPrefix(p.Field, "net.") && (strings.HasSuffix(p.Field, ".rx.bytes") || strings.HasSuffix(p.Field, ".tx.bytes")) {
				r.network += n
				r.wired = true
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// domainsOneByOne lists virtual machines of drivers that have no call for all of them.
func (d *daemon) domainsOneByOne() ([]record, error) {
	list, _, err := d.rpc.ConnectListAllDomains(1, 0)
	if err != nil {
		return nil, err
	}
	out := make([]record, 0, len(list))
	for _, dom := range list {
		r := record{dom: dom, numbers: map[string]uint64{}}
		state, _, memory, cpus, cpuTime, err := d.rpc.DomainGetInfo(dom)
		switch {
		case isGone(err):
			continue
		case err == nil:
			r.numbers["state.state"] = uint64(state)
			r.numbers["balloon.current"] = memory
			r.numbers["vcpu.current"] = uint64(cpus)
			r.numbers["cpu.time"] = cpuTime
		case d.broken() != nil:
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// number reads a parameter of any numeric type; false where it is none, or negative.
func number(v any) (uint64, bool) {
	switch n := v.(type) {
	case int32:
		return uint64(n), n >= 0
	case uint32:
		return uint64(n), true
	case int64:
		return uint64(n), n >= 0
	case uint64:
		return n, true
	default:
		return 0, false
	}
}

// domainXML returns a virtual machine's description, without the parts that hold secrets.
func (d *daemon) domainXML(r *record) (string, error) { return d.rpc.DomainGetXMLDesc(r.dom, 0) }

func (d *daemon) autostart(r *record) (bool, error) {
	v, err := d.rpc.DomainGetAutostart(r.dom)
	return v != 0, err
}

// A pool is a storage pool that is in use.
type pool struct {
	name, uuid string
	xml        string
	capacity   uint64
}

func (d *daemon) pools() ([]pool, error) {
	list, _, err := d.rpc.ConnectListAllStoragePools(1, lib.ConnectListStoragePoolsActive)
	if err != nil {
		return nil, err
	}
	var out []pool
	for _, p := range list {
		xml, err := d.rpc.StoragePoolGetXMLDesc(p, 0)
		if isGone(err) {
			continue
		}
		if err != nil {
			return out, err
		}
		_, capacity, _, _, err := d.rpc.StoragePoolGetInfo(p)
		if err != nil {
			return out, err
		}
		out = append(out, pool{name: p.Name, uuid: uuidText(p.UUID), xml: xml, capacity: capacity})
	}
	return out, nil
}

// A link is a virtual network that is in use.
type link struct{ name, uuid, xml string }

func (d *daemon) networks() ([]link, error) {
	list, _, err := d.rpc.ConnectListAllNetworks(1, lib.ConnectListNetworksActive)
	if err != nil {
		return nil, err
	}
	var out []link
	for _, n := range list {
		xml, err := d.rpc.NetworkGetXMLDesc(n, 0)
		if isGone(err) {
			continue
		}
		if err != nil {
			return out, err
		}
		out = append(out, link{name: n.Name, uuid: uuidText(n.UUID), xml: xml})
	}
	return out, nil
}
