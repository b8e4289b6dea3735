package rpm

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// countBDB counts the entries of a hash of Berkeley DB, the format of RPM up to 4.15: one for each package, whose
// key is a number, and one with the key zero, which holds the last number that was given. Values that are longer than a quarter
// of a page lie on pages of their own, which are passed over. The layout of pages is that of src/dbinc/db_page.h of
// Berkeley DB 5.3.
func countBDB(file string) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return readBDB(f)
}

const (
	bdbMagic      = 0x00061561
	bdbHeader     = 26 // bytes at the head of each page
	hashUnsorted  = 2  // kinds of page
	hashMetadata  = 8
	hashSorted    = 13
	keyItem       = 1 // kind of an item that lies in the page itself
	maxBDBPackage = 4_000_000
)

func readBDB(r io.Reader) (int, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(72)
	if err != nil {
		return 0, fmt.Errorf("%w: reading its first page: %w", ErrFormat, err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(head[12:]) != bdbMagic {
		order = binary.BigEndian
	}
	size := order.Uint32(head[20:])
	if order.Uint32(head[12:]) != bdbMagic || head[24] != 0 || head[25] != hashMetadata || size < 512 || size > 64<<10 || size&(size-1) != 0 {
		return 0, fmt.Errorf("%w: first page % x", ErrFormat, head[:26])
	}
	last := order.Uint32(head[32:])
	page := make([]byte, size)
	n := 0
	for number := uint32(0); ; number++ {
		if _, err := io.ReadFull(br, page); errors.Is(err, io.EOF) && number > last {
			return n, nil
		} else if err != nil {
			return 0, fmt.Errorf("%w: reading page %d of %d: %w", ErrFormat, number, last, err)
		}
		if kind := page[25]; number > 0 && number <= last && (kind == hashSorted || kind == hashUnsorted) {
			k, err := entries(page, order)
			if err != nil {
				return 0, fmt.Errorf("%w: page %d: %w", ErrFormat, number, err)
			}
			if n += k; n > maxBDBPackage {
				return 0, fmt.Errorf("%w: too many packages", ErrFormat)
			}
		}
	}
}

// entries counts those of a page whose key is not zero. A page has the places of its items in pairs of key and value;
// each item ends where the one before it begins.
func entries(page []byte, order binary.ByteOrder) (int, error) {
	items := int(order.Uint16(page[20:]))
	if items%2 != 0 || bdbHeader+2*items > len(page) {
		return 0, fmt.Errorf("%d items", items)
	}
	n, end := 0, len(page)
	for i := 0; i < items; i += 2 {
		key, value := int(order.Uint16(page[bdbHeader+2*i:])), int(order.Uint16(page[bdbHeader+2*i+2:]))
		if key < bdbHeader || key >= end || value < bdbHeader || value >= key {
			return 0, fmt.Errorf("items at %d and %d", key, value)
		}
		if item := page[key:end]; item[0] != keyItem || len(item) != 5 || item[1]|item[2]|item[3]|item[4] != 0 {
			n++
		}
		end = value
	}
	return n, nil
}
