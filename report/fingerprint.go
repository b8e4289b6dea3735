package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Fingerprint tells whether two reports speak of the same thing: what is wrong, by the ID of its rule, and with what.
// It does not depend on words that change with the version of the program, on case or on white space, and says nothing
// of what it was made from.
func Fingerprint(id string, subject ...string) string {
	h := sha256.New()
	for _, part := range append([]string{id}, subject...) {
		part = strings.ToLower(strings.ToValidUTF8(part, "\ufffd"))
		h.Write([]byte(strings.Join(strings.Fields(part), " ")))
		h.Write([]byte{0}) // or "a", "bc" were the same as "ab", "c"
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
