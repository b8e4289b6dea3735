// Package gitfile reads a file as it is in a commit of the repository around the working folder. It runs git, which alone
// knows every form of repository, and has it read objects only: no hook, pager, filter or remote takes part.
package gitfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 30

// An Error is what git said, with what the user can do about it.
type Error struct {
	Said   string
	Remedy string // empty where git's own words are all that is known
}

func (e *Error) Error() string { return "git: " + e.Said }

// remedies are by what git says in English, which is how it is asked.
var remedies = []struct{ said, remedy string }{
	{"dubious ownership", "another user owns the repository: git config --global --add safe.directory with its folder says that it is trusted"},
	{"not a git repository", "run it in a folder of the repository, or give a file"},
	{"does not exist in", "the path begins at the root of the repository; ./ before it means this folder"},
	{"exists on disk, but not in", "commit it, or name a commit that has it"},
	{"object name", "fetch it first: pipelines often check out one commit of one branch only (fetch-depth, GIT_DEPTH)"},
}

func remedyFor(said string) string {
	for _, r := range remedies {
		if strings.Contains(said, r.said) {
			return r.remedy
		}
	}
	return ""
}

// Read reads what REF:PATH names, as git writes it: main:baseline.json from the root of the repository, or main:./baseline.json
// from the working folder.
func Read(ctx context.Context, name string) ([]byte, error) {
	ref, path, ok := strings.Cut(name, ":")
	switch {
	case !ok || ref == "" || path == "":
		return nil, fmt.Errorf("%.80q: want REF:PATH, such as origin/main:infraopt-baseline.json", name)
	case strings.HasPrefix(ref, "-"):
		return nil, fmt.Errorf("%.80q: a ref does not begin with a dash", ref)
	case strings.ContainsAny(name, "\x00\n"):
		return nil, fmt.Errorf("%.80q: no name of a file in git", name)
	}
	cmd := exec.CommandContext(ctx, "git", "cat-file", "blob", ref+":"+path)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C")
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("asking git: %w", err)
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, &Error{Said: "it is not installed", Remedy: "install git, or give a file"}
		}
		return nil, fmt.Errorf("asking git: %w", err)
	}
	text, readErr := io.ReadAll(io.LimitReader(out, maxFile+1))
	if len(text) > maxFile {
		_ = cmd.Process.Kill() // what it still has to say is of no use
		_ = cmd.Wait()
		return nil, fmt.Errorf("a file of more than %d MiB: want a smaller one", maxFile>>20)
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("asking git: %w", ctx.Err())
	case err != nil:
		said := strings.TrimSpace(talk.String())
		if first, _, more := strings.Cut(said, "\n"); more {
			said = first
		}
		if said == "" {
			said = err.Error()
		}
		return nil, &Error{Said: fmt.Sprintf("%.300s", strings.TrimPrefix(said, "fatal: ")), Remedy: remedyFor(said)}
	case readErr != nil:
		return nil, fmt.Errorf("reading from git: %w", readErr)
	}
	return text, nil
}
