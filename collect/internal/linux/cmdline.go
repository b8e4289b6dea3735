package linux

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// Program gives the base name of the program from the text of /proc/PID/cmdline and drops all arguments, which
// may hold secrets. A daemon that writes its title over its arguments ("nginx: master process") gives the first
// word of that, less the variables that may stand before it. Empty where there is no command line, and where what
// stands in the place of the program looks like a secret.
func Program(cmdline []byte) string {
	arg, _, _ := bytes.Cut(cmdline, []byte{0})
	for word := range strings.FieldsSeq(string(arg)) {
		name := strings.TrimRight(word, ":")
		name = strings.TrimLeft(name[strings.LastIndexByte(name, '/')+1:], "-") // a login shell is "-bash"
		switch {
		case assignment(word), assignment(name):
			continue
		case LooksSecret(word), LooksSecret(name):
			return ""
		}
		return name
	}
	return ""
}

// assignment reports whether a word gives a value to a variable, as before a command.
func assignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	if !ok || name == "" {
		return false
	}
	for _, c := range []byte(name) {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
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
			if e.Name = option(value, "guest", true); LooksSecret(e.Name) {
				e.Name = ""
			}
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
	s.Name, s.Namespace = word(s.Name), word(s.Namespace)
	return s
}

// word gives a value back where it is a name as containers and their engines have them, else nothing.
func word(value string) string {
	if len(value) > 255 || strings.Trim(value, nameLetters) != "" || LooksSecret(value) && !lowerHex(value, 12, 64) {
		return ""
	}
	return value
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// A Proxy is what the command line of docker-proxy says: it waits at an address of the machine on behalf of a
// container.
type Proxy struct {
	Protocol  string         // tcp, udp
	Host      netip.AddrPort // where it waits
	Container netip.AddrPort // whom it waits for
}

// ParseProxy reads the command line of docker-proxy. Only the flags -proto, -host-ip, -host-port, -container-ip and
// -container-port are looked at; false where one of them is missing or not understood.
func ParseProxy(cmdline []byte) (Proxy, bool) {
	values := make(map[string]string)
	list := args(cmdline)
	for i := 1; i < len(list); i++ {
		flag, value, joined := strings.Cut(list[i], "=")
		if !strings.HasPrefix(flag, "-") {
			continue
		}
		if !joined {
			if i+1 >= len(list) {
				break
			}
			i++
			value = list[i]
		}
		values[strings.TrimLeft(flag, "-")] = value
	}
	p := Proxy{Protocol: values["proto"]}
	at := func(ip, port string) (netip.AddrPort, bool) {
		a, err := netip.ParseAddr(values[ip])
		n, perr := strconv.ParseUint(values[port], 10, 16)
		return netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(n)), err == nil && perr == nil && n > 0
	}
	var ok, ok2 bool
	p.Host, ok = at("host-ip", "host-port")
	p.Container, ok2 = at("container-ip", "container-port")
	if !ok || !ok2 || p.Protocol != "tcp" && p.Protocol != "udp" && p.Protocol != "sctp" {
		return Proxy{}, false
	}
	return p, true
}
