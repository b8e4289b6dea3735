package sysstat

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The kinds of error. What was read before one is good.
var (
	// ErrFormat marks what sadc does not write.
	ErrFormat = errors.New("no file of sysstat, or a damaged one")
	// ErrVersion marks a file of a version with another format.
	ErrVersion = errors.New("unsupported version")
	// ErrForeign marks a file that was written on another kind of machine: of the other byte order, or of 32 bits.
	ErrForeign = errors.New("written on another kind of machine")
	// ErrTruncated marks a file that ends in the middle.
	ErrTruncated = errors.New("ends in the middle")
)

// A Header is what a file says of itself.
type Header struct {
	Version string    // of sysstat: 12.6.1
	Created time.Time // when the first record was written
	Node    string    // host name of the machine
}

// A Record is what was read at one moment. Counters run since the machine was started.
type Record struct {
	Restart    bool   // sadc was started, as it is after the machine was: counters begin anew. The rest is empty then
	Time       int64  // seconds since the epoch
	Uptime     uint64 // hundredths of a second
	CPUs       []CPU  // the first sums up all; one that is offline is all zeros
	Memory     Memory
	Interfaces []Interface
}

// A CPU holds the time that a processor has spent, in ticks. Time of guests is in Busy.
type CPU struct{ Busy, Idle, IOWait, Steal uint64 }

// Memory is how much there is, and how much the kernel could give away, in KiB. Zero is not known.
type Memory struct{ Total, Available uint64 }

// An Interface holds the bytes that a network interface has carried.
type Interface struct {
	Name           string
	Received, Sent uint64
}

// An activity is one kind of statistics of a file.
type activity struct {
	id, magic   uint32
	items, each uint32 // how many items there are, unless each record says, and how many parts each has
	counted     bool   // each record says how many items it has
	size        uint32 // of a part
	types       types
}

// A Reader reads the records of a file.
type Reader struct {
	Header     Header
	r          *bufio.Reader
	recordSize uint32
	record     types
	activities []activity
	names      map[string]string // of interfaces, so that each is kept once
}

// bufferSize is how much of a file is read at once. It holds the largest structure.
const bufferSize = 32 << 10

// NewReader reads the beginning of a file.
func NewReader(from io.Reader) (*Reader, error) {
	r := &Reader{r: bufio.NewReaderSize(from, bufferSize), names: make(map[string]string)}
	b, err := r.next(magicSize)
	if err != nil {
		return nil, err
	}
	switch binary.LittleEndian.Uint16(b) {
	case magic:
	case magicSwapped:
		return nil, fmt.Errorf("%w: of the other byte order", ErrForeign)
	default:
		return nil, fmt.Errorf("%w: it begins with %#x", ErrFormat, b[:2])
	}
	r.Header.Version = fmt.Sprintf("%d.%d.%d", b[4], b[5], b[6])
	if f := binary.LittleEndian.Uint16(b[2:]); f != format {
		return nil, fmt.Errorf("%w: format %#x of sysstat %s", ErrVersion, f, r.Header.Version)
	}
	size, t := binary.LittleEndian.Uint32(b[8:]), readTypes(b[16:])
	if size == 0 || size > maxHeaderSize {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrFormat, size)
	}
	if err := t.check("header", size); err != nil {
		return nil, err
	}
	if b, err = r.next(int(size)); err != nil {
		return nil, err
	}
	if err := r.header(structure{t, b}); err != nil {
		return nil, err
	}
	return r, nil
}

// header reads the file's header and the list of activities that follows it.
func (r *Reader) header(h structure) error {
	if size := h.text(2, 1); len(size) != 1 || size[0] != 8 {
		return fmt.Errorf("%w: not of 64 bits", ErrForeign)
	}
	r.Header.Created = time.Unix(int64(min(h.long64(0), 1<<40)), 0).UTC()
	r.Header.Node = string(h.text(3+nameSize, nameSize))
	activities, size := h.int32(1), h.int32(9)
	described := types{h.int32(3), h.int32(4), h.int32(5)}
	r.record, r.recordSize = types{h.int32(6), h.int32(7), h.int32(8)}, h.int32(10)
	extra := h.int32(11) != 0
	if activities > maxActivities || size == 0 || size > maxActivity || r.recordSize == 0 || r.recordSize > maxRecordSize {
		return fmt.Errorf("%w: %d activities of %d bytes, records of %d", ErrFormat, activities, size, r.recordSize)
	}
	if err := errors.Join(described.check("activity", size), r.record.check("record", r.recordSize)); err != nil {
		return err
	}
	for range activities {
		b, err := r.next(int(size))
		if err != nil {
			return err
		}
		s := structure{described, b}
		a := activity{id: s.int32(0), magic: s.int32(1), items: s.int32(2), each: s.int32(3), counted: s.int32(4) != 0, size: s.int32(5),
			types: types{s.int32(6), s.int32(7), s.int32(8)}}
		if a.items < 1 || a.items > maxItems || a.each < 1 || a.each > maxSubItems || a.size < 1 || a.size > maxItemSize {
			return fmt.Errorf("%w: activity %d of %d items, %d parts and %d bytes", ErrFormat, a.id, a.items, a.each, a.size)
		}
		if err := a.types.check("statistics", a.size); err != nil {
			return err
		}
		r.activities = append(r.activities, a)
	}
	if extra {
		return r.skipExtra()
	}
	return nil
}

