package host

import "github.com/infraopt/infraopt/collect/inventory"

// A FindingKind is a kind of observation on how hard it would be to run a workload in a container.
type FindingKind struct {
	ID         string
	Severities []inventory.Severity // that it may have, the gravest first
	Meaning    string
}

// Short forms for the table below.
var (
	blocks        = []inventory.Severity{inventory.Blocker}
	warns         = []inventory.Severity{inventory.Warning}
	informs       = []inventory.Severity{inventory.Info}
	warnsOrTells  = []inventory.Severity{inventory.Warning, inventory.Info}
	anyOfSeverity = []inventory.Severity{inventory.Blocker, inventory.Warning, inventory.Info}
)

// ReadinessFindings are all kinds of observation that Workload.Findings may hold, by ID.
var ReadinessFindings = []FindingKind{
	{"capability", anyOfSeverity, "it was given rights on the kernel on purpose; loading modules and raw access to hardware block"},
	{"client-of-services", informs, "its unit depends on other services of the machine"},
	{"cpu-pinning", warns, "it may run on some of the processors only"},
	{"dbus-activation", warns, "it starts by way of the system's D-Bus"},
	{"device", warnsOrTells, "it uses a device of the machine; for graphics, tunnels and FUSE there are device plugins"},
	{"device-disk", warns, "it uses a disk without a file system, or below one"},
	{"device-memory", blocks, "it uses the memory or ports of the machine"},
	{"device-serial", blocks, "it uses a serial or parallel line, or an instrument"},
	{"device-usb", blocks, "it uses a device on USB"},
	{"dynamic-ports", warns, "its protocol opens more ports while it works"},
	{"end-of-life", warns, "the standard support of the operating system has ended: there may be no image to build on"},
	{"graphical", warns, "it shows itself on a screen"},
	{"hard-coded-addresses", warnsOrTells, "its configuration names addresses instead of names; private ones weigh more"},
	{"hosts-file", informs, "/etc/hosts names machines that a container would not know"},
	{"huge-pages", warns, "it uses huge pages, which a container must be given"},
	{"kernel-module", blocks, "its unit loads a module into the kernel, or it works with one of its own"},
	{"large-state", warns, "the file system of its data holds more than 500 GiB"},
	{"licence", warns, "a licence or support contract may bind it to a machine"},
	{"licence-dongle", blocks, "its licence is in a key on USB"},
	{"local-state", informs, "it keeps files that must outlive the container"},
	{"locked-memory", informs, "it locks memory, or may lock all of it"},
	{"many-ports", warns, "it listens on more than 20 ports"},
	{"mounts", informs, "its unit needs other directories or mounts to be there"},
	{"multicast", warnsOrTells, "it takes part in multicast, which overlay networks drop"},
	{"nfs-export", warns, "its data is exported over NFS by the machine"},
	{"notify", informs, "it tells systemd when it is ready; a container needs another probe"},
	{"own-jobs", informs, "timers or cron run programs of its own"},
	{"own-root", informs, "its unit gives it a root directory of its own already"},
	{"posix-shared-memory", informs, "it keeps more than 64 MiB in /dev/shm, or queues of messages"},
	{"preload", warns, "/etc/ld.so.preload puts a library before every program"},
	{"privileged-ports", informs, "it listens on ports below 1024"},
	{"quota", warns, "its data lies on a file system with quotas"},
	{"raw-sockets", warns, "it sees frames or packets below the transport protocols"},
	{"real-time", warns, "it runs with real-time scheduling"},
	{"reload", informs, "its unit reloads it by a command"},
	{"remote-state", informs, "its data lies on a remote file system"},
	{"several-daemons", informs, "other units run programs of the same application or user"},
	{"several-programs", informs, "different programs work together in it"},
	{"socket-activation", warns, "systemd listens for it and hands it the sockets"},
	{"specific-address", informs, "it listens on one address of the machine"},
	{"stateful", informs, "it keeps data that must outlive the container"},
	{"stored-descriptors", warns, "systemd keeps its open files while it restarts"},
	{"sysv-init", informs, "it is started by a script of System V init"},
	{"sysv-ipc", warns, "it uses System V shared memory, semaphores or queues"},
	{"sysv-ipc-shared", blocks, "it shares System V memory or queues with other work"},
	{"terminal", warns, "it has a terminal"},
	{"thirty-two-bit", warns, "it is a 32-bit program"},
	{"watchdog", informs, "systemd restarts it where it does not report"},
	{"writes-program-files", warns, "it has files open for writing in /etc, /usr or the directory of its programs"},
}

