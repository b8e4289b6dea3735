package demo

import (
	"math"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// kit is a machine that is being made up, with what only a look from inside shows.
type kit struct {
	plain     string // its name before anything hostile was done to it; part of targets
	machine   inventory.Machine
	workloads []inventory.Workload
	storage   []inventory.Storage
}

func (k *kit) cores() int { return int(k.machine.Cores.Or(0)) }
func (k *kit) gib() int   { return int(k.machine.Memory.Or(0) / inventory.GiB) }

// A system is an operating system.
type system struct {
	id, version, name, kernel string
	style                     inventory.OSStyle
	packages                  int
}

var (
	debian12       = system{"debian", "12", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64", inventory.GeneralOS, 620}
	minimalDebian  = system{"debian", "12", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64", inventory.GeneralOS, 210}
	generalSystems = []system{
		debian12,
		{"debian", "11", "Debian GNU/Linux 11 (bullseye)", "5.10.0-33-amd64", inventory.GeneralOS, 580},
		{"ubuntu", "22.04", "Ubuntu 22.04.5 LTS", "5.15.0-130-generic", inventory.GeneralOS, 760},
		{"ubuntu", "24.04", "Ubuntu 24.04.1 LTS", "6.8.0-51-generic", inventory.GeneralOS, 810},
		{"rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "5.14.0-427.el9.x86_64", inventory.GeneralOS, 540},
	}
	oldSystems = []system{
		{"centos", "7", "CentOS Linux 7 (Core)", "3.10.0-1160.el7.x86_64", inventory.GeneralOS, 690},
		{"rhel", "8.10", "Red Hat Enterprise Linux 8.10 (Ootpa)", "4.18.0-553.el8_10.x86_64", inventory.GeneralOS, 1240},
		{"sles", "15.5", "SUSE Linux Enterprise Server 15 SP5", "5.14.21-150500.55-default", inventory.GeneralOS, 1480},
		{"ubuntu", "18.04", "Ubuntu 18.04.6 LTS", "4.15.0-213-generic", inventory.GeneralOS, 930},
	}
	imageSystems = []system{
		{"flatcar", "4081.2.1", "Flatcar Container Linux by Kinvolk 4081.2.1", "6.6.66-flatcar", inventory.ImageBasedOS, 0},
	}
	cloudSystems = []system{
		{"amzn", "2023", "Amazon Linux 2023", "6.1.119-129.201.amzn2023.x86_64", inventory.GeneralOS, 460},
		{"ubuntu", "22.04", "Ubuntu 22.04.5 LTS", "6.8.0-1021-aws", inventory.GeneralOS, 640},
	}
)

// A box is a model of server.
type box struct {
	vendor, model, cpu string
	chassis            inventory.Chassis
	socket             int   // logical processors of one
	cores, gib         []int // of the box
}

var (
	rackBoxes = []box{
		{"Dell Inc.", "PowerEdge R640", "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", inventory.Rack, 32, []int{32, 64}, []int{128, 256}},
		{"HPE", "ProLiant DL380 Gen10", "Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz", inventory.Rack, 32, []int{32, 64}, []int{192, 256}},
	}
	oldBoxes = []box{
		{"HP", "ProLiant DL380 Gen9", "Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", inventory.Rack, 20, []int{20, 40}, []int{64, 128}},
		{"FUJITSU", "PRIMERGY TX2550 M4", "Intel(R) Xeon(R) Silver 4110 CPU @ 2.10GHz", inventory.Tower, 16, []int{16, 32}, []int{64, 96}},
		{"Dell Inc.", "PowerEdge R730", "Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz", inventory.Rack, 24, []int{24, 48}, []int{64, 128}},
	}
	bladeBoxes = []box{{"Cisco Systems Inc", "UCSB-B200-M5", "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz", inventory.Blade, 40, []int{40, 80}, []int{384, 512}}}
	hciBoxes   = []box{{"Supermicro", "AS -1124US-TNRP", "AMD EPYC 7502 32-Core Processor", inventory.HCI, 64, []int{64, 128}, []int{256, 512}}}
)

// box makes a physical server.
func (h *host) box(what string, of []box, s system) *kit {
	b := draw(h.dice, of)
	k := h.bare(h.label(what), draw(h.dice, b.cores), draw(h.dice, b.gib), s)
	m := &k.machine
	m.Zone = h.site
	m.Kind = inventory.Known(inventory.Physical)
	m.Virtualization = inventory.Absent[string]()
	m.Provider = inventory.Absent[string]()
	m.Sockets = inventory.Known(k.cores() / b.socket)
	m.PhysicalCores = inventory.Known(k.cores() / 2)
	m.CPUModel = inventory.Known(b.cpu)
	m.MHz = inventory.Known(nominal(b.cpu))
	m.Identity.Serial = inventory.Known(strings.ToLower(h.hex(16)[:7]))
	m.Hardware = inventory.Hardware{
		Vendor: inventory.Known(h.name(b.vendor)), Model: inventory.Known(h.name(b.model)),
		Chassis: inventory.Known(b.chassis), Fabric: inventory.Known(inventory.OneFabric),
	}
	m.Storage = inventory.Known(inventory.LocalVolumes)
	m.Management = inventory.Absent[inventory.Management]()
	h.disk(k, "nvme0n1", inventory.RawLocal)
	return k
}

// nominal is the clock of a processor, in MHz: Intel puts it into the name.
func nominal(cpu string) float64 {
	_, clock, ok := strings.Cut(cpu, "@ ")
	if ghz, err := strconv.ParseFloat(strings.TrimSuffix(clock, "GHz"), 64); ok && err == nil {
		return math.Round(ghz * 1000)
	}
	return 2500 // of an EPYC 7502
}

// instance makes a cloud instance.
func (h *host) instance(what string) *kit {
	cores := draw(h.dice, []int{2, 4, 8})
	k := h.bare(h.label(what), cores, cores*draw(h.dice, []int{2, 4}), draw(h.dice, cloudSystems))
	m := &k.machine
	m.Zone = "aws-eu-central-1"
	m.Kind = inventory.Known(inventory.Cloud)
	m.Provider = inventory.Known("aws")
	m.CPUModel = inventory.Known("Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz")
	m.MHz = inventory.Known(2500.0)
	m.Storage = inventory.Known(inventory.CloudStorage)
	m.Network = inventory.Known(inventory.CloudNetwork)
	m.Management = inventory.Known(draw(h.dice, []inventory.Management{inventory.Provisioned, inventory.ConfigManaged}))
	virtual(m, "amazon", "a cloud instance")
	h.disk(k, "nvme0n1", inventory.CloudStorage)
	return k
}

// virtual marks a machine that has no hardware of its own.
func virtual(m *inventory.Machine, by, what string) {
	proof := "it is " + what
	m.Virtualization = inventory.Known(by)
	m.Sockets, m.PhysicalCores = inventory.NotApplicable[int](proof), inventory.NotApplicable[int](proof)
	m.Hardware = inventory.Hardware{
		Vendor: inventory.NotApplicable[string](proof), Model: inventory.NotApplicable[string](proof),
		Chassis: inventory.NotApplicable[inventory.Chassis](proof), Fabric: inventory.NotApplicable[inventory.Fabric](proof),
	}
}

// bare makes what all machines have.
func (h *host) bare(name string, cores, gib int, s system) *kit {
	up := h.between(1, 400)*86400 + h.below(86400)
	m := inventory.Machine{
		Name: inventory.Known(h.name(name)),
		Identity: inventory.Identity{
			UUID: inventory.Known(h.uuid()), MachineID: inventory.Known(h.hex(32)), BootID: inventory.Known(h.uuid()),
			Serial: inventory.Absent[string](), EngineID: inventory.Absent[string](), MACs: []string{h.mac()},
		},
		Inside:  inventory.Absent[string](),
		Powered: inventory.Known(true),
		Uptime:  inventory.Known(inventory.Seconds(up)),
		Cores:   inventory.Known(float64(cores)),
		Memory:  inventory.Known(inventory.Bytes(gib) * inventory.GiB),
		OS: inventory.OS{
			ID: inventory.Known(s.id), Version: inventory.Known(s.version), Name: inventory.Known(h.name(s.name)), Kernel: inventory.Known(s.kernel),
			Style: inventory.Known(s.style), Packages: inventory.Known(s.packages),
		},
	}
	if s.packages == 0 {
		m.OS.Packages = inventory.Absent[int]()
	}
	m.ID = linux.MachineID(m.Identity, name)
	k := &kit{plain: name, machine: m}
	use, _ := h.use(profile{busy: true}, cores*1000, gib*1024, up)
	k.machine.Usage = use
	return k
}

// disk adds a disk to a machine.
func (h *host) disk(k *kit, name string, class inventory.StorageClass) {
	k.storage = append(k.storage, inventory.Storage{
		ID: k.machine.ID + "/" + name, Machine: k.machine.ID, Name: name, Kind: inventory.Disk, Class: inventory.Known(class),
		Capacity: inventory.Known(inventory.Bytes(draw(h.dice, []int{240, 480, 960, 1920})) * inventory.GiB),
	})
}

// onArray puts the data of a machine on the array of its site, over a network of its own.
func (h *host) onArray(k *kit) {
	k.machine.Storage = inventory.Known(inventory.FCArray)
	k.machine.Hardware.Fabric = inventory.Known(inventory.FCBesideEthernet)
	k.storage = append(k.storage, inventory.Storage{
		ID: "array-" + h.site + "-1", Machine: k.machine.ID, Name: h.site + " array 1", Kind: inventory.Array,
		Class: inventory.Known(inventory.FCArray), Capacity: inventory.Known(40 * inventory.TiB), Detail: "NetApp AFF-A250",
	})
}

// observe is the look of the host source from inside a machine. What engines or a cluster tell comes on top.
func (h *host) observe(k *kit, more ...func(*inventory.Batch)) {
	o := inventory.Observation{Target: "host:" + k.plain, Scheme: "host"}
	m := k.machine
	processes := 90 + h.below(120)
	for i := range k.workloads {
		processes += k.workloads[i].Processes
	}
	m.Processes = inventory.Known(processes)
	m.Containers = inventory.Known(0)
	o.Workloads = k.workloads
	o.Storage = k.storage
	o.Networks = []inventory.Network{{ID: m.ID + "/bond0", Machine: m.ID, Name: "bond0", Kind: "bond", Class: inventory.Known(inventory.PhysicalNetwork)}}
	for _, f := range more {
		f(&o.Batch)
	}
	m.Containers = inventory.Known(len(o.Containers))
	h.loseMachine(&m)
	for i := range o.Workloads {
		w := &o.Workloads[i]
		lose(h, &w.Stateful, "whether workloads keep data", forRoot)
		lose(h, &w.Readiness, "readiness of workloads", forRoot)
		lose(h, &w.Usage.CPUSeconds, "CPU time of workloads", forRoot)
		lose(h, &w.Usage.Memory, "memory of workloads", forRoot)
		if w.Readiness.IsUnknown() {
			w.Findings = nil
		}
	}
	o.Machines = []inventory.Machine{m}
	h.emit(o, m.ID)
}

// loseMachine forgets some of what a look from inside a machine shows.
func (h *host) loseMachine(m *inventory.Machine) {
	lose(h, &m.Identity.UUID, "hardware UUID", forRoot)
	lose(h, &m.Identity.Serial, "serial number", forRoot)
	lose(h, &m.Processes, "processes of other users", forRoot)
	lose(h, &m.OS.Style, "style of the operating system", forRoot)
	lose(h, &m.OS.Packages, "installed packages", forRoot)
	lose(h, &m.OS.Version, "version of the operating system", forRoot)
	lose(h, &m.Storage, "where the data lives", forRoot)
	lose(h, &m.Network, "network of the workloads", forRoot)
	lose(h, &m.Management, "management", noAgent)
	lose(h, &m.Hardware.Model, "hardware model", forRoot)
	lose(h, &m.Hardware.Chassis, "chassis", forRoot)
	lose(h, &m.Hardware.Fabric, "storage adapters", forRoot)
}
