package linux

import (
	"slices"
	"strings"
)

// interpreters run programs of others: what they run says more than they do.
var interpreters = map[string]bool{
	"java": true, "jsvc": true, "jsvc.exec": true, "node": true, "nodejs": true, "perl": true, "ruby": true, "php": true,
	"beam.smp": true, "python": true, "python2": true, "python3": true, "bash": true, "sh": true, "dash": true,
	"platform-python": true, "tclsh": true,
}

// Interpreter reports whether a program is one that runs programs of others: java, python3.11, node.
func Interpreter(program string) bool {
	if interpreters[program] {
		return true
	}
	for _, family := range []string{"python2.", "python3.", "php", "ruby", "perl5."} {
		if rest, ok := strings.CutPrefix(program, family); ok && rest != "" && strings.Trim(rest, "0123456789.") == "" {
			return true
		}
	}
	return false
}

// A mark is what shows on a command line which program an interpreter runs. Command lines are searched for these and
// for nothing else.
type mark struct {
	text string // main class or property: how an argument begins; script, module or archive: its whole name
	role string
}

// classes are main classes of Java, and properties and modules that only one program is started with. Longer ones
// stand before shorter ones that they begin with.
var classes = []mark{
	{"org.apache.cassandra.service.CassandraDaemon", "cassandra"},
	{"com.scylladb.", "scylla"},
	{"org.elasticsearch.", "elasticsearch"},
	{"org.opensearch.", "opensearch"},
	{"-Dsolr.install.dir", "solr"},
	{"org.logstash.", "logstash"},
	{"org.neo4j.", "neo4j"},
	{"com.neo4j.", "neo4j"},
	{"org.apache.zookeeper.server.", "zookeeper"},
	{"kafka.Kafka", "kafka"},
	{"org.apache.kafka.connect.", "kafka-connect"},
	{"io.confluent.kafka.schemaregistry.", "schema-registry"},
	{"kafka.tools.MirrorMaker", "kafka-connect"},
	{"org.apache.pulsar.", "pulsar"},
	{"org.apache.bookkeeper.", "bookkeeper"},
	{"org.apache.activemq.artemis.", "artemis"},
	{"-Dartemis.", "artemis"},
	{"org.apache.activemq.", "activemq"},
	{"-Dactivemq.", "activemq"},
	{"org.apache.catalina.startup.Bootstrap", "tomcat"},
	{"org.apache.tomee.", "tomcat"},
	{"org.jboss.modules.Main", "jboss"},
	{"org.jboss.Main", "jboss"},
	{"org.jboss.as.", "jboss"},
	{"weblogic.Server", "weblogic"},
	{"weblogic.NodeManager", "weblogic"},
	{"com.ibm.ws", "websphere"}, // com.ibm.ws.…, com.ibm.wsspi.…
	{"com.sun.enterprise.glassfish.", "glassfish"},
	{"fish.payara.", "glassfish"},
	{"org.eclipse.jetty.", "jetty"},
	{"org.springframework.boot.loader.", "spring-boot"},
	{"-Dkc.home.dir", "keycloak"},
	{"io.quarkus.", "quarkus"},
	{"/usr/share/kibana/", "kibana"},
	{"org.apache.hadoop.hbase.", "hbase"},
	{"org.apache.hadoop.hive.", "hive"},
	{"org.apache.hive.", "hive"},
	{"org.apache.hadoop.hdfs.", "hdfs"},
	{"org.apache.hadoop.yarn.", "yarn"},
	{"org.apache.hadoop.mapreduce.", "yarn"},
	{"org.apache.hadoop.", "hadoop"},
	{"org.apache.spark.", "spark"},
	{"org.apache.flink.", "flink"},
	{"org.apache.storm.", "storm"},
	{"org.apache.nifi.", "nifi"},
	{"org.apache.druid.", "druid"},
	{"org.apache.oozie.", "hadoop"},
	{"org.apache.ranger.", "hadoop"},
	{"org.apache.ambari.", "hadoop"},
	{"org.apache.knox.", "hadoop"},
	{"org.apache.zeppelin.", "zeppelin"},
	{"io.trino.", "trino"},
	{"io.prestosql.", "trino"},
	{"com.facebook.presto.", "trino"},
	{"com.linbit.linstor.core.Controller", "linstor"},
	{"com.linbit.linstor.core.Satellite", "linstor"},
	{"com.linbit.linstor.", "linstor"},
	{"org.sonar.", "sonarqube"},
	{"org.sonatype.nexus.", "nexus"},
	{"com.sonatype.nexus.", "nexus"},
	{"org.jfrog.", "artifactory"},
	{"hudson.", "jenkins"},
	{"com.atlassian.", "atlassian"},
	{"-Datlassian.", "atlassian"},
	{"jetbrains.buildServer.", "teamcity"},
	{"com.mongodb.ops.", "mongodb-ops"},
	{"com.puppetlabs.", "puppet-server"},
	{"puppetlabs.trapperkeeper.main", "puppet-server"},
	{"org.graylog", "graylog"},
	{"org.infinispan.", "infinispan"},
	{"com.hazelcast.", "hazelcast"},
	{"org.apache.ignite.", "ignite"},
	{"com.sap.", "sap"},
	{"com.sapportals.", "sap"},
}

