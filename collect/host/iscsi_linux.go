package host

import "strings"

// An iscsiSession is a connection to an iSCSI target. The credentials that lie beside these facts are never read, and
// their directory is not listed.
type iscsiSession struct {
	name, target, state string
	host                string // adapter that it goes over
	driver              string // iscsi_tcp for the kernel's own initiator
}

func (l *look) iscsiSessions() []iscsiSession {
	const dir = "/sys/class/iscsi_session"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	var list []iscsiSession
	for _, name := range names {
		c := iscsiSession{name: name}
		c.target, _ = l.fs.Line(dir + "/" + name + "/targetname")
		c.state, _ = l.fs.Line(dir + "/" + name + "/state")
		if link, err := l.fs.Readlink(dir + "/" + name); err == nil {
			c.host = numberedSegment(link, "host")
		}
		if c.host != "" {
			c.driver, _ = l.fs.Line("/sys/class/scsi_host/" + c.host + "/proc_name")
		}
		list = append(list, c)
	}
	return list
}

// iscsiTarget names an array by its target.
func (s *stores) iscsiTarget(link string) string {
	name := segment(link, "session")
	for _, c := range s.sessions {
		if c.name == name && c.target != "" {
			return c.target
		}
	}
	return "iscsi"
}

// segment finds the first element of a path that begins so.
func segment(path, prefix string) string {
	for s := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(s, prefix) {
			return s
		}
	}
	return ""
}

// numberedSegment finds the first element of a path that is a word with a number behind it.
func numberedSegment(path, word string) string {
	for s := range strings.SplitSeq(path, "/") {
		if n, ok := strings.CutPrefix(s, word); ok && n != "" && strings.Trim(n, "0123456789") == "" {
			return s
		}
	}
	return ""
}
