package collecttest

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Uncovered lists what is wrong with what somebody without rights is told of a machine, beside what root sees of it:
// every reading that root knows and they do not must name a remedy, and a gap must name the same.
func Uncovered(root, other *inventory.Batch) []string {
	var remedies, wrong []string
	for _, g := range other.Gaps {
		remedies = append(remedies, g.Remedy)
	}
	hiddenFacts(values(root), values(other), "", func(at, remedy string) {
		switch {
		case remedy == "":
			wrong = append(wrong, at+": no remedy")
		case !slices.Contains(remedies, remedy):
			wrong = append(wrong, at+": no gap has the remedy "+remedy)
		}
	})
	slices.Sort(wrong)
	return wrong
}

// values are a batch as plain values.
func values(b *inventory.Batch) any {
	var v any
	text, err := json.Marshal(b)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		panic(err) // a batch can always be saved
	}
	return v
}

// hiddenFacts lists the readings that root knows and somebody else does not, by where they are, with the remedy that
// is given; and the things that only root sees.
func hiddenFacts(root, other any, at string, found func(at, remedy string)) {
	switch r := root.(type) {
	case map[string]any:
		o, ok := other.(map[string]any)
		if !ok {
			return
		}
		if r["unknown"] != nil || r["notApplicable"] != nil {
			return
		}
		if why, unknown := o["unknown"]; unknown {
			remedy, _ := o["remedy"].(string)
			found(at+fmt.Sprintf(" (%v)", why), remedy)
			return
		}
		for key, v := range r {
			hiddenFacts(v, o[key], at+"."+key, found)
		}
	case []any:
		list, _ := other.([]any)
		byID := make(map[string]any)
		for _, v := range list {
			byID[nameOf(v)] = v
		}
		for _, v := range r {
			if id := nameOf(v); id != "" {
				if o, ok := byID[id]; ok {
					hiddenFacts(v, o, at+"["+id+"]", found)
				}
			}
		}
	default:
		if o, ok := other.(map[string]any); ok && o["unknown"] != nil {
			remedy, _ := o["remedy"].(string)
			found(at+fmt.Sprintf(" (%v)", o["unknown"]), remedy)
		}
	}
}

// nameOf tells an element of a list from others.
func nameOf(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	for _, key := range []string{"id", "name"} {
		if s, ok := m[key].(string); ok {
			return s
		}
	}
	return ""
}
