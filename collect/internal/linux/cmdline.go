package linux

import (
	"bytes"
	"strconv"
	"strings"
)

// Program gives the base name of the program from the text of /proc/PID/cmdline and drops all arguments, which
// may hold secrets. A daemon that writes its title over its arguments ("nginx: master process") gives the first
// word of that. Empty where there is no command line.
func Program(cmdline []byte) string {
	arg, _, _ := bytes.Cut(cmdline, []byte{0})
	word, _, _ := strings.Cut(strings.TrimLeft(string(arg), " "), " ")
	word = strings.TrimSuffix(word, ":")
	// A login shell is "-bash".
	return strings.TrimPrefix(word[strings.LastIndexByte(word, '/')+1:], "-")
}

// args gives the arguments of a command line for the readers below, each of which keeps named flags only.
func args(cmdline []byte) []string {
	cmdline = bytes.TrimSuffix(cmdline, []byte{0})
	if len(cmdline) == 0 {
		return nil
	}
	return strings.Split(string(cmdline), "\x00")
}

// An Emulator is what the command line of a virtual machine monitor says of its machine, and nothing else of it.
type Emulator struct {
	Name   string // empty where not given
	UUID   string // lower case
	KVM    bool   // hardware acceleration was asked for
	Memory int64  // bytes, 0 where not given in a simple form
	VCPUs  int    // 0 where not given in a simple form
	MACs   []string
}

// ParseEmulator reads the command line of QEMU. Only the flags -name, -uuid, -smbios (its uuid), -m, -smp, -accel,
// -enable-kvm, -machine (its accel) and network devices (their mac) are looked at.
func ParseEmulator(cmdline []byte) Emulator {
	var e Emulator
	list := args(cmdline)
	for i := 1; i < len(list); i++ {
		flag := list[i]
		if !strings.HasPrefix(flag, "-") {
			continue
		}
		flag = "-" + strings.TrimLeft(flag, "-")
		if flag == "-enable-kvm" {
			e.KVM = true
			continue
		}
		if i+1 >= len(list) {
			break
		}
		value := list[i+1]
		switch flag {
		case "-name":
			e.Name = option(value, "guest", true)
		case "-uuid":
			if u := strings.ToLower(value); uuidShape(u) {
				e.UUID = u
			}
		case "-smbios":
			if u := strings.ToLower(option(value, "uuid", false)); e.UUID == "" && uuidShape(u) {
				e.UUID = u
			}
		case "-m":
			e.Memory = memorySize(option(value, "size", true))
		case "-smp":
			e.VCPUs = count(option(value, "cpus", true))
		case "-accel":
			e.KVM = e.KVM || option(value, "accel", true) == "kvm"
		case "-machine", "-M":
			e.KVM = e.KVM || strings.HasPrefix(option(value, "accel", false), "kvm")
		case "-device", "-nic", "-net":
			if mac, ok := NormalMAC(macOption(value)); ok {
				e.MACs = append(e.MACs, mac)
			}
		default:
			continue // its value may be a flag of its own
		}
		i++
	}
	return e
}

// option finds a key in QEMU's "a,key=b" lists; where first is set, a first element without a key is its value.
// A doubled comma stands for one in a value.
func option(list, key string, first bool) string {
	const comma = "\x00"
	list = strings.ReplaceAll(list, ",,", comma)
	value, n := "", 0
	for part := range strings.SplitSeq(list, ",") {
		k, v, ok := strings.Cut(part, "=")
		switch {
		case ok && k == key:
			value = v
		case !ok && first && n == 0:
			value = part
		}
		n++
	}
	return strings.ReplaceAll(value, comma, ",")
}

// macOption finds the address of a network device in either notation of QEMU.
func macOption(value string) string {
	if !strings.HasPrefix(value, "{") {
		if mac := option(value, "mac", false); mac != "" {
			return mac
		}
		return option(value, "macaddr", false)
	}
	_, rest, ok := strings.Cut(value, `"mac":"`)
	if !ok {
		return ""
	}
	mac, _, _ := strings.Cut(rest, `"`)
	return mac
}

// memorySize reads a size of -m: a number with an optional unit, MiB where there is none; 0 where it is none.
func memorySize(text string) int64 {
	shift := 20
	if text == "" {
		return 0
	}
	switch text[len(text)-1] | 0x20 {
	case 'b':
		shift = 0
	case 'k':
		shift = 10
	case 'm':
		shift = 20
	case 'g':
		shift = 30
	case 't':
		shift = 40
	}
	n, err := strconv.ParseUint(strings.TrimRight(text, "bBkKmMgGtT"), 10, 40)
	if err != nil || n > uint64(1<<62)>>shift {
		return 0
	}
	return int64(n) << shift
}

