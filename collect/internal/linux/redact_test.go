package linux

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A nastyCommand is a command line and the secret that it holds.
type nastyCommand struct {
	secret string
	text   []byte
}

// nastyCommands are those of testdata/commands.txt.
func nastyCommands(t testing.TB) []nastyCommand {
	t.Helper()
	text, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []nastyCommand
	for line := range strings.Lines(strings.ReplaceAll(string(text), `\n`, "\x01")) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.ReplaceAll(line, "\x01", "\n"), "\t")
		if len(f) < 2 || !strings.Contains(strings.Join(f[1:], "\x00"), f[0]) {
			t.Fatalf("%q: want a secret and a command line that holds it", line)
		}
		list = append(list, nastyCommand{f[0], []byte(strings.Join(f[1:], "\x00") + "\x00")})
	}
	return list
}

func TestRedactCommand(t *testing.T) {
	list := nastyCommands(t)
	if len(list) < 80 {
		t.Errorf("only %d command lines", len(list))
	}
	for _, c := range list {
		out := RedactCommand(c.text)
		if bytes.Contains(out, []byte(c.secret)) {
			t.Errorf("%q becomes %q, with the secret in it", c.text, out)
		}
		if p := Program(c.text); strings.Contains(p, c.secret) {
			t.Errorf("%q: the program %q holds the secret", c.text, p)
		}
	}
	id := strings.Repeat("ab12", 16)
	for text, want := range map[string]string{
		"/usr/bin/postgres\x00-D\x00/data\x00":       "postgres\x00",
		"nginx: master process /usr/sbin/nginx -c x": "nginx\x00",
		"": "\x00",
		"/bin/java\x00-Xmx1g\x00-Dx.password=y\x00org.apache.catalina.startup.Bootstrap\x00start":                                                                  "java\x00org.apache.catalina.startup.Bootstrap\x00",
		"java\x00-jar\x00/opt/jenkins.war\x00--x":                                                                                                                  "java\x00-jar\x00jenkins.war\x00",
		"java\x00-jar\x00/opt/shop.jar\x00--x":                                                                                                                     "java\x00-jar\x00x.jar\x00",
		"/usr/bin/python3\x00-Es\x00/usr/sbin/tuned\x00-l":                                                                                                         "python3\x00tuned\x00",
		"/usr/bin/conmon\x00-c\x00" + id + "\x00-n\x00web\x00--exit-dir\x00/run/crio/exits":                                                                        "conmon\x00-c\x00" + id + "\x00-n\x00web\x00--exit-dir\x00/crio/\x00",
		"containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00" + id + "\x00-address\x00/x":                                                                     "containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00" + id + "\x00",
		"qemu-system-x86_64\x00-name\x00guest=a,,b,process=x\x00-m\x00size=2G\x00-vnc\x00:1\x00-smp\x002":                                                          "qemu-system-x86_64\x00-name\x00guest=a,,b\x00-m\x002097152k\x00-smp\x002\x00",
		"/usr/bin/docker-proxy\x00-proto\x00tcp\x00-host-ip\x00::\x00-host-port\x0080\x00-container-ip\x00172.17.0.2\x00-container-port\x008080\x00-use-listen-fd": "docker-proxy\x00-proto\x00tcp\x00-host-ip\x00::\x00-host-port\x0080\x00-container-ip\x00172.17.0.2\x00-container-port\x008080\x00",
	} {
		if got := string(RedactCommand([]byte(text))); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
}

// readings are what the readers of command lines make of one.
func readings(cmdline []byte) []any {
	list := []any{Program(cmdline), InterpretedRole(cmdline)}
	switch program := Program(cmdline); {
	case strings.HasPrefix(program, "qemu"), program == "kvm":
		list = append(list, ParseEmulator(cmdline))
	case program == "conmon", strings.HasPrefix(program, "containerd-shim"):
		list = append(list, ParseShim(cmdline))
	case program == "docker-proxy":
		p, ok := ParseProxy(cmdline)
		list = append(list, p, ok)
	}
	return list
}

// A redacted command line says the same to the readers, and is not redacted any further.
func sameAfterRedaction(t *testing.T, cmdline []byte) {
	t.Helper()
	once := RedactCommand(cmdline)
	if twice := RedactCommand(once); !bytes.Equal(once, twice) {
		t.Errorf("%q becomes %q, and that %q", cmdline, once, twice)
	}
	before, after := readings(cmdline), readings(once)
	switch Program(cmdline) {
	case "qemu", "kvm", "conmon", "docker-proxy": // what they run is not looked for
		before[1], after[1] = nil, nil
	}
	if strings.HasPrefix(Program(cmdline), "qemu") || strings.Contains(Program(cmdline), "containerd") {
		before[1], after[1] = nil, nil
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%q says %+v, and redacted %+v", cmdline, before, after)
	}
}

// secretFlags are followed by secrets.
var secretFlags = []string{"--password", "--token", "-p", "-a", "-u", "--requirepass", "-P", "-H", "-w", "--secret", "-e", "-c"}

func FuzzRedactCommand(f *testing.F) {
	for i, c := range nastyCommands(f) {
		if i%9 == 0 {
			f.Add(c.text)
		}
	}
	f.Add([]byte("qemu-kvm\x00-name\x00guest=a,,b\x00-m\x00size=1k\x00-device\x00{\"mac\":\"52:54:00:00:00:01\"}"))
	f.Add([]byte("conmon\x00-c\x00aaaaaaaaaaaa\x00-n=x"))
	f.Add([]byte("java\x00-jar\x00x\x00-m\x00kafka.Kafka"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sameAfterRedaction(t, text)
		out := RedactCommand(text)
		if len(out) > 4096 && !strings.HasPrefix(Program(text), "qemu") && len(Program(text)) < 1000 {
			t.Errorf("%q becomes %d bytes", text, len(out))
		}
		const marked = "Zs3cr3tZ"
		for _, flag := range secretFlags {
			with := append(slices.Clone(bytes.TrimSuffix(text, []byte{0})), "\x00"+flag+"\x00"+marked+"\x00"+flag+"="+marked+"\x00"...)
			if out := RedactCommand(with); bytes.Contains(out, []byte(marked)) && !bytes.Contains(text, []byte("-n")) {
				t.Errorf("%q becomes %q", with, out)
			}
		}
	})
}

func TestSameAfterRedaction(t *testing.T) {
	for _, c := range nastyCommands(t) {
		sameAfterRedaction(t, c.text)
	}
	for _, text := range []string{"", "\x00", "--x", "a::", "x\x00-jar", "java\x00-cp", "java\x00-m\x00org.elasticsearch.server/x", "kvm\x00-m\x005b\x00-name\x00,,,,"} {
		sameAfterRedaction(t, []byte(text))
	}
}

func TestRedactFiles(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n", "3d1219c7c4c5404aaa1f6d2a48adfda4\n"},
		{"/etc/os-release", "ID=debian\nHOME_URL=\"https://www.debian.org/\"\n", "ID=debian\nHOME_URL=\"https://www.debian.org/\"\n"},
		{"/proc/self/environ", "TOKEN=x\x00", ""},
		{"/sys/class/iscsi_session/session1/password", "x\n", ""},
		{"/sys/class/iscsi_session/session1/targetname", "iqn.2003-01.org.x:token=1\n", "iqn.2003-01.org.x:token=1\n"},
		{"/var/lib/cloud/instance/user-data.txt", "#cloud-config\n", ""},
		{"/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=1b2c ostree=/ostree/boot.1/x rd.iscsi.password=x ignition.config.url=https://h/x?t=1 quiet\n", "ostree=\n"},
		{"/proc/7/cmdline", "app\x00--token\x00x\x00", "app\x00"},
		{"/run/cloud-init/instance-data.json", `{"v1":{"cloud_name":"aws","local_hostname":"a"},"ds":{"user_data":"x"}}`, `{"v1": {"cloud_name": "aws"}}` + "\n"},
		{"/var/lib/cloud/data/result.json", `{"v1":{"cloud_name":"aws","n":12345678901234567890},"ds":{"user_data":"x","public_keys":["a"],"url":"https://u:p@h/"},"merged_cfg":{"password":"x"}}`,
			`{"ds":{"public_keys":["a"],"url":"redacted","user_data":"redacted"},"merged_cfg":{"password":"redacted"},"v1":{"cloud_name":"aws","n":12345678901234567890}}` + "\n"},
		{"/run/cloud-init/plain.json", `{"v1":{"cloud_name":"aws"}}`, `{"v1":{"cloud_name":"aws"}}`},
		{"/run/cloud-init/broken.json", "{\"password\": \"x\",\n", "{\"password\": redacted\n"},
		{"/var/lib/kubelet/config.yaml", "authentication:\n  x: 1\nclusterDNS:\n- 10.0.0.10\ntoken: abc\n", "authentication:\n  x: 1\nclusterDNS:\n- 10.0.0.10\ntoken: redacted\n"},
		{"/etc/iscsi/iscsid.conf", "node.startup = automatic\nnode.session.auth.password = x\n", "node.startup = automatic\nnode.session.auth.password = redacted\n"},
		{"/etc/systemd/system/a.service", "[Service]\nExecStart=/usr/bin/a --password hunter2 --x\nType=notify\n", "[Service]\nExecStart=/usr/bin/a --password redacted --x\nType=notify\n"},
		{"/etc/x.conf", "a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb eyJhbGciOiJIUzI1NiJ9.e30.x\n", "a\nredacted\nb redacted\n"},
		{"/var/lib/rpm/rpmdb.sqlite", "SQLite\x00password=x", "SQLite\x00password=x"},
	} {
		if got := string(Redact(row.name, []byte(row.text))); got != row.want {
			t.Errorf("%s:\n got %q\nwant %q", row.name, got, row.want)
		}
	}
}
