package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A diskMake is what the maker's name on a disk says about where it really is.
type diskMake string

const (
	cloudVolume  diskMake = "volume of a cloud"            // looks like a disk in the box
	cloudLocal   diskMake = "disk of a cloud's own server" // lost when the instance stops
	virtualMake  diskMake = "virtual disk"                 // only the hypervisor knows what is below
	raidVolume   diskMake = "volume of a RAID controller"  //
	bootCard     diskMake = "boot card"                    // for the system only, no place for data
	externalUnit diskMake = "unit of an external array"    //
)

// makes are known by vendor (all of it, in any case; empty for any) and a part of the model. The first that fits counts.
var makes = []struct {
	vendor, model string
	is            diskMake
}{
	{"", "Amazon Elastic Block Store", cloudVolume},
	{"", "Amazon EC2 NVMe Instance Storage", cloudLocal},
	{"", "nvme_card-pd", cloudVolume}, // Google
	{"", "nvme_card", cloudLocal},
	{"Google", "PersistentDisk", cloudVolume},
	{"Google", "EphemeralDisk", cloudLocal},
	{"", "MSFT NVMe Accelerator", cloudVolume},
	{"", "Microsoft NVMe Direct Disk", cloudLocal},

	{"Msft", "Virtual Disk", virtualMake},
	{"VMware", "Virtual", virtualMake},
	{"", "VMware Virtual", virtualMake},
	{"QEMU", "", virtualMake},
	{"", "QEMU", virtualMake},
	{"", "VBOX HARDDISK", virtualMake},
	{"VBOX", "HARDDISK", virtualMake},
	{"NUTANIX", "VDISK", virtualMake},
	{"XENSRC", "", virtualMake},

	{"", "DELLBOSS", bootCard},
	{"", "Dell BOSS", bootCard},
	{"", "SATADOM", bootCard},
	{"", "NS204i", bootCard}, // HPE
	{"", "ThinkSystem M.2", bootCard},
	{"", "UCS-M2-HWRAID", bootCard},

	{"DELL", "PERC", raidVolume},
	{"LSI", "MR", raidVolume},
	{"LSI", "Logical Volume", raidVolume},
	{"AVAGO", "MR", raidVolume},
	{"BROADCOM", "MR", raidVolume},
	{"HP", "LOGICAL VOLUME", raidVolume},
	{"HPE", "LOGICAL VOLUME", raidVolume},
	{"IBM", "ServeRAID", raidVolume},
	{"Lenovo", "RAID", raidVolume},
	{"FTS", "PRAID", raidVolume},
	{"Cisco", "MRAID", raidVolume},
	{"Adaptec", "", raidVolume},
	{"ASR", "", raidVolume},
	{"Areca", "", raidVolume},

	{"NETAPP", "LUN", externalUnit},
	{"NETAPP", "INF-01-00", externalUnit}, // E-Series
	{"DGC", "", externalUnit},
	{"EMC", "", externalUnit},
	{"DellEMC", "", externalUnit},
	{"PURE", "FlashArray", externalUnit},
	{"3PARdata", "VV", externalUnit},
	{"HITACHI", "OPEN-", externalUnit},
	{"HP", "OPEN-", externalUnit},
	{"HP", "HSV", externalUnit},
	{"IBM", "2145", externalUnit},
	{"IBM", "FlashSystem", externalUnit},
	{"IBM", "2107", externalUnit},
	{"IBM", "2810XIV", externalUnit},
	{"HUAWEI", "XSG1", externalUnit},
	{"COMPELNT", "", externalUnit},
	{"EQLOGIC", "", externalUnit},
	{"Nimble", "", externalUnit},
	{"NFINIDAT", "", externalUnit},
	{"XtremIO", "", externalUnit},
	{"FUJITSU", "ETERNUS", externalUnit},
	{"DELL", "MD3", externalUnit},
	{"DELL", "ME4", externalUnit},
	{"DellEMC", "ME", externalUnit},
	{"HP", "MSA", externalUnit},
	{"HPE", "MSA", externalUnit},
	{"SYNOLOGY", "", externalUnit},
	{"QNAP", "", externalUnit},
	{"TrueNAS", "", externalUnit},
	{"FreeNAS", "", externalUnit},
	{"LIO-ORG", "", externalUnit},
}

