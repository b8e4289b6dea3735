package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/sysstat"
	"github.com/infraopt/infraopt/collect/inventory"
)

// Bounds of reading the history that a machine keeps of its own use.
const (
	historyWindow = 30 * 24 * time.Hour // what sizing asks for; older records are not read
	historyBytes  = 64 << 20            // of files in all; the newest are read
	historyFiles  = 64                  // more than the days of the window
)

// sysstatSettings are the files that say where sysstat keeps its files, by distribution.
var sysstatSettings = []string{"/etc/sysstat/sysstat", "/etc/sysconfig/sysstat"}

// sysstatDirectories are where it keeps them otherwise.
var sysstatDirectories = []string{"/var/log/sysstat", "/var/log/sa"}

// A historyFile is one file of records.
type historyFile struct {
	name   string
	size   int64
	stream io.ReadCloser
	reader *sysstat.Reader
}

// history gives what the machine itself has kept of its use: the records of sysstat, if it runs that. They are read as
// they lie there; its programs are not run.
func (l *look) history(ctx context.Context) inventory.Demand {
	const remedy = "install sysstat and switch its collection on, and look again after a week; or look twice with --sample"
	if l.inside {
		return noSeries("seen from inside a container", "run on the host")
	}
	dir, names, err := l.historyNames()
	switch {
	case err != nil:
		l.gap(dir, "history of its use", linux.Reason(err), asRoot)
		return noSeries(dir+": "+linux.Reason(err), asRoot)
	case len(names) == 0:
		return noSeries("it keeps no history of its use", remedy)
	}
	files := l.historyFiles(dir, names)
	defer func() {
		for _, f := range files {
			f.stream.Close()
		}
	}()
	known := make(map[string]bool)
	cards := func(name string) bool { // asked for each interface of each record
		is, ok := known[name]
		if !ok && len(known) < 1<<16 {
			is = l.physical(name)
			known[name] = is
		}
		return is
	}
	s := &sysstat.Series{
		Physical: cards,
		Since:    l.now.Add(-historyWindow).Unix(),
		Until:    l.now.Add(time.Hour).Unix(), // a clock may be set back
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return noSeries("the deadline passed while its history was read", "raise --timeout")
		}
		if err := f.add(s); err != nil {
			l.gap(f.name, "the rest of its records", historyReason(err), "")
		}
	}
	return fromHistory(s.Use())
}

// historyNames finds the directory with files of records, and their names.
func (l *look) historyNames() (dir string, names []string, err error) {
	var dirs []string
	for _, name := range sysstatSettings {
		if text, err := l.fs.Read(name, linux.SmallFile); err == nil {
			if v := linux.ShellValue(string(text), "SA_DIR"); path.IsAbs(v) {
				dirs = append(dirs, path.Clean(v))
			}
		}
	}
	denied := ""
	for _, dir := range append(dirs, sysstatDirectories...) {
		all, err := l.fs.Names(dir)
		if linux.Denied(err) && denied == "" {
			denied = dir
		}
		compressed := 0
		for _, name := range all {
			day, ending, _ := strings.Cut(name, ".")
			switch {
			case !linux.RecordsOfUse(day):
			case ending == "":
				names = append(names, name)
			default:
				compressed++
			}
		}
		if compressed > 0 {
			l.gap(dir, "older history of its use", fmt.Sprintf("%d files are compressed", compressed), "raise COMPRESSAFTER in the settings of sysstat")
		}
		if len(names) > 0 || compressed > 0 {
			return dir, names, nil
		}
	}
	if denied != "" {
		_, err = l.fs.Names(denied)
	}
	return denied, nil, err
}

// historyFiles opens the files whose records may count, in the order in which they were begun: the newest that may be
// read in all. What is wrong with the others is a gap.
func (l *look) historyFiles(dir string, names []string) []historyFile {
	var files []historyFile
	refused := make(map[string][]string) // names by reason
	refuse := func(name, why string) { refused[why] = append(refused[why], name) }
	for _, name := range names {
		full := dir + "/" + name
		info, err := l.fs.Stat(full)
		if err != nil {
			refuse(name, linux.Reason(err))
			continue
		}
		if info.Size() == 0 || info.ModTime().Before(l.now.Add(-historyWindow)) {
			continue
		}
		if len(files) == historyFiles {
			refuse(name, "there are more files than days")
			continue
		}
		f, err := l.openHistory(full, info.Size())
		if err != nil {
			refuse(name, historyReason(err))
			continue
		}
		if node := f.reader.Header.Node; !sameHost(node, l.hostname) {
			refuse(name, "written by another machine, or under another name: "+inventory.Text(node))
			f.stream.Close()
			continue
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b historyFile) int {
		return cmp.Or(a.reader.Header.Created.Compare(b.reader.Header.Created), strings.Compare(a.name, b.name))
	})
	left := int64(historyBytes)
	for i := len(files) - 1; i >= 0; i-- {
		if left -= files[i].size; left >= 0 {
			continue
		}
		for _, f := range files[:i+1] {
			refuse(path.Base(f.name), fmt.Sprintf("the files are larger than the %d MiB that are read", historyBytes>>20))
			f.stream.Close()
		}
		files = files[i+1:]
		break
	}
	for why, names := range refused {
		slices.Sort(names)
		subject := dir + "/" + names[0]
		if len(names) > 1 {
			subject += fmt.Sprintf(" and %d more", len(names)-1)
		}
		remedy := ""
		switch {
		case strings.Contains(why, sysstat.ErrVersion.Error()):
			remedy = "sadf -c converts files of older versions"
		case why == "permission denied":
			remedy = asRoot
		}
		l.gap(subject, "history of its use", why, remedy)
	}
	return files
}

