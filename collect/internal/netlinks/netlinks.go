// Package netlinks asks the kernel for network links over rtnetlink, which every user may: one dump of the links
// (RTM_GETLINK), one of their addresses (RTM_GETADDR), and the numbers that the kernel has given to other network
// namespaces (RTM_GETNSID). It only receives; nothing is ever set. Reading messages is apart from asking for them, so
// that answers can be recorded and fed back. It is, with collect/internal/sockdiag, the only place for the netlink
// library.
package netlinks

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrFormat marks an answer, or a message of the kernel, that is not what it should be.
var ErrFormat = errors.New("unexpected answer")

// Links are all links of the network namespace that was asked, by index.
type Links struct {
	Links []Link `json:"links"`
	// Interrupted says that links came or went while they were listed, so that some may be missing.
	Interrupted bool `json:"interrupted,omitempty"`
}

// A Link is one network interface.
type Link struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	// Kind is what the kernel calls the sort of a link that stands on no device: bridge, vlan, vxlan, veth, … It is
	// empty for the links of devices and for lo.
	Kind    string `json:"kind,omitempty"`
	Type    int    `json:"type"`              // ARPHRD_*: 1 for Ethernet, 772 for the loopback
	Enabled bool   `json:"enabled,omitempty"` // switched on (IFF_UP), whether or not there is a signal
	State   string `json:"state"`             // operational state after RFC 2863: up, down, lowerlayerdown, unknown, …
	MTU     int    `json:"mtu,omitempty"`     // bytes
	Master  int    `json:"master,omitempty"`  // index of the bridge, bond, VRF or switch that it is a port of
	// Parent is the index of the link that it stands on (VLAN, macvlan, tunnel), or of its other end (veth).
	Parent int `json:"parent,omitempty"`
	// Namespace is the number of the network namespace that Parent lies in; nil for this one.
	Namespace *int `json:"namespace,omitempty"`
	// Addressed says that it has an IP address beyond those that every link gives itself.
	Addressed bool   `json:"addressed,omitempty"`
	Switch    string `json:"switch,omitempty"` // identifier of the switch in hardware that it is a port of (switchdev), hexadecimal
	Port      string `json:"port,omitempty"`   // its name as a port of hardware: p0, pf0vf1

	VLAN    int     `json:"vlan,omitempty"` // 802.1Q identifier
	Tunnel  *Tunnel `json:"tunnel,omitempty"`
	Mode    string  `json:"mode,omitempty"`    // of a bond, a macvlan, an ipvlan
	Tap     bool    `json:"tap,omitempty"`     // a tun link that carries Ethernet, as those of virtual machines do
	Owner   *int    `json:"owner,omitempty"`   // user who owns a tun link; nil for nobody in particular
	Persist bool    `json:"persist,omitempty"` // a tun link that stays when no program holds it
}

// A Tunnel says where a tunnel leads.
type Tunnel struct {
	ID     int    `json:"id,omitempty"`     // VXLAN or Geneve network identifier
	Remote string `json:"remote,omitempty"` // IP address of the other end, or multicast group; empty where there is no one end
	Port   int    `json:"port,omitempty"`   // UDP port
	// External says that a program decides for each packet where it goes (collect_md), as Open vSwitch and eBPF do.
	External bool `json:"external,omitempty"`
}

// Up reports whether a link is switched on and nothing says that it has no signal.
func (l *Link) Up() bool {
	return l.Enabled && (l.State == "up" || l.State == "unknown" || l.State == "dormant")
}

// Limits of an answer: more is no machine's.
const (
	mostLinks = 1 << 17
	longName  = 64 // bytes; the kernel allows 15
)

// ParseLinks reads an answer that Ask gave.
func ParseLinks(text []byte) (Links, error) {
	var a Links
	if err := json.Unmarshal(text, &a); err != nil {
		return Links{}, fmt.Errorf("links: %w: %w", ErrFormat, err)
	}
	if len(a.Links) > mostLinks {
		return Links{}, fmt.Errorf("links: %w: %d links", ErrFormat, len(a.Links))
	}
	indexes := make(map[int]bool, len(a.Links))
	for _, l := range a.Links {
		if l.Name == "" || len(l.Name) > longName || l.Index <= 0 || indexes[l.Index] {
			return Links{}, fmt.Errorf("links: %w: link %d is called %.80q", ErrFormat, l.Index, l.Name)
		}
		indexes[l.Index] = true
	}
	return a, nil
}

// Namespaces are the numbers by which this network namespace knows those of processes. A process is missing where its
// namespace has none: it is this very namespace, or no link leads there.
type Namespaces map[int]int

// ParseNamespaces reads an answer that AskNamespaces gave.
func ParseNamespaces(text []byte) (Namespaces, error) {
	var a Namespaces
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("network namespaces: %w: %w", ErrFormat, err)
	}
	return a, nil
}
