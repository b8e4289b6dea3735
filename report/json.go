package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// renderJSON writes the assessment as one indented JSON document, the contract of docs/assessment.schema.json.
func renderJSON(w io.Writer, r *Report) error {
	return writeJSON(w, r.Assessment, "assessment", r.Display.ASCII)
}

// writeJSON writes an indented document that does no harm to a terminal.
func writeJSON(w io.Writer, content any, noun string, ascii bool) error {
	var doc bytes.Buffer
	enc := json.NewEncoder(&doc)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(content); err != nil {
		return fmt.Errorf("encoding the %s: %w", noun, err)
	}
	if _, err := w.Write(escapeControls(doc.Bytes(), ascii)); err != nil {
		return fmt.Errorf("writing the %s: %w", noun, err)
	}
	return nil
}

// escapeControls escapes what could still steer or reorder a terminal on which a document is looked at:
// encoding/json escapes C0 controls and leaves DEL, C1 and marks of direction alone. All of them can only
// stand inside strings, so the document means the same. With all set, everything outside ASCII is escaped.
func escapeControls(doc []byte, all bool) []byte {
	out := make([]byte, 0, len(doc))
	for len(doc) > 0 {
		r, n := utf8.DecodeRune(doc)
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case all || !unicode.IsPrint(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		default:
			out = append(out, doc[:n]...)
		}
		doc = doc[n:]
	}
	return out
}
