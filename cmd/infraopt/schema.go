package main

import (
	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/docs"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema snapshot|assessment",
		Short: "print the JSON Schema of a document that this program writes",
		Long: prose("Schema prints the JSON Schema (2020-12) of snapshots, as collect writes them, or of assessments, as assess " +
			"--format json does. Within a version fields may be added; none is renamed or removed."),
		Example:   "  infraopt schema assessment > assessment.schema.json",
		Args:      oneOf("schema", "snapshot", "assessment"),
		ValidArgs: []string{"snapshot", "assessment"},
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "snapshot" {
				return p.print(docs.SnapshotSchema)
			}
			return p.print(docs.AssessmentSchema)
		},
	}
}
