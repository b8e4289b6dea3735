package netlinks

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// attr makes a netlink attribute.
func attr(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(value)+attrHeaderSize))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func u32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// newLink makes the payload of an RTM_NEWLINK message.
func newLink(index, flags uint32, attributes ...[]byte) []byte {
	b := binary.NativeEndian.AppendUint16([]byte{0, 0}, 1)
	b = append(append(append(b, u32(index)...), u32(flags)...), u32(0)...)
	for _, a := range attributes {
		b = append(b, a...)
	}
	return b
}

func name(s string) []byte { return attr(attrName, append([]byte(s), 0)...) }

// info makes IFLA_LINKINFO of a kind with its data.
func info(kind string, data ...[]byte) []byte {
	var all []byte
	for _, d := range data {
		all = append(all, d...)
	}
	return attr(attrInfo, append(attr(attrInfoKind, append([]byte(kind), 0)...), attr(attrInfoData|0x8000, all...)...)...)
}

func number32(n int) *int { return &n }

func TestDecodeLink(t *testing.T) {
	for what, row := range map[string]struct {
		message []byte
		want    Link
	}{
		"a card": {newLink(2, 0x1003, name("eth0"), attr(attrMTU, u32(1500)...), attr(attrState, 6), attr(attrSwitch, 0xd6, 0xc1), attr(attrPort, 'p', '0', 0)),
			Link{Index: 2, Name: "eth0", Type: 1, Enabled: true, State: "up", MTU: 1500, Switch: "d6c1", Port: "p0"}},
		"a port of a bridge": {newLink(3, 0, name("veth1"), attr(attrMaster, u32(9)...), attr(attrLink, u32(7)...), attr(attrNamespace, u32(4)...), attr(attrState, 2), info("veth")),
			Link{Index: 3, Name: "veth1", Type: 1, State: "down", Kind: "veth", Master: 9, Parent: 7, Namespace: number32(4)}},
		"a VLAN": {newLink(3, 1, name("eth0.5"), attr(attrLink, u32(2)...), info("vlan", attr(1, 5, 0))),
			Link{Index: 3, Name: "eth0.5", Type: 1, Enabled: true, State: "unknown", Kind: "vlan", Parent: 2, VLAN: 5}},
		"a VXLAN": {newLink(3, 1, name("vx"), info("vxlan", attr(1, u32(42)...), attr(2, 192, 0, 2, 1), attr(15, 0x12, 0xb5), attr(25, 0))),
			Link{Index: 3, Name: "vx", Type: 1, Enabled: true, State: "unknown", Kind: "vxlan", Tunnel: &Tunnel{ID: 42, Remote: "192.0.2.1", Port: 4789}}},
		"an external VXLAN": {newLink(3, 1, name("vx"), info("vxlan", attr(15, 0x21, 0x18), attr(25, 1))),
			Link{Index: 3, Name: "vx", Type: 1, Enabled: true, State: "unknown", Kind: "vxlan", Tunnel: &Tunnel{Port: 8472, External: true}}},
		"a Geneve": {newLink(3, 1, name("g"), info("geneve", attr(1, u32(7)...), attr(5, 0x17, 0xc1), attr(6), attr(7, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))),
			Link{Index: 3, Name: "g", Type: 1, Enabled: true, State: "unknown", Kind: "geneve", Tunnel: &Tunnel{ID: 7, Port: 6081, External: true, Remote: "2001:db8::1"}}},
		"a tunnel without an end": {newLink(3, 1, name("tunl0"), info("ipip", attr(3, 0, 0, 0, 0))),
			Link{Index: 3, Name: "tunl0", Type: 1, Enabled: true, State: "unknown", Kind: "ipip"}},
		"a bond": {newLink(3, 1, name("bond0"), info("bond", attr(1, 4))),
			Link{Index: 3, Name: "bond0", Type: 1, Enabled: true, State: "unknown", Kind: "bond", Mode: "802.3ad"}},
		"a macvlan": {newLink(3, 1, name("m"), info("macvlan", attr(1, u32(4)...))),
			Link{Index: 3, Name: "m", Type: 1, Enabled: true, State: "unknown", Kind: "macvlan", Mode: "bridge"}},
		"a tap": {newLink(3, 1, name("tap0"), info("tun", attr(1, u32(1000)...), attr(3, 2), attr(6, 1))),
			Link{Index: 3, Name: "tap0", Type: 1, Enabled: true, State: "unknown", Kind: "tun", Tap: true, Owner: number32(1000), Persist: true}},
		"a tap of nobody": {newLink(3, 1, name("tap0"), info("tun", attr(1, u32(1<<32-1)...), attr(3, 1))),
			Link{Index: 3, Name: "tap0", Type: 1, Enabled: true, State: "unknown", Kind: "tun"}},
		"a kind of tomorrow": {newLink(3, 1, name("x"), info("warp", attr(1, 1))),
			Link{Index: 3, Name: "x", Type: 1, Enabled: true, State: "unknown", Kind: "warp"}},
		"one that leads to itself": {newLink(3, 1, name("x"), attr(attrLink, u32(3)...)), Link{Index: 3, Name: "x", Type: 1, Enabled: true, State: "unknown"}},
		"cut off":                  {append(newLink(3, 1, name("x")), 200, 0, 3, 0, 1), Link{Index: 3, Name: "x", Type: 1, Enabled: true, State: "unknown"}},
		"a state of its own":       {newLink(3, 1, name("x"), attr(attrState, u32(1<<31)...)), Link{Index: 3, Name: "x", Type: 1, Enabled: true, State: "unknown"}},
		"a strange state":          {newLink(3, 1, name("x"), attr(attrState, 99)), Link{Index: 3, Name: "x", Type: 1, Enabled: true, State: "unknown"}},
	} {
		if got, err := decodeLink(row.message); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", what, got, err, row.want)
		}
	}
	for what, message := range map[string][]byte{"nothing": nil, "half a header": make([]byte, 9), "no name": newLink(3, 1), "no index": newLink(0, 1, name("x"))} {
		if got, err := decodeLink(message); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
	}
}

