package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// An NFSServer is what /proc/net/rpc/nfsd says of the kernel's NFS server.
type NFSServer struct {
	Threads uint64
	Calls   uint64 // that it has answered since it was started
}

// ParseNFSServer reads /proc/net/rpc/nfsd: the line "th" begins with the number of threads, the line "rpc" with the
// number of calls.
func ParseNFSServer(text string) (NFSServer, error) {
	var s NFSServer
	found := false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		to := map[string]*uint64{"th": &s.Threads, "rpc": &s.Calls}[f[0]]
		if to == nil {
			continue
		}
		n, err := strconv.ParseUint(f[1], 10, 64)
		if err != nil {
			return NFSServer{}, fmt.Errorf("rpc/nfsd: %w: line %.40q", ErrFormat, line)
		}
		*to, found = n, true
	}
	if !found {
		return NFSServer{}, fmt.Errorf("rpc/nfsd: %w: no threads and no calls", ErrFormat)
	}
	return s, nil
}
