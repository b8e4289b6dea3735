package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/indicators"
)

// tool says which program this is, as documents that it writes name it. What is not known is left open: a build
// outside version control has no commit.
func tool() inventory.Tool {
	t := inventory.Tool{Name: "infraopt", Version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if info.Main.Version != "" {
		t.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			t.Commit = s.Value
		}
	}
	return t
}

func (p *program) versionCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:               "version",
		Short:             "print the version of this program and of its rules",
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			model, err := indicators.Default()
			if err != nil {
				return err
			}
			v := struct {
				inventory.Tool
				Rules    string `json:"rules"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{tool(), model.Rules(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			switch format {
			case "text":
				commit := ""
				if v.Commit != "" {
					commit = " (" + v.Commit + ")"
				}
				return p.print(fmt.Sprintf("%s %s%s, rules %s, %s %s\n", v.Name, v.Version, commit, v.Rules, v.Go, v.Platform))
			case "json":
				text, err := json.MarshalIndent(v, "", "  ")
				if err != nil {
					return fmt.Errorf("encoding the version: %w", err)
				}
				return p.print(string(text) + "\n")
			}
			return unknown("format", format, []string{"text", "json"})
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "text", "print it as `NAME`: text or json")
	return cmd
}
