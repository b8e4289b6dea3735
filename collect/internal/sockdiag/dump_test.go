//go:build linux

package sockdiag

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
)

// The kernel shows the sockets that this test opens, with their ports and inodes.
func TestDump(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	find := func(p Protocol, state State, local, remote string) Socket {
		t.Helper()
		var found Socket
		err := Dump(context.Background(), p, []State{state}, func(s Socket) bool {
			if s.State != state {
				t.Errorf("asked for state %d, got %+v", state, s)
			}
			if s.Local == netip.MustParseAddrPort(local) && (remote == "" || s.Remote == netip.MustParseAddrPort(remote)) {
				found = s
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if !found.Local.IsValid() {
			t.Errorf("no socket at %s in state %d", local, state)
		}
		return found
	}
	l := find(TCP, Listening, listener.Addr().String(), "")
	find(TCP, Established, listener.Addr().String(), client.LocalAddr().String())
	find(UDP, Unconnected, packets.LocalAddr().String(), "")
	if l.UID != uint32(os.Getuid()) {
		t.Errorf("the socket belongs to user %d", l.UID)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if want := fmt.Sprintf("socket:[%d]", l.Inode); err != nil || link != want {
		t.Errorf("got %s, %v; want %s", link, err, want)
	}
}

func TestDumpEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := Dump(ctx, TCP, []State{Listening}, func(Socket) bool { return true }); err == nil {
		t.Error("it goes on after its context has ended")
	}
	n := 0
	if err := Dump(context.Background(), TCP, []State{Listening, Established}, func(Socket) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("asked to stop after one, it gave %d: %v", n, err)
	}
}
