package main

import "github.com/spf13/cobra"

func (p *program) sourcesCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "sources",
		Short:             "list the kinds of places that inventory comes from",
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			out := p.sheet()
			for i, s := range p.sources {
				if i > 0 {
					out.line("")
				}
				found := ""
				if s.Discover != nil {
					found = " (found by itself on this host)"
				}
				out.hang(pad(s.Scheme, 10), s.Summary+found)
				out.hang(pad("", 10)+"needs    ", s.Privileges)
				out.hang(pad("", 10)+"example  ", s.Example)
			}
			return p.print(out.String())
		},
	}
}
