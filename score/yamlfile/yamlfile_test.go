package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A size is text that its type reads.
type size int64

func (size) Want() string { return "a size such as 8 GiB" }

func (s *size) UnmarshalText(text []byte) error {
	var unit string
	if _, err := fmt.Sscanf(string(text), "%d %s", (*int64)(s), &unit); err != nil || unit != "GiB" {
		return fmt.Errorf("%q: want %s", text, s.Want())
	}
	return nil
}

// A colour is a word that its type knows.
type colour string

func (colour) Names() []string { return []string{"red", "green", "blue"} }

type common struct {
	Reason string `json:"reason,omitempty"`
}

type rate struct {
	common
	Name  string             `json:"name" file:"required"`
	Price *float64           `json:"price,omitempty" file:"0..1000"`
	Cores int                `json:"cores,omitempty" file:"1..64"`
	Count int64              `json:"count,omitempty"`
	On    bool               `json:"on,omitempty"`
	Style string             `json:"style,omitempty" file:"flat|tiered"`
	Size  size               `json:"size,omitempty"`
	Sizes []size             `json:"sizes,omitempty"`
	Hue   colour             `json:"hue,omitempty"`
	Hues  []colour           `json:"hues,omitempty"`
	Names []string           `json:"names,omitempty"`
	Tiers []float64          `json:"tiers,omitempty" file:"0..9"`
	Each  map[string]float64 `json:"each,omitempty" file:"0..9"`
	Next  *rate              `json:"next,omitempty"`
	Must  *strict            `json:"must,omitempty"`
	Per   *per               `json:"per,omitempty"`
	Hash  string             `json:"hash" file:"-"`
	Func  func()             `json:"-"`
}

type strict struct {
	Size *size   `json:"size" file:"required"`
	Hue  *colour `json:"hue" file:"required"`
}

// A per is priced one way or the other.
type per struct {
	Core *float64 `json:"core,omitempty"`
	Host *float64 `json:"host,omitempty"`
}

func (per) OneOf() {}

type book struct {
	Currency string `json:"currency" file:"required"`
	Rates    []rate `json:"rates"`
}

var bounds = Limits{What: "price book", Bytes: 64 << 10, Tokens: 5000, Levels: 8, Advice: "one rate may name many hosts"}

