package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// minimalOS places containers by the operating system below them.
func minimalOS(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			switch x.Form {
			case score.Process, score.SystemContainer:
				coverAnswered(add, x)
			case score.AppContainer, score.SomeContainer:
				low, high, fact := osStep(&x.Place.Machine().OS, add.Model().Thresholds.MinimalPackages)
				add.StandIf(x, low, high, x.Form == score.AppContainer, fact)
			case score.Opaque:
				add.StandIf(x, "general", "image-based", false, contentUnknown(x))
			}
		}
	}
	ind.Rate = (*score.Rater).LadderOfContainers
}

func osStep(os *inventory.OS, minimal int) (low, high string, fact score.Fact) {
	style, known := os.Style.Get()
	packages, counted := os.Packages.Get()
	fact = score.FactOf("style of operating system", &os.Style)
	switch {
	case known && style == inventory.ImageBasedOS:
		return "image-based", "image-based", fact
	case !known:
		return "general", "image-based", fact
	case style == inventory.MinimalOS:
		return "minimal", "minimal", fact
	case !counted:
		return "general", "minimal", score.FactOf("installed packages", &os.Packages)
	case packages <= minimal:
		return "minimal", "minimal", score.FactOf("installed packages", &os.Packages)
	default:
		return "general", "general", score.FactOf("installed packages", &os.Packages)
	}
}
