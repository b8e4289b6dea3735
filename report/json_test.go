package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score"
)

func renderedJSON(t *testing.T, a *score.Assessment, d Display) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := renderJSON(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is written decodes to what was rendered; display flags change only how it is escaped.
func TestJSONRoundTrip(t *testing.T) {
	for name, a := range samples() {
		if name == "hostile" {
			continue // holds invalid UTF-8, which JSON cannot carry
		}
		plain := renderedJSON(t, a, Display{})
		for _, text := range [][]byte{plain, renderedJSON(t, a, Display{Width: 40, Color: true, ASCII: true, Top: 1})} {
			var got score.Assessment
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !reflect.DeepEqual(&got, a) {
				t.Errorf("%s: decoded\n%+v\nwant\n%+v", name, &got, a)
			}
		}
	}
}

func TestJSONWithoutScoreIsNull(t *testing.T) {
	var doc struct{ Score map[string]any }
	if err := json.Unmarshal(renderedJSON(t, emptySample(), Display{}), &doc); err != nil {
		t.Fatal(err)
	}
	low, hasLow := doc.Score["low"]
	high, hasHigh := doc.Score["high"]
	if !hasLow || !hasHigh || low != nil || high != nil {
		t.Errorf("score: got %v, want low and high to be there and null", doc.Score)
	}
}

func TestJSONIsHarmlessToATerminal(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		text := renderedJSON(t, hostileSample(), Display{ASCII: ascii})
		checkHarmless(t, string(text), false)
		if ascii {
			checkASCII(t, string(text))
		}
		if !json.Valid(text) {
			t.Errorf("ASCII %v: not valid JSON", ascii)
		}
		var got score.Assessment
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(nasty, "\ufffd"); got.Machines[0].Name != want && !strings.Contains(got.Machines[0].Name, "\u202e") {
			t.Errorf("ASCII %v: the name became %q, want %q", ascii, got.Machines[0].Name, want)
		}
	}
}
