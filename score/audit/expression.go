package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/infraopt/infraopt/score"
)

// Custom gates are expressions of github.com/expr-lang/expr over the JSON of an assessment. They know no time, no chance and
// nothing outside; what they may take is bounded.

// The bounds of an expression.
const (
	maxNodes  = 500     // of its tree
	maxMemory = 1000000 // elements that it makes
)

// functions are those of the language that depend on nothing but their arguments, and make no more than those hold.
var functions = []string{"all", "none", "any", "one", "filter", "map", "find", "count", "sum", "len", "abs", "ceil", "floor", "round", "int", "float", "string",
	"lower", "upper", "trim", "hasPrefix", "hasSuffix", "max", "min", "mean", "median", "first", "last", "get", "keys", "values", "uniq", "sort", "split"}

// An expression is a condition that was compiled.
type expression struct {
	program *vm.Program
	fields  []string // of the assessment that it looks at
	plans   bool     // it asks for what only a plan can tell
	lists   bool     // it goes through machines
}

// compile checks an expression against the fields of an assessment.
func compile(text string) (*expression, error) {
	options := []expr.Option{expr.Env(environment()), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for _, f := range functions {
		options = append(options, expr.EnableBuiltin(f))
	}
	if _, err := expr.Compile(text, options...); err != nil { // faults are told of what was written
		return nil, err
	}
	strict := append(options, expr.Patch(&strictness{}),
		expr.Function(divide, func(of ...any) (any, error) { return quotient(of[0], of[1]) }, new(func(any, any) float64)),
		expr.Function(equals, func(of ...any) (any, error) { return same(of[0], of[1]) }, new(func(any, any) bool)))
	program, err := expr.Compile(text, strict...)
	if err != nil {
		return nil, err
	}
	node := program.Node()
	v := &visitor{fields: map[string]bool{}}
	ast.Walk(&node, v)
	if v.err != nil {
		return nil, v.err
	}
	x := &expression{program: program, fields: slices.Sorted(maps.Keys(v.fields))}
	for _, f := range x.fields {
		x.plans = x.plans || slices.Contains([]string{"recommendations", "roadmap", "target", "kpis"}, f)
		x.lists = x.lists || slices.Contains([]string{"machines", "containers", "vms"}, f)
	}
	x.plans = x.plans || v.hostsPlan
	return x, nil
}

// The functions that take the place of operators where these make something of what is not known.
const (
	divide = "divide__"
	equals = "equals__"
)

// A strictness replaces operators: what is divided by nothing is no number, and what is null is neither equal to something nor
// different from it. Whether something is null can be asked.
type strictness struct{}

func (*strictness) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok {
		return
	}
	call := func(name string) ast.Node {
		return &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: []ast.Node{n.Left, n.Right}}
	}
	_, left := n.Left.(*ast.NilNode)
	_, right := n.Right.(*ast.NilNode)
	switch {
	case n.Operator == "/":
		ast.Patch(node, call(divide))
	case left || right:
	case n.Operator == "==":
		ast.Patch(node, call(equals))
	case n.Operator == "!=":
		ast.Patch(node, &ast.UnaryNode{Operator: "not", Node: call(equals)})
	}
}

func quotient(a, b any) (float64, error) {
	x, ok := number(a)
	y, ok2 := number(b)
	switch {
	case !ok || !ok2:
		return 0, fmt.Errorf("%v / %v: want numbers", a, b)
	case y == 0:
		return 0, fmt.Errorf("%v is divided by 0", a)
	}
	return x / y, nil
}

func same(a, b any) (bool, error) {
	if a == nil || b == nil {
		return false, errors.New("null is compared with something: want ?? with what to take in its place, or == nil")
	}
	x, ok := number(a)
	y, ok2 := number(b)
	if ok && ok2 {
		return x == y, nil
	}
	return reflect.DeepEqual(a, b), nil
}

func number(v any) (float64, bool) {
	switch x := reflect.ValueOf(v); {
	case x.CanInt():
		return float64(x.Int()), true
	case x.CanFloat():
		return x.Float(), true
	}
	return 0, false
}

// misfit tells of an expression that does not compile, where it stands in the file.
func (p *Policy) misfit(text []byte, path string, gate Name, err error) error {
	at := p.pos.At(path)
	message := err.Error()
	var e *file.Error
	if errors.As(err, &e) {
		message = e.Message
		column := at.Column + e.Column
		if lines := bytes.Split(text, []byte("\n")); at.Line <= len(lines) && quoted(lines[at.Line-1], at.Column) {
			column++
		}
		return p.pos.FaultAt(at.Line, column, "gate %s: %s", gate, message)
	}
	return p.pos.Fault(path, "gate %s: %s", gate, message)
}

