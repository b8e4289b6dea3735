package docker

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

func (f *found) imagesOf(machine string) []inventory.Image {
	var out []inventory.Image
	for _, s := range f.images.value {
		if s.id == "" {
			continue
		}
		i := inventory.Image{
			ID:      inventory.Text(imageID(s.id)),
			Machine: machine,
			Engine:  f.kind(),
			Tags:    names(s.tags),
			Seen:    f.seen(),
		}
		if s.size >= 0 {
			i.Size = inventory.Known(inventory.Bytes(s.size))
		}
		if s.created > 0 {
			i.CreatedAt = inventory.Known(time.Unix(s.created, 0).UTC().Format(time.RFC3339))
		}
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b inventory.Image) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b inventory.Image) bool { return a.ID == b.ID })
}

func (f *found) volumesOf(machine string) []inventory.Volume {
	var out []inventory.Volume
	for _, v := range f.volumes.value {
		if v.name == "" {
			continue
		}
		out = append(out, inventory.Volume{
			Name:    inventory.Text(v.name),
			Machine: machine,
			Engine:  f.kind(),
			Driver:  inventory.Text(v.driver),
			Seen:    f.seen(),
		})
	}
	slices.SortFunc(out, func(a, b inventory.Volume) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (f *found) networksOf(machine string) []inventory.Network {
	var out []inventory.Network
	for _, n := range f.networks.value {
		if n.driver == "null" || n.driver == "host" {
			continue // no network, and the machine's own
		}
		// Podman gives its default network the same identifier on every machine, so only networks that span
		// machines are known by theirs.
		id := machine + "/" + f.kind() + "/" + inventory.Text(n.name)
		if n.scope == "swarm" {
			id = "swarm/" + inventory.Text(n.id)
		}
		out = append(out, inventory.Network{
			ID:      id,
			Machine: machine,
			Name:    inventory.Text(n.name),
			Kind:    inventory.Text(n.driver),
			Class:   networkClass(n.driver),
			Seen:    f.seen(),
		})
	}
	slices.SortFunc(out, func(a, b inventory.Network) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// networkClass says what a network driver does.
func networkClass(driver string) inventory.Reading[inventory.NetworkClass] {
	switch driver {
	case "bridge", "nat", "transparent", "l2bridge": // the last three are Windows'
		return inventory.Known(inventory.BridgeNetwork)
	case "overlay":
		return inventory.Known(inventory.OverlayNetwork)
	case "macvlan", "ipvlan":
		return inventory.Known(inventory.PhysicalNetwork)
	default:
		return inventory.Unknown[inventory.NetworkClass]("what the network driver "+inventory.Text(driver)+" does is not known", "")
	}
}
