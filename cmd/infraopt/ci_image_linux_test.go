package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// TestImagesAreAlike holds that both images end with the same steps.
func TestImagesAreAlike(t *testing.T) {
	last := func(name string) string {
		_, text, ok := strings.Cut(ciFile(t, name), "\nFROM scratch\n")
		if !ok {
			t.Fatalf("%s: the image begins with something", name)
		}
		return text
	}
	copied := regexp.MustCompile(`(?m)^COPY (?:--from=build )?\S+ `)
	if a, b := copied.ReplaceAllString(last("Containerfile"), "COPY "), copied.ReplaceAllString(last("Containerfile.binary"), "COPY "); a != b {
		t.Errorf("Containerfile:\n%s\nContainerfile.binary:\n%s", a, b)
	}
}

// TestImage builds both images with each engine, without a network, and runs them. In the place of Go's image stands one whose
// "go" hands over a program that was built outside.
func TestImage(t *testing.T) {
	engines := map[string][]string{"Docker": {"docker"}, "Podman": {"podman", "--url", "unix:///run/podman/podman.sock"}}
	for name, engine := range engines {
		collecttest.Try(t, name, append(engine, "version")...)
	}
	busybox, err := exec.LookPath("busybox")
	collecttest.Need(t, "busybox", err)
	folder := t.TempDir()
	program := filepath.Join(folder, "infraopt")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building without C: %v\n%s", err, out)
	}
	lay := func(name string, rights os.FileMode, text []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, rights); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const certificates = "certificates\n"
	lay("base/sh", 0o755, read(busybox))
	lay("base/cp", 0o755, read(busybox))
	lay("base/go", 0o755, []byte("#!/bin/sh\n[ \"$CGO_ENABLED $*\" = '0 build -trimpath -ldflags=-s -w -o /infraopt ./cmd/infraopt' ] && cp /src/prebuilt /infraopt\n"))
	lay("base/ca-certificates.crt", 0o644, []byte(certificates))
	lay("base/Containerfile", 0o644, []byte("FROM scratch\nCOPY sh cp go /bin/\nCOPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n"))
	lay("source/prebuilt", 0o755, read(program))
	lay("image/infraopt", 0o755, read(program))
	lay("image/ca-certificates.crt", 0o644, []byte(certificates))
	auditedRepository(t, filepath.Join(folder, "work"))
	for _, path := range []string{folder, filepath.Join(folder, "work"), filepath.Join(folder, "work", "infraopt"), filepath.Dir(folder)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(folder, "work", "infraopt", "estate.json.zst"), 0o644); err != nil {
		t.Fatal(err)
	}

	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			make := func(tag, file, context string, args ...string) {
				t.Helper()
				collecttest.Finally(t, append(engine, "rmi", "-f", tag)...)
				args = append([]string{"build", "--network", "none", "-f", file, "-t", tag}, args...)
				collecttest.Must(t, nil, append(append(engine[:len(engine):len(engine)], args...), filepath.Join(folder, context))...)
			}
			base, source, binary := collecttest.Name("base")+":1", collecttest.Name("source")+":1", collecttest.Name("binary")+":1"
			make(base, filepath.Join(folder, "base", "Containerfile"), "base")
			if name == "Podman" {
				base = "localhost/" + base
			}
			make(source, filepath.Join(ciFolder, "Containerfile"), "source", "--build-arg", "GO_IMAGE="+base, "--build-arg", "VERSION=1.2.3")
			make(binary, filepath.Join(ciFolder, "Containerfile.binary"), "image", "--build-arg", "VERSION=1.2.3")
			for _, image := range []string{source, binary} {
				checkImage(t, engine, image, filepath.Join(folder, "work", "infraopt"))
			}
		})
	}
}

func checkImage(t *testing.T, engine []string, image, work string) {
	t.Helper()
	command := func(args ...string) []string { return append(engine[:len(engine):len(engine)], args...) }
	run := func(args ...string) (int, string) {
		t.Helper()
		args = command(append([]string{"run", "--rm", "--network", "none", "--read-only", "-v", work + ":/work:ro"}, args...)...)
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if exit != nil {
			return exit.ExitCode(), string(out)
		}
		return 0, string(out)
	}
	if status, out := run(image, "version"); status != 0 || !strings.HasPrefix(out, "infraopt ") {
		t.Errorf("version: status %d: %s", status, out)
	}
	// The folder is the working one, and the exit status comes through.
	for args, want := range map[string]int{"--min-score=1": 0, "--min-score=100": 1, "--min-coverage=1": 2, "--nosuch": 3} {
		if status, out := run(image, "audit", args, "estate.json.zst"); status != want {
			t.Errorf("audit %s: status %d, want %d: %s", args, status, want, out)
		}
	}
	for _, shell := range []string{"/bin/sh", "sh"} {
		if status, out := run("--entrypoint", shell, image, "-c", "exit 0"); status < 125 {
			t.Errorf("there is a shell: status %d: %s", status, out)
		}
	}
	format := `{{.Config.User}} {{index .Config.Labels "org.opencontainers.image.title"}} {{index .Config.Labels "org.opencontainers.image.version"}} {{index .Config.Labels "org.opencontainers.image.licenses"}}`
	if got := collecttest.Must(t, nil, command("inspect", "--type", "image", "--format", format, image)...); got != "65534:65534 infraopt 1.2.3 Apache-2.0" {
		t.Errorf("user and labels are %q", got)
	}

	id := collecttest.Must(t, nil, command("create", "--network", "none", image)...)
	collecttest.Finally(t, command("rm", "-f", id)...)
	files := collecttest.Must(t, nil, command("export", id)...)
	var found []string
	r := tar.NewReader(strings.NewReader(files + strings.Repeat("\x00", 1024))) // whose end Must has taken for space
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || h.Size == 0 {
			continue // what engines lay there themselves
		}
		found = append(found, h.Name)
		if h.Mode&0o6000 != 0 || h.Mode&0o022 != 0 || (h.Mode&0o111 != 0) != (h.Name == "infraopt") {
			t.Errorf("%s has the rights %o", h.Name, h.Mode)
		}
		if h.Name == "etc/ssl/certs/ca-certificates.crt" {
			var text bytes.Buffer
			if _, err := io.Copy(&text, r); err != nil || text.String() != "certificates\n" {
				t.Errorf("the certificates are %q (%v)", text.String(), err)
			}
		}
	}
	if got := strings.Join(found, " "); got != "etc/ssl/certs/ca-certificates.crt infraopt" {
		t.Errorf("the image holds %s", got)
	}
}
