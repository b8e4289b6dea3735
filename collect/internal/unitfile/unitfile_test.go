package unitfile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
)

func parsed(t *testing.T, text string) File {
	t.Helper()
	f, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return f
}

func TestMerge(t *testing.T) {
	s := Merge("app@blue.service",
		parsed(t, "[Unit]\nAfter=a.service b.service\n[Service]\nType=notify\nUser=one\nReadWritePaths=/a /b\nExecStart=/opt/app/d --x\nCapabilityBoundingSet=CAP_CHOWN CAP_NET_RAW\nWatchdogSec=1min 30s\nLimitMEMLOCK=64M\n"),
		parsed(t, "[Unit]\nAfter=\nAfter=c.service\n[Service]\nUser=two\nReadWritePaths=\nReadWritePaths=/c\nExecStart=\nExecStart=/opt/app/e\nCapabilityBoundingSet=~CAP_CHOWN\nStateDirectory=%p/%i app-%j\nWorkingDirectory=%h\nFileDescriptorStoreMax=3\n"),
	)
	for _, row := range []struct{ what, got, want string }{
		{"type", s.Type(), "notify"},
		{"the last single value wins", s.Text("Service.User"), "two"},
		{"dependencies are not taken back", strings.Join(s.List("Unit.After"), " "), "a.service b.service c.service"},
		{"an empty value begins a list anew", strings.Join(s.List("Service.ReadWritePaths"), " "), "/c"},
		{"commands too", strings.Join(s.Programs("Service.ExecStart"), " "), "/opt/app/e"},
		{"specifiers of the name", strings.Join(s.List("Service.StateDirectory"), " "), "app/blue app-app"},
		{"specifiers of a running systemd", s.Text("Service.WorkingDirectory"), ""},
		{"span", s.Span("Service.WatchdogSec").String(), "1m30s"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.what, row.got, row.want)
		}
	}
	if s.Bounding() != 1<<13 || s.Limit("Service.LimitMEMLOCK") != 64<<20 || s.Count("Service.FileDescriptorStoreMax") != 3 || s.Root() {
		t.Errorf("bounding %b, limit %d, root %v", s.Bounding(), s.Limit("Service.LimitMEMLOCK"), s.Root())
	}
}

