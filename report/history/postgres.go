package history

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// IsURL tells the URL of a database from the name of a file.
func IsURL(where string) bool {
	scheme, _, ok := strings.Cut(where, "://")
	return ok && len(scheme) > 1
}

// connectTimeout is how long a server has to answer, where the URL says nothing else (connect_timeout).
const connectTimeout = 30 * time.Second

const passwordHint = "put the password into ~/.pgpass, a file that PGPASSFILE names, or the variable PGPASSWORD"

// checkURL parses the URL of a database. No error quotes it whole: what it holds may be a secret.
func checkURL(where string) (*url.URL, error) {
	bad := func(text, remedy string) error {
		return &Error{Kind: ErrPlace, Op: "history: " + text, Remedy: remedy}
	}
	u, err := url.Parse(where)
	if err != nil {
		return nil, bad("this is not a URL", "want postgres://[USER@]HOST[:PORT]/DATABASE")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, bad(fmt.Sprintf("the scheme %q is not known", u.Scheme), "want the name of a file, or postgres://[USER@]HOST[:PORT]/DATABASE")
	}
	if _, set := u.User.Password(); set {
		return nil, bad("a password in a URL is seen by everybody on this machine", passwordHint)
	}
	for key := range u.Query() {
		if k := strings.ToLower(key); k == "password" || k == "sslpassword" {
			return nil, bad("a password in a URL is seen by everybody on this machine", passwordHint)
		}
	}
	return u, nil
}

func openPostgres(where string) (*Store, error) {
	u, err := checkURL(where)
	if err != nil {
		return nil, err
	}
	shown := u.Redacted()
	config, err := pgx.ParseConfig(where)
	if err != nil {
		return nil, &Error{Kind: ErrPlace, Op: "history " + shown, Err: errors.New("this cannot be connected to as it is written"),
			Remedy: "want postgres://[USER@]HOST[:PORT]/DATABASE, or postgres:///DATABASE?host=FOLDER for the socket in a folder"}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if _, set := config.RuntimeParams["application_name"]; !set {
		config.RuntimeParams["application_name"] = "infraopt"
	}
	return &Store{db: stdlib.OpenDB(*config), where: shown, dialect: dialect{
		name:       "postgres",
		migrations: steps("postgres"),
		query:      func(q string) string { return q },
		explain:    explainPostgres,
	}}, nil
}

// explainPostgres knows what users can do something about.
func explainPostgres(where string, err error) error {
	is := func(kind error, text, remedy string) error {
		return &Error{Kind: kind, Op: "history " + where + ": " + text, Err: err, Remedy: remedy}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "28P01", "28000": // invalid_password, invalid_authorization_specification
			return is(ErrUnavailable, "the server does not let this user in", passwordHint)
		case "3D000": // invalid_catalog_name
			return is(ErrPlace, "there is no such database", "create it first: createdb NAME")
		case "42501", "25006": // insufficient_privilege, read_only_sql_transaction
			return is(ErrPlace, "this user may not do that there", "grant CREATE on the schema for the first use, then SELECT, INSERT and DELETE on the tables infraopt_*")
		}
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return is(ErrUnavailable, "the server cannot be reached", "see that it runs, and that host, port and TLS (sslmode) are right")
	}
	return nil
}
