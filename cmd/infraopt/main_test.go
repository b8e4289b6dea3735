package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/all"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"infraopt": main})
}

// TestTranscripts runs the sessions of testdata/script. Beside testscript's own commands they know
//
//	status N command [args]      run the command, which must end with exit status N
//	hang SOCKET                  listen on a unix socket, accept, and never answer
//	garbage SOCKET               listen on a unix socket and answer everything with nonsense
//	interrupt SOCKET command [args]
//	                             run the command and send it SIGINT when it has connected to the hanging socket;
//	                             it must end with exit status 130
//	valid SCHEMA FILE            check a document against a JSON Schema of docs/; FILE may be stdout
//	same FILE FILE               compare two snapshots, whatever their targets are called and however long reading took
//	cut N FROM TO                copy the first N bytes of a file
//	flip N FROM TO               copy a file with all bits of byte N turned over
//
// TESTDATA is the folder of what is too large to be in a script. With -update, files of a script that cmp compares become what was found.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Values["sockets"] = &sockets{connected: map[string]chan struct{}{}}
			testdata, err := filepath.Abs("testdata")
			env.Setenv("TESTDATA", testdata)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": cmdStatus, "hang": cmdHang, "garbage": cmdGarbage, "interrupt": cmdInterrupt, "valid": cmdValid, "same": cmdSame, "cut": cmdCut, "flip": cmdFlip,
		},
	})
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// sockets are the servers of one script, and who has connected.
type sockets struct{ connected map[string]chan struct{} }

func serve(ts *testscript.TestScript, name, answer string) {
	path := ts.MkAbs(name)
	l, err := net.Listen("unix", path)
	ts.Check(err)
	connected := make(chan struct{}, 1)
	ts.Value("sockets").(*sockets).connected[path] = connected
	ctx, cancel := context.WithCancel(context.Background())
	ts.Defer(func() {
		cancel()
		l.Close()
	})
	go func() { // ends when the listener is closed
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			select {
			case connected <- struct{}{}:
			default:
			}
			go func() {
				defer c.Close()
				if answer == "" {
					<-ctx.Done()
					return
				}
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if _, err := c.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
		}
	}()
}

func cmdHang(ts *testscript.TestScript, _ bool, args []string) { serve(ts, args[0], "") }

func cmdGarbage(ts *testscript.TestScript, _ bool, args []string) {
	body := "<html>\x1b[31mno engine here</html>"
	serve(ts, args[0], "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
}

func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	connected := ts.Value("sockets").(*sockets).connected[ts.MkAbs(args[0])]
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(context.Background(), program, args[2:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.Getenv("WORK"), &out, &talk
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	ts.Check(cmd.Start())
	<-connected
	time.Sleep(200 * time.Millisecond) // for the other targets to be read
	ts.Check(cmd.Process.Signal(os.Interrupt))
	err = cmd.Wait()
	ts.Logf("[stdout]\n%s[stderr]\n%s", out.String(), talk.String())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("it ended with %v, want exit status %d", err, exitInterrupted)
	}
	ts.Check(os.WriteFile(ts.MkAbs("interrupt.out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("interrupt.err"), talk.Bytes(), 0o600))
}

func cmdValid(ts *testscript.TestScript, _ bool, args []string) {
	if err := validate(args[0], []byte(ts.ReadFile(args[1]))); err != nil {
		ts.Fatalf("%s is not a valid %s: %v", args[1], args[0], err)
	}
}

// unlike are the parts of a snapshot that tell nothing of what was read.
var unlike = regexp.MustCompile(`host:\?root=[^"]*|"durationMs": [0-9]+`)

func cmdSame(ts *testscript.TestScript, _ bool, args []string) {
	a := unlike.ReplaceAllLiteralString(ts.ReadFile(args[0]), "host:")
	b := unlike.ReplaceAllLiteralString(ts.ReadFile(args[1]), "host:")
	if a != b {
		ts.Fatalf("%s and %s differ: %s", args[0], args[1], firstDifference(a, b))
	}
}

func cmdCut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text[:n]), 0o600))
}

func cmdFlip(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := []byte(ts.ReadFile(args[1]))
	text[n] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), text, 0o600))
}

// call runs the program in this process.
func call(t testing.TB, env map[string]string, args ...string) (status int, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, stdio{&o, &e, func(name string) string { return env[name] }})
	return status, o.String(), e.String()
}

