package host

import (
	"path"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

const cloudInit = "cloud-init"

// cloudProvisioned reports whether cloud-init found data to make the machine from. It is installed and finds none on
// many machines that nobody provisioned so.
func (l *look) cloudProvisioned() bool {
	text, err := l.fs.Read("/var/lib/cloud/data/result.json", linux.LargeFile)
	if err != nil {
		return linux.Gone(err) && l.fs.Exists("/run/cloud-init/instance-data.json")
	}
	source, err := linux.ParseCloudResult(text)
	return err == nil && source != ""
}

// cloudInitOff reports whether cloud-init is switched off and never made anything here.
func (l *look) cloudInitOff() bool {
	off := l.fs.Exists("/etc/cloud/cloud-init.disabled") || l.fs.Exists("/run/cloud-init/disabled")
	return off && !l.fs.Exists("/var/lib/cloud/data/result.json")
}

// cloudRun tells when cloud-init last ended.
func cloudRun(f linux.FS, name string) (time.Time, error) {
	if path.Base(name) != "status.json" {
		return f.Modified(name)
	}
	text, err := f.Read(name, linux.LargeFile)
	if err != nil {
		return time.Time{}, err
	}
	return linux.ParseCloudStatus(text)
}

func ignitionRun(f linux.FS, name string) (time.Time, error) {
	text, err := f.Read(name, linux.LargeFile)
	if err != nil {
		return time.Time{}, err
	}
	return linux.ParseIgnition(text)
}

func puppetRun(f linux.FS, name string) (time.Time, error) {
	text, err := f.Read(name, linux.LargeFile)
	if err != nil {
		return time.Time{}, err
	}
	return linux.ParsePuppetRun(string(text))
}
