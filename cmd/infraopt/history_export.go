package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/snapshot"
)

type historyExportFlags struct {
	out        string
	assessment bool
}

func (p *program) historyExportCommand(h *historyFlags) *cobra.Command {
	var f historyExportFlags
	cmd := &cobra.Command{
		Use:   "export ENTRY",
		Short: "write the snapshot of an entry, or its assessment, as it was added",
		Long: prose(
			"Export writes the snapshot of an entry, which can be assessed like any other file, or the assessment that was made of "+
				"it when it was added. Like a snapshot, the file can be read by its owner only.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed)),
		Example: "  infraopt history export last -o q3.json.zst\n" +
			"  infraopt history export 2026-09-30 | infraopt assess -\n" +
			"  infraopt history export 5d41402abc4b --assessment > q3.report.json",
		Args: oneEntry,
		RunE: func(cmd *cobra.Command, args []string) error { return p.historyExport(cmd.Context(), h, f, args[0]) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "write to `FILE`, "+snapshot.Extensions+", not to standard output")
	cmd.Flags().BoolVar(&f.assessment, "assessment", false, "write the assessment, not the snapshot")
	return cmd
}

// oneEntry accepts the name of one entry.
func oneEntry(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{text: fmt.Sprintf("%s: want one entry, have %d", cmd.CommandPath(), len(args)), hint: "infraopt history list shows what there is"}
	}
	return nil
}

func (p *program) historyExport(ctx context.Context, h *historyFlags, f historyExportFlags, name string) (err error) {
	var file *output
	compressed := false
	if f.out != "" {
		if compressed, err = snapshot.Compressed(f.out); err != nil {
			return usagef("%v", err)
		}
	}
	s, err := p.openHistory(ctx, h, false)
	if err != nil {
		return err
	}
	defer closing(s, &err)
	e, err := s.Find(ctx, h.estate, name)
	if err != nil {
		return historyError(err)
	}
	read := s.Snapshot
	if f.assessment {
		read = s.Assessment
	}
	text, err := read(ctx, e.ID)
	if err != nil {
		return historyError(err)
	}
	if f.out != "" {
		if file, err = createOutput(f.out, snapshotRights); err != nil {
			return err
		}
		defer file.discard()
	}
	// Whatever is in it goes out, also what this version does not know of.
	return p.write(file, func(w io.Writer) error {
		if compressed {
			_, err := w.Write(text)
			return err
		}
		err := snapshot.Decompress(bytes.NewReader(text), func(r io.Reader) error {
			_, err := io.Copy(w, r)
			return err
		})
		if err != nil {
			return fmt.Errorf("writing entry %s: %w", shortID(e), err)
		}
		return nil
	})
}
