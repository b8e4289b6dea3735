package sysstat

import (
	"encoding/binary"
	"fmt"
)

// Marks at the beginning of a file.
const (
	magic        = 0xd596
	magicSwapped = 0x96d5
	format       = 0x2175 // since sysstat 11.7.1
)

// Sizes and limits in bytes, where no other unit is said.
const (
	magicSize      = 76
	nameSize       = 65 // of the names in the header
	interfaceSize  = 16 // of the name of an interface
	commentSize    = 64
	extraSize      = 24 // of what describes structures that this version of the format does not have
	maxHeaderSize  = 8192
	maxActivity    = 1024 // of what describes an activity
	maxRecordSize  = 512
	maxItemSize    = 1024
	maxExtraSize   = 1024
	maxActivities  = 256     // in number
	maxExtras      = 8192    // in number
	maxItems       = 1 << 28 // in number, of anything
	maxSubItems    = 4096    // in number
	maxCPUs        = 1 << 13 // in number
	maxInterfaces  = 1 << 16 // in number
	leastTimestamp = 1_000_000_000
)

// Activities that are read, with the mark of their layout.
const (
	activityCPU       = 1
	activityMemory    = 7
	activityInterface = 12

	cpuMagic       = 0x8b
	memoryMagic    = 0x8b
	interfaceMagic = 0x8d
)

// Kinds of record.
const (
	recordStatistics = 1
	recordRestart    = 2
	recordLast       = 3 // statistics before the file was changed
	recordComment    = 4
	recordExtraLeast = 5
	recordExtraMost  = 15
)

// types says how many 64-bit numbers, longs and 32-bit numbers a structure begins with, in this order. A long takes
// eight bytes, whatever the machine. What follows the numbers is text.
type types [3]uint32

func readTypes(b []byte) types {
	return types{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])}
}

// numbers is the size of the numbers in bytes; what follows them begins there.
func (t types) numbers() uint64 { return uint64(t[0])*8 + uint64(t[1])*8 + uint64(t[2])*4 }

// check tells whether a structure of so many bytes can begin with these numbers.
func (t types) check(what string, size uint32) error {
	if t.numbers() > uint64(size) {
		return fmt.Errorf("%w: %s: %d bytes of numbers in %d", ErrFormat, what, t.numbers(), size)
	}
	return nil
}

// A structure is one of a file, with the types of its numbers; they fit into it (see check). A number that it does not
// have is zero.
type structure struct {
	types
	b []byte
}

// long64 gives the 64-bit number with an index among those.
func (s structure) long64(i int) uint64 {
	if i >= int(s.types[0]) {
		return 0
	}
	return binary.LittleEndian.Uint64(s.b[i*8:])
}

// int32 gives the 32-bit number with an index among those.
func (s structure) int32(i int) uint32 {
	if i >= int(s.types[2]) {
		return 0
	}
	return binary.LittleEndian.Uint32(s.b[int(s.types[0]+s.types[1])*8+i*4:])
}

// text gives at most n bytes from an offset behind the numbers, without the zeros that end them.
func (s structure) text(from, n int) []byte {
	from += int(s.numbers())
	if from >= len(s.b) {
		return nil
	}
	text := s.b[from:min(len(s.b), from+n)]
	for i, c := range text {
		if c == 0 {
			return text[:i]
		}
	}
	return text
}
