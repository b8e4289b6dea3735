package main

import (
	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/score"
)

// scoringFlags are the flags of commands that score what they read.
type scoringFlags struct {
	gatherFlags
	modelFlags
	assume string
}

func (f *scoringFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.assume, "assume", "", "score on an assumption: `WHAT` is "+score.RunningIsActive+", that all work that runs is used")
	_ = cmd.RegisterFlagCompletionFunc("assume", cobra.FixedCompletions([]string{score.RunningIsActive}, cobra.ShellCompDirectiveNoFileComp))
	f.modelFlags.register(cmd.Flags())
	f.gatherFlags.register(cmd.Flags())
}

func (f *scoringFlags) check() error {
	if f.assume != "" && f.assume != score.RunningIsActive {
		return unknown("assumption", f.assume, []string{score.RunningIsActive})
	}
	return f.gatherFlags.check()
}

// request is what an assessment depends on besides the estate and the model. Top is how many machines it lists.
func (f *scoringFlags) request(h *haul, top int) score.Request {
	return score.Request{Options: score.Options{RunningIsActive: f.assume == score.RunningIsActive, Now: h.now}, Tool: tool(), ModelFile: f.name(), Top: top}
}
