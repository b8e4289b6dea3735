package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// TestPrivilegesOnThisMachine lets root and somebody without rights look at this machine. Root sees more, and nothing
// else: the score lies where the unprivileged one may, more of it is evidence, and what is missing is said, with what
// would show it. Programs come and go meanwhile, so a comparison that fails is made again; a law that is broken fails
// every time.
func TestPrivilegesOnThisMachine(t *testing.T) {
	if os.Geteuid() != 0 {
		collecttest.Need(t, "root", errors.New("only root can be two users"))
	}
	program := ownProgram(t)
	look := func(as *syscall.SysProcAttr) (*score.Assessment, *inventory.Batch) {
		cmd := exec.CommandContext(t.Context(), program, "collect", "host:")
		cmd.Dir, cmd.SysProcAttr, cmd.Stderr = "/", as, os.Stderr
		text, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "snapshot.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		a, _ := infraopt(t, false, "assess", "--format=json", "--now=2026-11-23T07:41:00Z", file)
		s, err := inventory.Decode(strings.NewReader(string(text)))
		if err != nil || len(s.Sources) != 1 {
			t.Fatal(err)
		}
		return a, &s.Sources[0].Batch
	}
	var wrong []string
	for range 5 {
		wrong = nil
		root, all := look(nil)
		nobody, some := look(&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: collecttest.Nobody, Gid: collecttest.Nobody}})
		t.Logf("root: score %.2f to %.2f, coverage %.3f, %d gaps; nobody: %.2f to %.2f, %.3f, %d gaps", root.Score.Low, root.Score.High, root.Coverage.Evidence, len(all.Gaps),
			nobody.Score.Low, nobody.Score.High, nobody.Coverage.Evidence, len(some.Gaps))
		if root.Score.Low < nobody.Score.Low || root.Score.High > nobody.Score.High {
			wrong = append(wrong, fmt.Sprintf("root's score %v is not inside %v", root.Score, nobody.Score))
		}
		if root.Coverage.Evidence < nobody.Coverage.Evidence {
			wrong = append(wrong, fmt.Sprintf("root's coverage %v is less than %v", root.Coverage.Evidence, nobody.Coverage.Evidence))
		}
		if wrong = append(wrong, collecttest.Uncovered(all, some)...); len(wrong) == 0 {
			return
		}
	}
	for _, s := range wrong {
		t.Error(s)
	}
}
