//go:build linux

package host

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/netlinks"
)

// inOwnNetwork runs the test once more in a process with a network namespace and a /sys of its own, where it may make
// what links it likes: nothing of the machine's changes, and all is gone when the process ends. It returns true there.
// It takes root.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	const inside = "INFRAOPT_TEST_NETWORK"
	if os.Getenv(inside) == t.Name() {
		return true
	}
	var err error
	if os.Geteuid() != 0 {
		err = os.ErrPermission
	}
	collecttest.Need(t, "a network namespace", err)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case err != nil:
		t.Errorf("in a network of its own: %v\n%s", err, text)
	case strings.Contains(text, "--- SKIP: "+t.Name()):
		t.Skipf("in a network of its own:\n%s", text)
	case !strings.Contains(text, "--- PASS: "+t.Name()):
		t.Errorf("in a network of its own the test did not run:\n%s", text)
	default:
		t.Log(text)
	}
	return false
}

// ownSys gives the process a /sys that shows the links of its own network namespace.
func ownSys(t *testing.T) {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("sysfs", "/sys", "sysfs", syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// otherNetwork starts a process in another network namespace and gives its number.
func otherNetwork(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "300")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// tryLink makes a link of a kind that this kernel may not know.
func tryLink(t *testing.T, words string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
		t.Logf("ip %s: %s", words, strings.TrimSpace(string(out)))
	}
}

// runIP runs "ip" and fails the test where that fails.
func runIP(t *testing.T, words string) {
	t.Helper()
	collecttest.Must(t, nil, append([]string{"ip"}, strings.Fields(words)...)...)
}

// An ipLink is what "ip -json -details link" says of a link.
type ipLink struct {
	Index     int      `json:"ifindex"`
	Name      string   `json:"ifname"`
	Flags     []string `json:"flags"`
	MTU       int      `json:"mtu"`
	State     string   `json:"operstate"`
	Master    string   `json:"master"`
	Parent    string   `json:"link"`       // name, where it is here
	Elsewhere int      `json:"link_index"` // where it is not
	Namespace *int     `json:"link_netnsid"`
	Info      struct {
		Kind string `json:"info_kind"`
		Data struct {
			ID       int    `json:"id"`
			Port     int    `json:"port"`
			Remote   string `json:"remote"`
			Group    string `json:"group"`
			External any    `json:"external"`
			Type     string `json:"type"`
			Mode     string `json:"mode"`
			User     any    `json:"user"`
			Persist  bool   `json:"persist"`
		} `json:"info_data"`
	} `json:"linkinfo"`
	Addresses []struct {
		Scope string `json:"scope"`
	} `json:"addr_info"`
}

// ipLinks asks ip for all links and their addresses.
func ipLinks(t *testing.T) map[string]ipLink {
	t.Helper()
	var list, addresses []ipLink
	for words, to := range map[string]*[]ipLink{"link": &list, "address": &addresses} {
		if err := json.Unmarshal([]byte(collecttest.Must(t, nil, "ip", "-json", "-details", words)), to); err != nil {
			t.Fatal(err)
		}
	}
	by := make(map[string]ipLink)
	for _, x := range list {
		by[x.Name] = x
	}
	for _, x := range addresses {
		l := by[x.Name]
		l.Addresses = x.Addresses
		by[x.Name] = l
	}
	return by
}

// linkWords describes a link by its facts, so that two descriptions can be compared.
func linkWords(name, kind, master, parent, state string, index, mtu int, up, addressed bool, namespace *int, more ...any) string {
	ns := "here"
	if namespace != nil {
		ns = strconv.Itoa(*namespace)
	}
	return fmt.Sprintf("%d %s kind=%s up=%t state=%s mtu=%d master=%s parent=%s namespace=%s addressed=%t %v",
		index, name, kind, up, state, mtu, master, parent, ns, addressed, more)
}

func (x ipLink) linkWords() string {
	up, addressed := false, false
	for _, f := range x.Flags {
		up = up || f == "UP"
	}
	for _, a := range x.Addresses {
		addressed = addressed || a.Scope == "global"
	}
	parent := x.Parent
	if x.Elsewhere != 0 {
		parent = strconv.Itoa(x.Elsewhere)
	}
	d := x.Info.Data
	id, port, remote, external, tap, mode := 0, 0, "", false, false, ""
	switch x.Info.Kind {
	case "vxlan", "geneve":
		id, port, remote, external = d.ID, d.Port, d.Remote+d.Group, d.External != nil
	case "vlan":
		id = d.ID
	case "tun":
		tap = d.Type == "tap"
	case "macvlan", "bond", "ipvlan":
		mode = d.Mode
	}
	return linkWords(x.Name, x.Info.Kind, x.Master, parent, strings.ToLower(x.State), x.Index, x.MTU, up, addressed, x.Namespace,
		id, port, remote, external, tap, mode)
}

func (x *link) linkWords(n *links) string {
	master, parent := "", ""
	if x.master != nil {
		master = x.master.Name
	}
	if x.Parent != 0 {
		parent = strconv.Itoa(x.Parent)
		for _, y := range n.list {
			if y.Index == x.Parent && x.Namespace == nil {
				parent = y.Name
			}
		}
	}
	id, port, remote, external := x.VLAN, 0, "", false
	if x.Tunnel != nil {
		id, port, remote, external = x.Tunnel.ID, x.Tunnel.Port, x.Tunnel.Remote, x.Tunnel.External
	}
	return linkWords(x.Name, x.Kind, master, parent, x.State, x.Index, x.MTU, x.Enabled, x.Addressed, x.Namespace,
		id, port, remote, external, x.Tap, x.Mode)
}

// sameAsIP compares what netlink gives with what ip says of every link.
func sameAsIP(t *testing.T) (*look, *links) {
	t.Helper()
	var l *look
	var n *links
	want := ipLinks(t)
	for range 10 { // other tests may make links at the same time
		l = &look{fs: linux.NewFS("/"), live: true}
		var err error
		if n, err = l.links(); err != nil || len(l.gaps) > 0 {
			t.Fatal(err, l.gaps)
		}
		before := want
		if want = ipLinks(t); reflect.DeepEqual(before, want) {
			break
		}
	}
	if len(want) != len(n.list) {
		t.Errorf("%d links, ip has %d", len(n.list), len(want))
	}
	for _, x := range n.list {
		if a, b := x.linkWords(n), want[x.Name].linkWords(); a != b {
			t.Errorf("got  %s\nip:  %s", a, b)
		}
	}
	return l, n
}

// The links of this machine are those that ip lists, whoever asks.
func TestLinksOfThisMachine(t *testing.T) {
	_, err := exec.LookPath("ip")
	collecttest.Need(t, "ip (package iproute2)", err)
	sameAsIP(t)
	collecttest.AsNobody(t)
}

// TestLinksAgainstIP makes links of all kinds that this kernel knows, in a network of the test's own.
func TestLinksAgainstIP(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	_, err := exec.LookPath("ip")
	collecttest.Need(t, "ip (package iproute2)", err)
	ownSys(t)
	other := otherNetwork(t)
	runIP(t, "link set lo up")
	runIP(t, "link add br7 type bridge")
	runIP(t, "link add br8 type bridge")
	runIP(t, "link add vx7 type vxlan id 42 dstport 4789 remote 192.0.2.1 dev lo")
	runIP(t, "link add vx8 type vxlan id 43 dstport 8472 group 239.1.1.1 dev lo")
	runIP(t, "link add vx9 type vxlan external dstport 4790")
	runIP(t, fmt.Sprintf("link add cable type veth peer name eth0 netns %d", other))
	runIP(t, "link add near type veth peer name far")
	runIP(t, "tuntap add dev tap9 mode tap user 1000")
	runIP(t, "tuntap add dev tun9 mode tun")
	for _, s := range []string{
		"link add bond9 type bond mode active-backup", "link add near.5 link near type vlan id 5", "link add gnv9 type geneve id 9 remote 192.0.2.2",
		"link add wg9 type wireguard", "link add mac9 link near type macvlan mode bridge", "link add ipv9 link far type ipvlan mode l3",
		"link add gre9 type gretap remote 192.0.2.3 local 192.0.2.4", "link add tun6 type ipip remote 192.0.2.3 local 192.0.2.4", "link add red type vrf table 10",
		"link add dummy9 type dummy", "link add nk9 type netkit",
	} {
		tryLink(t, s)
	}
	runIP(t, "link set vx7 master br7")
	runIP(t, "link set cable master br7")
	for _, name := range []string{"br7", "vx7", "cable", "near", "far"} {
		runIP(t, "link set "+name+" up")
	}
	runIP(t, "address add 198.51.100.1/24 dev br7")
	runIP(t, "address add 198.51.101.1/24 dev br8")
	within := func(words string) { // of the other namespace
		collecttest.Must(t, nil, append([]string{"nsenter", "--net", "--target", strconv.Itoa(other), "ip"}, strings.Fields(words)...)...)
	}
	within("link set eth0 up")
	time.Sleep(200 * time.Millisecond) // the kernel tells the state of a link after a moment

	l, n := sameAsIP(t)
	cable := n.byName["cable"]
	if cable.Namespace == nil {
		t.Fatal("the cable leads to another namespace, and that is not seen")
	}
	text, err := netlinks.AskNamespaces([]int{other, os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := netlinks.ParseNamespaces(text)
	if err != nil || numbers[other] != *cable.Namespace || len(numbers) != 1 {
		t.Errorf("namespaces %v (%v), and the cable leads to %d", numbers, err, *cable.Namespace)
	}

	// What carries workloads.
	look := &networking{look: l, links: n}
	for name, want := range map[string]carriage{"br7": carries, "br8": carriesNothing, "vx7": carries, "vx8": carriesNothing, "vx9": carriesNothing} {
		if got := look.use(n.byName[name]); got != want {
			t.Errorf("%s: carriage %d, want %d", name, got, want)
		}
	}

	// /sys knows less, and nothing else.
	sys, err := l.sysLinks()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range n.list {
		y := sys.byName[x.Name]
		if y == nil {
			t.Errorf("%s is not in /sys", x.Name)
			continue
		}
		masters := [2]string{}
		for i, z := range []*link{x, y} {
			if z.master != nil {
				masters[i] = z.master.Name
			}
		}
		if y.Kind != "" && y.Kind != x.Kind || kindClass[x.Kind] != "" && kindClass[y.Kind] != kindClass[x.Kind] || y.Index != x.Index || y.Enabled != x.Enabled || y.State != x.State ||
			y.Tap != x.Tap || masters[0] != masters[1] || y.blind || (y.Namespace != nil) != (x.Namespace != nil && x.Kind == "veth") {
			t.Errorf("netlink: %+v of %s\n/sys:    %+v of %s", x.Link, masters[0], y.Link, masters[1])
		}
	}

	// Nobody has fewer rights, and sees the same.
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestPrintLinks$", "-test.v")
	cmd.Env = append(os.Environ(), "INFRAOPT_TEST_PRINT="+strconv.Itoa(other))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: collecttest.Nobody, Gid: collecttest.Nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	links, err := netlinks.Ask()
	if err != nil || !strings.Contains(string(out), string(links)) || !strings.Contains(string(out), string(text)) {
		t.Errorf("as nobody:\n%s\nas root:\n%s\n%s (%v)", out, links, text, err)
	}

	// A tunnel that was moved away is known by its port.
	if port := look.foreignTunnelOf(t); port != 0 {
		t.Errorf("port %d is a stranger's already", port)
	}
	runIP(t, "link delete vx8")
	runIP(t, "link add vxh type vxlan id 44 dstport 8472 dev lo")
	runIP(t, fmt.Sprintf("link set vxh netns %d", other))
	within("link set vxh up")
	look.links = nil
	if look.links, err = l.links(); err != nil {
		t.Fatal(err)
	}
	if port := look.foreignTunnelOf(t); port != 8472 {
		t.Errorf("the tunnel in the other namespace: port %d, want 8472", port)
	}
}

// foreignTunnelOf looks for strangers' tunnels in the namespace of the test, which is not that of the first process.
func (n *networking) foreignTunnelOf(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/net/udp")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	write(t, root, map[string]string{"/proc/1/net/udp": string(text)}, nil)
	return (&networking{look: &look{fs: linux.NewFS(root)}, links: n.links}).foreignTunnel()
}

// TestPrintLinks is run by TestLinksAgainstIP as another user.
func TestPrintLinks(t *testing.T) {
	pid, err := strconv.Atoi(os.Getenv("INFRAOPT_TEST_PRINT"))
	if err != nil {
		t.Skip("it is part of TestLinksAgainstIP")
	}
	links, err := netlinks.Ask()
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := netlinks.AskNamespaces([]int{pid, os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(links))
	fmt.Println(string(numbers))
}

// ovsSocket finds the socket of an Open vSwitch that this machine or the testbed runs.
func ovsSocket(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	listening, err := linux.ParseListening(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range listening {
		if strings.HasSuffix(s, "openvswitch/db.sock") {
			return s
		}
	}
	return ""
}

// vsctl runs ovs-vsctl.
func vsctl(t *testing.T, socket, words string) string {
	t.Helper()
	return collecttest.Must(t, nil, append([]string{"ovs-vsctl", "--timeout=20", "--db=unix:" + socket}, strings.Fields(words)...)...)
}

// The testbed's Open vSwitch has one bridge in user space. Root sees it; for others it is a gap with a remedy.
func TestOpenVSwitch(t *testing.T) {
	socket := ovsSocket(t)
	var err error
	if socket == "" {
		err = os.ErrNotExist
	}
	collecttest.Need(t, "Open vSwitch", err)
	b := observed(t, "/")
	got := networkFacts(b)
	const hidden = "only its database tells"
	if os.Geteuid() == 0 {
		for name := range strings.Lines(vsctl(t, socket, "list-br")) {
			if want := strings.TrimSpace(name) + "=openvswitch/switch"; !strings.Contains(got["networks"], want) {
				t.Errorf("no %s in %s", want, got["networks"])
			}
		}
		if strings.Contains(got["gaps"], "openvswitch") || strings.Contains(got["class"], hidden) {
			t.Errorf("root: gaps %q, class %q", got["gaps"], got["class"])
		}
	} else if !strings.Contains(got["gaps"], socket+": permission denied (run as root, or as a member of the group openvswitch)") || !strings.Contains(got["class"], hidden) {
		t.Errorf("nobody: gaps %q, class %q", got["gaps"], got["class"])
	}
	collecttest.AsNobody(t)
}

// TestOpenVSwitchInUserSpace starts a switch in a network of the test's own and plugs things into it, one by one.
func TestOpenVSwitchInUserSpace(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	for _, program := range []string{"ovsdb-server", "ovs-vswitchd", "ovsdb-tool", "ovs-vsctl", "ip"} {
		_, err := exec.LookPath(program)
		collecttest.Need(t, program, err)
	}
	ownSys(t)
	runIP(t, "link set lo up")
	dir := t.TempDir() + "/openvswitch"
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	socket := dir + "/db.sock"
	collecttest.Must(t, nil, "ovsdb-tool", "create", dir+"/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
	start := func(command ...string) {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "OVS_RUNDIR="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		})
	}
	start("ovsdb-server", dir+"/conf.db", "--remote=punix:"+socket, "--unixctl="+dir+"/db.ctl")
	for range 100 {
		if ovsSocket(t) != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	vsctl(t, socket, "--no-wait init")
	start("ovs-vswitchd", "unix:"+socket, "--unixctl="+dir+"/vs.ctl")
	physical := func() map[string]string {
		b := observed(t, "/")
		if b.Machines[0].Network.IsUnknown() && strings.Contains(b.Machines[0].Network.Why(), "database") {
			t.Errorf("root: %s", b.Machines[0].Network)
		}
		return networkFacts(b)
	}
	if got := physical(); !strings.Contains(got["findings"], "unused-switch: Open vSwitch has no bridge") {
		t.Errorf("without a bridge: %v", got)
	}
	vsctl(t, socket, "add-br br7 -- set bridge br7 datapath_type=netdev")
	if got := physical(); got["networks"] != "br7=openvswitch/switch" || got["class"] == "switch" || strings.Contains(got["findings"], "unused-switch") {
		t.Errorf("with an empty bridge: %v", got)
	}
	other := otherNetwork(t)
	runIP(t, fmt.Sprintf("link add cable type veth peer name eth0 netns %d", other))
	runIP(t, "link set cable up")
	vsctl(t, socket, "add-port br7 cable")
	if got := physical(); got["class"] != "switch" {
		t.Errorf("with a cable: %v", got)
	}
	vsctl(t, socket, "add-port br7 tun7 -- set interface tun7 type=vxlan options:remote_ip=192.0.2.1")
	if got := physical(); got["class"] != "overlay" {
		t.Errorf("with a tunnel: %v", got)
	}
	sameAsIP(t)
}