// Next reads the next record into rec, whose lists it uses again. It gives io.EOF behind the last one.
func (r *Reader) Next(rec *Record) error {
	for {
		if _, err := r.r.Peek(1); errors.Is(err, io.EOF) {
			return io.EOF
		}
		b, err := r.next(int(r.recordSize))
		if err != nil {
			return err
		}
		s := structure{r.record, b}
		word := s.text(0, 4)
		kind, clock := b[r.record.numbers():], false
		if len(kind) >= 4 {
			clock = kind[1] < 24 && kind[2] < 60 && kind[3] <= 60
		}
		if !clock || s.long64(1) < leastTimestamp || s.long64(1) > 1<<40 {
			return fmt.Errorf("%w: record %q at %d", ErrFormat, word, s.long64(1))
		}
		*rec = Record{Time: int64(s.long64(1)), Uptime: s.long64(0), CPUs: rec.CPUs[:0], Interfaces: rec.Interfaces[:0]}
		extra := s.int32(0) != 0
		switch k := kind[0]; {
		case k == recordStatistics || k == recordLast:
			if extra {
				if err := r.skipExtra(); err != nil {
					return err
				}
			}
			return r.statistics(rec)
		case k == recordRestart:
			rec.Restart = true
			if err := r.skip(4); err != nil { // the number of processors
				return err
			}
		case k == recordComment:
			if err := r.skip(commentSize); err != nil {
				return err
			}
		case k < recordExtraLeast || k > recordExtraMost:
			return fmt.Errorf("%w: record of kind %d", ErrFormat, k)
		}
		if extra {
			if err := r.skipExtra(); err != nil {
				return err
			}
		}
		if rec.Restart {
			return nil
		}
	}
}

// statistics reads what a record holds of each activity.
func (r *Reader) statistics(rec *Record) error {
	for i := range r.activities {
		a := &r.activities[i]
		items := a.items
		if a.counted {
			b, err := r.next(4)
			if err != nil {
				return err
			}
			if items = binary.LittleEndian.Uint32(b); items > maxItems {
				return fmt.Errorf("%w: %d items of activity %d", ErrFormat, items, a.id)
			}
		}
		read, most := a.reads(rec)
		if read == nil {
			if err := r.skip(int64(items) * int64(a.each) * int64(a.size)); err != nil {
				return err
			}
			continue
		}
		if items > most {
			return fmt.Errorf("%w: %d items of activity %d", ErrFormat, items, a.id)
		}
		for range items {
			b, err := r.next(int(a.size))
			if err != nil {
				return err
			}
			read(r, structure{a.types, b})
		}
	}
	return nil
}

// reads gives what takes the items of an activity into a record, and how many there can be; nil for one that is not
// wanted, or whose layout is another.
func (a *activity) reads(rec *Record) (read func(*Reader, structure), most uint32) {
	switch {
	case a.each != 1:
		return nil, 0
	case a.id == activityCPU && a.magic == cpuMagic:
		return rec.cpu, maxCPUs + 1
	case a.id == activityMemory && a.magic == memoryMagic:
		return rec.memory, 1
	case a.id == activityInterface && a.magic == interfaceMagic:
		return rec.network, maxInterfaces
	}
	return nil, 0
}

// cpu takes over user, nice, system, idle, I/O wait, steal, and hard and soft interrupts.
func (rec *Record) cpu(_ *Reader, s structure) {
	rec.CPUs = append(rec.CPUs, CPU{
		Busy: s.long64(0) + s.long64(1) + s.long64(2) + s.long64(6) + s.long64(7),
		Idle: s.long64(3), IOWait: s.long64(4), Steal: s.long64(5),
	})
}

func (rec *Record) memory(_ *Reader, s structure) {
	rec.Memory = Memory{Total: s.long64(3), Available: s.long64(16)}
}

func (rec *Record) network(r *Reader, s structure) {
	text := s.text(0, interfaceSize)
	name, ok := r.names[string(text)]
	if !ok {
		name = string(text)
		if len(r.names) < maxInterfaces {
			r.names[name] = name
		}
	}
	rec.Interfaces = append(rec.Interfaces, Interface{Name: name, Received: s.long64(2), Sent: s.long64(3)})
}

// skipExtra skips structures that the format has room for, and that nobody has made up yet.
func (r *Reader) skipExtra() error {
	for {
		b, err := r.next(extraSize)
		if err != nil {
			return err
		}
		number, size, more := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:]) != 0
		if number > maxExtras || size > maxExtraSize {
			return fmt.Errorf("%w: %d extra structures of %d bytes", ErrFormat, number, size)
		}
		if err := r.skip(int64(number) * int64(size)); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// next gives the next n bytes, until the next call.
func (r *Reader) next(n int) ([]byte, error) {
	b, err := r.r.Peek(n)
	if err != nil {
		return nil, broken(err)
	}
	_, _ = r.r.Discard(n) // cannot fail: they are in the buffer
	return b, nil
}

func (r *Reader) skip(n int64) error {
	for n > 0 {
		part := min(n, 1<<30)
		if _, err := r.r.Discard(int(part)); err != nil {
			return broken(err)
		}
		n -= part
	}
	return nil
}

// broken tells the end of a file from an error of reading it.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return err
}
