package report

import (
	"io"
	"strings"

	"github.com/infraopt/infraopt/report/picture"
)

// renderSVG writes a badge with level and score, and the picture of what the work stands on, as one picture for pages that
// others write.
func renderSVG(w io.Writer, r *Report) error {
	const width, margin = 760, 16
	a := r.Assessment
	g := newGallery(a)
	said := flat("level " + g.levelWords(a.Level) + " " + g.dot + " " + g.scoreWords(a.Score, a.Level))
	if a.Assumed != nil {
		said += flat("; if " + g.assumption(a.Assumed.Assumption) + ": level " + g.levelWords(a.Assumed.Level) + ", " + g.scoreWords(a.Assumed.Score, a.Assumed.Level))
	}
	badge := picture.Badge("badge", "infraopt", picture.Fit(said, 13, width-120), badgeRole(a.Level.Number))
	stacks := g.drawStacks("stacks", width)
	desc := strings.Join([]string{said + ".", stacks.Desc}, " ")
	return picture.Below("infraopt", "infraopt: "+said, desc, margin, badge, stacks).File(w)
}

// badgeRole colours levels as the table does.
func badgeRole(level int) picture.Role {
	switch {
	case level <= 0:
		return picture.Unknown
	case level == 1:
		return picture.Bad
	case level == 2:
		return picture.Process
	case level == 3:
		return picture.Known
	default:
		return picture.Good
	}
}
