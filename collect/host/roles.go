package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A role is what a program is for.
type role struct {
	name     string // postgresql; empty where it is not recognised
	layer    inventory.Layer
	state    stateful
	licensed bool // a licence or a support contract may bind it to a machine
}

// stateful says whether a program of a role keeps data that must outlive it.
type stateful int

const (
	maybeStateful stateful = iota
	alwaysStateful
	neverStateful
)

// Short forms for the table below.
const (
	infra = inventory.Infrastructure
	serv  = inventory.Service
	appl  = inventory.Application
)

// roles are the programs that are recognised by the name of their file or process, for services and
// application servers, or as plumbing of systems and agents.
var roles = map[string]role{
	// Databases.
	"postgres": {"postgresql", serv, alwaysStateful, false}, "postmaster": {"postgresql", serv, alwaysStateful, false},
	"mysqld": {"mysql", serv, alwaysStateful, false}, "mariadbd": {"mariadb", serv, alwaysStateful, false},
	"tnslsnr": {"oracle-db", serv, alwaysStateful, true}, "sqlservr": {"mssql", serv, alwaysStateful, true},
	"db2sysc": {"db2", serv, alwaysStateful, true}, "oninit": {"informix", serv, alwaysStateful, true},
	"dataserver": {"sybase", serv, alwaysStateful, true},
	"mongod":     {"mongodb", serv, alwaysStateful, false}, "mongos": {"mongodb", serv, neverStateful, false},
	"redis-server": {"redis", serv, maybeStateful, false}, "valkey-server": {"valkey", serv, maybeStateful, false},
	"keydb-server": {"keydb", serv, maybeStateful, false}, "memcached": {"memcached", serv, neverStateful, false},
	"scylla": {"scylla", serv, alwaysStateful, false}, "influxd": {"influxdb", serv, alwaysStateful, false},
	"prometheus": {"prometheus", serv, alwaysStateful, false}, "clickhouse-server": {"clickhouse", serv, alwaysStateful, false},
	"clickhouse": {"clickhouse", serv, alwaysStateful, false}, "cockroach": {"cockroachdb", serv, alwaysStateful, false},
	"pgbouncer": {"pgbouncer", serv, neverStateful, false}, "neo4j": {"neo4j", serv, alwaysStateful, false},
	"victoria-metrics": {"victoria-metrics", serv, alwaysStateful, false}, "loki": {"loki", serv, alwaysStateful, false},
	"hdbindexserver": {"sap-hana", serv, alwaysStateful, true}, "hdbnameserver": {"sap-hana", serv, alwaysStateful, true},
	// Coordination, queues.
	"etcd": {"etcd", serv, alwaysStateful, false}, "consul": {"consul", serv, alwaysStateful, false},
	"vault": {"vault", serv, alwaysStateful, false}, "nats-server": {"nats", serv, maybeStateful, false},
	"mosquitto": {"mosquitto", serv, maybeStateful, false}, "amqzxma0": {"ibm-mq", serv, alwaysStateful, true},
	"runmqlsr": {"ibm-mq", serv, alwaysStateful, true}, "rabbitmq-server": {"rabbitmq", serv, alwaysStateful, false},
	// Web servers, proxies, caches.
	"nginx": {"nginx", serv, neverStateful, false}, "apache2": {"apache", serv, neverStateful, false},
	"httpd": {"apache", serv, neverStateful, false}, "caddy": {"caddy", serv, neverStateful, false},
	"haproxy": {"haproxy", serv, neverStateful, false}, "envoy": {"envoy", serv, neverStateful, false},
	"traefik": {"traefik", serv, neverStateful, false}, "varnishd": {"varnish", serv, neverStateful, false},
	"squid": {"squid", serv, neverStateful, false}, "lighttpd": {"lighttpd", serv, neverStateful, false},
	// Directories, names, mail, files.
	"slapd": {"openldap", serv, alwaysStateful, false}, "ns-slapd": {"389-ds", serv, alwaysStateful, false},
	"named": {"bind", serv, maybeStateful, false}, "unbound": {"unbound", serv, neverStateful, false},
	"dnsmasq": {"dnsmasq", serv, maybeStateful, false}, "coredns": {"coredns", serv, neverStateful, false},
	"dovecot": {"dovecot", serv, alwaysStateful, false}, "exim4": {"exim", serv, maybeStateful, false},
	"smbd": {"samba", serv, alwaysStateful, false}, "vsftpd": {"vsftpd", serv, maybeStateful, false},
	"krb5kdc": {"kerberos", serv, alwaysStateful, false}, "minio": {"minio", serv, alwaysStateful, false},
	"grafana": {"grafana", serv, maybeStateful, false}, "grafana-server": {"grafana", serv, maybeStateful, false},
	"registry": {"registry", serv, alwaysStateful, false},
	// Application servers and tools.
	"php-fpm": {"php-fpm", appl, neverStateful, false}, "gunicorn": {"gunicorn", appl, neverStateful, false},
	"uwsgi": {"uwsgi", appl, neverStateful, false}, "puma": {"puma", appl, neverStateful, false},
	"unicorn": {"unicorn", appl, neverStateful, false}, "dotnet": {"dotnet", appl, maybeStateful, false},
	"node": {"nodejs", appl, maybeStateful, false}, "nodejs": {"nodejs", appl, maybeStateful, false},
	"sapstartsrv": {"sap", appl, alwaysStateful, true}, "disp+work": {"sap", appl, alwaysStateful, true},
	"gitlab-workhorse": {"gitlab", appl, alwaysStateful, false}, "gitea": {"gitea", appl, alwaysStateful, false},

	// Engines, orchestrators, hypervisors.
	"dockerd": {"docker", infra, maybeStateful, false}, "containerd": {"containerd", infra, maybeStateful, false},
	"podman": {"podman", infra, maybeStateful, false}, "crio": {"cri-o", infra, maybeStateful, false},
	"buildkitd": {"buildkit", infra, maybeStateful, false}, "kubelet": {"kubelet", infra, maybeStateful, false},
	"kube-proxy": {"kube-proxy", infra, neverStateful, false}, "kube-apiserver": {"kubernetes", infra, neverStateful, false},
	"kube-scheduler": {"kubernetes", infra, neverStateful, false}, "kube-controller-manager": {"kubernetes", infra, neverStateful, false},
	"k3s": {"k3s", infra, maybeStateful, false}, "k3s-server": {"k3s", infra, maybeStateful, false},
	"k3s-agent": {"k3s", infra, maybeStateful, false}, "nomad": {"nomad", infra, maybeStateful, false},
	"libvirtd": {"libvirt", infra, maybeStateful, false}, "virtlogd": {"libvirt", infra, maybeStateful, false},
	"virtlockd": {"libvirt", infra, maybeStateful, false}, "virtqemud": {"libvirt", infra, maybeStateful, false},
	"lxd": {"lxd", infra, maybeStateful, false}, "incusd": {"incus", infra, maybeStateful, false},
	"lxcfs": {"lxc", infra, neverStateful, false}, "qemu-ga": {"guest-agent", infra, neverStateful, false},
	"vmtoolsd": {"guest-agent", infra, neverStateful, false}, "VBoxService": {"guest-agent", infra, neverStateful, false},
	"hv_kvp_daemon": {"guest-agent", infra, neverStateful, false}, "xe-daemon": {"guest-agent", infra, neverStateful, false},
	"waagent": {"guest-agent", infra, neverStateful, false}, "pause": {"pause", infra, neverStateful, false},
	"catatonit": {"pause", infra, neverStateful, false}, "ovs-vswitchd": {"openvswitch", infra, maybeStateful, false},
	"ovsdb-server": {"openvswitch", infra, maybeStateful, false}, "ovn-controller": {"ovn", infra, neverStateful, false},
	"calico-node": {"calico", infra, neverStateful, false}, "cilium-agent": {"cilium", infra, neverStateful, false},
	"flanneld": {"flannel", infra, neverStateful, false}, "bird": {"bird", infra, neverStateful, false},
	"keepalived": {"keepalived", infra, neverStateful, false}, "corosync": {"corosync", infra, maybeStateful, false},
	"pacemakerd": {"pacemaker", infra, maybeStateful, false}, "pmxcfs": {"proxmox", infra, maybeStateful, false},
	"pvedaemon": {"proxmox", infra, maybeStateful, false}, "pveproxy": {"proxmox", infra, maybeStateful, false},
	"pvestatd": {"proxmox", infra, maybeStateful, false}, "ceph-osd": {"ceph", infra, alwaysStateful, false},
	"ceph-mon": {"ceph", infra, alwaysStateful, false}, "ceph-mgr": {"ceph", infra, maybeStateful, false},
	"ceph-mds": {"ceph", infra, maybeStateful, false}, "radosgw": {"ceph", infra, neverStateful, false},
	"glusterd": {"gluster", infra, alwaysStateful, false}, "glusterfsd": {"gluster", infra, alwaysStateful, false},

	// The system's own.
	"systemd": {"init", infra, neverStateful, false}, "init": {"init", infra, neverStateful, false},
	"(sd-pam)": {"init", infra, neverStateful, false}, "udevd": {"udev", infra, neverStateful, false},
	"dbus-daemon": {"dbus", infra, neverStateful, false}, "dbus-broker": {"dbus", infra, neverStateful, false},
	"dbus-broker-launch": {"dbus", infra, neverStateful, false}, "polkitd": {"polkit", infra, neverStateful, false},
	"agetty": {"getty", infra, neverStateful, false}, "getty": {"getty", infra, neverStateful, false},
	"mingetty": {"getty", infra, neverStateful, false}, "login": {"login", infra, neverStateful, false},
	"cron": {"cron", infra, neverStateful, false}, "crond": {"cron", infra, neverStateful, false},
	"atd": {"cron", infra, neverStateful, false}, "anacron": {"cron", infra, neverStateful, false},
	"rsyslogd": {"syslog", infra, neverStateful, false}, "syslog-ng": {"syslog", infra, neverStateful, false},
	"syslogd": {"syslog", infra, neverStateful, false}, "klogd": {"syslog", infra, neverStateful, false},
	"sshd": {"sshd", infra, neverStateful, false}, "sshd-session": {"sshd", infra, neverStateful, false},
	"dropbear": {"sshd", infra, neverStateful, false}, "ssh-agent": {"sshd", infra, neverStateful, false},
	"chronyd": {"ntp", infra, neverStateful, false}, "ntpd": {"ntp", infra, neverStateful, false},
	"NetworkManager": {"network", infra, neverStateful, false}, "wpa_supplicant": {"network", infra, neverStateful, false},
	"dhclient": {"network", infra, neverStateful, false}, "dhcpcd": {"network", infra, neverStateful, false},
	"udhcpc": {"network", infra, neverStateful, false}, "networkd-dispatcher": {"network", infra, neverStateful, false},
	"ModemManager": {"network", infra, neverStateful, false}, "firewalld": {"firewall", infra, neverStateful, false},
	"fail2ban": {"firewall", infra, neverStateful, false}, "fail2ban-server": {"firewall", infra, neverStateful, false},
	"lldpd": {"network", infra, neverStateful, false}, "avahi-daemon": {"network", infra, neverStateful, false},
	"tuned": {"tuning", infra, neverStateful, false}, "irqbalance": {"tuning", infra, neverStateful, false},
	"thermald": {"tuning", infra, neverStateful, false}, "power-profiles-daemon": {"tuning", infra, neverStateful, false},
	"acpid": {"tuning", infra, neverStateful, false}, "haveged": {"tuning", infra, neverStateful, false},
	"rngd": {"tuning", infra, neverStateful, false}, "auditd": {"audit", infra, neverStateful, false},
	"sssd": {"sssd", infra, neverStateful, false}, "winbindd": {"sssd", infra, neverStateful, false},
	"nscd": {"sssd", infra, neverStateful, false}, "nslcd": {"sssd", infra, neverStateful, false},
	"snapd": {"packages", infra, neverStateful, false}, "packagekitd": {"packages", infra, neverStateful, false},
	"unattended-upgrades": {"packages", infra, neverStateful, false}, "fwupd": {"packages", infra, neverStateful, false},
	"accounts-daemon": {"desktop", infra, neverStateful, false}, "udisksd": {"storage", infra, neverStateful, false},
	"gdm3": {"desktop", infra, neverStateful, false}, "gdm": {"desktop", infra, neverStateful, false},
	"upowerd": {"desktop", infra, neverStateful, false}, "multipathd": {"storage", infra, neverStateful, false},
	"lvmetad": {"storage", infra, neverStateful, false}, "dmeventd": {"storage", infra, neverStateful, false},
	"lvmpolld": {"storage", infra, neverStateful, false}, "mdadm": {"storage", infra, neverStateful, false},
	"smartd": {"storage", infra, neverStateful, false}, "iscsid": {"storage", infra, neverStateful, false},
	"rpcbind": {"storage", infra, neverStateful, false}, "rpc.statd": {"storage", infra, neverStateful, false},
	"rpc.mountd": {"storage", infra, neverStateful, false}, "zed": {"storage", infra, neverStateful, false},
	"ipmievd": {"hardware", infra, neverStateful, false}, "watchdog": {"hardware", infra, neverStateful, false},
	"gssproxy": {"sssd", infra, neverStateful, false}, "oddjobd": {"sssd", infra, neverStateful, false},
	"rtkit-daemon": {"desktop", infra, neverStateful, false}, "cupsd": {"desktop", infra, neverStateful, false},
	"supervisord": {"supervisor", infra, neverStateful, false}, "runsvdir": {"supervisor", infra, neverStateful, false},
	"s6-svscan": {"supervisor", infra, neverStateful, false},

	// Agents: monitoring, logs, security, backup, configuration.
	"zabbix_agentd": {"agent-monitoring", infra, neverStateful, false}, "zabbix_agent2": {"agent-monitoring", infra, neverStateful, false},
	"node_exporter": {"agent-monitoring", infra, neverStateful, false}, "prometheus-node-exporter": {"agent-monitoring", infra, neverStateful, false},
	"telegraf": {"agent-monitoring", infra, neverStateful, false}, "collectd": {"agent-monitoring", infra, neverStateful, false},
	"netdata": {"agent-monitoring", infra, neverStateful, false}, "snmpd": {"agent-monitoring", infra, neverStateful, false},
	"nrpe": {"agent-monitoring", infra, neverStateful, false}, "cadvisor": {"agent-monitoring", infra, neverStateful, false},
	"pmcd": {"agent-monitoring", infra, neverStateful, false}, "grafana-agent": {"agent-monitoring", infra, neverStateful, false},
	"alloy": {"agent-monitoring", infra, neverStateful, false}, "otelcol": {"agent-monitoring", infra, neverStateful, false},
	"filebeat": {"agent-logs", infra, neverStateful, false}, "metricbeat": {"agent-monitoring", infra, neverStateful, false},
	"fluent-bit": {"agent-logs", infra, neverStateful, false}, "fluentd": {"agent-logs", infra, neverStateful, false},
	"promtail": {"agent-logs", infra, neverStateful, false}, "vector": {"agent-logs", infra, neverStateful, false},
	"splunkd": {"agent-logs", infra, neverStateful, false}, "falcon-sensor": {"agent-security", infra, neverStateful, false},
	"ds_agent": {"agent-security", infra, neverStateful, false}, "clamd": {"agent-security", infra, neverStateful, false},
	"freshclam": {"agent-security", infra, neverStateful, false}, "falco": {"agent-security", infra, neverStateful, false},
	"nbftclnt": {"agent-backup", infra, neverStateful, false}, "cvd": {"agent-backup", infra, neverStateful, false},
	"bacula-fd": {"agent-backup", infra, neverStateful, false}, "salt-minion": {"agent-config", infra, neverStateful, false},
	"puppet": {"agent-config", infra, neverStateful, false}, "chef-client": {"agent-config", infra, neverStateful, false},
	"cf-execd": {"agent-config", infra, neverStateful, false}, "cf-serverd": {"agent-config", infra, neverStateful, false},
	"amazon-ssm-agent": {"agent-config", infra, neverStateful, false}, "google_guest_agent": {"guest-agent", infra, neverStateful, false},
	"teamviewerd": {"agent-remote", infra, neverStateful, false}, "anydesk": {"agent-remote", infra, neverStateful, false},
	"rustdesk": {"agent-remote", infra, neverStateful, false}, "meshagent": {"agent-remote", infra, neverStateful, false},
	// Licence servers: bound to hardware, and to what they serve.
	"lmgrd": {"licence-server", serv, maybeStateful, true}, "hasplmd": {"licence-server", serv, maybeStateful, true},
	"aksusbd": {"licence-server", serv, maybeStateful, true}, "CodeMeterLin": {"licence-server", serv, maybeStateful, true},
	// What runs in interpreters, by the names that linux.InterpretedRole gives.
	"cassandra": {"cassandra", serv, alwaysStateful, false}, "elasticsearch": {"elasticsearch", serv, alwaysStateful, false},
	"opensearch": {"opensearch", serv, alwaysStateful, false}, "solr": {"solr", serv, alwaysStateful, false},
	"zookeeper": {"zookeeper", serv, alwaysStateful, false}, "kafka": {"kafka", serv, alwaysStateful, false},
	"pulsar": {"pulsar", serv, alwaysStateful, false}, "activemq": {"activemq", serv, alwaysStateful, false},
	"tomcat": {"tomcat", appl, maybeStateful, false}, "jboss": {"jboss", appl, maybeStateful, false},
	"weblogic": {"weblogic", appl, maybeStateful, true}, "websphere": {"websphere", appl, maybeStateful, true},
	"jenkins": {"jenkins", appl, alwaysStateful, false}, "linstor": {"linstor", infra, alwaysStateful, false},
	"hadoop": {"hadoop", serv, alwaysStateful, false}, "spark": {"spark", appl, maybeStateful, false},
	"hbase": {"hbase", serv, alwaysStateful, false}, "rabbitmq": {"rabbitmq", serv, alwaysStateful, false},
	"vernemq": {"vernemq", serv, alwaysStateful, false}, "emqx": {"emqx", serv, alwaysStateful, false},
}

