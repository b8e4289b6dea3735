// Package score rates an estate against a model. It opens nothing and knows no clock, no environment and no
// network: equal inputs give equal assessments.
//
// The data flow is: a host with all that stands on it becomes a [Stack] of [Work]; every indicator turns a stack
// into terms of a [Tally]; tallies add up; [Rate] turns the sum into intervals, a score and a level. Whatever is
// not known widens an interval and is never dropped from a denominator.
package score
