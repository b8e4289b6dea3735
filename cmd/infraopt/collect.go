package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/snapshot"
)

type collectFlags struct {
	gatherFlags
	out    string
	record string
}

func (p *program) collectCommand() *cobra.Command {
	var f collectFlags
	cmd := &cobra.Command{
		Use:   "collect [TARGET|FILE]...",
		Short: "write a snapshot of what can be seen, to be assessed later or elsewhere",
		Long: prose(
			"Collect reads the targets and writes what they show, unjoined and unrated, as a snapshot. Assessing the file gives "+
				"the same report as assessing the targets themselves. Given snapshot files, it puts them together into one.",
			targetHelp,
			"A snapshot names machines, programs and addresses. It holds no environment variables, command lines or passwords. "+
				"Its file can be read by its owner only.",
			"With --record, the files of this host that were read are copied to a folder as well, command lines cut down to what is "+
				"looked for. Elsewhere, host:?root=/FOLDER reads the folder as if it were that host: to ask a colleague, or to report "+
				"that something was not recognised. Look through it before you pass it on.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt collect -o web1.json.zst\n" +
			"  infraopt collect --sample 5s -o web1.json.zst\n" +
			"  infraopt collect host: docker: > web1.json\n" +
			"  ssh web1 infraopt collect | infraopt assess -\n" +
			"  infraopt collect host: --record web1.tree > /dev/null",
		RunE: func(cmd *cobra.Command, args []string) error { return p.collect(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.out, "out", "o", "", "write the snapshot to `FILE`, "+snapshot.Extensions+", not to standard output")
	flags.StringVar(&f.record, "record", "", "copy the files of this host that are read to `FOLDER`, which must be empty or not there yet")
	f.registerSample(flags)
	f.register(flags)
	return cmd
}

func (p *program) collect(ctx context.Context, f collectFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	var file *output
	compressed := false
	if f.out != "" {
		var err error
		if compressed, err = snapshot.Compressed(f.out); err != nil {
			return usagef("%v", err)
		}
		if file, err = createOutput(f.out, snapshotRights); err != nil {
			return err
		}
		defer file.discard()
	}
	if f.record != "" {
		if err := p.record(ctx, f.record, args); err != nil {
			return err
		}
	} else if s, ok, err := p.stream(ctx, f.gatherFlags, args); ok || err != nil {
		if err != nil {
			return err
		}
		return s.copy(ctx, file, compressed)
	}
	h, err := p.gather(ctx, f.gatherFlags, args)
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	if err := p.write(file, func(w io.Writer) error { return snapshot.Encode(w, h.snapshot, compressed) }); err != nil {
		return err
	}
	return h.err
}

// write fills a file, or standard output where there is none.
func (p *program) write(file *output, fill func(io.Writer) error) error {
	if file == nil {
		return fill(p.std.out)
	}
	return file.write(fill)
}

// copy writes what can be read more than once as a snapshot, without keeping it. It reads everything twice: nothing
// of a file that turns out to be broken at its end may have been written by then.
func (s *stream) copy(ctx context.Context, file *output, compressed bool) error {
	stop := s.progress("reading")
	s.Check(ctx)
	stop()
	h := s.haul(ctx)
	if h.empty {
		return h.err
	}
	again := kept(ctx)
	if file != nil {
		defer s.progress("writing")()
	}
	err := s.program.write(file, func(w io.Writer) error {
		return snapshot.EncodeStream(w, h.snapshot, s.Observations(again), compressed)
	})
	if err != nil {
		return err
	}
	return s.haul(ctx).err
}
