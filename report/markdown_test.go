package report

import (
	"bytes"
	"html"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	goldmarktext "github.com/yuin/goldmark/text"

	"github.com/infraopt/infraopt/score"
)

// markdownReader reads as GitHub does, and would show HTML.
var markdownReader = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(goldmarkhtml.WithUnsafe()))

// shape counts what a document is made of, besides text and code.
func shape(doc []byte) map[string]int {
	n := map[string]int{}
	_ = ast.Walk(markdownReader.Parser().Parse(goldmarktext.NewReader(doc)), func(x ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch x := x.(type) {
		case *ast.Text, *ast.String, *ast.CodeSpan:
		case *ast.RawHTML:
			if raw := string(x.Segments.Value(doc)); raw != "<code>" && raw != "</code>" {
				n["raw "+raw]++
			}
		default:
			n[x.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	return n
}

// Whatever things are called, the document is made of the same parts, and shows what they are called.
func TestMarkdownIsInert(t *testing.T) {
	for format, render := range map[string]func(*score.Assessment) []byte{
		"markdown":       func(a *score.Assessment) []byte { return rendered(t, "markdown", a, Display{}) },
		"github-summary": func(a *score.Assessment) []byte { return rendered(t, "github-summary", a, Display{}) },
		"plan":           func(a *score.Assessment) []byte { return renderedPlan(t, "markdown", a, Display{}) },
	} {
		want := shape(render(mean("x")))
		for _, attack := range attacks {
			doc := render(mean(attack))
			if got := shape(doc); !maps.Equal(got, want) {
				t.Errorf("%s of %.60q: made of %v, want %v\n%.3000s", format, attack, got, want, doc)
				continue
			}
			var page bytes.Buffer
			if err := markdownReader.Convert(doc, &page); err != nil {
				t.Fatal(err)
			}
			shown := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page.String(), ""))
			if word := strings.Join(strings.Fields(clean(attack)), " "); !strings.Contains(shown, cut(word, 200, "…")) {
				t.Errorf("%s of %.60q: the page does not show %q", format, attack, cut(word, 200, "…"))
			}
		}
	}
}

// The shape tells attacks from text: escaped too little, each of these would show.
func TestShapeSeesMarkup(t *testing.T) {
	plain := shape([]byte("a b\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n"))
	for _, doc := range []string{
		"*a* b\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n",
		"www.example.com\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n",
		"<b>a\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n",
		"a b\n\n| x | y |\n| --- | --- |\n| 1 | `2 |` |\n| 3 | 4 |\n",
		"a [b](c)\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n",
	} {
		if maps.Equal(shape([]byte(doc)), plain) {
			t.Errorf("%q has the shape of plain text", doc)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"web-7":               "web-7",
		"1.24":                "1.24",
		"1. item":             `1\. item`,
		"# x":                 `\# x`,
		"- x":                 `\- x`,
		"---":                 `--\-`,
		"a_b*c":               `a\_b\*c`,
		"a|b":                 "a&#124;b",
		"ask bob@example.com": "ask `bob@example.com`",
		"@a|b":                "<code>&#64;a&#124;b</code>",
		"<0.1":                "&lt;0.1",
		"50 % of C#":          "50 % of C#",
		"vsphere://vc":        "`vsphere://vc`",
	} {
		if got := mdText(in); got != want {
			t.Errorf("mdText(%q): got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"ls": "`ls`", "a `b`": "`` a `b` ``", "``": "``` `` ```", "x": "`x`", "a|b": "`a|b`"} {
		if got := mdCode(in); got != want {
			t.Errorf("mdCode(%q): got %q, want %q", in, got, want)
		}
	}
}
