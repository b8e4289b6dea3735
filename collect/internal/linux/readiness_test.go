package linux

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseSysV(t *testing.T) {
	const shm = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n"
	for _, row := range []struct {
		name, text string
		want       []SysVObject
	}{
		{"none", shm, nil},
		{"segment", shm + "-559038737          5   600                    56  1234  1300      6   113   120   113   120 1 2 3 4096 0\n",
			[]SysVObject{{ID: 5, UID: 113, Size: 56, Attached: 6, First: 1234, Last: 1300}}},
		{"semaphores", "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n         1          0   600         17   100   101   100   101 0 1\n",
			[]SysVObject{{UID: 100}}},
		{"queue", "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n  7 3 644 0 0 11 12 0 0 0 0 1 2 3\n",
			[]SysVObject{{ID: 3, First: 11, Last: 12}}},
	} {
		got, err := ParseSysV(row.text)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %+v, %v, want %+v", row.name, got, err, row.want)
		}
	}
	for _, text := range []string{"", "\n", "a b c\n", "key key\n", shm + "1 2 3\n", shm + strings.Repeat("x ", 16) + "\n", shm + "1 2 3 99999999999999999999 5 6 7 8 9 10 11 12 13 14 15 16\n"} {
		_, err := ParseSysV(text)
		bad(t, text, err)
	}
}

func TestParsePIDLimits(t *testing.T) {
	text, err := os.ReadFile("/proc/self/limits")
	if err == nil {
		if _, err := ParsePIDLimits(string(text)); err != nil {
			t.Errorf("this process: %v", err)
		}
	}
	got, err := ParsePIDLimits("Limit                     Soft Limit           Hard Limit           Units     \n" +
		"Max locked memory         unlimited            unlimited            bytes     \nMax realtime priority     50                   99                   \n")
	if err != nil || got != (PIDLimits{math.MaxInt64, 50}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "x", "Max locked memory\n", "Max locked memory         many                 1                    bytes\n", "Max realtime priority     -1                   1\n"} {
		_, err := ParsePIDLimits(text)
		bad(t, text, err)
	}
}

func TestParseRawSockets(t *testing.T) {
	got, err := ParsePacketSockets("sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n0000000000000000 3      3    88cc   2     1 0      0      21832 \n")
	if err != nil || !reflect.DeepEqual(got, []uint64{21832}) {
		t.Errorf("packet: got %v, %v", got, err)
	}
	got, err = ParseRawSockets("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n" +
		"    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 51423 2 0000000000000000 0\n")
	if err != nil || !reflect.DeepEqual(got, []uint64{51423}) {
		t.Errorf("raw: got %v, %v", got, err)
	}
	for _, text := range []string{"", "x\n", "sk\n1 2\n", "sk\n1 2 3 4 5 6 7 8 x\n"} {
		_, err := ParsePacketSockets(text)
		bad(t, text, err)
	}
	for _, name := range []string{"packet", "raw", "raw6", "igmp"} {
		text, err := os.ReadFile("/proc/net/" + name)
		if err != nil {
			continue
		}
		switch name {
		case "packet":
			_, err = ParsePacketSockets(string(text))
		case "igmp":
			_, err = ParseIGMP(string(text))
		default:
			_, err = ParseRawSockets(string(text))
		}
		if err != nil {
			t.Errorf("this machine's %s: %v", name, err)
		}
	}
}

func TestParseIGMP(t *testing.T) {
	const heading = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
	got, err := ParseIGMP(heading + "4\teth0      :     2      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n\t\t\t\t0A0000EF     1 0:00000000\t\t0\n\t\t\t\tE00000FB     1 0:00000000\t\t0\n")
	if want := "[224.0.0.1 224.0.0.251 239.0.0.10]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	for _, text := range []string{"", "x\n", heading + "\t\t\tzz 1\n", heading + "\t\t\t0A 1\n"} {
		_, err := ParseIGMP(text)
		bad(t, text, err)
	}
}

