package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/docs"
)

// A documentKind is a document that this program writes or reads, with its JSON Schema.
type documentKind struct{ name, schema string }

func documentKinds() []documentKind {
	return []documentKind{
		{"snapshot", docs.SnapshotSchema},
		{"assessment", docs.AssessmentSchema},
		{"plan", docs.PlanSchema},
		{"sensitivity", docs.SensitivitySchema},
		{"pack", docs.PackSchema},
		{"history", docs.HistorySchema},
		{"audit", docs.AuditSchema},
		{"model", docs.ModelSchema},
		{"policy", docs.PolicySchema},
		{"constraints", docs.ConstraintsSchema},
		{"whatif", docs.WhatIfSchema},
		{"prices", docs.PricesSchema},
		{"carbon", docs.CarbonSchema},
	}
}

func (p *program) schemaCommand() *cobra.Command {
	kinds := documentKinds()
	var known []string
	for _, k := range kinds {
		known = append(known, k.name)
	}
	return &cobra.Command{
		Use:   "schema NAME",
		Short: "print the JSON Schema of a document that this program writes or reads",
		Long: prose("Schema prints the JSON Schema (2020-12) of documents that this program writes (snapshots, assessments, plans, " +
			"sensitivities, packings, audits and lists of a history) and, for editors, of the files that people write for it: models, policies, constraints, changes to try, prices and carbon factors. NAME is one of " +
			strings.Join(known, ", ") + ". Within a version fields may be added; none is " +
			"renamed or removed."),
		Example: "  infraopt schema assessment > assessment.schema.json\n" +
			"  infraopt schema model > model.schema.json",
		Args:      oneOf("schema", known...),
		ValidArgs: known,
		RunE: func(_ *cobra.Command, args []string) error {
			i := slices.Index(known, args[0])
			return p.print(kinds[i].schema)
		},
	}
}
