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
	// Without motion nothing moves away from under the pointer.
	params := emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
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
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
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

// beyond finds what reaches beyond the screen and is in no box that scrolls.
const beyond = `document.querySelectorAll(".list").forEach(x => x.style.contentVisibility = "visible");
[...document.querySelectorAll("body *")].filter(x => {
	const box = x.closest(".scroll");
	const scrolls = box && box !== x && getComputedStyle(box).overflowX === "auto" && box.tabIndex === 0;
	return x.getBoundingClientRect().right > innerWidth + .5 && !scrolls && !x.closest(".hidden,.skip,svg");
}).map(x => x.tagName + " " + x.className + " " + x.id).slice(0, 5)`

// Every page fits its screen, in light and in dark, without a word of complaint or a request. What it looks like is kept.
func TestHTMLInBrowser(t *testing.T) {
	b := chromium(t)
	type screen struct {
		width, height int64
		scheme        string
	}
	for name, a := range htmlSamples() {
		screens := []screen{{1280, 900, "light"}, {375, 812, "light"}, {320, 640, "light"}}
		if name == "board" {
			screens = append(screens, screen{1280, 900, "dark"}, screen{375, 812, "dark"})
		}
		b.show(screens[0].width, screens[0].height, screens[0].scheme)
		b.open(a)
		for _, s := range screens {
			b.show(s.width, s.height, s.scheme)
			if wide := eval[float64](b, "document.documentElement.scrollWidth"); wide > float64(s.width) {
				t.Errorf("%s: the page is %v wide on a screen of %d", name, wide, s.width)
			}
			for _, what := range eval[[]string](b, beyond) {
				t.Errorf("%s: on a screen of %d nobody can see all of %s", name, s.width, what)
			}
			if s.width < 375 {
				continue
			}
			shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, fmt.Sprintf("html-%s-%d-%s.png", name, s.width, s.scheme), shot)
		}
	}
	b.quiet()
}

