package sysstat

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/internal/sysstat/sysstattest"
)

// all reads a file to its end, or to its first error.
func all(text []byte) (Header, []Record, error) {
	r, err := NewReader(bytes.NewReader(text))
	if err != nil {
		return Header{}, nil, err
	}
	var list []Record
	for {
		var rec Record
		switch err := r.Next(&rec); {
		case errors.Is(err, io.EOF):
			return r.Header, list, nil
		case err != nil:
			return r.Header, list, err
		}
		list = append(list, rec)
	}
}

const noon = 1_700_000_000

// small is a file of two processors with a restart, a comment and two records of statistics.
func small(change func(*sysstattest.File)) []byte {
	f := sysstattest.New(2)
	if change != nil {
		change(f)
	}
	f.Header(noon, "web-1")
	f.Restart(noon)
	f.Statistics(noon, 5000, []sysstattest.CPU{{Busy: 100, Idle: 900, IOWait: 7, Steal: 3}, {Busy: 200, Idle: 800}}, 8000, 6000,
		[]sysstattest.Interface{{Name: "lo", Received: 10, Sent: 10}, {Name: "eth0", Received: 1000, Sent: 500}})
	f.Comment(noon+1, "LINUX SLEEP")
	f.Nothing(noon + 2)
	f.Statistics(noon+600, 65000, []sysstattest.CPU{{Busy: 30100, Idle: 30900, IOWait: 7, Steal: 3}, {Busy: 15200, Idle: 45800}}, 8000, 5000, nil)
	return f.Bytes()
}

// Whatever numbers a version has more or fewer of, the same records are read.
func TestVersions(t *testing.T) {
	for name, change := range map[string]func(*sysstattest.File){
		"12.6":         nil,
		"older, fewer": func(f *sysstattest.File) { f.CPU, f.Version = sysstattest.Types{8}, [4]byte{12, 0, 0, 0} },
		"newer, more": func(f *sysstattest.File) {
			f.CPU, f.Memory, f.Network = sysstattest.Types{12, 1, 3}, sysstattest.Types{18, 2, 1}, sysstattest.Types{9, 2, 3}
		},
		"extra structures": func(f *sysstattest.File) { f.Extra = true },
	} {
		t.Run(name, func(t *testing.T) {
			head, list, err := all(small(change))
			if err != nil {
				t.Fatal(err)
			}
			if head.Node != "web-1" || head.Created.Unix() != noon || !strings.HasPrefix(head.Version, "12.") {
				t.Errorf("got the header %+v", head)
			}
			want := []Record{
				{Restart: true, Time: noon},
				{Time: noon, Uptime: 5000, CPUs: []CPU{{300, 1700, 7, 3}, {100, 900, 7, 3}, {200, 800, 0, 0}}, Memory: Memory{8000, 6000},
					Interfaces: []Interface{{"lo", 10, 10}, {"eth0", 1000, 500}}},
				{Time: noon + 600, Uptime: 65000, CPUs: []CPU{{45300, 76700, 7, 3}, {30100, 30900, 7, 3}, {15200, 45800, 0, 0}}, Memory: Memory{8000, 5000}},
			}
			for i := range list {
				if len(list[i].CPUs) == 0 {
					list[i].CPUs = nil
				}
				if len(list[i].Interfaces) == 0 {
					list[i].Interfaces = nil
				}
			}
			if !reflect.DeepEqual(list, want) {
				t.Errorf("got  %+v\nwant %+v", list, want)
			}
		})
	}
}

// A kernel without MemAvailable, or a sysstat that did not ask for it, shows that it is not known.
func TestMemoryWithoutAvailable(t *testing.T) {
	_, list, err := all(small(func(f *sysstattest.File) { f.Memory = sysstattest.Types{16} }))
	if err != nil || len(list) != 3 || list[1].Memory != (Memory{Total: 8000}) {
		t.Errorf("got %+v, %v", list, err)
	}
}

