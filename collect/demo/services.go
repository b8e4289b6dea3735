package demo

import (
	"github.com/infraopt/infraopt/collect/inventory"
)

// A service is work that runs straight on an operating system.
type service struct {
	name, role, command string
	layer               inventory.Layer
	stateful            bool
	readiness           inventory.Readiness
	findings            []inventory.Finding
}

var (
	keepsData = inventory.Finding{ID: "stateful", Severity: inventory.Info, Text: "keeps data that must outlive the container", Source: "role"}
	licensed  = inventory.Finding{ID: "licence", Severity: inventory.Warning, Text: "a licence or support contract may bind it to a machine", Source: "role"}
	hugePages = inventory.Finding{ID: "huge-pages", Severity: inventory.Warning, Text: "uses 16384 MiB of huge pages", Source: "status HugetlbPages"}
	realTime  = inventory.Finding{ID: "real-time", Severity: inventory.Warning, Text: "real-time scheduling (policy 1, priority 50)", Source: "stat fields 40, 41"}
	modules   = inventory.Finding{ID: "capability", Severity: inventory.Blocker, Text: "runs as an ordinary user with CAP_SYS_MODULE", Source: "status CapEff"}
)

var services = []service{
	{"postgresql@15-main", "postgresql", "postgres", inventory.Service, true, inventory.ReadyWithWork, []inventory.Finding{keepsData}},
	{"nginx", "nginx", "nginx", inventory.Service, false, inventory.Ready, nil},
	{"tomcat-billing", "tomcat", "java", inventory.Application, false, inventory.Ready, nil},
	{"mariadb", "mariadb", "mariadbd", inventory.Service, true, inventory.ReadyWithWork, []inventory.Finding{keepsData}},
	{"oracle-erp", "oracle-db", "tnslsnr", inventory.Service, true, inventory.ReadyWithWork, []inventory.Finding{hugePages, licensed, keepsData}},
	{"php8.2-fpm", "php-fpm", "php-fpm", inventory.Application, false, inventory.Ready, nil},
	{"redis-server", "redis", "redis-server", inventory.Service, false, inventory.Ready, nil},
	{"pbx", "", "asterisk", inventory.Application, false, inventory.ReadyWithWork, []inventory.Finding{realTime}},
	{"backup-agent", "", "bkpd", inventory.Application, false, inventory.Hard, []inventory.Finding{modules}},
	{"orders", "jvm", "java", inventory.Application, false, inventory.Ready, nil},
	{"haproxy", "haproxy", "haproxy", inventory.Service, false, inventory.Ready, nil},
	{"rabbitmq-server", "rabbitmq", "beam.smp", inventory.Service, true, inventory.ReadyWithWork, []inventory.Finding{keepsData}},
}

// plumbing is on every machine, and is no workload.
var plumbing = []service{
	{"cron", "cron", "cron", inventory.Infrastructure, false, inventory.Ready, nil},
	{"ssh", "sshd", "sshd", inventory.Infrastructure, false, inventory.Ready, nil},
}

// services puts so many different services on a machine, beside its plumbing.
func (h *host) services(k *kit, n int) []inventory.Workload {
	var out []inventory.Workload
	first := h.below(len(services))
	for i := range n {
		s := services[(first+5*i)%len(services)] // 5 and 12 have no common divisor: no service twice
		out = append(out, h.workload(k, &s, h.profile(85, 0), n))
	}
	for i := range plumbing {
		out = append(out, h.workload(k, &plumbing[i], profile{}, 20))
	}
	return out
}

// workload makes up one service that may take a share of its machine.
func (h *host) workload(k *kit, s *service, p profile, among int) inventory.Workload {
	w := inventory.Workload{
		ID: k.machine.ID + "/" + s.name, Machine: k.machine.ID, Name: h.name(s.name), Unit: h.name(s.name + ".service"), Role: s.role, Layer: s.layer,
		Processes: h.between(1, 24), Command: s.command, Stateful: inventory.Known(s.stateful),
		Readiness: inventory.Known(s.readiness), Findings: s.findings,
	}
	w.Usage, w.Demand = h.use(p, k.cores()*1000/among, k.gib()*1024/among, int(k.machine.Uptime.Or(0)))
	return w
}
