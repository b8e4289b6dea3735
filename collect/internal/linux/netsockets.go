package linux

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// A NetSocket is one line of a table of sockets.
type NetSocket struct {
	State  int // TCP_… of include/net/tcp_states.h: 1 established, 7 unconnected, 10 listening
	Local  netip.AddrPort
	Remote netip.AddrPort
	UID    int
	Inode  uint64 // 0 where nobody holds it any more
}

// ScanSockets reads /proc/PID/net/tcp, tcp6, udp or udp6 and calls f for every socket. Addresses of IPv4 in IPv6 are
// given as those of IPv4. https://docs.kernel.org/networking/proc_net_tcp.html
func ScanSockets(r io.Reader, f func(NetSocket)) error {
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			return err
		}
		return fmt.Errorf("net/tcp: %w: it is empty", ErrFormat)
	}
	if !bytes.Contains(lines.Bytes(), []byte("local_address")) {
		return fmt.Errorf("net/tcp: %w: heading %.60q", ErrFormat, lines.Bytes())
	}
	for lines.Scan() {
		s, ok := netSocket(lines.Bytes())
		if !ok {
			return fmt.Errorf("net/tcp: %w: line %.60q", ErrFormat, lines.Bytes())
		}
		f(s)
	}
	return lines.Err()
}

// netSocket reads a line: number, local and remote address, state, queues, timer, retransmissions, user, time-out,
// inode, and more.
func netSocket(line []byte) (NetSocket, bool) {
	var fields [10][]byte
	for i := range fields {
		line = bytes.TrimLeft(line, " ")
		end := bytes.IndexByte(line, ' ')
		if end < 0 {
			end = len(line)
		}
		fields[i], line = line[:end], line[end:]
	}
	var s NetSocket
	var ok [3]bool
	s.Local, ok[0] = hexAddrPort(fields[1])
	s.Remote, ok[1] = hexAddrPort(fields[2])
	state, err := strconv.ParseUint(string(fields[3]), 16, 8)
	uid, uok := number(fields[7])
	inode, iok := number(fields[9])
	s.State, s.UID, s.Inode = int(state), int(uid), uint64(inode)
	ok[2] = err == nil && uok && iok && uid >= 0 && inode >= 0
	return s, ok[0] && ok[1] && ok[2]
}

// hexAddrPort reads "0100007F:0016": an address in words of 32 bits in the machine's own byte order, and a port.
func hexAddrPort(text []byte) (netip.AddrPort, bool) {
	address, port, ok := bytes.Cut(text, []byte{':'})
	if !ok || len(address) != 8 && len(address) != 32 || len(port) != 4 {
		return netip.AddrPort{}, false
	}
	var raw [16]byte
	n, err := hex.Decode(raw[:], address)
	number, perr := strconv.ParseUint(string(port), 16, 16)
	if err != nil || perr != nil {
		return netip.AddrPort{}, false
	}
	for i := 0; i < n; i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	a, ok := netip.AddrFromSlice(raw[:n])
	return netip.AddrPortFrom(a.Unmap(), uint16(number)), ok
}

// ParseLocalRoutes reads /proc/PID/net/fib_trie and returns the IPv4 addresses that are the machine's own, each once.
func ParseLocalRoutes(text string) []netip.Addr {
	var list []netip.Addr
	seen := make(map[netip.Addr]bool)
	var last netip.Addr
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "|-- "); ok {
			last, _ = netip.ParseAddr(rest)
			continue
		}
		if line == "/32 host LOCAL" && last.IsValid() && !seen[last] {
			seen[last] = true
			list = append(list, last)
		}
	}
	return list
}

// ParseInet6 reads /proc/PID/net/if_inet6 and returns the addresses of the interfaces.
func ParseInet6(text string) []netip.Addr {
	var list []netip.Addr
	for line := range strings.Lines(text) {
		first, _, _ := strings.Cut(line, " ")
		var raw [16]byte
		if len(first) != 32 {
			continue
		}
		if _, err := hex.Decode(raw[:], []byte(first)); err == nil {
			list = append(list, netip.AddrFrom16(raw).Unmap())
		}
	}
	return list
}
