//go:build linux

package host

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// No secret of a command line gets into the inventory or into a recorded tree, whatever program it is given to.
func TestSecretsOfCommandLines(t *testing.T) {
	text, err := os.ReadFile("../internal/linux/testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(defaults)
	files["/proc/1/mountinfo"] = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	files["/proc/cmdline"] = "root=/dev/sda1 rd.iscsi.password=hunter2xyz quiet\n"
	plantProcess(t, files, "1 0 systemd cg=/init.scope")
	var secrets []string
	pid := 100
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n"), "\t")
		comm := filepath.Base(strings.Fields(f[1])[0])
		if len(comm) > commLength {
			comm = comm[:commLength]
		}
		if strings.Contains(comm, "=") || strings.Contains(comm, ":") || strings.Contains(comm, "eyJ") || strings.Contains(comm, "AKIA") || strings.Contains(comm, "0123") {
			comm = "app" // the kernel names a process by its file, not by its arguments
		}
		secrets = append(secrets, f[0])
		// Once as a service, once as one without systemd, and once in a container.
		for _, group := range []string{"/system.slice/w" + itoa(pid) + ".service", "/", "/system.slice/docker-" + strings.Repeat("0", 58) + itoa(100000+pid) + ".scope"} {
			plantProcess(t, files, itoa(pid)+" 1 "+comm+" cg="+group)
			files["/proc/"+itoa(pid)+"/cmdline"] = strings.Join(f[1:], "\x00") + "\x00"
			pid++
		}
	}
	if len(secrets) < 80 {
		t.Fatalf("only %d command lines", len(secrets))
	}
	root := t.TempDir()
	write(t, root, files, nil)
	record := filepath.Join(t.TempDir(), "record")
	b, err := observe(context.Background(), collect.Env{Root: root, Record: record}, "host:")
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Containers) < len(secrets)*2/3 || len(b.VMs) == 0 {
		t.Errorf("%d containers and %d virtual machines of %d command lines", len(b.Containers), len(b.VMs), len(secrets))
	}
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if bytes.Contains(out, []byte(s)) {
			t.Errorf("the inventory holds %q", s)
		}
	}
	found := 0
	err = filepath.WalkDir(record, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "/cmdline") && len(text) > 1 {
			found++
		}
		for _, s := range secrets {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("the recorded %s holds %q: %q", path, s, text)
			}
		}
		return nil
	})
	if err != nil || found < len(secrets) {
		t.Errorf("%d command lines were recorded, %v", found, err)
	}
	// What is recorded says the same.
	again := observed(t, record)
	recorded, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, recorded) {
		t.Errorf("the recording says something else:\n%.3000s\n%.3000s", out, recorded)
	}
}

// Names come from whoever runs something. Whatever they are, the inventory is clean text.
func TestHostileNames(t *testing.T) {
	files := maps.Clone(defaults)
	files["/proc/1/mountinfo"] = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	plantProcess(t, files, "1 0 systemd cg=/init.scope")
	id := strings.Repeat("a1", 32)
	long := strings.Repeat("x", 10_000)
	names := []string{
		"a) S 1 1", "(((", ")))", "a\nb", "\x1b[31mred", "\xff\xfe\xfd", "a\x00b", "", " ", "\u202egnp", "<script>", "|`$(x)`", "a\tb", "qemu-system-x86", "conmon", "containerd-shim", "java", "beam.smp", "master", "pause",
	}
	groups := []string{
		"/", "/system.slice/" + long + ".service", "/system.slice/\xff\xfe.service", "/system.slice/\x1b[31m.service", `/system.slice/\x2d\x00\x1b.service`, "/system.slice/docker-" + id + ".scope",
		"/kubepods/pod" + long + "/" + id, "/lxc.payload." + long, "/lxc.payload.\x1b]0;x\a", "/lxc/\xff", "/machine.slice/machine-qemu\\x2d1\\x2d\xff.scope", "//////", "/system.slice/.service", "/a/.scope", "/../x",
	}
	pid := 100
	for _, name := range names {
		for _, group := range groups {
			p := itoa(pid)
			files["/proc/"+p+"/stat"] = p + " (" + name + ") S 1 " + p + " " + p + " 0 -1 4194560 0 0 0 0 1 0 0 0 20 0 1 0 500 1000 10 1 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
			files["/proc/"+p+"/cgroup"] = "0::" + group + "\n"
			files["/proc/"+p+"/status"] = "Name:\t" + strings.ReplaceAll(name, "\n", "\\n") + "\nPid:\t" + p + "\nNSpid:\t" + p + "\t1\nCapEff:\t0\nCapBnd:\t0\n"
			files["/proc/"+p+"/cmdline"] = name + "\x00-name\x00guest=\x1b[1m\xff" + long + "\x00-n\x00\xff\x1b\x00-jar\x00\xff"
			pid++
		}
	}
	files["/proc/1/net/tcp"] = socketLines("00000000:0016 0A 1")
	root := t.TempDir()
	write(t, root, files, nil)
	b := observed(t, root)
	if len(b.Workloads) < 20 || len(b.Containers) < 4 || len(b.VMs) == 0 {
		t.Errorf("%d workloads, %d containers, %d virtual machines", len(b.Workloads), len(b.Containers), len(b.VMs))
	}
	clean := func(what string, list ...string) {
		for _, s := range list {
			if !utf8.ValidString(s) || len(s) > inventory.MaxText {
				t.Errorf("%s: %.80q of %d bytes is no clean text", what, s, len(s))
			}
		}
	}
	for _, w := range b.Workloads {
		clean("workload", w.ID, w.Name, w.Unit, w.Command, w.Role)
	}
	for _, c := range b.Containers {
		clean("container", c.ID, c.Name.Or(""), c.Unit, c.Role, c.Pod.Or(""))
	}
	for _, v := range b.VMs {
		clean("virtual machine", v.ID, v.Name.Or(""))
	}
	for _, g := range b.Gaps {
		clean("gap", g.Subject, g.What, g.Why)
	}
	if _, err := json.Marshal(b); err != nil {
		t.Error(err)
	}
}
