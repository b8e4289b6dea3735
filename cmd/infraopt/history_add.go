package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

// keepFlags are the flags of commands that add to a history.
type keepFlags struct {
	scoringFlags
	planFlags
}

func (p *program) historyAddCommand(h *historyFlags) *cobra.Command {
	var f keepFlags
	cmd := &cobra.Command{
		Use:   "add [TARGET|FILE]...",
		Short: "collect, assess, and keep both",
		Long: prose(
			"Add reads the targets and assesses the estate they show, as infraopt assess does, and keeps the snapshot and the "+
				"assessment. It prints the ID of the entry. What is there already is not added again.",
			targetHelp,
			"An entry is of the time at which its targets were read, or which --now gives. One of snapshot files only is of the time "+
				"of the newest of them; it is assessed as of then, too. An interrupted command adds nothing.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt history add\n" +
			"  infraopt history add web1.json.zst web2.json.zst\n" +
			"  infraopt history add vms.json --estate west --history quarters.db",
		RunE: func(cmd *cobra.Command, args []string) error { return p.historyAdd(cmd.Context(), h, f, args) },
	}
	cmd.Flags().SortFlags = false
	f.planFlags.register(cmd.Flags())
	f.registerSample(cmd.Flags())
	f.scoringFlags.register(cmd)
	return cmd
}

func (p *program) historyImportCommand(h *historyFlags) *cobra.Command {
	var f keepFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "keep snapshot files, each as an entry of its own",
		Long: prose(
			"Import reads files that infraopt collect wrote, assesses each, and keeps both. Each file becomes an entry of the time "+
				"that it was collected at; what is there already is not added again. It prints the IDs, one a line, in the order of the "+
				"files. A file that cannot be read keeps no other from being imported.",
			"Files that show one estate together, one for each host, are for infraopt history add.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt history import 2025q4.json.zst 2026q1.json.zst\n" +
			"  infraopt history import --estate west west-*.json.zst",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{text: cmd.CommandPath() + ": want the names of snapshot files", hint: "infraopt history add reads targets"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return p.historyImport(cmd.Context(), h, f, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.planFlags.register(flags)
	f.scoringFlags.register(cmd)
	_ = flags.MarkHidden("parallel") // files are read one at a time
	return cmd
}

// A recorder assesses snapshots and adds both to a history.
type recorder struct {
	p          *program
	f          *keepFlags
	store      *history.Store
	estate     string
	model      *score.Model
	conditions *conditions
	clock      func() time.Time
}

// recorder settles what can be wrong before anything is read.
func (p *program) recorder(ctx context.Context, h *historyFlags, f *keepFlags) (*recorder, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	r := &recorder{p: p, f: f, estate: h.estate}
	var err error
	if r.clock, err = p.clock(f.now); err != nil {
		return nil, err
	}
	if r.model, err = f.load(); err != nil {
		return nil, err
	}
	if r.conditions, err = f.conditions(ctx); err != nil {
		return nil, err
	}
	r.store, err = p.openHistory(ctx, h, true)
	return r, err
}

func (p *program) historyAdd(ctx context.Context, hf *historyFlags, f keepFlags, args []string) (err error) {
	r, err := p.recorder(ctx, hf, &f)
	if err != nil {
		return err
	}
	defer closing(r.store, &err)
	if files, ok := p.onlyFiles(args); ok {
		return r.files(ctx, files)
	}
	h, err := p.gather(ctx, f.gatherFlags, args)
	if err != nil {
		return err
	}
	if h.empty || ctx.Err() != nil {
		return h.err
	}
	if err := r.keep(ctx, h.snapshot); err != nil {
		return err
	}
	return h.err
}

func (p *program) historyImport(ctx context.Context, hf *historyFlags, f keepFlags, args []string) (err error) {
	r, err := p.recorder(ctx, hf, &f)
	if err != nil {
		return err
	}
	defer closing(r.store, &err)
	var failed failures
	for _, arg := range args {
		if arg == "-" {
			arg = "/dev/stdin"
		}
		switch err := r.file(ctx, arg); {
		case ctx.Err() != nil:
			return append(failed, errInterrupted)
		case errors.Is(err, collect.ErrInput):
			failed = append(failed, err)
		case err != nil:
			return append(failed, err)
		}
	}
	if len(failed) > 0 {
		return failed
	}
	return nil
}

// onlyFiles gives the names of snapshot files, if nothing else is named: these know when they were made.
func (p *program) onlyFiles(args []string) (names []string, ok bool) {
	for _, arg := range args {
		t, err := p.target(arg)
		if err != nil || t.Scheme != snapshot.Scheme || t.Rest == "" || len(t.Query) > 0 {
			return nil, false
		}
		names = append(names, t.Rest)
	}
	return names, len(names) > 0
}

// files keeps snapshot files as one entry. A single one is kept as it is: then it makes no difference whether it is added
// or imported.
func (r *recorder) files(ctx context.Context, names []string) error {
	var failed failures
	all := &inventory.Snapshot{Schema: inventory.SnapshotSchema, Tool: tool(), Sources: []inventory.Observation{}}
	read := 0
	for _, name := range names {
		s, err := r.read(ctx, name)
		switch {
		case ctx.Err() != nil:
			return append(failed, err)
		case err != nil:
			failed = append(failed, err)
			continue
		}
		read++
		if len(names) == 1 {
			all = s
			break
		}
		all.Sources = append(all.Sources, s.Sources...)
		if s.TakenAt.After(all.TakenAt) {
			all.TakenAt = s.TakenAt
		}
	}
	if read > 0 {
		if err := r.keep(ctx, all); err != nil {
			return append(failed, err)
		}
	}
	if len(failed) > 0 {
		return failed
	}
	return nil
}

// read reads a snapshot file.
func (r *recorder) read(ctx context.Context, name string) (*inventory.Snapshot, error) {
	limited, cancel := context.WithTimeout(ctx, r.f.timeout)
	defer cancel()
	s, err := snapshot.Read(limited, name)
	switch {
	case ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// file keeps a snapshot file.
func (r *recorder) file(ctx context.Context, name string) error {
	s, err := r.read(ctx, name)
	if err != nil {
		return err
	}
	if err := r.keep(ctx, s); err != nil {
		if errors.Is(err, collect.ErrUsage) {
			return &collect.Error{Kind: collect.ErrInput, Op: name, Err: err}
		}
		return err
	}
	return nil
}

// keep assesses a snapshot as of when it was taken, and adds both to the history.
func (r *recorder) keep(ctx context.Context, s *inventory.Snapshot) error {
	id, err := history.ID(r.estate, func(w io.Writer) error { return inventory.Encode(w, s) })
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	if old, err := r.store.Find(ctx, r.estate, id); err == nil {
		return r.told(old, false)
	} else if !errors.Is(err, history.ErrEntry) {
		return historyError(err)
	}
	var raw, result bytes.Buffer
	if err := snapshot.Encode(&raw, s, true); err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	defer withMemory()()
	bar := r.p.progress("scoring", 0)
	taken := s.TakenAt.UTC()
	req := r.f.request(&haul{now: taken}, defaultTop)
	a, err := r.p.advise(ctx, resolve.Estate(s), r.model, req, r.conditions)
	bar.stop()
	if err != nil {
		return err
	}
	format, err := report.Lookup(report.Formats(), "json")
	if err != nil {
		return err
	}
	if err := snapshot.Compress(&result, func(w io.Writer) error { return format.Render(w, &report.Report{Assessment: a}) }); err != nil {
		return err
	}
	e := history.Entry{ID: id, Estate: r.estate, TakenAt: taken, AddedAt: r.clock(), Tool: a.Tool.Version, Rules: a.Tool.Rules,
		Score: a.Score, Level: a.Level.Number, Machines: a.MachinesTotal}
	added, err := r.store.Add(ctx, e, raw.Bytes(), result.Bytes())
	if err != nil {
		return historyError(err)
	}
	return r.told(e, added)
}

// told prints the ID of an entry, and says to people what has become of it.
func (r *recorder) told(e history.Entry, added bool) error {
	if !r.p.quiet {
		what := "added to"
		if !added {
			what = "is already in"
		}
		say(r.p.std.err, "infraopt: %s of %s, estate %s, %s %s\n", shortID(e), e.TakenAt.UTC().Format("2006-01-02 15:04"), printable(e.Estate, false), what, printable(r.store.Where(), false))
	}
	return r.p.print(e.ID + "\n")
}
