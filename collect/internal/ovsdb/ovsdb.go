// Package ovsdb asks the database of Open vSwitch which bridges there are, on what datapath, and what is plugged into
// them: one read-only request over the server's unix socket (RFC 7047). Of the configuration nothing else is asked for:
// there may be keys in it.
package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// ErrFormat marks an answer that is not what it should be.
var ErrFormat = errors.New("unexpected answer")

// A Switch is what an Open vSwitch is made of.
type Switch struct {
	Bridges []Bridge `json:"bridges"` // by name
	// Interfaces counts the interfaces of all bridges by type: system for links of the kernel, internal, patch, tap,
	// vxlan, geneve, dpdkvhostuserclient, …
	Interfaces map[string]int `json:"interfaces"`
}

// A Bridge is one bridge of an Open vSwitch.
type Bridge struct {
	Name     string `json:"name"`
	Datapath string `json:"datapath"` // system for the kernel's, netdev for the one in user space
	Ports    int    `json:"ports"`    // its own internal port among them
}

// Limits of an answer.
const (
	largest     = 8 << 20 // bytes
	mostBridges = 4096
	longWord    = 64 // bytes
)

// patience is how long the server is waited for.
const patience = 2 * time.Second

// request asks for three columns of one table and one of another, in one transaction that changes nothing.
const request = `{"id":1,"method":"transact","params":["Open_vSwitch",` +
	`{"op":"select","table":"Bridge","where":[],"columns":["name","datapath_type","ports"]},` +
	`{"op":"select","table":"Interface","where":[],"columns":["type"]}]}`

// Ask asks the server behind a unix socket and returns JSON that Parse reads.
func Ask(ctx context.Context, socket string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		return nil, fmt.Errorf("asking Open vSwitch: %w", err)
	}
	var reply json.RawMessage
	if err := json.NewDecoder(io.LimitReader(conn, largest)).Decode(&reply); err != nil {
		return nil, fmt.Errorf("the answer of Open vSwitch: %w", err)
	}
	s, err := decode(reply)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// decode reads the server's reply to the request.
func decode(reply []byte) (Switch, error) {
	var r struct {
		Error  json.RawMessage `json:"error"`
		Result []struct {
			Error string                       `json:"error"`
			Rows  []map[string]json.RawMessage `json:"rows"`
		} `json:"result"`
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		return Switch{}, fmt.Errorf("reply of OVSDB: %w: %w", ErrFormat, err)
	}
	if len(r.Result) < 2 || len(r.Error) > 0 && string(r.Error) != "null" || r.Result[0].Error != "" || r.Result[1].Error != "" {
		return Switch{}, fmt.Errorf("reply of OVSDB: %w: it is refused", ErrFormat)
	}
	s := Switch{Bridges: []Bridge{}, Interfaces: make(map[string]int)}
	for _, row := range r.Result[0].Rows {
		b := Bridge{Name: word(row["name"]), Datapath: word(row["datapath_type"]), Ports: setSize(row["ports"])}
		if b.Name == "" || len(s.Bridges) == mostBridges {
			return Switch{}, fmt.Errorf("reply of OVSDB: %w: bridge %d", ErrFormat, len(s.Bridges))
		}
		if b.Datapath == "" {
			b.Datapath = "system"
		}
		s.Bridges = append(s.Bridges, b)
	}
	slices.SortFunc(s.Bridges, func(a, b Bridge) int { return strings.Compare(a.Name, b.Name) })
	for _, row := range r.Result[1].Rows {
		kind := word(row["type"])
		if kind == "" {
			kind = "system"
		}
		s.Interfaces[kind]++
	}
	return s, nil
}

// word reads a short string; empty where it is none.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || len(s) > longWord {
		return ""
	}
	return s
}

// setSize counts the elements of a set, which OVSDB writes as ["set", [element, …]], and one element as itself.
func setSize(raw json.RawMessage) int {
	var pair []json.RawMessage
	if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		return 0
	}
	var elements []json.RawMessage
	if word(pair[0]) == "set" && json.Unmarshal(pair[1], &elements) == nil {
		return len(elements)
	}
	return 1
}

// Parse reads an answer that Ask gave.
func Parse(text []byte) (Switch, error) {
	var s Switch
	if err := json.Unmarshal(text, &s); err != nil {
		return Switch{}, fmt.Errorf("bridges of Open vSwitch: %w: %w", ErrFormat, err)
	}
	if len(s.Bridges) > mostBridges {
		return Switch{}, fmt.Errorf("bridges of Open vSwitch: %w: %d of them", ErrFormat, len(s.Bridges))
	}
	for _, b := range s.Bridges {
		if b.Name == "" || len(b.Name) > longWord || b.Ports < 0 {
			return Switch{}, fmt.Errorf("bridges of Open vSwitch: %w: bridge %.80q", ErrFormat, b.Name)
		}
	}
	return s, nil
}
