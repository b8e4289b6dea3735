package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/plan/outcome"
)

// planFlags are the flags of commands that give advice: under which conditions, and what it is to be measured by.
type planFlags struct {
	effort      float64
	constraints string
	prices      string
	factors     string
	region      string
	pue         float64
	time        time.Duration
}

func (f *planFlags) register(flags *pflag.FlagSet) {
	flags.Float64Var(&f.effort, "effort", plan.DefaultEffort, "deal the roadmap out over time with `N` effort points a quarter")
	flags.StringVar(&f.constraints, "constraints", "", "keep to the pins, fences and exceptions in `FILE` (infraopt schema constraints)")
	flags.StringVar(&f.prices, "prices", "", "work out costs by the price book in `FILE` (infraopt schema prices)")
	flags.StringVar(&f.factors, "carbon", "", "take the carbon intensity of electricity from `FILE`, by region (infraopt schema carbon)")
	flags.StringVar(&f.region, "region", "", "the region of --carbon for zones that the file does not know")
	flags.Float64Var(&f.pue, "pue", 0, "power usage effectiveness of the site, `N` from 1 to 10 (default: a published mean, named as such)")
	flags.DurationVar(&f.time, "plan-time", 0, "end the search for plans of hosts after `TIME` (default: no end, and the same plan every time)")
}

// conditions are what advice is given under.
type conditions struct {
	plan.Request
	time    time.Duration
	changes *plan.WhatIf // to be made first; nil for none
	file    string       // that they are from
}

// load reads the files that the flags name. What is wrong with them is told before anything else is read.
func (f *planFlags) conditions(ctx context.Context) (*conditions, error) {
	c := &conditions{time: f.time}
	switch {
	case !(f.effort > 0) || math.IsInf(f.effort, 1):
		return nil, usagef("--effort %g: want a number of effort points above 0", f.effort)
	case f.time < 0:
		return nil, usagef("--plan-time %v: want a time above 0, such as 10s", f.time)
	}
	c.Effort = f.effort
	var err error
	if f.constraints != "" {
		if c.Constraints, err = readFile(ctx, f.constraints, "constraints file", "infraopt schema constraints describes it", plan.MaxFile, plan.LoadConstraints); err != nil {
			return nil, err
		}
	}
	c.Outcomes, err = f.outcomes(ctx)
	return c, err
}

// outcomes settles what energy, carbon and cost rest on.
func (f *planFlags) outcomes(ctx context.Context) (*outcome.Settings, error) {
	s := outcome.Default()
	var err error
	if f.prices != "" {
		if s.Prices, err = readFile(ctx, f.prices, "price book", "infraopt schema prices describes it", outcome.MaxBook, outcome.LoadBook); err != nil {
			return nil, err
		}
	}
	if f.factors != "" {
		if s.Factors, err = readFile(ctx, f.factors, "file with carbon factors", "infraopt schema carbon describes it", outcome.MaxFactors, outcome.LoadFactors); err != nil {
			return nil, err
		}
	}
	s.Region = f.region
	if f.pue != 0 {
		s.PUE = outcome.Value{Number: f.pue, Source: "--pue"}
	}
	if err := s.Check(); err != nil {
		return nil, &usageError{text: err.Error(), hint: "see infraopt plan --help"}
	}
	return s, nil
}

// readFile reads a file that a user wrote, no more of it than is needed to see that it is too large. A pipe will do as well;
// that nobody writes to it ends the wait for it only where that is called off.
func readFile[T any](ctx context.Context, name, noun, hint string, most int64, load func(name string, text []byte) (T, error)) (T, error) {
	var none T
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		file, err := os.Open(name)
		if err != nil {
			done <- read{nil, err}
			return
		}
		defer file.Close()
		text, err := io.ReadAll(io.LimitReader(file, most+1))
		done <- read{text, err}
	}()
	var text []byte
	var err error
	select {
	case o := <-done:
		text, err = o.text, o.err
	case <-ctx.Done():
		return none, errInterrupted
	}
	if err != nil {
		return none, &collect.Error{Kind: collect.ErrInput, Op: "reading the " + noun + " " + name, Err: err, Remedy: "want the name of a YAML file; " + hint}
	}
	shown := shownName(name)
	v, err := load(shown, text)
	if err != nil {
		said := err.Error()
		if place, ok := strings.CutPrefix(said, shown+":"); ok {
			said = name + ":" + place // as the user wrote it
		}
		return none, &usageError{text: said, hint: hint}
	}
	return v, nil
}

// shownName is how documents name a file: by its path below the working folder, where a pipeline checks out what it works on.
// Of other files it is the last part: their folders are of this machine only.
func shownName(name string) string {
	here, err := filepath.Abs(".")
	whole, err2 := filepath.Abs(name)
	if err == nil && err2 == nil {
		if rel, err := filepath.Rel(here, whole); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.Base(name)
}

// advise assesses an estate and says what to do. With changes, it is about the estate that these make.
func (p *program) advise(ctx context.Context, e *inventory.Estate, model *score.Model, req score.Request, c *conditions) (*score.Assessment, error) {
	if missing := c.Constraints.Unmatched(e); len(missing) > 0 {
		return nil, &usageError{text: missing[0], hint: "a pattern that matches nothing constrains nothing; take it out, or mend it"}
	}
	var tried *score.WhatIf
	if c.changes != nil {
		var err error
		if e, tried, err = c.try(e, model, req); err != nil { //nolint:contextcheck // a change is made to its end
			return nil, err
		}
	}
	ended := ctx.Err() != nil // while the estate was gathered: of what was, there is to be an answer all the same
	a := score.Assess(e, model, req)
	if tried != nil {
		tried.After = a.Standing()
		a.WhatIf = tried
	}
	c.Request.Request = req
	search := ctx
	if c.time > 0 {
		var cancel context.CancelFunc
		search, cancel = context.WithTimeout(ctx, c.time)
		defer cancel()
	}
	plan.Recommend(search, a, e, model, c.Request)
	if err := ctx.Err(); err != nil && !ended && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return a, nil
}

// try makes the user's own changes, and says what they bring.
func (c *conditions) try(e *inventory.Estate, model *score.Model, req score.Request) (*inventory.Estate, *score.WhatIf, error) {
	before := score.Assess(e, model, req)
	changed, applied, err := c.changes.Apply(e, plan.Means{Model: model, Options: req.Options, Constraints: c.Constraints})
	if err != nil {
		return nil, nil, &usageError{text: err.Error(), hint: "infraopt schema whatif describes the file"}
	}
	out := &score.WhatIf{File: c.file, Changes: []score.WhatIfChange{}, Before: before.Standing()}
	for _, x := range applied {
		out.Changes = append(out.Changes, score.WhatIfChange{Where: x.Where, Text: x.Change, Changed: x.Changed, Subjects: x.Subjects, Notes: x.Notes})
	}
	s := *c.Outcomes
	s.Zone = model.ZoneOf
	measured := s.Measure(model.InScope(e, req.Now))
	out.Outcomes = s.Compare(measured, s.Again(measured, model.InScope(changed, req.Now)))
	return changed, out, nil
}
