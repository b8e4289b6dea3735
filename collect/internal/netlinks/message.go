package netlinks

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// Attributes of links, from include/uapi/linux/if_link.h.
const (
	attrName       = 3  // IFLA_IFNAME
	attrMTU        = 4  // IFLA_MTU
	attrLink       = 5  // IFLA_LINK
	attrMaster     = 10 // IFLA_MASTER
	attrState      = 16 // IFLA_OPERSTATE
	attrInfo       = 18 // IFLA_LINKINFO
	attrSwitch     = 36 // IFLA_PHYS_SWITCH_ID
	attrNamespace  = 37 // IFLA_LINK_NETNSID
	attrPort       = 38 // IFLA_PHYS_PORT_NAME
	attrInfoKind   = 1  // IFLA_INFO_KIND, within IFLA_LINKINFO
	attrInfoData   = 2  // IFLA_INFO_DATA
	flagUp         = 1  // IFF_UP
	linkHeader     = 16 // length of struct ifinfomsg
	addressHeader  = 8  // length of struct ifaddrmsg
	attrAddress    = 1  // IFA_ADDRESS
	attrLocal      = 2  // IFA_LOCAL
	namespaceSkip  = 4  // length of struct rtgenmsg, padded
	attrNSID       = 1  // NETNSA_NSID
	attrTypeMask   = 0x3fff
	attrHeaderSize = 4
)

// states are the operational states, by their number in RFC 2863 as the kernel has it; the names are those of ip-link.
var states = []string{"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"}

// decodeLink reads the payload of one RTM_NEWLINK message. Integers are in the byte order of the machine.
func decodeLink(b []byte) (Link, error) {
	if len(b) < linkHeader {
		return Link{}, fmt.Errorf("link: %w: %d bytes", ErrFormat, len(b))
	}
	l := Link{
		Type:    int(binary.NativeEndian.Uint16(b[2:])),
		Index:   int(int32(binary.NativeEndian.Uint32(b[4:]))),
		Enabled: binary.NativeEndian.Uint32(b[8:])&flagUp != 0,
		State:   states[0],
	}
	for kind, value := range attributes(b[linkHeader:]) {
		switch kind {
		case attrName:
			l.Name = text(value)
		case attrMTU:
			l.MTU = number(value)
		case attrLink:
			l.Parent = number(value)
		case attrMaster:
			l.Master = number(value)
		case attrState:
			if n := number(value); n >= 0 && n < len(states) {
				l.State = states[n]
			}
		case attrSwitch:
			l.Switch = hex.EncodeToString(value)
		case attrNamespace:
			if len(value) == 4 {
				n := int(int32(binary.NativeEndian.Uint32(value)))
				l.Namespace = &n
			}
		case attrPort:
			l.Port = text(value)
		case attrInfo:
			l.info(value)
		}
	}
	if l.Name == "" || l.Index <= 0 {
		return Link{}, fmt.Errorf("link: %w: index %d, name %.20q", ErrFormat, l.Index, l.Name)
	}
	if l.Parent == l.Index && l.Namespace == nil {
		l.Parent = 0
	}
	return l, nil
}

// info reads what is particular to a kind of link.
func (l *Link) info(b []byte) {
	var data []byte
	for kind, value := range attributes(b) {
		switch kind {
		case attrInfoKind:
			l.Kind = text(value)
		case attrInfoData:
			data = value
		}
	}
	known := kinds[l.Kind]
	if known == nil {
		return
	}
	for kind, value := range attributes(data) {
		if set := known[kind]; set != nil {
			set(l, value)
		}
	}
}

// kinds say for each kind of link what its own attributes mean, from include/uapi/linux/if_link.h, if_tunnel.h and, for
// tun, the same as in if_link.h since Linux 4.18.
var kinds = map[string]map[uint16]func(l *Link, value []byte){
	"vlan":   {1: func(l *Link, v []byte) { l.VLAN = number(v) }},
	"vxlan":  {1: tunnelID, 2: tunnelRemote, 15: tunnelPort, 16: tunnelRemote, 25: tunnelExternal},
	"geneve": {1: tunnelID, 2: tunnelRemote, 5: tunnelPort, 6: tunnelExternal, 7: tunnelRemote},
	"gre":    {7: tunnelRemote, 18: tunnelExternal}, "gretap": {7: tunnelRemote, 18: tunnelExternal},
	"ip6gre": {7: tunnelRemote, 18: tunnelExternal}, "ip6gretap": {7: tunnelRemote, 18: tunnelExternal},
	"erspan": {7: tunnelRemote, 18: tunnelExternal},
	"ipip":   {3: tunnelRemote, 19: tunnelExternal}, "sit": {3: tunnelRemote}, "ip6tnl": {3: tunnelRemote, 19: tunnelExternal},
	"bond":    {1: mode(bondModes)},
	"macvlan": {1: mode(macvlanModes)}, "macvtap": {1: mode(macvlanModes)},
	"ipvlan": {1: mode(ipvlanModes)}, "ipvtap": {1: mode(ipvlanModes)},
	"tun": {
		1: func(l *Link, v []byte) {
			if n := number(v); len(v) == 4 && n >= 0 {
				l.Owner = &n
			}
		},
		3: func(l *Link, v []byte) { l.Tap = number(v) == 2 },
		6: func(l *Link, v []byte) { l.Persist = number(v) == 1 },
	},
}

