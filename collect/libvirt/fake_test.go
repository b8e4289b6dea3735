package libvirt

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
)

// A wire writes data in the encoding of the protocol (XDR).
type wire struct{ bytes.Buffer }

func (w *wire) word(n uint32) *wire {
	_ = binary.Write(w, binary.BigEndian, n)
	return w
}

func (w *wire) long(n uint64) *wire {
	_ = binary.Write(w, binary.BigEndian, n)
	return w
}

func (w *wire) text(s string) *wire {
	w.word(uint32(len(s)))
	w.WriteString(s)
	w.Write(make([]byte, (4-len(s)%4)%4))
	return w
}

func (w *wire) uuid(last byte) *wire {
	u := [16]byte{0: 0xab, 15: last}
	w.Write(u[:])
	return w
}

// A machine of the fake.
type guest struct {
	name   string
	id     uint32 // 0xffffffff where it does not run
	last   byte   // of its UUID
	params []param
	xml    string
}

type param struct {
	name  string
	value any // uint64, int32 or string
}

// A fake is a daemon that knows some machines.
type fake struct {
	guests []guest
	// faults answers a procedure instead; nil payload is no answer at all.
	faults map[uint32]func(packet []byte) []byte
}

var guests = []guest{
	{name: "db", id: 3, last: 1, params: []param{
		{"state.state", int32(1)}, {"cpu.time", uint64(120_000_000_000)}, {"vcpu.current", uint64(4)},
		{"balloon.current", uint64(4 << 20)}, {"balloon.available", uint64(4 << 20)}, {"balloon.usable", uint64(1 << 20)},
		{"net.count", int32(1)}, {"net.0.name", "vnet0"}, {"net.0.rx.bytes", uint64(1000)}, {"net.0.tx.bytes", uint64(234)},
		{"block.count", int32(2)}, {"block.0.name", "vda"}, {"block.0.capacity", uint64(10 << 30)}, {"block.0.allocation", uint64(1 << 30)},
		{"block.1.name", "vdb"}, {"block.1.capacity", uint64(90 << 30)},
	}, xml: `<domain type='kvm' id='3'><name>db</name><memory unit='KiB'>8388608</memory><currentMemory unit='KiB'>4194304</currentMemory>
<vcpu current='4'>8</vcpu><metadata><libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0"><libosinfo:os id="http://debian.org/debian/12"/></libosinfo:libosinfo></metadata>
<devices><disk type='file' device='disk'><source file='/var/lib/libvirt/images/db.qcow2'/><target dev='vda'/></disk>
<disk type='network' device='disk'><auth username='u'><secret type='ceph' uuid='s3cret-uuid'/></auth><source protocol='rbd' name='pool/db'/><target dev='vdb'/></disk>
<disk type='file' device='cdrom'><target dev='hda'/></disk>
<interface type='bridge'><mac address='52:54:00:AA:bb:cc'/></interface>
<graphics type='vnc' passwd='s3cret-vnc'/></devices></domain>`},
	{name: "old", id: 0xffffffff, last: 2, params: []param{{"state.state", int32(5)}},
		xml: `<domain type='qemu'><memory unit='GiB'>2</memory><vcpu>1</vcpu></domain>`},
	{name: "asleep", id: 4, last: 3, params: []param{{"state.state", int32(3)}, {"vcpu.current", uint64(2)}, {"cpu.time", uint64(5_000_000_000)}},
		xml: `<domain type='kvm'><memory>1024</memory><vcpu>2</vcpu></domain>`},
}

// start serves the daemon until the test ends and returns its socket.
func (f fake) start(t *testing.T) string {
	t.Helper()
	return collecttest.Socket(t, func(conn net.Conn) { f.serve(t, conn) })
}

