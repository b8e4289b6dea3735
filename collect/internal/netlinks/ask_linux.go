package netlinks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// attempts is how often links are listed anew where they changed meanwhile.
const attempts = 3

// Ask lists the links of this process's network namespace and returns them as JSON that ParseLinks reads.
func Ask() ([]byte, error) {
	var a Links
	for range attempts {
		messages, err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, nl.NewIfInfomsg(unix.AF_UNSPEC))
		if a.Interrupted = errors.Is(err, nl.ErrDumpInterrupted); err != nil && !a.Interrupted {
			return nil, fmt.Errorf("listing links: %w", err)
		}
		a.Links = make([]Link, 0, len(messages))
		for _, m := range messages {
			l, err := decodeLink(m)
			if err != nil {
				return nil, err
			}
			a.Links = append(a.Links, l)
		}
		if !a.Interrupted {
			break
		}
	}
	addressed, err := addressed()
	if err != nil {
		return nil, fmt.Errorf("listing addresses: %w", err)
	}
	// A dump that was interrupted may name a link twice.
	slices.SortFunc(a.Links, func(a, b Link) int { return a.Index - b.Index })
	a.Links = slices.CompactFunc(a.Links, func(a, b Link) bool { return a.Index == b.Index })
	for i := range a.Links {
		a.Links[i].Addressed = addressed[a.Links[i].Index]
	}
	return json.Marshal(a)
}

// addressed finds the links that have an address.
func addressed() (map[int]bool, error) {
	messages, err := dump(unix.RTM_GETADDR, unix.RTM_NEWADDR, nl.NewIfAddrmsg(unix.AF_UNSPEC))
	if err != nil && !errors.Is(err, nl.ErrDumpInterrupted) {
		return nil, err
	}
	found := make(map[int]bool)
	for _, m := range messages {
		index, counts, err := decodeAddress(m)
		if err != nil {
			return nil, err
		}
		if counts {
			found[index] = true
		}
	}
	return found, nil
}

// dump asks for all things of a sort.
func dump(ask int, answer uint16, of nl.NetlinkRequestData) ([][]byte, error) {
	req := nl.NewNetlinkRequest(ask, unix.NLM_F_DUMP)
	req.AddData(of)
	return req.Execute(unix.NETLINK_ROUTE, answer)
}

// AskNamespaces asks for the numbers of the network namespaces of processes and returns them as JSON that
// ParseNamespaces reads. A process that has ended is left out.
func AskNamespaces(pids []int) ([]byte, error) {
	found := make(Namespaces)
	for _, pid := range pids {
		req := nl.NewNetlinkRequest(unix.RTM_GETNSID, 0)
		req.AddData(nl.NewRtGenMsg())
		b := make([]byte, 4)
		nl.NativeEndian().PutUint32(b, uint32(pid))
		req.AddData(nl.NewRtAttr(unix.NETNSA_PID, b))
		messages, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNSID)
		switch {
		case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL):
			continue
		case err != nil:
			return nil, fmt.Errorf("asking for the network namespace of process %d: %w", pid, err)
		}
		for _, m := range messages {
			if n, ok := decodeNamespace(m); ok {
				found[pid] = n
			}
		}
	}
	return json.Marshal(found)
}
