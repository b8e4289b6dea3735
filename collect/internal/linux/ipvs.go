package linux

import (
	"fmt"
	"strings"
)

// ParseIPVS reads /proc/PID/net/ip_vs and returns how many virtual services the kernel balances: three lines of heading,
// then a line for each service, with its real servers below it.
func ParseIPVS(text string) (services int, err error) {
	if !strings.HasPrefix(text, "IP Virtual Server version") {
		return 0, fmt.Errorf("net/ip_vs: %w: heading %.60q", ErrFormat, text)
	}
	for line := range strings.Lines(text) {
		protocol, _, _ := strings.Cut(line, " ")
		switch protocol {
		case "TCP", "UDP", "SCTP", "FWM":
			services++
		}
	}
	return services, nil
}
