//go:build linux

package host

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

// rootOnly are the files that only root may read on an ordinary machine: of DMI what names the machine, of processes
// of others what ptrace(2) would show, and what programs keep for themselves.
var rootOnly = regexp.MustCompile(`^/sys/class/dmi/id/[a-z]+_(uuid|serial)$|^/sys/firmware/dmi/|` +
	`^/proc/[0-9]+/(fd|fdinfo|ns|root|cwd|exe|io|maps|smaps|smaps_rollup|environ|personality|stack|syscall|wchan|map_files|task/[0-9]+/fd)(/|$)|` +
	`^/sys/kernel/(debug|tracing)/|^/etc/(iscsi|ceph/.*keyring|libvirt|multipath|lvm/archive|sudoers|crontabs|openvswitch/conf.db)(/|$)|` +
	`^/var/lib/(docker|containers|containerd|kubelet|libvirt|rpm/.*lock|private|chef|puppet)(/|$)|^/var/spool/cron/|^/opt/puppetlabs/puppet/cache/|` +
	`^/run/(containerd|docker|crun|runc|lvm|multipathd|libvirt)/|^/etc/pve/|^/var/log/(sa|audit|private)/`)

// unprivileged makes a tree of a machine what a user without rights sees of it: the names that only root may read are
// denied.
func unprivileged(t testing.TB, root string) {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if name := strings.TrimPrefix(path, root); err == nil && rootOnly.MatchString(name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	known, _ := os.ReadFile(filepath.Join(root, ".infraopt/denied")) // most trees deny nothing
	write(t, root, map[string]string{"/.infraopt/denied": string(known) + strings.Join(names, "\n") + "\n"}, nil)
}

// rated assesses what was seen of a machine.
func rated(t testing.TB, b *inventory.Batch) *score.Assessment {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := &inventory.Snapshot{Schema: inventory.SnapshotSchema, Sources: []inventory.Observation{{Target: "host:", Scheme: "host", Status: inventory.StatusOK, Batch: *b}}}
	return score.Assess(resolve.Estate(s), m, score.Request{Options: score.Options{Now: time.Unix(1_700_100_000, 0)}})
}

// Root sees more, and nothing else: the score lies where the unprivileged one may, more of it is evidence, and what is
// missing is said, with what would show it.
func TestPrivilegesOnlyNarrow(t *testing.T) {
	const slack = 1e-9 // points: sums in another order
	for _, name := range trees(t) {
		t.Run(name, func(t *testing.T) {
			path := plant(t, name)
			root := observed(t, path)
			unprivileged(t, path)
			other := observed(t, path)
			a, b := rated(t, root), rated(t, other)
			if a.Score.Low < b.Score.Low-slack || a.Score.High > b.Score.High+slack {
				t.Errorf("root: score %v, which is not inside %v", a.Score, b.Score)
			}
			if a.Coverage.Evidence < b.Coverage.Evidence-slack {
				t.Errorf("root: coverage %v, less than %v", a.Coverage.Evidence, b.Coverage.Evidence)
			}
			for _, s := range collecttest.Uncovered(root, other) {
				t.Error(s)
			}
		})
	}
}
