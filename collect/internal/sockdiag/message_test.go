package sockdiag

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
)

// message makes an answer of the kernel.
func message(family Family, state State, local, remote netip.AddrPort, uid, inode uint32, attributes ...[]byte) []byte {
	b := make([]byte, messageSize)
	b[0], b[1] = byte(family), byte(state)
	binary.BigEndian.PutUint16(b[4:], local.Port())
	binary.BigEndian.PutUint16(b[6:], remote.Port())
	copy(b[8:24], local.Addr().AsSlice())
	copy(b[24:40], remote.Addr().AsSlice())
	binary.NativeEndian.PutUint32(b[64:], uid)
	binary.NativeEndian.PutUint32(b[68:], inode)
	for _, a := range attributes {
		b = append(b, a...)
	}
	return b
}

// attribute makes one attribute, filled up to a multiple of four bytes.
func attribute(kind uint16, value []byte) []byte {
	b := make([]byte, 4, 4+len(value)+3)
	binary.NativeEndian.PutUint16(b, uint16(4+len(value)))
	binary.NativeEndian.PutUint16(b[2:], kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func group(id uint64) []byte {
	return attribute(cgroupAttribute, binary.NativeEndian.AppendUint64(nil, id))
}

func TestParse(t *testing.T) {
	at := netip.MustParseAddrPort
	for _, row := range []struct {
		name string
		text []byte
		want Socket
	}{
		{"listening", message(IPv4, Listening, at("0.0.0.0:22"), at("0.0.0.0:0"), 0, 1571, attribute(8, []byte{0}), group(2304)),
			Socket{TCP, Listening, at("0.0.0.0:22"), at("0.0.0.0:0"), 0, 1571, 2304}},
		{"no group", message(IPv6, Listening, at("[::]:443"), at("[::]:0"), 33, 7), Socket{TCP, Listening, at("[::]:443"), at("[::]:0"), 33, 7, 0}},
		{"mapped", message(IPv6, Established, at("[::ffff:192.0.2.1]:443"), at("[::ffff:192.0.2.9]:5000"), 33, 7, group(1)),
			Socket{TCP, Established, at("192.0.2.1:443"), at("192.0.2.9:5000"), 33, 7, 1}},
		{"short group", message(IPv4, Listening, at("127.0.0.1:1"), at("0.0.0.0:0"), 0, 1, attribute(cgroupAttribute, []byte{1, 2})),
			Socket{TCP, Listening, at("127.0.0.1:1"), at("0.0.0.0:0"), 0, 1, 0}},
	} {
		if got, err := parse(row.text, TCP); err != nil || got != row.want {
			t.Errorf("%s: got %+v, %v; want %+v", row.name, got, err, row.want)
		}
	}
	whole := message(IPv4, Listening, at("127.0.0.1:1"), at("0.0.0.0:0"), 0, 1)
	for name, text := range map[string][]byte{
		"nothing": nil, "cut": whole[:50], "family": append([]byte{99}, whole[1:]...),
		"attribute of no size": append(whole[:messageSize:messageSize], 0, 0, 21, 0), "attribute too long": append(whole[:messageSize:messageSize], 200, 0, 21, 0),
	} {
		if _, err := parse(text, TCP); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRequest(t *testing.T) {
	b := request{IPv6, UDP, 1 << Unconnected}.Serialize()
	if len(b) != 56 || b[0] != 10 || b[1] != 17 || binary.NativeEndian.Uint32(b[4:]) != 128 {
		t.Errorf("got %v", b)
	}
	for _, c := range b[8:] {
		if c != 0 {
			t.Errorf("it asks for particular sockets: %v", b)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(message(IPv4, Listening, netip.MustParseAddrPort("0.0.0.0:22"), netip.MustParseAddrPort("0.0.0.0:0"), 0, 1, group(5)))
	f.Add(message(IPv6, Listening, netip.MustParseAddrPort("[::1]:22"), netip.MustParseAddrPort("[::]:0"), 0, 1, attribute(1, []byte{1}), group(5)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parse(text, TCP); err == nil && (!s.Local.IsValid() || !s.Remote.IsValid()) {
			t.Errorf("%v: %+v has no addresses", text, s)
		}
	})
}