func TestParseCPUSet(t *testing.T) {
	s, err := ParseCPUSet("0-2,64\n")
	if err != nil || s[0] != 7 || s[1] != 1 {
		t.Errorf("got %v, %v", s, err)
	}
	if u, _ := ParseCPUSet("1,2,65"); s.Intersect(u)[0] != 6 || s.Intersect(u)[1] != 0 {
		t.Errorf("intersection %v", s.Intersect(u))
	}
	if s, err := ParseCPUSet(" "); err != nil || s != (CPUSet{}) {
		t.Errorf("empty: got %v, %v", s, err)
	}
	for _, text := range []string{"a", "3-1", "1-", "8192", "1,,2", "-1"} {
		_, err := ParseCPUSet(text)
		bad(t, text, err)
	}
}

func TestParseWritable(t *testing.T) {
	for text, want := range map[string]bool{"pos:\t0\nflags:\t0100000\n": false, "flags:\t0100001\n": true, "flags:\t02100002\n": true} {
		if got, err := ParseWritable(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "pos: 0\n", "flags:\t9\n"} {
		_, err := ParseWritable(text)
		bad(t, text, err)
	}
	for text, want := range map[string]int{"": 0, "\x7fELF": 0, "\x7fELF\x01": 32, "\x7fELF\x02": 64, "\x7fELF\x07": 0, "#!/bin/sh": 0} {
		if got := ELFBits([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// A redaction keeps what is asked for and nothing else, and doing it twice changes nothing.
func TestRedactions(t *testing.T) {
	hosts := func(text []byte) []byte { return RedactHosts(text, "web-1") }
	for _, row := range []struct {
		name   string
		redact func([]byte) []byte
		text   string
		want   string
	}{
		{"addresses", RedactAddresses, "server 10.1.2.3:80;\nbind 0.0.0.0\nlocal 127.0.0.1\nmask 255.255.255.0\nnet 10.0.0.0/8\n" +
			"version 1.2.3.4.5 v1.2.3.4 1.2.3.4-rc1\n# 10.9.9.9\n; 10.9.9.9\n// 10.9.9.9\n  db=192.168.7.8,172.31.0.9\npublic 203.0.113.9. 300.1.1.1\ntoken=s3cret\n",
			"10.0.0.1\n192.168.0.1\n172.16.0.1\n192.0.2.1\n"},
		{"hosts", hosts, "127.0.0.1 localhost\n::1 ip6-localhost\nff02::1 ip6-allnodes\nfe00::0 ip6-localnet\n10.0.0.5 web-1.example.com web-1\n# 10.0.0.6 x\n10.0.0.7 db db.example.com # old\nnonsense here\n",
			"192.0.2.1 entry.invalid\n"},
		{"crontab", RedactCrontab, "SHELL=/bin/sh\nMAILTO=\"x y z a b c d\"\n# c\n5 4 * * * root /opt/app/bin/job --password=hunter2\n@daily /opt/b/run hunter2\n1 2 3 4 5 root cd / && /opt/c\n5 5 5 5 5 TOKEN=x /opt/d/e\n",
			"/opt/app/bin/job\n/opt/b/run\n/opt/d/e\n"},
		{"preload", RedactPreload, "# c\n/lib/a.so /lib/b.so:/lib/c.so\n", "library\nlibrary\nlibrary\n"},
		{"exports", RedactExports, "/srv/data 10.0.0.0/8(rw)\n# /x\n\n/home *(ro)\n", "/srv/data\n/home\n"},
		{"maps", RedactMaps, "7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libX11.so.6.4.0\n7f02-7f03 r-xp 0 08:01 1 /usr/lib/libX11.so.6.4.0\n7f 7f r-xp 0 0 1 /usr/lib/libc.so.6\n7f0 rw-p 0 0:0 0\n",
			"libX11.so.6.4.0\n"},
	} {
		once := row.redact([]byte(row.text))
		if string(once) != row.want {
			t.Errorf("%s: got %q, want %q", row.name, once, row.want)
		}
		if twice := row.redact(once); !bytes.Equal(once, twice) {
			t.Errorf("%s: redacted twice: %q", row.name, twice)
		}
	}
	if a := CountAddresses([]byte("10.0.0.1\n10.0.0.1\n192.0.2.1\n172.16.0.1\n192.168.0.1\n")); a.Sum() != 5 ||
		a.String() != "2 in 10.0.0.0/8, 1 in 172.16.0.0/12, 1 in 192.168.0.0/16, 1 in other networks" {
		t.Errorf("got %v", a)
	}
}

func TestCleanUnit(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"secrets", "[Service]\nEnvironment=PASSWORD=hunter2 \\\n  TOKEN=s3cret\nEnvironmentFile=/etc/secret\nSetCredential=a:hunter2\nLoadCredential=x:/y\nUser=app\nDescription=x\n", "[Service]\nUser=app\n"},
		{"commands", "[Service]\nExecStartPre=-/sbin/modprobe foo\nExecStart=@+/opt/a/bin/d  d --password=hunter2 ; /bin/true\nExecReload=\"/bin/kill\" -HUP $MAINPID\nExecStartPost=/bin/sh -c 'modprobe bar && x'\nExecStart=\n",
			"[Service]\nExecStartPre=/sbin/modprobe\nExecStart=/opt/a/bin/d ; /bin/true\nExecReload=/bin/kill\nExecStartPost=/bin/sh ; modprobe\nExecStart=\n"},
		{"hostile program", "[Service]\nExecStart=TOKEN=hunter2 x\nExecStart=\"a hunter2\"\n", "[Service]\nExecStart=?\nExecStart=?\n"},
		{"continued", "[Service]\nCapabilityBoundingSet=CAP_A \\\n# a comment \\\n  CAP_B\nUser=x\\\n", "[Service]\nCapabilityBoundingSet=CAP_A    CAP_B\nUser=x\n"},
		{"a backslash that continues nothing", "[Service]\nUser=a \\ \nType=notify\n", "[Service]\nUser=a\nType=notify\n"},
		{"no section", "User=x\n[Service\nUser=y\n[X-Own]\nUser=z\n[Service]\nnonsense\nUser = app \n", "[Service]\nUser=app\n"},
		{"windows", "\ufeff[Service]\r\nUser=app\r\n", "[Service]\nUser=app\n"},
		{"sections again", "[Service]\nUser=a\n[Unit]\nAfter=b\n[Service]\nUser=c\n", "[Service]\nUser=a\n[Unit]\nAfter=b\n[Service]\nUser=c\n"},
	} {
		got := CleanUnit([]byte(row.text))
		if string(got) != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		if twice := CleanUnit(got); !bytes.Equal(got, twice) {
			t.Errorf("%s: cleaned twice: %q", row.name, twice)
		}
	}
}

// What is read redacted is recorded redacted, and the recorded tree gives the same.
func TestReadRedacted(t *testing.T) {
	source, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	if err := os.MkdirAll(source+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source+"/etc/app.service", []byte("[Service]\nEnvironment=P=hunter2\nUser=app\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := NewFS(source)
	recording, err := f.Record(copied, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		text, err := f.ReadRedacted("/etc/app.service", SmallFile, CleanUnit)
		if err != nil || string(text) != "[Service]\nUser=app\n" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	if err := recording.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := NewFS(copied).ReadRedacted("/etc/app.service", SmallFile, CleanUnit)
	if err != nil || string(text) != "[Service]\nUser=app\n" {
		t.Errorf("copy: got %q, %v", text, err)
	}
	raw, err := os.ReadFile(copied + "/etc/app.service")
	if err != nil || strings.Contains(string(raw), "hunter2") {
		t.Errorf("the copy holds %q, %v", raw, err)
	}
}

func FuzzSysV(f *testing.F) {
	f.Add("key shmid size cpid lpid nattch uid\n1 2 3 4 5 6 7\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseSysV(text)
		for _, o := range list {
			if err == nil && (o.Size < 0 || o.Attached < 0) {
				t.Errorf("%q: %+v", text, o)
			}
		}
	})
}

func FuzzPIDLimits(f *testing.F) {
	f.Add("Max locked memory         unlimited            unlimited            bytes     \nMax realtime priority     0                    0                    \n")
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := ParsePIDLimits(text); err == nil && (l.Locked < 0 || l.RealTime < 0 || l.RealTime > 99) {
			t.Errorf("%q: %+v", text, l)
		}
	})
}

func FuzzRawSockets(f *testing.F) {
	f.Add("sk RefCnt Type Proto  Iface R Rmem   User   Inode\n0 3 3 88cc 2 1 0 0 21832\n")
	f.Add("sl a\n1: 0:1 0:0 07 0:0 00:0 0 0 0 51423 2 0 0\n")
	f.Add("Idx\tDevice\n\t\t\t\t010000E0     1 0:00000000\t\t0\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) ([]uint64, error){ParsePacketSockets, ParseRawSockets} {
			if list, err := parse(text); err == nil && len(list) > strings.Count(text, "\n") {
				t.Errorf("%d sockets in %q", len(list), text)
			}
		}
		if list, err := ParseIGMP(text); err == nil && len(list) > strings.Count(text, "\n") {
			t.Errorf("%d groups in %q", len(list), text)
		}
	})
}

func FuzzCPUSet(f *testing.F) {
	f.Add("0-3,8", "1")
	f.Fuzz(func(t *testing.T, a, b string) {
		s, err := ParseCPUSet(a)
		u, err2 := ParseCPUSet(b)
		if err == nil && err2 == nil && s.Intersect(u) != u.Intersect(s) {
			t.Errorf("%q and %q", a, b)
		}
	})
}

func FuzzDescriptors(f *testing.F) {
	f.Add("pos:\t0\nflags:\t0100002\n")
	f.Add("\x7fELF\x01")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ParseWritable(text)
		if b := ELFBits([]byte(text)); b != 0 && b != 32 && b != 64 {
			t.Errorf("%q: %d bits", text, b)
		}
	})
}

