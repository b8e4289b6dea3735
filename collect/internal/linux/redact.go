package linux

import (
	"bytes"
	"encoding/json"
	"iter"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Redact takes out of a file of the tree what may be a secret, before a copy of it is written. Of command lines it
// keeps what the readers of this package look for. What may not be read at all is empty, should it come here. Of
// other texts the values of keys that sound like secrets are taken out, and what looks like one.
func Redact(name string, text []byte) []byte {
	switch {
	case never(name):
		return nil
	case name == "/proc/cmdline":
		return []byte(strings.Join(KernelFlags(string(text)), " ") + "\n")
	case name == "/run/cloud-init/instance-data.json":
		return redactInstance(text)
	case strings.HasPrefix(name, "/proc/") && strings.HasSuffix(name, "/cmdline"):
		return RedactCommand(text)
	case strings.Contains(name, "/cni/net.d/"), strings.Contains(name, "/cni-network/"):
		return RedactCNI(text)
	case strings.HasPrefix(name, "/proc/"), strings.HasPrefix(name, "/sys/"), strings.HasPrefix(name, answers+"/"),
		name == "/etc/machine-id", strings.HasPrefix(name, "/etc/lvm/backup/"):
		return text // tables and single values of the kernel, and what looks like a key and is a name
	case RecordsOfUse(path.Base(name)):
		return text // numbers
	case strings.HasSuffix(name, ".json"):
		return redactJSON(text)
	default:
		return redactText(text)
	}
}

// RecordsOfUse reports whether a file has the name of one in which sysstat keeps what a machine has used: sa and the day
// of the month, or the date.
func RecordsOfUse(name string) bool {
	day, ok := strings.CutPrefix(name, "sa")
	return ok && (len(day) == 2 || len(day) == 8) && strings.Trim(day, "0123456789") == ""
}

// never reports whether a file is one that the source does not read, whatever is in it.
func never(name string) bool {
	switch {
	case strings.HasPrefix(name, "/proc/") && strings.HasSuffix(name, "/environ"),
		strings.HasPrefix(name, "/sys/class/iscsi_session/") && (strings.Contains(name, "/username") || strings.Contains(name, "/password")),
		strings.HasPrefix(name, "/var/lib/cloud/") && (strings.Contains(name, "user-data") || strings.Contains(name, "vendor-data")),
		strings.HasPrefix(name, "/run/cloud-init/instance-data-sensitive"),
		strings.HasPrefix(name, "/run/secrets/"), strings.HasPrefix(name, "/var/run/secrets/"):
		return true
	}
	return strings.HasSuffix(name, "/shadow") || strings.HasSuffix(name, ".key") || strings.HasSuffix(name, ".pem")
}

// RedactCommand keeps of a command line the name of the program, and what the readers of this package would take from
// it, written anew. It gives the readers the same answers as the whole command line did.
func RedactCommand(cmdline []byte) []byte {
	program := Program(cmdline)
	kept := []string{program}
	switch {
	case strings.HasPrefix(program, "qemu") || program == "kvm" || program == "cloud-hypervisor" || program == "crosvm" || program == "firecracker":
		kept = append(kept, ParseEmulator(cmdline).arguments()...)
		for _, protocol := range DriveProtocols(cmdline) {
			kept = append(kept, "-drive", "file.driver="+protocol)
		}
	case program == "docker-proxy":
		if p, ok := ParseProxy(cmdline); ok {
			kept = append(kept, p.arguments()...)
		}
	case program == "conmon" || strings.Contains(program, "containerd"):
		kept = append(kept, ParseShim(cmdline).arguments(program == "conmon")...)
	default:
		_, telling := interpreted(cmdline)
		kept = append(kept, telling...)
	}
	return []byte(strings.Join(kept, "\x00") + "\x00")
}

// arguments writes what is known of a virtual machine as QEMU would be told it.
func (e Emulator) arguments() []string {
	var list []string
	if e.Name != "" {
		list = append(list, "-name", "guest="+strings.ReplaceAll(e.Name, ",", ",,"))
	}
	if e.UUID != "" {
		list = append(list, "-uuid", e.UUID)
	}
	if e.KVM {
		list = append(list, "-accel", "kvm")
	}
	switch {
	case e.Memory > 0 && e.Memory%1024 == 0:
		list = append(list, "-m", strconv.FormatInt(e.Memory>>10, 10)+"k")
	case e.Memory > 0:
		list = append(list, "-m", strconv.FormatInt(e.Memory, 10)+"b")
	}
	if e.VCPUs > 0 {
		list = append(list, "-smp", strconv.Itoa(e.VCPUs))
	}
	for _, mac := range e.MACs {
		list = append(list, "-device", "mac="+mac)
	}
	return list
}

// arguments writes what is known of a container as its monitor would be told it.
func (s Shim) arguments(conmon bool) []string {
	var list []string
	add := func(flag, value string) {
		if value != "" {
			list = append(list, flag, value)
		}
	}
	if !conmon {
		add("-namespace", s.Namespace)
		add("-id", s.ID)
		return list
	}
	add("-c", s.ID)
	add("-n", s.Name)
	if s.CRIO {
		add("--exit-dir", "/crio/")
	}
	return list
}

func (p Proxy) arguments() []string {
	port := func(n uint16) string { return strconv.Itoa(int(n)) }
	return []string{
		"-proto", p.Protocol, "-host-ip", p.Host.Addr().String(), "-host-port", port(p.Host.Port()),
		"-container-ip", p.Container.Addr().String(), "-container-port", port(p.Container.Port()),
	}
}

// secretKeys are parts of the names of what holds a secret, in lower case without what stands between words.
var secretKeys = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "accesskey", "privatekey", "sharedkey", "encryptionkey",
	"signingkey", "authkey", "credential", "authorization", "session", "cookie", "connectionstring", "connstr", "dsn",
	"privkey", "sshkey", "licensekey", "licencekey", "pskey", "psk", "bearer", "signature", "auth", "passcode", "masterkey",
	"userdata", "vendordata", "accountkey",
}

