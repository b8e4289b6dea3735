package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// defaultFormat is for people, so it heeds what their terminal can show.
const defaultFormat = "table"

// defaultTop keeps reports of large estates readable by machines too. The totals are always given.
const defaultTop = 1000

type assessFlags struct {
	scoringFlags
	format string
	out    []string
	top    int
	since  string
	only   bool // score and give no advice
}

func (p *program) assessCommand() *cobra.Command {
	var f assessFlags
	cmd := &cobra.Command{
		Use:   "assess [TARGET|FILE]...",
		Short: "collect, score and report: the main command",
		Long: prose(
			"Assess reads the targets, rates the estate they show as one, and reports where it stands, what holds it back, "+
				"what to do next and what could not be seen.",
			targetHelp,
			"A report goes to standard output, or with --out to files, each in the format of its extension; then standard "+
				"output stays empty unless --format is given, too.",
			"With --since, an earlier snapshot is rated again by today's rules, and the change of the score is taken apart: into "+
				"what is known, hosts that joined, left or could not be looked at, and what changed within them. An earlier "+
				"assessment holds totals only, which can be compared if the same rules made it.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt assess\n" +
			"  infraopt assess --sample 5s\n" +
			"  infraopt assess docker:unix:///run/podman/podman.sock\n" +
			"  infraopt assess web1.json.zst web2.json.zst --format json\n" +
			"  infraopt assess --since q3.json.zst *.json.zst\n" +
			"  infraopt assess -o report.json -o report.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("format") && len(f.out) > 0 {
				f.format = ""
			}
			if cmd.Flags().Changed("since") && f.since == "" {
				return usagef("--since: no file named: want a snapshot or an assessment in JSON")
			}
			if !cmd.Flags().Changed("top") {
				f.top = -1
			} else if f.top < 0 {
				return usagef("--top %d: want 0 (all) or more", f.top)
			}
			return p.assess(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.format, "format", "f", defaultFormat, "print the report as `NAME`: "+strings.Join(formats(), " or "))
	flags.StringArrayVarP(&f.out, "out", "o", nil, "write the report to `FILE`; may be repeated")
	flags.IntVar(&f.top, "top", defaultTop, "list `N` machines, containers and virtual machines at most (0: all), and show as many rows of each table")
	flags.StringVar(&f.since, "since", "", "say how the score has changed since `FILE`, a snapshot or an assessment in JSON, and why")
	flags.BoolVar(&f.only, "score-only", false, "give no advice: files are then read as a stream, so that any estate fits into memory")
	f.registerSample(flags)
	f.register(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func formats() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

func (p *program) assess(ctx context.Context, f assessFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.only && f.since != "" {
		return usagef("--since %s: a change is explained from the whole estate: want it without --score-only", f.since)
	}
	then, err := readEarlier(ctx, f.since, f.timeout)
	if err != nil {
		return err
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	show, err := p.views(f)
	if err != nil {
		return err
	}
	defer show.discard()
	var a *score.Assessment
	var h *haul
	if f.only {
		a, h, err = p.scoreOnly(ctx, f, model, args)
	} else {
		h, err = p.gather(ctx, f.gatherFlags, args)
	}
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	if a == nil {
		h.then = then
		bar := p.progress("scoring", 0)
		a = judge(h.snapshot, f, h, model)
		bar.stop()
	}
	if err := show.render(a); err != nil {
		return err
	}
	return h.err
}

// judge turns a snapshot into a finished assessment. What it was read from makes no difference to the result.
func judge(s *inventory.Snapshot, f assessFlags, h *haul, model *score.Model) *score.Assessment {
	req := f.request(h)
	estate := resolve.Estate(s)
	a := score.Assess(estate, model, req)
	plan.Recommend(a, estate, model, req)
	if h.then != nil {
		a.Trend = h.then.explain(a, estate, model, req.Options)
	}
	return a
}

// request asks for as many machines as are to be listed.
func (f *assessFlags) request(h *haul) score.Request {
	if f.top < 0 {
		return f.scoringFlags.request(h, defaultTop)
	}
	return f.scoringFlags.request(h, f.top)
}

// A view is one rendering of a report that was asked for.
type view struct {
	format  report.Format
	display report.Display
	file    *output // nil for standard output
}

type views struct {
	list []view
	out  io.Writer
}

// views settles what is to be shown where, before anything is read: a report that cannot be written is known at once.
func (p *program) views(f assessFlags) (*views, error) {
	show := &views{out: p.std.out}
	rows := max(0, f.top)
	if f.format != "" {
		format, err := report.Lookup(f.format)
		if err != nil {
			return nil, unknown("format", f.format, formats())
		}
		d := p.display()
		d.Top = rows
		if f.format != defaultFormat {
			d.ASCII = p.ascii // what programs read does not depend on the locale
		}
		show.list = append(show.list, view{format: format, display: d})
	}
	for _, name := range f.out {
		format, err := report.ForFile(name)
		if err == nil {
			var file *output
			if file, err = createOutput(name, reportRights); err == nil {
				show.list = append(show.list, view{format, report.Display{ASCII: p.ascii, Top: rows}, file})
				continue
			}
		} else {
			err = usagef("%v", err)
		}
		show.discard()
		return nil, err
	}
	return show, nil
}

// render writes every view. Files come first: a reader of standard output that leaves early takes nothing from them.
func (v *views) render(a *score.Assessment) error {
	var screen []view
	for _, x := range v.list {
		if x.file == nil {
			screen = append(screen, x)
			continue
		}
		err := x.file.write(func(w io.Writer) error {
			return x.format.Render(w, &report.Report{Assessment: a, Display: x.display})
		})
		if err != nil {
			return err
		}
	}
	for _, x := range screen {
		if err := x.format.Render(v.out, &report.Report{Assessment: a, Display: x.display}); err != nil {
			return err
		}
	}
	return nil
}

func (v *views) discard() {
	for _, x := range v.list {
		if x.file != nil {
			x.file.discard()
		}
	}
}
