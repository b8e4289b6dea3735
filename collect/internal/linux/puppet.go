package linux

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParsePuppetRun finds when Puppet last ran in its last_run_summary.yaml: the key last_run below time.
func ParsePuppetRun(text string) (time.Time, error) {
	section := ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimRight(line, " \r\n"), ":")
		if !ok {
			continue
		}
		if !strings.HasPrefix(key, " ") {
			section = key
			continue
		}
		if section != "time" || strings.TrimSpace(key) != "last_run" {
			continue
		}
		sec, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || sec <= 0 {
			return time.Time{}, fmt.Errorf("last_run_summary: %w: line %.60q", ErrFormat, line)
		}
		return time.Unix(sec, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("last_run_summary: %w: no time of a last run", ErrFormat)
}