func TestDecode(t *testing.T) {
	const text = `# prices
currency: EUR
rates:
  - {name: host, price: 0, cores: 0x10, count: 9007199254740992, on: true, style: tiered, size: 8 GiB}
  - name: "vm"
    reason: why
    sizes: [1 GiB, 2 GiB]
    hue: green
    hues: [red, blue]
    names: [a, "5"]
    tiers: [.5, 9]
    each: {x: 1, "y": 2.5}
    next:
      name: inner
`
	have := book{Currency: "USD"}
	pos, err := Decode("p.yaml", []byte(text), bounds, &have)
	if err != nil {
		t.Fatal(err)
	}
	var zero float64
	want := book{Currency: "EUR", Rates: []rate{
		{Name: "host", Price: &zero, Cores: 16, Count: 1 << 53, On: true, Style: "tiered", Size: 8},
		{Name: "vm", common: common{"why"}, Sizes: []size{1, 2}, Hue: "green", Hues: []colour{"red", "blue"}, Names: []string{"a", "5"},
			Tiers: []float64{.5, 9}, Each: map[string]float64{"x": 1, "y": 2.5}, Next: &rate{Name: "inner"}},
	}}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("got  %+v\nwant %+v", have, want)
	}
	for path, at := range map[string]Position{
		"": {2, 1}, "currency": {2, 11}, "rates": {4, 3}, "rates.1": {4, 6}, "rates.2": {5, 5}, "rates.2.name": {5, 11}, "rates.2.names.2": {10, 16},
		"rates.2.price": {5, 5}, "rates.2.next.name": {14, 13}, "rates.9.names.3": {4, 3}, "elsewhere": {2, 1}, "rates.2.each.y": {12, 23},
	} {
		if got := pos.At(path); got != at {
			t.Errorf("%q is at %v, want %v", path, got, at)
		}
	}
	err = pos.Fault("rates.2.names.1", "no host is called %q", "a")
	var f *Fault
	if want := `p.yaml:10:13: no host is called "a"`; err.Error() != want || !errors.As(err, &f) || f.Line != 10 {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What the file does not name is left as it is.
func TestDecodeLeavesTheRest(t *testing.T) {
	have := book{Currency: "USD", Rates: []rate{{Name: "a"}}}
	if _, err := Decode("p.yaml", []byte("currency: CHF\n"), bounds, &have); err != nil || have.Currency != "CHF" || len(have.Rates) != 1 {
		t.Errorf("got %+v, %v", have, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	in := func(rate string) string { return "currency: EUR\nrates:\n  - {name: a, " + rate + "}\n" }
	tests := []struct{ text, want string }{
		{"", "p.yaml:1:1: currency is missing or empty: want text"},
		{"# nothing\n", "p.yaml:1:1: currency is missing or empty"},
		{"rates: []", "p.yaml:1:1: currency is missing or empty"},
		{"currency: ' '", "p.yaml:1:11: currency is missing or empty"},
		{"currency: EUR\nrates:\n  - {price: 1}", "p.yaml:3:6: rates.1.name is missing or empty: want text"},
		{"curency: EUR", `p.yaml:1:1: unknown key "curency": did you mean currency?`},
		{"xyzzy: EUR", `p.yaml:1:1: unknown key "xyzzy": want one of currency, rates`},
		{"[a]", "p.yaml:1:1: the file: have a list: want keys with values"},
		{in("hash: x"), `p.yaml:3:15: unknown key "hash"`},
		{in("Func: x"), `unknown key "Func"`},
		{in("common: {reason: x}"), `unknown key "common"`},
		{in("reason: {a: b}"), "p.yaml:3:24: rates.1.reason: have keys with values: want text, in quotes where it looks like something else"},
		{in("reason: 5"), `rates.1.reason: have "5": want text`},
		{in("reason: true"), `rates.1.reason: have "true": want text`},
		{in("reason: " + strings.Repeat("r", 600)), "p.yaml:3:23: a text of 600 bytes: want 512 at most"},
		{in("price: -1"), `p.yaml:3:22: rates.1.price: have "-1": want a number from 0 to 1000`},
		{in("price: .nan"), `have ".nan": want a number from 0 to 1000`},
		{in("price: .inf"), `have ".inf": want a number`},
		{in("price: '1'"), `have "1": want a number`},
		{in("price: ~"), "have nothing: want a number"},
		{in("cores: 1.5"), `have "1.5": want a whole number from 1 to 64`},
		{in("cores: 65"), `have "65": want a whole number from 1 to 64`},
		{in("count: 9007199254740994"), `have "9007199254740994": want a whole number`},
		{in("count: 99999999999999999999"), `want a whole number`},
		{in("on: yes"), `have "yes": want true or false`},
		{in("style: flatt"), `rates.1.style: "flatt": want one of flat, tiered: did you mean flat?`},
		{in("style: [flat]"), `rates.1.style: have a list: want one of flat, tiered`},
		{in("hue: pink"), `rates.1.hue: "pink": want one of red, green, blue`},
		{in("hues: [red, grene]"), `p.yaml:3:27: rates.1.hues.2: "grene": want one of red, green, blue: did you mean green?`},
		{in("size: 8"), `rates.1.size: have "8": want a size such as 8 GiB`},
		{in("size: 8 GB"), `p.yaml:3:21: rates.1.size: "8 GB": want a size such as 8 GiB`},
		{in("sizes: 8 GiB"), `rates.1.sizes: have "8 GiB": want a list`},
		{in("sizes: [8 GiB, x]"), `rates.1.sizes.2: "x": want a size such as 8 GiB`},
		{in("names: a"), `rates.1.names: have "a": want a list of texts, in quotes`},
		{in("names: [a, 5]"), `p.yaml:3:26: rates.1.names.2: have "5": want text`},
		{in("tiers: [1, 10]"), `rates.1.tiers.2: have "10": want a number from 0 to 9`},
		{in("each: [1]"), `rates.1.each: have a list: want keys with values`},
		{in("each: {x: 10}"), `rates.1.each.x: have "10": want a number from 0 to 9`},
		{in("next: {}"), "rates.1.next.name is missing or empty"},
		{in("next: x"), `rates.1.next: have "x": want keys with values`},
		{in("must: {hue: red}"), "p.yaml:3:22: rates.1.must.size is missing or empty: want a size such as 8 GiB"},
		{in("must: {size: 1 GiB}"), "rates.1.must.hue is missing or empty: want one of red, green, blue"},
		{in("must: {size: 1, hue: red}"), "rates.1.must.size: have \"1\": want a size"},
		{in("must: {size: 1 GiB, hue: rde}"), "want one of red, green, blue: did you mean red?"},
		{in("per: {core: 1, host: 2}"), "p.yaml:3:21: rates.1.per: have 2 keys: want just one of core, host"},
		{in("per: {}"), "rates.1.per: have 0 keys: want just one of core, host"},
		{in("per: {cores: 1}"), `unknown key "cores": did you mean core?`},
		// Twice.
		{"currency: EUR\ncurrency: USD", `p.yaml:2:1: the key "currency" is there twice, first in line 1`},
		{in("name: b"), `the key "name" is there twice, first in line 3`},
		{in(`"name": b`), `the key "name" is there twice, first in line 3`},
		{in("each: {x: 1, 'x': 2}"), `the key "x" is there twice`},
		{"a: 1\n---\nb: 2", "p.yaml:3:1: a second document: want one"},
		// Bounds.
		{"currency: " + strings.Repeat("[", 9), "p.yaml:1:19: nested too deeply: a price book has 8 levels at most"},
		{strings.Repeat("- \n", 8000), "too many values: a price book has 5000 at most"},
		{strings.Repeat("# a line\n", 10_000), "p.yaml: a price book of more than 64 KiB: want a smaller one; one rate may name many hosts"},
		{"currency: &x EUR", "p.yaml:1:11: anchors"},
		{"currency: a\x00", "p.yaml:1:12: not text: a control character"},
	}
	for _, test := range tests {
		_, err := Decode("p.yaml", []byte(test.text), bounds, &book{})
		if err == nil || !strings.HasPrefix(err.Error(), "p.yaml:") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80q:\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// Keys that differ only in where they stand are no duplicates, whatever dots they hold.
func TestKeysWithDots(t *testing.T) {
	f, err := Read("p.yaml", []byte("a.b: 1\na: {b: 2}\nc: [{d: 1}, {d: 2}]\n'c[0].d': 3\n"), bounds)
	if err != nil || len(f.Root.Pairs) != 4 {
		t.Errorf("got %+v, %v", f, err)
	}
}

// FuzzDecode holds that no file makes the reader panic or take long, and that what is accepted keeps to the rules.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "currency: EUR\nrates:\n  - {name: a, price: 1, tiers: [1, 2], each: {x: 1}, next: {name: b}}\n",
		"currency: EUR\nrates: [{name: a, size: 8 GiB, hue: red, style: flat, cores: 64}]", "a: |\n  \r\r", "a: &x [*x]", "{[", "- - - -", "? a", "a: {b: {c: [1, [2]]}}\n...\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		var b book
		pos, err := Decode("p.yaml", text, bounds, &b)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) || fault.File != "p.yaml" || fault.Text == "" {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		if strings.TrimSpace(b.Currency) == "" || pos.At("currency").Line == 0 {
			t.Errorf("accepted %q without a currency", text)
		}
		for _, r := range b.Rates {
			if r.Name == "" || r.Price != nil && !(0 <= *r.Price && *r.Price <= 1000) || r.Hash != "" {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}