func TestDecodeAddress(t *testing.T) {
	header := append([]byte{2, 24, 0, 0}, u32(7)...)
	for what, row := range map[string]struct {
		attributes []byte
		counts     bool
	}{
		"IPv4":           {attr(attrLocal, 198, 51, 100, 1), true},
		"link-local":     {attr(attrLocal, 169, 254, 1, 1), false},
		"loopback":       {attr(attrLocal, 127, 0, 0, 1), false},
		"IPv6":           {attr(attrAddress, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), true},
		"IPv6 by itself": {attr(attrAddress, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), false},
		"a peer's":       {append(attr(attrLocal, 169, 254, 1, 1), attr(attrAddress, 198, 51, 100, 1)...), false},
		"nothing":        {nil, false},
		"three bytes":    {attr(attrLocal, 1, 2, 3), false},
	} {
		if index, counts, err := decodeAddress(append(header[:8:8], row.attributes...)); err != nil || index != 7 || counts != row.counts {
			t.Errorf("%s: link %d, counts %t, %v", what, index, counts, err)
		}
	}
	if _, _, err := decodeAddress(header[:5]); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeNamespace(t *testing.T) {
	header := make([]byte, namespaceSkip)
	if n, ok := decodeNamespace(append(header, attr(attrNSID, u32(3)...)...)); !ok || n != 3 {
		t.Errorf("got %d, %t", n, ok)
	}
	for _, message := range [][]byte{nil, header, append(header[:4:4], attr(attrNSID, u32(1<<32-1)...)...), append(header[:4:4], attr(attrNSID, 1)...)} {
		if n, ok := decodeNamespace(message); ok {
			t.Errorf("%v: got %d", message, n)
		}
	}
}

func TestParseLinks(t *testing.T) {
	got, err := ParseLinks([]byte(`{"links":[{"index":1,"name":"lo","type":772,"enabled":true,"state":"unknown","mtu":65536}],"interrupted":true}`))
	want := Links{Links: []Link{{Index: 1, Name: "lo", Type: 772, Enabled: true, State: "unknown", MTU: 65536}}, Interrupted: true}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{
		"", "{", "[]", `{"links":[{"index":1}]}`, `{"links":[{"index":0,"name":"x"}]}`, `{"links":[{"index":-1,"name":"x"}]}`,
		`{"links":[{"index":1,"name":"x"},{"index":1,"name":"y"}]}`, `{"links":[{"index":1,"name":"` + strings.Repeat("x", longName+1) + `"}]}`,
	} {
		if got, err := ParseLinks([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%.60q: got %+v, %v", text, got, err)
		}
	}
	if got, err := ParseNamespaces([]byte(`{"30":0,"31":2}`)); err != nil || got[31] != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ParseNamespaces([]byte(`{"x":0}`)); !errors.Is(err, ErrFormat) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzParseLinks(f *testing.F) {
	f.Add([]byte(`{"links":[{"index":1,"name":"vx","type":1,"state":"up","namespace":0,"tunnel":{"id":1,"remote":"x"}}]}`))
	f.Add([]byte(`{"30":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if a, err := ParseLinks(text); err == nil {
			for _, l := range a.Links {
				if l.Name == "" || l.Index <= 0 {
					t.Errorf("%q: %+v", text, l)
				}
			}
		}
		_, _ = ParseNamespaces(text)
	})
}

func FuzzMessages(f *testing.F) {
	f.Add(newLink(3, 1, name("vx"), info("vxlan", attr(1, u32(42)...), attr(2, 192, 0, 2, 1), attr(15, 0x12, 0xb5))))
	f.Add(newLink(3, 1, name("t"), info("tun", attr(1, u32(42)...), attr(3, 2))))
	f.Fuzz(func(t *testing.T, message []byte) {
		if l, err := decodeLink(message); err == nil && (l.Name == "" || l.Index <= 0 || len(l.Name) > len(message)*3) {
			t.Errorf("%v: %+v", message, l)
		}
		_, _, _ = decodeAddress(message)
		if n, ok := decodeNamespace(message); ok && n < 0 {
			t.Errorf("%v: namespace %d", message, n)
		}
	})
}
