//go:build linux

package host

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// boxed are the files of a real machine with these disks below /sys/devices, and more.
func boxed(more ...string) map[string]string {
	files := map[string]string{"/proc/cpuinfo": realCPU, "/sys/block/": "", "/sys/class/": ""}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// hung gives the files of a disk that hangs at a place below /sys/devices; its number is 8:N.
func hung(name, at, number, size string, more ...string) []string {
	dir := "/sys/devices/" + at
	list := []string{"/sys/block/" + name, "-> ../devices/" + at, dir + "/size", size, dir + "/dev", number}
	for i := 0; i < len(more); i += 2 {
		list = append(list, dir+"/"+more[i], more[i+1])
	}
	return list
}

const (
	sata   = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	sataB  = "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block/sdb"
	onRoot = "27 1 8:0 / / rw - ext4 /dev/sda rw\n"
)

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func TestDisksThatLookLocal(t *testing.T) {
	const zfsOpen = "unknown: the kernel does not show which disks ZFS and Ceph hold"
	big, small := "8000000", "1000000"
	for _, row := range []struct {
		name, class, disk string // class of all data, and of the disk named first
		files             []string
	}{
		{"EBS where nothing else says cloud", "cloud", "cloud", hung("sda", sata, "8:0", big, "device/model", "Amazon Elastic Block Store")},
		{"array over SAS", "unknown: unit of an external array (DELL MD34xx), over a path that the kernel does not show", "?", hung("sda", sata, "8:0", big, "device/vendor", "DELL", "device/model", "MD34xx")},
		{"Fibre Channel by udev's path alone", "fc-array", "fc-array", append(hung("sda", sata, "8:0", big), "/run/udev/data/b8:0", "E:ID_PATH=pci-0000:3a:00.0-fc-0x500a09818d12f3b4-lun-1\n")},
		{"iSCSI by udev's path alone", "ip-array", "ip-array", append(hung("sda", sata, "8:0", big), "/run/udev/data/b8:0", "E:ID_PATH=ip-10.0.0.1:3260-iscsi-iqn.1992-08.com.netapp:sn.1-lun-1\n")},
		{"Longhorn by udev's path alone", "sds-on-nodes", "sds-on-nodes", append(hung("sda", sata, "8:0", big), "/run/udev/data/b8:0", "E:ID_PATH=ip-10.42.0.9:3260-iscsi-iqn.2019-10.io.longhorn:pvc-1-lun-1\n")},
		{"Fibre Channel over a VLAN", "fc-array", "fc-array", hung("sda", "virtual/net/eth3.101/ctlr_0/host7/rport-7:0-0/target7:0:0/7:0:0:1/block/sda", "8:0", big)},
		{"nothing real", "unknown: no disk is in use that can be seen", "", hung("sda", "virtual/block/sda", "8:0", big)},
		{"cluster file system", "unknown: other machines mount the same disk, over a path that the kernel does not show", "?", append(hung("sda", sata, "8:0", big), "/proc/1/mountinfo", "27 1 8:0 / / rw - gfs2 /dev/sda rw\n")},
		{"cluster file system on an array", "fc-array", "fc-array", append(hung("sda", "pci0000:3a/0000:3a:00.0/host6/rport-6:0-0/target6:0:0/6:0:0:0/block/sda", "8:0", big), "/proc/1/mountinfo", "27 1 8:0 / / rw - ocfs2 /dev/sda rw\n")},
		{"boot card alone", "raw-local", "raw-local", hung("sda", sata, "8:0", big, "device/model", "DELLBOSS VD")},
		{"boot card beside NFS", "ip-array", "raw-local", append(hung("sda", sata, "8:0", big, "device/model", "DELLBOSS VD"), "/proc/1/mountinfo", onRoot+"28 1 0:26 / /c rw - nfs4 filer:/x rw\n")},
		{"stick beside a disk", "raw-local", "raw-local", join(hung("sda", sata, "8:0", small), hung("sdb", "pci0000:00/usb1/1-1/host5/target5:0:0/5:0:0:0/block/sdb", "8:16", big, "removable", "1"),
			[]string{"/proc/1/mountinfo", onRoot + "28 1 8:16 / /stick rw - vfat /dev/sdb rw\n"})},
		{"ZFS on one of two", zfsOpen, "raw-local", join(hung("sda", sata, "8:0", "3000000"), hung("sdb", sataB, "8:16", "2000000"), hung("sdc", strings.ReplaceAll(sataB, "sdb", "sdc"), "8:32", "2000000"),
			[]string{"/proc/spl/kstat/zfs/tank/state", "ONLINE"})},
		{"ZFS on all the rest", "local-volumes", "raw-local", join(hung("sda", sata, "8:0", small), hung("sdb", sataB, "8:16", big), []string{"/proc/spl/kstat/zfs/tank/state", "ONLINE"})},
		{"ZFS, and no other disk in use", "local-volumes", "?", join(hung("sda", sata, "8:0", small), hung("sdb", sataB, "8:16", big), []string{"/proc/1/mountinfo", "27 1 0:25 / / rw - zfs tank rw\n", "/proc/spl/kstat/zfs/tank/state", "ONLINE"})},
		{"raw OSD by udev's word", "sds-on-nodes", "raw-local", join(hung("sda", sata, "8:0", small), hung("sdb", sataB, "8:16", big), []string{"/run/udev/data/b8:16", "E:ID_FS_TYPE=ceph_bluestore\n"})},
		{"one unit twice", "raw-local", "raw-local", join(hung("sda", sata, "8:0", "9000000"), hung("sdb", "pci0000:3a/host6/rport-6:0-0/target6:0:0/6:0:0:0/block/sdb", "8:16", "5000000", "device/wwid", "naa.6"),
			hung("sdc", "pci0000:3a/host7/rport-7:0-0/target7:0:0/7:0:0:0/block/sdc", "8:32", "5000000", "device/wwid", "naa.6"),
			[]string{"/proc/1/mountinfo", onRoot + "28 1 8:16 / /b rw - xfs /dev/sdb rw\n29 1 8:32 / /c rw - xfs /dev/sdc rw\n"})},
		{"a copy of DRBD counts once", "raw-local", "raw-local", join(hung("drbd0", "virtual/block/drbd0", "147:0", "2000000"), hung("sda", sata, "8:0", "3000000"),
			hung("sdb", sataB, "8:16", "2000000", "holders/drbd0/x", ""), []string{"/proc/1/mountinfo", onRoot + "28 1 147:0 / /d rw - xfs /dev/drbd0 rw\n"})},
		{"PowerFlex client", "sds-separate", "sds-separate", hung("scinia", "virtual/block/scinia", "252:0", big)},
		{"PowerFlex on its own nodes", "sds-on-nodes", "sds-on-nodes", append(hung("scinia", "virtual/block/scinia", "252:0", big), "/opt/emc/scaleio/sds/bin", "")},
		{"one path to a disk with two ports", "raw-local", "raw-local", append(hung("sda", "pci0000:00/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "8:0", big, "holders/dm-0/x", ""),
			"/sys/block/dm-0/dm/uuid", "mpath-35000\n", "/sys/block/dm-0/dm/name", "mpatha\n")},
		{"files that are served", "unknown: minio keeps what it serves in files beside those of the machine, and their sizes are not asked for", "raw-local", append(hung("sda", sata, "8:0", big), "minio", "")},
		{"SDS of which the source is not known", "unknown: a file system of type fuse.s3fs does not tell where its data is", "", []string{"/proc/1/mountinfo", "27 1 0:9 / / rw - fuse.s3fs bucket rw\n"}},
		{"a server of Lustre", "raw-local", "raw-local", append(hung("sda", sata, "8:0", big), "/proc/1/mountinfo", "27 1 8:0 / / rw - lustre /dev/sda rw\n")},
		{"swap is no data", "unknown: no disk is in use that can be seen", "raw-local", append(hung("sda", sata, "8:0", big), "/proc/1/mountinfo", "27 1 0:2 / / rw - tmpfs x rw\n", "/proc/swaps", "F\n/dev/sda partition 1 0 -2\n", "/run/udev/data/b8:0", "E:X=1\n")},
	} {
		files := boxed(row.files...)
		if files["/proc/1/mountinfo"] == "" {
			files["/proc/1/mountinfo"] = onRoot
		}
		if _, ok := files["minio"]; ok {
			delete(files, "minio")
			plantProcess(t, files, "60 1 minio")
		}
		b := machineWith(t, files)
		if got := b.Machines[0].Storage.String(); got != row.class {
			t.Errorf("%s: data %q, want %q", row.name, got, row.class)
		}
		disk := ""
		for _, s := range b.Storage {
			if s.Kind == inventory.Disk && disk == "" {
				disk = word(s.Class)
			}
		}
		if disk != row.disk {
			t.Errorf("%s: disk %q, want %q", row.name, disk, row.disk)
		}
	}
}

// A real server of a cloud has disks of its own, and volumes beside them.
func TestDisksOfClouds(t *testing.T) {
	for _, row := range []struct{ name, cpu, product, model, class string }{
		{"metal, own disk", realCPU, "m5.metal", "SAMSUNG MZ1LB480", "raw-local"},
		{"metal, volume", realCPU, "m5.metal", "Amazon Elastic Block Store", "cloud"},
		{"instance, volume without a name", virtualCPU, "m5.large", "", "cloud"},
		{"instance, disk of its server", virtualCPU, "i3.large", "Amazon EC2 NVMe Instance Storage", "raw-local"},
	} {
		files := boxed(hung("sda", sata, "8:0", "1000", "device/model", row.model)...)
		maps.Copy(files, map[string]string{"/proc/cpuinfo": row.cpu, "/proc/1/mountinfo": onRoot, "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "/sys/class/dmi/id/product_name": row.product + "\n"})
		if got := machineWith(t, files).Machines[0].Storage.String(); got != row.class {
			t.Errorf("%s: got %q, want %q", row.name, got, row.class)
		}
	}
}

func TestMakes(t *testing.T) {
	for _, row := range []struct {
		vendor, model string
		want          diskMake
	}{
		{"", "", ""}, {"ATA", "SSDSC2KB480G8R", ""}, {"DELL", "PERC H740P", raidVolume}, {"NETAPP", "LUN C-Mode", externalUnit},
		{"DGC", "VRAID", externalUnit}, {"IBM", "2145", externalUnit}, {"Msft", "Virtual Disk", virtualMake}, {"Google", "PersistentDisk", cloudVolume},
		{"", "nvme_card", cloudLocal}, {"", "nvme_card-pd", cloudVolume}, {"QEMU", "QEMU HARDDISK", virtualMake}, {"ATA", "DELLBOSS VD", bootCard},
		{"", "VMware Virtual NVMe Disk", virtualMake}, {"HPE", "LOGICAL VOLUME", raidVolume}, {"HPE", "MSA 2050 SAN", externalUnit}, {"HUAWEI", "XSG1", externalUnit},
	} {
		if got := makeOf(row.vendor, row.model); got != row.want {
			t.Errorf("%q %q: got %q, want %q", row.vendor, row.model, got, row.want)
		}
	}
}

func TestRDMA(t *testing.T) {
	device := func(name, layer, state, moved string) []string {
		port := "/sys/class/infiniband/" + name + "/ports/1/"
		return []string{port + "link_layer", layer, port + "state", state, port + "rate", "100 Gb/sec (4X EDR)", port + "counters/port_rcv_data", moved, port + "counters/port_xmit_data", "0",
			"/sys/class/infiniband/" + name + "/hca_type", "MT4119"}
	}
	over := []string{"/proc/1/mountinfo", "27 1 8:0 / / rw - ext4 /dev/sda rw\n28 1 0:9 / /far rw - nfs4 filer:/x rw,vers=4.2,proto=rdma,port=20049\n"}
	for _, row := range []struct {
		name, want string // states and findings
		files      []string
	}{
		{"every network card can", "linked", device("mlx5_0", "Ethernet", "4: ACTIVE", "99")},
		{"a card without a cable", "dark", device("mlx5_0", "Ethernet", "1: DOWN", "0")},
		{"NFS goes over it", "in-use", join(device("mlx5_0", "Ethernet", "4: ACTIVE", "0"), over)},
		{"NVMe goes over it", "in-use", join(device("mlx5_0", "Ethernet", "4: ACTIVE", "0"), []string{"/sys/class/nvme/nvme3/transport", "rdma"})},
		{"over one of two", "? ?", join(device("mlx5_0", "Ethernet", "4: ACTIVE", "0"), device("mlx5_1", "Ethernet", "4: ACTIVE", "0"), over)},
		{"over the one with a cable", "in-use dark", join(device("mlx5_0", "Ethernet", "4: ACTIVE", "0"), device("mlx5_1", "Ethernet", "1: DOWN", "0"), over)},
		{"InfiniBand", "in-use", device("mlx5_0", "InfiniBand", "4: ACTIVE", "99")},
		{"InfiniBand that nobody uses", "linked unused-rdma", device("mlx5_0", "InfiniBand", "4: ACTIVE", "0")},
		{"InfiniBand without a cable", "dark dark-hba", device("mlx5_0", "InfiniBand", "1: DOWN", "0")},
		{"no ports shown", "?", []string{"/sys/class/infiniband/irdma0/node_guid", "x"}},
	} {
		m := machineWith(t, boxed(row.files...)).Machines[0]
		var got []string
		for _, a := range m.Hardware.Adapters {
			if a.Kind == inventory.RDMAAdapter {
				got = append(got, word(a.State))
			}
		}
		for _, f := range m.Findings {
			got = append(got, f.ID)
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s: got %q, want %q", row.name, s, row.want)
		}
	}
}

func TestFabricOfAdapters(t *testing.T) {
	host := func(n, state string, more ...string) []string {
		list := []string{"/sys/class/fc_host/host" + n + "/port_state", state}
		for i := 0; i < len(more); i += 2 {
			list = append(list, "/sys/class/scsi_host/host"+n+"/"+more[i], more[i+1])
		}
		return list
	}
	port := func(n, roles string) []string {
		return []string{"/sys/class/fc_remote_ports/rport-" + n + ":0-1/roles", roles}
	}
	for _, row := range []struct {
		name, want string
		files      []string
	}{
		{"NVMe over Fibre Channel", "fc-beside-ethernet", join(host("1", "Online"), port("1", "NVMe Target"))},
		{"the target is another adapter's, and that is dark", "one", join(host("1", "Online"), host("2", "Linkdown"), port("2", "FCP Target"))},
		{"a target that is gone", "one", join(host("1", "Online"), port("1", "FCP Target"), []string{"/sys/class/fc_remote_ports/rport-1:0-1/port_state", "Not Present"})},
		{"converged card of Emulex", "fcoe", join(host("1", "Online", "protocol", "fcoe"), port("1", "FCP Target"))},
		{"card of Cisco", "fcoe", join(host("1", "Online", "proc_name", "fnic"), port("1", "FCP Target"))},
		{"both", "fc-beside-ethernet", join(host("1", "Online", "proc_name", "qedf"), port("1", "FCP Target"), host("2", "Online", "proc_name", "lpfc"), port("2", "FCP Target"))},
		{"handed to a virtual machine", "unknown: a Fibre Channel adapter is handed to a virtual machine", []string{"/sys/bus/pci/devices/0000:3a:00.0/class", "0x0c0400", "/sys/bus/pci/devices/0000:3a:00.0/driver", "-> ../../drivers/vfio-pci"}},
		{"over Ethernet by the bus", "fcoe", join(host("1", "Online"), port("1", "FCP Target"), []string{"/sys/bus/fcoe/devices/ctlr_0/mode", "x"})},
		{"no driver", "one", []string{"/sys/bus/pci/devices/0000:3a:00.0/class", "0x0c0400"}},
	} {
		if got := machineWith(t, boxed(row.files...)).Machines[0].Hardware.Fabric.String(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestWhatIsServed(t *testing.T) {
	const nfsd = "th 8 0\nrpc 0 0\n"
	for _, row := range []struct {
		name, want string
		files      []string
	}{
		{"a module of NFS", "", []string{"/proc/net/rpc/nfsd", "th 0 0\nrpc 5 0\n"}},
		{"NFS with nothing to serve", "", []string{"/proc/net/rpc/nfsd", nfsd}},
		{"NFS", "nfs:server", []string{"/proc/net/rpc/nfsd", nfsd, "/proc/fs/nfs/exports", "# Version 1.1\n/export *(ro)\n"}},
		{"an iSCSI target", "iscsi-target:server", []string{"/sys/kernel/config/target/iscsi/iqn.2003-01.org.linux-iscsi.x/tpgt_1/x", "", "/sys/kernel/config/target/core/alua/x", ""}},
		{"a target for itself", "", []string{"/sys/kernel/config/target/loopback/naa.6001/x", "", "/sys/kernel/config/target/iscsi/discovery_auth/password", "s3cret"}},
		{"a Fibre Channel target", "fc-target:server", []string{"/sys/kernel/config/target/qla2xxx/21:00:00:24:ff:31:4c:48/x", ""}},
		{"NVMe", "nvme-target:server", []string{"/sys/kernel/config/nvmet/ports/1/subsystems/nqn.2024-01.example:x/x", ""}},
		{"NVMe without a way to it", "", []string{"/sys/kernel/config/nvmet/ports/1/x", "", "/sys/kernel/config/nvmet/subsystems/nqn.2024-01.example:x/x", ""}},
		{"SCST", "iscsi-target:server", []string{"/sys/kernel/scst_tgt/targets/iscsi/iqn.2006-10.net.x:tgt/x", "", "/sys/kernel/scst_tgt/targets/copy_manager/copy.manager/x", ""}},
	} {
		var got []string
		for _, u := range machineWith(t, boxed(row.files...)).Machines[0].StorageUse {
			got = append(got, u.Technology+":"+string(u.Role))
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s: got %q, want %q", row.name, s, row.want)
		}
	}
}

func TestWhatIsMadeOfDisks(t *testing.T) {
	const ids = "LVM-Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78St90Uv12Wx34Yz56Ab78Cd90Ef12"
	made := func(upper string, more ...string) []string {
		return append(hung("sda", sata, "8:0", "1000", "holders/"+upper+"/x", ""), more...)
	}
	mapper := func(uuid string) []string {
		return made("dm-0", "/sys/block/dm-0/dm/name", "vg-a", "/sys/block/dm-0/dm/uuid", uuid)
	}
	for _, row := range []struct {
		name, class, want string
		files             []string
	}{
		{"encryption", "raw-local", "dm-crypt:local", mapper("CRYPT-LUKS2-0123-root")},
		{"cache", "local-volumes", "lvm:local lvm-cache:local", mapper(ids + "-cdata")},
		{"deduplication", "local-volumes", "lvm:local vdo:local", mapper(ids + "-vpool")},
		{"Stratis", "local-volumes", "stratis:local", mapper("stratis-1-private-0123")},
		{"bcache", "local-volumes", "bcache:local", made("bcache0")},
		{"bcachefs", "local-volumes", "bcachefs:local", append(hung("sda", sata, "8:0", "1000"), "/proc/1/mountinfo", "27 1 0:30 / / rw - bcachefs /dev/sda:/dev/sdb rw\n")},
		{"LVM that several machines share", "raw-local", "gfs2:client lvm-shared:client", []string{"lvmlockd", "", "/proc/1/mountinfo", onRoot + "28 1 253:9 / /c rw - gfs2 /dev/vg/c rw\n"}},
		{"a module of DRBD", "raw-local", "", append(hung("sda", sata, "8:0", "1000"), "/proc/drbd", "version: 9.2.5\n")},
		{"Ceph with a device of the kernel", "raw-local", "ceph:client", append(hung("sda", sata, "8:0", "1000"), "/sys/bus/rbd/devices/0/pool", "vms")},
		{"a monitor of Ceph alone", "raw-local", "ceph:server", append(hung("sda", sata, "8:0", "1000"), "ceph-mon", "")},
		{"a shelf", "raw-local", "sas-enclosure:local", append(hung("sda", sata, "8:0", "1000"), "/sys/class/enclosure/0:0:8:0/x", "")},
	} {
		files := boxed(append(hung("sda", sata, "8:0", "1000"), row.files...)...)
		if files["/proc/1/mountinfo"] == "" {
			files["/proc/1/mountinfo"] = onRoot
		}
		for i, program := range []string{"lvmlockd", "ceph-mon"} {
			if _, ok := files[program]; ok {
				delete(files, program)
				plantProcess(t, files, itoa(60+i)+" 1 "+program)
			}
		}
		m := machineWith(t, files).Machines[0]
		var got []string
		for _, u := range m.StorageUse {
			got = append(got, u.Technology+":"+string(u.Role))
		}
		if s := strings.Join(got, " "); s != row.want || m.Storage.String() != row.class {
			t.Errorf("%s: got %q, %q, want %q, %q", row.name, s, m.Storage, row.want, row.class)
		}
	}
}

// QEMU reaches Ceph without a device of the kernel: only its command line shows it, and of that no more than the
// name of the driver is kept.
func TestStorageOfEmulators(t *testing.T) {
	files := boxed()
	plantProcess(t, files, "70 1 qemu-system-x86 cg=/a :: qemu-system-x86_64 -drive file=rbd:vms/disk:key=hunter2,format=raw -blockdev {\"driver\":\"gluster\"}")
	b := machineWith(t, files)
	if got := stored(b); !strings.Contains(got, "client of ceph: command line of qemu-system-x86\nclient of glusterfs: command line of qemu-system-x86\n") {
		t.Errorf("got %s", got)
	}
	if text := collecttest.Encode(t, b); strings.Contains(text, "hunter2") || strings.Contains(text, "vms/disk") {
		t.Errorf("more of the command line is kept: %s", text)
	}
}

const noteOf = `vg1 {
	id = "Ab12Cd-34Ef-56Gh-78Ij-90Kl-12Mn-34Op56"
	extent_size = 8192
	physical_volumes {
		pv0 {
			device = "/dev/DEVICE"
			dev_size = 2000000
			pe_count = 243
		}
	}
}
`

func TestNotesOfLVM(t *testing.T) {
	volume := []string{"/sys/block/dm-0/dm/name", "vg1-root", "/sys/block/dm-0/dm/uuid", "LVM-Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78St90Uv12Wx34Yz56Ab78Cd90Ef12"}
	other := []string{volume[0], volume[1], volume[2], strings.ReplaceAll(volume[3], "Ab12", "Xy12")}
	note := func(device string) []string {
		return []string{"/etc/lvm/backup/vg1", strings.ReplaceAll(noteOf, "DEVICE", device)}
	}
	active := hung("sda", sata, "8:0", "2000000", "holders/dm-0/x", "")
	whole := hung("sda", sata, "8:0", "2000000")
	for _, row := range []struct {
		name, want string
		files      []string
	}{
		{"active, and no note", "vg1 ? lvm on sda", join(active, volume)},
		{"active", "vg1 972 MiB lvm on sda", join(active, volume, note("sda"))},
		{"a note on another group of that name", "vg1 ? lvm on sda", join(active, other, note("sdz"))},
		{"not active", "vg1 972 MiB lvm on sda", join(whole, note("sda"))},
		{"not active, on a partition", "vg1 972 MiB lvm on sda", join(hung("sda", sata, "8:0", "3000000", "sda1/dev", "8:1", "sda1/size", "2000000"), note("sda1"))},
		{"on a disk of another size", "", join(hung("sda", sata, "8:0", "3000000"), note("sda"))},
		{"on a disk that is gone", "", join(whole, note("sdz"))},
		{"not a note", "", join(whole, []string{"/etc/lvm/backup/vg1", "x"})},
	} {
		var got []string
		for _, s := range machineWith(t, boxed(append(row.files, "/proc/1/mountinfo", onRoot)...)).Storage {
			if s.Kind == inventory.Pool {
				got = append(got, s.Name+" "+word(s.Capacity)+" "+s.Detail)
			}
		}
		if s := strings.Join(got, "; "); s != row.want {
			t.Errorf("%s: got %q, want %q", row.name, s, row.want)
		}
	}
}

// A disk image is not a disk of its own: its volumes live where its file does.
func TestDiskImages(t *testing.T) {
	files := func(mounts string) map[string]string {
		return boxed(join(hung("sda", sata, "8:0", "9000000"), hung("loop0", "virtual/block/loop0", "7:0", "2000000", "loop/backing_file", "/srv/images/disk", "holders/dm-0/x", ""),
			hung("loop1", "virtual/block/loop1", "7:1", "0"),
			[]string{"/sys/block/dm-0/dm/name", "vg1-root", "/sys/block/dm-0/dm/uuid", "LVM-x", "/proc/1/mountinfo", mounts})...)
	}
	for _, row := range []struct{ name, mounts, data, pool string }{
		{"on a disk", onRoot, "raw-local", "local-volumes lvm on loop0 (a file below /)"},
		{"on a file server", onRoot + "28 1 0:9 / /srv rw - nfs4 filer:/x rw\n", "?", "ip-array lvm on loop0 (a file below /srv)"},
		{"on memory", onRoot + "28 1 0:9 / /srv/images rw - tmpfs x rw\n", "raw-local", "? lvm on loop0 (a file below /srv/images)"},
	} {
		b := machineWith(t, files(row.mounts))
		pool, disks := "", 0
		for _, s := range b.Storage {
			switch s.Kind {
			case inventory.Pool:
				pool = word(s.Class) + " " + s.Detail
			case inventory.Disk:
				disks++
			}
		}
		if data := word(b.Machines[0].Storage); data != row.data || pool != row.pool || disks != 1 {
			t.Errorf("%s: data %q, pool %q, %d disks; want %q, %q, 1", row.name, data, pool, disks, row.data, row.pool)
		}
	}
}

// The secrets of storage lie beside its facts. None of them is read, which a recording would show, and their
// directories are not even listed.
func TestSecretsOfStorageAreNotRead(t *testing.T) {
	secret := func(name string) bool {
		return strings.Contains(name, "password") || strings.Contains(name, "username") || strings.Contains(name, "secret")
	}
	for _, name := range []string{"iscsi-multipath", "nvme-tcp", "longhorn"} {
		root, copied := plant(t, name), filepath.Join(t.TempDir(), "copy")
		if _, err := observe(context.Background(), collect.Env{Root: root, Record: copied}, "host:"); err != nil {
			t.Fatal(err)
		}
		planted := 0
		for dir, found := range map[string]func(string){
			root:   func(string) { planted++ },
			copied: func(path string) { t.Errorf("%s: %s was looked at", name, strings.TrimPrefix(path, copied)) },
		} {
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && secret(d.Name()) {
					found(path)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if planted == 0 {
			t.Errorf("%s: there is no secret in it to be left alone", name)
		}
	}
}

// A remote file system is known from the list of mounts: nothing of it is touched, whether its server lives or not.
func TestRemoteMountsAreNotTouched(t *testing.T) {
	for name, points := range map[string][]string{"kvm-guest": {"/srv"}, "gluster": {"/shared", "/misc"}} {
		root, copied := plant(t, name), filepath.Join(t.TempDir(), "copy")
		for _, p := range points {
			write(t, root, map[string]string{p + "/file": "x"}, nil)
		}
		if _, err := observe(context.Background(), collect.Env{Root: root, Record: copied}, "host:"); err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			if _, err := os.Lstat(copied + p); err == nil {
				t.Errorf("%s: %s was looked at", name, p)
			}
		}
	}
}

// What only root may read of storage is unknown or a gap, never absent.
func TestDeniedStorage(t *testing.T) {
	if !collecttest.AsNobody(t) { // root is denied nothing
		return
	}
	root := plant(t, "rack-fc")
	write(t, root, map[string]string{"/sys/kernel/config/target/iscsi/iqn.x/x": "", "/etc/lvm/backup/vg0": noteOf}, nil)
	for _, name := range []string{"/sys/kernel/config/target", "/etc/lvm/backup", "/sys/class/fc_host/host6/port_state"} {
		if err := os.Chmod(root+name, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(root+name, 0o755) })
	}
	b := observed(t, root)
	remedies := make(map[string]string)
	for _, g := range b.Gaps {
		remedies[g.Subject] = g.Remedy
	}
	for _, name := range []string{"/sys/kernel/config/target", "/etc/lvm/backup"} {
		if remedies[name] != asRoot {
			t.Errorf("no gap for %s: %+v", name, b.Gaps)
		}
	}
	hw := b.Machines[0].Hardware
	if !hw.Fabric.IsUnknown() || !hw.Adapters[1].State.IsUnknown() {
		t.Errorf("fabric %v, adapters %+v", hw.Fabric, hw.Adapters)
	}
}
