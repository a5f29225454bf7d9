import { beforeEach, expect, test, vi } from "vitest";
import { Link, type LinkState, type Socket } from "../src/terminal/link";

class FakeSocket implements Socket {
  binaryType = "";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: number[][] = [];
  constructor(readonly url: string) {}
  send(data: Uint8Array): void {
    this.sent.push([...data]);
  }
  close(): void {
    this.onclose = null;
  }
  say(type: number, offset: number, text = ""): void {
    const body = new TextEncoder().encode(text);
    const message = new DataView(new ArrayBuffer(9 + body.length));
    message.setUint8(0, type);
    message.setBigUint64(1, BigInt(offset));
    new Uint8Array(message.buffer).set(body, 9);
    this.onmessage?.({ data: message.buffer });
  }
}

let sockets: FakeSocket[];
let screen: string;
let states: LinkState[];
let drawn: (() => void)[];
let link: Link;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  screen = "";
  states = [];
  drawn = [];
  link = new Link(
    "ws://x/t",
    {
      write: (bytes, consumed) => {
        screen += new TextDecoder().decode(bytes);
        drawn.push(consumed);
      },
      reset: (lost) => (screen = lost ? "[lost]" : ""),
      state: (state) => states.push(state),
    },
    (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
  );
  link.connect();
});

function socket(): FakeSocket {
  const last = sockets.at(-1);
  if (!last) throw new Error("no socket");
  return last;
}

function draw(): void {
  for (const consumed of drawn.splice(0)) consumed();
}

function acks(of: FakeSocket): number[] {
  return of.sent.filter((m) => m[0] === 3).map((m) => m.slice(1).reduce((n, b) => n * 256 + b, 0));
}

test("the first connection asks for all scrollback, a later one for what it has not seen", () => {
  socket().onopen?.();
  socket().say(4, 5);
  socket().say(1, 0, "hello");
  draw();
  expect(socket().url).toBe("ws://x/t");
  socket().onclose?.({ code: 1006 });
  expect(states.at(-1)).toBe("reconnecting");
  vi.advanceTimersByTime(400);
  expect(socket().url).toBe("ws://x/t?from=5");
});

test("bytes that come twice are shown once", () => {
  socket().onopen?.();
  socket().say(1, 0, "hello");
  socket().say(1, 3, "lo, you");
  socket().say(1, 0, "hel");
  expect(screen).toBe("hello, you");
});

test("a gap in the output is said, not hidden", () => {
  socket().onopen?.();
  socket().say(1, 0, "abc");
  socket().say(1, 10, "xyz");
  expect(screen).toBe("[lost]xyz");
  socket().say(2, 100);
  socket().say(1, 100, "after");
  expect(screen).toBe("[lost]after");
});

test("output is acknowledged when it has been drawn, not when it has come", () => {
  socket().onopen?.();
  socket().say(1, 0, "abc");
  expect(acks(socket())).toEqual([]);
  draw();
  expect(acks(socket())).toEqual([3]);
});

test("bytes drawn for a terminal that was reset are not acknowledged", () => {
  socket().onopen?.();
  socket().say(1, 0, "abc");
  socket().say(2, 100);
  draw();
  expect(acks(socket())).toEqual([]);
});

test("a terminal younger than the one on screen is shown from its beginning", () => {
  socket().onopen?.();
  socket().say(1, 0, "old machine");
  draw();
  socket().onclose?.({ code: 1012 });
  vi.advanceTimersByTime(400);
  socket().onopen?.();
  socket().say(4, 2);
  expect(screen).toBe("");
  expect(socket().url).toBe("ws://x/t");
});

test("what a replay makes the terminal answer is not sent, what is typed is", () => {
  socket().onopen?.();
  socket().say(4, 3);
  const bytes = new TextEncoder().encode("x");
  expect(link.answer(bytes)).toBe(false);
  expect(link.input(bytes)).toBe(true);
  socket().say(1, 0, "abc");
  draw();
  expect(link.answer(bytes)).toBe(true);
});

test("who is signed out or not allowed is told once and not tried again", () => {
  for (const [code, state] of [
    [4401, "signed-out"],
    [4403, "forbidden"],
  ] as const) {
    link.connect();
    const before = sockets.length;
    socket().onclose?.({ code });
    expect(link.state).toBe(state);
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBe(before);
  }
});

test("a machine that is not there yet is tried again, and at once when it is ready", () => {
  socket().onclose?.({ code: 4404 });
  expect(link.state).toBe("unavailable");
  link.again();
  expect(sockets.length).toBe(2);
});

test("after the shell's end Enter starts a new one, and nothing else does", () => {
  socket().onopen?.();
  socket().say(1, 0, "bye");
  const exit = new DataView(new ArrayBuffer(5));
  exit.setUint8(0, 3);
  socket().onmessage?.({ data: exit.buffer });
  socket().onclose?.({ code: 1000 });
  expect(link.state).toBe("exited");
  link.input(new TextEncoder().encode("x"));
  expect(sockets.length).toBe(1);
  link.input(new TextEncoder().encode("\r"));
  expect(socket().url).toBe("ws://x/t?from=3");
});