// Lists sort by what a column holds, not by how it is printed; what is not known comes last either way. They filter by
// words, and both can be done by keyboard alone.
func TestHTMLListsInBrowser(t *testing.T) {
	b := chromium(t)
	a := boardSample()
	a.Machines, a.MachinesTotal = nil, 30
	for i := range 30 {
		m := score.MachineResult{ID: fmt.Sprint(i), Name: fmt.Sprintf("host-%d", i), Kind: "physical", Cores: ptr(float64(i * i % 7 * 500)), Level: i % 6, Score: bounds(float64(i), 60)}
		if i%10 == 0 {
			m.Cores = nil
		}
		a.Machines = append(a.Machines, m)
	}
	b.show(1280, 900, "light")
	b.open(a)
	column := func(n int) []string {
		return eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("#machine-list tbody tr:not([hidden])")].map(r => r.cells[%d].textContent)`, n))
	}
	sorted := func(n int) string {
		return eval[string](b, fmt.Sprintf(`document.querySelectorAll("#machine-list thead th")[%d].getAttribute("aria-sort")`, n))
	}
	const cores = 10
	before := column(0)
	// By keyboard: the head is a button.
	b.do(chromedp.Focus(chromedp.CSS("#machine-list thead th:nth-child(11) button")), chromedp.KeyEvent("\r"))
	got := column(cores)
	if sorted(cores) != "descending" || got[0] != "3000" && got[0] != "2000" || got[len(got)-1] != "unknown" || got[len(got)-3] != "unknown" {
		t.Errorf("by cores, the first time: %s %q", sorted(cores), got)
	}
	b.do(chromedp.KeyEvent("\r"))
	if got := column(cores); sorted(cores) != "ascending" || got[0] != "0" || got[len(got)-1] != "unknown" {
		t.Errorf("by cores, the second time: %s %q", sorted(cores), got)
	}
	b.do(chromedp.Focus(chromedp.CSS("#machine-list thead th:nth-child(1) button")), chromedp.KeyEvent(" "))
	if got := column(0); sorted(0) != "ascending" || sorted(cores) != "none" || got[2] != "host-2" || got[10] != "host-10" {
		t.Errorf("by name: %s %q", sorted(0), got)
	}
	if got := column(0); len(got) != len(before) {
		t.Errorf("sorting makes %d rows of %d", len(got), len(before))
	}
	filter := chromedp.CSS(`.tools input[aria-controls="machine-list"]`)
	b.do(chromedp.SendKeys(filter, "HOST-1 physical"))
	said := eval[string](b, `document.querySelector('.tools input[aria-controls="machine-list"]').closest(".tools").querySelector("output").textContent`)
	if got := column(0); len(got) != 11 || said != "11 of 30 rows" {
		t.Errorf("the filter leaves %q and says %q", got, said)
	}
	b.do(chromedp.SendKeys(filter, "nosuch"))
	if got := column(0); len(got) != 0 {
		t.Errorf("the filter leaves %q", got)
	}
	// A link to something inside a part that is closed opens it.
	for _, id := range []string{"indicator-components.per-workload", "vm-list-why-1"} {
		eval[bool](b, fmt.Sprintf("(location.hash = %q, true)", id))
		if !eval[bool](b, fmt.Sprintf("new Promise(done => setTimeout(() => done(document.getElementById(%q).checkVisibility({contentVisibilityAuto: true}) && document.getElementById(%[1]q).getClientRects().length > 0), 50))", id)) {
			t.Errorf("a link to %s shows nothing", id)
		}
	}
	// Whatever can be pressed can be reached, and shows that it has been.
	bare := eval[[]string](b, `[...document.querySelectorAll("a[href],button,input,summary,.scroll")].filter(x => x.checkVisibility()).filter(x => { x.focus(); return document.activeElement !== x }).map(x => x.outerHTML.slice(0, 80))`)
	if len(bare) > 0 {
		t.Errorf("the keyboard does not reach %q", bare)
	}
	b.quiet()
}

// No name does anything, whatever part of the page shows it, in a page that is opened as a file.
func TestHTMLIsInertInBrowser(t *testing.T) {
	b := chromium(t)
	b.show(1280, 900, "light")
	b.open(poisoned(payloads))
	eval[bool](b, `(document.querySelectorAll("details").forEach(x => x.open = true), true)`)
	b.do(chromedp.SendKeys(chromedp.CSS(".tools input"), payloads[0]))
	for _, hash := range []string{"%3Cimg src=x onerror=window.harmed=1%3E", "%", "steps"} {
		eval[bool](b, fmt.Sprintf("(location.hash = %q, true)", hash))
	}
	if !eval[bool](b, `new Promise(done => setTimeout(() => done(typeof window.harmed === "undefined"), 200))`) {
		t.Error("a name has run as a script")
	}
	if frames := eval[int](b, "frames.length"); frames != 0 {
		t.Errorf("%d frames", frames)
	}
	b.quiet()
	// The test would see a script that runs.
	eval[bool](b, "(window.harmed = 1, true)")
	if eval[bool](b, `typeof window.harmed === "undefined"`) {
		t.Error("the test does not see what it looks for")
	}
}

// A page prints on paper, in dark letters whatever the screen is like.
func TestHTMLPrints(t *testing.T) {
	b := chromium(t)
	b.show(1280, 900, "dark")
	b.open(boardSample())
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	if pages := bytes.Count(pdf, []byte("/Type /Page\n")); pages < 3 || pages > 12 {
		t.Errorf("it prints on %d pages", pages)
	}
	keep(t, "html-board-print.pdf", pdf)
	b.media("print", "dark")
	if ink := eval[string](b, `getComputedStyle(document.body).color`); ink != "rgb(27, 36, 48)" {
		t.Errorf("letters are printed in %s", ink)
	}
	if bars := eval[string](b, `getComputedStyle(document.querySelector(".wide svg .f-ink")).fill`); bars != "rgb(27, 36, 48)" {
		t.Errorf("letters of pictures are printed in %s", bars)
	}
	if hidden := eval[int](b, `[...document.querySelectorAll("nav,.tools,.narrow")].filter(x => x.checkVisibility()).length`); hidden != 0 {
		t.Errorf("%d things are printed that paper has no use for", hidden)
	}
	b.quiet()
}

// Without scripts all of it is there, and the parts that are closed open.
func TestHTMLWithoutScript(t *testing.T) {
	b := chromium(t)
	b.show(1280, 900, "light")
	if err := second(chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})); err != nil {
		t.Fatal(err)
	}
	b.open(boardSample())
	if err := second(chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})); err != nil {
		t.Fatal(err)
	}
	if n := eval[int](b, `document.querySelectorAll(".tools, th button").length`); n != 0 {
		t.Errorf("there are %d controls that do nothing", n)
	}
	if n := eval[int](b, `document.querySelectorAll("#machine-list tbody tr").length`); n != 4 {
		t.Errorf("%d machines are listed, want 4", n)
	}
	b.do(chromedp.Focus(chromedp.CSS("#pillar-components > summary")), chromedp.KeyEvent("\r"))
	if !eval[bool](b, `document.querySelector("#pillar-components").open`) {
		t.Error("a pillar does not open")
	}
	b.quiet()
}

// A page of a hundred thousand machines opens, and how long that takes is told.
func TestHTMLOfManyMachinesInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred thousand machines")
	}
	b := chromium(t)
	for _, screen := range []int64{1280, 375} {
		b.show(screen, 900, "light")
		b.open(crowdedSample(100_000))
		took := eval[float64](b, `performance.timing.loadEventEnd - performance.timing.navigationStart`)
		if wide := eval[float64](b, "document.documentElement.scrollWidth"); wide > float64(screen) {
			t.Errorf("the page is %v wide on a screen of %d", wide, screen)
		}
		t.Logf("on a screen of %d it has loaded after %v ms; %v elements", screen, took, eval[float64](b, `document.querySelectorAll("*").length`))
	}
	b.quiet()
}
