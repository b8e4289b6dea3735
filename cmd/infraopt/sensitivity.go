package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
)

// The draws of a sensitivity run: as many as the method says, and the fewest and most that make sense.
const (
	defaultDraws = 20_000
	leastDraws   = 100
	mostDraws    = 1_000_000
)

type sensitivityFlags struct {
	scoringFlags
	draws  int
	seed   int64
	format string
	out    string
}

func (p *program) sensitivityCommand() *cobra.Command {
	var f sensitivityFlags
	known := []string{defaultFormat, "json"}
	cmd := &cobra.Command{
		Use:   "sensitivity [TARGET|FILE]...",
		Short: "say how far the score depends on the numbers that are conventions",
		Long: prose(
			"Sensitivity rates the estate that the targets show many times, each time with other conventions: every weight is "+
				"multiplied by a random factor between 0.5 and 1.5, and every anchor of a step by one between 0.9 and 1.1. It "+
				"tells in what range the score stays, how often each level comes out, and which pillar or indicator moves the "+
				"score most when only its own numbers are drawn. The same seed gives the same result.",
			targetHelp,
			"The result goes to standard output, or with --out to a file, in the format of its extension; then standard output "+
				"stays empty unless --format is given, too.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt sensitivity\n" +
			"  infraopt sensitivity *.json.zst --assume running-is-active\n" +
			"  infraopt sensitivity 'demo:?machines=100&seed=1' --format json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("format") && f.out != "" {
				f.format = ""
			} else if f.format != defaultFormat && f.format != "json" {
				return unknown("format", f.format, known)
			}
			return p.sensitivity(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.format, "format", "f", defaultFormat, "print the result as `NAME`: "+strings.Join(known, " or "))
	flags.StringVarP(&f.out, "out", "o", "", "write the result to `FILE`, .txt or .json")
	flags.IntVar(&f.draws, "draws", defaultDraws, fmt.Sprintf("rate `N` times, %d to %d", leastDraws, mostDraws))
	flags.Int64Var(&f.seed, "seed", 1, "start the random numbers at `N`")
	f.register(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *sensitivityFlags) check() error {
	if f.draws < leastDraws || f.draws > mostDraws {
		return usagef("--draws %d: want a number from %d to %d", f.draws, leastDraws, mostDraws)
	}
	return f.scoringFlags.check()
}

func (p *program) sensitivity(ctx context.Context, f sensitivityFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	var file *output
	if f.out != "" {
		if e := filepath.Ext(f.out); e != ".txt" && e != ".json" {
			return usagef("--out %s: want a name that ends in .txt or .json", f.out)
		}
		if file, err = createOutput(f.out, reportRights); err != nil {
			return err
		}
		defer file.discard()
	}
	h, err := p.gather(ctx, f.gatherFlags, args)
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	bar := p.progress("scoring", 0)
	s := vary(h, f, model)
	bar.stop()
	if file != nil {
		format := defaultFormat
		if filepath.Ext(f.out) == ".json" {
			format = "json"
		}
		if err := file.write(func(w io.Writer) error { return showSensitivity(w, s, format, &sheet{width: 80, ascii: p.ascii}) }); err != nil {
			return err
		}
	}
	if f.format != "" {
		if err := showSensitivity(p.std.out, s, f.format, p.sheet()); err != nil {
			return err
		}
	}
	return h.err
}

// vary rates what was read with many sets of conventions.
func vary(h *haul, f sensitivityFlags, model *score.Model) *score.Sensitivity {
	ledger := score.NewLedger(resolve.Estate(h.snapshot), model, f.request(h, 0).Options)
	return ledger.Sensitivity(score.SensitivityOptions{Draws: f.draws, Seed: f.seed, Assumption: f.assume})
}

func showSensitivity(w io.Writer, s *score.Sensitivity, format string, page *sheet) error {
	var doc bytes.Buffer
	if format == "json" {
		enc := json.NewEncoder(&doc)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			return fmt.Errorf("encoding the sensitivity: %w", err)
		}
	} else {
		tellSensitivity(page, s)
		doc.WriteString(page.String())
	}
	_, err := w.Write(doc.Bytes())
	return err
}

func tellSensitivity(out *sheet, s *score.Sensitivity) {
	out.line("SENSITIVITY of the score to conventions")
	out.hang("  ", fmt.Sprintf("%d draws, seed %d: weights × %s – %s, anchors of steps × %s – %s", s.Draws, s.Seed,
		points(s.WeightFactors.Low), points(s.WeightFactors.High), points(s.AnchorFactors.Low), points(s.AnchorFactors.High)))
	if s.Assumption == score.RunningIsActive {
		out.hang("  ", "Assumed: everything that runs is in use ("+s.Assumption+").")
	}
	if s.Note != "" {
		out.hang("  ", strings.ToUpper(s.Note[:1])+s.Note[1:]+".")
	}
	if s.Low == nil || s.High == nil {
		return
	}
	out.line("")
	out.rows("", [][]string{
		{"SCORE", "as it is", " 5 %", "median", "95 %"},
		scoreRow("  low end, proven", s.Score.Low, s.Low),
		scoreRow("  high end, possible", s.Score.High, s.High),
	})
	out.line("")
	out.line("LEVEL, by the share of the draws that give it")
	tellLevels(out, s)
	out.line("")
	tellEffects(out, s)
}

func scoreRow(name string, own float64, q *score.Quantiles) []string {
	return []string{name, tenths(own, len("as it is")), tenths(q.P5, 4), tenths(q.P50, len("median")), tenths(q.P95, 4)}
}

// tenths shows points of the score, in so many columns.
func tenths(v float64, width int) string { return fmt.Sprintf("%*.1f", width, v) }

func tellLevels(out *sheet, s *score.Sensitivity) {
	var rows [][]string
	for _, l := range s.Levels {
		own := ""
		if l.Number == s.Level.Number {
			own = "as it is"
		}
		if l.Share > 0 || own != "" {
			rows = append(rows, []string{fmt.Sprintf("%d %s", l.Number, l.Name), often(l.Share), own})
		}
	}
	out.rows("  ", rows)
}

// often shows a share of draws; what happens now and then is neither never nor always.
func often(share float64) string {
	text := fmt.Sprintf("%.1f %%", 100*share)
	switch {
	case share > 0 && text == "0.0 %":
		text = "< 0.1 %"
	case share < 1 && text == "100.0 %":
		text = "> 99.9 %"
	}
	return fmt.Sprintf("%8s", text)
}

// visible is the least effect that is listed, in points; less would be shown as 0.0.
const visible = .05

func tellEffects(out *sheet, s *score.Sensitivity) {
	out.hang("", fmt.Sprintf("WHAT MOVES IT: points between 5 %% and 95 %% of %d draws of one at a time", s.EffectDraws))
	rows := [][]string{{"low end", "high end", ""}}
	for _, x := range s.Effects {
		if x.Low < visible && x.High < visible {
			continue
		}
		name := x.ID
		if x.Kind == "pillar" {
			name += " (pillar)"
		}
		rows = append(rows, []string{tenths(x.Low, len("low end")), tenths(x.High, len("high end")), name})
	}
	if len(rows) == 1 {
		out.hang("  ", fmt.Sprintf("Nothing moves either end by %g points.", visible))
		return
	}
	out.rows("  ", rows)
	if len(rows)-1 < len(s.Effects) {
		out.hang("  ", fmt.Sprintf("Nothing else moves either end by %g points.", visible))
	}
	out.line("")
	out.rows("", [][]string{{"infraopt explain " + s.Effects[0].ID, "what moves the score most"}})
}
