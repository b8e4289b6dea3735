package linux

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const socketHeading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func TestScanSockets(t *testing.T) {
	at := netip.MustParseAddrPort
	text := socketHeading +
		"   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1571 1 0000000055d91b32 100 0 0 10 0\n" +
		"   1: 020200C0:01BB 090200C0:CB01 01 00000000:00000000 02:000004E3 00000000  1000        0 195691 2 000000004ba6c51f 20 4 27 16 -1\n" +
		"1000: 0000000000000000FFFF0000020200C0:01BB 0000000000000000FFFF0000090200C0:CB01 06 00000000:00000000 02:000004E3 00000000     0        0 0 2 0 20\n" +
		"   3: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 7\n"
	var got []NetSocket
	if err := ScanSockets(strings.NewReader(text), func(s NetSocket) { got = append(got, s) }); err != nil {
		t.Fatal(err)
	}
	want := []NetSocket{
		{10, at("127.0.0.1:22"), at("0.0.0.0:0"), 0, 1571},
		{1, at("192.0.2.2:443"), at("192.0.2.9:51969"), 1000, 195691},
		{6, at("192.0.2.2:443"), at("192.0.2.9:51969"), 0, 0},
		{7, at("[::1]:53"), at("[::]:0"), 101, 7},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, text := range []string{
		"", "no table\n", socketHeading + "x\n", socketHeading + "0: 0100007F 0:0 0A 0 0 0 0 0 1\n",
		socketHeading + "0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 -1 0 1571\n", socketHeading + "0: 0100007F:0016 00000000:0000 ZZ 0:0 0:0 0 0 0 1571\n",
		socketHeading + "0: 0100007G:0016 00000000:0000 0A 0:0 0:0 0 0 0 1571\n", socketHeading + "0: 0100007F:0016 00000000:0000 0A\n",
	} {
		bad(t, text, ScanSockets(strings.NewReader(text), func(NetSocket) {}))
	}
	if err := ScanSockets(strings.NewReader(socketHeading+strings.Repeat("x", 100_000)), func(NetSocket) {}); err == nil {
		t.Error("a line without an end is no error")
	}
}

func TestLocalAddresses(t *testing.T) {
	const trie = `Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     |-- 172.17.0.0
        /16 link UNICAST
     |-- 172.17.0.2
        /32 host LOCAL
Local:
     |-- 172.17.0.2
        /32 host LOCAL
     |-- nonsense
        /32 host LOCAL
`
	if got := ParseLocalRoutes(trie); !slices.Equal(got, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("172.17.0.2")}) {
		t.Errorf("got %v", got)
	}
	const inet6 = "00000000000000000000000000000001 01 80 10 80       lo\nfe8000000000000000fc00fffe000001 04 40 20 80     eth0\nxyz\n\n"
	if got := ParseInet6(inet6); !slices.Equal(got, []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("fe80::fc:ff:fe00:1")}) {
		t.Errorf("got %v", got)
	}
}

func FuzzNetSockets(f *testing.F) {
	f.Add(socketHeading + "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1571 1\n")
	f.Add("     |-- 172.17.0.2\n        /32 host LOCAL\n")
	f.Add("00000000000000000000000000000001 01 80 10 80       lo\n")
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		_ = ScanSockets(strings.NewReader(text), func(s NetSocket) {
			if n++; !s.Local.IsValid() || !s.Remote.IsValid() || s.UID < 0 || s.State < 0 {
				t.Errorf("%q: %+v", text, s)
			}
		})
		if lines := strings.Count(text, "\n") + 1; n > lines || len(ParseLocalRoutes(text)) > lines || len(ParseInet6(text)) > lines {
			t.Errorf("more than there are lines in %q", text)
		}
	})
}
