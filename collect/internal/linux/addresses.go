package linux

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Addresses are how many IPv4 addresses of hosts a text names, by where they lie. The addresses themselves are not kept.
type Addresses struct {
	In10  int // 10.0.0.0/8
	In172 int // 172.16.0.0/12
	In192 int // 192.168.0.0/16
	Other int // public, link-local, shared
}

// Sum is the number of all of them.
func (a Addresses) Sum() int { return a.In10 + a.In172 + a.In192 + a.Other }

// Add adds those of another text.
func (a *Addresses) Add(b Addresses) {
	a.In10 += b.In10
	a.In172 += b.In172
	a.In192 += b.In192
	a.Other += b.Other
}

// String says how many there are in which network.
func (a Addresses) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{a.In10, "10.0.0.0/8"}, {a.In172, "172.16.0.0/12"}, {a.In192, "192.168.0.0/16"}, {a.Other, "other networks"}} {
		if p.n > 0 {
			parts = append(parts, strconv.Itoa(p.n)+" in "+p.what)
		}
	}
	return strings.Join(parts, ", ")
}

// RedactAddresses leaves of a configuration file one line for each IPv4 address of a host, which stands for its network:
// the first of it. Comments, versions of five or more numbers, netmasks, networks, the loopback and any address are
// left out.
func RedactAddresses(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimLeft(line, " \t")
		if len(line) == 0 || line[0] == '#' || line[0] == ';' || bytes.HasPrefix(line, []byte("//")) {
			continue
		}
		for len(line) > 0 {
			i := bytes.IndexAny(line, "0123456789")
			if i < 0 {
				break
			}
			attached := i > 0 && (ofWord(line[i-1]) || line[i-1] == '.' || line[i-1] == '-')
			line = line[i:]
			n := 0
			for n < len(line) && (line[n] >= '0' && line[n] <= '9' || line[n] == '.') {
				n++
			}
			end := n
			for end < len(line) && (ofWord(line[end]) || line[end] == '-') {
				end++
			}
			network := end < len(line) && line[end] == '/'
			if !attached && end == n && !network {
				if class := hostClass(string(line[:n])); class != "" {
					out.WriteString(class + "\n")
				}
			}
			line = line[end:]
		}
	}
	return out.Bytes()
}

func ofWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// The addresses that stand for networks.
const (
	tenClass, seventyClass, ninetyClass, otherClass = "10.0.0.1", "172.16.0.1", "192.168.0.1", "192.0.2.1"
)

// hostClass gives the address that stands for the network of one; empty where it is no address of a host.
func hostClass(text string) string {
	text = strings.TrimSuffix(text, ".") // the end of a sentence
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return ""
	}
	b := a.As4()
	switch {
	case b[0] == 0, a.IsLoopback(), b[0] >= 224: // any, own, multicast, netmask, broadcast
		return ""
	case b[0] == 10:
		return tenClass
	case b[0] == 172 && b[1]>>4 == 1:
		return seventyClass
	case b[0] == 192 && b[1] == 168:
		return ninetyClass
	}
	return otherClass
}

// CountAddresses counts what RedactAddresses left.
func CountAddresses(text []byte) Addresses {
	var a Addresses
	for line := range bytes.Lines(text) {
		switch strings.TrimSpace(string(line)) {
		case tenClass:
			a.In10++
		case seventyClass:
			a.In172++
		case ninetyClass:
			a.In192++
		case otherClass:
			a.Other++
		}
	}
	return a
}

// RedactHosts leaves of /etc/hosts one line for each entry that is not of the machine itself, with neither its address
// nor its names.
func RedactHosts(text []byte, own string) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(string(f[0]))
		if err != nil || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a == netip.MustParseAddr("fe00::0") {
			continue
		}
		if slices.ContainsFunc(f[1:], func(name []byte) bool {
			short, _, _ := strings.Cut(string(name), ".")
			return strings.EqualFold(string(name), own) || strings.EqualFold(short, own)
		}) {
			continue
		}
		out.WriteString(otherClass + " entry.invalid\n")
	}
	return out.Bytes()
}