// quoted reports whether a text in quotes begins in a column.
func quoted(line []byte, column int) bool {
	for i := 1; len(line) > 0; i++ {
		r, n := utf8.DecodeRune(line)
		if i == column {
			return r == '"' || r == '\''
		}
		line = line[n:]
	}
	return false
}

// A visitor looks for what an expression asks for, and for what would take long: lists that are gone through for each element
// of another list.
type visitor struct {
	fields    map[string]bool
	hostsPlan bool
	err       error
}

func (v *visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.fields[n.Value] = true
	case *ast.MemberNode:
		if s, ok := n.Property.(*ast.StringNode); ok && s.Value == "hostsPlan" {
			v.hostsPlan = true
		}
	case *ast.BinaryNode:
		if n.Operator == ".." {
			v.refuse(n, "ranges (..) are not allowed: want a list of the assessment")
		}
	case *ast.PredicateNode:
		inner := &loops{}
		ast.Walk(&n.Node, inner)
		if inner.bad != nil {
			v.refuse(inner.bad, "here, for each element of a list, only a list of that element can be gone through")
		}
	}
}

func (v *visitor) refuse(n ast.Node, text string) {
	if v.err == nil {
		v.err = &file.Error{Location: n.Location(), Column: n.Location().From, Line: 1, Message: text}
	}
}

// loops finds functions inside a predicate that go through another list than one of the element.
type loops struct{ bad ast.Node }

func (l *loops) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BuiltinNode:
		if slices.Contains([]string{"len", "first", "last", "get", "abs", "ceil", "floor", "round", "int", "float", "string"}, n.Name) {
			return
		}
		for i := range n.Arguments {
			if _, ok := n.Arguments[i].(*ast.PredicateNode); ok {
				continue
			}
			p := &pointers{}
			ast.Walk(&n.Arguments[i], p)
			if _, constant := n.Arguments[i].(*ast.StringNode); !p.found && !constant && l.bad == nil {
				l.bad = n
			}
		}
	case *ast.BinaryNode:
		if n.Operator == "in" {
			p := &pointers{}
			ast.Walk(&n.Right, p)
			_, array := n.Right.(*ast.ArrayNode)
			_, constant := n.Right.(*ast.ConstantNode)
			if !p.found && !array && !constant && l.bad == nil {
				l.bad = n
			}
		}
	}
}

type pointers struct{ found bool }

func (p *pointers) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PointerNode); ok {
		p.found = true
	}
}

// environment is the type of an assessment's JSON, for expressions.
func environment() types.Map { return typeOf(reflect.TypeFor[score.Assessment]()).(types.Map) }

// typeOf is the type of what encoding/json makes of a type. What may be null, or encodes itself, can be anything.
func typeOf(t reflect.Type) types.Type {
	switch t {
	case reflect.TypeFor[time.Time]():
		return types.String
	case reflect.TypeFor[score.Bounds]():
		return types.Map{"low": types.Any, "high": types.Any}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return types.Any
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct {
			return typeOf(t.Elem())
		}
		return types.Any
	case reflect.Struct:
		m := types.Map{}
		members(t, m)
		return m
	case reflect.Slice, reflect.Array:
		return types.Array(typeOf(t.Elem()))
	case reflect.Map:
		return types.Map{types.Extra: typeOf(t.Elem())}
	case reflect.String:
		return types.String
	case reflect.Bool:
		return types.Bool
	default:
		return types.Float64
	}
}

func members(t reflect.Type, m types.Map) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "" && f.Anonymous:
			members(f.Type, m)
		case f.IsExported() && name != "" && name != "-":
			m[name] = typeOf(f.Type)
		}
	}
}

// values decodes what some expressions look at of an assessment.
func values(a *score.Assessment, exprs []*expression) (map[string]any, error) {
	wanted := map[string]bool{}
	for _, x := range exprs {
		for _, f := range x.fields {
			wanted[f] = true
		}
	}
	out := map[string]any{}
	v := reflect.ValueOf(a).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if !wanted[name] {
			continue
		}
		text, err := json.Marshal(v.Field(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", name, err)
		}
		var x any
		if err := json.Unmarshal(text, &x); err != nil {
			return nil, fmt.Errorf("decoding %s: %w", name, err)
		}
		out[name] = x
	}
	return out, nil
}

// ask evaluates the expression. An error says what could not be worked out: something in it is not known.
func (x *expression) ask(values map[string]any) (bool, error) {
	machine := vm.VM{MemoryBudget: maxMemory}
	out, err := machine.Run(x.program, values)
	if err != nil {
		var e *file.Error
		if errors.As(err, &e) {
			return false, errors.New(e.Message)
		}
		return false, err
	}
	ok, isBool := out.(bool)
	if !isBool {
		return false, fmt.Errorf("it gives %T, want true or false", out)
	}
	return ok, nil
}
