package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// ErrFormat marks a document that is not a snapshot this program can read.
var ErrFormat = errors.New("not a readable snapshot")

// Observations come one at a time, so that an estate of any size needs the memory of one. What was yielded belongs to
// whoever ranges over them. An error comes last, with no observation.
type Observations = iter.Seq2[*Observation, error]

// An Encoder writes a snapshot observation by observation.
type Encoder struct {
	out  *bufio.Writer
	text bytes.Buffer // the observation that is being written
	json *json.Encoder
	some bool // something was added
}

// NewEncoder begins a snapshot with the fields of head; its sources are left to Add.
func NewEncoder(w io.Writer, head *Snapshot) (*Encoder, error) {
	e := &Encoder{out: bufio.NewWriterSize(w, 64<<10)}
	e.json = json.NewEncoder(&e.text)
	e.json.SetEscapeHTML(false)
	e.json.SetIndent("", " ")
	only := *head
	only.Sources = nil
	if err := e.json.Encode(&only); err != nil {
		return nil, fmt.Errorf("encoding snapshot: %w", err)
	}
	// The list of sources is the last field, and stands for all that follows.
	begin, ok := bytes.CutSuffix(e.text.Bytes(), []byte("null\n}\n"))
	if !ok {
		return nil, errors.New("encoding snapshot: its sources are not its last field")
	}
	_, err := e.out.Write(begin) // if it fails, so does all that follows
	e.json.SetIndent("  ", " ")
	return e, err
}

// Add writes one observation.
func (e *Encoder) Add(o *Observation) error {
	e.text.Reset()
	separator := ",\n  "
	if !e.some {
		separator, e.some = "[\n  ", true
	}
	e.text.WriteString(separator)
	if err := e.json.Encode(o); err != nil {
		return fmt.Errorf("encoding snapshot: %w", err)
	}
	_, err := e.out.Write(bytes.TrimSuffix(e.text.Bytes(), []byte("\n")))
	return err
}

// Close ends the snapshot, with a final newline. It does not close what the encoder writes to.
func (e *Encoder) Close() error {
	if e.some {
		return e.end("\n ]")
	}
	return e.end("[]")
}

func (e *Encoder) end(list string) error {
	if _, err := e.out.WriteString(list + "\n}\n"); err != nil {
		return err
	}
	return e.out.Flush()
}

// Encode writes the snapshot as indented JSON with a final newline. Equal snapshots give equal bytes.
func Encode(w io.Writer, s *Snapshot) error {
	e, err := NewEncoder(w, s)
	if err != nil {
		return err
	}
	for i := range s.Sources {
		if err := e.Add(&s.Sources[i]); err != nil {
			return err
		}
	}
	if s.Sources == nil {
		return e.end("null")
	}
	return e.Close()
}

// Decode reads what Encode wrote. Its errors wrap ErrFormat and say at which byte reading stopped. Fields that
// this version does not know are passed over, as newer minor versions may add some.
func Decode(r io.Reader) (*Snapshot, error) {
	var s Snapshot
	for o, err := range Stream(r, &s) {
		if err != nil {
			return nil, err
		}
		s.Sources = append(s.Sources, *o)
	}
	return &s, nil
}

// Stream reads what Decode reads, with the same checks and errors, and keeps none of it. It can be ranged over once.
//
// The other fields of the snapshot are put into head, which may be nil. Encode writes them before the sources: then
// they are there when the first observation comes, otherwise at the end. Of its sources head only tells whether the
// snapshot has a list: then they are empty, else nil.
func Stream(r io.Reader, head *Snapshot) Observations {
	return stream(r, head, func(d *decoder) (*Observation, error) {
		o := &Observation{}
		if err := d.value(o, "sources"); err != nil {
			return nil, err
		}
		if err := o.check(); err != nil {
			return nil, fmt.Errorf("%w: source %d (%.60q): %w", ErrFormat, d.sources, o.Target, err)
		}
		return o, nil
	})
}

// Identities is Stream for who only wants to know which machines there are: of an observation it reads the target,
// the IDs and identities of machines, in which chassis they stand, and what their guests can be recognised by. That takes a fraction of the time,
// and what else is wrong with an observation is not noticed.
func Identities(r io.Reader) Observations {
	type machine struct {
		ID       string   `json:"id"`
		Identity Identity `json:"identity"`
		Hardware struct {
			Enclosure Reading[string] `json:"enclosure"`
		} `json:"hardware"`
	}
	type vm struct {
		UUID Reading[string] `json:"uuid"`
		MACs []string        `json:"macs"`
	}
	var seen struct {
		Target   string    `json:"target"`
		Machines []machine `json:"machines"`
		VMs      []vm      `json:"vms"`
	}
	return stream(r, nil, func(d *decoder) (*Observation, error) {
		clear(seen.Machines[:cap(seen.Machines)]) // the JSON package writes over the elements that are there
		clear(seen.VMs[:cap(seen.VMs)])
		seen.Target, seen.Machines, seen.VMs = "", seen.Machines[:0], seen.VMs[:0]
		if err := d.value(&seen, "sources"); err != nil {
			return nil, err
		}
		o := &Observation{Target: seen.Target}
		for _, m := range seen.Machines {
			o.Machines = append(o.Machines, Machine{ID: m.ID, Identity: m.Identity, Hardware: Hardware{Enclosure: m.Hardware.Enclosure}})
		}
		for _, v := range seen.VMs {
			o.VMs = append(o.VMs, VM{UUID: v.UUID, MACs: v.MACs})
		}
		return o, nil
	})
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
	return o.checkDemand()
}
