package linux

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ParsePacketSockets reads /proc/net/packet and returns the inodes of sockets that see whole frames.
func ParsePacketSockets(text string) ([]uint64, error) {
	return socketInodes("net/packet", text, "sk", 9, 8)
}

// ParseRawSockets reads /proc/net/raw or raw6 and returns the inodes of sockets below the transport protocols.
func ParseRawSockets(text string) ([]uint64, error) {
	return socketInodes("net/raw", text, "sl", 10, 9)
}

// socketInodes takes one column of a table whose heading begins with a word.
func socketInodes(name, text, heading string, fields, column int) ([]uint64, error) {
	var list []uint64
	first := true
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if first {
			if len(f) == 0 || f[0] != heading {
				return nil, fmt.Errorf("%s: %w: heading %.60q", name, ErrFormat, line)
			}
			first = false
			continue
		}
		if len(f) < fields {
			return nil, fmt.Errorf("%s: %w: line %.60q", name, ErrFormat, line)
		}
		inode, err := strconv.ParseUint(f[column], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: line %.60q", name, ErrFormat, line)
		}
		if inode != 0 {
			list = append(list, inode)
		}
	}
	if first {
		return nil, fmt.Errorf("%s: %w: it is empty", name, ErrFormat)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// ParseIGMP reads /proc/net/igmp and returns the multicast groups that interfaces have joined, sorted, each once. Whose
// program has joined them is not shown.
func ParseIGMP(text string) ([]netip.Addr, error) {
	var list []netip.Addr
	first := true
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case first:
			if len(f) == 0 || f[0] != "Idx" {
				return nil, fmt.Errorf("net/igmp: %w: heading %.60q", ErrFormat, line)
			}
			first = false
		case len(f) > 0 && line[0] == '\t':
			b, err := hex.DecodeString(f[0])
			if err != nil || len(b) != 4 {
				return nil, fmt.Errorf("net/igmp: %w: line %.60q", ErrFormat, line)
			}
			if b[3]>>4 == 0xe { // as a little-endian processor writes it
				slices.Reverse(b)
			}
			list = append(list, netip.AddrFrom4([4]byte(b)))
		}
	}
	if first {
		return nil, fmt.Errorf("net/igmp: %w: it is empty", ErrFormat)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list), nil
}
