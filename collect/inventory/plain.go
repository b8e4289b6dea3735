package inventory

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// Nearly all that a snapshot holds are readings of plain text and numbers. To start encoding/json for each of them
// took most of the time; here they are written and read as it would. Whatever is not quite plain is left to it.

// appendPlain appends a plain value as json.Marshal writes it.
func appendPlain(b []byte, value any) ([]byte, bool) {
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return nil, false
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), true
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), true
	case reflect.Float64:
		if f := v.Float(); f == 0 || 1e-6 <= f && f < 1e21 { // beyond, exponents have a form of their own
			return strconv.AppendFloat(b, f, 'f', -1, 64), true
		}
	case reflect.String:
		s := v.String()
		for i := range len(s) {
			if !plainText[s[i]] {
				return nil, false
			}
		}
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), true
	}
	return nil, false
}

// parsePlain reads a plain value into what v points to, and reports whether it could. The text is well-formed JSON
// where it comes from encoding/json.
func parsePlain[T any](text []byte, v *T) bool {
	switch any(v).(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return false
	}
	if len(text) == 0 {
		return false
	}
	switch to := reflect.ValueOf(v).Elem(); to.Kind() {
	case reflect.Bool:
		is := string(text) == "true"
		if !is && string(text) != "false" {
			return false
		}
		to.SetBool(is)
		return true
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(string(text), 10, to.Type().Bits())
		if err != nil || !plainNumber(text) {
			return false
		}
		to.SetInt(n)
		return true
	case reflect.Float64:
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil || !plainNumber(text) {
			return false
		}
		to.SetFloat(f)
		return true
	case reflect.String:
		if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
			return false
		}
		text = text[1 : len(text)-1]
		for _, c := range text {
			if !plainText[c] {
				return false
			}
		}
		to.SetString(string(text))
		return true
	}
	return false
}

// plainList reads a list of plain values that have no comma in them.
func plainList[T any](text []byte) (list []T, ok bool) {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil, false
	}
	text = text[1 : len(text)-1]
	list = make([]T, 1+bytes.Count(text, []byte(",")))
	for i := range list {
		var value []byte
		value, text, _ = bytes.Cut(text, []byte(","))
		if !parsePlain(bytes.Trim(value, " \t\r\n"), &list[i]) {
			return nil, false
		}
	}
	return list, true
}

// plainNumber reports whether a number without sign or exponent is written as JSON wants it: strconv takes more.
func plainNumber(text []byte) bool {
	for i, c := range text {
		if (c < '0' || c > '9') && (c != '.' || i == 0 || i == len(text)-1) {
			return false
		}
	}
	return len(text) == 1 || text[0] != '0' || text[1] == '.'
}

// plainText are the characters that stand for themselves in JSON, however it is escaped.
var plainText = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return plain
}()

// plainObject reads what a Reading without a value is written as, where its texts are plain and no key comes twice.
func plainObject(text []byte) (o readingObject, ok bool) {
	rest := text[1:] // behind the brace
	for {
		var key, value []byte
		if key, rest, ok = plainToken(rest); !ok || len(rest) == 0 || rest[0] != ':' {
			return o, false
		}
		if value, rest, ok = plainToken(rest[1:]); !ok || len(rest) == 0 {
			return o, false
		}
		var s string
		isText := parsePlain(value, &s)
		switch {
		case string(key) == `"absent"` && string(value) == "true" && !o.Absent:
			o.Absent = true
		case string(key) == `"unknown"` && isText && o.Unknown == nil:
			o.Unknown = &s
		case string(key) == `"remedy"` && isText && o.Remedy == "":
			o.Remedy = s
		case string(key) == `"notApplicable"` && isText && o.NotApplicable == nil:
			o.NotApplicable = &s
		default:
			return o, false
		}
		if rest[0] == '}' {
			return o, len(rest) == 1
		}
		if rest[0] != ',' {
			return o, false
		}
		rest = rest[1:]
	}
}

// plainToken splits off a text without escapes, or a word, and the white space around it.
func plainToken(text []byte) (token, rest []byte, ok bool) {
	text = bytes.TrimLeft(text, " \t\r\n")
	end := 0
	if len(text) > 0 && text[0] == '"' {
		end = 1 + bytes.IndexByte(text[1:], '"') + 1
		if end < 2 {
			return nil, nil, false
		}
	} else {
		for end < len(text) && 'a' <= text[end] && text[end] <= 'z' {
			end++
		}
	}
	return text[:end], bytes.TrimLeft(text[end:], " \t\r\n"), end > 0
}