// A deviceKind is a family of device files and what the use of one means.
type deviceKind struct {
	patterns []string // below /dev, as of path.Match
	id       string   // of the finding; empty for devices that every program may use
	severity inventory.Severity
}

// deviceKinds are looked through in order.
var deviceKinds = []deviceKind{
	{[]string{
		"null", "zero", "full", "random", "urandom", "tty", "tty[0-9]*", "pts/*", "ptmx", "shm", "shm/*", "stdin", "stdout", "stderr", "fd",
		"fd/*", "log", "console", "mqueue/*", "hugepages/*", "initctl",
	}, "", ""},
	{[]string{"mem", "kmem", "port", "uio[0-9]*"}, "device-memory", inventory.Blocker},
	{[]string{
		"ttyS[0-9]*", "ttyUSB[0-9]*", "ttyACM[0-9]*", "ttyAMA[0-9]*", "ttyXR*", "ttyMX*", "serial/*/*", "lp[0-9]*", "parport[0-9]*", "gpib[0-9]*",
		"comedi[0-9]*",
	}, "device-serial", inventory.Blocker},
	{[]string{"bus/usb/*/*", "bus/usb", "hidraw[0-9]*", "usb/*", "usbmon[0-9]*"}, "device-usb", inventory.Blocker},
	{[]string{
		"sd[a-z]*", "vd[a-z]*", "xvd[a-z]*", "hd[a-z]*", "nvme[0-9]*", "dm-[0-9]*", "mapper/*", "md[0-9]*", "md/*", "loop[0-9]*", "rbd[0-9]*",
		"rbd/*/*", "zd[0-9]*", "zvol/*/*", "drbd[0-9]*", "mmcblk[0-9]*", "sg[0-9]*", "sr[0-9]*", "st[0-9]*", "nst[0-9]*", "raw/*", "oracleasm/*",
		"oracleasm/*/*", "disk/*/*", "bcache[0-9]*", "nbd[0-9]*", "pmem[0-9]*", "bsg/*",
	}, "device-disk", inventory.Warning},
	{[]string{
		"kvm", "net/tun", "fuse", "dri/*", "nvidia*", "nvidia-caps/*", "kfd", "infiniband/*", "vhost-*", "loop-control", "ppp", "cuse",
	}, "device", inventory.Info},
	{[]string{"*", "*/*", "*/*/*"}, "device", inventory.Warning}, // of the machine's hardware, or of a driver of its own
}

// deviceClasses are the names by which DeviceAllow= means all devices of a driver, with a device that stands for them.
var deviceClasses = map[string]string{
	"pts": "pts/0", "tty": "tty", "ttyS": "ttyS0", "ttyUSB": "ttyUSB0", "ttyACM": "ttyACM0", "ttyAMA": "ttyAMA0", "lp": "lp0", "ppdev": "parport0",
	"usb_device": "bus/usb", "hidraw": "hidraw0", "usb": "usb/0", "mem": "null", "drm": "dri/card0", "fuse": "fuse", "misc": "net/tun",
	"nvidia": "nvidia0", "nvidia-frontend": "nvidia0", "nvidia-uvm": "nvidia-uvm", "infiniband_verbs": "infiniband/uverbs0",
	"infiniband_mad": "infiniband/umad0", "uio": "uio0",
}

// dongleVendors make keys for licences, by their number on USB.
var dongleVendors = map[string]string{
	"0529": "Aladdin or SafeNet HASP", "064f": "WIBU CodeMeter", "096e": "Feitian", "1bc0": "Senselock",
}

// ownModules are modules that belong to a piece of software and not to hardware, with the role that needs them.
var ownModules = map[string]string{
	"oracleasm": "oracle-db", "oracleacfs": "oracle-db", "oracleadvm": "oracle-db", "oracleoks": "oracle-db", "aksparlnx": "licence-server",
}

// portsOfDynamicProtocols are those of protocols that agree on more ports while they work: FTP, portmapper, SIP.
var portsOfDynamicProtocols = map[int]string{21: "FTP", 111: "the port mapper", 5060: "SIP", 5061: "SIP"}
