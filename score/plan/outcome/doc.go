// Package outcome works out what a change of an estate brings beside the score, and never inside it: energy, carbon, cost,
// and memory. Every figure is an interval that holds whatever the unknowns turn out to be, rests on numbers that name their
// source, and says which of these are defaults that nobody confirmed. It reads no files, no clock and no network.
//
// What is saved is not the difference of two intervals: what is not known of a host that stays is the same before and
// after, and cancels. A host that goes saves what it takes when idle; what it takes for its work moves along with the work.
package outcome
