package history_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/infraopt/infraopt/report/history"
)

// TestMain lets the test binary be a writer: with INFRAOPT_TEST_WRITER set, it does nothing but add to a history.
func TestMain(m *testing.M) {
	if where := os.Getenv("INFRAOPT_TEST_WRITER"); where != "" {
		count, err := strconv.Atoi(os.Getenv("INFRAOPT_TEST_COUNT"))
		if err == nil {
			err = write(where, os.Getenv("INFRAOPT_TEST_NAME"), count)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// write adds so many entries, and prints the ID of each when it is told to be there.
func write(where, name string, count int) error {
	ctx := context.Background()
	s, err := history.Open(ctx, where)
	if err != nil {
		return err
	}
	for i := range count {
		id := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i)))
		e := history.Entry{ID: id, Estate: "default", TakenAt: quarters[0], AddedAt: quarters[0]}
		added, err := s.Add(ctx, e, noise(id), []byte(id))
		if err != nil || !added {
			return fmt.Errorf("adding %s: %v, %w", id, added, err)
		}
		if _, err := fmt.Println(id); err != nil {
			return err
		}
	}
	return s.Close()
}

// noise is content that follows from an ID, over several pages of a database.
func noise(id string) []byte {
	var seed [32]byte
	copy(seed[:], id)
	b := make([]byte, 20_000)
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

// writer starts a process that adds entries. Its output is the IDs.
func writer(t *testing.T, where, name string, count int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "INFRAOPT_TEST_WRITER="+where, "INFRAOPT_TEST_NAME="+name, "INFRAOPT_TEST_COUNT="+strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// Processes that add at the same time lose nothing.
func TestProcesses(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		const processes, each = 3, 30
		var mu sync.Mutex
		var acknowledged []string
		var wg sync.WaitGroup
		for n := range processes {
			cmd, ids := writer(t, where, fmt.Sprint(n), each)
			wg.Go(func() {
				for ids.Scan() {
					mu.Lock()
					acknowledged = append(acknowledged, ids.Text())
					mu.Unlock()
				}
				if err := cmd.Wait(); err != nil {
					t.Errorf("a writer ended with %v", err)
				}
			})
		}
		wg.Wait()
		if len(acknowledged) != processes*each {
			t.Errorf("%d entries were told to be there, want %d", len(acknowledged), processes*each)
		}
		there(t, where, acknowledged)
	})
}

// there fails if an entry is missing, not what was added, or there in part.
func there(t *testing.T, where string, ids []string) {
	t.Helper()
	s, err := history.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range ids {
		b, err := s.Snapshot(t.Context(), id)
		if err != nil || string(b) != string(noise(id)) {
			t.Fatalf("the snapshot of %s: %d bytes, %v", id, len(b), err)
		}
	}
	list, err := s.List(t.Context(), history.Query{})
	if err != nil || len(list) < len(ids) {
		t.Errorf("it lists %d entries, %v, want %d or more", len(list), err, len(ids))
	}
	for _, e := range list {
		if a, err := s.Assessment(t.Context(), e.ID); err != nil || string(a) != e.ID {
			t.Errorf("entry %s has half of its content: %q, %v", e.ID, a, err)
		}
	}
}

// A writer that is killed loses nothing that it was told to be there, and leaves a sound database.
func TestKilled(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 10
	}
	places(t, func(t *testing.T, where string) {
		r := rand.New(rand.NewPCG(1, 2))
		var acknowledged []string
		for n := range kills {
			cmd, ids := writer(t, where, fmt.Sprint("killed ", n), 1_000_000)
			before := len(acknowledged)
			for range 1 + r.IntN(3) {
				if !ids.Scan() {
					t.Fatal("the writer ended by itself")
				}
				acknowledged = append(acknowledged, ids.Text())
			}
			time.Sleep(time.Duration(r.IntN(4000)) * time.Microsecond)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for ids.Scan() {
				acknowledged = append(acknowledged, ids.Text()) // it said so before it was killed
			}
			if err := cmd.Wait(); err == nil {
				t.Fatal("the writer ended by itself")
			}
			if !history.IsURL(where) {
				sound(t, where)
			}
			there(t, where, acknowledged[before:])
		}
		there(t, where, acknowledged)
		t.Logf("%d kills, %d entries acknowledged, all there", kills, len(acknowledged))
	})
}

// sound asks SQLite itself whether the file is in order.
func sound(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var said string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&said); err != nil || said != "ok" {
		t.Fatalf("integrity_check: %q, %v", said, err)
	}
	var orphans int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pragma_foreign_key_check").Scan(&orphans); err != nil || orphans != 0 {
		t.Fatalf("foreign_key_check: %d, %v", orphans, err)
	}
}