// makeOf tells what a disk is by its maker's name; empty where it is just a disk.
func makeOf(vendor, model string) diskMake {
	model = strings.ToLower(model)
	for _, k := range makes {
		if (k.vendor == "" || strings.EqualFold(k.vendor, vendor)) && strings.Contains(model, strings.ToLower(k.model)) {
			return k.is
		}
	}
	return ""
}

// networkDisks are devices of the kernel, by the beginning of their names, behind which software-defined storage
// stands. Where its server runs here too, the machine serves the storage that it uses. DRBD is both at once.
var networkDisks = []struct{ prefix, technology string }{
	{"rbd", "ceph"},
	{"drbd", "drbd"},
	{"scini", "powerflex"},
	{"pxd", "portworx"},
	{"sp-", "storpool"},
}

// nodeTargets are the beginnings of the names of iSCSI and NVMe targets that nodes serve to themselves. Such a
// session looks like one to an external array.
var nodeTargets = []struct{ prefix, technology string }{
	{"iqn.2019-10.io.longhorn", "longhorn"},
	{"nqn.2023-01.io.longhorn", "longhorn"},
	{"iqn.2016-09.com.openebs", "openebs"},
	{"nqn.2019-05.io.openebs", "openebs"},
}

// nodeTarget names the software that serves a target; empty for one of an external array.
func nodeTarget(name string) string {
	for _, k := range nodeTargets {
		if strings.HasPrefix(name, k.prefix) {
			return k.technology
		}
	}
	return ""
}

// storageProgram is what a program does for storage.
type storageProgram struct {
	technology string
	role       inventory.StorageRole
	keeps      keeping
}

// keeping says where a server of storage has the data.
type keeping int

const (
	nowhere keeping = iota // it holds none, or those of another program
	onDisks                // on disks, volumes or file systems of its own
	inFiles                // in files of a file system that the machine may use for other things as well
)

// storagePrograms are known by the names of their processes, as long as the kernel keeps them.
var storagePrograms = map[string]storageProgram{
	"ceph-osd":        {"ceph", inventory.StorageServer, onDisks},
	"ceph-mon":        {"ceph", inventory.StorageServer, nowhere},
	"ceph-mgr":        {"ceph", inventory.StorageServer, nowhere},
	"ceph-mds":        {"ceph", inventory.StorageServer, nowhere},
	"radosgw":         {"ceph", inventory.StorageServer, nowhere},
	"glusterfsd":      {"glusterfs", inventory.StorageServer, inFiles},
	"linstor-Satelli": {"linstor", inventory.StorageServer, nowhere},
	"linstor-Control": {"linstor", inventory.StorageServer, nowhere},
	"longhorn-manage": {"longhorn", inventory.StorageServer, inFiles},
	"longhorn-instan": {"longhorn", inventory.StorageServer, inFiles},
	"minio":           {"minio", inventory.StorageServer, inFiles},
	"weed":            {"seaweedfs", inventory.StorageServer, inFiles},
	"juicefs":         {"juicefs", inventory.StorageClient, nowhere},
	"px-storage":      {"portworx", inventory.StorageServer, onDisks},
	"storpool_server": {"storpool", inventory.StorageServer, onDisks},
	"storpool_block":  {"storpool", inventory.StorageClient, nowhere},
	"wekanode":        {"weka", inventory.StorageServer, onDisks},
	"quobyte-data":    {"quobyte", inventory.StorageServer, inFiles},
	"beegfs-storage":  {"beegfs", inventory.StorageServer, inFiles},
	"beegfs-meta":     {"beegfs", inventory.StorageServer, inFiles},
	"mfschunkserver":  {"moosefs", inventory.StorageServer, inFiles},
	"mmfsd":           {"gpfs", inventory.StorageClient, nowhere},
	"ganesha.nfsd":    {"nfs", inventory.StorageServer, nowhere},
	"smbd":            {"smb", inventory.StorageServer, nowhere},
	"ksmbd.mountd":    {"smb", inventory.StorageServer, nowhere},
	"tgtd":            {"iscsi-target", inventory.StorageServer, nowhere},
	"iscsi-scstd":     {"iscsi-target", inventory.StorageServer, nowhere},
	"nvmf_tgt":        {"spdk", inventory.StorageServer, nowhere},
	"spdk_tgt":        {"spdk", inventory.StorageServer, nowhere},
	"lvmlockd":        {"lvm-shared", inventory.StorageClient, nowhere},
	"dlm_controld":    {"lvm-shared", inventory.StorageClient, nowhere},
}

