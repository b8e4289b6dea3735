package libvirt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// The client library trusts its daemon: it makes as much room as the length of a packet or list claims, panics
// on a packet that claims to be shorter than its own header, and blocks for ever on an answer that comes twice.
// A guard stands between the two and lets only packets through that the library can take. It also opens the
// connection read-only, for which the library has no option.
//
// https://libvirt.org/kbase/internals/rpc.html

// Limits and numbers of the protocol.
const (
	headerSize  = 28
	maxPacket   = 32 << 20 // libvirt's own VIR_NET_MESSAGE_MAX
	program     = 0x20008086
	typeReply   = 1
	typeMessage = 2 // an event; nobody has asked for any
	statusError = 1
	readOnly    = 1 // VIR_CONNECT_RO
)

// Procedures that this package calls.
const (
	procOpen        = 1
	procClose       = 2
	procType        = 3
	procVersion     = 4
	procNodeInfo    = 6
	procDomainXML   = 14
	procAutostart   = 15
	procDomainInfo  = 16
	procNetworkXML  = 43
	procHostname    = 59
	procAuthList    = 66
	procAuthPolkit  = 70
	procPoolInfo    = 87
	procPoolXML     = 88
	procListDomains = 273
	procListPools   = 281
	procListNets    = 283
	procAllStats    = 344
)

// shapes holds the form of each answer: s is a string, i takes 4 bytes, l 8 and u 16 (a UUID), p is a typed
// parameter, and brackets enclose the element of a list. Procedures that are not listed are refused.
var shapes = map[uint32]string{
	procOpen:        "",
	procClose:       "",
	procType:        "s",
	procVersion:     "l",
	procNodeInfo:    "uuuuuuuu" + "l" + "iiiiii", // the model is 32 bytes, each in 4
	procDomainXML:   "s",
	procAutostart:   "i",
	procDomainInfo:  "illil",
	procNetworkXML:  "s",
	procHostname:    "s",
	procAuthList:    "[i]",
	procAuthPolkit:  "i",
	procPoolInfo:    "illl",
	procPoolXML:     "s",
	procListDomains: "[sui]i",
	procListPools:   "[su]i",
	procListNets:    "[su]i",
	procAllStats:    "[sui[p]]",
}

// shapeOfError is the beginning of every error, as far as the library reads it.
const shapeOfError = "iiis"

// errGarbage marks what no libvirt daemon says.
var errGarbage = errors.New("this is not the protocol of libvirt")

// A guard is a connection that checks packets in both directions.
type guard struct {
	net.Conn
	out []byte       // what was written and is not yet a whole packet
	in  bytes.Buffer // a checked packet that was not yet read

	mu      sync.Mutex
	pending map[int32]uint32 // procedure by serial number of calls without an answer
	failed  error            // why reading ended
}

func newGuard(conn net.Conn) *guard {
	return &guard{Conn: conn, pending: map[int32]uint32{}}
}

// err returns why reading ended; nil while it goes on.
func (g *guard) err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed
}

// Write collects whole packets, notes which answer each waits for, and sends them on.
func (g *guard) Write(p []byte) (int, error) {
	g.out = append(g.out, p...)
	for len(g.out) >= headerSize {
		size := int(binary.BigEndian.Uint32(g.out))
		if size < headerSize {
			return 0, fmt.Errorf("sending a packet of %d bytes", size)
		}
		if len(g.out) < size {
			break
		}
		packet := g.out[:size]
		proc, serial := binary.BigEndian.Uint32(packet[12:]), int32(binary.BigEndian.Uint32(packet[20:]))
		if proc == procOpen {
			binary.BigEndian.PutUint32(packet[size-4:], readOnly) // its last argument is the flags
		}
		g.mu.Lock()
		g.pending[serial] = proc
		g.mu.Unlock()
		if _, err := g.Conn.Write(packet); err != nil {
			return 0, err
		}
		g.out = g.out[size:]
	}
	return len(p), nil
}

