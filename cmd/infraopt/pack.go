package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan/pack"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/sizing"
)

const (
	defaultHeadroom = .9
	// spareBySize stands for a number of spares that follows from the number of hosts.
	spareBySize = "by-size"
	mostSpares  = 1_000_000
	mostHosts   = 1_000_000 // of a type
)

type packFlags struct {
	hosts    []string
	counts   []int
	headroom float64
	spares   string
	planTime time.Duration
	seed     uint64
	format   string
	out      string
}

func (p *program) packCommand() *cobra.Command {
	var f packFlags
	cmd := &cobra.Command{
		Use:   "pack ITEMS.csv",
		Short: "say how many hosts of given sizes carry a list of items, and prove how few could",
		Long: prose(
			"Pack reads a list of items, such as virtual machines or pods, and plans them onto hosts of the sizes that are given, "+
				"so that as few hosts as possible carry all. Beside the plan it says how many hosts no plan can do without, and what "+
				"proves that; plan and proof are verified by code of their own before they are printed.",
			"The list is a CSV file with a header, or - for standard input: the columns name, cpu_milli (thousandths of a CPU), "+
				"memory_mib and, where there are GPUs, gpu_milli, in any order. Names may repeat; other columns are left out.",
			"Spares are hosts that carry nothing, so many that any so many hosts may be lost at once and each lost host's load finds "+
				"a spare of its own. Bound and plan count them; the JSON document gives both numbers without them, too.",
			"Without --plan-time the search ends after a certain amount of work, and the same list gives the same plan everywhere.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt pack vms.csv --host 96000,786432\n" +
			"  infraopt pack vms.csv --host 96000,786432 --count 12 --host 32000,262144 --count 0\n" +
			"  infraopt pack pods.csv --host 64000,524288,8000 --headroom 1 --spares 0 --format csv",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{text: fmt.Sprintf("%s: want one list of items, a CSV file or -, have %d", cmd.CommandPath(), len(args)), hint: "see " + cmd.CommandPath() + " --help"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("format") && f.out != "" {
				f.format = ""
			}
			return p.pack(cmd.Context(), f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.hosts, "host", nil, "plan with hosts of this `SIZE`: "+sizing.HostForm+"; may be given several times")
	flags.IntSliceVar(&f.counts, "count", nil, "there are `N` hosts, 0 for as many as needed: once for all sizes, or once for each --host, in order (default 0)")
	flags.Float64Var(&f.headroom, "headroom", defaultHeadroom, "fill no host above this `SHARE`")
	flags.StringVar(&f.spares, "spares", spareBySize, "keep spares for the loss of any `N` hosts; "+spareBySize+" for one for every twenty hosts, at least one")
	flags.DurationVar(&f.planTime, "plan-time", 0, "end the search after this `TIME`, with the best plan so far")
	flags.Uint64Var(&f.seed, "seed", 1, "start the random numbers at `N`")
	flags.StringVarP(&f.format, "format", "f", defaultFormat, "print the result as `NAME`: "+strings.Join(packFormats(), ", "))
	flags.StringVarP(&f.out, "out", "o", "", "write the result to `FILE`, .txt, .json or .csv")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(packFormats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("host", cobra.NoFileCompletions)
	return cmd
}

func packFormats() []string { return []string{defaultFormat, "json", "csv"} }

// question is what the flags ask; what is wrong with them is told before anything is read.
func (f *packFlags) question() (*sizing.Question, error) {
	q := &sizing.Question{Headroom: f.headroom, Spares: instance.BySize}
	if len(f.hosts) == 0 {
		return nil, usagef("no size of hosts is given: want --host %s, such as --host 96000,786432", sizing.HostForm)
	}
	if len(f.counts) > 1 && len(f.counts) != len(f.hosts) {
		return nil, usagef("%d times --count and %d times --host: want --count once, or as often as --host", len(f.counts), len(f.hosts))
	}
	for i, text := range f.hosts {
		h, err := sizing.ParseHost(text)
		if err != nil {
			return nil, usagef("--host %s: %v", text, err)
		}
		if slices.ContainsFunc(q.Hosts, func(o sizing.Host) bool { return o.Size == h.Size }) {
			return nil, usagef("--host %s: the same size is given twice: want it once, with --count for how many there are", text)
		}
		if len(f.counts) > 0 {
			n := f.counts[min(i, len(f.counts)-1)]
			if n < 0 || n > mostHosts {
				return nil, usagef("--count %d: want 0 (as many as needed) to %d", n, mostHosts)
			}
			if n > 0 {
				h.Count = n
			}
		}
		q.Hosts = append(q.Hosts, h)
	}
	if !(f.headroom > 0 && f.headroom <= 1) { // no number is neither
		return nil, usagef("--headroom %v: want a share above 0 and at most 1, such as .9", f.headroom)
	}
	if f.planTime < 0 {
		return nil, usagef("--plan-time %v: want a time above 0, such as 10s, or 0 for no limit", f.planTime)
	}
	m, err := indicators.Default()
	if err != nil {
		return nil, err
	}
	q.HostsPerSpare = int(m.Thresholds.HostsPerSpare)
	if f.spares != spareBySize {
		n, err := strconv.Atoi(f.spares)
		if err != nil || n < 0 || n > mostSpares {
			return nil, usagef("--spares %s: want a number from 0 to %d, or %s", f.spares, mostSpares, spareBySize)
		}
		q.Spares = n
	}
	return q, nil
}

// target is where a result goes besides standard output, and in which format; nil where there is no such place.
func (f *packFlags) target() (*output, string, error) {
	if f.format != "" && !slices.Contains(packFormats(), f.format) {
		return nil, "", unknown("format", f.format, packFormats())
	}
	if f.out == "" {
		return nil, "", nil
	}
	format, ok := map[string]string{".txt": defaultFormat, ".json": "json", ".csv": "csv"}[filepath.Ext(f.out)]
	if !ok {
		return nil, "", usagef("--out %s: want a name that ends in .txt, .json or .csv", f.out)
	}
	file, err := createOutput(f.out, reportRights)
	return file, format, err
}

func (p *program) pack(ctx context.Context, f packFlags, name string) error {
	q, err := f.question()
	if err != nil {
		return err
	}
	file, format, err := f.target()
	if err != nil {
		return err
	}
	if file != nil {
		defer file.discard()
	}
	list, err := readItems(name)
	if err != nil {
		return err
	}
	name = listName(name)
	if len(list.Ignored) > 0 {
		say(p.std.err, "infraopt: %s: left out: %s\n", printable(name, false), printable(strings.Join(list.Ignored, ", "), false))
	}
	answer, err := p.size(ctx, q, list, f)
	if err != nil {
		return err
	}
	view := &packing{Answer: answer, question: q, items: len(list.Entries), file: filepath.Base(name)}
	if file != nil {
		if err := file.write(func(w io.Writer) error { return view.show(w, format, &sheet{width: 80, ascii: p.ascii}) }); err != nil {
			return err
		}
	}
	if f.format != "" {
		if err := view.show(p.std.out, f.format, p.sheet()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return view.short()
}

// listName is what a list is called in messages.
func listName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// readItems reads the list of items from a file, or from standard input.
func readItems(name string) (*sizing.List, error) {
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, &collect.Error{Kind: collect.ErrInput, Op: "reading the list of items", Err: err, Remedy: "want the name of a CSV file, or - for standard input"}
		}
		defer file.Close()
	}
	list, err := sizing.Read(listName(name), file)
	if err != nil {
		return nil, &usageError{text: err.Error(), hint: "infraopt pack --help describes the list"}
	}
	return list, nil
}

// size packs, and makes a document of the plan once it is verified. An interrupted search gives the best plan so far.
func (p *program) size(ctx context.Context, q *sizing.Question, list *sizing.List, f packFlags) (*sizing.Answer, error) {
	bar := p.progress("packing", 0)
	defer bar.stop()
	if f.planTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.planTime)
		defer cancel()
	}
	task := sizing.Ask(q, list)
	sol, err := pack.Solve(ctx, task.Instance, pack.Options{Seed: f.seed})
	if err != nil {
		return nil, err
	}
	answer, err := task.Answer(sol)
	if err != nil {
		return nil, fmt.Errorf("internal error, please report it: %w", err)
	}
	return answer, nil
}

// errShort is the error of a packing that leaves something out.
var errShort = errors.New("the hosts do not suffice")

// A shortError says what a packing leaves out, and what would help.
type shortError struct{ text, remedy string }

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return errShort }

// A packing is an answer with what people want to know of the question.
type packing struct {
	*sizing.Answer
	question *sizing.Question
	items    int // of the list
	file     string
}

// short is the error about what the hosts do not suffice for; nil where they do.
func (v *packing) short() error {
	large, rest := v.unplaced(sizing.TooLarge), v.unplaced(sizing.NoRoom)
	left := fmt.Sprintf("%d of %s %s on no host: ", len(large)+len(rest), quantity(v.items, "item"), isOrAre(len(large)+len(rest)))
	tooLarge := fmt.Sprintf("%s %s larger than what may be filled of any", naming(large), isOrAre(len(large)))
	noRoom := "no room was found for " + naming(rest)
	switch {
	case len(large) > 0 && len(rest) > 0:
		return &shortError{left + tooLarge + ", and " + noRoom, "give a larger --host, and a higher --count"}
	case len(large) > 0 && v.Headroom < 1:
		return &shortError{left + tooLarge, "give a larger --host or, if all of a host may be filled, --headroom 1"}
	case len(large) > 0:
		return &shortError{left + tooLarge, "give a larger --host"}
	case len(rest) > 0:
		return &shortError{left + noRoom + " on " + v.thereAre(), "give a higher --count"}
	case v.Survives < v.Spares:
		return &shortError{fmt.Sprintf("there are too few hosts for spares: the loss of any %d is survived, not of any %d", v.Survives, v.Spares),
			"give a higher --count, or fewer --spares"}
	}
	return nil
}

// unplaced returns the names of the items that are on no host for this reason.
func (v *packing) unplaced(why string) []string {
	var names []string
	for _, u := range v.Unplaced {
		if u.Why == why {
			names = append(names, u.Name)
		}
	}
	return names
}

// naming lists names, or the first of many, and not all of a long one.
func naming(names []string) string {
	const most, longest = 3, 40
	var text []string
	for _, name := range names[:min(len(names), most)] {
		if runes := []rune(name); len(runes) > longest {
			name = string(runes[:longest]) + "…"
		}
		text = append(text, strconv.Quote(name))
	}
	if more := len(names) - most; more > 0 {
		text = append(text, fmt.Sprintf("%d more", more))
	}
	if last := len(text) - 1; last > 0 {
		return strings.Join(text[:last], ", ") + " and " + text[last]
	}
	return strings.Join(text, "")
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func (v *packing) show(w io.Writer, format string, page *sheet) error {
	var doc bytes.Buffer
	switch format {
	case "json":
		enc := json.NewEncoder(&doc)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v.Answer); err != nil {
			return fmt.Errorf("encoding the packing: %w", err)
		}
	case "csv":
		rows := csv.NewWriter(&doc)
		_ = rows.Write([]string{"name", "host", "type"}) // a buffer takes everything
		for i := range v.Assignments {
			a := &v.Assignments[i]
			_ = rows.Write([]string{a.Name, a.Host, a.Type()})
		}
		rows.Flush()
	default:
		v.tell(page)
		doc.WriteString(page.String())
	}
	_, err := w.Write(doc.Bytes())
	return err
}
