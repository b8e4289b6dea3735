package collecttest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Socket listens on a unix socket of its own, serves each connection with serve, and returns the path. When the
// test ends all connections are closed and all goroutines have ended.
func Socket(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	// Not t.TempDir: its name grows with the test's, and the path of a socket has room for 107 bytes.
	dir, err := os.MkdirTemp("", "infraopt-")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	closed := false
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			stop := closed
			mu.Unlock()
			if stop {
				conn.Close()
				continue
			}
			wg.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		closed = true
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
		os.RemoveAll(dir)
	})
	return path
}

// Silent is a server that accepts, reads and never answers.
func Silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// Says is a server that says one thing to whoever comes, before being asked anything, and then only listens.
func Says(text []byte) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := conn.Write(text); err == nil {
			Silent(conn)
		}
	}
}
