package docker

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
)

// A fake is an engine that serves recorded answers on a unix socket, with faults where a test wants them.
type fake struct {
	level  string                      // API version it offers
	faults map[string]http.HandlerFunc // by path without version
}

var versioned = regexp.MustCompile(`^/v1\.[0-9]+`)

// start serves the engine until the test ends and returns its socket.
func (f fake) start(t *testing.T) string {
	t.Helper()
	if f.level == "" {
		f.level = "1.41"
	}
	dir, err := os.MkdirTemp("", "infraopt-") // short: the path of a socket has room for 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("the collector sent %s %s", r.Method, r.URL)
		}
		if r.URL.Query().Get("size") != "" || r.URL.Path == "/system/df" && r.URL.Query().Get("type") != "build-cache" {
			t.Errorf("the collector sent %s, which makes an engine walk its disk", r.URL)
		}
		path := versioned.ReplaceAllString(r.URL.Path, "")
		if fault := f.faults[path]; fault != nil {
			fault(w, r)
			return
		}
		f.serve(w, path)
	})}
	done := make(chan struct{})
	go func() {
		_ = srv.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
		os.RemoveAll(dir)
	})
	return path
}

func (f fake) serve(w http.ResponseWriter, path string) {
	part := strings.Split(strings.Trim(path, "/"), "/")
	name := part[len(part)-1]
	switch {
	case path == "/_ping":
		w.Header().Set("Api-Version", f.level)
		return
	case path == "/containers/json":
		name = "containers"
	case len(part) == 2 && part[0] == "images":
		name = "images"
	case len(part) == 3 && part[2] == "json":
		name = "inspect-" + part[1][:4]
	case len(part) == 3 && part[2] == "stats":
		name = "stats-" + part[1][:4]
	}
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// says is a fault: an answer with this status and text.
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// hangs is a fault: no answer until the client gives up.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// world is an environment whose file tree is that of the machine web-7 of the fake, or empty.
func world(t *testing.T, local bool) collect.Env {
	t.Helper()
	root := t.TempDir()
	if local {
		for name, text := range map[string]string{
			"proc/sys/kernel/osrelease": "6.1.0-fake\n",
			"proc/sys/kernel/hostname":  "web-7\n",
			"etc/machine-id":            "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
			"var/lib/docker/x":          "",
		} {
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return collect.Env{Root: root, Getenv: func(string) string { return "" }}
}

// openAt opens a collector for a socket.
func openAt(t *testing.T, socket string, env collect.Env) collect.Collector {
	t.Helper()
	c, err := open(collect.Target{Scheme: scheme, Rest: "unix://" + socket}, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
