package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// telling matches words that sites make more of than text: mentions, references, labels, formulas, addresses of the web.
var telling = regexp.MustCompile(`[@$!#%^~&]\w|://|(?i:www\.|mailto:)`)

// mdEscape spells what Markdown or HTML could take for markup. Where a reference says the same it goes before a backslash,
// which not every reader of Markdown heeds inside tables.
var mdEscape = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "|", "&#124;")

// mdBegins matches what makes something else of a line or of an item of a list: a heading, a list, a rule.
var mdBegins = regexp.MustCompile(`^([-+=#]+|[0-9]{1,9}[.)])( |$)`)

// mdText escapes cleaned text for Markdown, in a line or a cell of a table. Words that a site would act on become code, in
// which nothing is looked for.
func mdText(s string) string {
	words := strings.Split(spaces(s), " ")
	for i, w := range words {
		switch {
		case !telling.MatchString(w):
			words[i] = mdEscape.Replace(w)
		case strings.ContainsAny(w, "|`"):
			words[i] = "<code>" + references(w) + "</code>"
		default:
			words[i] = "`" + w + "`"
		}
	}
	s = strings.Join(words, " ")
	if at := mdBegins.FindStringSubmatchIndex(s); at != nil {
		last := at[3] - 1 // the sign that ends it: a digit cannot be escaped
		s = s[:last] + `\` + s[last:]
	}
	return s
}

// references spells every sign of ASCII that is no letter and no digit as a character reference, which is never markup.
func references(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= utf8.RuneSelf, r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

// mdCode sets a command as code, as it is to be typed. It is not for tables: there a bar would end the cell.
func mdCode(s string) string {
	s = strings.TrimSpace(spaces(s))
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