// scripts are scripts, modules and archives, by their names without a path and without .py, .rb, .pl or .js.
var scripts = []mark{
	{"jenkins.war", "jenkins"}, {"agent.jar", "jenkins-agent"}, {"remoting.jar", "jenkins-agent"}, {"slave.jar", "jenkins-agent"},
	{"minecraft_server.jar", "game-server"}, {"graylog.jar", "graylog"}, {"puppet-server-release.jar", "puppet-server"},
	{"keycloak.jar", "keycloak"}, {"quarkus-run.jar", "quarkus"}, {"artemis", "artemis"}, {"activemq.jar", "activemq"},
	{"gunicorn", "gunicorn"}, {"uwsgi", "uwsgi"}, {"uvicorn", "uvicorn"}, {"hypercorn", "uvicorn"}, {"daphne", "uvicorn"},
	{"waitress-serve", "gunicorn"}, {"celery", "celery"}, {"airflow", "airflow"}, {"superset", "superset"},
	{"jupyter", "jupyter"}, {"jupyter-lab", "jupyter"}, {"jupyter-notebook", "jupyter"}, {"jupyterhub", "jupyter"},
	{"ipykernel_launcher", "jupyter"}, {"odoo", "odoo"}, {"odoo-bin", "odoo"}, {"patroni", "patroni"},
	{"synapse.app.homeserver", "matrix"}, {"mailman", "mailman"}, {"carbon-cache", "graphite"}, {"hass", "home-assistant"},
	{"awx-manage", "ansible-controller"}, {"pgadmin4", "pgadmin"},
	{"puma", "puma"}, {"unicorn", "unicorn"}, {"sidekiq", "sidekiq"}, {"fluentd", "fluentd"}, {"td-agent", "fluentd"},
	{"n8n", "n8n"}, {"node-red", "node-red"}, {"ghost", "ghost"}, {"verdaccio", "verdaccio"}, {"next-server", "nodejs"},
	{"spamd", "spamassassin"}, {"amavisd", "amavis"}, {"amavisd-new", "amavis"},
	{"salt-minion", "salt-minion"}, {"salt-master", "salt-master"}, {"salt-api", "salt-master"},
	{"puppet", "puppet"}, {"chef-client", "chef-client"}, {"cinc-client", "chef-client"},
	{"landscape-client", "landscape"}, {"rhsmd", "subscription"}, {"munin-node", "munin-node"},
	{"ocsinventory-agent", "ocsinventory-agent"}, {"glpi-agent", "glpi-agent"}, {"fusioninventory-agent", "fusioninventory-agent"},
	{"fail2ban-server", "fail2ban"}, {"supervisord", "supervisord"},
	{"unattended-upgrade", "unattended-upgrades"}, {"unattended-upgrade-shutdown", "unattended-upgrades"},
	{"networkd-dispatcher", "networkd-dispatcher"}, {"firewalld", "firewalld"}, {"tuned", "tuned"},
	{"waagent", "waagent"}, {"cloud-init", "cloud-init"}, {"ceph-crash", "ceph-crash"},
	{"nova-compute", "openstack"}, {"nova-api", "openstack"}, {"neutron-server", "openstack"},
	{"neutron-openvswitch-agent", "openstack"}, {"cinder-volume", "openstack"}, {"glance-api", "openstack"},
	{"keystone-wsgi-public", "openstack"},
}