// Redacting twice gives the same, or a recorded tree would say something else than the machine.
func FuzzRedactions(f *testing.F) {
	f.Add([]byte("server 10.1.2.3:80;\n10.0.0.7 db\n5 4 * * * root /opt/a/b c\n/srv x(rw)\n7f r-xp 0 0 1 /usr/lib/libX11.so.6\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, redact := range map[string]func([]byte) []byte{
			"addresses": RedactAddresses, "hosts": func(b []byte) []byte { return RedactHosts(b, "web") }, "crontab": RedactCrontab,
			"preload": RedactPreload, "exports": RedactExports, "maps": RedactMaps,
		} {
			once := redact(text)
			if twice := redact(once); !bytes.Equal(once, twice) {
				t.Errorf("%s of %q: %q, then %q", name, text, once, twice)
			}
		}
		if a := CountAddresses(RedactAddresses(text)); a.Sum() != bytes.Count(RedactAddresses(text), []byte("\n")) {
			t.Errorf("%q: counted %+v", text, a)
		}
	})
}

func FuzzCleanUnit(f *testing.F) {
	f.Add([]byte("[Service]\nExecStart=-/bin/sh -c 'modprobe x' ; \"/a b\" c\nEnvironment=hunter2\nUser=a \\\n# c\n b\n"))
	f.Add([]byte("[Service]\nUser=\\ "))
	f.Fuzz(func(t *testing.T, text []byte) {
		once := CleanUnit(text)
		if twice := CleanUnit(once); !bytes.Equal(once, twice) {
			t.Errorf("%q: %q, then %q", text, once, twice)
		}
		for line := range strings.Lines(string(once)) {
			key, _, _ := strings.Cut(line, "=")
			if line[0] != '[' && !unitKeys["Unit"][key] && !unitKeys["Service"][key] && !unitKeys["Socket"][key] && !unitKeys["Timer"][key] {
				t.Errorf("%q: the line %q is kept", text, line)
			}
		}
	})
}
