package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/cmd/infraopt/gitfile"
	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/trend"
)

// A baseline is what an audit compares with: one of the first fields of end, or an earlier audit.
type baseline struct {
	end
	audit *audit.Result
	name  string
}

// Where baselines may be beside files.
const (
	fromHistory = "history:"
	fromGit     = "git:"
)

// readBaseline reads what --baseline names; nil where it names nothing.
func (p *program) readBaseline(ctx context.Context, f *auditFlags) (*baseline, error) {
	if !f.given["baseline"] {
		return nil, nil
	}
	name := f.baseline
	if name == "" {
		return nil, usagef("--baseline: nothing named: want a file, history:ENTRY or git:REF:PATH")
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	var b *baseline
	var err error
	switch entry, ok := strings.CutPrefix(name, fromHistory); {
	case ok:
		b, err = p.historyBaseline(limited, f, entry)
	case strings.HasPrefix(name, fromGit):
		var text []byte
		if text, err = gitfile.Read(limited, strings.TrimPrefix(name, fromGit)); err == nil {
			b, err = decodeBaseline(bytes.NewReader(text))
		}
	default:
		b, err = snapshot.ReadAs(limited, name, decodeBaseline)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		hint := collect.RemedyOf(err)
		if e, ok := errors.AsType[*gitfile.Error](err); ok {
			hint = e.Remedy
		} else if hint == "" {
			hint = "want a snapshot (infraopt collect), an audit (infraopt audit --write-baseline) or an assessment (infraopt assess --format json)"
		}
		return nil, &usageError{text: fmt.Sprintf("--baseline %s: %v", name, err), hint: hint}
	}
	b.name = name
	return b, nil
}

// historyBaseline reads an entry of the history.
func (p *program) historyBaseline(ctx context.Context, f *auditFlags, entry string) (b *baseline, err error) {
	s, err := p.openHistory(ctx, &f.historyFlags, false)
	if err != nil {
		return nil, err
	}
	defer closing(s, &err)
	e, err := storedEnd(ctx, s, f.estate, entry, f.assume)
	if err != nil {
		return nil, err
	}
	return &baseline{end: *e}, nil
}

// decodeBaseline tells what a baseline is by the schema that it names.
func decodeBaseline(r io.Reader) (*baseline, error) {
	var text []byte
	err := snapshot.Decompress(r, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if schemaNamed(text) == audit.Schema {
		r, err := audit.Read(text)
		return &baseline{audit: r}, err
	}
	then, err := decodeEarlier(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return &baseline{end: end{snapshot: then.snapshot, assessment: then.assessment}}, nil
}

// against makes the baseline ready to be compared with today's estate; nil where there is none.
func (b *baseline) against(a *score.Assessment, now *inventory.Estate, model *score.Model, opt score.Options) *audit.Baseline {
	switch {
	case b == nil:
		return nil
	case b.audit != nil:
		return &audit.Baseline{Name: b.name, Result: b.audit}
	case b.assessment != nil:
		return &audit.Baseline{Name: b.name, Assessment: b.assessment, Trend: trend.Totals(b.assessment, a)}
	}
	estate, taken := resolve.Estate(b.snapshot), b.snapshot.TakenAt.UTC()
	then := trend.Then{Estate: estate, Time: taken, Waivers: b.waivers, Stored: b.stored}
	return &audit.Baseline{Name: b.name, Estate: estate, Taken: taken, Trend: trend.Compare(model, opt, then, now)}
}
