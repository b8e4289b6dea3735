package sysstat

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// What sysstat's own reader says of a file, in the parts that are compared.
type sadf struct {
	Sysstat struct {
		Hosts []struct {
			Nodename   string `json:"nodename"`
			Statistics []struct {
				Timestamp struct {
					Date     string  `json:"date"`
					Time     string  `json:"time"`
					Interval float64 `json:"interval"`
				} `json:"timestamp"`
				CPU []struct {
					CPU    string  `json:"cpu"`
					IOWait float64 `json:"iowait"`
					Steal  float64 `json:"steal"`
					Idle   float64 `json:"idle"`
				} `json:"cpu-load"`
				Memory struct {
					Available uint64 `json:"avail"`
				} `json:"memory"`
				Network struct {
					Devices []struct {
						Name string  `json:"iface"`
						RxKB float64 `json:"rxkB"`
						TxKB float64 `json:"txkB"`
					} `json:"net-dev"`
				} `json:"network"`
			} `json:"statistics"`
			Restarts []any `json:"restarts"`
		} `json:"hosts"`
	} `json:"sysstat"`
}

// sadc finds the collector, which is in no directory of programs.
func sadc(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("sadf"); err != nil {
		collecttest.Need(t, "sadf", err)
	}
	var err error
	for _, path := range []string{"/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc", "/usr/lib/sa/sadc"} {
		if _, err = os.Stat(path); err == nil {
			return path
		}
	}
	collecttest.Need(t, "sadc", err)
	return ""
}

// Of files that sadc writes here, with few and with all activities, the reader and the series say what sadf says.
func TestAgreesWithSadf(t *testing.T) {
	program := sadc(t)
	dir := t.TempDir()
	type file struct {
		path    string
		command []string
	}
	files := []file{
		{filepath.Join(dir, "plain"), []string{program, "1", "4"}},
		{filepath.Join(dir, "all"), []string{program, "-S", "XALL", "1", "4"}},
	}
	done := make(chan error)
	for _, f := range files {
		go func() {
			cmd := exec.Command(f.command[0], append(f.command[1:], f.path)...)
			if err := cmd.Run(); err != nil {
				done <- err
				return
			}
			// As at the start of a machine: a restart and a comment, then more statistics.
			if err := exec.Command(program, f.path).Run(); err != nil {
				done <- err
				return
			}
			if err := exec.Command(program, "-C", "a comment", f.path).Run(); err != nil {
				done <- err
				return
			}
			done <- exec.Command(program, append(f.command[1:len(f.command)-2], "1", "3", f.path)...).Run()
		}()
	}
	for range files {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		t.Run(filepath.Base(f.path), func(t *testing.T) { compare(t, f.path, 5, 1) })
	}
}

// compare puts every interval of a file against what sadf says of it.
func compare(t *testing.T, path string, least, restarts int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, list, err := all(text)
	if err != nil {
		t.Fatal(err)
	}
	out := collecttest.Must(t, nil, "env", "LC_ALL=C", "TZ=UTC", "sadf", "-j", path, "--", "-u", "-r", "-n", "DEV")
	var want sadf
	if err := json.Unmarshal([]byte(out), &want); err != nil {
		t.Fatal(err)
	}
	host := want.Sysstat.Hosts[0]
	if head.Node != host.Nodename || len(host.Restarts) != restarts {
		t.Errorf("got the node %q, and %d restarts; want %q and %d", head.Node, restarts, host.Nodename, len(host.Restarts))
	}
	s := Series{Physical: func(string) bool { return true }, Until: math.MaxInt64}
	next, found := 0, 0
	for i := range list {
		rec := &list[i]
		if rec.Restart {
			found++
		}
		before := len(s.intervals)
		s.Add(rec)
		if len(s.intervals) == before {
			continue
		}
		if next == len(host.Statistics) {
			t.Fatalf("more than the %d intervals of sadf", next)
		}
		w := host.Statistics[next]
		next++
		got := s.intervals[before]
		at := time.Unix(rec.Time, 0).UTC()
		if at.Format(time.DateOnly+" "+time.TimeOnly) != w.Timestamp.Date+" "+w.Timestamp.Time || math.Abs(got.seconds-w.Timestamp.Interval) > 1 {
			t.Errorf("interval %d: got %v after %v s; sadf says %+v", next, at, got.seconds, w.Timestamp)
		}
		busy := (100 - w.CPU[0].Idle - w.CPU[0].IOWait - w.CPU[0].Steal) / 100 * float64(len(rec.CPUs)-1)
		if w.CPU[0].CPU != "all" || math.Abs(got.cores-busy) > .0003*float64(len(rec.CPUs)) {
			t.Errorf("interval %d: got %v cores; sadf says %v: %+v", next, got.cores, busy, w.CPU)
		}
		if rec.Memory.Available != w.Memory.Available {
			t.Errorf("interval %d: got %d KiB available; sadf says %d", next, rec.Memory.Available, w.Memory.Available)
		}
		if len(w.Network.Devices) != len(rec.Interfaces) {
			t.Fatalf("interval %d: got %d interfaces; sadf says %d", next, len(rec.Interfaces), len(w.Network.Devices))
		}
		var rx, tx float64
		for k, d := range w.Network.Devices {
			if d.Name != rec.Interfaces[k].Name {
				t.Errorf("interval %d: got %q; sadf says %q", next, rec.Interfaces[k].Name, d.Name)
			}
			rx, tx = rx+d.RxKB*1024, tx+d.TxKB*1024
		}
		slack := 6*float64(len(w.Network.Devices)) + got.received/100 + got.sent/100 // sadf shows two digits of KiB, and rounds the interval
		if got.network && (math.Abs(got.received-rx) > slack || math.Abs(got.sent-tx) > slack) {
			t.Errorf("interval %d: got %v and %v bytes a second; sadf says %v and %v", next, got.received, got.sent, rx, tx)
		}
	}
	if next != len(host.Statistics) || next < least || found != restarts {
		t.Errorf("got %d intervals and %d restarts; sadf says %s and %d", next, found, strconv.Itoa(len(host.Statistics)), restarts)
	}
}
