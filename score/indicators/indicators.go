// Package indicators holds the questions of the score: their words and numbers in model.yaml, their arithmetic in
// one file each.
package indicators

import (
	_ "embed"
	"fmt"
	"strings"

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

// codeSum holds a hash over the sources of the arithmetic and of the actions; make generate writes it.
//
//go:embed code.sum
var codeSum string

// Default is the model that comes with the program.
func Default() (*score.Model, error) { return parse(defaultModel) }

func parse(text []byte) (*score.Model, error) {
	m, err := bind(text)
	if err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("checking the model: %w", err)
	}
	fillIn(m)
	return m, nil
}

// bind reads a model that holds everything, and joins it to its arithmetic.
func bind(text []byte) (*score.Model, error) {
	m, err := decode(text)
	if err != nil {
		return nil, err
	}
	m.Code = strings.TrimSpace(codeSum)
	code := arithmetic()
	for i := range m.Indicators {
		ind := &m.Indicators[i]
		join, ok := code[ind.ID]
		if !ok {
			return nil, fmt.Errorf("indicator %s: in the model, and not in the code", ind.ID)
		}
		delete(code, ind.ID)
		join(ind)
	}
	for id := range code {
		return nil, fmt.Errorf("indicator %s: in the code, and not in the model", id)
	}
	return m, nil
}

// fillIn puts thresholds into the words that name them.
func fillIn(m *score.Model) {
	var pairs []string
	for _, p := range score.Leaves(m.Parts()) {
		if v, ok := p.Number(); ok && p.Path == "thresholds."+p.Name {
			pairs = append(pairs, "{"+p.Name+"}", score.Plain(v))
		}
	}
	words := strings.NewReplacer(pairs...)
	for i := range m.Indicators {
		m.Indicators[i].Measured = words.Replace(m.Indicators[i].Measured)
	}
}

// Meanings says what the thresholds and the numbers of the idle rules mean, by path: the comments of the built-in
// model, the one place that does.
func Meanings() map[string]string {
	out := map[string]string{}
	var path []string
	for line := range strings.Lines(string(defaultModel)) {
		text, comment, _ := strings.Cut(strings.TrimRight(line, "\n"), "#")
		name, value, ok := strings.Cut(strings.TrimSpace(text), ":")
		depth := (len(text) - len(strings.TrimLeft(text, " "))) / 2
		if !ok || depth > len(path) || strings.HasPrefix(name, "-") {
			continue
		}
		path = append(path[:depth:depth], name)
		if strings.TrimSpace(value) != "" && comment != "" {
			out[strings.Join(path, ".")] = strings.TrimSpace(comment)
		}
	}
	return out
}
