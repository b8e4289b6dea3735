package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// record makes sure that what the host source reads can be copied to a folder, and has it copied there.
func (p *program) record(ctx context.Context, folder string, args []string) error {
	targets, err := p.targets(ctx, args)
	if err != nil {
		return err
	}
	hosts := 0
	for _, t := range targets {
		if t.Scheme == "host" {
			hosts++
		}
	}
	switch {
	case hosts == 0:
		return &usageError{text: fmt.Sprintf("--record %s: host: is not among the targets", folder), hint: "name it too, or no target at all"}
	case hosts > 1:
		return usagef("--record %s: want one target that is a machine, have %d", folder, hosts)
	}
	if err := emptyFolder(folder); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return &usageError{text: fmt.Sprintf("recording to %s: %v", folder, err), hint: "want the name of a folder that is empty, or not there yet in a folder that exists and may be written to"}
	}
	p.env.Record = folder
	return nil
}

// emptyFolder makes a folder that its owner alone may look into, or makes sure that there is an empty one that can be
// written to.
func emptyFolder(name string) error {
	err := os.Mkdir(name, 0o700)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	entries, err := os.ReadDir(name)
	switch {
	case err != nil:
		return err
	case len(entries) > 0:
		return errors.New("it is not empty")
	}
	attempt, err := os.MkdirTemp(name, ".")
	if err != nil {
		return err
	}
	return os.Remove(attempt)
}
