package demo

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// hostileTexts are names that break programs which show them as they are: markup, formulas, table syntax, terminal
// control, text that runs backwards or cannot be seen, paths, and what is no text at all.
var hostileTexts = []string{
	`<script>alert(1)</script>`,
	`</td></table><img src=x onerror=alert(2)>`,
	`=cmd|' /C calc'!A0`,
	`+1+1`,
	`@SUM(A1:A9)`,
	"a|b||c",
	"`id` $(id) ${HOME}",
	"[link](javascript:alert(1)) **bold**",
	"first line\nsecond line\r\nthird\tline",
	"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J",
	"\u009b31m C1 control",
	"abc\u202egnp.exe",
	"zero\u200bwidth\u200d\ufeff",
	strings.Repeat("long-label-", 1000),
	"bad \xff\xfe\xc3( utf-8",
	"nul\x00byte",
	`quote " and ' and \ and %s%n %!d(MISSING)`,
	"../../etc/passwd",
	"",
	" ",
	"{{.Name}} {%x%} ${jndi:ldap://x}",
	"🚀👩‍👩‍👧 café",
	"データベース数据库데이터",
	"ﷺ ｆｕｌｌｗｉｄｔｈ e\u0301\u0301\u0301\u0301",
	"-rf",
	`{"unknown":"not a reading"}`,
}

// name passes a name on as a source must, whoever chose it.
func (h *host) name(plain string) string {
	if !h.query.hostile {
		return plain
	}
	switch h.evil.below(4) {
	case 0:
		return inventory.Text(draw(h.evil, hostileTexts))
	case 1:
		return inventory.Text(plain + draw(h.evil, hostileTexts))
	case 2:
		return inventory.Text(draw(h.evil, hostileTexts) + plain)
	}
	return plain
}
