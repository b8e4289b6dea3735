package rpm

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// countNDB counts the slots that are taken in RPM's own format, that of SUSE. The file begins with pages of slots of
// 16 bytes each, of which the first two are the header: magic number, version, generation, number of pages. A slot
// has a magic number, and the number of a package or zero. https://github.com/rpm-software-management/rpm,
// lib/backend/ndb/rpmpkg.c of 4.17.
func countNDB(file string) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return readNDB(f)
}

const (
	ndbMagic    = 'R' | 'p'<<8 | 'm'<<16 | 'P'<<24
	slotMagic   = 'S' | 'l'<<8 | 'o'<<16 | 't'<<24
	slotSize    = 16
	slotPage    = 4096
	maxNDBPages = 1 << 14 // pages of 256 slots: four million packages
)

func readNDB(r io.Reader) (int, error) {
	br := bufio.NewReaderSize(r, slotPage)
	var slot [slotSize]byte
	next := func() error {
		if _, err := io.ReadFull(br, slot[:]); err != nil {
			return fmt.Errorf("%w: reading slots: %w", ErrFormat, err)
		}
		return nil
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(slot[4*i:]) }
	if err := next(); err != nil {
		return 0, err
	}
	pages := word(3)
	if word(0) != ndbMagic || word(1) != 0 || pages == 0 || pages > maxNDBPages {
		return 0, fmt.Errorf("%w: header % x", ErrFormat, slot)
	}
	if err := next(); err != nil { // the rest of the header
		return 0, err
	}
	n := 0
	for range int(pages)*slotPage/slotSize - 2 {
		if err := next(); err != nil {
			return 0, err
		}
		if word(0) != slotMagic {
			return 0, fmt.Errorf("%w: slot % x", ErrFormat, slot)
		}
		if word(1) != 0 {
			n++
		}
	}
	return n, nil
}
