//go:build linux

package host

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// judged sums up what was found of each workload: its verdict and its findings, with the first letter of the severity.
func judged(b *inventory.Batch) map[string]string {
	got := make(map[string]string)
	for _, w := range b.Workloads {
		if w.Layer == infra {
			continue
		}
		list := []string{w.Readiness.String() + ":"}
		for _, f := range w.Findings {
			list = append(list, f.ID+"="+string(f.Severity)[:1])
		}
		got[w.Name] = strings.Join(slices.Compact(list), " ")
	}
	return got
}

// lost is the workload whose unit file is nowhere.
const lost = "unknown: insufficient data: its unit file is not where those of the system are:"

func TestReadiness(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"readiness": {
			"vendord":            "hard: kernel-module=b",
			"scale":              "hard: device-serial=b",
			"codemeter":          "hard: device-usb=b licence-dongle=b licence=w",
			"rawdb":              "ready with work: device-disk=w",
			"kiosk":              "ready with work: graphical=w",
			"feed":               "hard: sysv-ipc-shared=b",
			"match":              "hard: sysv-ipc-shared=b",
			"mediad":             "ready with work: cpu-pinning=w real-time=w locked-memory=i",
			"nginx":              "ready: notify=i reload=i",
			"sockd":              "ready with work: socket-activation=w stored-descriptors=w watchdog=i",
			"unused":             "ready:", // its socket is installed and not switched on
			"busd":               "ready with work: dbus-activation=w",
			"big":                "ready with work: large-state=w quota=w client-of-services=i local-state=i",
			"postgresql@15-main": "ready with work: stateful=i",
			"calm":               "ready with work: stored-descriptors=w",
			"tunneld":            "hard: capability=b device-memory=b capability=w device=i mounts=i",
			"legacy":             "ready with work: thirty-two-bit=w writes-program-files=w sysv-init=i",
			"suite":              "ready with work: hard-coded-addresses=w local-state=i mounts=i own-jobs=i remote-state=i several-daemons=i",
			"suite-worker":       "ready: own-jobs=i own-root=i several-daemons=i",
			"sniff":              "ready with work: raw-sockets=w",
			"queue":              "ready with work: sysv-ipc=w posix-shared-memory=i",
			"lost":               lost,
			"oracle":             "hard: kernel-module=b huge-pages=w licence=w stateful=i",
			"run-loop":           "ready with work: terminal=w",
		},
		"without-systemd": {
			"indexer": "ready with work: end-of-life=w nfs-export=w preload=w hosts-file=i local-state=i",
			"grabber": "hard: device-memory=b device=w end-of-life=w preload=w device=i hosts-file=i",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(observed(t, plant(t, name)))
			for w, verdict := range want {
				if got[w] != verdict {
					t.Errorf("%s:\n got %s\nwant %s", w, got[w], verdict)
				}
				delete(got, w)
			}
			for w, verdict := range got {
				t.Errorf("%s is not expected: %s", w, verdict)
			}
		})
	}
}

// Texts that say how much, and from which files.
func TestReadinessTexts(t *testing.T) {
	texts := make(map[string][]string)
	for _, w := range observed(t, plant(t, "readiness")).Workloads {
		for _, f := range w.Findings {
			texts[w.Name] = append(texts[w.Name], f.Text)
		}
	}
	for w, want := range map[string]string{
		"suite":     "addresses in its configuration: 2 in 10.0.0.0/8, 1 in 192.168.0.0/16", // neither key nor certificate is opened
		"codemeter": "a licence key is plugged in: WIBU CodeMeter",
		"feed":      "shares System V shared memory with match.service",
		"scale":     "has open /dev/ttyS0",
		"tunneld":   "its unit allows /dev/mem",
		"mediad":    "threads with real-time scheduling: 1",
		"big":       "up to 600 GiB on /var/lib",
		"queue":     "its user keeps 256 MiB in /dev/shm",
		"sockd":     "is handed its sockets by sockd.socket",
	} {
		if !slices.Contains(texts[w], want) {
			t.Errorf("%s: %q is not among %q", w, want, texts[w])
		}
	}
}

