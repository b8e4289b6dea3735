// Package indicators holds the questions of the score: their words and numbers in model.yaml, their arithmetic in
// one file each.
package indicators

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/infraopt/infraopt/score"
)

//go:embed model.yaml
var defaultModel []byte

// arithmetic lists the code of every indicator. Its words and numbers stand under the same ID in model.yaml.
func arithmetic() map[string]func(*score.Indicator) {
	return map[string]func(*score.Indicator){
		"components.per-workload":     perWorkload,
		"components.packing":          packing,
		"components.right-sizing":     rightSizing,
		"components.uniformity":       uniformity,
		"containers.isolation":        isolation,
		"containers.orchestration":    orchestration,
		"containers.minimal-os":       minimalOS,
		"containers.image-hygiene":    imageHygiene,
		"software-defined.compute":    compute,
		"software-defined.storage":    storage,
		"software-defined.network":    network,
		"software-defined.management": management,
		"converged.storage":           convergedStorage,
		"converged.fabric":            fabric,
		"converged.hardware":          hardware,
	}
}

// Default is the model that comes with the program.
func Default() (*score.Model, error) { return parse(defaultModel) }

func parse(text []byte) (*score.Model, error) {
	m := &score.Model{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	code := arithmetic()
	for i := range m.Indicators {
		ind := &m.Indicators[i]
		bind, ok := code[ind.ID]
		if !ok {
			return nil, fmt.Errorf("indicator %s: in the model, and not in the code", ind.ID)
		}
		delete(code, ind.ID)
		bind(ind)
	}
	for id := range code {
		return nil, fmt.Errorf("indicator %s: in the code, and not in the model", id)
	}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("checking the model: %w", err)
	}
	return m, nil
}
