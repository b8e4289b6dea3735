//go:build linux

package host

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// Names as the kernel cuts them have to stay different, or one program would be taken for another by chance; and a
// program has one role.
func TestRoleTables(t *testing.T) {
	at := make(map[string]string) // role by program
	cut := make(map[string]string)
	roles := make(map[string]bool)
	add := func(name, programs string) {
		if name == "" || roles[name] {
			t.Errorf("the role %q is there twice, or has no name", name)
		}
		roles[name] = true
		for p := range strings.FieldsSeq(programs) {
			if other := at[p]; other != "" {
				t.Errorf("%q is %s and %s", p, other, name)
			}
			at[p] = name
			if len(p) > commLength && !strings.HasSuffix(p, "*") {
				if other := cut[p[:commLength]]; other != "" && other != name {
					t.Errorf("%q is cut to what may be %s or %s", p, other, name)
				}
				cut[p[:commLength]] = name
			}
		}
	}
	for _, f := range services {
		add(f.name, f.programs)
		if f.layer == "" || f.licensed && f.state == neverStateful {
			t.Errorf("%+v is not complete", f)
		}
	}
	for _, f := range plumbingRoles {
		add(f.name, f.programs)
	}
	for _, list := range agents {
		if list.function == "" || len(list.products) == 0 {
			t.Errorf("%+v is not complete", list)
		}
		for _, p := range list.products {
			add(p.name, p.programs)
		}
	}
	for p, name := range at {
		if strings.HasSuffix(p, "*") {
			p = strings.TrimSuffix(p, "*") + "x"
		}
		if r, ok := roleOf(p); !ok || r.name != name && at[p] == "" {
			t.Errorf("%q is %q, want %q", p, r.name, name)
		}
	}
	for p, name := range cut {
		if other := at[p]; other != "" && other != name {
			t.Errorf("%q may be %s, or %s cut off", p, other, name)
		}
	}
	for p := range vague {
		if r, ok := roleOf(p); !ok {
			t.Errorf("%q is said to be vague and is not known", p)
		} else if r.layer == "" {
			t.Errorf("%q: %+v", p, r)
		}
	}
}

// crowdOf is a crowd of a unit with the processes named, the first of which is the main one.
func crowdOf(unit string, comms ...string) *crowd {
	c := &crowd{unit: unit}
	for i, comm := range comms {
		q := &process{}
		q.PID, q.Comm, q.StartTicks = i+10, comm, uint64(i+1)
		c.members = append(c.members, q)
	}
	c.main = c.members[0]
	return c
}