// Read gives the bytes of checked packets.
func (g *guard) Read(p []byte) (int, error) {
	for g.in.Len() == 0 {
		if err := g.next(); err != nil {
			g.mu.Lock()
			g.failed = err
			g.mu.Unlock()
			// What the library takes for an error of the network it may try to read past.
			return 0, io.EOF
		}
	}
	return g.in.Read(p)
}

// next reads one packet and checks it.
func (g *guard) next() error {
	var header [headerSize]byte
	if n, err := io.ReadFull(g.Conn, header[:]); err != nil {
		// Even the start of a packet tells garbage, which may be shorter than a header.
		if n >= 4 && checkLength(header[:]) != nil {
			return checkLength(header[:])
		}
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: it ends within a packet", errGarbage)
		}
		return err
	}
	if err := checkLength(header[:]); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(header[:])) - headerSize
	g.in.Write(header[:])
	// Room grows with what arrives, not with what is claimed.
	if n, err := io.CopyN(&g.in, g.Conn, size); err != nil {
		g.in.Reset()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it ends after %d of %d bytes of a packet", errGarbage, n, size)
		}
		return err
	}
	switch kind := binary.BigEndian.Uint32(header[16:]); kind {
	case typeMessage:
		g.in.Reset()
		return nil
	case typeReply:
		return g.reply(header[:], g.in.Bytes()[headerSize:])
	default:
		return fmt.Errorf("%w: a packet of type %d", errGarbage, kind)
	}
}

func checkLength(header []byte) error {
	if size := binary.BigEndian.Uint32(header); size < headerSize || size > maxPacket {
		return fmt.Errorf("%w: a packet of %d bytes (%.4q)", errGarbage, size, header[:4])
	}
	return nil
}

// reply checks that an answer was asked for and has the form it should have.
func (g *guard) reply(header, payload []byte) error {
	serial := int32(binary.BigEndian.Uint32(header[20:]))
	g.mu.Lock()
	proc, asked := g.pending[serial]
	delete(g.pending, serial)
	g.mu.Unlock()
	if !asked || proc != binary.BigEndian.Uint32(header[12:]) || binary.BigEndian.Uint32(header[4:]) != program {
		return fmt.Errorf("%w: an answer to a question that was not asked", errGarbage)
	}
	shape, ok := shapes[proc]
	if binary.BigEndian.Uint32(header[24:]) == statusError {
		shape, ok = shapeOfError, true
	}
	if _, left := checkShape(shape, payload); !ok || left == nil {
		return fmt.Errorf("%w: the answer to procedure %d has another form", errGarbage, proc)
	}
	return nil
}

// checkShape walks over encoded data by its form. It returns the rest of the form after a closing bracket and the
// rest of the data; nil data where it does not fit.
func checkShape(shape string, data []byte) (string, []byte) {
	if data == nil {
		data = []byte{}
	}
	take := func(n int) {
		if n > len(data) {
			data = nil
			return
		}
		data = data[n:]
	}
	word := func() int {
		if len(data) < 4 {
			data = nil
			return 0
		}
		v := binary.BigEndian.Uint32(data)
		data = data[4:]
		return int(v)
	}
	text := func() {
		if n := word(); data != nil {
			take((n + 3) &^ 3)
		}
	}
	for shape != "" && data != nil {
		what := shape[0]
		shape = shape[1:]
		switch what {
		case 'i':
			take(4)
		case 'l':
			take(8)
		case 'u':
			take(16)
		case 's':
			text()
		case 'p':
			if text(); data == nil {
				break
			}
			switch word() {
			case 1, 2, 6: // int, unsigned, bool
				take(4)
			case 3, 4, 5: // 64 bits, double
				take(8)
			case 7:
				text()
			default:
				data = nil
			}
		case '[':
			n := word()
			element := shape
			for range n {
				if len(data) == 0 {
					return "", nil
				}
				shape, data = checkShape(element, data)
			}
			if n == 0 {
				shape = afterBracket(element)
			}
		case ']':
			return shape, data
		}
	}
	return shape, data
}

// afterBracket skips the form of a list's element.
func afterBracket(shape string) string {
	depth := 1
	for i, c := range shape {
		switch c {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return shape[i+1:]
			}
		}
	}
	return ""
}
