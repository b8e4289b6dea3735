//go:build linux

package host

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/sysstat/sysstattest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// treeNow is the time of a tree by its own clock: 100,000 seconds after the boot that the default files name.
const treeNow = 1_700_100_000

// day makes the file of one day of a machine with two processors: a record every ten minutes. It used half a core, and
// one and a half from noon on for two hours.
func day(before int, change func(*sysstattest.File), node string) []byte {
	begin := uint64(treeNow - treeNow%86400 - before*86400)
	f := sysstattest.New(2)
	if change != nil {
		change(f)
	}
	f.Header(begin, node)
	f.Restart(begin)
	cpus := make([]sysstattest.CPU, 2)
	cards := []sysstattest.Interface{{Name: "lo"}, {Name: "docker0"}, {Name: "eth0"}}
	for i := range uint64(144) {
		busy, used := uint64(15000), uint64(100)
		if i >= 72 && i < 84 {
			busy, used = 45000, 300+i
		}
		for k := range cpus {
			cpus[k].Busy += busy
			cpus[k].Idle += 60000 - busy
		}
		cards[1].Received += 1 << 30
		cards[2].Received += 600 * 1000
		cards[2].Sent += 600 * 100
		at := begin + i*600
		if at > treeNow {
			break
		}
		f.Statistics(at, 1000+i*60000, cpus, 8<<20, 8<<20-used<<10, cards)
	}
	return f.Bytes()
}

