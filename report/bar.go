package report

import (
	"math"
	"strings"
)

// bar draws an interval of shares: filled up to the low end, medium to the high end, light for the rest. It
// never fills a cell that is not proven, unless the value is known exactly: then it rounds.
func (p *page) bar(low, high float64, cells int) cell {
	low, high = unit(low), unit(high)
	full := int(math.Floor(low*float64(cells) + forgiven))
	upto := int(math.Ceil(high*float64(cells) - forgiven))
	if high-low < forgiven {
		full = int(math.Round(low * float64(cells)))
		upto = full
	}
	upto = min(max(upto, full), cells)
	proven, open, rest := strings.Repeat(p.full, full), strings.Repeat(p.part, upto-full), strings.Repeat(p.rest, cells-upto)
	return cell{
		text:    proven + open + rest,
		painted: p.paint(accent, proven) + p.paint(warn, open) + p.paint(faint, rest),
	}
}

// unit forces x into 0–1; what is no number is 0.
func unit(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}

// barCells is how long bars are on a page: 20 cells at 80 columns, more where there is more room.
func (p *page) barCells() int {
	switch {
	case p.width >= 80:
		return min(20+(p.width-80)/2, 40)
	default:
		return max(8, 20-(80-p.width)*12/40)
	}
}
