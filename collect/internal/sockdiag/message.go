package sockdiag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// ErrFormat marks a message that is not what the kernel writes.
var ErrFormat = errors.New("unexpected message")

// A Protocol is that of a kind of socket.
type Protocol uint8

// The protocols, by their numbers.
const (
	TCP Protocol = 6
	UDP Protocol = 17
)

// A Family is a kind of addresses.
type Family uint8

// The families, by their numbers.
const (
	IPv4 Family = 2
	IPv6 Family = 10
)

// A State is that of a socket, as include/net/tcp_states.h numbers them.
type State uint8

// The states that are asked for.
const (
	Established State = 1
	Unconnected State = 7 // of UDP: waits for whoever sends
	Listening   State = 10
)

// A Socket is what the kernel says of one.
type Socket struct {
	Protocol Protocol
	State    State
	Local    netip.AddrPort
	Remote   netip.AddrPort
	UID      uint32
	Inode    uint64
	Cgroup   uint64 // inode of the directory of its control group (version 2), 0 where the kernel does not say
}

// Sizes of structures of include/uapi/linux/inet_diag.h, in bytes.
const (
	requestSize = 56 // inet_diag_req_v2
	messageSize = 72 // inet_diag_msg
)

// cgroupAttribute is INET_DIAG_CGROUP_ID, since Linux 5.8.
const cgroupAttribute = 21

// A request is an inet_diag_req_v2 that asks for all sockets in some states.
type request struct {
	family   Family
	protocol Protocol
	states   uint32 // one bit for each
}

// Len is the size of the request.
func (request) Len() int { return requestSize }

// Serialize gives the request as the kernel reads it: fields other than these stay zero, which means any.
func (r request) Serialize() []byte {
	b := make([]byte, requestSize)
	b[0], b[1] = byte(r.family), byte(r.protocol)
	binary.NativeEndian.PutUint32(b[4:], r.states)
	return b
}

// parse reads one answer. https://man7.org/linux/man-pages/man7/sock_diag.7.html
func parse(b []byte, protocol Protocol) (Socket, error) {
	if len(b) < messageSize {
		return Socket{}, fmt.Errorf("socket: %w: %d bytes", ErrFormat, len(b))
	}
	s := Socket{Protocol: protocol, State: State(b[1]), UID: binary.NativeEndian.Uint32(b[64:]), Inode: uint64(binary.NativeEndian.Uint32(b[68:]))}
	var local, remote netip.Addr
	switch Family(b[0]) {
	case IPv4:
		local, remote = netip.AddrFrom4([4]byte(b[8:12])), netip.AddrFrom4([4]byte(b[24:28]))
	case IPv6:
		local, remote = netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	default:
		return Socket{}, fmt.Errorf("socket: %w: address family %d", ErrFormat, b[0])
	}
	s.Local = netip.AddrPortFrom(local, binary.BigEndian.Uint16(b[4:]))
	s.Remote = netip.AddrPortFrom(remote, binary.BigEndian.Uint16(b[6:]))
	for rest := b[messageSize:]; len(rest) >= 4; {
		size, kind := int(binary.NativeEndian.Uint16(rest)), binary.NativeEndian.Uint16(rest[2:])&0x3fff
		if size < 4 || size > len(rest) {
			return Socket{}, fmt.Errorf("socket: %w: attribute of %d bytes", ErrFormat, size)
		}
		if kind == cgroupAttribute && size >= 12 {
			s.Cgroup = binary.NativeEndian.Uint64(rest[4:])
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return s, nil
}