// TestRolesOfCatalogue holds the rows of section 5.6 of the signal catalogue: programs and command lines, with the
// traits of their roles.
func TestRolesOfCatalogue(t *testing.T) {
	const bin = "/usr/bin/"
	for _, row := range []struct {
		process string // comm and arguments
		role    string
		layer   inventory.Layer
		state   string
		bound   bool // by a licence
	}{
		{"postgres :: /usr/lib/postgresql/15/bin/postgres -D /var/lib/x", "postgresql", serv, "true", false},
		{"postmaster", "postgresql", serv, "true", false},
		{"mysqld", "mysql", serv, "true", false}, {"mariadbd", "mariadb", serv, "true", false},
		{"ora_pmon_ORCL", "oracle-db", serv, "true", true}, {"tnslsnr", "oracle-db", serv, "true", true},
		{"sqlservr", "mssql", serv, "true", true}, {"db2sysc", "db2", serv, "true", true}, {"oninit", "informix", serv, "true", true},
		{"mongod", "mongodb", serv, "true", false}, {"mongos", "mongodb-router", serv, "false", false},
		{"redis-server", "redis", serv, "?", false}, {"valkey-server", "valkey", serv, "?", false}, {"keydb-server", "keydb", serv, "?", false}, {"memcached", "memcached", serv, "false", false},
		{"java :: java -cp x org.apache.cassandra.service.CassandraDaemon", "cassandra", serv, "true", false}, {"scylla", "scylla", serv, "true", false},
		{"java :: /jdk/bin/java -m org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch", "elasticsearch", serv, "true", false},
		{"java :: java org.opensearch.bootstrap.OpenSearch", "opensearch", serv, "true", false},
		{"java :: java -Dsolr.install.dir=/opt/solr -jar start.jar", "solr", serv, "true", false},
		{"etcd", "etcd", serv, "true", false}, {"consul", "consul", serv, "true", false},
		{"java :: java org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg", "zookeeper", serv, "true", false},
		{"influxd", "influxdb", serv, "true", false}, {"prometheus", "prometheus", serv, "true", false}, {"clickhouse-serv", "clickhouse", serv, "true", false},
		{"java :: java -cp x kafka.Kafka server.properties", "kafka", serv, "true", false}, {"java :: java org.apache.pulsar.PulsarBrokerStarter", "pulsar", serv, "true", false},
		{"beam.smp :: beam.smp -W w -sname rabbit@h", "rabbitmq", serv, "true", false}, {"beam.smp :: beam.smp -name VerneMQ@x -vernemq", "vernemq", serv, "true", false},
		{"beam.smp :: beam.smp -emqx", "emqx", serv, "true", false},
		{"java :: java -Dactivemq.home=/x -jar activemq.jar start", "activemq", serv, "true", false}, {"java :: java org.apache.activemq.artemis.boot.Artemis run", "artemis", serv, "true", false},
		{"nats-server", "nats", serv, "?", false}, {"mosquitto", "mosquitto", serv, "?", false}, {"amqzxma0", "ibm-mq", serv, "true", true}, {"runmqlsr", "ibm-mq", serv, "true", true},
		{"nginx", "nginx", serv, "false", false}, {"apache2", "apache", serv, "false", false}, {"httpd", "apache", serv, "false", false}, {"caddy", "caddy", serv, "false", false},
		{"haproxy", "haproxy", serv, "false", false}, {"envoy", "envoy", serv, "false", false}, {"traefik", "traefik", serv, "false", false}, {"varnishd", "varnish", serv, "false", false},
		{"squid", "squid", serv, "false", false}, {"lighttpd", "lighttpd", serv, "false", false},
		{"java :: java -Dx=y org.apache.catalina.startup.Bootstrap start", "tomcat", appl, "?", false}, {"jsvc :: jsvc.exec -user t -cp x org.apache.catalina.startup.Bootstrap", "tomcat", appl, "?", false},
		{"java :: java -jar jboss-modules.jar org.jboss.as.standalone", "jboss", appl, "?", false}, {"java :: java weblogic.Server", "weblogic", appl, "?", true},
		{"java :: java com.ibm.wsspi.bootstrap.WSPreLauncher -nosplash", "websphere", appl, "?", true}, {"java :: java com.ibm.ws.kernel.boot.cmdline.EnvCheck defaultServer", "websphere", appl, "?", true},
		{"java :: java -jar /opt/shop.jar", "java", appl, "?", false}, {"java :: java org.springframework.boot.loader.launch.JarLauncher", "spring-boot", appl, "?", false},
		{"gunicorn :: gunicorn: master", "gunicorn", appl, "false", false}, {"python3 :: python3 " + bin + "gunicorn app:app", "gunicorn", appl, "false", false}, {"python3 :: python3 -m uvicorn app:app", "uvicorn", appl, "false", false},
		{"uwsgi", "uwsgi", appl, "false", false}, {"ruby :: puma 5.6 (tcp://0.0.0.0:3000)", "puma", appl, "false", false}, {"ruby :: ruby /x/unicorn -D", "unicorn", appl, "false", false},
		{"php-fpm8.2", "php-fpm", appl, "false", false}, {"node :: node server.js", "nodejs", appl, "?", false}, {"dotnet", "dotnet", appl, "?", false},
		{"java :: java org.apache.hadoop.hdfs.server.namenode.NameNode", "hdfs", serv, "true", false}, {"java :: java org.apache.hadoop.yarn.server.nodemanager.NodeManager", "yarn", serv, "?", false},
		{"java :: java org.apache.spark.deploy.master.Master", "spark", appl, "?", false}, {"java :: java org.apache.hadoop.hbase.master.HMaster start", "hbase", serv, "true", false},
		{"java :: java org.apache.hadoop.hive.metastore.HiveMetaStore", "hive", serv, "?", false}, {"airflow :: airflow scheduler", "airflow", appl, "?", false}, {"python :: python3.11 " + bin + "airflow webserver", "airflow", appl, "?", false},
		{"slapd", "openldap", serv, "true", false}, {"ns-slapd", "389-ds", serv, "true", false}, {"unbound", "unbound", serv, "false", false}, {"dnsmasq", "dnsmasq", serv, "?", false},
		{"dovecot", "dovecot", serv, "true", false}, {"exim4", "exim", serv, "?", false}, {"smbd", "samba", serv, "true", false}, {"vsftpd", "vsftpd", serv, "?", false}, {"ganesha.nfsd", "nfs", serv, "true", false},
		{"sapstartsrv", "sap", appl, "true", true}, {"disp+work", "sap", appl, "true", true}, {"hdbindexserver", "sap-hana", serv, "true", true}, {"hdbnameserver", "sap-hana", serv, "true", true},
		{"gitlab-workhors", "gitlab", appl, "true", false}, {"java :: java -jar /usr/share/java/jenkins.war", "jenkins", appl, "true", false}, {"java :: java org.sonatype.nexus.karaf.NexusMain", "nexus", appl, "true", false}, {"harbor_core", "harbor", appl, "true", false},
		{"longhorn-manage", "longhorn", infra, "true", false}, {"longhorn", "longhorn", infra, "true", false}, {"ceph-osd", "ceph", infra, "true", false}, {"glusterfsd", "gluster", infra, "true", false},
		{"java :: java com.linbit.linstor.core.Satellite", "linstor", infra, "true", false}, {"linstor-Satelli", "linstor", infra, "true", false},
		{"lmgrd", "licence-server", serv, "?", true},
		{"something :: /opt/something", "", appl, "?", false}, {"python3 :: python3 job.py --x org.elasticsearch", "", appl, "?", false}, {"python3 :: python3 -c gunicorn", "", appl, "?", false},
	} {
		name, state := row.role, "unknown"
		if row.state != "?" {
			state = row.state
		}
		w := onlyWorkload(t, row.process)
		bound := slices.ContainsFunc(w.Findings, func(f inventory.Finding) bool { return f.ID == "licence" })
		if got := w.Stateful.String(); w.Role != name || w.Layer != row.layer || !strings.HasPrefix(got, state) || bound != row.bound {
			t.Errorf("%s: role %q, layer %s, stateful %s, bound %t; want %q, %s, %s, %t", row.process, w.Role, w.Layer, got, bound, name, row.layer, state, row.bound)
		}
	}
}

