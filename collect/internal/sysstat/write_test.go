package sysstat

import (
	"bytes"
	"encoding/binary"
)

// A writer makes files as sadc does, so that tests can say what is in them. What a version of sysstat writes otherwise is
// set in its fields.
type writer struct {
	bytes.Buffer
	format  uint16
	version [4]byte
	long    byte  // size of a long
	cpu     types // numbers of the structure for processors, and so on
	memory  types
	network types
	extra   bool // extra structures wherever the format has room for them
	cpus    uint32
}

// newWriter is one of sysstat 12.6.1 on a machine with so many processors.
func newWriter(cpus int) *writer {
	return &writer{format: format, version: [4]byte{12, 6, 1, 0}, long: 8, cpu: types{10}, memory: types{17}, network: types{7, 0, 1}, cpus: uint32(cpus)}
}

func (w *writer) put(values ...any) {
	for _, v := range values {
		_ = binary.Write(w, binary.LittleEndian, v) // a buffer takes anything
	}
}

func (w *writer) text(s string, n int) {
	b := make([]byte, n)
	copy(b, s)
	w.Write(b)
}

func (w *writer) flag() uint32 {
	if w.extra {
		return 1
	}
	return 0
}

// more writes two descriptions of extra structures.
func (w *writer) more() {
	if w.extra {
		w.put([]uint32{2, 12, 1, 0, 0, 3}, make([]byte, 24))
		w.put([]uint32{1, 5, 0, 0, 0, 0}, make([]byte, 5))
	}
}

// sizes of the structures: numbers, and for interfaces a name and a mode.
func (w *writer) sizes() (cpu, memory, network uint32) {
	return uint32(w.cpu.numbers()), uint32(w.memory.numbers()), uint32(w.network.numbers()) + interfaceSize + 4
}

func (w *writer) header(created uint64, node string) {
	w.put(uint16(magic), w.format, w.version, uint32(8+8+12*4+3+4*nameSize+8+1), uint32(0), types{1, 1, 12}, make([]byte, 48))
	w.put(created, uint64(100), []uint32{w.cpus + 1, 5, 126}, types{0, 0, 9}, types{2, 0, 1}, []uint32{36, 24, w.flag()})
	w.put([]byte{1, 2, w.long})
	w.text("Linux", nameSize)
	w.text(node, nameSize)
	w.text("6.1.0", nameSize)
	w.text("x86_64", nameSize)
	w.text("UTC", 9)
	cpu, memory, network := w.sizes()
	for _, a := range [][]uint32{
		{activityCPU, cpuMagic, w.cpus + 1, 1, 1, cpu, w.cpu[0], w.cpu[1], w.cpu[2]},
		{99, 0x8a, 3, 2, 1, 10, 1, 0, 0}, // unknown, with two parts
		{activityMemory, memoryMagic, 1, 1, 0, memory, w.memory[0], w.memory[1], w.memory[2]},
		{activityInterface, interfaceMagic, 2, 1, 1, network, w.network[0], w.network[1], w.network[2]},
		{98, 0x8a, 2, 1, 0, 7, 0, 0, 1},
	} {
		w.put(a)
	}
	w.more()
}

func (w *writer) record(kind byte, at, uptime uint64) {
	w.put(uptime, at, w.flag(), []byte{kind, 12, 34, 56})
}

// numbers writes values as the numbers of a structure, with zeros for the rest.
func (w *writer) numbers(t types, longs []uint64, ints ...uint32) {
	all := make([]uint64, t[0])
	copy(all, longs)
	w.put(all, make([]uint64, t[1]))
	few := make([]uint32, t[2])
	copy(few, ints)
	w.put(few)
}

// statistics writes a record. Of processors, all but the sum are given.
func (w *writer) statistics(at, uptime uint64, cpus []CPU, m Memory, list []Interface) {
	w.record(recordStatistics, at, uptime)
	w.more()
	var sum CPU
	for _, c := range cpus {
		sum.Busy, sum.Idle, sum.IOWait, sum.Steal = sum.Busy+c.Busy, sum.Idle+c.Idle, sum.IOWait+c.IOWait, sum.Steal+c.Steal
	}
	w.put(uint32(len(cpus) + 1))
	for _, c := range append([]CPU{sum}, cpus...) {
		parts := []uint64{c.Busy / 2, 0, c.Busy / 4, c.Idle, c.IOWait, c.Steal, 0, c.Busy - c.Busy/2 - c.Busy/4}
		w.numbers(w.cpu, parts)
	}
	w.put(uint32(1), make([]byte, 20))
	memory := make([]uint64, 17)
	memory[3], memory[16] = m.Total, m.Available
	w.numbers(w.memory, memory)
	w.put(uint32(len(list)))
	for _, n := range list {
		w.numbers(w.network, []uint64{7, 8, n.Received, n.Sent}, 1000)
		w.text(n.Name, interfaceSize)
		w.text("", 4)
	}
	w.put(make([]byte, 14))
}

func (w *writer) restart(at uint64) {
	w.record(recordRestart, at, 0)
	w.put(w.cpus + 1)
	w.more()
}

func (w *writer) comment(at uint64, text string) {
	w.record(recordComment, at, 1)
	w.text(text, commentSize)
	w.more()
}
