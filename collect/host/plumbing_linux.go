package host

// plumbingRoles are engines, hypervisors, storage daemons, and what belongs to the operating system: no useful work in
// itself. A name that ends in * stands for all that begin so.
var plumbingRoles = []struct {
	name     string
	state    stateful
	programs string
}{
	// Engines, orchestrators.
	{"docker", maybeStateful, "dockerd docker-proxy"},
	{"containerd", maybeStateful, "containerd"},
	{"podman", maybeStateful, "podman"},
	{"cri-o", maybeStateful, "crio"},
	{"cri-dockerd", neverStateful, "cri-dockerd"},
	{"buildkit", maybeStateful, "buildkitd kaniko buildah"},
	{"kubelet", maybeStateful, "kubelet"},
	{"kube-proxy", neverStateful, "kube-proxy"},
	{"kubernetes", neverStateful, "kube-apiserver kube-scheduler kube-controller-manager cloud-controller-manager metrics-server kube-state-metrics"},
	{"k3s", maybeStateful, "k3s k3s-server k3s-agent"},
	{"k0s", maybeStateful, "k0s"},
	{"rke2", maybeStateful, "rke2"},
	{"microk8s", maybeStateful, "kubelite"},
	{"nomad", maybeStateful, "nomad"},
	{"mesos", maybeStateful, "mesos-agent mesos-slave mesos-master"},
	{"pause", neverStateful, "pause catatonit"},
	{"gitops", neverStateful, "argocd-* source-controller kustomize-controller helm-controller fleetagent"},
	{"portainer", maybeStateful, "portainer"},

	// Hypervisors.
	{"libvirt", maybeStateful, "libvirtd virtlogd virtlockd virtqemud virtnetworkd virtstoraged virtnodedevd virtproxyd virtinterfaced virtnwfilterd virtsecretd"},
	{"lxd", maybeStateful, "lxd lxd-agent snap.lxd*"},
	{"incus", maybeStateful, "incusd incus-agent"},
	{"lxc", neverStateful, "lxcfs lxc-monitord"},
	{"proxmox", maybeStateful, "pmxcfs pvedaemon pveproxy pvestatd pve-firewall pve-ha-lrm pve-ha-crm pvescheduler spiceproxy proxmox-backup-*"},
	{"xen", maybeStateful, "xenstored oxenstored xenconsoled xapi xenopsd*"},
	{"ovirt", maybeStateful, "vdsmd supervdsmd ovirt-ha-agent"},

	// Networks.
	{"openvswitch", maybeStateful, "ovs-vswitchd ovsdb-server"},
	{"ovn", neverStateful, "ovn-controller ovn-northd ovnkube"},
	{"calico", neverStateful, "calico-node calico-typha felix confd"},
	{"cilium", neverStateful, "cilium-agent cilium-operator cilium-envoy hubble-relay"},
	{"flannel", neverStateful, "flanneld"},
	{"multus", neverStateful, "multus-daemon multus"},
	{"metallb", neverStateful, "speaker"},
	{"service-mesh", neverStateful, "pilot-agent pilot-discovery linkerd2-proxy istio-cni"},
	{"bird", neverStateful, "bird bird6"},
	{"frr", neverStateful, "zebra bgpd ospfd watchfrr staticd bfdd"},
	{"keepalived", neverStateful, "keepalived"},
	{"vpn", neverStateful, "openvpn charon pluto tailscaled zerotier-one nebula"},

	// Clusters and storage.
	{"corosync", maybeStateful, "corosync corosync-qnetd"},
	{"pacemaker", maybeStateful, "pacemakerd pacemaker-based pacemaker-fenced pacemaker-execd pacemaker-attrd pacemaker-schedulerd pacemaker-controld pcsd sbd"},
	{"ceph", alwaysStateful, "ceph-osd ceph-mon ceph-mgr ceph-mds radosgw rbd-mirror cephfs-mirror ceph-crash ceph-exporter rook"},
	{"gluster", alwaysStateful, "glusterd glusterfsd glusterfs gsyncd"},
	{"linstor", alwaysStateful, "linstor*"},
	{"drbd", alwaysStateful, "drbd-reactor drbdmon"},
	{"longhorn", alwaysStateful, "longhorn*"},
	{"openebs", alwaysStateful, "io-engine istgt zrepl mayastor jiva"},
	{"spdk", alwaysStateful, "nvmf_tgt spdk_tgt"},
	{"iscsi-target", alwaysStateful, "tgtd targetclid iscsi-scstd"},
	{"portworx", alwaysStateful, "px px-storage px-ns"},
	{"storpool", alwaysStateful, "storpool_*"},
	{"weka", alwaysStateful, "wekanode weka_init"},
	{"quobyte", alwaysStateful, "quobyte-*"},
	{"beegfs", alwaysStateful, "beegfs-*"},
	{"lizardfs", alwaysStateful, "mfsmaster mfschunkserver mfsmount"},
	{"juicefs", neverStateful, "juicefs"},
	{"cluster-locks", neverStateful, "lvmlockd dlm_controld sanlock wdmd"},
	{"storage-driver", neverStateful, "csi-* livenessprobe"},

	// The system's own.
	{"init", neverStateful, "systemd init (sd-pam) runit s6-linux-init procd"},
	{"systemd", neverStateful, "systemd-*"},
	{"supervisor", neverStateful, "supervisord runsvdir runsv s6-svscan monit"},
	{"udev", neverStateful, "udevd eudev"},
	{"dbus", neverStateful, "dbus dbus-daemon dbus-broker dbus-broker-launch"},
	{"polkit", neverStateful, "polkitd polkit"},
	{"getty", neverStateful, "agetty getty mingetty serial-getty fgetty getty@ serial-getty@ console-getty container-getty@"},
	{"login", neverStateful, "login elogind"},
	{"cron", neverStateful, "cron crond atd anacron fcron cronie"},
	{"syslog", neverStateful, "rsyslogd rsyslog syslog-ng syslogd klogd metalog"},
	{"sshd", neverStateful, "sshd ssh sshd-session sshd-auth dropbear ssh-agent sftp-server ssh@ sshd@"},
	{"ntp", neverStateful, "chronyd chrony chrony-helper ntpd ntp ntpsec openntpd timesyncd"},
	{"network", neverStateful, "NetworkManager nm-dispatcher wpa_supplicant wpa_supplicant@ iwd dhclient dhcpcd udhcpc networkd-dispatcher connmand " +
		"ModemManager lldpd lldpad avahi-daemon bluetoothd wickedd wickedd-nanny teamd netplan"},
	{"firewall", neverStateful, "firewalld fail2ban fail2ban-server ufw nftables"},
	{"tuning", neverStateful, "tuned irqbalance thermald power-profiles-daemon tlp acpid haveged rngd rng-tools ksmtuned numad mcelog rasdaemon earlyoom uresourced"},
	{"audit", neverStateful, "auditd audispd sedispatch abrtd abrt-dump-journal-core abrtd-* kdump"},
	{"sssd", neverStateful, "sssd sssd_be sssd_nss sssd_pam sssd_ssh sssd_pac winbindd winbind nscd nslcd gssproxy oddjobd realmd rpc.idmapd rpc.gssd"},
	{"packages", neverStateful, "snapd packagekitd packagekit unattended-upgrades unattended-upgr fwupd dnf-automatic apt.systemd.daily rpm-ostreed zincati update_engine locksmithd"},
	{"subscription", neverStateful, "rhsmcertd rhsm-service rhsmd ubuntu-advantage esm-cache"},
	{"desktop", neverStateful, "accounts-daemon gdm gdm3 gdm-* lightdm sddm Xorg Xwayland Xvnc gnome-shell gnome-* plasmashell upowerd rtkit-daemon colord cupsd cups-browsed pipewire* wireplumber pulseaudio geoclue switcheroo-control"},
	{"storage", neverStateful, "udisksd multipathd lvmetad dmeventd lvmpolld lvm2-* mdadm mdmonitor mdcheck smartd smartmontools iscsid iscsiuio rpcbind rpc.statd rpc.mountd blkmapd zed qemu-nbd bcache* fstrim"},
	{"hardware", neverStateful, "ipmievd watchdog wd_keepalive bmc-watchdog nvidia-persistenced nvidia-persiste nv-fabricmanager dcgm nv-hostengine openhpid srvadmin* dsm_sa_* hpasmlited amsd smad ahslog"},
	{"portal", neverStateful, "motd-news plymouthd kmod emergency rescue"},
}