// onlyWorkload reads a machine on which one service runs that consists of one process: comm and arguments.
func onlyWorkload(t *testing.T, process string) inventory.Workload {
	t.Helper()
	comm, rest, _ := strings.Cut(process, " ")
	files := make(map[string]string)
	plantProcess(t, files, "50 1 "+comm+" cg=/system.slice/work.service "+rest)
	b := machineWith(t, files)
	for _, w := range b.Workloads {
		if w.Name == "work" {
			return w
		}
	}
	t.Fatalf("%s: no workload in %+v", process, b.Workloads)
	return inventory.Workload{}
}

// What belongs to the system is no work: the skip list of section 5.4, by program and by unit.
func TestPlumbingOfCatalogue(t *testing.T) {
	for _, comm := range []string{
		"systemd-journal", "systemd-udevd", "systemd-logind", "systemd-network", "systemd-timesyn", "dbus-daemon", "dbus-broker-lau", "polkitd", "agetty", "cron", "crond", "atd",
		"rsyslogd", "sshd", "chronyd", "ntpd", "NetworkManager", "wpa_supplicant", "irqbalance", "auditd", "sssd", "snapd", "packagekitd", "ModemManager", "multipathd",
		"dmeventd", "mdadm", "smartd", "lldpd", "pause", "dockerd", "kubelet", "libvirtd", "ovs-vswitchd", "calico-node",
	} {
		if r, ok := roleOf(comm); !ok || r.layer != infra || r.function != "" {
			t.Errorf("%q: %+v, %t", comm, r, ok)
		}
	}
	for _, unit := range []string{"systemd-resolved", "dbus", "polkit", "getty@tty1", "serial-getty@ttyS0", "cron", "rsyslog", "ssh", "chrony", "firewalld", "tuned", "lvm2-monitor", "mdmonitor", "wpa_supplicant@wlan0"} {
		c := crowdOf(unit+".service", "unheard-of")
		if w := (&look{fs: linux.NewFS(t.TempDir())}).workload(c); w.Layer != infra {
			t.Errorf("%s: layer %q", unit, w.Layer)
		}
	}
	for _, command := range []string{"/usr/bin/python3 -Es /usr/sbin/tuned -l", "python3 /usr/bin/firewalld --nofork", "python3 /usr/bin/fail2ban-server -xf", "python3 -u /usr/sbin/waagent -daemon"} {
		if w := onlyWorkload(t, "python3 :: "+command); w.Layer != infra {
			t.Errorf("%s: %+v", command, w)
		}
	}
}

