package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// renderJSON writes the assessment as one indented JSON document, the contract of docs/assessment.schema.json.
func renderJSON(w io.Writer, r *Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r.Assessment); err != nil {
		return fmt.Errorf("encoding the assessment: %w", err)
	}
	return nil
}