// TestLiveEqualsFile holds what makes snapshots worth keeping: a file is assessed to the byte as what it was made of.
func TestLiveEqualsFile(t *testing.T) {
	const now = "2026-11-23T07:41:00Z"
	for _, target := range []string{"host:", "demo:?machines=20&seed=7", "demo:?machines=9&hostile=1&unknown=0.4"} {
		for _, compressed := range []bool{false, true} {
			p := &program{std: stdio{io.Discard, io.Discard, func(string) string { return "" }}, sources: all.Sources(), env: collect.SystemEnv()}
			f := assessFlags{scoringFlags: scoringFlags{gatherFlags: gatherFlags{timeout: time.Minute, parallel: 1, now: now}}, viewFlags: viewFlags{top: -1}}
			h, err := p.gather(t.Context(), f.gatherFlags, []string{target})
			if err != nil || h.err != nil {
				t.Fatalf("reading %s: %v, %v", target, err, h.err)
			}
			m, err := f.load()
			if err != nil {
				t.Fatal(err)
			}
			f.effort = plan.DefaultEffort
			c, err := f.conditions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen := h.snapshot
			a, err := p.judge(t.Context(), f, h, m, c)
			if err != nil {
				t.Fatal(err)
			}
			var live, file bytes.Buffer
			format, err := report.Lookup(report.Formats(), "json")
			if err != nil {
				t.Fatal(err)
			}
			if err := format.Render(&live, &report.Report{Assessment: a}); err != nil {
				t.Fatal(err)
			}
			if err := snapshot.Encode(&file, seen, compressed); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "s")
			if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			status, out, talk := call(t, nil, "assess", name, "--now="+now, "--format=json")
			if status != 0 || out != live.String() {
				t.Errorf("%s from a file (compressed: %v): status %d, %s; the assessments differ:\n%s", target, compressed, status, talk, firstDifference(live.String(), out))
			}
		}
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d: %q, %q", i+1, x[i], strings.Join(y[min(i, len(y)):min(i+1, len(y))], ""))
		}
	}
	return ""
}

// TestDocuments checks what the program writes against the schemas that it prints.
func TestDocuments(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.json")
	text := `{"schema":"infraopt.snapshot/v1","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},"sources":[]}`
	if err := os.WriteFile(empty, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"host:"}, {empty}, {"demo:?machines=0"}, {"demo:?machines=40&seed=7"}, {"demo:?machines=40&seed=3&hostile=1"}, {"demo:?unknown=1"}} {
		for schema, command := range map[string][]string{
			"snapshot":    {"collect"},
			"assessment":  {"assess", "--format=json"},
			"sensitivity": {"sensitivity", "--format=json", "--draws=100"},
		} {
			status, out, talk := call(t, nil, append(command, args...)...)
			if status != 0 {
				t.Errorf("%s %q: status %d: %s", command[0], args, status, talk)
			}
			if err := validate(schema, []byte(out)); err != nil {
				t.Errorf("%s %q: %v", command[0], args, err)
			}
		}
	}
}

// TestSensitivityIsOfTheAssessment holds that sensitivity speaks of the score and the level that assess gives.
func TestSensitivityIsOfTheAssessment(t *testing.T) {
	type result struct {
		Score score.Bounds `json:"score"`
		Level struct {
			Number int    `json:"number"`
			Name   string `json:"name"`
		} `json:"level"`
	}
	for _, args := range [][]string{{"demo:?machines=0"}, {"demo:?machines=40&seed=7"}, {"demo:?machines=40&seed=7&unknown=0.5"},
		{"demo:?machines=40&seed=7&unknown=0.5", "--assume=running-is-active"}} {
		var results [2]result
		for i, command := range []string{"assess", "sensitivity"} {
			_, out, talk := call(t, nil, append([]string{command, "--format=json", "--now=2026-11-23T07:41:00Z"}, args...)...)
			if err := json.Unmarshal([]byte(out), &results[i]); err != nil {
				t.Fatalf("%s %q: %v: %s", command, args, err, talk)
			}
		}
		if results[0] != results[1] {
			t.Errorf("%q: assess says %+v, sensitivity %+v", args, results[0], results[1])
		}
	}
}

// TestExplainEverything asks for every topic there is, and for those that documents name.
func TestExplainEverything(t *testing.T) {
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, id := range ids(topics(m, changes{})) {
		if seen[id] {
			t.Errorf("two topics are called %s", id)
		}
		seen[id] = true
		status, out, talk := call(t, nil, "explain", id)
		if status != 0 || !strings.HasPrefix(out, id+": ") || talk != "" {
			t.Errorf("explain %s: status %d, %s%s", id, status, out, talk)
		}
		for line := range strings.Lines(out) {
			if columns(line) > 81 {
				t.Errorf("explain %s: a line is longer than 80 columns: %s", id, line)
			}
		}
	}
}

func TestPanicIsFailure(t *testing.T) {
	var b bytes.Buffer
	std := stdio{brokenWriter{}, &b, func(string) string { return "" }}
	if got := run(t.Context(), []string{"version"}, std); got != exitFailed || !strings.Contains(b.String(), "internal error, please report it: broken") {
		t.Errorf("a panic ends with status %d and %q, want %d and a message", got, b.String(), exitFailed)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { panic("broken") }

// TestFullDisk holds that output which was not written is a failure.
func TestFullDisk(t *testing.T) {
	for _, args := range [][]string{{"assess", "host:"}, {"assess", "host:", "-f=json"}, {"collect", "host:"}, {"sensitivity", "host:", "--draws=100"}, {"explain"}, {"doctor"}, {"sources"}, {"version"},
		{"schema", "snapshot"}, {"completion", "bash"}} {
		var talk bytes.Buffer
		if got := run(t.Context(), args, stdio{fullWriter{}, &talk, func(string) string { return "" }}); got != exitFailed || !strings.Contains(talk.String(), "disk full") {
			t.Errorf("%q: status %d, %s, want %d", args, got, talk.String(), exitFailed)
		}
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }
