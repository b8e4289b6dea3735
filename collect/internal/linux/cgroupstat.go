package linux

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// KeyedValue finds the number beside a key in a flat keyed file: cpu.stat, memory.stat. False where the key is
// not there.
func KeyedValue(text, key string) (uint64, bool, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, key+" ")
		if !ok {
			continue
		}
		v, err := strconv.ParseUint(strings.TrimSpace(rest), 10, 64)
		if err != nil {
			return 0, false, fmt.Errorf("%s: %w: line %.60q", key, ErrFormat, line)
		}
		return v, true, nil
	}
	return 0, false, nil
}

// ParseCPUMax reads cpu.max: how many cores the group may use; false where there is no limit.
func ParseCPUMax(text string) (cores float64, limited bool, err error) {
	quota, period, ok := strings.Cut(strings.TrimSpace(text), " ")
	if quota == "max" {
		return 0, false, nil
	}
	q, err1 := strconv.ParseUint(quota, 10, 63)
	p, err2 := strconv.ParseUint(period, 10, 63)
	if !ok || err1 != nil || err2 != nil || p == 0 {
		return 0, false, fmt.Errorf("cpu.max: %w: %.60q", ErrFormat, text)
	}
	return float64(q) / float64(p), true, nil
}

// ParseCFSQuota reads cpu.cfs_quota_us and cpu.cfs_period_us of version 1; false where there is no limit.
func ParseCFSQuota(quota, period string) (cores float64, limited bool, err error) {
	quota = strings.TrimSpace(quota)
	if quota == "-1" {
		return 0, false, nil
	}
	return ParseCPUMax(quota + " " + strings.TrimSpace(period))
}

// unlimitedV1 is what version 1 shows where there is no limit, less the rounding to pages that it does.
const unlimitedV1 = math.MaxInt64 - 1<<20

// ParseMemoryMax reads memory.max or memory.limit_in_bytes; false where there is no limit.
func ParseMemoryMax(text string) (bytes int64, limited bool, err error) {
	text = strings.TrimSpace(text)
	if text == "max" {
		return 0, false, nil
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("memory limit: %w: %.60q", ErrFormat, text)
	}
	if v >= unlimitedV1 {
		return 0, false, nil
	}
	return int64(v), true, nil
}
