package linux

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseMapperUUID(t *testing.T) {
	const group, volume = "Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56", "Qr78St90Uv12Wx34Yz56Ab78Cd90Ef12"
	for text, want := range map[string]MapperUUID{
		"":                                 {},
		"noprefix":                         {},
		"LVM-" + group + volume:            {Kind: MapperLVM, Group: group},
		"LVM-" + group + volume + "-tpool": {Kind: MapperLVM, Group: group, Layer: "tpool"},
		"LVM-short-cdata\n":                {Kind: MapperLVM, Layer: "cdata"},
		"CRYPT-LUKS2-0123-root":            {Kind: MapperCrypt},
		"CRYPT-LUKS2":                      {Kind: MapperCrypt},
		"mpath-3600a098038303053":          {Kind: MapperMultipath},
		"part12-mpath-3600a098038303053":   {Kind: MapperPartition},
		"part-mpath-3600a098038303053":     {},
		"partx-mpath":                      {},
		"VDO-0123":                         {Kind: MapperVDO},
		"stratis-1-private-0123":           {Kind: MapperStratis},
		"lvm-" + group:                     {},
		"-":                                {},
	} {
		if got := ParseMapperUUID(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestParseMDStat(t *testing.T) {
	got, err := ParseMDStat(`Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid1 sdb1[1](F) sda1[0]
      1953383488 blocks super 1.2 [2/1] [U_]
      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
      bitmap: 3/15 pages [12KB], 65536KB chunk

md5 : active (auto-read-only) raid5 nvme2n1p1[3] nvme1n1p1[1] nvme0n1p1[0]
      20953088 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]

md127 : inactive sdc[0](S)
      1048576 blocks super external:imsm

md7 : active linear sdd[1] sde[0]
      3906764800 blocks super 1.2 0k rounding

unused devices: <none>
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []MDArray{
		{Name: "md0", Active: true, Level: "raid1", Members: []string{"sdb1", "sda1"}, Failed: 1, Slots: 2, Working: 1},
		{Name: "md5", Active: true, Level: "raid5", Members: []string{"nvme2n1p1", "nvme1n1p1", "nvme0n1p1"}, Slots: 3, Working: 3},
		{Name: "md127", Members: []string{"sdc"}},
		{Name: "md7", Active: true, Level: "linear", Members: []string{"sdd", "sde"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if n := got[0].Degraded(); n != 1 {
		t.Errorf("md0 lacks %d devices, want 1", n)
	}
	for _, text := range []string{"", "Personalities : \nunused devices: <none>\n", "  12 blocks [2/1]\n"} {
		if list, err := ParseMDStat(text); err != nil || len(list) != 0 {
			t.Errorf("%q: got %v, %v", text, list, err)
		}
	}
	for _, text := range []string{"md0 : \n", "md0 : x raid1 sda[0]\n"} {
		_, err := ParseMDStat(text)
		bad(t, text, err)
	}
	for _, line := range []string{"1 blocks [1/2]", "1 blocks [99999999/1]", "1 blocks [x/y]", "1 blocks []", "1 blocks [/"} {
		if list, err := ParseMDStat("md0 : active raid1 sda[0]\n" + line + "\n"); err != nil || list[0].Slots != 0 {
			t.Errorf("%q: got %+v, %v", line, list, err)
		}
	}
}

func TestParseUdevDisk(t *testing.T) {
	got := ParseUdevDisk("S:disk/by-id/x\nI:123\nE:ID_BUS=scsi\nE:ID_PATH=pci-0000:3a:00.0-fc-0x500a09818d12f3b4-lun-1\nE:ID_WWN=0x600a\n" +
		"E:ID_WWN_WITH_EXTENSION=0x600a098038303053\nE:ID_VENDOR=NETAPP\nE:ID_MODEL=LUN_C-Mode\nE:ID_FS_TYPE=LVM2_member\nE:ID_SERIAL_SHORT=secret\n" +
		"E:DM_NAME=vg0-root\nE:DM_UUID=LVM-x\nE:DM_VG_NAME=vg0\nE:ID_PART_TABLE_TYPE=gpt\nE:\nG:systemd\n")
	want := UdevDisk{
		Bus: "scsi", Path: "pci-0000:3a:00.0-fc-0x500a09818d12f3b4-lun-1", WWN: "0x600a098038303053", Vendor: "NETAPP", Model: "LUN C-Mode",
		Holds: "LVM2_member", Table: "gpt", Mapper: "vg0-root", MapUUID: "LVM-x", Group: "vg0",
	}
	if got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	for path, want := range map[string][2]string{
		"": {}, "pci-0000:00:17.0-ata-1": {}, "pci-0000:01:00.0-nvme-1": {},
		"pci-0000:3a:00.0-fc-0x500a09818d12f3b4-lun-1":               {"fc", "0x500a09818d12f3b4"},
		"fc-0x500a09818d12f3b4-lun-1":                                {"fc", "0x500a09818d12f3b4"},
		"ip-10.0.0.1:3260-iscsi-iqn.1992-08.com.example:sn.1-lun-12": {"iscsi", "iqn.1992-08.com.example:sn.1"},
		"ip-[fe80::1]:3260-iscsi-iqn.x":                              {"iscsi", "iqn.x"},
	} {
		if p, target := (UdevDisk{Path: path}).Fabric(); [2]string{p, target} != want {
			t.Errorf("%q: got %q, %q, want %q", path, p, target, want)
		}
	}
}

func TestParseSwaps(t *testing.T) {
	got := ParseSwaps("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/sda2                               partition\t8388604\t0\t-2\n/swap\\040file file 1 0 -3\nx\n/short\n")
	if want := []string{"/dev/sda2", "/swap file"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ParseSwaps(""); len(got) != 0 {
		t.Errorf("got %q of nothing", got)
	}
}

func TestParseNFSServer(t *testing.T) {
	got, err := ParseNFSServer("rc 0 18 100\nfh 0 0 0 0 0\nio 4096 0\nth 8 0 0.000 0.000\nra 32 0\nnet 130 0 130 2\nrpc 128 0 0 0 0\nproc3 22 1\n")
	if want := (NFSServer{Threads: 8, Calls: 128}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", "th\n", "th many\n", "rpc -1 0\n", "io 1 2\n"} {
		_, err := ParseNFSServer(text)
		bad(t, text, err)
	}
}

func TestDriveProtocols(t *testing.T) {
	for _, row := range []struct{ command, want string }{
		{"", ""},
		{"qemu -drive", ""},
		{"qemu -drive file=rbd:vms/disk:id=admin:key=s3cret,format=raw", "rbd"},
		{"qemu -drive file.driver=rbd,file.pool=vms,if=none", "rbd"},
		{"kvm -drive file=/dev/zvol/rpool/vm-100-disk-0,if=none", ""},
		{"qemu -blockdev {\"driver\":\"rbd\",\"pool\":\"vms\"} -blockdev {\"driver\":\"raw\",\"file\":\"x\"}", "rbd"},
		{"qemu -blockdev driver=gluster,node-name=a -hda gluster+tcp://server/volume/image", "gluster"},
		{"qemu -drive file=iscsi://user%secret@10.0.0.1/iqn.x/1 -drive file=rbd:a/b", "iscsi rbd"},
		{"qemu -name file=rbd:a/b -drive file=/images/rbd.img", ""},
		{"qemu -drive file=rbd", ""}, // a file of that name
	} {
		got := strings.Join(DriveProtocols([]byte(strings.ReplaceAll(row.command, " ", "\x00"))), " ")
		if got != row.want {
			t.Errorf("%q: got %q, want %q", row.command, got, row.want)
		}
	}
}

// groupNote is what LVM 2.03.16 writes, with the comments and the volume that it puts there.
const groupNote = `# Generated by LVM2 version 2.03.16(2) (2022-05-18): Wed Nov 25 13:32:57 2026

contents = "Text Format Volume Group"
version = 1

description = "Created *after* executing 'vgcreate --yes data-1 /dev/sdb1 { # '"

creation_host = "vm"	# Linux vm 6.18
creation_time = 1795613577	# Wed Nov 25 13:32:57 2026

data-1 {
	id = "0lEoQI-Mu3J-N1t1-Rn9h-9Pln-3Y47-Uke6Gt"
	seqno = 1
	format = "lvm2"			# informational
	status = ["RESIZEABLE", "READ", "WRITE"]
	flags = []
	extent_size = 8192		# 4 Megabytes
	max_lv = 0

	physical_volumes {

		pv0 {
			id = "2QkH5l-vGFD-cjBF-xmgV-EXGK-Kd90-mrDvR9"
			device = "/dev/sdb1"	# Hint only

			status = ["ALLOCATABLE"]
			dev_size = 131072	# 64 Megabytes
			pe_start = 2048
			pe_count = 15	# 60 Megabytes
		}

		pv1 {
			device = "/dev/mapper/a#b"
			dev_size = 262144
			pe_count = 31
		}
	}

	logical_volumes {

		root {
			id = "x"
			segment_count = 1

			segment1 {
				start_extent = 0
				extent_count = 4
				device = "not a disk"

				stripes = [
					"pv0", 0
				]
			}
		}
	}
}
`

func TestParseVolumeGroup(t *testing.T) {
	got, err := ParseVolumeGroup(groupNote)
	want := VolumeGroupNote{
		Name: "data-1", ID: "0lEoQIMu3JN1t1Rn9h9Pln3Y47Uke6Gt", Extent: 8192,
		Volumes: []PhysicalVolumeNote{{"/dev/sdb1", 131072, 15}, {"/dev/mapper/a#b", 262144, 31}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v, %v\nwant %+v", got, err, want)
	}
	if n := got.Size(); n != 46*4<<20 {
		t.Errorf("size %d, want 184 MiB", n)
	}
	for _, text := range []string{
		"", "}\n", "a {\n", "a {\n}\n", "a {\nextent_size = many\n}\n", "a {\nextent_size = 1\n}\nb {\nextent_size = 1\n}\n",
		"a {\nextent_size = 1\nphysical_volumes {\np {\ndev_size = -1\n}\n}\n}\n", strings.Repeat("a {\n", 20),
	} {
		_, err := ParseVolumeGroup(text)
		bad(t, text, err)
	}
	huge := VolumeGroupNote{Extent: 1 << 60, Volumes: []PhysicalVolumeNote{{Extents: 1 << 62}, {Extents: 1 << 62}}}
	if huge.Size() <= 0 || (VolumeGroupNote{}).Size() != 0 {
		t.Errorf("sizes %d and %d", huge.Size(), (VolumeGroupNote{}).Size())
	}
}

func FuzzVolumeGroup(f *testing.F) {
	f.Add(groupNote)
	f.Add("a {\nextent_size = 1\nphysical_volumes {\np {\n}\n}\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseVolumeGroup(text)
		if err == nil && (g.Name == "" || g.Extent == 0 || g.Size() < 0 || len(g.Volumes) > strings.Count(text, "{")) {
			t.Errorf("%q: %+v", text, g)
		}
	})
}

func FuzzMapperUUID(f *testing.F) {
	f.Add("LVM-Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78St90Uv12Wx34Yz56Ab78Cd90Ef12-tpool")
	f.Add("part1-mpath-36")
	f.Fuzz(func(t *testing.T, text string) {
		u := ParseMapperUUID(text)
		if u.Group != "" && len(u.Group) != 32 || u.Kind != MapperLVM && (u.Group != "" || u.Layer != "") {
			t.Errorf("%q: %+v", text, u)
		}
	})
}

func FuzzMDStat(f *testing.F) {
	f.Add("md0 : active raid1 sdb1[1](F) sda1[0]\n 1 blocks [2/1] [U_]\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseMDStat(text)
		for _, a := range list {
			if a.Degraded() < 0 || a.Working > a.Slots || a.Failed > len(a.Members) || !strings.Contains(text, a.Name) {
				t.Errorf("%q: %+v", text, a)
			}
		}
		if err == nil && len(list) > strings.Count(text, "\n")+1 {
			t.Errorf("%d arrays in %q", len(list), text)
		}
	})
}

func FuzzUdevDisk(f *testing.F) {
	f.Add("E:ID_PATH=ip-10.0.0.1:3260-iscsi-iqn.x-lun-1\nE:ID_MODEL=a_b\n")
	f.Fuzz(func(t *testing.T, text string) {
		u := ParseUdevDisk(text)
		if _, target := u.Fabric(); len(target) > len(text) || strings.ContainsAny(u.Holds+u.Table, "\n") {
			t.Errorf("%q: %+v, target %q", text, u, target)
		}
	})
}

func FuzzSwaps(f *testing.F) {
	f.Add("/dev/sda2 partition 1 0 -2\n/a\\040b file 1 0 -3\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range ParseSwaps(text) {
			if !strings.HasPrefix(name, "/") {
				t.Errorf("%q: %q", text, name)
			}
		}
	})
}

func FuzzNFSServer(f *testing.F) {
	f.Add("th 8 0\nrpc 128 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseNFSServer(text); err == nil && !strings.Contains(text, "th") && !strings.Contains(text, "rpc") {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

func FuzzDriveProtocols(f *testing.F) {
	f.Add([]byte("qemu\x00-drive\x00file=rbd:a/b\x00-blockdev\x00{\"driver\": \"gluster\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list := DriveProtocols(text)
		for _, p := range list {
			if !strings.Contains(string(text), p) {
				t.Errorf("%q: %q", text, list)
			}
		}
		if len(list) > len(driveProtocols) {
			t.Errorf("%q: %q", text, list)
		}
	})
}
