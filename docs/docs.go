// Package docs holds the JSON Schemas of the documents that infraopt writes and reads, for the schema command. They lie here
// because people read them here; the tests of cmd/infraopt generate them from the types.
package docs

import _ "embed"

// SnapshotSchema is the JSON Schema of inventory.Snapshot.
//
//go:embed snapshot.schema.json
var SnapshotSchema string

// AssessmentSchema is the JSON Schema of score.Assessment.
//
//go:embed assessment.schema.json
var AssessmentSchema string

// SensitivitySchema is the JSON Schema of score.Sensitivity.
//
//go:embed sensitivity.schema.json
var SensitivitySchema string

// ModelSchema is the JSON Schema of the model file of a user.
//
//go:embed model.schema.json
var ModelSchema string
