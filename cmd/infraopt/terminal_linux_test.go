package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/report"
)

// What is no text does not go to a terminal, which would do something with it.
func TestTerminalsAreGivenText(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	collecttest.Need(t, "a terminal", err)
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	collecttest.Need(t, "a terminal", err)
	defer tty.Close()
	binary := 0
	for _, f := range report.Formats() {
		if !f.Binary() {
			continue
		}
		binary++
		var talk bytes.Buffer
		status := run(t.Context(), []string{"assess", "demo:?machines=2", "--format", f.Name}, stdio{tty, &talk, func(string) string { return "" }})
		if status != exitUsage || !strings.Contains(talk.String(), "--out NAME"+f.Extension) {
			t.Errorf("%s on a terminal: status %d, %s", f.Name, status, talk.String())
		}
	}
	if binary == 0 {
		t.Error("no format is binary")
	}
}