// rolePrefixes recognise families of programs by how their names begin.
var rolePrefixes = []struct {
	prefix string
	role   role
}{
	{"systemd-", role{"systemd", infra, neverStateful, false}},
	{"ora_pmon_", role{"oracle-db", serv, alwaysStateful, true}},
	{"ora_", role{"oracle-db", serv, alwaysStateful, true}},
	{"php-fpm", role{"php-fpm", appl, neverStateful, false}},
	{"gitlab-", role{"gitlab", appl, alwaysStateful, false}},
	{"gdm-", role{"desktop", infra, neverStateful, false}},
	{"pipewire", role{"desktop", infra, neverStateful, false}},
	{"ossec-", role{"agent-security", infra, neverStateful, false}},
	{"wazuh-", role{"agent-security", infra, neverStateful, false}},
	{"newrelic-", role{"agent-monitoring", infra, neverStateful, false}},
	{"datadog-", role{"agent-monitoring", infra, neverStateful, false}},
	{"mdatp", role{"agent-security", infra, neverStateful, false}},
	{"wdavdaemon", role{"agent-security", infra, neverStateful, false}},
	{"sentinelone", role{"agent-security", infra, neverStateful, false}},
	{"veeam", role{"agent-backup", infra, neverStateful, false}},
	{"bacula-", role{"agent-backup", infra, neverStateful, false}},
	{"lvm2-", role{"storage", infra, neverStateful, false}},
	{"longhorn", role{"longhorn", infra, alwaysStateful, false}},
	{"linstor", role{"linstor", infra, alwaysStateful, false}},
	{"snap.lxd", role{"lxd", infra, maybeStateful, false}},
	{"qemu-nbd", role{"storage", infra, neverStateful, false}},
}

// commLength is how much of a name the kernel keeps.
const commLength = 15

// roleOf recognises a program by its name, which may be cut off where the kernel gave it. False where it is not
// known.
func roleOf(program string) (role, bool) {
	if r, ok := roles[program]; ok {
		return r, true
	}
	if len(program) == commLength {
		for name, r := range roles {
			if len(name) > commLength && name[:commLength] == program {
				return r, true
			}
		}
	}
	for _, p := range rolePrefixes {
		if strings.HasPrefix(program, p.prefix) {
			return p.role, true
		}
	}
	return role{}, false
}

// shells and wrappers start the program that matters, or stand by while it runs.
var wrappers = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true, "fish": true, "busybox": true,
	"tini": true, "dumb-init": true, "docker-init": true, "catatonit": true, "su": true, "sudo": true, "runuser": true,
	"env": true, "nohup": true, "timeout": true, "nice": true, "setsid": true, "gosu": true, "su-exec": true,
	"s6-svscan": true, "s6-supervise": true, "supervise-daemo": true, "start-stop-daem": true, "mysqld_safe": true,
	"screen": true, "SCREEN": true, "tmux: server": true, "sleep": true, "tail": true, "xargs": true,
}
