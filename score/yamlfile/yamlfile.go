// Package yamlfile reads the files that people write for this program: YAML with bounds on everything, one document,
// plain values, and no key twice. Errors begin with the name of the file, and the line and column where the fault is.
// It is the one place of the YAML library.
package yamlfile

import (
	"fmt"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Limits are what a file may be at most.
type Limits struct {
	What   string // the file, for messages: "model file"
	Bytes  int    //
	Tokens int    // keys, values, and the marks between them
	Levels int    // of lists and keys in brackets
	Advice string // what to do about a file that is too large
}

// The bounds within which the YAML library, parts of which take the square of what they are given, is quick.
const (
	maxLine   = 1000 // bytes
	maxIndent = 60   // spaces and dashes before a line, which nest
)

// A Position is a place in a file; both count from 1.
type Position struct{ Line, Column int }

// A Fault is what makes a file useless, and where.
type Fault struct {
	File string
	Position
	Text string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text)
}

// Kind says what a value is.
type Kind int

// The kinds of values.
const (
	Nothing Kind = iota // the key is there, and nothing behind it
	Text
	Number // finite
	Truth  // true or false
	Odd    // what YAML knows and no file of ours: infinity, not a number
	List
	Map
)

// A Node is a value of a file.
type Node struct {
	Kind   Kind
	At     Position
	Text   string  // of a single value, as it was written, without quotes
	Number float64 // of a Number
	Items  []*Node // of a List
	Pairs  []Pair  // of a Map, in the order of the file
}

// A Pair is a key with its value.
type Pair struct {
	Key   string
	At    Position // of the key
	Value *Node
}

// Have says for a message what a value is.
func (n *Node) Have() string {
	switch n.Kind {
	case Map:
		return "keys with values"
	case List:
		return "a list"
	case Nothing:
		return "nothing"
	default:
		return fmt.Sprintf("%q", inventory.Text(n.Text))
	}
}

// A File is a file that was read.
type File struct {
	Name string
	Root *Node // nil where there is nothing but comments
}

// Fault is the error about a place in the file; the zero Position stands for the file as a whole.
func (f *File) Fault(at Position, format string, args ...any) error {
	return &Fault{f.Name, at, fmt.Sprintf(format, args...)}
}

// Wrong is the error about a value that is none of what is wanted there.
func (f *File) Wrong(n *Node, path, want string) error {
	return f.Fault(n.At, "%s: have %s: want %s", path, n.Have(), want)
}

// TooLong is an error about a text that is too long to be kept, or nil.
func (f *File) TooLong(n *Node) error {
	if n.Kind == Text && len(n.Text) > inventory.MaxText {
		return f.Fault(n.At, "a text of %d bytes: want %d at most", len(n.Text), inventory.MaxText)
	}
	return nil
}
