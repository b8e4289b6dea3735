package linux

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseMeminfo(t *testing.T) {
	got, err := ParseMeminfo("MemTotal:        8145076 kB\nMemFree:           10 kB\nMemAvailable:    5755136 kB\nHugePages_Total:       0\nSwapTotal:       2097148 kB\nSwapFree:        1000000 kB\n")
	want := Meminfo{Total: 8145076 << 10, Available: 5755136 << 10, SwapTotal: 2097148 << 10, SwapFree: 1000000 << 10}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{"", "x\n", "MemFree: 5 kB\n", "MemTotal: 5\n", "MemTotal: -5 kB\n", "MemTotal: 5 MB\n", "MemTotal: 99999999999999999999 kB\n"} {
		_, err := ParseMeminfo(text)
		bad(t, text, err)
	}
}

func TestParsePressure(t *testing.T) {
	got, err := ParsePressure("some avg10=32.38 avg60=11.89 avg300=10.01 total=4325358895\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=0\n")
	want := Pressure{Avg10: 32.38, Avg60: 11.89, Avg300: 10.01, Total: 4325358895 * time.Microsecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := ParsePressure("full avg10=1 avg60=1 avg300=1 total=1\nsome avg10=0 avg60=0 avg300=100 total=0 later=x\n"); err != nil || got.Avg300 != 100 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "full avg10=1 avg60=1 avg300=1 total=1\n", "some\n", "some avg10=1 avg60=1 avg300=1\n", "some avg10=NaN avg60=1 avg300=1 total=1\n",
		"some avg10=101 avg60=1 avg300=1 total=1\n", "some avg10=-1 avg60=1 avg300=1 total=1\n", "some avg10=1 avg60=1 avg300=1 total=x\n"} {
		_, err := ParsePressure(text)
		bad(t, text, err)
	}
}

func TestShellValue(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"SA_DIR=/var/log/sa\n":                  "/var/log/sa",
		"# SA_DIR=/no\nSA_DIR=\"/a b\" # yes\n": "/a b",
		"SA_DIR='/a'\nSA_DIR=/b # c\n":          "/b",
		"  export SA_DIR=/a;echo\n":             "/a",
		"MY_SA_DIR=/a\nSA_DIR_2=/b\n":           "",
		"SA_DIR=$HOME/sa\n":                     "",
		"SA_DIR=\"`id`\"\n":                     "",
		"SA_DIR=\n":                             "",
		"SA_DIR=\"\n":                           "",
		"SA_DIR":                                "",
	} {
		if got := ShellValue(text, "SA_DIR"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Moments of a tree remember nothing of each other, and are recorded apart.
func TestSample(t *testing.T) {
	source := t.TempDir()
	put := func(text string) {
		t.Helper()
		for name, text := range map[string]string{"proc/stat": text, "etc/os": "debian"} {
			path := filepath.Join(source, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("0")
	// A recorded tree with two moments of its own; a live one would be read anew.
	for i, text := range []string{"1", "2"} {
		dir := filepath.Join(source, ".infraopt/sample", string(rune('1'+i)), "proc")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	look := func(f FS) string {
		t.Helper()
		all, _ := f.Line("/proc/stat")
		for n := 1; n <= 2; n++ {
			m, err := f.Sample(n)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := m.Line("/proc/stat")
			_, err = m.Line("/etc/os")
			all += " " + text
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a moment shows what was not recorded of it: %v", err)
			}
		}
		return all
	}
	f := NewFS(source)
	copied := filepath.Join(t.TempDir(), "copy")
	r, err := f.Record(copied, func(_ string, text []byte) []byte { return []byte(strings.ReplaceAll(string(text), "2", "two")) })
	if err != nil {
		t.Fatal(err)
	}
	if got := look(f); got != "0 1 2" {
		t.Errorf("got %q", got)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := look(NewFS(copied)); got != "0 1 two" {
		t.Errorf("recorded: got %q", got)
	}
	if _, err := NewFS(copied).Sample(3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a moment that was not: %v", err)
	}
	live, err := NewFS("/").Sample(1)
	if err != nil || !live.Live() || live.Recording() != nil {
		t.Errorf("live: got %+v, %v", live, err)
	}
}

func FuzzMeminfo(f *testing.F) {
	f.Add("MemTotal: 8145076 kB\nMemAvailable: 5755136 kB\nSwapTotal: 1 kB\n")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := ParseMeminfo(text); err == nil && (m.Total <= 0 || m.Available < 0 || m.SwapTotal < 0 || m.SwapFree < 0) {
			t.Errorf("%q: got %+v", text, m)
		}
	})
}

func FuzzPressure(f *testing.F) {
	f.Add("some avg10=32.38 avg60=11.89 avg300=10.01 total=4325358895\n")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParsePressure(text); err == nil && !(p.Avg10 >= 0 && p.Avg60 >= 0 && p.Avg300 >= 0 && p.Avg300 <= 100 && p.Total >= 0) {
			t.Errorf("%q: got %+v", text, p)
		}
	})
}

func FuzzShellValue(f *testing.F) {
	f.Add("export SA_DIR=\"/var/log\" # x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if v := ShellValue(text, "SA_DIR"); strings.ContainsAny(v, "$`\n\x00") || !strings.Contains(text, v) {
			t.Errorf("%q: got %q", text, v)
		}
	})
}