// Modes, by their number in the kernel.
var (
	bondModes = map[int]string{
		0: "balance-rr", 1: "active-backup", 2: "balance-xor", 3: "broadcast", 4: "802.3ad", 5: "balance-tlb", 6: "balance-alb",
	}
	macvlanModes = map[int]string{1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
	ipvlanModes  = map[int]string{0: "l2", 1: "l3", 2: "l3s"}
)

func mode(names map[int]string) func(l *Link, value []byte) {
	return func(l *Link, value []byte) { l.Mode = names[number(value)] }
}

func (l *Link) tunnel() *Tunnel {
	if l.Tunnel == nil {
		l.Tunnel = new(Tunnel)
	}
	return l.Tunnel
}

func tunnelID(l *Link, v []byte) { l.tunnel().ID = number(v) }

// tunnelRemote skips the address of all zeros, by which the kernel says that there is none.
func tunnelRemote(l *Link, v []byte) {
	if a, ok := netip.AddrFromSlice(v); ok && !a.IsUnspecified() {
		l.tunnel().Remote = a.String()
	}
}

// tunnelPort reads a port, which is in the byte order of the network.
func tunnelPort(l *Link, v []byte) {
	if len(v) >= 2 {
		l.tunnel().Port = int(binary.BigEndian.Uint16(v))
	}
}

// tunnelExternal reads a mark that is there or not for most kinds of link, and has a value for vxlan.
func tunnelExternal(l *Link, v []byte) { l.tunnel().External = len(v) == 0 || number(v) != 0 }

// decodeAddress reads the payload of one RTM_NEWADDR message: the link that has the address, and whether it is more
// than what links give themselves.
func decodeAddress(b []byte) (index int, counts bool, err error) {
	if len(b) < addressHeader {
		return 0, false, fmt.Errorf("address: %w: %d bytes", ErrFormat, len(b))
	}
	index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	var at netip.Addr
	for kind, value := range attributes(b[addressHeader:]) {
		if kind == attrLocal || kind == attrAddress && !at.IsValid() {
			at, _ = netip.AddrFromSlice(value)
		}
	}
	return index, at.IsValid() && !at.IsLinkLocalUnicast() && !at.IsLoopback() && !at.IsUnspecified(), nil
}

// decodeNamespace reads the payload of one RTM_NEWNSID message; false where the namespace has no number.
func decodeNamespace(b []byte) (int, bool) {
	if len(b) < namespaceSkip {
		return 0, false
	}
	for kind, value := range attributes(b[namespaceSkip:]) {
		if kind == attrNSID && len(value) == 4 {
			n := int(int32(binary.NativeEndian.Uint32(value)))
			return n, n >= 0
		}
	}
	return 0, false
}

// attributes goes through netlink attributes: two bytes of length, two of kind, the value, and up to three bytes that
// fill it up to a multiple of four. It ends where one is cut off.
func attributes(b []byte) func(yield func(kind uint16, value []byte) bool) {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= attrHeaderSize {
			n := int(binary.NativeEndian.Uint16(b))
			if n < attrHeaderSize || n > len(b) {
				return
			}
			if !yield(binary.NativeEndian.Uint16(b[2:])&attrTypeMask, b[attrHeaderSize:n]) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}

// number reads an unsigned integer of 1, 2 or 4 bytes; -1 where 4 bytes are more than 31 bits, as "nobody" is.
func number(v []byte) int {
	switch len(v) {
	case 1:
		return int(v[0])
	case 2:
		return int(binary.NativeEndian.Uint16(v))
	case 4:
		return int(int32(binary.NativeEndian.Uint32(v)))
	}
	return 0
}

func text(v []byte) string {
	s, _, _ := strings.Cut(string(v), "\x00")
	return strings.ToValidUTF8(s, "\ufffd")
}
