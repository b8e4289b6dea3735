package host

import (
	"strings"
	"time"
)

// endOfLife is when the standard support of systems ends, by ID and the beginning of VERSION_ID in os-release. For Debian
// that is the end of its free long-term support, for Ubuntu that of the five years without a contract, for Red Hat and
// SUSE that of general maintenance. Only releases whose date is past or published are listed. Taken from the life cycle
// pages of the projects, as of 2025-06.
var endOfLife = map[string]map[string]string{
	"debian": {"7": "2018-05-31", "8": "2020-06-30", "9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31", "12": "2028-06-30"},
	"ubuntu": {"14.04": "2019-04-25", "16.04": "2021-04-30", "18.04": "2023-05-31", "20.04": "2025-05-31"},
	"centos": {"6": "2020-11-30", "7": "2024-06-30", "8": "2024-05-31"},
	"rhel":   {"5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30"},
	"ol":     {"6": "2021-03-31", "7": "2024-12-31"},
	"fedora": {"37": "2023-12-05", "38": "2024-05-21", "39": "2024-11-26", "40": "2025-05-13"},
	"sles":   {"11": "2019-03-31", "12": "2024-10-31"},
	"alpine": {"3.16": "2024-05-23", "3.17": "2024-11-22", "3.18": "2025-05-09"},
	"amzn":   {"2018.03": "2023-12-31", "2": "2026-06-30"},
	// Of openSUSE Leap, a release ends half a year after the next one came.
	"opensuse-leap": {"15.3": "2022-12-31", "15.4": "2023-12-07", "15.5": "2024-12-31"},
}

// ended gives the day on which the support of a system ended, if it has.
func ended(id, version string, now time.Time) (string, bool) {
	for v := version; v != ""; {
		if day := endOfLife[id][v]; day != "" {
			return day, now.Format(time.DateOnly) > day
		}
		i := strings.LastIndexByte(v, '.')
		v = v[:max(i, 0)]
	}
	return "", false
}
