package picture

import (
	"fmt"
	"strings"
)

// A Role is what a colour means. What it looks like depends on whether the page is light or dark.
type Role int

// The roles of colours.
const (
	Paper Role = iota // the page, and text on anything that is filled with a colour
	Ink
	Faint // text of less weight
	Rule  // thin lines
	Track // the empty part of a bar
	Known // what is proven
	Open  // what is not known, where no other colour fits
	Good
	Bad
	Mark // a goal
	Hardware
	System      // an operating system
	ImageSystem // one that is replaced as a whole
	Hypervisor
	Engine
	Container // work
	Process
	Unknown
	roles // their number
)

// palette gives each role its name, and its colour on a light and on a dark page.
var palette = [roles]struct {
	name        string
	light, dark uint32
}{
	Paper:       {"paper", 0xffffff, 0x11151b},
	Ink:         {"ink", 0x1b2430, 0xe8ecf2},
	Faint:       {"faint", 0x56616f, 0xa3aebc},
	Rule:        {"rule", 0xcfd6de, 0x3a4552},
	Track:       {"track", 0xe9edf2, 0x252d37},
	Known:       {"known", 0x1f5c99, 0x7fb4ea},
	Open:        {"open", 0x6d93bb, 0x5d86b3},
	Good:        {"good", 0x1b7350, 0x63c397},
	Bad:         {"bad", 0xad3a2c, 0xf0958a},
	Mark:        {"mark", 0x8a5a00, 0xe3b457},
	Hardware:    {"hardware", 0x2f3947, 0x7c8899},
	System:      {"system", 0x4b6180, 0x97abc7},
	ImageSystem: {"image-system", 0x55779f, 0xb4c9e6},
	Hypervisor:  {"hypervisor", 0x6a5a84, 0xb3a3cd},
	Engine:      {"engine", 0x3c7378, 0x8fc4c6},
	Container:   {"container", 0x0f6e5e, 0x5cc4ae},
	Process:     {"process", 0x94591a, 0xdba763},
	Unknown:     {"unknown", 0x6b7480, 0x98a2ae},
}

// String is the role's name, as classes of SVG and CSS have it.
func (r Role) String() string { return palette[r].name }

// RGB is the colour on a light page.
func (r Role) RGB() (red, green, blue uint8) {
	c := palette[r].light
	return uint8(c >> 16), uint8(c >> 8), uint8(c)
}

// weak is how much of a colour is left in the ground of what is hatched.
const weak = .25

// WeakRGB is the ground of what is hatched, on a light page.
func (r Role) WeakRGB() (red, green, blue uint8) {
	over := func(c uint8) uint8 { return uint8(255 - weak*(255-float64(c)) + .5) }
	red, green, blue = r.RGB()
	return over(red), over(green), over(blue)
}

func hex(c uint32) string { return fmt.Sprintf("#%06x", c) }

// darkRules are the rules of CSS that colour drawings for a dark page. For a light one they carry their colours with them.
func darkRules() string {
	var b strings.Builder
	for _, p := range palette {
		fmt.Fprintf(&b, ".f-%[1]s{fill:%[2]s}.s-%[1]s{stroke:%[2]s}", p.name, hex(p.dark))
	}
	return b.String()
}

// Style is the style sheet of drawings on a page.
func Style() string { return "@media screen and (prefers-color-scheme:dark){" + darkRules() + "}" }