// storageUnits are parts of the names of units of systemd whose programs run in an interpreter.
var storageUnits = []struct {
	part string
	storageProgram
}{
	{"linstor-satellite", storageProgram{"linstor", inventory.StorageServer, nowhere}},
	{"linstor-controller", storageProgram{"linstor", inventory.StorageServer, nowhere}},
	{"hadoop-hdfs-datanode", storageProgram{"hdfs", inventory.StorageServer, inFiles}},
}

// A remoteKind is a type of file system that another machine serves.
type remoteKind struct {
	technology string
	class      inventory.StorageClass // empty where the file system does not tell what is behind it
	names      bool                   // its source begins with the name of a server that is a component of its own
}

// remoteKinds are known by the type of the file system.
var remoteKinds = map[string]remoteKind{
	"nfs":            {"nfs", inventory.IPArray, true},
	"nfs4":           {"nfs", inventory.IPArray, true},
	"cifs":           {"smb", inventory.IPArray, true},
	"smb3":           {"smb", inventory.IPArray, true},
	"smbfs":          {"smb", inventory.IPArray, true},
	"ceph":           {"ceph", inventory.SDSSeparate, false},
	"fuse.ceph":      {"ceph", inventory.SDSSeparate, false},
	"fuse.ceph-fuse": {"ceph", inventory.SDSSeparate, false},
	"glusterfs":      {"glusterfs", inventory.SDSSeparate, false},
	"fuse.glusterfs": {"glusterfs", inventory.SDSSeparate, false},
	"lustre":         {"lustre", inventory.SDSSeparate, false},
	"beegfs":         {"beegfs", inventory.SDSSeparate, false},
	"gpfs":           {"gpfs", inventory.SDSSeparate, false},
	"pvfs2":          {"orangefs", inventory.SDSSeparate, false},
	"wekafs":         {"weka", inventory.SDSSeparate, false},
	"fuse.quobyte":   {"quobyte", inventory.SDSSeparate, false},
	"fuse.mfs":       {"moosefs", inventory.SDSSeparate, false},
	"fuse.seaweedfs": {"seaweedfs", inventory.SDSSeparate, false},
	"fuse.juicefs":   {"juicefs", "", false},
	"fuse.s3fs":      {"s3", "", false},
	"fuse.goofys":    {"s3", "", false},
	"fuse.mount-s3":  {"s3", "", false},
	"fuse.rclone":    {"rclone", "", false},
	"fuse.gcsfuse":   {"gcs", "", false},
	"fuse.blobfuse2": {"azure-blob", "", false},
	"fuse.cubefs":    {"cubefs", inventory.SDSSeparate, false},
	"fuse.lizardfs":  {"lizardfs", inventory.SDSSeparate, false},
}

// sharedFileSystems are those that several machines mount from one disk at the same time.
var sharedFileSystems = map[string]bool{"gfs2": true, "ocfs2": true}

// volumeSystems are file systems that are volume managers too.
var volumeSystems = map[string]bool{"btrfs": true, "bcachefs": true, "zfs": true, "vxfs": true}

// hardwareRAID are the drivers of controllers that make RAID sets by themselves. A card of the class "RAID" with
// another driver lets the disks through (Intel's VMD, SATA in RAID mode).
var hardwareRAID = map[string]bool{
	"megaraid_sas": true, "mpt3sas": true, "mpi3mr": true, "smartpqi": true, "hpsa": true, "cciss": true, "aacraid": true,
	"arcmsr": true, "3w-9xxx": true, "3w-sas": true,
}

// convergedDrivers carry Fibre Channel over Ethernet.
var convergedDrivers = map[string]bool{"bnx2fc": true, "fcoe": true, "fnic": true, "qedf": true, "csiostor": true}
