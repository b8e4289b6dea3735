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

// PlanSchema is the JSON Schema of score.Plan.
//
//go:embed plan.schema.json
var PlanSchema string

// SensitivitySchema is the JSON Schema of score.Sensitivity.
//
//go:embed sensitivity.schema.json
var SensitivitySchema string

// PackSchema is the JSON Schema of sizing.Answer.
//
//go:embed pack.schema.json
var PackSchema string

// HistorySchema is the JSON Schema of history.Listing.
//
//go:embed history.schema.json
var HistorySchema string

// AuditSchema is the JSON Schema of audit.Result.
//
//go:embed audit.schema.json
var AuditSchema string

// PolicySchema is the JSON Schema of the policy of a user.
//
//go:embed policy.schema.json
var PolicySchema string

// ModelSchema is the JSON Schema of the model file of a user.
//
//go:embed model.schema.json
var ModelSchema string

// ConstraintsSchema is the JSON Schema of the constraints file of a user.
//
//go:embed constraints.schema.json
var ConstraintsSchema string

// WhatIfSchema is the JSON Schema of the what-if file of a user.
//
//go:embed whatif.schema.json
var WhatIfSchema string

// PricesSchema is the JSON Schema of the price book of a user.
//
//go:embed prices.schema.json
var PricesSchema string

// CarbonSchema is the JSON Schema of the carbon factors of a user, in YAML.
//
//go:embed carbon.schema.json
var CarbonSchema string
