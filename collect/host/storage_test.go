//go:build linux

package host

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// stored says in words what a machine shows of its storage, to compare it at a glance.
func stored(b *inventory.Batch) string {
	m := b.Machines[0]
	var out strings.Builder
	line := func(format string, values ...any) {
		out.WriteString(strings.TrimRight(strings.ReplaceAll(fmt.Sprintf(format, values...), "  ", " "), " ,") + "\n")
	}
	line("data %s", m.Storage)
	line("fabric %s", m.Hardware.Fabric)
	for _, s := range b.Storage {
		line("%s %s: %s, %s, %s", s.Kind, s.Name, word(s.Class), word(s.Capacity), s.Detail)
	}
	for _, u := range m.StorageUse {
		line("%s of %s: %s", u.Role, u.Technology, u.Source)
	}
	for _, a := range m.Hardware.Adapters {
		line("adapter %s %s: %s, %s %s", a.Kind, a.Name, word(a.State), a.Model, a.Speed)
	}
	for _, f := range m.Findings {
		line("%s %s: %s", f.Severity, f.ID, f.Text)
	}
	return out.String()
}

// word shortens what is unknown.
func word[T comparable](r inventory.Reading[T]) string {
	if r.IsUnknown() {
		return "?"
	}
	return r.String()
}

