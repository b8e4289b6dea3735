package report

import "io"

// An entry of GitLab's code quality report, which is a subset of Code Climate's.
type qualityEntry struct {
	Description string          `json:"description"`
	CheckName   string          `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"`
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string       `json:"path"`
	Lines qualityLines `json:"lines"`
}

type qualityLines struct {
	Begin int `json:"begin"`
}

// renderQuality writes the issues of a report for the widget of a merge request. The first entry says where the estate stands;
// it is the same from report to report, so GitLab takes it as neither new nor fixed.
func renderQuality(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	entry := p.qualityEntry
	standing := issue{kind: "estate", rule: "standing", text: p.summary(a), fingerprint: Fingerprint("standing")}
	entries := []qualityEntry{entry(&standing, "info")}
	all := p.issues(a)
	for i := range all[:min(len(all), mostIssues)] {
		entries = append(entries, entry(&all[i], all[i].quality()))
	}
	if left := len(all) - mostIssues; left > 0 {
		rest := issue{kind: "estate", rule: "left-out", text: p.number(float64(left)) + " more of " + p.number(float64(len(all))) + " entries are left out; infraopt assess --format json has all", fingerprint: Fingerprint("left-out")}
		entries = append(entries, entry(&rest, "info"))
	}
	return writeJSON(w, entries, "code quality report", r.Display.ASCII)
}

func (p *page) qualityEntry(x *issue, severity string) qualityEntry {
	text := x.told()
	if x.remedy != "" {
		text += ". What to do: " + x.remedy
	}
	const longest = 1000
	return qualityEntry{Description: spaces(cut(text, longest, p.ellipsis)), CheckName: x.rule, Fingerprint: x.fingerprint, Severity: severity,
		Location: qualityLocation{Path: x.place(), Lines: qualityLines{Begin: 1}}}
}

func (x *issue) quality() string {
	if x.kind == issueRecommendation {
		return "minor"
	}
	return [...]string{"info", "major", "critical"}[x.gravity]
}