func (l *look) openHistory(name string, size int64) (historyFile, error) {
	// It may be written to just now, so a little more than its size.
	stream, err := l.fs.Open(name, min(size+1<<20, historyBytes))
	if err != nil {
		return historyFile{}, err
	}
	r, err := sysstat.NewReader(stream)
	if err != nil {
		stream.Close()
		return historyFile{}, err
	}
	return historyFile{name, size, stream, r}, nil
}

// add takes the records of a file into a series.
func (f *historyFile) add(s *sysstat.Series) error {
	var rec sysstat.Record
	for {
		switch err := f.reader.Next(&rec); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		s.Add(&rec)
	}
}

func historyReason(err error) string {
	for _, kind := range []error{sysstat.ErrFormat, sysstat.ErrForeign, sysstat.ErrTruncated} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	if errors.Is(err, sysstat.ErrVersion) {
		return inventory.Text(err.Error())
	}
	return linux.Reason(err)
}

// sameHost compares two host names, of which either may have its domain. A copy of a machine begins with the history of
// the original.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(strings.ToLower(a), ".")
	b, _, _ = strings.Cut(strings.ToLower(b), ".")
	return a == b
}

// fromHistory states a series as facts.
func fromHistory(u sysstat.Use) inventory.Demand {
	if u.Samples == 0 {
		return noSeries("its history has no two records that can be compared", "look again after a week")
	}
	cores := func(v float64) inventory.Reading[float64] { return inventory.Known(thousandths(v)) }
	d := inventory.Demand{
		Days: inventory.Known(u.Days), Samples: inventory.Known(u.Samples),
		CPUMax: cores(u.CPUMax), CPUP995: cores(u.CPUP995), CPUP97: cores(u.CPUP97), CPUP90: cores(u.CPUP90),
		MemoryMax:   inventory.Unknown[inventory.Bytes]("its history does not show how much memory was available", ""),
		ReceivedP95: inventory.Unknown[inventory.Bytes](interfacesChanged, ""),
		SentP95:     inventory.Unknown[inventory.Bytes](interfacesChanged, ""),
		NetworkDay:  inventory.Unknown[inventory.Bytes](interfacesChanged, ""),
	}
	d.CPUByHour = hoursOf(&u)
	d.Series = valuesOf(&u.Values)
	if u.MemoryKnown {
		d.MemoryMax = inventory.Known(inventory.Bytes(u.MemoryMax))
	}
	if u.NetworkKnown {
		d.ReceivedP95, d.SentP95 = rate(u.ReceivedP95), rate(u.SentP95)
	}
	switch {
	case u.Days < 1:
		d.NetworkDay = inventory.Unknown[inventory.Bytes]("the series is shorter than a day", "")
	case u.PerDayKnown:
		d.NetworkDay = rate(u.PerDay)
	}
	return d
}

// hoursOf states what each hour of the day needs. It is known where each was seen on seven days (sysstat.HourDays).
func hoursOf(u *sysstat.Use) inventory.Reading[*inventory.ByHour] {
	if !u.ByHourKnown {
		return inventory.Unknown[*inventory.ByHour](fmt.Sprintf("not every hour of the day was seen on %d days", sysstat.HourDays), "look again after a week")
	}
	var day inventory.ByHour
	for hour, v := range u.ByHour {
		day[hour] = thousandths(v)
	}
	return inventory.Known(&day)
}

// valuesOf states the values of a series; nil where they are no use to anybody.
func valuesOf(v *sysstat.Values) *inventory.Series {
	s := &inventory.Series{Start: time.Unix(v.Start, 0).UTC(), Step: inventory.Seconds(v.Step), CPU: make([]float64, len(v.CPU))}
	for i, cores := range v.CPU {
		s.CPU[i] = -1
		if cores >= 0 {
			s.CPU[i] = thousandths(cores)
		}
	}
	for _, bytes := range v.Memory {
		s.Memory = append(s.Memory, inventory.Bytes(bytes))
	}
	if s.Check() != nil {
		return nil
	}
	return s
}

const interfacesChanged = "the interfaces of today were not there all the time"
