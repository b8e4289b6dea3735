package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// imageIDs are the systems that are always replaced as a whole, by their ID in os-release, or one they are LIKE.
var imageIDs = []string{
	"bottlerocket", "talos", "rhcos", "opensuse-microos", "microos", "sle-micro", "sl-micro", "opensuse-leap-micro", "flatcar",
	"coreos", "ubuntu-core", "cos", "kairos", "elemental", "rancheros", "photon-immutable", "harvester", "vanillaos",
}

// imageFiles show a system that is replaced as a whole, whatever it is called.
var imageFiles = []string{"/run/ostree-booted", "/sysroot/ostree", "/etc/kairos-release", "/etc/elemental"}

// imageBased tells whether the system is put together as an image.
func (l *look) imageBased(vars map[string]string) bool {
	like := strings.Fields(vars["ID_LIKE"])
	for _, id := range imageIDs {
		if vars["ID"] == id || slices.Contains(like, id) {
			return true
		}
	}
	if vars["VARIANT_ID"] == "coreos" || vars["OSTREE_VERSION"] != "" || vars["OPENSHIFT_VERSION"] != "" {
		return true
	}
	for key := range vars {
		if strings.HasPrefix(key, "KAIROS_") {
			return true
		}
	}
	for _, name := range imageFiles {
		if l.fs.Exists(name) {
			return true
		}
	}
	if text, err := l.fs.Read("/proc/cmdline", linux.SmallFile); err == nil && slices.Contains(linux.KernelFlags(string(text)), "ostree=") {
		return true
	}
	// An image identifier alone may be that of a golden image; the program files also have to be read-only. Programs
	// that the kernel verifies against a hash nobody can change.
	readOnly, verified := l.programFiles()
	return readOnly && (verified || vars["IMAGE_ID"] != "" || vars["IMAGE_VERSION"] != "")
}

// programFiles tells of the file system with the programs, /usr or else /, whether it is read-only, and whether the
// kernel checks it by dm-verity. A unit of systemd may see as read-only what the machine does not, so that only what
// the first process sees counts.
func (l *look) programFiles() (readOnly, verified bool) {
	if l.ownMounts {
		return false, false
	}
	var files linux.MountEntry
	for _, m := range l.mounts { // a later mount hides an earlier one
		if m.Point == "/" && files.Point != "/usr" || m.Point == "/usr" {
			files = m
		}
	}
	readOnly = linux.HasOption(files.Options, "ro") || linux.HasOption(files.Super, "ro") || files.FSType == "erofs" || files.FSType == "squashfs"
	name, err := l.fs.Names("/sys/block")
	if err != nil {
		return readOnly, false
	}
	for _, disk := range name {
		if !strings.HasPrefix(disk, "dm-") {
			continue
		}
		if dev, err := l.fs.Line("/sys/block/" + disk + "/dev"); err != nil || dev != files.Device {
			continue
		}
		uuid, err := l.fs.Line("/sys/block/" + disk + "/dm/uuid")
		return readOnly, err == nil && strings.HasPrefix(uuid, "CRYPT-VERITY-")
	}
	return readOnly, false
}
