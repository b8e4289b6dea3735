package host

import "github.com/infraopt/infraopt/collect/inventory"

// agents are programs that do something for the machine that they run on, by what that is. A name that ends in * stands
// for all that begin so.
var agents = []struct {
	function inventory.AgentFunction
	products []product
}{
	{inventory.MonitoringAgent, []product{
		{"zabbix-agent", "zabbix_agentd zabbix_agent2 zabbix-agent zabbix-agent2"},
		{"prometheus-exporter", "node_exporter prometheus-node-exporter postgres_exporter mysqld_exporter redis_exporter blackbox_exporter process-exporter apache_exporter nginx-prometheus-exporter snmp_exporter smartctl_exporter dcgm-exporter systemd_exporter"},
		{"telegraf", "telegraf"}, {"collectd", "collectd"}, {"netdata", "netdata"}, {"snmpd", "snmpd"},
		{"nrpe", "nrpe nsca"}, {"checkmk-agent", "check_mk_agent cmk-agent-ctl"}, {"icinga", "icinga2"}, {"cadvisor", "cadvisor"},
		{"pcp", "pmcd pmlogger pmie pmproxy pmda*"}, {"sysstat", "sadc sysstat"}, {"atop", "atop atopacctd below"},
		{"grafana-agent", "grafana-agent alloy"}, {"opentelemetry", "otelcol otelcol-contrib otelcol* opentelemetry*"},
		{"beats", "metricbeat packetbeat heartbeat"}, {"datadog", "agent datadog-agent datadog-* trace-agent process-agent system-probe dd-agent"},
		{"newrelic", "newrelic-infra newrelic-*"}, {"dynatrace", "oneagent*"}, {"appdynamics", "machineagent appd*"}, {"instana", "instana-agent instana*"},
		{"munin", "munin-node"}, {"ganglia", "gmond gmetad"}, {"sensu", "sensu-agent"}, {"scom", "omiserver omiagent omiengine scxagent"},
		{"cloudwatch", "amazon-cloudwatch-agent"}, {"google-ops-agent", "google_cloud_ops_agent* stackdriver*"}, {"azure-monitor", "mdsd amacoreagent azuremonitoragent*"},
		{"vmagent", "vmagent vmagent-prod"}, {"tivoli", "klzagent kcawd"}, {"patrol", "PatrolAgent"}, {"ovo", "ovcd opcmona opcle coda"},
		{"solarwinds", "swiagent swisnmpagent"}, {"site24x7", "MonitoringAgent Site24x7*"}, {"centreon", "centengine centagent"}, {"beszel", "beszel-agent"},
	}},
	{inventory.LoggingAgent, []product{
		{"filebeat", "filebeat journalbeat"}, {"elastic-agent", "elastic-agent elastic-endpoint"}, {"fluent-bit", "fluent-bit td-agent-bit"},
		{"fluentd", "fluentd td-agent"}, {"promtail", "promtail"}, {"vector", "vector"}, {"splunk", "splunkd splunk-*"}, {"nxlog", "nxlog"},
		{"sumologic", "collector sumologic*"}, {"logdna", "logdna-agent mezmo*"}, {"rapid7-logs", "le_agent"},
	}},
	{inventory.SecurityAgent, []product{
		{"wazuh", "ossec-* wazuh-*"}, {"crowdstrike", "falcon-sensor falcon-* falcond"}, {"trendmicro", "ds_agent ds_am ds_agent* tmxbc"},
		{"defender", "mdatp* wdavdaemon*"}, {"sentinelone", "sentinelone* sentineld s1-*"}, {"clamav", "clamd freshclam clamonacc clamav-milter"},
		{"falco", "falco"}, {"tetragon", "tetragon"}, {"carbonblack", "cbagentd cbdaemon cbsensor"}, {"cylance", "cylancesvc"},
		{"eset", "esets_daemon eea odfeeserver eraagent ERAAgent"}, {"sophos", "savd sav-protect sophos* SophosUpdate"}, {"symantec", "rtvscand sisidsdaemon sisipsdaemon sisamddaemon"},
		{"trellix", "xagt masvc macmnsvc macompatsvc mfetpd isectpd nails nailsd cma"}, {"qualys", "qualys-cloud-agent qualys-*"}, {"nessus", "nessusd nessus-service nessus-agent nessusagent"},
		{"rapid7", "ir_agent"}, {"tanium", "TaniumClient taniumclient"}, {"osquery", "osqueryd orbit fleetd"}, {"crowdsec", "crowdsec crowdsec-* cs-*"},
		{"auditbeat", "auditbeat"}, {"kaspersky", "kesl kesl-* klnagent"}, {"bitdefender", "bdsecd epagd"}, {"cortex-xdr", "traps_pmd pmd dypd"},
		{"velociraptor", "velociraptor"}, {"lacework", "lacework datacollector"}, {"sysdig", "dragent"}, {"twistlock", "defender twistlock*"},
		{"illumio", "venAgentMgr venPlatformHandler"}, {"guardicore", "gc-agent gc-*"}, {"fapolicyd", "fapolicyd"}, {"usbguard", "usbguard-daemon"},
		{"tripwire", "twagent twdaemon"}, {"imunify", "imunify*"},
	}},
	{inventory.BackupAgent, []product{
		{"netbackup", "nbftclnt bpcd vnetd bprd nbdisco bpclntcmd"}, {"commvault", "cvd cvlaunchd cvfwd ClMgrS"}, {"bacula", "bacula-fd bacula-*"},
		{"bareos", "bareos-fd bareos-*"}, {"veeam", "veeam*"}, {"spectrum-protect", "dsmc dsmcad"}, {"avamar", "avagent avagent.bin"}, {"networker", "nsrexecd"},
		{"rclone", "rclone"}, {"restic", "restic"}, {"borg", "borg borgmatic"}, {"duplicati", "duplicati-server duplicati"}, {"urbackup", "urbackupclientbackend"},
		{"amanda", "amandad"}, {"cohesity", "cohesity* linux_agent"}, {"rubrik", "rubrik* backup_agent_main"}, {"acronis", "acronis_mms aakore"},
		{"kopia", "kopia"}, {"velero", "velero"}, {"synology", "synology-backup*"}, {"datto", "dlad"},
	}},
	{inventory.RemoteControlAgent, []product{
		{"teamviewer", "teamviewerd"}, {"anydesk", "anydesk"}, {"rustdesk", "rustdesk"}, {"meshcentral", "meshagent"}, {"tacticalrmm", "tacticalagent tacticalrmm"},
		{"screenconnect", "screenconnect*"}, {"splashtop", "SRStreamer SRAgent splashtop*"}, {"dwservice", "dwagent dwagsvc"}, {"bomgar", "bomgar* sdcust"},
		{"ninjarmm", "ninjarmm*"}, {"kaseya", "KaseyaAgent agentmon"}, {"atera", "AteraAgent"}, {"teleport", "teleport"}, {"xrdp", "xrdp xrdp-sesman x11vnc"},
		{"chrome-remote-desktop", "chrome-remote-desktop"}, {"cockpit", "cockpit-ws cockpit-tls"}, {"webmin", "miniserv.pl"}, {"ttyd", "ttyd gotty shellinaboxd"},
	}},
	{inventory.ConfigurationAgent, []product{
		{"salt", "salt-minion"}, {"puppet", "puppet pxp-agent"}, {"chef", "chef-client cinc-client"}, {"cfengine", "cf-execd cf-serverd cf-monitord cf-agent"},
		{"rudder", "rudder-agent rudder*"}, {"ssm", "amazon-ssm-agent ssm-agent-worker ssm-session-worker"}, {"osconfig", "google_osconfig_agent"}, {"landscape", "landscape-client landscape-*"},
		{"spacewalk", "rhnsd osad"}, {"bigfix", "BESClient"}, {"automox", "amagent"}, {"cloud-init", "cloud-init"}, {"arc", "himds gc_linux_service"},
	}},
	{inventory.InventoryAgent, []product{
		{"glpi-agent", "glpi-agent"}, {"fusioninventory", "fusioninventory-agent"}, {"ocsinventory", "ocsinventory-agent"}, {"lansweeper", "LsAgent*"},
		{"flexera", "ndtrack mgsusageag"}, {"snow", "snowagent"}, {"servicenow", "agent-client-collector acc"}, {"manageengine", "dcservice dcondemand"},
	}},
	{inventory.GuestAgent, []product{
		{"qemu-guest-agent", "qemu-ga"}, {"vmware-tools", "vmtoolsd VGAuthService"}, {"virtualbox-guest", "VBoxService VBoxClient"},
		{"hyper-v-guest", "hv_kvp_daemon hv_vss_daemon hv_fcopy_daemon hypervkvpd hypervvssd hypervfcopyd"}, {"xen-guest", "xe-daemon xen-guest-agent"},
		{"azure-guest", "waagent"}, {"google-guest", "google_guest_agent google_accounts_daemon google_network_daemon google_guest_a*"}, {"oracle-cloud-agent", "oracle-cloud-agent oci-*"},
		{"alibaba-guest", "aliyun-service AliYunDun AliYunDunUpdate"}, {"spice-guest", "spice-vdagentd spice-vdagent"}, {"parallels-guest", "prltoolsd"},
		{"ovirt-guest", "ovirt-guest-agent"}, {"nutanix-guest", "ngt_guest_agent"},
	}},
}

// A product is an agent, and its programs.
type product struct{ name, programs string }