// withHistory is a machine that has these files, below a directory.
func withHistory(t *testing.T, dir string, files map[string][]byte) string {
	t.Helper()
	root := plant(t, "unproven")
	write(t, root, map[string]string{"/sys/class/net/eth0/device/": "", "/sys/class/net/docker0/": ""}, nil)
	for name, text := range files {
		path := filepath.Join(root, dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// The records of a week are the machine's utilisation series, wherever its distribution keeps them. Only its own cards
// count, and the time between two days that were kept apart by a restart does not.
func TestHistory(t *testing.T) {
	for dir, settings := range map[string]string{
		"/var/log/sysstat": "",
		"/var/log/sa":      "",
		"/data/sar":        "/etc/sysconfig/sysstat",
		"/data/it's":       "/etc/sysstat/sysstat",
	} {
		t.Run(dir, func(t *testing.T) {
			files := map[string][]byte{"sar01": []byte("text"), "sa1x": []byte("text")}
			for i := range 9 {
				files[fmt.Sprintf("sa%02d", 20-i)] = day(i+1, nil, "web-1.example.com")
			}
			files["sa20231114"] = day(1, nil, "WEB-1") // the same day again
			root := withHistory(t, dir, files)
			if settings != "" {
				write(t, root, map[string]string{settings: "# settings\nHISTORY=28\nSA_DIR=\"" + dir + "\" # where\n"}, nil)
			}
			b := observed(t, root)
			d := b.Machines[0].Demand
			if n := d.Samples.Or(0); n != 9*143 {
				t.Errorf("got %s samples, want %d", d.Samples, 9*143)
			}
			if days := d.Days.Or(0); math.Abs(days-9*143/144.) > 1e-9 {
				t.Errorf("got %s days, want %v", d.Days, 9*143/144.)
			}
			day := d.CPUByHour.Or(&inventory.ByHour{})
			v := d.Series
			if v == nil || v.Step != 600 || v.Start.Unix() != treeNow-treeNow%86400-9*86400 || len(v.Memory) != len(v.CPU) || len(v.CPU) != 9*144-1 {
				t.Fatalf("got the values %+v", v)
			}
			for what, got := range map[string][2]float64{
				"at 11":      {day[11], 1.5}, // the interval that ends at noon
				"at 13":      {day[13], 1.5},
				"at 14":      {day[14], .5},
				"first":      {v.CPU[0], .5},
				"busy":       {v.CPU[80], 1.5},
				"at night":   {v.CPU[143], -1}, // between two days that were kept apart
				"highest":    {d.CPUMax.Or(-1), 1.5},
				"p99.5":      {d.CPUP995.Or(-1), 1.5},
				"p97":        {d.CPUP97.Or(-1), 1.5},
				"p90":        {d.CPUP90.Or(-1), .5},
				"memory":     {float64(d.MemoryMax.Or(-1)), 383 << 20},
				"received":   {float64(d.ReceivedP95.Or(-1)), 1000},
				"sent":       {float64(d.SentP95.Or(-1)), 100},
				"in a day":   {float64(d.NetworkDay.Or(-1)), 1100 * 86400},
				"gaps of it": {float64(len(historyGaps(b))), 0},
			} {
				if got[0] != got[1] {
					t.Errorf("%s: got %v, want %v; %+v", what, got[0], got[1], historyGaps(b))
				}
			}
		})
	}
}

func historyGaps(b *inventory.Batch) []inventory.Gap {
	var list []inventory.Gap
	for _, g := range b.Gaps {
		if strings.Contains(g.What, "history") || strings.Contains(g.What, "records") {
			list = append(list, g)
		}
	}
	return list
}

// What cannot be counted is said to be there, with the reason; the rest counts.
func TestHistoryGaps(t *testing.T) {
	week := func() map[string][]byte {
		return map[string][]byte{"sa11": day(2, nil, "web-1"), "sa12": day(1, nil, "web-1")}
	}
	const whole = 2 * 143
	for name, test := range map[string]struct {
		change  func(files map[string][]byte)
		samples int
		gap     inventory.Gap // the beginnings of it
	}{
		"truncated": {func(f map[string][]byte) { f["sa12"] = f["sa12"][:len(f["sa12"])-100] }, whole - 1,
			inventory.Gap{Subject: "/var/log/sa/sa12", What: "the rest of its records", Why: "ends in the middle"}},
		"older format": {func(f map[string][]byte) {
			f["sa10"] = day(3, func(f *sysstattest.File) { f.Format, f.Version = 0x2173, [4]byte{11, 6, 5} }, "web-1")
			f["sa09"] = day(4, func(f *sysstattest.File) { f.Format, f.Version = 0x2173, [4]byte{11, 6, 5} }, "web-1")
		}, whole, inventory.Gap{Subject: "/var/log/sa/sa09 and 1 more", What: "history of its use", Why: "unsupported version: format 0x2173 of sysstat 11.6.5", Remedy: "sadf -c"}},
		"32 bits": {func(f map[string][]byte) { f["sa10"] = day(3, func(f *sysstattest.File) { f.Long = 4 }, "web-1") }, whole,
			inventory.Gap{Subject: "/var/log/sa/sa10", Why: "written on another kind of machine"}},
		"another machine": {func(f map[string][]byte) { f["sa10"] = day(3, nil, "template") }, whole,
			inventory.Gap{Subject: "/var/log/sa/sa10", Why: "written by another machine, or under another name: template"}},
		"no records": {func(f map[string][]byte) { f["sa10"] = []byte(strings.Repeat("text ", 100)) }, whole,
			inventory.Gap{Subject: "/var/log/sa/sa10", Why: "no file of sysstat"}},
		"compressed": {func(f map[string][]byte) { f["sa01.xz"], f["sa02.xz"] = []byte("x"), []byte("x") }, whole,
			inventory.Gap{Subject: "/var/log/sa", What: "older history of its use", Why: "2 files are compressed"}},
		"begun":    {func(f map[string][]byte) { f["sa13"] = nil }, whole, inventory.Gap{}},
		"too old":  {func(f map[string][]byte) { f["sa01"] = day(45, nil, "web-1") }, whole, inventory.Gap{}},
		"tomorrow": {func(f map[string][]byte) { f["sa14"] = day(-1, nil, "web-1") }, whole, inventory.Gap{}},
	} {
		t.Run(name, func(t *testing.T) {
			files := week()
			test.change(files)
			b := observed(t, withHistory(t, "/var/log/sa", files))
			if n := b.Machines[0].Demand.Samples.Or(0); n != test.samples {
				t.Errorf("got %d samples, want %d", n, test.samples)
			}
			gaps := historyGaps(b)
			if test.gap == (inventory.Gap{}) {
				if len(gaps) > 0 {
					t.Errorf("got the gaps %+v", gaps)
				}
				return
			}
			if len(gaps) != 1 || gaps[0].Subject != test.gap.Subject || !strings.HasPrefix(gaps[0].What, test.gap.What) ||
				!strings.HasPrefix(gaps[0].Why, test.gap.Why) || !strings.HasPrefix(gaps[0].Remedy, test.gap.Remedy) {
				t.Errorf("got %+v, want %+v", gaps, test.gap)
			}
		})
	}
}

// Without a history, what would give one is said; with one that may not be read, that it is there.
func TestNoHistory(t *testing.T) {
	b := observed(t, plant(t, "unproven"))
	if d := b.Machines[0].Demand; !d.Days.IsUnknown() || !strings.Contains(d.Days.Remedy(), "--sample") || len(historyGaps(b)) > 0 {
		t.Errorf("got %+v", d.Days)
	}
	root := withHistory(t, "/var/log/sa", map[string][]byte{"sa12": day(1, nil, "web-1")})
	write(t, root, map[string]string{"/.infraopt/denied": "/var/log/sa/sa12\n"}, nil)
	b = observed(t, root)
	if gaps := historyGaps(b); len(gaps) != 1 || gaps[0].Remedy != asRoot || b.Machines[0].Demand.Days.IsKnown() {
		t.Errorf("a file: got %+v", gaps)
	}
	write(t, root, map[string]string{"/.infraopt/denied": "/var/log/sa\n"}, nil)
	b = observed(t, root)
	if gaps := historyGaps(b); len(gaps) != 1 || gaps[0].Remedy != asRoot || gaps[0].Subject != "/var/log/sa" || b.Machines[0].Demand.Days.Remedy() != asRoot {
		t.Errorf("the directory: got %+v", gaps)
	}
}

// A container shows neither its own history nor that of the machine.
func TestHistoryInContainer(t *testing.T) {
	root := plant(t, "inside-docker")
	if err := os.MkdirAll(filepath.Join(root, "var/log/sa"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "var/log/sa/sa12"), day(1, nil, "web-1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if d := observed(t, root).Machines[0].Demand; d.Days.IsKnown() || !strings.Contains(d.Days.Why(), "container") {
		t.Errorf("got %+v", d)
	}
}

// Files that are older than the window are not even opened.
func TestHistoryOldFiles(t *testing.T) {
	root := withHistory(t, "/var/log/sa", map[string][]byte{"sa12": day(1, nil, "web-1"), "sa01": []byte("whatever")})
	old := time.Unix(treeNow, 0).Add(-31 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(root, "var/log/sa/sa01"), old, old); err != nil {
		t.Fatal(err)
	}
	if gaps := historyGaps(observed(t, root)); len(gaps) > 0 {
		t.Errorf("got %+v", gaps)
	}
}

// A recording holds the records byte by byte, and so the same history.
func TestHistoryIsRecorded(t *testing.T) {
	root := withHistory(t, "/var/log/sa", map[string][]byte{"sa11": day(2, nil, "web-1"), "sa12": day(1, nil, "web-1")})
	copied := filepath.Join(t.TempDir(), "copy")
	b, err := observe(t.Context(), collect.Env{Root: root, Record: copied}, "host:")
	if err != nil {
		t.Fatal(err)
	}
	again := observed(t, copied)
	if d := b.Machines[0].Demand; d.Samples.Or(0) != 2*143 || !reflect.DeepEqual(again.Machines[0].Demand, d) || len(historyGaps(again)) > 0 {
		t.Errorf("got %+v, recorded %+v", d, again.Machines[0].Demand)
	}
}