// What an ordinary user may say of a workload, root says as well; what that user cannot say is a gap with its remedy.
func TestReadinessOfAnyUser(t *testing.T) {
	root := plant(t, "readiness")
	asRootSees := judged(observed(t, root))
	dirs, err := filepath.Glob(root + "/proc/[1-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var denied []string
	for _, dir := range dirs {
		for _, name := range []string{"fd", "exe", "maps"} {
			denied = append(denied, "/proc/"+filepath.Base(dir)+"/"+name)
		}
	}
	write(t, root, map[string]string{"/.infraopt/denied": strings.Join(denied, "\n") + "\n"}, nil)
	b := observed(t, root)
	known := 0
	for w, verdict := range judged(b) {
		mine, evidence, _ := strings.Cut(verdict, ":")
		theirs, all, _ := strings.Cut(asRootSees[w], ":")
		if mine != "unknown" {
			known++
			if mine != theirs {
				t.Errorf("%s: %q, and for root %q", w, mine, theirs)
			}
		} else {
			evidence = evidence[strings.LastIndexByte(evidence, ':')+1:]
		}
		for id := range strings.FieldsSeq(evidence) {
			if !slices.Contains(strings.Fields(all), id) {
				t.Errorf("%s: %s is found by this user only: %s", w, id, asRootSees[w])
			}
		}
	}
	want := map[string]string{
		"vendord": "hard", "tunneld": "hard", "feed": "hard", "match": "hard", "oracle": "hard", "codemeter": "hard", // a blocker that everybody sees
		"calm": "ready with work", // its unit keeps devices away from it
	}
	for w, verdict := range want {
		if got := judged(b)[w]; !strings.HasPrefix(got, verdict+":") {
			t.Errorf("%s: got %q, want %q", w, got, verdict)
		}
	}
	if known != len(want) {
		t.Errorf("%d verdicts are known, want %d: %v", known, len(want), judged(b))
	}
	gaps := 0
	for _, g := range b.Gaps {
		if strings.HasPrefix(g.What, "readiness of ") {
			gaps++
			if g.Remedy != asRoot || !strings.Contains(g.What, "nginx") && !strings.Contains(g.What, "more") {
				t.Errorf("gap %+v", g)
			}
		}
	}
	if gaps != 1 {
		t.Errorf("%d gaps for a machine, want 1: %+v", gaps, b.Gaps)
	}
	for _, w := range b.Workloads {
		if w.Name == "nginx" && (w.Readiness.Remedy() != asRoot || !strings.Contains(w.Readiness.Why(), "insufficient data: open devices")) {
			t.Errorf("nginx: %v, remedy %q", w.Readiness, w.Readiness.Remedy())
		}
	}
}

// Unit files that may not be read leave open what they could hold.
func TestReadinessWithoutUnitFile(t *testing.T) {
	root := plant(t, "readiness")
	write(t, root, map[string]string{"/.infraopt/denied": "/usr/lib/systemd/system/nginx.service\n/etc/suite/main.conf\n/proc/sysvipc/shm\n"}, nil)
	for w, want := range map[string]string{
		"nginx":  "unknown: insufficient data: /proc/sysvipc: permission denied:",
		"suite":  "unknown: insufficient data: /proc/sysvipc: permission denied:",
		"scale":  "hard:",
		"legacy": "unknown: insufficient data: /proc/sysvipc: permission denied:",
	} {
		if got := judged(observed(t, root))[w]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", w, got, want)
		}
	}
	write(t, root, map[string]string{"/.infraopt/denied": "/usr/lib/systemd/system/nginx.service\n/etc/suite/main.conf\n/etc/suite/conf.d\n"}, nil)
	got := judged(observed(t, root))
	if want := "unknown: insufficient data: the files of its unit: permission denied:"; got["nginx"] != want {
		t.Errorf("nginx: got %q, want %q", got["nginx"], want)
	}
	if want := "unknown: insufficient data: /etc/suite/conf.d: permission denied:"; !strings.HasPrefix(got["suite"], want) {
		t.Errorf("suite: got %q, want %q", got["suite"], want)
	}
}

