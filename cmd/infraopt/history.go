package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

// historyFlags say which history is meant, and which estate in it.
type historyFlags struct{ where, estate string }

func (f *historyFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.where, "history", "", "the history is in `FILE`, or in a database: postgres://HOST/NAME (default: the variable INFRAOPT_HISTORY, "+
		"or else history.db in your data folder)")
	flags.StringVar(&f.estate, "estate", history.DefaultEstate, "it is about the estate of this `NAME`")
}

func (p *program) historyCommand() *cobra.Command {
	var f historyFlags
	cmd := &cobra.Command{
		Use:   "history add|list|diff|import|export|prune",
		Short: "keep snapshots with their assessments, and compare quarters",
		Long: prose(
			"History keeps snapshots of an estate, compressed, each beside the assessment that was made of it. Comparing rates the "+
				"snapshots again by today's rules; the assessments tell what was said and promised then.",
			"A history is a file that only you can read, or a database of PostgreSQL that several people share; a password for it "+
				"comes from ~/.pgpass, PGPASSFILE or PGPASSWORD. It may hold several estates. Several programs may add to it at once, "+
				"and what was said to be added is there for good.",
			"An entry is named by "+history.RefForms+"."),
		Example: "  infraopt history add\n" +
			"  infraopt history add *.json.zst --estate west\n" +
			"  infraopt history list --history postgres://db.example.com/infraopt\n" +
			"  infraopt history diff last~1 last",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown("command", args[0], names(cmd.Commands()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().SortFlags = false
	f.register(cmd.PersistentFlags())
	_ = cmd.RegisterFlagCompletionFunc("estate", cobra.NoFileCompletions)
	cmd.AddCommand(
		p.historyAddCommand(&f),
		p.historyListCommand(&f),
		p.historyDiffCommand(&f),
		p.historyImportCommand(&f),
		p.historyExportCommand(&f),
		p.historyPruneCommand(&f),
	)
	return cmd
}

// openHistory opens the history that the flags name; it makes one only where something is to be added.
func (p *program) openHistory(ctx context.Context, f *historyFlags, add bool) (*history.Store, error) {
	if err := history.CheckEstate(f.estate); err != nil {
		return nil, historyError(err)
	}
	where, err := p.historyPlace(f.where, add)
	if err != nil {
		return nil, err
	}
	if !add && !history.IsURL(where) {
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
			return nil, &usageError{text: "there is no history " + where + " yet", hint: "infraopt history add and infraopt history import make one; --history names another"}
		}
	}
	s, err := history.Open(ctx, where)
	return s, historyError(err)
}

// historyPlace settles where the history is. Its own folder is made where something is to be added.
func (p *program) historyPlace(flag string, add bool) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if where := p.std.getenv("INFRAOPT_HISTORY"); where != "" {
		return where, nil
	}
	folder := dataFolder(runtime.GOOS, p.std.getenv)
	if folder == "" {
		return "", &usageError{text: "nobody knows where your data folder is: HOME is not set", hint: "name a file by --history or INFRAOPT_HISTORY"}
	}
	if add {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", &usageError{text: "making a folder for the history: " + err.Error(), hint: "name a file elsewhere by --history or INFRAOPT_HISTORY"}
		}
	}
	return filepath.Join(folder, "history.db"), nil
}

// dataFolder is where a system wants programs to keep their users' data; empty where it does not say.
func dataFolder(system string, getenv func(string) string) string {
	home := getenv("HOME")
	switch system {
	case "windows":
		if local := getenv("LOCALAPPDATA"); local != "" {
			return filepath.Join(local, "infraopt")
		}
		return ""
	case "darwin":
		if home != "" {
			return filepath.Join(home, "Library", "Application Support", "infraopt")
		}
		return ""
	}
	// https://specifications.freedesktop.org/basedir-spec: a path that is not absolute is to be ignored.
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "infraopt")
	}
	if home != "" {
		return filepath.Join(home, ".local", "share", "infraopt")
	}
	return ""
}

// historyError makes of an error of the history one that has an exit status and a remedy.
func historyError(err error) error {
	var e *history.Error
	switch {
	case err == nil || !errors.As(err, &e):
		return err
	case errors.Is(e, history.ErrUnavailable):
		return &collect.Error{Kind: collect.ErrUnavailable, Op: e.Op, Err: e.Err, Remedy: e.Remedy}
	}
	return &usageError{text: e.Error(), hint: e.Remedy}
}

// storedSnapshot reads the snapshot of an entry.
func storedSnapshot(ctx context.Context, s *history.Store, e history.Entry) (*inventory.Snapshot, error) {
	text, err := s.Snapshot(ctx, e.ID)
	if err != nil {
		return nil, historyError(err)
	}
	snap, err := snapshot.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, damaged(s, e, err)
	}
	return snap, nil
}

// storedAssessment reads the assessment of an entry.
func storedAssessment(ctx context.Context, s *history.Store, e history.Entry) (*score.Assessment, error) {
	text, err := s.Assessment(ctx, e.ID)
	if err != nil {
		return nil, historyError(err)
	}
	a := &score.Assessment{}
	err = snapshot.Decompress(bytes.NewReader(text), func(r io.Reader) error { return json.NewDecoder(r).Decode(a) })
	if err != nil {
		return nil, damaged(s, e, err)
	}
	return a, nil
}

func damaged(s *history.Store, e history.Entry, err error) error {
	return &collect.Error{Kind: collect.ErrInput, Op: fmt.Sprintf("history %s: reading entry %s", s.Where(), shortID(e)), Err: err,
		Remedy: "a newer version of infraopt may be able to read it; if not, it is damaged"}
}

// shortID is enough of an ID to name an entry.
func shortID(e history.Entry) string {
	const digits = 12
	return e.ID[:min(digits, len(e.ID))]
}

// closing closes a history and keeps what it says, where nothing else was said.
func closing(s *history.Store, err *error) {
	if e := s.Close(); *err == nil {
		*err = e
	}
}
