package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/snapshot"
)

// sample is a snapshot of two sources that saw one machine.
func sample() *inventory.Snapshot {
	at := time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC)
	machine := func(id string) []inventory.Machine {
		return []inventory.Machine{{ID: id, Name: inventory.Known("web1"), Cores: inventory.Known(8.0),
			Memory: inventory.Unknown[inventory.Bytes]("permission denied", "run as root")}}
	}
	return &inventory.Snapshot{
		Schema: inventory.SnapshotSchema, TakenAt: at, Tool: inventory.Tool{Name: "infraopt", Version: "test"},
		Sources: []inventory.Observation{
			{Target: "host:", Scheme: "host", Status: inventory.StatusOK, StartedAt: at, DurationMS: 3, Batch: inventory.Batch{Machines: machine("h")}},
			{Target: "docker:", Scheme: "docker", Status: inventory.StatusPartial, StartedAt: at, DurationMS: 5, Batch: inventory.Batch{Machines: machine("d"),
				Gaps: []inventory.Gap{{Source: "docker:", Subject: "web1", What: "volumes", Why: "no", Remedy: "sudo"}}}},
			{Target: "libvirt:", Scheme: "libvirt", Status: inventory.StatusFailed, StartedAt: at, Error: "gone", Remedy: "start it"},
		},
	}
}

func encode(t testing.TB, compressed bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := snapshot.Encode(&b, sample(), compressed); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(t testing.TB, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t testing.TB, name string) collect.Collector {
	t.Helper()
	c, err := snapshot.Source().Open(collect.Target{Scheme: snapshot.Scheme, Rest: name}, collect.SystemEnv())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	holding := func(content []byte) collecttest.Maker {
		return func(t *testing.T) collect.Collector { return open(t, file(t, content)) }
	}
	plain, packed := encode(t, false), encode(t, true)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)/2] ^= 0xff
	suite := collecttest.Suite{
		Healthy: holding(packed),
		Absent:  func(t *testing.T) collect.Collector { return open(t, filepath.Join(t.TempDir(), "nosuch")) },
		Denied: func(t *testing.T) collect.Collector {
			name := file(t, plain)
			if err := os.Chmod(name, 0); err != nil {
				t.Fatal(err)
			}
			return open(t, name)
		},
		Hung: func(t *testing.T) collect.Collector { return open(t, silentPipe(t)) },
		Garbage: map[string]collecttest.Maker{
			"empty":               holding(nil),
			"text":                holding([]byte("hello")),
			"another document":    holding([]byte(`{"hello":"world"}`)),
			"cut":                 holding(plain[:len(plain)/2]),
			"cut and compressed":  holding(packed[:len(packed)/2]),
			"flipped":             holding(flipped),
			"nothing but a frame": holding(packed[:4]),
			"folder":              func(t *testing.T) collect.Collector { return open(t, t.TempDir()) },
		},
	}
	suite.Run(t)
}

// TestInput holds that whatever is wrong with a file is told from what is wrong with a service.
func TestInput(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "nosuch"), file(t, []byte("hello")), file(t, encode(t, false)[:100]), t.TempDir()} {
		_, err := snapshot.Read(t.Context(), name)
		if !errors.Is(err, collect.ErrInput) {
			t.Errorf("reading %s: %v, want an error that wraps %q", name, err, collect.ErrInput)
		}
	}
}

func TestObservations(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		content := encode(t, compressed)
		recorded, ok := open(t, file(t, content)).(collect.Recorded)
		if !ok {
			t.Fatal("the collector does not give observations")
		}
		got, err := recorded.Observations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := sample()
		s.Sources = got
		var again bytes.Buffer
		if err := snapshot.Encode(&again, s, compressed); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), content) {
			t.Errorf("compressed %v: what is read is not what was written", compressed)
		}
	}
	nothing := `{"schema":"infraopt.snapshot/v1","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},"sources":null}`
	got, err := open(t, file(t, []byte(nothing))).(collect.Recorded).Observations(t.Context())
	if err != nil || got == nil {
		t.Errorf("a snapshot of nothing gives %v, %v, want no observations and no error", got, err)
	}
}

// TestPipe reads what another program writes, and stops where that never comes.
func TestPipe(t *testing.T) {
	collecttest.NoLeaks(t)
	name := silentPipe(t)
	done := make(chan error, 1)
	go func() {
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err == nil {
			_, err = w.Write(encode(t, true))
			w.Close()
		}
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := snapshot.Read(ctx, name) // the other end stays open, so the end of the file never comes
	if !errors.Is(err, collect.ErrTimeout) && err != nil {
		t.Errorf("reading a pipe: %v", err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	canceled, stop := context.WithCancel(t.Context())
	stop()
	if _, err := snapshot.Read(canceled, name); !errors.Is(err, context.Canceled) {
		t.Errorf("reading when nobody waits: %v, want %v", err, context.Canceled)
	}
}

func TestCompressed(t *testing.T) {
	for name, want := range map[string]bool{"a.json": false, "A.JSON": false, "a.json.zst": true, "a.zst": true} {
		if got, err := snapshot.Compressed(name); err != nil || got != want {
			t.Errorf("%s is compressed: %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"a", "a.xml", "json", "a.json.gz"} {
		if _, err := snapshot.Compressed(name); err == nil || !strings.Contains(err.Error(), snapshot.Extensions) {
			t.Errorf("%s: %v, want an error that names the extensions", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, text := range []string{"snapshot:", "snapshot:?a=b", "snapshot:file?a=b"} {
		target, err := collect.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := snapshot.Source().Open(target, collect.SystemEnv()); !errors.Is(err, collect.ErrUsage) {
			t.Errorf("opening %s: %v, want an error that wraps %q", text, err, collect.ErrUsage)
		}
	}
}

// TestBomb holds that a small file cannot fill the memory.
func TestBomb(t *testing.T) {
	for _, test := range []struct{ begin, rest, want string }{
		{`{"x":"`, "a", "it unfolds to more than 256 times its size"},
		{"", " ", "white space in a row"}, // which the JSON decoder is slow at
		{`{"x":[1,`, "\n", "white space in a row"},
	} {
		var b bytes.Buffer
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		begin := []byte(test.begin)
		more := bytes.Repeat([]byte(test.rest), 1<<20)
		for range 256 {
			if _, err := z.Write(append(begin, more...)); err != nil {
				t.Fatal(err)
			}
			begin = nil
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = snapshot.Decode(&b)
		if !errors.Is(err, inventory.ErrFormat) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("decoding a file that unfolds to 256 MiB of %q: %v, want %q", test.rest, err, test.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, false))
	f.Add(encode(f, true))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := snapshot.Decode(bytes.NewReader(content))
		if err != nil {
			return
		}
		if err := snapshot.Encode(io.Discard, s, true); err != nil {
			t.Errorf("what was decoded cannot be encoded: %v", err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, compressed := range []bool{false, true} {
		name := map[bool]string{false: "json", true: "zst"}[compressed]
		b.Run(name, func(b *testing.B) {
			s := sample()
			for range 1000 {
				s.Sources[0].Machines = append(s.Sources[0].Machines, s.Sources[0].Machines[0])
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := snapshot.Encode(io.Discard, s, compressed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
