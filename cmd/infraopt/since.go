package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/trend"
)

// An earlier result to compare with: a snapshot, which can be rated again, or else an assessment.
type earlier struct {
	snapshot   *inventory.Snapshot
	assessment *score.Assessment
}

const earlierForms = "a snapshot (infraopt collect) or an assessment (infraopt assess --format json)"

// readSince reads the file of --since; without a name there is nothing to compare with.
func readSince(ctx context.Context, name string, timeout time.Duration) (*earlier, error) {
	if name == "" {
		return nil, nil
	}
	return readEarlier(ctx, "--since "+name, name, "want "+earlierForms, timeout)
}

// readEarlier reads a file to compare with. The error calls it as it is given, and has the hint where there is no better.
func readEarlier(ctx context.Context, called, name, hint string, timeout time.Duration) (*earlier, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	e, err := snapshot.ReadAs(limited, name, decodeEarlier)
	if err != nil {
		err = fmt.Errorf("%s: %w", called, err)
		if ctx.Err() != nil {
			return nil, err
		}
		if remedy := collect.RemedyOf(err); remedy != "" {
			hint = remedy
		}
		return nil, &usageError{text: err.Error(), hint: hint}
	}
	return e, nil
}

// decodeEarlier tells an assessment from a snapshot by the schema that it names.
func decodeEarlier(r io.Reader) (*earlier, error) {
	var text []byte
	err := snapshot.Decompress(r, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if schemaNamed(text) != score.AssessmentSchema {
		s, err := snapshot.Decode(bytes.NewReader(text))
		return &earlier{snapshot: s}, err
	}
	a := &score.Assessment{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("not a readable assessment: %w", err)
	}
	if a.Tool.Rules == "" || a.GeneratedAt.IsZero() {
		return nil, errors.New("not a readable assessment: it does not say when and by which rules it was made")
	}
	return &earlier{assessment: a}, nil
}

// schemaNamed is the schema that a document names, also one that is cut off or damaged after that; empty where it names none.
func schemaNamed(text []byte) string {
	d := json.NewDecoder(bytes.NewReader(text))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return ""
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return ""
		}
		if key == "schema" {
			var s string
			if d.Decode(&s) != nil {
				return ""
			}
			return s
		}
		if d.Decode(&json.RawMessage{}) != nil {
			return ""
		}
	}
	return ""
}

// explain says how an assessment came to differ from what was earlier.
func (e *earlier) explain(a *score.Assessment, estate *inventory.Estate, model *score.Model, opt score.Options) *score.Trend {
	if e.assessment != nil {
		return trend.Totals(e.assessment, a)
	}
	return trend.Compare(model, opt, trend.Then{Estate: resolve.Estate(e.snapshot), Time: e.snapshot.TakenAt}, estate)
}
