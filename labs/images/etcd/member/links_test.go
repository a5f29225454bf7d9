package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// long is more than anything here takes; quiet is how long silence has to last to count.
const (
	long  = 10 * time.Second
	quiet = 200 * time.Millisecond
)

// begin gives links with an echo behind them, and what dials them as the member etcd2.
func begin(t *testing.T, lookup func(context.Context, string) ([]string, error)) (*links, func() net.Conn) {
	t.Helper()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { echo.Close() })
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); conn.Close() }()
		}
	}()
	l := newLinks([]string{"etcd2", "etcd3"}, lookup, echo.Addr().String())
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { front.Close() })
	go func() { _ = l.serve(front) }()
	return l, func() net.Conn {
		conn, err := net.Dial("tcp", front.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

func etcd2IsHere(_ context.Context, host string) ([]string, error) {
	if host == "etcd2" {
		return []string{"127.0.0.1"}, nil
	}
	return []string{"192.0.2.3"}, nil
}

func says(t *testing.T, conn net.Conn, word string) {
	t.Helper()
	if _, err := conn.Write([]byte(word)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(long))
	back := make([]byte, len(word))
	if _, err := io.ReadFull(conn, back); err != nil || string(back) != word {
		t.Fatalf("%q came back, %v; want %q", back, err, word)
	}
}

func isSilent(t *testing.T, conn net.Conn) {
	t.Helper()
	_, _ = conn.Write([]byte("anybody there?"))
	_ = conn.SetReadDeadline(time.Now().Add(quiet))
	n, err := conn.Read(make([]byte, 1))
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes, %v; want silence", n, err)
	}
}

func TestALinkCarriesBothWays(t *testing.T) {
	_, dial := begin(t, etcd2IsHere)
	conn := dial()
	says(t, conn, "hello")
	says(t, conn, "again")
}

func TestACutLinkIsSilentAndRefusesNothing(t *testing.T) {
	l, dial := begin(t, etcd2IsHere)
	before := dial()
	says(t, before, "hello")
	l.cutFrom("etcd2")
	isSilent(t, before)
	isSilent(t, dial())
}

func TestAHealedLinkCarriesAgainAndDropsWhatLostBytes(t *testing.T) {
	l, dial := begin(t, etcd2IsHere)
	before := dial()
	says(t, before, "hello")
	l.cutFrom("etcd2")
	isSilent(t, before)
	l.heal("")
	_ = before.SetReadDeadline(time.Now().Add(long))
	if _, err := before.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a connection that lost bytes goes on: %v", err)
	}
	says(t, dial(), "hello")
}

func TestAnotherMembersCutChangesNothing(t *testing.T) {
	l, dial := begin(t, etcd2IsHere)
	l.cutFrom("etcd3")
	says(t, dial(), "hello")
	if l.cutFrom("desk") {
		t.Fatal("desk is no member")
	}
}

func TestStrangersAreNotLetIn(t *testing.T) {
	_, dial := begin(t, func(context.Context, string) ([]string, error) { return []string{"192.0.2.9"}, nil })
	conn := dial()
	_ = conn.SetReadDeadline(time.Now().Add(long))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a stranger was let in: %v", err)
	}
}
