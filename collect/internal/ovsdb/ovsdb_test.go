package ovsdb

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const reply = `{"id":1,"error":null,"result":[` +
	`{"rows":[{"name":"br-int","datapath_type":"","ports":["set",[["uuid","a"],["uuid","b"]]]},{"name":"br0","datapath_type":"netdev","ports":["uuid","c"]}]},` +
	`{"rows":[{"type":"internal"},{"type":""},{"type":"geneve"},{"type":"internal"}]}]}`

var want = Switch{
	Bridges:    []Bridge{{Name: "br-int", Datapath: "system", Ports: 2}, {Name: "br0", Datapath: "netdev", Ports: 1}},
	Interfaces: map[string]int{"internal": 2, "system": 1, "geneve": 1},
}

func TestDecode(t *testing.T) {
	if got, err := decode([]byte(reply)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := decode([]byte(`{"result":[{"rows":[]},{"rows":[]}]}`)); err != nil || len(got.Bridges) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{
		"", "{", "[]", `{"result":[]}`, `{"error":"denied","result":[{},{}]}`, `{"result":[{"error":"not allowed"},{"rows":[]}]}`,
		`{"result":[{"rows":[{"name":7}]},{"rows":[]}]}`, `{"result":[{"rows":[{"name":"` + strings.Repeat("x", longWord+1) + `"}]},{}]}`,
	} {
		if got, err := decode([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%.60q: got %+v, %v", text, got, err)
		}
	}
}

// serve answers one request on a socket with a text, and gives what was asked.
func serve(t *testing.T, text string) (socket string, asked chan string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ovsdb") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, asked = filepath.Join(dir, "db.sock"), make(chan string, 1)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, 4096)
		n, _ := conn.Read(b)
		asked <- string(b[:n])
		_, _ = conn.Write([]byte(text))
		if text == "" {
			time.Sleep(time.Second)
		}
	}()
	return socket, asked
}

func TestAsk(t *testing.T) {
	socket, asked := serve(t, reply)
	text, err := Ask(context.Background(), socket)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	request := <-asked
	for _, word := range []string{"insert", "update", "mutate", "delete", "external_ids", "SSL", "commit"} {
		if strings.Contains(request, word) {
			t.Errorf("the request %s holds %q", request, word)
		}
	}
	socket, _ = serve(t, "nonsense")
	if text, err := Ask(context.Background(), socket); err == nil {
		t.Errorf("got %s", text)
	}
	socket, _ = serve(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if text, err := Ask(ctx, socket); err == nil || time.Since(start) > time.Second/2 {
		t.Errorf("got %s after %s", text, time.Since(start))
	}
	if _, err := Ask(context.Background(), filepath.Join(t.TempDir(), "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `{"bridges":[{"name":""}]}`, `{"bridges":[{"name":"x","ports":-1}]}`} {
		if got, err := Parse([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%.60q: got %+v, %v", text, got, err)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add([]byte(reply))
	f.Add([]byte(`{"bridges":[{"name":"x","ports":1}],"interfaces":{"internal":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := decode(text); err == nil {
			for _, b := range s.Bridges {
				if b.Name == "" || b.Ports < 0 {
					t.Errorf("%q: %+v", text, b)
				}
			}
		}
		_, _ = Parse(text)
	})
}
