package indicators

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// MaxFile is the largest model file, in bytes. The built-in model is a twentieth of it.
const MaxFile = 256 << 10

// limits are what a model file may be; a waiver has about twelve tokens, and a model six levels.
var limits = yamlfile.Limits{What: "model file", Bytes: MaxFile, Tokens: 30000, Levels: 16, Advice: "patterns such as web-* name many machines"}

// decode reads the built-in model, which holds everything.
func decode(text []byte) (*score.Model, error) {
	m := &score.Model{}
	if _, err := yamlfile.Decode("model.yaml", text, limits, m); err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	return m, nil
}

// Load reads a user's model file: in the form of model.yaml, what is to be other than in the built-in model. An empty
// file changes nothing. Errors begin with the name of the file, and the line and column where the fault is.
func Load(name string, text []byte) (*score.Model, error) {
	m, err := bind(defaultModel)
	if err != nil {
		return nil, err
	}
	f, err := yamlfile.Read(name, text, limits)
	if err != nil {
		return nil, err
	}
	o := &overlay{f, map[string]yamlfile.Position{}}
	if f.Root != nil {
		if err := o.group(f.Root, m.Parts()); err != nil {
			return nil, err
		}
	}
	if err := m.Check(); err != nil {
		return nil, o.locate(err)
	}
	fillIn(m)
	return m, nil
}

// An overlay puts a file on top of a model.
type overlay struct {
	*yamlfile.File
	at map[string]yamlfile.Position // where the file names each part, by path
}

// locate says where a fault of the whole model lies, as far as this file is to blame.
func (o *overlay) locate(err error) error {
	var f *score.Fault
	if !errors.As(err, &f) {
		return err
	}
	var here []yamlfile.Position
	for _, p := range f.Paths {
		if at, ok := o.at[p]; ok {
			here = append(here, at)
		}
	}
	switch len(here) {
	case 0:
		return o.Fault(yamlfile.Position{}, "%s", f.Text)
	case 1:
		return o.Fault(here[0], "%s", f.Text)
	}
	slices.SortFunc(here, func(a, b yamlfile.Position) int { return a.Line - b.Line })
	var lines []string
	for _, at := range here {
		lines = append(lines, fmt.Sprint(at.Line))
	}
	return o.Fault(here[0], "%s (set in lines %s)", f.Text, strings.Join(lines, ", "))
}

// wrong is the error about a value of another kind than the part wants.
func (o *overlay) wrong(n *yamlfile.Node, p *score.Part) error { return o.Wrong(n, p.Path, p.Want()) }

// group sets parts by their keys.
func (o *overlay) group(n *yamlfile.Node, parts []score.Part) error {
	if n.Kind != yamlfile.Map {
		return o.wrong(n, &score.Part{Path: "the file", Kind: score.Group})
	}
	return o.keys(n.Pairs, parts)
}

func (o *overlay) keys(values []yamlfile.Pair, parts []score.Part) error {
	for _, v := range values {
		i := slices.IndexFunc(parts, func(p score.Part) bool { return p.Name == v.Key })
		if i < 0 {
			return o.unknown(v.At, "key", v.Key, parts)
		}
		if err := o.set(v, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// unknown is the error about a name that no part has.
func (o *overlay) unknown(at yamlfile.Position, noun, name string, parts []score.Part) error {
	var known []string
	for _, p := range parts {
		if p.Kind != score.Word {
			known = append(known, p.Name)
		}
	}
	if near := score.Nearest(name, known); near != "" {
		return o.Fault(at, "unknown %s %q: did you mean %s?", noun, inventory.Text(name), near)
	}
	return o.Fault(at, "unknown %s %q: want one of %s", noun, inventory.Text(name), strings.Join(known, ", "))
}

// set gives a part the value that the file has for it. Limits are left to the check of the whole model.
func (o *overlay) set(v yamlfile.Pair, p *score.Part) error {
	o.at[p.Path] = v.Value.At
	switch p.Kind {
	case score.Word:
		return o.Fault(v.At, "%s: the words of the model cannot be changed, as they say what its code does: want numbers only", p.Path)
	case score.Group:
		if v.Value.Kind != yamlfile.Map {
			return o.wrong(v.Value, p)
		}
		return o.keys(v.Value.Pairs, p.Parts)
	case score.List:
		return o.list(v.Value, p)
	case score.Open:
		return o.declare(v.Value, p)
	case score.Number:
		return o.number(v.Value, p)
	case score.Texts:
		return o.texts(v.Value, p)
	default:
		if v.Value.Kind != yamlfile.Text {
			return o.wrong(v.Value, p)
		}
		p.SetText(v.Value.Text)
		return o.TooLong(v.Value)
	}
}

// list changes elements that the model has, found by their IDs.
func (o *overlay) list(n *yamlfile.Node, p *score.Part) error {
	if n.Kind != yamlfile.List {
		return o.wrong(n, p)
	}
	seen := map[string]int{} // in which line
	for _, element := range n.Items {
		at := slices.IndexFunc(element.Pairs, func(v yamlfile.Pair) bool { return v.Key == p.ID })
		if at < 0 {
			return o.wrong(element, p)
		}
		id := element.Pairs[at].Value
		i := slices.IndexFunc(p.Parts, func(q score.Part) bool { return q.Name == id.Text })
		if i < 0 {
			return o.unknown(id.At, p.ID, id.Text, p.Parts)
		}
		if line := seen[id.Text]; line > 0 {
			return o.Fault(id.At, "%s: %s is there twice, first in line %d", p.Path, id.Text, line)
		}
		seen[id.Text] = id.At.Line
		o.at[p.Parts[i].Path] = id.At
		if err := o.keys(slices.Delete(slices.Clone(element.Pairs), at, at+1), p.Parts[i].Parts); err != nil {
			return err
		}
	}
	return nil
}

// declare adds elements that only the user knows.
func (o *overlay) declare(n *yamlfile.Node, p *score.Part) error {
	if n.Kind != yamlfile.List {
		return o.wrong(n, p)
	}
	for i, element := range p.Declare(len(n.Items)) {
		item := n.Items[i]
		if item.Kind != yamlfile.Map {
			return o.wrong(item, &element)
		}
		o.at[element.Path] = item.At
		if err := o.keys(item.Pairs, element.Parts); err != nil {
			return err
		}
	}
	return nil
}

func (o *overlay) number(n *yamlfile.Node, p *score.Part) error {
	if n.Kind != yamlfile.Number || p.Whole && n.Number != math.Trunc(n.Number) {
		return o.wrong(n, p)
	}
	p.SetNumber(n.Number)
	return nil
}

func (o *overlay) texts(n *yamlfile.Node, p *score.Part) error {
	if n.Kind != yamlfile.List {
		return o.wrong(n, p)
	}
	out := make([]string, 0, len(n.Items))
	for _, x := range n.Items {
		if x.Kind != yamlfile.Text {
			return o.wrong(x, p)
		}
		if err := o.TooLong(x); err != nil {
			return err
		}
		out = append(out, x.Text)
	}
	p.SetTexts(out)
	return nil
}
