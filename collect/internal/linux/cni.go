package linux

import (
	"encoding/json"
	"fmt"
)

// mostPlugins is how many plugins of a CNI configuration are looked at.
const mostPlugins = 64

// ParseCNI reads a network configuration of the Container Network Interface (.conf, .conflist) and returns the types
// of its plugins in their order, and nothing else of it: there may be tokens in it.
func ParseCNI(text []byte) ([]string, error) {
	var c struct {
		Type    string `json:"type"`
		Plugins []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		// The error would quote the text.
		return nil, fmt.Errorf("CNI configuration: %w", ErrFormat)
	}
	var types []string
	if c.Type != "" {
		types = append(types, c.Type)
	}
	for _, p := range c.Plugins[:min(len(c.Plugins), mostPlugins)] {
		if p.Type != "" {
			types = append(types, p.Type)
		}
	}
	if len(types) == 0 {
		return nil, fmt.Errorf("CNI configuration: %w: it names no plugin", ErrFormat)
	}
	return types, nil
}

// RedactCNI makes of a configuration one that says the same to ParseCNI and holds nothing else.
func RedactCNI(text []byte) []byte {
	types, err := ParseCNI(text)
	if err != nil {
		return nil
	}
	type plugin struct {
		Type string `json:"type"`
	}
	out := struct {
		Plugins []plugin `json:"plugins"`
	}{}
	for _, t := range types {
		out.Plugins = append(out.Plugins, plugin{t})
	}
	redacted, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return append(redacted, '\n')
}
