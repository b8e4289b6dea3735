package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

// modelFlags are the flags of commands that rate: by which rules.
type modelFlags struct{ file string }

func (f *modelFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "model", "", "change the rules by a model `FILE` (infraopt schema model; docs/method.md)")
}

// name is the model file as reports name it, without its folder; empty for the built-in model.
func (f *modelFlags) name() string {
	if f.file == "" {
		return ""
	}
	return filepath.Base(f.file)
}

// load gives the built-in model, with what the file changes. What is wrong with the file is told before anything is read.
func (f *modelFlags) load() (*score.Model, error) {
	if f.file == "" {
		return indicators.Default()
	}
	text, err := readModel(f.file)
	if err != nil {
		return nil, &collect.Error{Kind: collect.ErrInput, Op: "reading the model file " + f.file, Err: err, Remedy: "want the name of a YAML file; infraopt schema model describes it"}
	}
	m, err := indicators.Load(f.file, text)
	if err != nil {
		return nil, &usageError{text: err.Error(), hint: "infraopt explain lists what there is, and infraopt schema model what may be written"}
	}
	return m, nil
}

// readModel reads a file, and no more of it than is needed to see that it is too large.
func readModel(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, indicators.MaxFile+1))
}

// changes knows what a model file changed of the built-in model.
type changes struct {
	file string            // empty where there is none
	was  map[string]string // by path
}

// changed compares with the built-in model.
func (f *modelFlags) changed(m *score.Model) (changes, error) {
	c := changes{file: f.name(), was: map[string]string{}}
	if c.file == "" {
		return c, nil
	}
	before, err := indicators.Default()
	if err != nil {
		return c, err
	}
	now := map[string]string{}
	for _, p := range score.Leaves(m.Parts()) {
		now[p.Path] = shown(&p)
	}
	for _, p := range score.Leaves(before.Parts()) {
		if was := shown(&p); was != now[p.Path] {
			c.was[p.Path] = was
		}
	}
	return c, nil
}

// shown is the value of a number or choice as the model file would write it.
func shown(p *score.Part) string {
	if v, ok := p.Number(); ok {
		return decimal(v)
	}
	return p.Text()
}

// decimal writes shares as .20, and everything else in full.
func decimal(v float64) string {
	s := score.Plain(v)
	if v <= 0 || v >= 1 {
		return s
	}
	if len(s) < len("0.00") {
		s = strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strings.TrimPrefix(s, "0")
}

// mark says that a number is not the built-in one.
func (c changes) mark(path string) string {
	was, ok := c.was[path]
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (changed from %s by %s)", was, c.file)
}
