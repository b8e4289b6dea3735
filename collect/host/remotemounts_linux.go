package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A remoteMount is a file system that another machine serves.
type remoteMount struct {
	point, kind, server string
	technology          string
	class               inventory.Reading[inventory.StorageClass]
	rdma                bool // over RDMA
}

// remoteMounts lists what is mounted from other machines, by the list of mounts alone: none is touched.
func (l *look) remoteMounts(s *stores) []remoteMount {
	var list []remoteMount
	seen := make(map[string]bool)
	kind, _ := s.m.Kind.Get()
	for _, e := range l.mounts {
		k, ok := remoteKinds[e.FSType]
		if !ok || e.FSType == "lustre" && strings.HasPrefix(e.Source, "/dev/") { // that is a server's own disk
			continue
		}
		r := remoteMount{point: e.Point, kind: e.FSType, technology: k.technology}
		r.rdma = k.technology == "nfs" && (strings.Contains(e.Super, "proto=rdma") || strings.Contains(e.Super, ",rdma")) ||
			k.technology == "smb" && strings.Contains(e.Super, ",rdma")
		class := k.class
		if k.names {
			r.server, _, _ = strings.Cut(strings.TrimLeft(e.Source, "/"), "/")
			if k.technology == "nfs" {
				r.server, _, _ = strings.Cut(e.Source, ":/")
			}
		}
		switch {
		case class == inventory.SDSSeparate:
			class = s.software(k.technology)
		case class == inventory.IPArray && s.serving["longhorn"] != nowhere && strings.Contains(e.Source, ":/pvc-"):
			class, r.technology, r.server = inventory.SDSOnNodes, "longhorn", "" // a volume that several pods share
		case class == inventory.IPArray && kind == inventory.Cloud:
			class = inventory.CloudStorage
		}
		r.class = inventory.Known(class)
		if class == "" {
			r.class = inventory.Unknown[inventory.StorageClass]("a file system of type "+e.FSType+" does not tell where its data is", "")
		}
		r.server = strings.Trim(strings.ToLower(r.server), "[]")
		if r.server == "localhost" || strings.HasPrefix(r.server, "127.") || r.server == "::1" || seen[e.Source] {
			continue
		}
		seen[e.Source] = true
		list = append(list, r)
	}
	return list
}
