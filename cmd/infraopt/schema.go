package main

import (
	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/docs"
)

func (p *program) schemaCommand() *cobra.Command {
	schemas := map[string]string{"snapshot": docs.SnapshotSchema, "assessment": docs.AssessmentSchema, "model": docs.ModelSchema}
	known := []string{"snapshot", "assessment", "model"}
	return &cobra.Command{
		Use:   "schema snapshot|assessment|model",
		Short: "print the JSON Schema of a document that this program writes or reads",
		Long: prose("Schema prints the JSON Schema (2020-12) of snapshots, as collect writes them, of assessments, as assess " +
			"--format json does, or of the model file that assess --model reads, for editors. Within a version fields may be added; none is " +
			"renamed or removed."),
		Example: "  infraopt schema assessment > assessment.schema.json\n" +
			"  infraopt schema model > model.schema.json",
		Args:      oneOf("schema", known...),
		ValidArgs: known,
		RunE:      func(_ *cobra.Command, args []string) error { return p.print(schemas[args[0]]) },
	}
}
