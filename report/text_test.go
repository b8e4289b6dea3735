package report

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want, ascii string }{
		{"plain", "web-7", "web-7", "web-7"},
		{"empty", "", "", ""},
		{"accents", "Zürich é", "Zürich é", "Z?rich ?"},
		{"a mark of its own", "e\u0301", "e\u0301", "e"},
		{"leading mark", "\u0301x", "x", "x"},
		{"too many marks", "Z\u0351\u0352\u0353\u0354", "Z\u0351\u0352", "Z"},
		{"wide", "服务器", "服务器", "???"},
		{"white space", "a\tb\r\nc\u2028d\u00a0e", "a b  c d e", "a b  c d e"},
		{"only white space", " \n\t ", "", ""},
		{"escape code", "\x1b[31mred", "\ufffd[31mred", "?[31mred"},
		{"C1 and DEL", "a\u009b1mb\x7f", "a\ufffd1mb\ufffd", "a?1mb?"},
		{"not UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb", "a??b"},
		{"direction", "a\u202eb\u2066c\u200fd", "abcd", "abcd"},
		{"zero width", "a\u200bb\ufeffc\u00add\u2060e", "abcde", "abcde"},
		{"blank letters", "a\u3164b\u115fc\u2800d", "abcd", "abcd"},
		{"family", "👩\u200d👧", "👩👧", "??"},
		{"heart", "❤\ufe0f", "❤", "?"},
		{"skin", "👍🏽", "👍", "?"},
		{"flag", "🇩🇪", "DE", "DE"},
		{"tags and private use", "a\U000e0041\ue000b", "a\ufffdb", "a?b"},
		{"own signs", "score ≥ 35 – “x” → …", "score ≥ 35 – “x” → …", `score >= 35 - "x" -> ...`},
	}
	for _, test := range tests {
		if got := clean(test.in); got != test.want {
			t.Errorf("%s: clean(%q): got %q, want %q", test.name, test.in, got, test.want)
		}
		if got := toASCII(clean(test.in)); got != test.ascii {
			t.Errorf("%s: in ASCII %q becomes %q, want %q", test.name, test.in, got, test.ascii)
		}
	}
}

func TestCleanBoundsLength(t *testing.T) {
	got := clean(strings.Repeat("é", 10_000))
	if len(got) > maxText+len("…") || !strings.HasSuffix(got, "é…") {
		t.Errorf("got %d bytes that end in %q", len(got), got[len(got)-6:])
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		in   string
		w    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"ab d", 4, "ab d"},
		{"ab def", 4, "ab…"},
		{"服务器", 6, "服务器"},
		{"服务器", 5, "服务…"},
		{"服务器", 4, "服…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"abc", 1, "a"},
		{"服", 1, ""},
		{"abc", 0, ""},
		{"abc", -1, ""},
	}
	for _, test := range tests {
		if got := cut(test.in, test.w, "…"); got != test.want {
			t.Errorf("cut(%q, %d): got %q, want %q", test.in, test.w, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		in   string
		w    int
		want []string
	}{
		{"", 5, []string{""}},
		{"one", 5, []string{"one"}},
		{"one two", 5, []string{"one", "two"}},
		{"one two", 7, []string{"one two"}},
		{"one two ", 3, []string{"one", "two"}},
		{"a  b c", 4, []string{"a  b", "c"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"a bcdefgh", 3, []string{"a", "bcd", "efg", "h"}},
		{"服务器", 3, []string{"服", "务", "器"}},
		{"服务器", 1, []string{"服", "务", "器"}},
	}
	for _, test := range tests {
		if got := wrap(test.in, test.w); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, %d): got %q, want %q", test.in, test.w, got, test.want)
		}
	}
	if got, want := wrapTo("one two three four", 5, 2, "…"), []string{"one", "two…"}; !slices.Equal(got, want) {
		t.Errorf("wrapTo: got %q, want %q", got, want)
	}
}

// Whatever goes in, cleaned text is valid, printable, measures alike in both ways, and wrapping it loses
// nothing but spaces.
func FuzzClean(f *testing.F) {
	f.Add(nasty, 20)
	f.Add("plain text", 3)
	f.Add("각ᄀ각 क्षि ก็ \u0301\u0302 1\ufe0f\u20e3", 2)
	f.Fuzz(func(t *testing.T, s string, w int) {
		got := clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("clean(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) && r != utf8.RuneError {
				t.Fatalf("clean(%q) = %q holds %U", s, got, r)
			}
		}
		if whole := displaywidth.String(got); whole > width(got) {
			t.Fatalf("clean(%q) = %q takes %d cells, measured as %d", s, got, whole, width(got))
		}
		if again := clean(got); again != got && len(got) <= maxText {
			t.Fatalf("clean(%q) = %q, cleaned again %q", s, got, again)
		}
		w = 2 + abs(w)%200
		lines := wrap(got, w)
		for _, l := range lines {
			if width(l) > w {
				t.Fatalf("wrap(%q, %d) holds %q, %d cells", got, w, l, width(l))
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if joined := strings.Join(lines, ""); bare(joined) != bare(got) {
			t.Fatalf("wrap(%q, %d) became %q", got, w, joined)
		}
		if c := cut(got, w, "…"); width(c) > w {
			t.Fatalf("cut(%q, %d) = %q, %d cells", got, w, c, width(c))
		}
		checkASCII(t, toASCII(got))
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
