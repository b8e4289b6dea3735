package linux

import (
	"strings"
	"testing"
)

// Every parser of foreign bytes has a target of its own, so that each can be run for as long as one likes. None may
// panic; what else must hold of an answer is checked beside it.

func FuzzPIDStat(f *testing.F) {
	f.Add([]byte("42 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s PIDStat
		if ParsePIDStat(text, &s) == nil && !strings.Contains(string(text), s.Comm) {
			t.Errorf("the name %q is not in %q", s.Comm, text)
		}
	})
}

func FuzzPIDStatus(f *testing.F) {
	f.Add("Pid:\t1\nNSpid:\t1\t2\nVmLck:\t 1 kB\nCapEff:\tff\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParsePIDStatus(text); err == nil && (s.Locked < 0 || s.HugePages < 0) {
			t.Errorf("%q: negative sizes in %+v", text, s)
		}
	})
}

func FuzzCgroups(f *testing.F) {
	f.Add("0::/a\n1:name=systemd:/b\n3:cpu,cpuacct:/c (deleted)\n")
	f.Fuzz(func(t *testing.T, text string) {
		if g, err := ParseCgroups(text); err == nil && !strings.HasPrefix(g.Path(), "/") {
			t.Errorf("the path %q of %q does not begin with a slash", g.Path(), text)
		}
	})
}

func FuzzCgroupValues(f *testing.F) {
	f.Add("usage_usec 5\n")
	f.Add("150000 100000")
	f.Add("9223372036854771712")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, _ = KeyedValue(text, "usage_usec")
		if cores, limited, err := ParseCPUMax(text); err == nil && limited && !(cores >= 0) {
			t.Errorf("%q: limit of %v cores", text, cores)
		}
		if n, _, err := ParseMemoryMax(text); err == nil && n < 0 {
			t.Errorf("%q: limit of %d bytes", text, n)
		}
	})
}

func FuzzMountinfo(f *testing.F) {
	f.Add("36 35 98:0 / /a\\040b rw shared:1 - ext3 /dev/root rw\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseMountinfo(text)
		if err == nil && len(list) > strings.Count(text, "\n")+1 {
			t.Errorf("%d mounts in %q", len(list), text)
		}
	})
}

func FuzzCPUInfo(f *testing.F) {
	f.Add("processor\t: 0\nflags\t: hypervisor\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCPUInfo(text); err == nil && (c.Processors < 1 || c.Hypervisor && !c.HasFlags) {
			t.Errorf("%q: %+v", text, c)
		}
	})
}

func FuzzProcStat(f *testing.F) {
	f.Add("cpu  1 2 3 4\nbtime 5\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseProcStat(text); err == nil && (s.Busy < 0 || s.Boot.IsZero()) {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

func FuzzUptime(f *testing.F) {
	f.Add("1.5 2")
	f.Add("NaN")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseUptime(text); err == nil && !(s >= 0) {
			t.Errorf("%q: up for %v", text, s)
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	f.Add("ID=\"x\\\"\"\nA='b'\n#c\n")
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := ParseOSRelease(text)
		if _, ok := vars[""]; err == nil && ok {
			t.Errorf("%q: a value without a name", text)
		}
	})
}

func FuzzNetDev(f *testing.F) {
	f.Add("a\nb\n eth0: 1 2 3 4 5 6 7 8 9\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ParseNetDev(text)
	})
}

func FuzzListening(f *testing.F) {
	f.Add("Num       RefCount\na: b c 00010000 d e f /run/x\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, _ := ParseListening(text)
		for _, path := range list {
			if path == "" || !strings.Contains(text, path) {
				t.Errorf("the path %q is not in %q", path, text)
			}
		}
	})
}

func FuzzPackages(f *testing.F) {
	f.Add("Package: a\nStatus: install ok installed\n")
	f.Add("P:a\nP:b")
	f.Fuzz(func(t *testing.T, text string) {
		for _, count := range []func(string) (int, error){
			func(s string) (int, error) { return CountDpkg(strings.NewReader(s)) },
			func(s string) (int, error) { return CountApk(strings.NewReader(s)) },
		} {
			if n, err := count(text); err == nil && (n < 0 || n > strings.Count(text, "\n")+1) {
				t.Errorf("%d packages in %q", n, text)
			}
		}
	})
}

func FuzzCommands(f *testing.F) {
	f.Add([]byte("qemu\x00-name\x00guest=a,,b\x00-m\x00size=1k\x00-device\x00{\"mac\":\"52:54:00:00:00:01\"}"))
	f.Add([]byte("conmon\x00-c\x00aaaaaaaaaaaa\x00-n=x"))
	f.Add([]byte("-bash\x00x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p := Program(text); strings.ContainsAny(p, "/\x00") {
			t.Errorf("the program %q of %q is not a base name", p, text)
		}
		if e := ParseEmulator(text); e.Memory < 0 || e.VCPUs < 0 || e.UUID != "" && !uuidShape(e.UUID) {
			t.Errorf("%q: %+v", text, e)
		}
		if s := ParseShim(text); s.ID != "" && !lowerHex(s.ID, 12, 64) {
			t.Errorf("%q: %+v", text, s)
		}
		_ = InterpretedRole(text)
	})
}

func FuzzSmallTexts(f *testing.F) {
	f.Add("time:\n  last_run: 5\n")
	f.Add("DEVTYPE=bridge\n")
	f.Add("my--vg-lv")
	f.Add("52:54:00:00:00:01")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ParsePuppetRun(text)
		_ = Uevent(text, "DEVTYPE")
		if len(VolumeGroup(text)) > len(text) {
			t.Errorf("the group of %q is longer than its name", text)
		}
		if mac, ok := NormalMAC(text); ok && len(mac) != 17 {
			t.Errorf("%q: address %q", text, mac)
		}
		_, _ = ValidUUID(text), Placeholder(text)
	})
}
