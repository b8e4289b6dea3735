package docker

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// explain turns an error of the client into one of the kinds that callers decide by, with what to do about it.
func (c *collector) explain(ctx context.Context, op string, err error) error {
	e := &collect.Error{Kind: kindOf(ctx, err), Op: op, Err: bare(err)}
	switch {
	case errors.Is(e.Kind, collect.ErrDenied):
		e.Remedy = c.access()
		if c.address.network == "unix" && errors.Is(err, fs.ErrPermission) {
			e.Err = errors.New("this user may not use the socket " + c.address.where)
		}
	case errors.Is(e.Kind, collect.ErrTimeout):
		e.Err = nil // the kind says it all
		e.Remedy = "see why the engine does not answer (docker ps), or raise --timeout"
	case errors.Is(e.Kind, collect.ErrUnavailable):
		e.Remedy = "start the engine, or name another: docker:unix:///PATH"
	case errors.Is(e.Kind, collect.ErrMalformed):
		e.Remedy = "see whether a Docker Engine or Podman listens at " + c.address.String()
	}
	return e
}

// bare takes off the URL that an HTTP client puts before an error: on a socket it is made up.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// kindOf says which kind of error it is.
func kindOf(ctx context.Context, err error) error {
	var netErr net.Error
	var path *net.OpError
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return collect.ErrUnavailable // interrupted by the user; the cause says so
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return collect.ErrTimeout
	case errors.Is(err, fs.ErrPermission), isRefusal(err):
		return collect.ErrDenied
	case strings.Contains(err.Error(), "malformed HTTP"):
		return collect.ErrMalformed
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, io.EOF):
		return collect.ErrUnavailable
	case errors.As(err, &netErr) && netErr.Timeout():
		return collect.ErrTimeout
	case errors.As(err, &path), isConnectionFailure(err):
		return collect.ErrUnavailable
	default:
		return collect.ErrMalformed
	}
}

// access says which right would let this user read the engine.
func (c *collector) access() string {
	if c.address.network != "unix" {
		return "ask the engine's owner for read access to its API"
	}
	gid, uid, ok := ownerOf(c.address.where)
	switch {
	case ok && gid != 0:
		name := strconv.Itoa(gid)
		if g, err := user.LookupGroupId(name); err == nil {
			name = g.Name
		}
		if uid == 0 {
			return "run as root, or add the user to the group " + name + " (it equals root): usermod -aG " + name + " USER"
		}
		return "run as the user who owns " + c.address.where + ", or as root"
	case ok && uid != 0:
		return "run as the user who owns " + c.address.where + ", or as root"
	default:
		return "run as root: " + c.address.where + " belongs to root alone"
	}
}

// reason gives an error in a few words, for a gap.
func reason(ctx context.Context, err error) string {
	switch kind := kindOf(ctx, err); {
	case errors.Is(kind, collect.ErrTimeout):
		return kind.Error()
	default:
		return inventory.Text(kind.Error() + ": " + bare(err).Error())
	}
}
