package linux

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// bad reports an error of parsing that is missing, or that does not wrap ErrFormat.
func bad(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%.60q: want an error, have none", text)
	} else if !errors.Is(err, ErrFormat) {
		t.Errorf("%.60q: the error %v does not wrap ErrFormat", text, err)
	}
}

func TestParseOSRelease(t *testing.T) {
	const text = "# comment\nNAME=\"A \\\"B\\\"\"\nID=ubuntu-core\n\nEMPTY=\nQ='it''s'\n"
	if _, err := ParseOSRelease(text); err == nil {
		t.Error("two quoted parts in a row are not what os-release allows")
	}
	got, err := ParseOSRelease("# comment\nNAME=\"A \\\"B\\\"\"\nID=ubuntu-core\nID=debian\n\nEMPTY=\nQ='it is'\nE=a\\ b\n")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"NAME": `A "B"`, "ID": "debian", "EMPTY": "", "Q": "it is", "E": "a b"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, text := range []string{"no equals sign\n", "=x\n", "A=\"open\n", "A='open\n", "A=\"x\"y\n", "A B=c\n"} {
		_, err := ParseOSRelease(text)
		bad(t, text, err)
	}
}

func TestParsePIDStat(t *testing.T) {
	const tail = " S 1 42 43 34816 -1 4194304 1 2 3 4 100 20 3 4 20 0 7 0 500 1000 250 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 5 1 0 0 0\n"
	for _, comm := range []string{"sh", "a b", "a) S 1 (b", "(", ")", "", "x\ny"} {
		var s PIDStat
		if err := ParsePIDStat([]byte("42 ("+comm+")"+tail), &s); err != nil {
			t.Errorf("comm %q: %v", comm, err)
			continue
		}
		want := PIDStat{
			PID: 42, Comm: comm, State: 'S', PPID: 1, Session: 43, TTY: 34816, Flags: 4194304, CPUTicks: 127, Threads: 7,
			StartTicks: 500, RSSPages: 250, RTPriority: 5, Policy: 1, HasSchedule: true,
		}
		if s != want {
			t.Errorf("comm %q:\n got %+v\nwant %+v", comm, s, want)
		}
	}
	for _, text := range []string{
		"", "42", "42 (x", "42 (x)", "x (y)" + tail, "42 (x) SS 1 2 3", "42 (x) S a 2 3 4 5 6", "42 (x) S 1 2 3",
		"42 (x) S 99999999999999999999999 1 1", "(x) S 1",
	} {
		var s PIDStat
		bad(t, text, ParsePIDStat([]byte(text), &s))
	}
	var s PIDStat
	if err := ParsePIDStat([]byte("9 (kworker/0:1) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0\n"), &s); err != nil || !s.KernelThread() {
		t.Errorf("a kernel thread is not recognised: %+v, %v", s, err)
	}
}