func TestListening(t *testing.T) {
	many := make([]inventory.Listener, 0, 30)
	for i := range 30 {
		many = append(many, inventory.Listener{Protocol: "tcp", Address: "*", Port: 8000 + i})
	}
	for _, row := range []struct {
		name string
		list []inventory.Listener
		want string
	}{
		{"none", nil, ""},
		{"plain", []inventory.Listener{{Protocol: "tcp", Address: "*", Port: 8080}}, ""},
		{"loopback only", []inventory.Listener{{Protocol: "tcp", Address: "loopback", Port: 25}, {Protocol: "tcp", Address: "127.0.0.53", Port: 53}}, ""},
		{"web", []inventory.Listener{{Protocol: "tcp", Address: "*", Port: 80}, {Protocol: "tcp", Address: "::", Port: 443}}, "privileged-ports=info"},
		{"one address", []inventory.Listener{{Protocol: "tcp", Address: "10.0.0.5", Port: 8080}, {Protocol: "tcp", Address: "fd00::1", Port: 8080}}, "specific-address=info"},
		{"multicast", []inventory.Listener{{Protocol: "udp", Address: "239.1.1.1", Port: 5000}, {Protocol: "udp", Address: "ff02::1", Port: 5000}}, "multicast=warning"},
		{"ftp", []inventory.Listener{{Protocol: "tcp", Address: "*", Port: 21}}, "privileged-ports=info dynamic-ports=warning"},
		{"many", many, "many-ports=warning"},
		{"one port twice", append(many[:20:20], many[:20]...), ""},
	} {
		var got []string
		for _, f := range listening(row.list) {
			got = append(got, f.ID+"="+string(f.Severity))
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s: got %q, want %q", row.name, s, row.want)
		}
	}
}