func count(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// A Shim is what the command line of a container monitor (conmon, containerd-shim) says of its container.
type Shim struct {
	ID        string // full container identifier
	Name      string // conmon only
	Namespace string // containerd only: moby, k8s.io, …
	CRIO      bool   // conmon on behalf of CRI-O
}

// ParseShim reads the command line of conmon or of a containerd shim. Only the flags -c, --cid, -n, --name,
// --exit-dir (whose), -id and -namespace are looked at.
func ParseShim(cmdline []byte) Shim {
	var s Shim
	list := args(cmdline)
	if len(list) == 0 {
		return s
	}
	conmon := Program(cmdline) == "conmon"
	for i := 1; i < len(list); i++ {
		flag, value, joined := strings.Cut(list[i], "=")
		if !strings.HasPrefix(flag, "-") {
			continue
		}
		if !joined {
			if i+1 >= len(list) {
				break
			}
			value = list[i+1]
		}
		switch {
		case conmon && (flag == "-c" || flag == "--cid"):
			s.ID = value
		case conmon && (flag == "-n" || flag == "--name"):
			s.Name = value
		case conmon && flag == "--exit-dir":
			s.CRIO = strings.Contains(value, "/crio/")
		case !conmon && strings.TrimLeft(flag, "-") == "id":
			s.ID = value
		case !conmon && strings.TrimLeft(flag, "-") == "namespace":
			s.Namespace = value
		default:
			continue
		}
		if !joined {
			i++
		}
	}
	if !lowerHex(s.ID, 12, 64) {
		s.ID = ""
	}
	return s
}

// interpreters run programs of others: what they run says more than they do.
var interpreters = map[string]bool{
	"java": true, "node": true, "nodejs": true, "perl": true, "ruby": true, "php": true, "beam.smp": true,
	"python": true, "python2": true, "python3": true,
}

// Interpreter reports whether a program is one that runs programs of others: java, python3.11, node.
func Interpreter(program string) bool {
	if interpreters[program] {
		return true
	}
	rest, ok := strings.CutPrefix(program, "python3.")
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// markers are the main classes, scripts and modules by which a program that runs in an interpreter is known,
// with the role they show. A command line is searched for these and for nothing else.
var markers = []struct{ text, role string }{
	{"org.apache.cassandra.service.CassandraDaemon", "cassandra"},
	{"org.elasticsearch.", "elasticsearch"},
	{"org.opensearch.", "opensearch"},
	{"-Dsolr.install.dir", "solr"},
	{"org.apache.zookeeper.server", "zookeeper"},
	{"kafka.Kafka", "kafka"},
	{"org.apache.pulsar", "pulsar"},
	{"org.apache.activemq", "activemq"},
	{"org.apache.catalina.startup.Bootstrap", "tomcat"},
	{"org.jboss.modules.Main", "jboss"},
	{"weblogic.Server", "weblogic"},
	{"com.ibm.ws", "websphere"},
	{"jenkins.war", "jenkins"},
	{"com.linbit.linstor", "linstor"},
	{"org.apache.hadoop", "hadoop"},
	{"org.apache.spark", "spark"},
	{"org.apache.hadoop.hbase", "hbase"},
	{"rabbit", "rabbitmq"},
	{"vernemq", "vernemq"},
	{"emqx", "emqx"},
	{"gunicorn", "gunicorn"},
	{"uwsgi", "uwsgi"},
	{"salt-minion", "salt-minion"},
	{"fail2ban-server", "fail2ban"},
	{"supervisord", "supervisord"},
	{"unattended-upgrade", "unattended-upgrades"},
	{"networkd-dispatcher", "networkd-dispatcher"},
	{"firewalld", "firewalld"},
	{"tuned", "tuned"},
	{"waagent", "waagent"},
}

// InterpretedRole recognises what an interpreter runs by well-known names on its command line; empty where it is
// none of them. The command line itself is not kept.
func InterpretedRole(cmdline []byte) string {
	program := Program(cmdline)
	for _, m := range markers {
		if m.role == "rabbitmq" || m.role == "vernemq" || m.role == "emqx" {
			if program != "beam.smp" {
				continue
			}
		}
		if bytes.Contains(cmdline, []byte(m.text)) {
			return m.role
		}
	}
	return ""
}
