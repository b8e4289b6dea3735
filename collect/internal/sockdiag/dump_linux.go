package sockdiag

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink/nl"
)

// byFamily is SOCK_DIAG_BY_FAMILY, the one request of NETLINK_SOCK_DIAG, which was once called NETLINK_INET_DIAG.
const byFamily = 20

// Dump calls f for every socket of this process's network namespace that has the protocol and one of the states, in
// the kernel's order, until f returns false. A kernel without IPv6 has no sockets of it. It is fs.ErrPermission where
// asking is not allowed.
func Dump(ctx context.Context, protocol Protocol, states []State, f func(Socket) bool) error {
	var mask uint32
	for _, s := range states {
		mask |= 1 << s
	}
	for _, family := range []Family{IPv4, IPv6} {
		req := nl.NewNetlinkRequest(byFamily, syscall.NLM_F_DUMP)
		req.AddData(request{family, protocol, mask})
		var broken error
		stopped := false
		err := req.ExecuteIter(syscall.NETLINK_INET_DIAG, byFamily, func(msg []byte) bool {
			s, err := parse(msg, protocol)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				broken = err
				return false
			}
			stopped = !f(s)
			return !stopped
		})
		switch {
		case broken != nil:
			return broken
		case stopped:
			return nil
		case errors.Is(err, nl.ErrDumpInterrupted): // sockets came and went meanwhile, as they do
		case errors.Is(err, syscall.ENOENT) && family == IPv6:
		case err != nil:
			return fmt.Errorf("asking for sockets: %w", err)
		}
	}
	return nil
}