func TestTypes(t *testing.T) {
	for text, want := range map[string]string{
		"[Service]\nExecStart=/x\n": "simple", "[Service]\nBusName=org.x\nExecStart=/x\n": "dbus", "[Service]\nExecReload=/x\n": "oneshot",
		"[Service]\nType=forking\nExecStart=/x\n": "forking", "": "oneshot",
	} {
		if got := Merge("x.service", parsed(t, text)).Type(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"": true, "User=root": true, "User=0": true, "User=app": false, "DynamicUser=yes": false, "User=app\nUser=": true, "DynamicUser=no": true,
	} {
		if got := Merge("x.service", parsed(t, "[Service]\n"+text+"\n")).Root(); got != want {
			t.Errorf("%q: root is %v, want %v", text, got, want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for _, row := range []struct {
		text              string
		bounding, ambient uint64
	}{
		{"", allCapabilities, 0},
		{"CapabilityBoundingSet=", 0, 0},
		{"CapabilityBoundingSet=~", allCapabilities, 0},
		{"CapabilityBoundingSet=cap_chown CAP_KILL", 1<<0 | 1<<5, 0},
		{"CapabilityBoundingSet=~CAP_CHOWN", allCapabilities &^ 1, 0},
		{"CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL", 1<<0 | 1<<5, 0},
		{"AmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=CAP_NET_ADMIN", allCapabilities, 1<<12 | 1<<13},
		{"AmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=", allCapabilities, 0},
		{"AmbientCapabilities=CAP_NET_RAW CAP_BPF\nAmbientCapabilities=~CAP_BPF", allCapabilities, 1 << 13},
		{"AmbientCapabilities=CAP_OF_TOMORROW", allCapabilities, 0},
	} {
		s := Merge("x.service", parsed(t, "[Service]\n"+row.text+"\n"))
		if s.Bounding() != row.bounding || s.Ambient() != row.ambient {
			t.Errorf("%q: got %b and %b, want %b and %b", row.text, s.Bounding(), s.Ambient(), row.bounding, row.ambient)
		}
	}
}

// spanTable is compared with systemd itself where that is installed.
var spanTable = map[string]time.Duration{
	"90": 90 * time.Second, "1h30m": 90 * time.Minute, "5 min 20s": 320 * time.Second, "1.5h": 90 * time.Minute, "2d": 48 * time.Hour,
	"1w": 7 * 24 * time.Hour, "500ms": 500 * time.Millisecond, "10us": 10 * time.Microsecond, "1M": 2629800 * time.Second, "1y": 31557600 * time.Second,
	"infinity": Forever, "0": 0, ".5s": 500 * time.Millisecond, "3 hours 2 minutes": 182 * time.Minute,
}

func TestParseSpan(t *testing.T) {
	for text, want := range spanTable {
		if got, ok := ParseSpan(text); !ok || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "s", "-5", "5 parsecs", "1..2", "5 s x", "."} {
		if got, ok := ParseSpan(text); ok {
			t.Errorf("%q: got %v, want none", text, got)
		}
	}
}

func TestSpansAsSystemd(t *testing.T) {
	for text, want := range spanTable {
		out := collecttest.Try(t, "systemd-analyze", "systemd-analyze", "timespan", text)
		_, micro, ok := strings.Cut(out, "s: ")
		micro, _, _ = strings.Cut(micro, "\n")
		if theirs, valid := ParseSpan(strings.TrimSpace(micro) + "us"); !ok || !valid || theirs != want {
			t.Errorf("%q: systemd says %q, this is %v", text, micro, want)
		}
	}
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]int64{"64M": 64 << 20, "1024": 1024, "infinity": Unlimited, "8M:16M": 8 << 20, "1K": 1024, "0": 0} {
		if got, ok := ParseLimit(text); !ok || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "M", "-1", "99999999999E", "x"} {
		if got, ok := ParseLimit(text); ok {
			t.Errorf("%q: got %d, want none", text, got)
		}
	}
}

func TestTooLong(t *testing.T) {
	if _, err := Parse([]byte("[Service]\nUser=" + strings.Repeat("x", 5000) + "\n")); err == nil {
		t.Error("a line of 5000 bytes is no error")
	}
	// What may be secret is gone before its length matters.
	if _, err := Parse([]byte("[Service]\nEnvironment=A=" + strings.Repeat("x", 5000) + "\nUser=app\n")); err != nil {
		t.Error(err)
	}
}

func FuzzUnitFile(f *testing.F) {
	f.Add([]byte("[Service]\nUser=a\nExecStart=/b c\nCapabilityBoundingSet=~CAP_KILL\nReadWritePaths=/x %p\n"), []byte("[Service]\nReadWritePaths=\nUser=%i\n"))
	f.Fuzz(func(t *testing.T, fragment, dropIn []byte) {
		a, err := Parse(fragment)
		b, err2 := Parse(dropIn)
		if err != nil || err2 != nil {
			return
		}
		s := Merge("a-b@c.service", a, b)
		_, _, _ = s.Type(), s.Root(), s.Text("Service.User")
		if s.Bounding()&^allCapabilities != 0 || s.Span("Service.WatchdogSec") < 0 || s.Limit("Service.LimitMEMLOCK") < 0 || s.Count("Service.FileDescriptorStoreMax") < 0 {
			t.Errorf("%q, %q: %+v", fragment, dropIn, s)
		}
		for key := range lists {
			for _, v := range s.List(key) {
				if strings.Contains(v, "\n") && !strings.Contains(key, "Exec") {
					t.Errorf("%q, %q: %s holds %q", fragment, dropIn, key, v)
				}
			}
		}
		if slices.Contains(s.Programs("Service.ExecStart"), "") {
			t.Errorf("%q, %q: a program without a name", fragment, dropIn)
		}
	})
}

func FuzzValues(f *testing.F) {
	f.Add("1min 30s")
	f.Add("64M:infinity")
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := ParseSpan(text); ok && d < 0 {
			t.Errorf("%q: %v", text, d)
		}
		if n, ok := ParseLimit(text); ok && n < 0 {
			t.Errorf("%q: %d", text, n)
		}
	})
}
