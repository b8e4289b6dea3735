package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/infraopt/infraopt/score"
)

// rootCommand makes the tree of commands. Each has a file of its own.
func (p *program) rootCommand() *cobra.Command {
	cobra.EnableCommandSorting = false // what people need most comes first
	root := &cobra.Command{
		Use:   "infraopt",
		Short: "take stock of an estate, rate it, and say what to do next",
		Long: prose("infraopt takes stock of hosts, hypervisors and containers, rates how far they have moved toward " +
			"optimisation, and says what to do next. It only reads: it changes nothing and sends nothing anywhere."),
		Example: "  infraopt assess                 what is on this host\n" +
			"  infraopt assess web1.json.zst web2.json.zst\n" +
			"  infraopt collect -o web1.json.zst\n" +
			"  infraopt explain components.packing",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown("command", args[0], names(cmd.Commands()))
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true, // complain tells them
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(p.std.out)
	root.SetErr(p.std.err)
	root.SetFlagErrorFunc(flagError)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVarP(&p.quiet, "quiet", "q", false, "show no progress")
	flags.BoolVar(&p.noColor, "no-color", false, "use no colours (as does the variable NO_COLOR)")
	flags.BoolVar(&p.ascii, "ascii", false, "use no characters outside ASCII")

	root.AddCommand(
		p.assessCommand(),
		p.planCommand(),
		p.auditCommand(),
		p.collectCommand(),
		p.historyCommand(),
		p.reportCommand(),
		p.explainCommand(),
		p.sensitivityCommand(),
		p.packCommand(),
		p.doctorCommand(),
		p.sourcesCommand(),
		p.schemaCommand(),
		p.versionCommand(),
		p.completionCommand(),
	)
	root.SetHelpCommand(helpCommand())
	// cobra's own text, but for lines that fit a terminal.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages |", fmt.Sprintf("Flags.FlagUsagesWrapped %d |", helpWidth)))
	return root
}

// helpWidth is the width of help, wherever it is shown: the same text goes into docs/commands.md.
const helpWidth = 80

// prose wraps paragraphs for help. A paragraph that is set in stays as it is.
func prose(paragraphs ...string) string {
	for i, p := range paragraphs {
		if !strings.Contains(p, "\n  ") {
			paragraphs[i] = strings.Join(wrap(p, helpWidth), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// helpCommand is cobra's, but for an unknown topic, which is wrong usage.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             "describe a command",
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			topic := cmd.Root()
			for _, arg := range args {
				i := slices.IndexFunc(topic.Commands(), func(c *cobra.Command) bool { return c.Name() == arg })
				if i < 0 {
					return unknown("command", arg, names(topic.Commands()))
				}
				topic = topic.Commands()[i]
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

func names(commands []*cobra.Command) []string {
	var out []string
	for _, c := range commands {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

// flagError turns what pflag says into an error that names a flag close to the one that was meant.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	hint := "see " + cmd.CommandPath() + " --help"
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && len(missing.GetSpecifiedName()) > 1 {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := score.Nearest(missing.GetSpecifiedName(), known); near != "" {
			hint = "did you mean --" + near + "? " + hint
		}
	}
	return &usageError{text: err.Error(), hint: hint}
}

// unknown is the error about a name that is none of the known ones.
func unknown(noun, name string, known []string) error {
	e := &usageError{text: fmt.Sprintf("unknown %s %q: want one of %s", noun, name, strings.Join(known, ", "))}
	if near := score.Nearest(name, known); near != "" {
		e.hint = "did you mean " + near + "?"
	}
	return e
}

// none accepts no arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{text: fmt.Sprintf("%s takes no arguments, have %q", cmd.CommandPath(), args[0]), hint: "see " + cmd.CommandPath() + " --help"}
	}
	return nil
}

// oneOf accepts one argument out of a list.
func oneOf(noun string, known ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return &usageError{text: fmt.Sprintf("%s: want a %s, one of %s", cmd.CommandPath(), noun, strings.Join(known, ", "))}
		case len(args) > 1:
			return usagef("%s: want one %s, have %d", cmd.CommandPath(), noun, len(args))
		case !slices.Contains(known, args[0]):
			return unknown(noun, args[0], known)
		}
		return nil
	}
}

// statusHelp is the part of a command's help that says how it ends.
func statusHelp(statuses ...int) string {
	var b strings.Builder
	b.WriteString("Exit status:\n")
	for _, m := range meanings() {
		if slices.Contains(statuses, m.Status) {
			for i, line := range wrap(m.Text, 72) {
				if i == 0 {
					fmt.Fprintf(&b, "  %3d  %s\n", m.Status, line)
				} else {
					fmt.Fprintf(&b, "       %s\n", line)
				}
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
