// Package sysstattest writes files as sysstat's collector does, so that tests can say what is in them.
package sysstattest

import (
	"bytes"
	"encoding/binary"
)

// Sizes in bytes.
const (
	nameSize      = 65
	interfaceSize = 16
	commentSize   = 64
)

// Types are the numbers that a structure begins with: of 64 bits, longs, and of 32 bits.
type Types [3]uint32

func (t Types) size() uint32 { return t[0]*8 + t[1]*8 + t[2]*4 }

// CPU holds the time of a processor in ticks.
type CPU struct{ Busy, Idle, IOWait, Steal uint64 }

// Interface holds the bytes that a network interface has carried.
type Interface struct {
	Name           string
	Received, Sent uint64
}

// A File is one that is being written. What a version of sysstat writes otherwise is set in its fields.
type File struct {
	bytes.Buffer
	Format               uint16
	Version              [4]byte
	Long                 byte // size of a long in bytes
	CPU, Memory, Network Types
	Extra                bool // extra structures wherever the format has room for them

	cpus uint32
}

// New is a file of sysstat 12.6.1 on a machine with so many processors.
func New(cpus int) *File {
	return &File{Format: 0x2175, Version: [4]byte{12, 6, 1, 0}, Long: 8, CPU: Types{10}, Memory: Types{17}, Network: Types{7, 0, 1}, cpus: uint32(cpus)}
}

// HeaderSize is where records begin, unless there are extra structures.
const HeaderSize = listAt + 5*36

const listAt = 76 + 8 + 8 + 12*4 + 3 + 4*nameSize + 9

// Header writes the beginning: when it was, in seconds since the epoch, and on which host.
func (f *File) Header(created uint64, node string) {
	f.put(uint16(0xd596), f.Format, f.Version, uint32(listAt-76), uint32(0), Types{1, 1, 12}, make([]byte, 48))
	f.put(created, uint64(100), []uint32{f.cpus + 1, 5, 126}, Types{0, 0, 9}, Types{2, 0, 1}, []uint32{36, 24, f.flag()})
	f.put([]byte{1, 2, f.Long})
	f.text("Linux", nameSize)
	f.text(node, nameSize)
	f.text("6.1.0", nameSize)
	f.text("x86_64", nameSize)
	f.text("UTC", 9)
	for _, a := range [][]uint32{
		{1, 0x8b, f.cpus + 1, 1, 1, f.CPU.size(), f.CPU[0], f.CPU[1], f.CPU[2]},
		{99, 0x8a, 3, 2, 1, 10, 1, 0, 0}, // unknown, with two parts
		{7, 0x8b, 1, 1, 0, f.Memory.size(), f.Memory[0], f.Memory[1], f.Memory[2]},
		{12, 0x8d, 2, 1, 1, f.Network.size() + interfaceSize + 4, f.Network[0], f.Network[1], f.Network[2]},
		{98, 0x8a, 2, 1, 0, 7, 0, 0, 1},
	} {
		f.put(a)
	}
	f.more()
}

// Statistics writes what is read at a moment, in seconds since the epoch, with the uptime in hundredths of a second. Of
// processors, all but the sum are given; memory is in KiB.
func (f *File) Statistics(at, uptime uint64, cpus []CPU, total, available uint64, list []Interface) {
	f.record(1, at, uptime)
	f.more()
	var sum CPU
	for _, c := range cpus {
		sum = CPU{sum.Busy + c.Busy, sum.Idle + c.Idle, sum.IOWait + c.IOWait, sum.Steal + c.Steal}
	}
	f.put(uint32(len(cpus) + 1))
	for _, c := range append([]CPU{sum}, cpus...) {
		f.numbers(f.CPU, []uint64{c.Busy / 2, 0, c.Busy / 4, c.Idle, c.IOWait, c.Steal, 0, c.Busy - c.Busy/2 - c.Busy/4})
	}
	f.put(uint32(1), make([]byte, 20))
	f.numbers(f.Memory, []uint64{3: total, 16: available})
	f.put(uint32(len(list)))
	for _, n := range list {
		f.numbers(f.Network, []uint64{7, 8, n.Received, n.Sent}, 1000)
		f.text(n.Name, interfaceSize)
		f.text("", 4)
	}
	f.put(make([]byte, 14))
}

// Restart writes that the machine was started.
func (f *File) Restart(at uint64) {
	f.record(2, at, 0)
	f.put(f.cpus + 1)
	f.more()
}

// Comment writes a remark.
func (f *File) Comment(at uint64, text string) {
	f.record(4, at, 1)
	f.text(text, commentSize)
	f.more()
}

// Nothing writes a record that holds extra structures only.
func (f *File) Nothing(at uint64) {
	f.record(5, at, 1)
	f.more()
}

func (f *File) record(kind byte, at, uptime uint64) {
	f.put(uptime, at, f.flag(), []byte{kind, 12, 34, 56})
}

// numbers writes values as the numbers of a structure, with zeros for the rest.
func (f *File) numbers(t Types, longs []uint64, ints ...uint32) {
	all := make([]uint64, t[0])
	copy(all, longs)
	few := make([]uint32, t[2])
	copy(few, ints)
	f.put(all, make([]uint64, t[1]), few)
}

func (f *File) put(values ...any) {
	for _, v := range values {
		_ = binary.Write(f, binary.LittleEndian, v) // a buffer takes anything
	}
}

func (f *File) text(s string, n int) {
	b := make([]byte, n)
	copy(b, s)
	f.Write(b)
}

func (f *File) flag() uint32 {
	if f.Extra {
		return 1
	}
	return 0
}

// more writes two descriptions of extra structures.
func (f *File) more() {
	if f.Extra {
		f.put([]uint32{2, 12, 1, 0, 0, 3}, make([]byte, 24))
		f.put([]uint32{1, 5, 0, 0, 0, 0}, make([]byte, 5))
	}
}