// erlang are the programs that run in the virtual machine of Erlang, by what stands anywhere in an argument of it.
var erlang = []mark{{"rabbit", "rabbitmq"}, {"vernemq", "vernemq"}, {"emqx", "emqx"}, {"ejabberd", "ejabberd"}, {"couch", "couchdb"}}

// InterpretedRole recognises what an interpreter runs by well-known names on its command line; empty where it is
// none of them. The command line itself is not kept.
func InterpretedRole(cmdline []byte) string {
	role, _ := interpreted(cmdline)
	return role
}

// interpreted gives the role of what an interpreter runs, and the arguments that are enough to recognise it.
func interpreted(cmdline []byte) (role string, telling []string) {
	list := args(cmdline)
	if len(list) < 2 {
		return "", nil
	}
	program := Program(cmdline)
	if program == "beam.smp" {
		for _, m := range erlang {
			for _, a := range list[1:] {
				if strings.Contains(a, m.text) {
					return m.role, []string{m.text}
				}
			}
		}
		return "", nil
	}
	target, jar := runs(program, list[1:])
	for _, m := range scripts {
		if m.text == target {
			if jar {
				return m.role, []string{"-jar", m.text}
			}
			return m.role, []string{m.text}
		}
	}
	for _, m := range classes {
		for _, a := range list[1:] {
			if strings.HasPrefix(a, m.text) {
				return m.role, []string{m.text}
			}
		}
	}
	if jar {
		return "java", []string{"-jar", "x.jar"}
	}
	return "", nil
}

// Options of interpreters whose value is the next argument, and those that give the program itself instead of its name.
var (
	javaValued = map[string]bool{
		"-cp": true, "-classpath": true, "--class-path": true, "-p": true, "--module-path": true, "--upgrade-module-path": true,
		"--add-modules": true, "--add-opens": true, "--add-exports": true, "--add-reads": true, "--limit-modules": true,
		"--patch-module": true, "--enable-native-access": true, "-user": true, "-home": true, "-pidfile": true,
		"-outfile": true, "-errfile": true, // the last five of jsvc
	}
	scriptValued = map[string]bool{
		"-W": true, "-X": true, "-r": true, "--require": true, "--loader": true, "--import": true, "-I": true, "-C": true, "-d": true,
	}
	inline = map[string]bool{"-c": true, "-e": true, "-E": true, "--eval": true, "-p": true, "--print": true}
)

// runs finds what an interpreter is told to run: the archive of Java (true), else the first argument that is no
// option, or the module that -m names. Directories and the endings of scripts are taken off.
func runs(program string, list []string) (target string, jar bool) {
	java := program == "java" || strings.HasPrefix(program, "jsvc")
	for i := 0; i < len(list); i++ {
		a := list[i]
		if !strings.HasPrefix(a, "-") {
			return base(a), false
		}
		next := ""
		if i+1 < len(list) {
			next = list[i+1]
		}
		switch {
		case a == "-jar":
			return base(next), true
		case a == "-m" || a == "--module":
			return base(next), false
		case !java && inline[a]:
			return "", false
		case java && javaValued[a], !java && scriptValued[a]:
			i++
		}
	}
	return "", false
}

// base takes directories and the endings of scripts off a name.
func base(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	for _, ending := range []string{".py", ".rb", ".pl", ".js"} {
		if rest, ok := strings.CutSuffix(name, ending); ok && rest != "" {
			return rest
		}
	}
	return name
}

// InterpretedRoles are the names that InterpretedRole can give.
func InterpretedRoles() []string {
	list := []string{"java"}
	for _, marks := range [][]mark{classes, scripts, erlang} {
		for _, m := range marks {
			if !slices.Contains(list, m.role) {
				list = append(list, m.role)
			}
		}
	}
	return list
}
