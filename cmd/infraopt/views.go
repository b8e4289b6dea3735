package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
)

// viewFlags say how a document is to be shown, and where.
type viewFlags struct {
	noun   string // what it is
	known  []report.Format
	format string
	out    []string
	top    int
}

func (f *viewFlags) register(cmd *cobra.Command, top string) {
	flags, names := cmd.Flags(), f.names()
	flags.StringVarP(&f.format, "format", "f", defaultFormat, "print the "+f.noun+" as `NAME`: "+oneOfWords(names))
	flags.StringArrayVarP(&f.out, "out", "o", nil, "write the "+f.noun+" to `FILE`; may be repeated")
	flags.IntVar(&f.top, "top", defaultTop, top)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

func (f *viewFlags) names() []string {
	var names []string
	for _, x := range f.known {
		names = append(names, x.Name)
	}
	return names
}

// oneOfWords lists names as people do.
func oneOfWords(names []string) string {
	last := len(names) - 1
	return strings.Join(slices.Concat(names[:max(0, last-1)], []string{strings.Join(names[max(0, last-1):], " or ")}), ", ")
}

// settle works out what follows from which flags were given.
func (f *viewFlags) settle(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("format") && len(f.out) > 0 {
		f.format = ""
	}
	if !cmd.Flags().Changed("top") {
		f.top = -1
	} else if f.top < 0 {
		return usagef("--top %d: want 0 (all) or more", f.top)
	}
	return nil
}

// listed is how many things of a kind a document lists; 0 for all.
func (f *viewFlags) listed() int {
	if f.top < 0 {
		return defaultTop
	}
	return f.top
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

// views settles what is to be shown where, before anything is read: a report that cannot be written is known at once, and
// none takes the place of one of the inputs or of another report.
func (p *program) views(f *viewFlags, inputs ...string) (*views, error) {
	show := &views{out: p.std.out}
	rows := max(0, f.top)
	if f.format != "" {
		format, err := report.Lookup(f.known, f.format)
		if err != nil {
			return nil, unknown("format", f.format, f.names())
		}
		if _, tty := terminal(p.std.out); tty && format.Binary() {
			return nil, usagef("--format %s: a terminal cannot show it: want a file (--out NAME%s), or a pipe", format.Name, format.Extension)
		}
		d := p.display()
		d.Top = rows
		if f.format != defaultFormat {
			d.ASCII = p.ascii // what programs read does not depend on the locale
		}
		show.list = append(show.list, view{format: format, display: d})
	}
	for i, name := range f.out {
		format, err := report.ForFile(f.known, name)
		switch {
		case err != nil:
			err = usagef("%v", err)
		case slices.ContainsFunc(inputs, samePlaceAs(name)):
			err = usagef("--out %s: that is what is read: want another file", name)
		case slices.ContainsFunc(f.out[:i], samePlaceAs(name)):
			err = usagef("--out %s: two reports would go there: want a file for each", name)
		default:
			var file *output
			if file, err = createOutput(name, reportRights); err == nil {
				show.list = append(show.list, view{format, report.Display{ASCII: p.ascii, Top: rows}, file})
				continue
			}
		}
		show.discard()
		return nil, err
	}
	return show, nil
}

// render writes every view of an assessment.
func (v *views) render(a *score.Assessment) error { return v.show(report.Report{Assessment: a}) }

// show writes every view. Files come first: a reader of standard output that leaves early takes nothing from them.
func (v *views) show(r report.Report) error {
	var screen []view
	for _, x := range v.list {
		if x.file == nil {
			screen = append(screen, x)
			continue
		}
		err := x.file.write(func(w io.Writer) error {
			return x.format.Render(w, &report.Report{Assessment: r.Assessment, Audit: r.Audit, Display: x.display})
		})
		if err != nil {
			return err
		}
	}
	for _, x := range screen {
		if err := x.format.Render(v.out, &report.Report{Assessment: r.Assessment, Audit: r.Audit, Display: x.display}); err != nil {
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
