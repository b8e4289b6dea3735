package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Bounds of what a series holds. They keep a document from taking more room or time than any real one.
const (
	// MaxSeries is the largest number of values: a month of one every ten seconds.
	MaxSeries = 30 * 8640
	// MaxCores is the largest number of cores of a value.
	MaxCores = 1 << 20
	// MaxMemory is the largest number of bytes of a value.
	MaxMemory Bytes = 1 << 60
	// MinStep and MaxStep bound the step.
	MinStep Seconds = 1
	MaxStep         = 31 * Day
)

// The bounds of the times that a series may cover.
var (
	minStart = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	maxEnd   = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// Check says what is wrong with a series: no values or too many, a step or a time that makes no sense, or values that are
// no use of anything; nil where nothing is.
func (s *Series) Check() error {
	step := float64(s.Step)
	switch {
	case len(s.CPU) == 0:
		return errors.New("it has no values")
	case len(s.CPU) > MaxSeries:
		return fmt.Errorf("it has %d values, want at most %d", len(s.CPU), MaxSeries)
	case len(s.Memory) != 0 && len(s.Memory) != len(s.CPU):
		return fmt.Errorf("it has %d values of memory and %d of CPU, want as many or none", len(s.Memory), len(s.CPU))
	case !(s.Step >= MinStep && s.Step <= MaxStep):
		return fmt.Errorf("its step is %v seconds, want %v to %v", step, float64(MinStep), float64(MaxStep))
	case s.Start.Before(minStart) || !s.Start.Before(maxEnd) || s.Start.Unix()+int64(step*float64(len(s.CPU))) > maxEnd.Unix():
		return fmt.Errorf("it lies outside of the years %d to %d", minStart.Year(), maxEnd.Year()-1)
	}
	for i, v := range s.CPU {
		if math.IsNaN(v) || math.Abs(v) > MaxCores {
			return fmt.Errorf("value %d of CPU is %v cores, want at most %d", i+1, v, MaxCores)
		}
	}
	for i, v := range s.Memory {
		if v < -1 || v > MaxMemory {
			return fmt.Errorf("value %d of memory is %d bytes, want at most %d, or -1 for a gap", i+1, int64(v), int64(MaxMemory))
		}
	}
	return nil
}

// covers is the time that was observed, in seconds.
func (s *Series) covers() float64 {
	if s == nil {
		return 0
	}
	n := 0
	for _, v := range s.CPU {
		if v >= 0 {
			n++
		}
	}
	return float64(n) * float64(s.Step)
}

// better returns the series that shows more: more time, else memory too, else the finer one. Where both show equally
// much, s stays.
func (s *Series) better(other *Series) *Series {
	a, b := s.covers(), other.covers()
	switch {
	case other == nil || a > b:
		return s
	case s == nil || a < b:
		return other
	case (len(other.Memory) > 0) != (len(s.Memory) > 0):
		if len(other.Memory) > 0 {
			return other
		}
	case other.Step < s.Step:
		return other
	}
	return s
}

// UnmarshalJSON reads a series. A null among its values is an error, as it would be read as zero: no use at all.
func (s *Series) UnmarshalJSON(b []byte) error {
	var plain struct {
		Start  time.Time       `json:"start"`
		Step   Seconds         `json:"step"`
		CPU    json.RawMessage `json:"cpu"`
		Memory json.RawMessage `json:"memory"`
	}
	if err := json.Unmarshal(b, &plain); err != nil {
		return placeless(err)
	}
	*s = Series{Start: plain.Start, Step: plain.Step}
	if err := numbers(plain.CPU, &s.CPU); err != nil {
		return err
	}
	return numbers(plain.Memory, &s.Memory)
}

// UnmarshalJSON reads the 24 hours. Fewer or more are an error, as those that are missing would be zero.
func (h *ByHour) UnmarshalJSON(b []byte) error {
	var hours []float64
	if err := numbers(b, &hours); err != nil {
		return err
	}
	if len(hours) != len(h) {
		return fmt.Errorf("%d hours of the day, want %d", len(hours), len(h))
	}
	copy(h[:], hours)
	return nil
}

// numbers reads a list of numbers; null is none, and not one of them.
func numbers[T any](b []byte, list *[]T) error {
	null := []byte("null")
	if len(b) == 0 || bytes.Equal(bytes.TrimSpace(b), null) {
		return nil
	}
	if bytes.Contains(b, null) {
		return errors.New("a value of a series is null, want a number, below 0 where it was not observed")
	}
	if plain, ok := plainList[T](b); ok {
		*list = plain
		return nil
	}
	return placeless(json.Unmarshal(b, list))
}

// placeless takes from an error where it is: in a part of the text, which says nothing of the whole.
func placeless(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		kind.Offset = 0
		return kind
	}
	return err
}

// check says what is wrong with what is known of a demand over time.
func (d *Demand) check() error {
	for hour, v := range d.CPUByHour.Or(&ByHour{}) {
		if !(v >= 0 && v <= MaxCores) {
			return fmt.Errorf("from %02d:00 UTC it uses %v cores, want 0 to %d", hour, v, MaxCores)
		}
	}
	if d.Series == nil {
		return nil
	}
	if err := d.Series.Check(); err != nil {
		return fmt.Errorf("its series: %w", err)
	}
	return nil
}

// checkDemand finds series that nothing real has.
func (o *Observation) checkDemand() error {
	named := func(kind, id string, err error) error {
		return fmt.Errorf("%s %.60q: %w", kind, id, err)
	}
	for i := range o.Machines {
		if err := o.Machines[i].Demand.check(); err != nil {
			return named("machine", o.Machines[i].ID, err)
		}
	}
	for i := range o.VMs {
		if err := o.VMs[i].Demand.check(); err != nil {
			return named("virtual machine", o.VMs[i].ID, err)
		}
	}
	for i := range o.Containers {
		if err := o.Containers[i].Demand.check(); err != nil {
			return named("container", o.Containers[i].ID, err)
		}
	}
	for i := range o.Workloads {
		if err := o.Workloads[i].Demand.check(); err != nil {
			return named("workload", o.Workloads[i].ID, err)
		}
	}
	return nil
}
