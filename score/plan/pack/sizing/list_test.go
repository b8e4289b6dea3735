package sizing

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/infraopt/infraopt/score/plan/pack"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// written writes a list as Read reads it.
func written(l *List) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(append([]string{nameColumn}, dimensions[:]...)) // a buffer takes everything
	for _, e := range l.Entries {
		row := []string{e.Name}
		for _, v := range e.Size {
			row = append(row, strconv.FormatInt(v, 10))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.String()
}

// FuzzRead: what is read is within its limits, and is read again as the same from what is written of it; what is refused is
// refused with the name of the file. Whatever is read can be packed, and the answer is of all of it.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"name,cpu_milli,memory_mib\nweb,1000,2048\n",
		"name,cpu_milli,memory_mib,gpu_milli\na,1,2,3\na,1,2,3\n",
		"\xef\xbb\xbfMemory_MiB, CPU_milli ,owner,name\r\n\"2\",1,x,\"a, \"\"b\"\"\nc\"\r\n",
		"name,cpu_milli,memory_mib\na,1000000000000,1000000000001\n",
		"name,cpu_milli,memory_mib\na,-1,NaN\n", "name,cpu_milli,cpu_milli\n", "name\n\"", "\xef\xbb", "", "name,cpu_milli,memory_mib\n\xff,+1, 007\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read("list.csv", bytes.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "list.csv:") || l != nil {
				t.Errorf("the error %q does not begin with the file, or comes with a list", err)
			}
			return
		}
		for _, e := range l.Entries {
			for _, v := range e.Size {
				if v < 0 || v > MaxSize {
					t.Fatalf("the size %d was read", v)
				}
			}
		}
		again, err := Read("list.csv", iotest.OneByteReader(strings.NewReader(written(l))))
		if err != nil {
			t.Fatalf("what was read and written is refused: %v", err)
		}
		for i := range l.Entries { // in quotes, CR LF becomes LF
			l.Entries[i].Name = strings.ReplaceAll(l.Entries[i].Name, "\r\n", "\n")
		}
		if !reflect.DeepEqual(again.Entries, l.Entries) {
			t.Fatalf("read %+v, and then %+v", l.Entries, again.Entries)
		}
		if len(l.Entries) <= 100 {
			packed(t, l)
		}
	})
}

