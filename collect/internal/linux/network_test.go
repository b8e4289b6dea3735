package linux

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseRouteLinks(t *testing.T) {
	const heading = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	for text, want := range map[string][]string{
		"": nil, heading: nil, "nonsense": nil,
		heading + "eth0\t00000000\t01C8A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\nflannel.1\t002A0A0A\t002A0A0A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n": {"eth0", "flannel.1"},
		heading + "*\t0000FEA9\t00000000\t0200\t0\t0\t1000\t0000FFFF\t0\t0\t0\ncut\toff\n":                                                        nil,
	} {
		if got := ParseRouteLinks(text); !slices.Equal(got, want) {
			t.Errorf("%.60q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseUDPPorts(t *testing.T) {
	const heading = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
	got, err := ParseUDPPorts(heading + " 6492: 00000000:12B5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 194477 2 00000000eb62979f 0\n" +
		"    1: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 1 2 0 0\n")
	if err != nil || !slices.Equal(got, []int{4789, 53}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ParseUDPPorts(heading); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "x\n", heading + "1: 0:0\n", heading + "1: 00000000 0 07\n", heading + "1: 00000000:GGGG 0 07\n", heading + "1: 0:10000 0 07\n"} {
		if got, err := ParseUDPPorts(text); !errors.Is(err, ErrFormat) {
			t.Errorf("%.90q: got %v, %v", text, got, err)
		}
	}
}

func TestParseCNI(t *testing.T) {
	for text, want := range map[string][]string{
		`{"type":"bridge","bridge":"cni0"}`: {"bridge"},
		`{"cniVersion":"0.3.1","name":"k8s","plugins":[{"type":"calico","policy":{"type":"k8s","k8s_auth_token":"s3cret"}},{"type":"portmap"}]}`: {"calico", "portmap"},
	} {
		got, err := ParseCNI([]byte(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
		redacted := Redact("/etc/cni/net.d/10-x.conflist", []byte(text))
		if again, err := ParseCNI(redacted); err != nil || !slices.Equal(again, want) || strings.Contains(string(redacted), "s3cret") {
			t.Errorf("%s: redacted to %s, %v", text, redacted, err)
		}
	}
	for _, text := range []string{"", "{", "[]", "{}", `{"plugins":[{"name":"x"}]}`, `{"type":7}`, `{"plugins":{"token":"s3cret"}}`} {
		if got, err := ParseCNI([]byte(text)); !errors.Is(err, ErrFormat) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
		if redacted := Redact("/etc/cni/net.d/10-x.conf", []byte(text)); len(redacted) != 0 {
			t.Errorf("%s: redacted to %s", text, redacted)
		}
	}
}

func TestParseIPVS(t *testing.T) {
	const heading = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
	for text, want := range map[string]int{
		heading: 0,
		heading + "TCP  0A600001:01BB rr\n  -> C0A80102:192B      Masq    1      2          0\nUDP  0A60000A:0035 rr\n": 2,
	} {
		if n, err := ParseIPVS(text); err != nil || n != want {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "TCP  0A600001:01BB rr\n"} {
		if n, err := ParseIPVS(text); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

func FuzzCNI(f *testing.F) {
	f.Add([]byte(`{"type":"bridge","plugins":[{"type":"portmap"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		types, err := ParseCNI(text)
		if err != nil {
			return
		}
		if again, err := ParseCNI(RedactCNI(text)); err != nil || !slices.Equal(again, types) {
			t.Errorf("%q: %q, redacted %q, %v", text, types, again, err)
		}
	})
}

func FuzzNetTables(f *testing.F) {
	f.Add("   sl  local_address rem_address   st\n 1: 00000000:12B5 00000000:0000 07\n")
	f.Add("IP Virtual Server version 1.2.1\nProt\n  ->\nTCP  0A600001:01BB rr\n")
	f.Add("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t0\t0\t3\t0\t0\t0\t0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if ports, err := ParseUDPPorts(text); err == nil {
			for _, p := range ports {
				if p < 0 || p > 65535 {
					t.Errorf("%q: port %d", text, p)
				}
			}
		}
		if n, err := ParseIPVS(text); err == nil && n > strings.Count(text, "\n")+1 {
			t.Errorf("%q: %d services", text, n)
		}
		if names := ParseRouteLinks(text); len(names) > strings.Count(text, "\n")+1 {
			t.Errorf("%q: %q", text, names)
		}
	})
}
