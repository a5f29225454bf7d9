package main

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	lookupTimeout = 2 * time.Second
	dialTimeout   = 2 * time.Second
	// How many connections one other member may hold open; etcd needs a handful.
	maxConnections = 64
	pieceBytes     = 32 << 10
)

// links is this machine's end of the links to the other members. What comes from a member whose link
// is cut disappears, as in a broken cable: nothing is answered, nothing is refused.
type links struct {
	peers  []string
	lookup func(ctx context.Context, host string) ([]string, error)
	back   string

	mu    sync.Mutex
	cut   map[string]bool
	conns map[*link]bool
}

// link is one connection from another member.
type link struct {
	peer string
	lost atomic.Bool // something that was sent through it has disappeared
	ends []net.Conn
}

func (l *link) close() {
	for _, end := range l.ends {
		end.Close()
	}
}

func newLinks(peers []string, lookup func(context.Context, string) ([]string, error), back string) *links {
	return &links{peers: peers, lookup: lookup, back: back, cut: map[string]bool{}, conns: map[*link]bool{}}
}

// serve carries connections until the listener is closed.
func (l *links) serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go l.carry(conn)
	}
}

// carry moves bytes between another member and etcd for as long as both like.
func (l *links) carry(from net.Conn) {
	defer from.Close()
	peer, ok := l.whose(from.RemoteAddr())
	if !ok {
		return // peers only
	}
	c := &link{peer: peer, ends: []net.Conn{from}}
	if !l.add(c) {
		return
	}
	defer l.remove(c)
	if l.isCut(peer) {
		c.lost.Store(true)
		_, _ = io.Copy(io.Discard, from)
		return
	}
	to, err := net.DialTimeout("tcp", l.back, dialTimeout)
	if err != nil {
		return
	}
	defer to.Close()
	l.mu.Lock()
	c.ends = append(c.ends, to)
	l.mu.Unlock()
	go func() {
		l.pump(c, from, to)
		from.Close()
	}()
	l.pump(c, to, from)
}

// pump moves bytes one way, or nowhere while the link is cut.
func (l *links) pump(c *link, to, from net.Conn) {
	defer to.Close()
	piece := make([]byte, pieceBytes)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			if c.lost.Load() || l.isCut(c.peer) {
				c.lost.Store(true)
			} else if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// whose says which member has this address.
func (l *links) whose(address net.Addr) (string, bool) {
	host, _, err := net.SplitHostPort(address.String())
	if err != nil {
		return "", false
	}
	ip := net.ParseIP(host)
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	for _, peer := range l.peers {
		found, err := l.lookup(ctx, peer)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(found, func(a string) bool { return ip.Equal(net.ParseIP(a)) }) {
			return peer, true
		}
	}
	return "", false
}

func (l *links) add(c *link) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	same := 0
	for other := range l.conns {
		if other.peer == c.peer {
			same++
		}
	}
	if same >= maxConnections {
		return false
	}
	l.conns[c] = true
	return true
}

func (l *links) remove(c *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func (l *links) isCut(peer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut[peer]
}

// cutFrom lets nothing in from a member any more; false when that is no other member.
func (l *links) cutFrom(peer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.peers, peer) {
		return false
	}
	l.cut[peer] = true
	return true
}

// heal mends the link to a member, or all links. A connection that has lost bytes is of no use any
// more; it is closed, and etcd makes a new one.
func (l *links) heal(peer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if peer != "" && !slices.Contains(l.peers, peer) {
		return false
	}
	for _, other := range l.peers {
		if peer == "" || peer == other {
			delete(l.cut, other)
		}
	}
	for c := range l.conns {
		if c.lost.Load() && !l.cut[c.peer] {
			c.close()
		}
	}
	return true
}

// cuts lists the members whose link is cut.
func (l *links) cuts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	cut := []string{}
	for peer := range l.cut {
		cut = append(cut, peer)
	}
	slices.Sort(cut)
	return cut
}
