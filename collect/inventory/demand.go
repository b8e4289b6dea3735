package inventory

// Prefer replaces a series by another one of the same thing where that covers more time. Two series are never mixed:
// the percentiles of one say nothing over the days of the other. Only where both are equally long, and so are taken to
// be one series seen twice, or where neither says how long it is, what is missing in one is filled in from the other.
//
// The values are taken whole, too, but on their own: a source that sums up a month may have kept none of it, and those
// of a week that another one kept are the better for a replay. More time observed wins, then memory, then a finer step.
func (d *Demand) Prefer(other *Demand) {
	values := d.Series
	if !d.Days.IsNotApplicable() && !other.Days.IsNotApplicable() {
		values = values.better(other.Series)
	}
	own, have := d.Days.Get()
	more, better := other.Days.Get()
	switch {
	case better && (have && more > own || !have && (d.Days.IsUnknown() || d.Days.IsAbsent())):
		*d = *other
	case have == better && own == more:
		fill(d, other)
	}
	d.Series = values
}
