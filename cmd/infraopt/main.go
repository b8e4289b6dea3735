// Infraopt takes stock of an estate of hosts, hypervisors and containers, rates how far it has moved toward
// optimisation, and says what to do next. "infraopt help" lists its commands, docs/commands.md describes them.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/all"
)

//go:generate go test -count=1 -run ^TestGenerated$ . -update

func main() {
	os.Exit(run(context.Background(), os.Args[1:], stdio{os.Stdout, os.Stderr, os.Getenv}))
}

// stdio is where the program speaks to, and the environment that says how.
type stdio struct {
	out, err io.Writer // data, and talk
	getenv   func(string) string
}

// run is the program without its process: everything but main goes through here.
func run(ctx context.Context, args []string, std stdio) (status int) {
	defer func() {
		// Left alone, a panic would end the program with the status that says "incomplete".
		if r := recover(); r != nil {
			say(std.err, "infraopt: internal error, please report it: %v\n%s", r, debug.Stack())
			status = exitFailed
		}
	}()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // whoever interrupts twice does not want to wait for what was finished

	p := &program{std: std, sources: all.Sources(), env: collect.Env{Root: "/", Getenv: std.getenv}}
	root := p.rootCommand() //nolint:contextcheck // commands are given it by ExecuteContext
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	complain(std.err, err)
	return statusOf(err)
}

// A program is what all commands share.
type program struct {
	std     stdio
	sources []collect.Source
	env     collect.Env

	// Flags of every command.
	quiet, noColor, ascii bool
}