func (f fake) serve(t *testing.T, conn net.Conn) {
	for {
		var length [4]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		packet := make([]byte, binary.BigEndian.Uint32(length[:]))
		copy(packet, length[:])
		if _, err := io.ReadFull(conn, packet[4:]); err != nil {
			return
		}
		proc := binary.BigEndian.Uint32(packet[12:])
		if proc == procOpen && binary.BigEndian.Uint32(packet[len(packet)-4:]) != readOnly {
			t.Errorf("the connection was not opened read-only")
		}
		if fault := f.faults[proc]; fault != nil {
			if text := fault(packet); text != nil {
				_, _ = conn.Write(text)
			}
			continue
		}
		if payload, ok := f.answer(proc, packet[headerSize:]); ok {
			_, _ = conn.Write(reply(packet, 0, payload))
		} else {
			_, _ = conn.Write(refuse(packet, 3, "this function is not supported"))
		}
	}
}

// reply makes the answer to a packet.
func reply(call []byte, status uint32, payload []byte) []byte {
	var w wire
	w.word(uint32(headerSize + len(payload))).word(program).word(1)
	w.Write(call[12:16])
	w.word(typeReply)
	w.Write(call[20:24])
	w.word(status)
	w.Write(payload)
	return w.Bytes()
}

// refuse makes an answer that holds an error.
func refuse(call []byte, code uint32, message string) []byte {
	var w wire
	w.word(code).word(10).word(1).text(message).word(2)
	return reply(call, statusError, w.Bytes())
}

func (f fake) answer(proc uint32, args []byte) ([]byte, bool) {
	var w wire
	switch proc {
	case procOpen, procClose:
	case procAuthList:
		w.word(1).word(0)
	case procType:
		w.text("QEMU")
	case procVersion:
		w.long(7_002_022)
	case procHostname:
		w.text("box.example.org")
	case procNodeInfo:
		for range 32 {
			w.word('x')
		}
		w.long(16 << 20).word(8).word(2000).word(1).word(1).word(4).word(2)
	case procAllStats:
		w.word(uint32(len(f.guests)))
		for _, g := range f.guests {
			w.text(g.name).uuid(g.last).word(g.id).word(uint32(len(g.params)))
			for _, p := range g.params {
				w.text(p.name)
				switch v := p.value.(type) {
				case int32:
					w.word(1).word(uint32(v))
				case uint64:
					w.word(4).long(v)
				case string:
					w.word(7).text(v)
				}
			}
		}
	case procListDomains:
		w.word(uint32(len(f.guests)))
		for _, g := range f.guests {
			w.text(g.name).uuid(g.last).word(g.id)
		}
		w.word(uint32(len(f.guests)))
	case procDomainInfo:
		w.word(1).long(4096).long(2048).word(3).long(7_000_000_000)
	case procDomainXML:
		for _, g := range f.guests {
			if bytes.HasPrefix(args[4:], []byte(g.name)) {
				if args[len(args)-1]&1 != 0 {
					return nil, false // asked for secrets
				}
				w.text(g.xml)
			}
		}
	case procAutostart:
		w.word(1)
	case procListPools:
		w.word(1).text("vols").uuid(9).word(1)
	case procPoolXML:
		w.text(`<pool type='logical'><source><auth type='chap' username='u'><secret usage='s3cret-pool'/></auth></source><target><path>/dev/vols</path></target></pool>`)
	case procPoolInfo:
		w.word(2).long(100 << 30).long(1 << 30).long(99 << 30)
	case procListNets:
		w.word(1).text("default").uuid(8).word(1)
	case procNetworkXML:
		w.text(`<network><forward mode='nat'/><bridge name='virbr0'/></network>`)
	default:
		return nil, false
	}
	return w.Bytes(), true
}

// world is a machine called box.
func world(t *testing.T) collect.Env {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/sys/kernel/hostname": "box\n",
		"proc/meminfo":             "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
		"proc/self/mountinfo":      "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / /var/lib/libvirt/images rw - nfs4 filer:/vm rw\n",
		"etc/machine-id":           "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return collect.Env{Root: root, Getenv: func(string) string { return "" }}
}

// openAt opens a collector for a socket.
func openAt(t *testing.T, socket, uri string) collect.Collector {
	t.Helper()
	target, err := collect.ParseTarget("libvirt:" + uri + "?socket=" + socket)
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(target, world(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
