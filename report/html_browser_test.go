package report

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/score"
)

// A browser is a tab of a headless Chromium that keeps what a page complains of and asks the network for.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// chromium starts a browser, or skips the test where there is none.
func chromium(t *testing.T) *browser {
	t.Helper()
	var path string
	var err error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	collecttest.Need(t, "Chromium", err)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU) //nolint:gocritic // the list is a fixed array
	allocated, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		collecttest.Need(t, "Chromium", err)
	}
	for _, enable := range []error{
		second(chromedp.Call(ctx, network.Enable, network.EnableParams{})), second(chromedp.Call(ctx, log.Enable, struct{}{})), second(chromedp.Call(ctx, runtime.Enable, struct{}{})),
	} {
		if enable != nil {
			t.Fatal(enable)
		}
	}
	return b
}

func second[T any](_ T, err error) error { return err }

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+fmt.Sprint(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, "log: "+e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// show sets the size of the screen, and whether it is dark.
func (b *browser) show(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	b.media("", scheme)
}

func (b *browser) media(media, scheme string) {
	b.t.Helper()
	params := emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if err := second(chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params)); err != nil {
		b.t.Fatal(err)
	}
}

// open writes a report to a file and opens that.
func (b *browser) open(a *score.Assessment) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(file, rendered(b.t, "html", a, Display{}), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
}

func eval[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// quiet fails the test if the page complained, or asked for anything but itself.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.complaints {
		b.t.Errorf("the page complains: %s", s)
	}
	for _, s := range b.requests {
		if !strings.HasPrefix(s, "file:///") && s != "data:," || strings.Count(s, "report.html") != 1 && s != "data:," {
			b.t.Errorf("the page asks for %s", s)
		}
	}
	if len(b.requests) == 0 {
		b.t.Error("no request was seen, not even that for the page: the test would see none")
	}
}

// keep writes an artefact of the test to the folder for that.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	folder := os.Getenv("INFRAOPT_ARTEFACTS")
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// rendered is a report in a format.
func rendered(t *testing.T, format string, a *score.Assessment, d Display) []byte {
	t.Helper()
	f, err := Lookup(Formats(), format)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Render(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out.Bytes()
}

// Every page fits its screen, in light and in dark, without a word of complaint or a request. What it looks like is kept.
func TestHTMLInBrowser(t *testing.T) {
	b := chromium(t)
	for name, a := range htmlSamples() {
		b.t = t
		for _, screen := range []struct {
			width, height int64
			scheme        string
		}{{1280, 900, "light"}, {1280, 900, "dark"}, {375, 812, "light"}, {375, 812, "dark"}, {320, 640, "light"}} {
			b.show(screen.width, screen.height, screen.scheme)
			b.open(a)
			if wide := eval[float64](b, "document.documentElement.scrollWidth"); wide > float64(screen.width) {
				t.Errorf("%s: the page is %v wide on a screen of %d: %s", name, wide, screen.width, eval[string](b, `[...document.querySelectorAll("body *")].filter(x => x.getBoundingClientRect().right > innerWidth && !x.closest(".scroll,.hidden,.skip")).map(x => x.tagName + "." + x.className + "#" + x.id).slice(0, 5).join(" ")`))
			}
			shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, fmt.Sprintf("html-%s-%d-%s.png", name, screen.width, screen.scheme), shot)
		}
	}
	b.quiet()
}
