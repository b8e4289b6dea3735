package report

import "github.com/infraopt/infraopt/score/audit"

// Fingerprint tells whether two reports speak of the same thing, as audits do: by the ID of a rule and what it is about.
func Fingerprint(id string, subject ...string) string { return audit.Fingerprint(id, subject...) }
