package linux

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// CountDpkg counts the installed packages in /var/lib/dpkg/status.
func CountDpkg(r io.Reader) (int, error) {
	return countLines(r, "dpkg status", func(line []byte) bool {
		return bytes.HasPrefix(line, []byte("Status: ")) && bytes.HasSuffix(line, []byte(" ok installed"))
	}, "Package: ")
}

// CountApk counts the packages in /lib/apk/db/installed, whose records begin with a line P:name.
func CountApk(r io.Reader) (int, error) {
	return countLines(r, "apk database", func(line []byte) bool { return bytes.HasPrefix(line, []byte("P:")) }, "P:")
}

// countLines counts the lines that match. Text without a line that begins with key is not what it should be.
func countLines(r io.Reader, what string, match func([]byte) bool, key string) (int, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	n, records, empty := 0, 0, true
	for more := false; ; {
		line, err := br.ReadSlice('\n')
		cont := more
		// The rest of an overlong line is passed over: what is looked for is short.
		more = errors.Is(err, bufio.ErrBufferFull)
		if len(line) > 0 && !cont {
			empty = false
			line = bytes.TrimRight(line, "\r\n")
			if bytes.HasPrefix(line, []byte(key)) {
				records++
			}
			if match(line) {
				n++
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !more {
			return 0, fmt.Errorf("reading the %s: %w", what, err)
		}
	}
	if !empty && records == 0 {
		return 0, fmt.Errorf("%s: %w: no record in it", what, ErrFormat)
	}
	return n, nil
}
