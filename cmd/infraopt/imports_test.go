package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/infraopt/infraopt"

// A room says what the packages of a folder may import. A name ending in /... stands for the package and all below it.
type room struct {
	folder string // "" is the whole module
	ours   []string
	others []string // libraries
	never  []string // packages of the standard library
}

// pure is what code that gives equal results for equal inputs has no use for.
var pure = []string{"os/...", "net", "net/http/...", "log/...", "math/rand/...", "os/exec", "syscall", "crypto/rand"}

// rooms is the import table: data flows one way, and every library has one place. The first room whose folder holds a
// package decides.
var rooms = []room{
	{folder: "collect/inventory", others: []string{"github.com/go-json-experiment/json/..."}, never: pure},
	{folder: "collect/resolve", ours: []string{"collect/inventory"}, never: pure},
	keeper("netlinks", "github.com/vishvananda/netlink/nl", "golang.org/x/sys/unix"),
	keeper("sockdiag", "github.com/vishvananda/netlink/nl"),
	keeper("cpuid", "github.com/klauspost/cpuid/v2"),
	keeper("rpm", "modernc.org/sqlite"),
	keeper("unitfile", "github.com/coreos/go-systemd/v22/unit"),
	{folder: "collect/internal", ours: []string{"collect/inventory"}, never: []string{"net/http/...", "os/exec"}},
	{folder: "collect/all", ours: []string{"collect/..."}},
	{folder: "collect/collecttest", ours: []string{"collect", "collect/inventory"}, others: []string{"go.uber.org/goleak"}},
	source("host", "github.com/shirou/gopsutil/v3/..."),
	source("docker", "github.com/docker/docker/...", "github.com/docker/go-connections/...", "github.com/containerd/errdefs/..."),
	source("libvirt", "github.com/digitalocean/go-libvirt/..."),
	source("snapshot", "github.com/klauspost/compress/zstd"),
	source("demo"),
	{folder: "collect", ours: []string{"collect/inventory"}},
	{folder: "score/yamlfile", ours: []string{"collect/inventory", "score"}, others: []string{"github.com/goccy/go-yaml/..."}, never: pure},
	{folder: "score/indicators", ours: []string{"collect/inventory", "score", "score/yamlfile"}, never: pure},
	{folder: "score/plan/replay", ours: []string{"collect/inventory"}, never: pure},
	{folder: "score/audit", ours: []string{"collect/inventory", "score/..."}, others: []string{"github.com/expr-lang/expr/..."}, never: pure},
	{folder: "score", ours: []string{"collect/inventory", "score/..."}, never: pure},
	{folder: "report/picture", never: pure},
	{folder: "report/paper", ours: []string{"report/picture"}, others: []string{"github.com/signintech/gopdf", "golang.org/x/image/font/gofont/..."}, never: pure},
	{folder: "report/history", ours: []string{"score"}, never: []string{"log/...", "net/http/...", "os/exec"}, others: []string{
		"modernc.org/sqlite/...", "github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3"}},
	{folder: "report", ours: []string{"collect/inventory", "score/...", "report/..."},
		others: []string{"github.com/olekukonko/tablewriter/...", "github.com/clipperhouse/displaywidth", "github.com/xuri/excelize/v2",
			"github.com/prometheus/client_model/go", "github.com/prometheus/common/expfmt"}, never: pure},
	{folder: "docs", never: pure},
	{folder: "cmd/infraopt/gitfile"}, // the one place that runs git
	{folder: "cmd", ours: []string{"cmd/infraopt/gitfile", "collect/...", "score/...", "report/...", "docs"}, never: []string{"os/exec"},
		others: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"}},
}

// keeper is a package of collect/internal that is the one place of a library.
func keeper(name string, libraries ...string) room {
	return room{folder: "collect/internal/" + name, ours: []string{"collect/internal/linux"}, others: libraries, never: []string{"net/http/...", "os/exec"}}
}

func source(name string, libraries ...string) room {
	return room{folder: "collect/" + name, ours: []string{"collect", "collect/inventory", "collect/internal/..."}, others: libraries,
		never: []string{"os/exec", "plugin"}}
}

// TestImports reads the sources in this process: what a child process such as "go list" read is hidden from the test
// cache, which would then keep on saying "ok" after a violation.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if base != ".." && strings.HasPrefix(base, ".") || base == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel("../..", name)
		if err != nil {
			return err
		}
		folder := path.Dir(filepath.ToSlash(rel))
		i := slices.IndexFunc(rooms, func(r room) bool { return within(folder, r.folder) })
		if i < 0 {
			t.Errorf("%s: no room of the import table holds this folder", rel)
			return nil
		}
		used[rooms[i].folder] = true
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := rooms[i].forbids(imported); why != "" {
				t.Errorf("%s imports %s: %s", rel, imported, why)
			}
		}
		if slices.Contains(rooms[i].never, "log/...") && readsClock(file) {
			t.Errorf("%s asks for the time: it has to be passed in", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		if !used[r.folder] {
			t.Errorf("the import table has a room %s, which has no package", r.folder)
		}
	}
}

func (r room) forbids(imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case imported == module || strings.HasPrefix(imported, module+"/"):
		if !matches(r.ours, strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")) {
			return fmt.Sprintf("packages of %s may import %q of ours", r.folder, r.ours)
		}
	case strings.Contains(first, "."):
		if !matches(r.others, imported) {
			return fmt.Sprintf("packages of %s may import the libraries %q", r.folder, r.others)
		}
	case matches(r.never, imported):
		return fmt.Sprintf("packages of %s never import %q", r.folder, r.never)
	}
	return ""
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if tree, ok := strings.CutSuffix(p, "/..."); ok {
			return within(name, tree)
		}
		return p == name
	})
}

func within(name, tree string) bool { return name == tree || strings.HasPrefix(name, tree+"/") }

// readsClock finds calls of time.Now and its like.
func readsClock(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if p, ok := s.X.(*ast.Ident); ok && p.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "Tick"}, s.Sel.Name) {
			found = true
		}
		return true
	})
	return found
}

// TestImportTable shows that the table can fail.
func TestImportTable(t *testing.T) {
	score := rooms[slices.IndexFunc(rooms, func(r room) bool { return r.folder == "score" })]
	for imported, want := range map[string]bool{
		module + "/collect/inventory": true,
		module + "/score/plan":        true,
		module + "/collect":           false,
		module + "/report":            false,
		module:                        false,
		"github.com/spf13/cobra":      false,
		"math":                        true,
		"net/url":                     true,
		"net/http":                    false,
		"os":                          false,
		"math/rand/v2":                false,
	} {
		if got := score.forbids(imported) == ""; got != want {
			t.Errorf("score may import %s: %v, want %v", imported, got, want)
		}
	}
}