func TestStorageOfTrees(t *testing.T) {
	for name, want := range map[string]string{
		"btrfs-multi": `
data local-volumes
fabric one
disk sda: local-volumes, 1.82 TiB, ATA ST2000NM0008
disk sdb: local-volumes, 1.82 TiB, ATA ST2000NM0008
pool system: local-volumes, ?, btrfs on sda, sdb
local of btrfs: /sys/fs/btrfs/51565f13-b702-49d4-9633-2b4e9dd7c93f
warning degraded-array: btrfs system lacks 1 of its devices
`,
		"drbd-linstor": `
data sds-on-nodes
fabric one
disk drbd1001: sds-on-nodes, 500 GiB
disk nvme0n1: sds-on-nodes, 3.49 TiB, MZWLR3T8HBLS
disk sda: raw-local, 224 GiB, ATA SSDSC2KB240G8
pool vg0: sds-on-nodes, ?, lvm on nvme0n1
client of drbd: /sys/block/drbd1000
server of drbd: /sys/block/drbd1000
server of linstor: unit linstor-satellite
local of lvm: /sys/block/dm-0/dm/uuid
`,
		"ec2-stores": `
data raw-local
fabric not applicable: a cloud instance's hardware belongs to the provider
disk nvme0n1: cloud, 8 GiB, Amazon Elastic Block Store
disk nvme1n1: raw-local, 2.27 TiB, Amazon EC2 NVMe Instance Storage
disk nvme2n1: cloud, 100 GiB, Amazon Elastic Block Store
info unused-disk: disk nvme2n1 Amazon Elastic Block Store (100 GiB) has nothing on it
`,
		"gluster": `
data unknown: glusterfs keeps what it serves in files beside those of the machine, and their sizes are not asked for
fabric one
disk sda: raw-local, 224 GiB, ATA SSDSC2KB240G8
disk sdb: raw-local, 3.64 TiB, ATA ST4000NM0035
mount /shared: sds-on-nodes, ?, fuse.glusterfs
client of autofs: /proc/1/mountinfo
client of glusterfs: /proc/1/mountinfo
server of glusterfs: process glusterfsd
`,
		"hardware-raid": `
data sds-on-nodes
fabric one
disk sda: raw-local, 224 GiB, ATA DELLBOSS VD, boot card
disk sdb: sds-on-nodes, 3.64 TiB, DELL PERC H740P Mini, volume of a RAID controller
disk sdc: local-volumes, 932 GiB, ATA ST1000NM0008
disk sdd: local-volumes, 932 GiB, ATA ST1000NM0008
pool ceph-0a1b: sds-on-nodes, ?, lvm on sdb
pool md0: local-volumes, 931 GiB, md raid1 on sdc
server of ceph: process ceph-osd
local of lvm: /sys/block/dm-0/dm/uuid
local of md: /sys/block/md0/md
adapter iscsi tcp: linked, initiator of the kernel
adapter raid host1: in-use, megaraid_sas 1000:0016
adapter sas 0000:5e:00.0: no-driver, 1000:00e6
adapter tape st0: in-use, IBM ULT3580-HH8
warning adapter-without-driver: adapter 0000:5e:00.0 1000:00e6 (sas) has no driver
warning degraded-array: md md0 lacks 1 of its devices
warning hardware-raid-below-sds: disk sdb (DELL PERC H740P Mini) is a volume of a RAID controller below ceph, which keeps copies by itself
info idle-iscsi-initiator: iSCSI initiator tcp initiator of the kernel has no session
`,
		"hci-ceph": `
data sds-on-nodes
fabric one
disk nvme0n1: sds-on-nodes, 3.49 TiB
disk sda: raw-local, 488 MiB
pool ceph-0a1b: sds-on-nodes, ?, lvm on nvme0n1
server of ceph: process ceph-osd
local of lvm: /sys/block/dm-3/dm/uuid
adapter fc host3: dark
info dark-hba: Fibre Channel adapter host3 has no link
`,
		"iscsi-multipath": `
data ip-array
fabric one
array iqn.1992-08.com.netapp:sn.d2:vs.3: ip-array, ?, NETAPP LUN C-Mode
disk mpathb: ip-array, 1 TiB, NETAPP LUN C-Mode, 2 paths
disk sda: raw-local, 59.6 GiB, ATA SATADOM-SL 3IE3, boot card
client of iscsi: /sys/block/sdb
client of multipath: /sys/block/*/dm/uuid
adapter iscsi tcp: in-use, initiator of the kernel
`,
		"longhorn": `
data unknown: longhorn keeps what it serves in files beside those of the machine, and their sizes are not asked for
fabric one
disk nvme0n1: sds-on-nodes, 20 GiB
disk sda: raw-local, 447 GiB, ATA SSDSC2KB480G8R
disk sdb: sds-on-nodes, 20 GiB, IET VIRTUAL-DISK
mount /var/lib/kubelet/pods/3/volumes/kubernetes.io~csi/pvc-3/mount: sds-on-nodes, ?, nfs4
client of longhorn: /sys/block/nvme0n1
server of longhorn: process longhorn-manage
`,
		"nfs-server": `
data local-volumes
fabric one
disk sda: raw-local, 224 GiB, ATA SSDSC2KB240G8
disk sdb: local-volumes, 3.64 TiB, ATA ST4000NM0035
disk sdc: local-volumes, 3.64 TiB, ATA ST4000NM0035
pool md0: local-volumes, 3.64 TiB, md raid1 on sdb, sdc
pool vg-data: local-volumes, ?, lvm on sdb, sdc
local of lvm: /sys/block/dm-0/dm/uuid
local of lvm-thin: /sys/block/dm-0/dm/uuid
local of md: /sys/block/md0/md
server of nfs: /proc/net/rpc/nfsd
server of smb: process smbd
`,
		"nvme-tcp": `
data ip-array
fabric one
array nqn.2010-06.com.purestorage:flasharray.1: ip-array, ?, Pure Storage FlashArray
disk nvme0n1: raw-local, 224 GiB, SAMSUNG MZ1LB480
disk nvme1n1: ip-array, 9.77 TiB, Pure Storage FlashArray, 3 paths
client of nvme-of: /sys/block/nvme1n1
adapter nvme-of nvme1: in-use, tcp
adapter nvme-of nvme2: in-use, tcp
adapter nvme-of nvme3: dark, tcp
warning failed-paths: of the paths to nvme-subsys1 nvme3 is connecting
`,
		"proxmox-zfs": `
data local-volumes
fabric one
disk sda: local-volumes, 447 GiB, INTEL SSDSC2KB480G8
disk sdb: local-volumes, 447 GiB, INTEL SSDSC2KB480G8
disk sdc: raw-local, 447 GiB, INTEL SSDSC2KB480G8
disk sdd: raw-local, 14.9 GiB, Generic Card Reader
pool rpool: local-volumes, ?, zfs on sda, sdb
local of zfs: /proc/spl/kstat/zfs/rpool/state
warning degraded-array: zfs rpool is in state degraded
info unused-disk: disk sdc INTEL SSDSC2KB480G8 (447 GiB) has nothing on it
`,
		"rack-fc": `
data fc-array
fabric fc-beside-ethernet
array 0x524a937b1a2b3c00: fc-array, ?, PURE FlashArray
disk sda: local-volumes, 447 GiB, ATA SSDSC2KB480G8R
disk sdb: fc-array, 9.77 TiB, PURE FlashArray
pool vg0: local-volumes, ?, lvm on sda
client of fc: /sys/block/sdb
local of lvm: /sys/block/dm-0/dm/uuid
adapter fc 0000:d8:00.0: no-driver, 10df:e300
adapter fc host6: in-use, QLE2692 16 Gbit
adapter fc host7: dark, QLE2692
warning adapter-without-driver: adapter 0000:d8:00.0 10df:e300 (fc) has no driver
info dark-hba: Fibre Channel adapter host7 QLE2692 has no link
`,
		"ucs-fcoe": `
data fc-array
fabric fcoe
array 0x5000097300123400: fc-array, ?, EMC SYMMETRIX
disk mpatha: fc-array, 1.95 TiB, EMC SYMMETRIX, 4 paths
client of fc: /sys/block/sda
client of multipath: /sys/block/*/dm/uuid
local of npiv: /sys/class/fc_vports
adapter fcoe host1: in-use, fnic 20 Gbit
adapter fcoe host2: in-use, fnic 20 Gbit
warning failed-paths: of the paths to mpatha sdd is transport-offline
`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := stored(observed(t, plant(t, name))); got != strings.TrimPrefix(want, "\n") {
				t.Errorf("got\n%s\nwant%s", got, want)
			}
		})
	}
}