func TestDeviceKinds(t *testing.T) {
	for name, want := range map[string]string{
		"null": "", "pts/3": "", "tty1": "", "shm/x": "", "mem": "device-memory blocker", "uio3": "device-memory blocker", "ttyS0": "device-serial blocker",
		"ttyUSB1": "device-serial blocker", "serial/by-id/usb-x": "device-serial blocker", "bus/usb/001/004": "device-usb blocker", "hidraw0": "device-usb blocker",
		"sda1": "device-disk warning", "nvme0n1": "device-disk warning", "mapper/vg-lv": "device-disk warning", "disk/by-id/x": "device-disk warning",
		"dri/renderD128": "device info", "nvidia0": "device info", "net/tun": "device info", "infiniband/uverbs0": "device info",
		"watchdog": "device warning", "snd/pcmC0D0p": "device warning", "vendor": "device warning",
	} {
		got := ""
		if k := kindOfDevice(name); k >= 0 && deviceKinds[k].id != "" {
			got = deviceKinds[k].id + " " + string(deviceKinds[k].severity)
		}
		if got != want {
			t.Errorf("/dev/%s: got %q, want %q", name, got, want)
		}
	}
	for _, k := range deviceKinds {
		for _, p := range k.patterns {
			if _, err := filepath.Match(p, "x"); err != nil {
				t.Errorf("%q: %v", p, err)
			}
		}
	}
	for value, want := range map[string]string{
		"/dev/ttyUSB0 rw": "ttyUSB0", "char-ttyUSB rw": "ttyUSB0", "char-pts": "pts/0", "block-sd rw": "disk/by-driver/sd", "char-own": "own", "own": "", "char-": "",
	} {
		if got := allowedDevice(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

// The table of findings holds all that the source can find, with its severities, and nothing else.
func TestReadinessFindingsAreDocumented(t *testing.T) {
	emitted := make(map[string][]inventory.Severity)
	note := func(id string, s inventory.Severity) {
		if !slices.Contains(emitted[id], s) {
			emitted[id] = append(emitted[id], s)
		}
	}
	files, err := filepath.Glob("readiness*_linux.go")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	call := regexp.MustCompile(`\badd\("([a-z0-9-]+)", (inventory\.(\w+)|k\.severity)`)
	severities := map[string]inventory.Severity{"Blocker": inventory.Blocker, "Warning": inventory.Warning, "Info": inventory.Info}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			if m[3] != "" {
				note(m[1], severities[m[3]])
			}
		}
		// No other way may lead around this test: calls with other arguments are counted.
		if n, literal := strings.Count(string(text), ".add(")+strings.Count(string(text), "\tadd("), len(call.FindAllString(string(text), -1)); n != literal {
			switch filepath.Base(f) {
			case "readiness_devices_linux.go", "readiness_network_linux.go": // by the tables of devices, and listening's own
				if n-literal != 1 {
					t.Errorf("%s: %d findings are added without an ID in the call", f, n-literal)
				}
			default:
				t.Errorf("%s: %d findings are added without an ID in the call", f, n-literal)
			}
		}
	}
	for _, k := range tyingCapabilities {
		note("capability", k.severity)
	}
	for _, k := range deviceKinds {
		if k.id != "" {
			note(k.id, k.severity)
		}
	}
	last := ""
	for _, k := range ReadinessFindings {
		if k.ID <= last {
			t.Errorf("%s stands behind %s", k.ID, last)
		}
		last = k.ID
		got := emitted[k.ID]
		slices.SortFunc(got, func(a, b inventory.Severity) int { return weight(b) - weight(a) })
		if !slices.Equal(got, k.Severities) || k.Meaning == "" {
			t.Errorf("%s: the table says %v, the source finds %v", k.ID, k.Severities, got)
		}
		delete(emitted, k.ID)
	}
	for id := range emitted {
		t.Errorf("%s is not in the table", id)
	}
}

func TestEndOfLife(t *testing.T) {
	now := time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		id, version string
		want        bool
	}{
		{"debian", "9", true}, {"debian", "10", true}, {"debian", "12", false}, {"centos", "7", true}, {"rhel", "7.9", true}, {"rhel", "8.10", false},
		{"alpine", "3.16.9", true}, {"ubuntu", "18.04", true}, {"ubuntu", "22.04", false}, {"arch", "", false}, {"", "", false}, {"sles", "12.5", false},
	} {
		if day, got := ended(row.id, row.version, now); got != row.want {
			t.Errorf("%s %s on %s: got %v (%s), want %v", row.id, row.version, now.Format("2006-01-02"), got, day, row.want)
		}
	}
}

// On this machine nothing that an ordinary user knows contradicts root.
func TestReadinessOfThisMachine(t *testing.T) {
	const handed = "INFRAOPT_TEST_VERDICTS"
	verdicts := make(map[string]string)
	for _, w := range observed(t, "/").Workloads {
		if w.Layer == infra || w.Usage.Age.Or(0) < 600 { // others may have come or gone meanwhile
			continue
		}
		if w.Readiness.IsZero() || w.Readiness.IsUnknown() && w.Readiness.Why() == "" {
			t.Errorf("%s was not judged: %v", w.Name, w.Readiness)
		}
		if v, ok := w.Readiness.Get(); ok {
			verdicts[w.ID] = string(v)
		}
	}
	if os.Geteuid() == 0 {
		text, err := json.Marshal(verdicts)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.CreateTemp("", collecttest.Name("verdicts"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(file.Name()) })
		if _, err := file.Write(text); err != nil || file.Chmod(0o644) != nil {
			t.Fatal(err)
		}
		t.Setenv(handed, file.Name())
		t.Logf("root knows %d verdicts", len(verdicts))
	}
	if !collecttest.AsNobody(t) {
		return
	}
	text, err := os.ReadFile(os.Getenv(handed))
	collecttest.Need(t, "what root judged", err)
	var root map[string]string
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	for id, v := range verdicts {
		if root[id] != "" && root[id] != v {
			t.Errorf("%s: %q, and for root %q", id, v, root[id])
		}
	}
}
