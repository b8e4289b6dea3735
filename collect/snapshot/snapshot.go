// Package snapshot reads and writes snapshot files: JSON, or the same compressed with zstd.
//
// A snapshot holds finished observations, which are taken over as they are: nothing is collected anew, and what a
// file says of its sources, their failures and their gaps stays as it was written.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// Scheme is the scheme of this source's targets.
const Scheme = "snapshot"

// Source is the snapshot source: files that were written by "infraopt collect".
func Source() collect.Source {
	return collect.Source{
		Scheme:     Scheme,
		Summary:    "what was collected before: a file of infraopt collect, JSON or zstd",
		Privileges: "to read the file",
		Example:    "snapshot:q3.json.zst",
		Open:       open,
	}
}

func open(t collect.Target, _ collect.Env) (collect.Collector, error) {
	if t.Rest == "" {
		return nil, &collect.Error{Kind: collect.ErrUsage, Op: fmt.Sprintf("opening %q: no file named", t), Remedy: "write snapshot:FILE"}
	}
	for key := range t.Query {
		return nil, &collect.Error{Kind: collect.ErrUsage, Op: fmt.Sprintf("opening %q: unknown option %q", t, key), Remedy: "write snapshot:FILE"}
	}
	return &collector{name: t.Rest}, nil
}

// A collector reads one file.
type collector struct{ name string }

// Observations gives what the file holds.
func (c *collector) Observations(ctx context.Context) ([]inventory.Observation, error) {
	s, err := Read(ctx, c.name)
	if err != nil {
		return nil, err
	}
	if s.Sources == nil {
		return []inventory.Observation{}, nil // a snapshot of nothing is a snapshot
	}
	return s.Sources, nil
}

// Collect gives what the file holds as one batch. It is for callers that know nothing of observations; what the
// file says about how its sources were read is lost on the way.
func (c *collector) Collect(ctx context.Context) (*inventory.Batch, error) {
	observations, err := c.Observations(ctx)
	if err != nil {
		return nil, err
	}
	all := &inventory.Batch{}
	for _, o := range observations {
		all.Machines = append(all.Machines, o.Machines...)
		all.Hypervisors = append(all.Hypervisors, o.Hypervisors...)
		all.VMs = append(all.VMs, o.VMs...)
		all.Engines = append(all.Engines, o.Engines...)
		all.Containers = append(all.Containers, o.Containers...)
		all.Images = append(all.Images, o.Images...)
		all.Volumes = append(all.Volumes, o.Volumes...)
		all.Workloads = append(all.Workloads, o.Workloads...)
		all.Clusters = append(all.Clusters, o.Clusters...)
		all.Storage = append(all.Storage, o.Storage...)
		all.Networks = append(all.Networks, o.Networks...)
		all.Gaps = append(all.Gaps, o.Gaps...)
	}
	return all, nil
}

// Read reads a snapshot file, whatever its name: the content tells JSON from zstd. A pipe will do as well as a
// file. Whatever is wrong with the file wraps collect.ErrInput.
func Read(ctx context.Context, name string) (*inventory.Snapshot, error) {
	return ReadAs(ctx, name, Decode)
}

// ReadAs is Read for files that may hold something else, which decode makes of the content.
func ReadAs[T any](ctx context.Context, name string, decode func(io.Reader) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, late(err)
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1) // buffered: opening a pipe that nobody writes to cannot be called off
	go func() {
		v, err := read(ctx, name, decode)
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, late(ctx.Err())
	}
}

func read[T any](ctx context.Context, name string, decode func(io.Reader) (T, error)) (T, error) {
	var v T
	err := reading(ctx, name, func(r io.Reader) (err error) {
		v, err = decode(r)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// reading opens a file for a function that reads it. The error says what is wrong with the file.
func reading(ctx context.Context, name string, read func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unreadable(err)
	}
	if info.IsDir() {
		return bad(collect.ErrMalformed, errors.New("it is a directory, want a file written by infraopt collect"), "")
	}
	// Where reading can wait (a pipe), it ends with the context. Regular files know no deadline.
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err = read(f)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return late(ctx.Err())
	}
	return bad(collect.ErrMalformed, err, "")
}

// unreadable says why a file cannot be opened.
func unreadable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the target has the name already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bad(collect.ErrUnavailable, err, "")
	case errors.Is(err, fs.ErrPermission):
		return bad(collect.ErrDenied, err, "run as a user who may read the file")
	default:
		return bad(collect.ErrUnavailable, err, "")
	}
}

func late(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &collect.Error{Kind: collect.ErrTimeout, Op: "reading the file", Err: err, Remedy: "raise --timeout, or see who should write to the pipe"}
	}
	return fmt.Errorf("reading the file: %w", err)
}

// bad makes an error about the file. To whoever decides by kinds it is both of kind ErrInput and of the kind given.
func bad(kind, err error, remedy string) error {
	return &collect.Error{Kind: collect.ErrInput, Op: "reading the file", Err: &cause{kind, err}, Remedy: remedy}
}

// A cause is an error that also is of a kind, without saying so twice.
type cause struct{ kind, err error }

func (c *cause) Error() string   { return c.err.Error() }
func (c *cause) Unwrap() []error { return []error{c.kind, c.err} }

var (
	_ collect.Recorded = (*collector)(nil)
	_ collect.Streamed = (*collector)(nil)
)
