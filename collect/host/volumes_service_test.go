//go:build linux

package host

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// storageParts gives what this machine has of one kind of storage whose detail begins so, by name.
func storageParts(b *inventory.Batch, kind inventory.StorageKind, detail string) map[string]inventory.Storage {
	found := make(map[string]inventory.Storage)
	for _, s := range b.Storage {
		if s.Kind == kind && strings.HasPrefix(s.Detail, detail) {
			found[s.Name] = s
		}
	}
	return found
}

// The disks of this machine and their sizes are those that lsblk shows.
func TestAgreesWithLsblk(t *testing.T) {
	var out struct {
		Devices []struct {
			Name, Type string
			Size       int64
		} `json:"blockdevices"`
	}
	text := collecttest.Try(t, "lsblk", "lsblk", "-J", "-b", "-d", "-o", "NAME,TYPE,SIZE")
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	disks := storageParts(observed(t, "/"), inventory.Disk, "")
	want := 0
	for _, d := range out.Devices {
		link, err := os.Readlink("/sys/block/" + d.Name)
		if d.Type != "disk" || d.Size == 0 || err != nil || strings.Contains(link, "/virtual/") && !strings.HasPrefix(d.Name, "nvme") {
			continue // compressed memory and the like is a disk to lsblk
		}
		if multipath(d.Name) {
			continue // shown by the name of what joins the paths
		}
		want++
		if got := disks[d.Name].Capacity.Or(-1); int64(got) != d.Size {
			t.Errorf("%s: size %d, lsblk says %d", d.Name, got, d.Size)
		}
	}
	if len(disks) != want {
		t.Errorf("%d disks, lsblk shows %d: %v", len(disks), want, disks)
	}
}

// multipath reports whether a disk is one path of several.
func multipath(name string) bool {
	holders, _ := os.ReadDir("/sys/block/" + name + "/holders")
	for _, h := range holders {
		uuid, err := os.ReadFile("/sys/block/" + h.Name() + "/dm/uuid")
		if err == nil && linux.ParseMapperUUID(string(uuid)).Kind == linux.MapperMultipath {
			return true
		}
	}
	return false
}

// The volume groups of this machine, their sizes and their disks are those that LVM's own programs show.
func TestAgreesWithLVM(t *testing.T) {
	var out struct {
		Report []struct {
			VG []struct {
				Name string `json:"vg_name"`
				Size string `json:"vg_size"`
				Disk string `json:"pv_name"`
			}
			LV []struct {
				Group  string `json:"vg_name"`
				Active string `json:"lv_active"`
			}
		}
	}
	for _, command := range [][]string{
		{"vgs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", "vg_name,vg_size,pv_name"},
		{"lvs", "--reportformat", "json", "-o", "vg_name,lv_active"},
	} {
		if err := json.Unmarshal([]byte(collecttest.Try(t, "LVM", command...)), &out); err != nil {
			t.Fatal(err)
		}
	}
	lvm := storageParts(observed(t, "/"), inventory.Pool, "lvm")
	groups := make(map[string]bool)
	for _, r := range out.Report {
		for _, g := range r.VG {
			groups[g.Name] = true
			s, ok := lvm[g.Name]
			if !ok {
				t.Errorf("the volume group %s is not seen: %v", g.Name, lvm)
				continue
			}
			if size := strconv.FormatInt(int64(s.Capacity.Or(-1)), 10); size != g.Size {
				t.Errorf("%s: size %s, vgs says %s", g.Name, size, g.Size)
			}
			if disk := path.Base(g.Disk); strings.HasPrefix(disk, "loop") && !strings.Contains(s.Detail, disk+" (a file below ") {
				t.Errorf("%s: %q, vgs says that it stands on %s", g.Name, s.Detail, disk)
			}
		}
		for _, v := range r.LV {
			if _, ok := lvm[v.Group]; !ok {
				t.Errorf("the group of a volume, %s, is not seen", v.Group)
			}
		}
	}
	if len(groups) == 0 {
		collecttest.Need(t, "LVM", errors.New("no volume group"))
	}
	if len(lvm) != len(groups) {
		t.Errorf("%d groups, vgs shows %d: %v", len(lvm), len(groups), lvm)
	}
}

// The devices of a file system of btrfs are those that its own program shows.
func TestAgreesWithBtrfs(t *testing.T) {
	text := collecttest.Try(t, "btrfs", "btrfs", "filesystem", "show", "--mounted", "--raw")
	pools := storageParts(observed(t, "/"), inventory.Pool, "btrfs")
	found := 0
	for block := range strings.SplitSeq(text, "\n\n") {
		head := regexp.MustCompile(`Label: (?:'(.*)'|none) +uuid: ([-0-9a-f]{36})`).FindStringSubmatch(block)
		if head == nil {
			continue
		}
		found++
		s, ok := pools[cmp.Or(head[1], head[2])]
		if !ok {
			t.Errorf("%s is not seen: %v", head[0], pools)
		}
		for _, d := range regexp.MustCompile(`path /dev/(\S+)`).FindAllStringSubmatch(block, -1) {
			if strings.HasPrefix(d[1], "loop") && !strings.Contains(s.Detail, d[1]+" (a file below ") {
				t.Errorf("%s: %q, and it has the device %s", head[1], s.Detail, d[1])
			}
		}
	}
	if found == 0 {
		collecttest.Need(t, "btrfs", errors.New("no file system of btrfs is mounted"))
	}
}
