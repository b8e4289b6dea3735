package history_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// newDatabase makes a database in the server that .ci/testbed started and gives its URL.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := os.Getenv("INFRAOPT_TEST_POSTGRES")
	if server == "" {
		collecttest.Need(t, "PostgreSQL", errors.New("INFRAOPT_TEST_POSTGRES is not set: see .ci/testbed env"))
	}
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.ConnectConfig(t.Context(), config)
	collecttest.Need(t, "PostgreSQL", err)
	defer admin.Close(t.Context())
	name := fmt.Sprintf("history_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // that of the test is over by now
		admin, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close(ctx)
		if _, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return fmt.Sprintf("postgres://%s@/%s?host=%s", config.User, name, config.Host)
}
