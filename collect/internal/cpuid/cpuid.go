// Package cpuid asks the processor itself what runs below it.
package cpuid

import (
	"encoding/json"
	"errors"
	"runtime"

	"github.com/klauspost/cpuid/v2"
)

// ErrNone says that this processor has no such instruction: only x86 has.
var ErrNone = errors.New("the processor has no CPUID")

// An Answer is what the processor says of a hypervisor.
type Answer struct {
	Virtual bool   `json:"virtual"`          // leaf 1: it is one that a hypervisor shows to its guest
	Vendor  string `json:"vendor,omitempty"` // leaf 0x40000000: the signature of the hypervisor, up to 12 bytes
}

// Ask gives an Answer as JSON, or ErrNone. The instruction takes no rights and changes nothing.
func Ask() ([]byte, error) {
	switch runtime.GOARCH {
	case "amd64", "386":
	default:
		return nil, ErrNone
	}
	a := Answer{Virtual: cpuid.CPU.VM()}
	if a.Virtual { // otherwise the leaf is not defined, and real processors answer with another one
		a.Vendor = cpuid.CPU.HypervisorVendorString
	}
	return json.Marshal(a)
}

// Parse reads an answer that may have been recorded.
func Parse(text []byte) (Answer, error) {
	var a Answer
	err := json.Unmarshal(text, &a)
	return a, err
}
