package docker

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/infraopt/infraopt/collect"
)

// defaultAddress is where an engine is when neither the target nor DOCKER_HOST says so and no socket is found.
const defaultAddress = "unix:///run/docker.sock"

// An address is where an engine listens.
type address struct {
	network string      // unix, tcp or npipe
	where   string      // path of the socket, or host:port
	base    string      // path below which the API is, for an engine behind a web server
	tls     *tls.Config // nil for plain text
}

// String gives the address in the way DOCKER_HOST is written.
func (a address) String() string { return a.network + "://" + a.where + a.base }

// parseAddress reads where the engine of a target is. An empty target is the engine that the docker command would
// use: DOCKER_HOST, else the first socket that is there.
func parseAddress(t collect.Target, env collect.Env) (address, error) {
	if len(t.Query) > 0 {
		return address{}, usage(t, "it takes no parameters after a question mark")
	}
	text := t.Rest
	if text == "" {
		text = env.Getenv("DOCKER_HOST")
	}
	if text == "" {
		text = defaultAddress
		if runtime.GOOS == "windows" {
			text = "npipe:////./pipe/docker_engine"
		}
		if found := socketFiles(env); len(found) > 0 {
			text = "unix://" + found[0]
		}
	}
	if filepath.IsAbs(text) {
		text = "unix://" + text
	}
	network, where, ok := strings.Cut(text, "://")
	if !ok || where == "" {
		return address{}, usage(t, "want docker:unix:///PATH or docker:tcp://HOST:PORT")
	}
	switch network {
	case "unix", "npipe":
		return address{network: network, where: where}, nil
	case "tcp", "http", "https":
		return parseTCP(t, network, text, env)
	default:
		return address{}, usage(t, "%q is no way to reach an engine; want unix:///PATH or tcp://HOST:PORT", network)
	}
}

func parseTCP(t collect.Target, network, text string, env collect.Env) (address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		// The error of url.Parse repeats the text, which may hold a password.
		return address{}, usage(t, "want docker:tcp://HOST:PORT")
	case u.User != nil:
		return address{}, usage(t, "a target holds no user or password")
	case u.Host == "":
		return address{}, usage(t, "want docker:tcp://HOST:PORT")
	}
	a := address{network: "tcp", where: u.Host, base: strings.TrimSuffix(u.Path, "/")}
	verify := env.Getenv("DOCKER_TLS_VERIFY") != ""
	if u.Port() == "" {
		a.where = u.Hostname() + ":2375"
		if verify || network == "https" {
			a.where = u.Hostname() + ":2376"
		}
	}
	if verify || network == "https" {
		a.tls, err = clientTLS(env.Getenv("DOCKER_CERT_PATH"))
		if err != nil {
			return address{}, usage(t, "reading the certificates of DOCKER_CERT_PATH: %v", err)
		}
	}
	return a, nil
}

// clientTLS reads the certificates that the docker command would use. The server's certificate is always checked.
func clientTLS(dir string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if dir == "" {
		return conf, nil
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	conf.RootCAs = x509.NewCertPool()
	conf.RootCAs.AppendCertsFromPEM(ca)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, err
	}
	conf.Certificates = []tls.Certificate{cert}
	return conf, nil
}