// secretKey reports whether a value with such a name is likely to be a secret.
func secretKey(name string) bool {
	name = strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '"', '\'':
			return -1
		}
		return r
	}, strings.ToLower(name))
	switch name {
	case "key", "pass", "pw", "pin", "chap":
		return true
	}
	for _, k := range secretKeys {
		if strings.Contains(name, k) {
			return true
		}
	}
	return false
}

// secretStarts are how tokens of well-known services begin.
var secretStarts = []string{
	"eyJ", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xapp-",
	"sk-", "sk_live_", "sk_test_", "rk_live_", "AIza", "hvs.", "hvb.", "s.", "dckr_pat_", "npm_", "pypi-", "SG.", "ya29.", "EAAC",
	"dop_v1_", "shpat_", "AGE-SECRET-KEY-",
}

// LooksSecret reports whether a word is of a form that secrets have: a URL with a user, a token of a well-known
// service, a private key, or a run of letters and digits that no word is.
func LooksSecret(word string) bool {
	if credential(word) {
		return true
	}
	for part := range parts(word) {
		if isHex(part, len(part)) && len(part) >= 32 {
			return true
		}
	}
	return false
}

// credential is LooksSecret without runs of hexadecimal digits, which in files are often names and check sums.
func credential(word string) bool {
	if strings.Contains(word, "-----BEGIN") {
		return true
	}
	if _, rest, ok := strings.Cut(word, "://"); ok {
		user, _, _ := strings.Cut(rest, "/")
		if strings.Contains(user, "@") {
			return true
		}
	}
	if at := strings.LastIndexByte(word, '@'); at > 0 && strings.Contains(word[:at], ":") {
		return true
	}
	for part := range parts(word) {
		if len(part) >= 16 {
			for _, start := range secretStarts {
				if strings.HasPrefix(part, start) {
					return true
				}
			}
		}
		if mixed(part) {
			return true
		}
	}
	return false
}

// parts takes a word apart at what stands between a key, its value and others.
func parts(word string) iter.Seq[string] {
	return strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune("/,;:=&?\"' \t<>()[]{}|", r) })
}

// mixed reports whether a text is as long and as mixed as an encoded key: 24 letters and digits, in upper and lower
// case.
func mixed(text string) bool {
	lower, upper, digits := 0, 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		case c != '+' && c != '-' && c != '_':
			return false
		}
	}
	return len(text) >= 24 && lower > 2 && upper > 2 && digits > 2
}

const redacted = "redacted"

// redactJSON takes out the values of keys that sound like secrets, and texts that look like ones, and keeps the rest as
// it is. What is no JSON is treated as text.
func redactJSON(text []byte) []byte {
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil || dec.More() {
		return redactText(text)
	}
	if !cleanJSON(&v) {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

// cleanJSON changes v and reports whether it did.
func cleanJSON(v *any) bool {
	changed := false
	switch x := (*v).(type) {
	case map[string]any:
		for key, value := range x {
			if _, flag := value.(bool); secretKey(key) && !flag && value != nil {
				x[key], changed = redacted, true
				continue
			}
			if cleanJSON(&value) {
				x[key], changed = value, true
			}
		}
	case []any:
		for i := range x {
			changed = cleanJSON(&x[i]) || changed
		}
	case string:
		clean := string(redactText([]byte(x)))
		if clean != x {
			*v, changed = clean, true
		}
	}
	return changed
}

// redactText takes out of each line the value of a key that sounds like a secret, and words that look like one; of a
// private key everything. What is no text stays as it is.
func redactText(text []byte) []byte {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	private := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.Contains(line, "-----BEGIN"):
			private = true
			out.WriteString(redacted + "\n")
		case strings.Contains(line, "-----END"):
			private = false
		case private:
		default:
			out.WriteString(redactLine(line))
		}
	}
	return []byte(out.String())
}

// redactLine treats one line.
func redactLine(line string) string {
	body := strings.TrimRight(line, "\r\n")
	ending := line[len(body):]
	if i := strings.IndexAny(body, "=:"); i > 0 && secretKey(body[:i]) && len(body[:i]) < 80 {
		if rest := strings.TrimSpace(body[i+1:]); rest != "" {
			return body[:i+1] + " " + redacted + ending
		}
		return line
	}
	words := strings.Split(body, " ")
	changed := false
	for i, w := range words {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case ok && value != "" && secretKey(key):
			words[i], changed = key+"="+redacted, true
		case i > 0 && strings.HasPrefix(words[i-1], "-") && secretKey(strings.TrimLeft(words[i-1], "-")), credential(w):
			words[i], changed = redacted, true
		}
	}
	if !changed {
		return line
	}
	return strings.Join(words, " ") + ending
}
