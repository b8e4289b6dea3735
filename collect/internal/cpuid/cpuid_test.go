package cpuid

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
)

// The processor and the kernel must agree on whether there is a hypervisor below.
func TestAskAgreesWithTheKernel(t *testing.T) {
	text, err := Ask()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "386" {
		if !errors.Is(err, ErrNone) {
			t.Fatalf("on %s: %q, %v", runtime.GOARCH, text, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Virtual && a.Vendor != "" {
		t.Errorf("no hypervisor, but its vendor is %q", a.Vendor)
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip("no /proc/cpuinfo here")
	}
	if kernel := strings.Contains(string(info), " hypervisor"); kernel != a.Virtual {
		t.Errorf("the kernel says %t, the processor %+v", kernel, a)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Answer{
		`{"virtual":true,"vendor":"KVMKVMKVM"}`: {true, "KVMKVMKVM"},
		`{}`:                                    {},
	} {
		if got, err := Parse([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "[]", `{"vendor":5}`} {
		if got, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q: %+v without an error", text, got)
		}
	}
}
