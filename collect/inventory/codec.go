package inventory

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrFormat marks a document that is not a snapshot this program can read.
var ErrFormat = errors.New("not a readable snapshot")

// Encode writes the snapshot as indented JSON with a final newline. Equal snapshots give equal bytes.
func Encode(w io.Writer, s *Snapshot) error {
	bw := bufio.NewWriter(w)
	enc := json.NewEncoder(bw)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("encoding snapshot: %w", err)
	}
	return bw.Flush()
}

// Decode reads what Encode wrote. Its errors wrap ErrFormat and say at which byte reading stopped. Fields that
// this version does not know are passed over, as newer minor versions may add some.
func Decode(r io.Reader) (*Snapshot, error) {
	counted := &counter{r: r}
	dec := json.NewDecoder(counted)
	var s Snapshot
	if err := dec.Decode(&s); err != nil {
		return nil, decodeError(err, counted.n)
	}
	if s.Schema != SnapshotSchema {
		return nil, fmt.Errorf("%w: its schema is %.60q, want %q", ErrFormat, s.Schema, SnapshotSchema)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more text follows the document at byte %d", ErrFormat, dec.InputOffset())
	}
	for i := range s.Sources {
		if err := s.Sources[i].check(); err != nil {
			return nil, fmt.Errorf("%w: source %d (%.60q): %w", ErrFormat, i+1, s.Sources[i].Target, err)
		}
	}
	return &s, nil
}

// counter counts bytes: the decoder tells where a value began, not how far it came.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func decodeError(err error, offset int64) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it is empty", ErrFormat)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it is cut off after byte %d", ErrFormat, offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: byte %d: %w", ErrFormat, syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Errorf("%w: byte %d, field %s: want %s, have a %s", ErrFormat, kind.Offset, kind.Field, kind.Type, kind.Value)
	default:
		return fmt.Errorf("%w: after byte %d: %w", ErrFormat, offset, err)
	}
}

// check finds references that lead nowhere, so that later stages need not expect them.
func (o *Observation) check() error {
	machines := make(map[string]bool, len(o.Machines))
	for _, m := range o.Machines {
		if m.ID == "" {
			return errors.New("a machine has no id")
		}
		machines[m.ID] = true
	}
	hypervisors := make(map[string]bool, len(o.Hypervisors))
	for _, h := range o.Hypervisors {
		hypervisors[h.ID] = true
	}
	ref := func(kind, id, machine string) error {
		if !machines[machine] {
			return fmt.Errorf("%s %.60q refers to the machine %.60q, which is not there", kind, id, machine)
		}
		return nil
	}
	var errs []error
	for _, h := range o.Hypervisors {
		errs = append(errs, ref("hypervisor", h.ID, h.Machine))
	}
	for _, v := range o.VMs {
		if !hypervisors[v.Hypervisor] {
			errs = append(errs, fmt.Errorf("virtual machine %.60q refers to the hypervisor %.60q, which is not there", v.ID, v.Hypervisor))
		}
	}
	for _, e := range o.Engines {
		errs = append(errs, ref("engine", e.ID, e.Machine))
	}
	for _, c := range o.Containers {
		errs = append(errs, ref("container", c.ID, c.Machine))
	}
	for _, i := range o.Images {
		errs = append(errs, ref("image", i.ID, i.Machine))
	}
	for _, v := range o.Volumes {
		errs = append(errs, ref("volume", v.Name, v.Machine))
	}
	for _, w := range o.Workloads {
		errs = append(errs, ref("workload", w.ID, w.Machine))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