// packed packs a list onto hosts that are too small for some, and too few.
func packed(t *testing.T, l *List) {
	t.Helper()
	q := &Question{Hosts: []Host{{Size: Size{4000, 8192, 1000}, Count: 3}, {Size: Size{900, 100, 0}, Count: instance.Unlimited}}, Headroom: .9, Spares: instance.BySize, HostsPerSpare: 20}
	task := Ask(q, l)
	sol, err := pack.Solve(t.Context(), task.Instance, pack.Options{Workers: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	a, err := task.Answer(sol)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Assignments)+len(a.Unplaced) != len(l.Entries) {
		t.Fatalf("of %d items %d are on hosts and %d are not", len(l.Entries), len(a.Assignments), len(a.Unplaced))
	}
	for _, u := range a.Unplaced {
		fits := false
		for i := range q.Hosts {
			all := true
			for d, v := range u.Size {
				all = all && 10*v <= 9*q.Hosts[i].Size[d]
			}
			fits = fits || all
		}
		if fits != (u.Why == NoRoom) {
			t.Fatalf("%+v: some host has room for it alone: %v", u, fits)
		}
	}
}

// TestReadLimits: what is too large is refused before it fills the memory.
func TestReadLimits(t *testing.T) {
	head := "name,cpu_milli,memory_mib\n"
	long := head + strings.Repeat("x", MaxFile)
	if _, err := Read("l.csv", strings.NewReader(long)); err == nil || err.Error() != "l.csv: the file is too large: want at most 64 MiB" {
		t.Errorf("a file of more than %d bytes: %v", MaxFile, err)
	}
	many := head + strings.Repeat("x,1,1\n", MaxItems)
	if l, err := Read("l.csv", strings.NewReader(many)); err != nil || len(l.Entries) != MaxItems {
		t.Errorf("as many items as there may be: %v", err)
	}
	if _, err := Read("l.csv", strings.NewReader(many+"x,1,1\n")); err == nil || err.Error() != "l.csv:1000002: too many items: want at most 1000000" {
		t.Errorf("an item too many: %v", err)
	}
	if _, err := Read("l.csv", iotest.ErrReader(os.ErrClosed)); err == nil || !strings.HasPrefix(err.Error(), "l.csv: ") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// TestLargestSize: a size at the limit is read, and so many of it as there are items here are packed and checked.
func TestLargestSize(t *testing.T) {
	text := fmt.Sprintf("name,cpu_milli,memory_mib\n%s", strings.Repeat(fmt.Sprintf("x,%d,%d\n", int64(MaxSize), int64(MaxSize)), 3))
	l, err := Read("l.csv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseHost(fmt.Sprintf("%d,%d", int64(MaxSize), int64(MaxSize)))
	if err != nil {
		t.Fatal(err)
	}
	task := Ask(&Question{Hosts: []Host{h}, Headroom: 1}, l)
	sol, err := pack.Solve(t.Context(), task.Instance, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := task.Answer(sol); err != nil || a.Plan != 3 || a.Bound != 3 {
		t.Errorf("%+v, %v: want three hosts", a, err)
	}
}

// TestNoSuchHosts: hosts of which there are none carry nothing, however large.
func TestNoSuchHosts(t *testing.T) {
	l := &List{Entries: []Entry{{Name: "vm", Size: Size{3000, 4096}}}}
	task := Ask(&Question{Hosts: []Host{{Size: Size{8000, 16384}, Count: 0}, {Size: Size{1000, 1024}, Count: 2}}, Headroom: 1}, l)
	if len(task.large) != 1 || len(task.Instance.Items) != 0 {
		t.Errorf("an item is planned onto a host of which there is none")
	}
}

// TestHeadroom: what may be filled is never more than the share, but for the last bit of a share that is no binary number.
func TestHeadroom(t *testing.T) {
	for _, c := range []struct {
		share      float64
		size, want int64
	}{{.9, 48000, 43200}, {.9, 10, 9}, {.7, 10, 7}, {.29, 100, 29}, {.9, 9, 8}, {1, MaxSize, MaxSize}, {.999, 1, 0}, {.57, 100, 57}} {
		q := &Question{Headroom: c.share}
		if got := q.usable(c.size); got != c.want {
			t.Errorf("%v of %d: %d may be filled, want %d", c.share, c.size, got, c.want)
		}
	}
}

// TestAnswerRefuses: a solution that claims what is not true is not made a document of.
func TestAnswerRefuses(t *testing.T) {
	l := &List{}
	for i := range 12 {
		l.Entries = append(l.Entries, Entry{Name: fmt.Sprint("vm", i), Size: Size{3000, 4096}})
	}
	q := &Question{Hosts: []Host{{Size: Size{8000, 16384}, Count: instance.Unlimited}}, Headroom: 1, Spares: 1}
	for what, forge := range map[string]func(s *pack.Solution){
		"a bound too high":         func(s *pack.Solution) { s.Bound.Bound++ },
		"an item on no host":       func(s *pack.Solution) { s.Plan.Of[3] = 99 },
		"an item of no plan":       func(s *pack.Solution) { s.Plan.Of = s.Plan.Of[1:] },
		"a host too full":          func(s *pack.Solution) { s.Plan.Of[0], s.Plan.Of[1], s.Plan.Of[2] = 0, 0, 0 },
		"no spare":                 func(s *pack.Solution) { s.Plan.Spares = nil },
		"a spare in use":           func(s *pack.Solution) { s.Plan.Spares = s.Plan.Hosts[:1] },
		"fewer spares than wanted": func(s *pack.Solution) { s.Spares = 0 },
		"a host used twice":        func(s *pack.Solution) { s.Plan.Hosts[1] = s.Plan.Hosts[0] },
	} {
		task := Ask(q, l)
		sol, err := pack.Solve(t.Context(), task.Instance, pack.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		a, err := task.Answer(sol)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range a.Hosts {
			if h.Spare != (h.Items == 0) || h.Spare != (i >= a.HostsWithoutSpares) {
				t.Errorf("host %d of %d carries %d items and is a spare: %v", i, a.HostsWithoutSpares, h.Items, h.Spare)
			}
		}
		forge(sol)
		if a, err := task.Answer(sol); err == nil {
			t.Errorf("%s: %+v", what, a)
		}
	}
}