// Agents of section 4.2 by what they do.
func TestAgents(t *testing.T) {
	for comm, want := range map[string]inventory.AgentFunction{
		"zabbix_agentd": inventory.MonitoringAgent, "zabbix_agent2": inventory.MonitoringAgent, "node_exporter": inventory.MonitoringAgent, "prometheus-node": inventory.MonitoringAgent,
		"trace-agent": inventory.MonitoringAgent, "newrelic-infra": inventory.MonitoringAgent, "telegraf": inventory.MonitoringAgent,
		"filebeat": inventory.LoggingAgent, "fluent-bit": inventory.LoggingAgent, "splunkd": inventory.LoggingAgent,
		"ossec-syscheckd": inventory.SecurityAgent, "wazuh-agentd": inventory.SecurityAgent, "falcon-sensor": inventory.SecurityAgent, "ds_agent": inventory.SecurityAgent,
		"mdatp": inventory.SecurityAgent, "sentinelone-age": inventory.SecurityAgent, "clamd": inventory.SecurityAgent,
		"bacula-fd": inventory.BackupAgent, "veeamservice": inventory.BackupAgent, "nbftclnt": inventory.BackupAgent, "rclone": inventory.BackupAgent,
		"anydesk": inventory.RemoteControlAgent, "teamviewerd": inventory.RemoteControlAgent, "rustdesk": inventory.RemoteControlAgent, "meshagent": inventory.RemoteControlAgent, "tacticalagent": inventory.RemoteControlAgent,
		"amazon-ssm-agen": inventory.ConfigurationAgent, "cf-execd": inventory.ConfigurationAgent,
		"glpi-agent": inventory.InventoryAgent, "qemu-ga": inventory.GuestAgent, "vmtoolsd": inventory.GuestAgent, "google_guest_ag": inventory.GuestAgent,
	} {
		if r, ok := roleOf(comm); !ok || r.function != want || r.layer != infra {
			t.Errorf("%q: %+v, %t; want %q", comm, r, ok, want)
		}
	}
	for command, want := range map[string]inventory.AgentFunction{
		"python3 :: python3 /usr/bin/salt-minion": inventory.ConfigurationAgent, "ruby :: ruby /opt/puppetlabs/puppet/bin/puppet agent": inventory.ConfigurationAgent,
		"perl :: perl /usr/bin/ocsinventory-agent -d": inventory.InventoryAgent, "qemu-ga": inventory.GuestAgent,
	} {
		if w := onlyWorkload(t, command); w.Function != want || w.Layer != infra {
			t.Errorf("%s: %+v; want %q", command, w, want)
		}
	}
}

// A name that says little needs a second hit: a port, a companion or the unit.
func TestVagueNames(t *testing.T) {
	master := crowdOf("mail.service", "master", "smtpd")
	if r, ok := master.roleBy("master"); ok {
		t.Errorf("a program named master is taken for %s", r.name)
	}
	master.reach.waits(listener{Protocol: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:25")})
	if r, ok := master.roleBy("master"); !ok || r.name != "postfix" {
		t.Errorf("with port 25: %+v, %t", r, ok)
	}
	for _, c := range []*crowd{crowdOf("postfix@-.service", "master"), crowdOf("x.service", "master", "qmgr", "pickup")} {
		if r, ok := c.roleBy("master"); !ok || r.name != "postfix" {
			t.Errorf("%s: %+v, %t", c.unit, r, ok)
		}
	}
	// A port alone is no proof.
	port := crowdOf("x.service", "thing")
	port.reach.waits(listener{Protocol: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:5432")})
	if r, ok := port.roleBy("thing"); ok {
		t.Errorf("got %+v", r)
	}
}

// Every name under which an interpreter's program is recognised is that of a role.
func TestInterpretedRolesAreKnown(t *testing.T) {
	names := linux.InterpretedRoles()
	for _, name := range names {
		if r := roleRun(name); len(r.ports) == 0 && r.layer == appl && r.state == maybeStateful {
			if _, ok := known.named[name]; !ok {
				t.Errorf("%q is in no table", name)
			}
		}
	}
	if n := len(names); n < 50 {
		t.Errorf("only %d names", n)
	}
}
