package linux

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

func TestParseModules(t *testing.T) {
	for text, want := range map[string][]Module{
		"": nil,
		"kvm_amd 217088 1 - Live 0x0000000000000000\nnvidia 56000000 3 nvidia_uvm,nvidia_modeset, Live 0x0000000000000000 (POE)\nzfs 1 0 - Live 0x0 (OE)\n": {
			{"kvm_amd", 1, false, false}, {"nvidia", 3, true, true}, {"zfs", 0, true, false},
		},
		"old 1 - - Live 0x0\n": {{"old", 0, false, false}},
	} {
		if got, err := ParseModules(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"kvm 1 0\n", "kvm 1 many - Live 0x0\n", "\x00\n"} {
		if got, err := ParseModules(text); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestKernelFlags(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"BOOT_IMAGE=/vmlinuz ro quiet": "",
		"root=UUID=1 ostree=/ostree/boot.1/fedora/ab12/0 password=hunter2": "ostree=",
		"noostree=1 xroothash=2": "",
		"usrhash=ab roothash=cd": "roothash= usrhash=",
		"iscsi_target_name=iqn.2004-05.com.ubuntu:maas:ephemeral-ubuntu-amd64 user=x": "iqn.2004-05.com.ubuntu:maas",
	} {
		if got := strings.Join(KernelFlags(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCloudInitFiles(t *testing.T) {
	for text, want := range map[string]string{
		`{"v1": {"datasource": "DataSourceEc2Local", "errors": []}}`:                               "DataSourceEc2Local",
		`{"v1": {"datasource": "DataSourceNoCloud [seed=/dev/sr0][dsmode=net]", "errors": ["x"]}}`: "DataSourceNoCloud",
		`{"v1": {"datasource": null}}`:                                                             "",
		`{"v1": {"datasource": "DataSourceNone"}}`:                                                 "",
		`{"v1": {}}`: "",
	} {
		if got, err := ParseCloudResult([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	const status = `{"v1": {"datasource": "DataSourceNone", "init": {"errors": [], "finished": 1700000001.5, "start": 1700000000.1},
		"init-local": {"finished": 1699999999}, "modules-final": {"finished": 1700000030.25, "start": 1700000020}, "modules-config": {"finished": null}, "stage": null}}`
	if got, err := ParseCloudStatus([]byte(status)); err != nil || !got.Equal(time.Unix(1700000030, 0)) {
		t.Errorf("status: %v, %v", got, err)
	}
	if got, err := ParseCloudStatus([]byte(`{"v1": {"stage": "init", "init": {"start": 5, "finished": null}}}`)); err != nil || !got.IsZero() {
		t.Errorf("a boot that has not ended: %v, %v", got, err)
	}
	if got, err := ParseCloudName([]byte(`{"v1": {"cloud_name": "gce", "region": "x"}, "ds": {"user_data": "hunter2"}}`)); err != nil || got != "gce" {
		t.Errorf("name: %q, %v", got, err)
	}
	if got, err := ParseIgnition([]byte(`{"provisioningBootID": "x", "provisioningDate": "2023-11-14T22:13:20Z", "userConfigProvided": true}`)); err != nil || got.Unix() != 1700000000 {
		t.Errorf("ignition: %v, %v", got, err)
	}
	for _, text := range []string{"", "{", "[]", "null", `{"v1": 5}`, `{"v1": {"cloud_name": 5, "datasource": 5}, "provisioningDate": 5}`} {
		_, result := ParseCloudResult([]byte(text))
		_, status := ParseCloudStatus([]byte(text))
		_, ignition := ParseIgnition([]byte(text))
		if !errors.Is(result, ErrFormat) || !errors.Is(ignition, ErrFormat) || !errors.Is(status, ErrFormat) && !strings.Contains(text, "datasource") {
			t.Errorf("%q: %v, %v, %v", text, result, status, ignition)
		}
	}
}

// What a recording keeps of files that hold more than is read of them.
func TestRedactPlatform(t *testing.T) {
	for _, row := range [][3]string{
		{"/run/cloud-init/instance-data.json", `{"v1": {"cloud_name": "aws"}, "ds": {"meta_data": "hunter2"}, "userdata": "hunter2"}`, `{"v1": {"cloud_name": "aws"}}` + "\n"},
		{"/run/cloud-init/instance-data.json", `{"v1": {}, "userdata": "hunter2"`, "{}\n"},
		{"/proc/cmdline", "BOOT_IMAGE=/x ostree=/ostree/boot.1 ds=nocloud;s=http://user:hunter2@host/ ro", "ostree=\n"},
	} {
		if got := string(Redact(row[0], []byte(row[1]))); got != row[2] {
			t.Errorf("%s: %q, want %q", row[0], got, row[2])
		}
	}
}

func TestNominalClock(t *testing.T) {
	for text, want := range map[string]float64{
		"processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz\ncpu MHz\t\t: 3899.999\n": 2100,
		"processor\t: 0\nmodel name\t: AMD EPYC 7302P 16-Core Processor\ncpu MHz\t\t: 1500.000\n":         0,
		"processor\t: 0\nmodel name\t: Intel(R) Pentium(R) III CPU @ 866MHz\n":                            866,
		"processor\t: 0\nmodel name\t: X @ 9e99GHz\n":                                                     0,
		"processor\t: 0\nmodel name\t: X @ -2GHz\n":                                                       0,
		"processor\t: 0\nmodel name\t: X @ NaNGHz\n":                                                      0,
		"processor 0: version = 00\ncpu MHz dynamic : 5000\ncpu MHz static  : 5200\n":                     5200,
	} {
		if got, err := ParseCPUInfo(text); err != nil || got.MHz != want {
			t.Errorf("%q: %v MHz, %v; want %v", text, got.MHz, err, want)
		}
	}
}

func TestSMBIOSVMBit(t *testing.T) {
	table := func(length, extension byte, size int) string {
		text := make([]byte, size)
		text[1], text[19] = length, extension
		return string(text)
	}
	const name = "/sys/firmware/dmi/entries/0-0/raw"
	for what, row := range map[string]struct {
		files map[string]string
		want  VMBit
	}{
		"set":                      {map[string]string{name: table(26, 0x1c, 40)}, VMBitSet},
		"not set":                  {map[string]string{name: table(26, 0x0c, 40)}, VMBitUnset},
		"a table of older version": {map[string]string{name: table(18, 0x1c, 40)}, VMBitUnknown},
		"cut":                      {map[string]string{name: table(26, 0x1c, 40)[:12]}, VMBitUnknown},
		"not there":                {nil, VMBitUnknown},
	} {
		if got := SMBIOSVMBit(tree(t, row.files)); got != row.want {
			t.Errorf("%s: %d, want %d", what, got, row.want)
		}
	}
}

func TestEnclosure(t *testing.T) {
	const name = "/sys/class/dmi/id/chassis_serial"
	for text, want := range map[string]inventory.Reading[string]{
		"CZ1234ABCD\n": inventory.Known("cz1234abcd"), "Default string\n": inventory.Absent[string](), "0123456789\n": inventory.Absent[string](),
		"To be filled by O.E.M.\n": inventory.Absent[string](), "\n": inventory.Absent[string](), "None\n": inventory.Absent[string](),
	} {
		if got := Enclosure(tree(t, map[string]string{name: text})); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	denied := tree(t, map[string]string{name: "x", "/.infraopt/denied": name + "\n"})
	if got := Enclosure(denied); got.Remedy() != "run as root" {
		t.Errorf("denied: %v, %q", got, got.Remedy())
	}
}

// A digest is the answer of a recorded tree; without one the file itself is read, and what is not there or may not
// be read is said as for any file.
func TestDigest(t *testing.T) {
	size := func(path string) ([]byte, error) {
		text, err := os.ReadFile(path)
		return []byte{'0' + byte(len(text))}, err
	}
	f := tree(t, map[string]string{"/db": "12345", "/denied": "x", "/.infraopt/denied": "/denied\n/gone\n", "/.infraopt/kept": "9"})
	if got, err := f.Digest("/db", "size", size); err != nil || string(got) != "5" {
		t.Errorf("the file: %q, %v", got, err)
	}
	if got, err := f.Digest("/db", "kept", size); err != nil || string(got) != "9" {
		t.Errorf("the recorded answer: %q, %v", got, err)
	}
	if _, err := f.Digest("/denied", "size", size); !Denied(err) {
		t.Errorf("denied: %v", err)
	}
	if _, err := f.Digest("/nothing", "size", size); !Gone(err) {
		t.Errorf("not there: %v", err)
	}
	// Whoever recorded the tree was not let near this one, so that nobody knows whether it is there.
	if _, err := f.Stat("/gone"); !Denied(err) {
		t.Errorf("stat: %v", err)
	}
	if _, err := f.Modified("/db"); err != nil {
		t.Error(err)
	}
}

func FuzzModules(f *testing.F) {
	f.Add("a 1 2 b, Live 0x0 (POE)\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, _ := ParseModules(text)
		for _, m := range list {
			if m.Name == "" || m.Users < 0 {
				t.Errorf("%q: %+v", text, m)
			}
		}
		for _, flag := range KernelFlags(text) {
			if !strings.Contains(text, flag) {
				t.Errorf("the flag %q is not in %q", flag, text)
			}
		}
	})
}

func FuzzCloudInit(f *testing.F) {
	f.Add([]byte(`{"v1": {"datasource": "DataSourceEc2", "cloud_name": "aws", "init": {"finished": 5.5}}, "provisioningDate": "2023-11-14T22:13:20Z"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if name, err := ParseCloudResult(text); err == nil && strings.Contains(name, " ") {
			t.Errorf("%q: datasource %q", text, name)
		}
		if at, err := ParseCloudStatus(text); err == nil && !at.IsZero() && at.Unix() < 0 {
			t.Errorf("%q: finished %v", text, at)
		}
		_, _ = ParseIgnition(text)
		name, err := ParseCloudName(text)
		kept, again := ParseCloudName(redactInstance(text))
		if again != nil || err == nil && kept != name {
			t.Errorf("%q: the name %q is kept as %q, %v", text, name, kept, again)
		}
	})
}
