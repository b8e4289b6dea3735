package host

import (
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// devices looks at device files: those that are open, where this user may see that, and those that the unit names.
func (j *judgement) devices() {
	used := make(map[string][]string) // by source
	for _, q := range j.members {
		o, err := j.l.opened(q)
		switch {
		case linux.Gone(err):
			continue // it has ended
		case err != nil && !j.devicesClosed():
			j.miss("open devices of process "+itoa(q.PID)+": "+linux.Reason(err), inventory.Blocker, asRoot)
			continue
		case err != nil:
			continue
		}
		for _, f := range o.files {
			if name, ok := strings.CutPrefix(strings.TrimSuffix(f, " (deleted)"), "/dev/"); ok {
				used["has open"] = append(used["has open"], name)
			}
		}
	}
	s := j.settings()
	for _, v := range s.List("Service.DeviceAllow") {
		if name := allowedDevice(v); name != "" {
			used["its unit allows"] = append(used["its unit allows"], name)
		}
	}
	for _, v := range s.List("Service.BindPaths") {
		source, _, _ := strings.Cut(strings.TrimLeft(v, "-+"), ":")
		if name, ok := strings.CutPrefix(path.Clean(source), "/dev/"); ok {
			used["its unit allows"] = append(used["its unit allows"], name)
		}
	}
	for how, source := range map[string]string{"has open": "/proc/PID/fd", "its unit allows": "unit DeviceAllow, BindPaths"} {
		byKind := make(map[int][]string)
		for _, name := range used[how] {
			if k := kindOfDevice(name); k >= 0 && deviceKinds[k].id != "" {
				byKind[k] = append(byKind[k], "/dev/"+name)
			}
		}
		for k, names := range byKind {
			j.add(deviceKinds[k].id, deviceKinds[k].severity, how+" "+enumerated(names), source)
		}
	}
}

// devicesClosed reports whether the unit keeps its programs away from all devices but those that it names. Rights on
// device files alone would not: what runs without rights may have been handed an open one, and rules for keys and
// instruments often give everybody a right.
func (j *judgement) devicesClosed() bool {
	s := j.settings()
	policy := s.Text("Service.DevicePolicy")
	return s.Bool("Service.PrivateDevices") || policy == "strict" || policy == "closed" || len(s.List("Service.DeviceAllow")) > 0
}

// kindOfDevice finds the family of a device by its name below /dev; -1 where it is none.
func kindOfDevice(name string) int {
	for i, k := range deviceKinds {
		for _, p := range k.patterns {
			if ok, err := path.Match(p, name); err == nil && ok {
				return i
			}
		}
	}
	return -1
}

// allowedDevice gives the name below /dev of a device that DeviceAllow= names, by its path or by its driver.
func allowedDevice(value string) string {
	what, _, _ := strings.Cut(value, " ")
	if name, ok := strings.CutPrefix(what, "/dev/"); ok {
		return name
	}
	if strings.HasPrefix(what, "block-") {
		return "disk/by-driver/" + strings.TrimPrefix(what, "block-")
	}
	class, ok := strings.CutPrefix(what, "char-")
	if !ok || class == "" {
		return ""
	}
	if name := deviceClasses[class]; name != "" {
		return name
	}
	return class
}

// dongles looks for licence keys on USB. One belongs to a licence server, and to what has a device on USB open.
func (j *judgement) dongles() {
	usb := slices.ContainsFunc(j.found, func(f inventory.Finding) bool { return f.ID == "device-usb" })
	if !usb && j.c.role.name != "licence-server" {
		return
	}
	makers, err := j.around.dongles()
	if err != nil {
		j.miss("/sys/bus/usb/devices: "+linux.Reason(err), inventory.Blocker, asRoot)
		return
	}
	if len(makers) > 0 {
		j.add("licence-dongle", inventory.Blocker, "a licence key is plugged in: "+enumerated(makers), "/sys/bus/usb/devices/*/idVendor")
	}
}

// graphical are the programs that a person looks at.
var graphical = map[string]bool{
	"Xorg": true, "Xwayland": true, "gnome-shell": true, "plasmashell": true, "firefox": true, "chrome": true, "Xvnc": true,
}

// screen looks for programs with windows. Without a display server on the machine there are none; with one, the libraries
// that a program maps tell, which only its owner and root may see. What a virtual machine for Java or a headless browser
// maps says nothing, so programs of others are asked only if they are not known to be services.
func (j *judgement) screen() {
	if graphical[j.worker.Comm] {
		j.add("graphical", inventory.Warning, "shows itself on a screen", "stat field 2")
		return
	}
	if !j.l.display() || j.c.role.name != "" || linux.Interpreter(j.worker.Comm) {
		return
	}
	text, err := j.l.fs.ReadRedacted("/proc/"+itoa(j.worker.PID)+"/maps", linux.LargeFile, linux.RedactMaps)
	switch {
	case linux.Gone(err):
	case err != nil:
		j.miss("libraries of process "+itoa(j.worker.PID)+": "+linux.Reason(err), inventory.Warning, asRoot)
	case len(text) > 0:
		j.add("graphical", inventory.Warning, "draws windows with "+enumerated(strings.Fields(string(text))), "/proc/PID/maps")
	}
}

// display reports whether a display server listens on the machine.
func (l *look) display() bool {
	return slices.ContainsFunc(l.sockets, func(s string) bool {
		return strings.Contains(s, "/.X11-unix/X") || strings.Contains(s, "/wayland-")
	})
}
