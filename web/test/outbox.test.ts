import { expect, test, vi } from "vitest";
import { MAX_PASTE, Outbox, fitsPaste } from "../src/terminal/outbox";
import { MAX_INPUT } from "../src/terminal/protocol";

function socket(): { bufferedAmount: number; sent: Uint8Array[]; send(d: Uint8Array): void } {
  const sent: Uint8Array[] = [];
  return {
    bufferedAmount: 0,
    sent,
    send(data) {
      sent.push(data);
      this.bufferedAmount += data.length;
    },
  };
}

test("a paste goes out in pieces of 16 KiB, in order and complete", () => {
  const out = new Outbox();
  const to = socket();
  out.attach(to);
  out.push(Uint8Array.from({ length: MAX_INPUT * 2 + 3 }, (_, i) => i % 251));
  expect(to.sent.map((m) => m.length - 1)).toEqual([MAX_INPUT, MAX_INPUT, 3]);
  const all = to.sent.flatMap((m) => [...m.subarray(1)]);
  expect(all.every((byte, i) => byte === i % 251)).toBe(true);
});

test("a full socket is given time, and nothing is lost", () => {
  vi.useFakeTimers();
  const out = new Outbox();
  const to = socket();
  out.attach(to);
  out.push(new Uint8Array(MAX_PASTE));
  const first = to.sent.length;
  expect(first).toBeLessThan(MAX_PASTE / MAX_INPUT);
  expect(out.waiting).toBe(MAX_PASTE / MAX_INPUT - first);
  while (out.waiting > 0) {
    to.bufferedAmount = 0;
    vi.advanceTimersByTime(20);
  }
  expect(to.sent.reduce((n, m) => n + m.length - 1, 0)).toBe(MAX_PASTE);
});

test("what waited for a lost connection is not sent to the next", () => {
  const out = new Outbox();
  const slow = { ...socket(), bufferedAmount: 1e9 };
  out.attach(slow);
  out.push(new Uint8Array(10));
  const next = socket();
  out.attach(next);
  expect(next.sent).toEqual([]);
  out.attach(null);
  expect(out.push(new Uint8Array(1))).toBe(false);
});

test("the size of a paste is measured in bytes, not in letters", () => {
  expect(fitsPaste("x".repeat(MAX_PASTE))).toBe(true);
  expect(fitsPaste("x".repeat(MAX_PASTE + 1))).toBe(false);
  expect(fitsPaste("队".repeat(MAX_PASTE / 3))).toBe(true);
  expect(fitsPaste("队".repeat(MAX_PASTE / 2))).toBe(false);
});