func TestParsePIDStatus(t *testing.T) {
	got, err := ParsePIDStatus("Name:\ta:b\nPid:\t7\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t7\t1\nVmLck:\t     128 kB\n" +
		"HugetlbPages:\t    2048 kB\nCapEff:\t0000000000003000\nCapBnd:\t000001ffffffffff\nSeccomp:\t2\n")
	if err != nil {
		t.Fatal(err)
	}
	want := PIDStatus{NSPID: []int{7, 1}, UID: 1000, CapEff: 0x3000, HasCap: true, CapBnd: 0x1ffffffffff, Locked: 128 << 10, HugePages: 2 << 20, Seccomp: 2}
	if !reflect.DeepEqual(got, want) || !got.Nested() {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, text := range []string{"", "no colon\n", "Pid:\t1\nNSpid:\tx\n", "Pid:\t1\nVmLck:\t5 MB\n", "Pid:\t1\nCapEff:\tzz\n", "Name:\tx\n"} {
		_, err := ParsePIDStatus(text)
		bad(t, text, err)
	}
}

func TestParseCgroups(t *testing.T) {
	for _, row := range []struct{ name, text, path string }{
		{"version 2", "0::/system.slice/a.service\n", "/system.slice/a.service"},
		{"version 1", "5:memory:/docker/x\n1:name=systemd:/system.slice/b.service\n", "/system.slice/b.service"},
		{"hybrid, unified says more", "1:name=systemd:/\n0::/user.slice/user-0.slice/session-1.scope\n", "/user.slice/user-0.slice/session-1.scope"},
		{"hybrid, systemd says more", "1:name=systemd:/system.slice/b.service\n0::/\n", "/system.slice/b.service"},
		{"no systemd", "3:pids:/lxc/web\n2:cpu,cpuacct:/\n", "/lxc/web"},
		{"controllers in nobody's group", "4:memory:/whatever/abc\n0::/\n", "/"},
		{"deleted", "0::/system.slice/a.service (deleted)\n", "/system.slice/a.service"},
	} {
		got, err := ParseCgroups(row.text)
		if err != nil || got.Path() != row.path {
			t.Errorf("%s: got %q, %v; want %q", row.name, got.Path(), err, row.path)
		}
	}
	for _, text := range []string{"", "0:/x\n", "x\n", "0::relative\n", ":::\n"} {
		_, err := ParseCgroups(text)
		bad(t, text, err)
	}
}

func TestCgroupValues(t *testing.T) {
	if v, ok, err := KeyedValue("anon 5\ninactive_file 77\n", "inactive_file"); v != 77 || !ok || err != nil {
		t.Errorf("inactive_file: got %d, %t, %v", v, ok, err)
	}
	if _, ok, err := KeyedValue("inactive_file_x 77\n", "inactive_file"); ok || err != nil {
		t.Errorf("a longer key was taken for the one looked for: %t, %v", ok, err)
	}
	_, _, err := KeyedValue("usage_usec many\n", "usage_usec")
	bad(t, "usage_usec many", err)

	if v, ok, err := ParseCPUMax("150000 100000\n"); v != 1.5 || !ok || err != nil {
		t.Errorf("cpu.max: got %v, %t, %v", v, ok, err)
	}
	if _, ok, err := ParseCPUMax("max 100000\n"); ok || err != nil {
		t.Errorf("cpu.max without limit: %t, %v", ok, err)
	}
	if v, ok, err := ParseCFSQuota("50000\n", "100000\n"); v != .5 || !ok || err != nil {
		t.Errorf("quota: got %v, %t, %v", v, ok, err)
	}
	if _, ok, err := ParseCFSQuota("-1\n", "100000\n"); ok || err != nil {
		t.Errorf("no quota: %t, %v", ok, err)
	}
	for _, text := range []string{"", "1", "1 0", "a b", "-5 100000"} {
		_, _, err := ParseCPUMax(text)
		bad(t, text, err)
	}
	if v, ok, err := ParseMemoryMax("1048576\n"); v != 1<<20 || !ok || err != nil {
		t.Errorf("memory.max: got %v, %t, %v", v, ok, err)
	}
	for _, text := range []string{"max\n", "9223372036854771712\n", "18446744073709551615"} {
		if _, ok, err := ParseMemoryMax(text); ok || err != nil {
			t.Errorf("memory limit %q: %t, %v; want none", text, ok, err)
		}
	}
	_, _, err = ParseMemoryMax("lots")
	bad(t, "lots", err)
}

func TestParseMountinfo(t *testing.T) {
	got, err := ParseMountinfo("36 35 98:0 /mnt1 /with\\040blank rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n" +
		"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n40 1 0:5 / /x ro - tmpfs tmpfs\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []MountEntry{
		{"98:0", "/mnt1", "/with blank", "rw,noatime", "ext3", "/dev/root", "rw,errors=continue"},
		{"254:0", "/", "/", "rw,relatime", "ext4", "/dev/vda", "rw"},
		{"0:5", "/", "/x", "ro", "tmpfs", "tmpfs", ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !HasOption("rw,hidepid=2", "hidepid=2") || HasOption("rw,hidepid=22", "hidepid=2") {
		t.Error("options are compared wrongly")
	}
	for _, text := range []string{"x\n", "1 2 3 4 5 6 ext4 /dev/x rw\n", "1 2 3 - ext4 x rw\n"} {
		_, err := ParseMountinfo(text)
		bad(t, text, err)
	}
}

// sockets writes /proc/cpuinfo for logical processors that sit in a socket and core each.
func sockets(places ...string) string {
	var b strings.Builder
	for i, p := range places {
		socket, core, _ := strings.Cut(p, " ")
		fmt.Fprintf(&b, "processor\t: %d\nphysical id\t: %s\nsiblings\t: 4\ncore id\t\t: %s\ncpu cores\t: 2\n\n", i, socket, core)
	}
	return b.String()
}

func TestParseCPUInfo(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       CPUInfo
	}{
		{
			"x86 guest", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: fpu hypervisor lahf\n\nprocessor\t: 1\nmodel name\t: Xeon\nflags\t\t: fpu\n\n",
			CPUInfo{Processors: 2, Model: "Xeon", Vendor: "GenuineIntel", HasFlags: true, Hypervisor: true},
		},
		{
			"x86 box", "processor\t: 0\nflags\t\t: fpu nohypervisor\n",
			CPUInfo{Processors: 1, HasFlags: true},
		},
		{
			"two sockets of two cores with two threads", sockets("0 0", "0 4", "1 0", "1 4", "0 0", "0 4", "1 0", "1 4"),
			CPUInfo{Processors: 8, Sockets: 2, Cores: 4},
		},
		{"one socket is known of, the other is not", sockets("0 0", "1 0") + "processor\t: 2\n", CPUInfo{Processors: 3}},
		{"cores without sockets", "processor\t: 0\ncore id\t\t: 0\n", CPUInfo{Processors: 1}},
		{"arm", "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\n", CPUInfo{Processors: 2}},
		{"s390", "vendor_id       : IBM/S390\n# processors    : 3\nprocessor 0: version = FF\nprocessor 1: version = FF\nprocessor 2: version = FF\n", CPUInfo{Processors: 3, Vendor: "IBM/S390"}},
	} {
		got, err := ParseCPUInfo(row.text)
		if err != nil || got != row.want {
			t.Errorf("%s: got %+v, %v; want %+v", row.name, got, err, row.want)
		}
	}
	for _, text := range []string{"", "garbage\n", "model name\t: x\n"} {
		_, err := ParseCPUInfo(text)
		bad(t, text, err)
	}
}

func TestParseProcStat(t *testing.T) {
	got, err := ParseProcStat("cpu  100 10 50 1000 7 5 5 3 2 1\ncpu0 1 2 3\nbtime 1700000000\n")
	if err != nil || got.Busy != 1.7 || !got.Boot.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "cpu  1 2 3\n", "btime 5\n", "cpu  x\nbtime 5\n", "cpu  1\nbtime -1\n"} {
		_, err := ParseProcStat(text)
		bad(t, text, err)
	}
	if up, err := ParseUptime("2928.55 5000.00\n"); err != nil || up != 2928.55 {
		t.Errorf("uptime: %v, %v", up, err)
	}
	for _, text := range []string{"", "x", "-1 2", "NaN 1", "1e400"} {
		_, err := ParseUptime(text)
		bad(t, text, err)
	}
}

func TestParseNetDev(t *testing.T) {
	const head = "Inter-|   Receive\n face |bytes\n"
	got, err := ParseNetDev(head + "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  eth0:277490041 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0\n")
	want := []NetCounters{{"lo", 1, 9}, {"eth0", 277490041, 5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for _, text := range []string{"", head + "eth0 1 2\n", head + "eth0: x 2 3 4 5 6 7 8 9\n", head + "eth0: 1 2\n"} {
		_, err := ParseNetDev(text)
		bad(t, text, err)
	}
}

func TestParseListening(t *testing.T) {
	const head = "Num       RefCount Protocol Flags    Type St Inode Path\n"
	got, err := ParseListening(head +
		"00000000329dc9b8: 00000002 00000000 00010000 0001 01 21832 /run/docker.sock\n" +
		"00000000945ff40b: 00000003 00000000 00000000 0001 03 22668\n" +
		"000000007800e6ca: 00000003 00000000 00000000 0001 03   645\n" +
		"00000000aaaaaaaa: 00000002 00000000 00010000 0001 01 21833 @/tmp/.X11-unix/X0\n" +
		"00000000bbbbbbbb: 00000002 00000000 00010000 0001 01 21834 /run/with blank\n" +
		"00000000cccccccc: 00000003 00000000 00000000 0001 03 21835 /run/connected.sock\n")
	want := []string{"/run/docker.sock", "/run/with blank", "@/tmp/.X11-unix/X0"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, text := range []string{"", "wrong heading\n", head + "a b c\n"} {
		_, err := ParseListening(text)
		bad(t, text, err)
	}
}

func TestCountPackages(t *testing.T) {
	n, err := CountDpkg(strings.NewReader("Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: deinstall ok config-files\n\n" +
		"Package: c\nStatus: hold ok installed\nDescription: " + strings.Repeat("x", 200<<10) + "\n Status: install ok installed\n"))
	if err != nil || n != 2 {
		t.Errorf("dpkg: got %d, %v; want 2", n, err)
	}
	n, err = CountApk(strings.NewReader("C:Q1\nP:musl\nV:1\n\nP:busybox"))
	if err != nil || n != 2 {
		t.Errorf("apk: got %d, %v; want 2", n, err)
	}
	if n, err := CountDpkg(strings.NewReader("")); err != nil || n != 0 {
		t.Errorf("empty: got %d, %v", n, err)
	}
	_, err = CountDpkg(strings.NewReader("\x7fELF nonsense"))
	bad(t, "nonsense", err)
}

func TestProgram(t *testing.T) {
	for text, want := range map[string]string{
		"/usr/bin/postgres\x00-D\x00/data\x00":       "postgres",
		"nginx: master process /usr/sbin/nginx -c x": "nginx",
		"-bash\x00":                        "bash",
		"":                                 "",
		"mysqld\x00--password=hunter2\x00": "mysqld",
		"postgres: 15/main: walwriter \x00\x00\x00":        "postgres",
		"/opt/my app/bin/run\x00--token\x00s3cret\x00":     "my",
		"python3\x00/usr/bin/thing\x00--secret\x00abc\x00": "python3",
	} {
		if got := Program([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseEmulator(t *testing.T) {
	line := func(args ...string) []byte { return []byte(strings.Join(args, "\x00") + "\x00") }
	for _, row := range []struct {
		name string
		text []byte
		want Emulator
	}{
		{
			"libvirt", line("/usr/bin/qemu-system-x86_64", "-name", "guest=web,,1,debug-threads=on", "-S", "-object", `{"qom-type":"secret","data":"hunter2"}`,
				"-machine", "pc-q35-7.2,usb=off,accel=kvm", "-accel", "kvm", "-m", "size=2097152k", "-smp", "4,sockets=4,cores=1",
				"-uuid", "4DEA22B3-1D52-D8F3-2516-782E98AB3FA0", "-device", `{"driver":"virtio-net-pci","mac":"52:54:00:AA:bb:cc","id":"net0"}`,
				"-device", "e1000,netdev=n1,mac=52:54:00:00:00:01", "-vnc", ":1,password=hunter2"),
			Emulator{Name: "web,1", UUID: "4dea22b3-1d52-d8f3-2516-782e98ab3fa0", KVM: true, Memory: 2 << 30, VCPUs: 4, MACs: []string{"52:54:00:aa:bb:cc", "52:54:00:00:00:01"}},
		},
		{
			"proxmox", line("/usr/bin/kvm", "-id", "100", "-name", "db,debug-threads=on", "-smbios", "type=1,uuid=4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "-smp", "2", "-m", "512", "--enable-kvm"),
			Emulator{Name: "db", UUID: "4dea22b3-1d52-d8f3-2516-782e98ab3fa0", KVM: true, Memory: 512 << 20, VCPUs: 2},
		},
		{"simple", line("qemu-system-x86_64", "-m", "1G"), Emulator{Memory: 1 << 30}},
		{"not simple", line("qemu-system-x86_64", "-m", "lots", "-smp", "cores=2", "-uuid", "x", "-name"), Emulator{}},
		{"empty", nil, Emulator{}},
	} {
		if got := ParseEmulator(row.text); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", row.name, got, row.want)
		}
	}
}

func TestParseShim(t *testing.T) {
	id := strings.Repeat("ab12", 16)
	for _, row := range []struct {
		name, text string
		want       Shim
	}{
		{"conmon", "/usr/bin/conmon\x00--api-version\x001\x00-c\x00" + id + "\x00-u\x00" + id + "\x00-r\x00/usr/bin/runc\x00-n\x00web\x00--exit-dir\x00/run/libpod/exits\x00", Shim{ID: id, Name: "web"}},
		{"conmon of cri-o", "/usr/libexec/crio/conmon\x00-c\x00" + id + "\x00--exit-dir=/var/run/crio/exits\x00", Shim{ID: id, CRIO: true}},
		{"containerd", "/usr/bin/containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00" + id + "\x00-address\x00/run/c.sock\x00", Shim{ID: id, Namespace: "moby"}},
		{"not an identifier", "/usr/bin/conmon\x00-c\x00../../etc\x00", Shim{}},
		{"cut off", "/usr/bin/conmon\x00-c", Shim{}},
		{"empty", "", Shim{}},
	} {
		if got := ParseShim([]byte(row.text)); got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestInterpretedRole(t *testing.T) {
	for text, want := range map[string]string{
		"java\x00-Xmx1g\x00org.apache.catalina.startup.Bootstrap\x00start": "tomcat",
		"java\x00-cp\x00x\x00kafka.Kafka\x00server.properties":             "kafka",
		"python3\x00/usr/bin/rabbit-tool":                                  "",
		"beam.smp\x00-sname\x00rabbit@host":                                "rabbitmq",
		"java\x00-jar\x00app.jar\x00--password=x":                          "java",
	} {
		if got := InterpretedRole([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for name, want := range map[string]bool{"python3.11": true, "python3.x": false, "java": true, "javaw": false} {
		if Interpreter(name) != want {
			t.Errorf("Interpreter(%q) is not %t", name, want)
		}
	}
}

func TestSmallParsers(t *testing.T) {
	if at, err := ParsePuppetRun("---\nversion:\n  config: 1\n  last_run: 5\ntime:\n  total: 3.2\n  last_run: 1700000000\n"); err != nil || at.Unix() != 1700000000 {
		t.Errorf("puppet: got %v, %v", at, err)
	}
	for _, text := range []string{"", "time:\n  last_run: soon\n", "time:\n  total: 1\n", "last_run: 5\n"} {
		_, err := ParsePuppetRun(text)
		bad(t, text, err)
	}
	for name, want := range map[string]string{"vg0-root": "vg0", "my--vg-data--1": "my-vg", "plain": "plain", "a--": "a-"} {
		if got := VolumeGroup(name); got != want {
			t.Errorf("VolumeGroup(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Uevent("INTERFACE=br0\nDEVTYPE=bridge\n", "DEVTYPE"); got != "bridge" {
		t.Errorf("uevent: got %q", got)
	}
}