// What is not understood is refused with its kind, and nothing is read of it.
func TestRefused(t *testing.T) {
	swapped := small(nil)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for name, test := range map[string]struct {
		text []byte
		want error
	}{
		"empty":           {nil, ErrTruncated},
		"text":            {bytes.Repeat([]byte("12:00:01 AM all 1.00\n"), 10), ErrFormat},
		"format of 11.6":  {small(func(f *sysstattest.File) { f.Format, f.Version = 0x2173, [4]byte{11, 6, 5, 0} }), ErrVersion},
		"format of 10":    {small(func(f *sysstattest.File) { f.Format, f.Version = 0x2171, [4]byte{10, 3, 1, 0} }), ErrVersion},
		"32 bits":         {small(func(f *sysstattest.File) { f.Long = 4 }), ErrForeign},
		"byte order":      {swapped, ErrForeign},
		"large header":    {patched(8, 0xff, 0xff), ErrFormat},
		"many activities": {patched(76+8+8+4, 0xff, 0xff), ErrFormat},
		"numbers beyond":  {patched(76+8+8+12, 0xff, 0xff, 0xff, 0xff), ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			if _, list, err := all(test.text); !errors.Is(err, test.want) || list != nil {
				t.Errorf("got %d records and %v, want %v", len(list), err, test.want)
			}
		})
	}
}

// patched is the small file with other bytes at a place.
func patched(at int, with ...byte) []byte {
	b := small(nil)
	copy(b[at:], with)
	return b
}

// Of a file that was cut off anywhere, the records before the cut are read, and it is said to be cut off.
func TestTruncated(t *testing.T) {
	whole := small(nil)
	_, want, _ := all(whole)
	ends := 0
	for n := range whole {
		_, list, err := all(whole[:n])
		switch {
		case err == nil:
			ends++ // between two records
		case !errors.Is(err, ErrTruncated):
			t.Fatalf("cut at %d: got %v", n, err)
		}
		if len(list) >= len(want) {
			t.Fatalf("cut at %d of %d: got %d records", n, len(whole), len(list))
		}
	}
	if ends != 5 {
		t.Errorf("%d cuts lie between records, want 5", ends)
	}
}

// A file that claims more than it has does not make the reader take memory for it.
func TestBounded(t *testing.T) {
	const list = sysstattest.HeaderSize - 5*36 // of activities, 36 bytes each
	for name, b := range map[string][]byte{
		"processors": patched(sysstattest.HeaderSize+24+4+24, 0, 0, 0, 1), // the first record's number of them, behind the restart
		"items":      patched(list+36+8, 0, 0, 0, 0x10),
	} {
		t.Run(name, func(t *testing.T) {
			took := testing.Benchmark(func(b2 *testing.B) {
				b2.ReportAllocs()
				for b2.Loop() {
					_, _, _ = all(b)
				}
			})
			if took.AllocedBytesPerOp() > 256<<10 {
				t.Errorf("takes %d bytes", took.AllocedBytesPerOp())
			}
		})
	}
}

func FuzzReader(f *testing.F) {
	f.Add(small(nil))
	f.Add(small(func(f *sysstattest.File) { f.Extra = true }))
	f.Add(small(func(f *sysstattest.File) { f.Format = 0x2173 }))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := NewReader(bytes.NewReader(text))
		if err != nil {
			return
		}
		s := Series{Physical: func(string) bool { return true }, Until: 1 << 41}
		var rec Record
		for i := 0; ; i++ {
			if i > len(text) {
				t.Fatal("more records than bytes")
			}
			if err := r.Next(&rec); err != nil {
				break
			}
			s.Add(&rec)
		}
		u := s.Use()
		if !(u.Days >= 0 && u.CPUP90 >= 0 && u.CPUP97 >= u.CPUP90 && u.CPUP995 >= u.CPUP97 && u.CPUMax >= u.CPUP995 && u.CPUMax <= maxCPUs && u.PerDay >= 0) {
			t.Errorf("got %+v", u)
		}
	})
}
