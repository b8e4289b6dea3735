package linux

import (
	"slices"
	"strings"
)

// driveProtocols are the storage that QEMU reaches by itself, without a device of the kernel, by the names of its
// drivers.
var driveProtocols = []string{"rbd", "gluster", "iscsi", "nfs"}

// DriveProtocols tells, from the command line of QEMU, over which protocols it reaches disks of its machine by
// itself. Of the values of -drive, -blockdev and -hda to -hdd only the name of the driver is looked at: what else
// they hold may be the secret of the storage.
func DriveProtocols(cmdline []byte) []string {
	var list []string
	arguments := args(cmdline)
	for i := 1; i+1 < len(arguments); i++ {
		switch flag := arguments[i]; flag {
		case "-drive", "-blockdev", "-hda", "-hdb", "-hdc", "-hdd":
		default:
			continue
		}
		i++
		for _, p := range driveProtocols {
			if drivenBy(arguments[i], p) && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return list
}

// drivenBy reports whether the value of a drive names a driver: {"driver":"rbd"}, driver=rbd, file.driver=rbd,
// file=rbd:pool/image, file=gluster+tcp://server/volume.
func drivenBy(value, driver string) bool {
	if strings.HasPrefix(strings.TrimSpace(value), "{") {
		return strings.Contains(strings.ReplaceAll(value, " ", ""), `"driver":"`+driver+`"`)
	}
	for part := range strings.SplitSeq(value, ",") {
		key, v, ok := strings.Cut(part, "=")
		if !ok {
			key, v = "file", part
		}
		scheme, _, _ := strings.Cut(v, ":")
		transportless, _, _ := strings.Cut(scheme, "+")
		switch {
		case (key == "driver" || strings.HasSuffix(key, ".driver")) && v == driver,
			(key == "file" || key == "filename" || strings.HasSuffix(key, ".filename")) && strings.Contains(v, ":") && transportless == driver:
			return true
		}
	}
	return false
}
