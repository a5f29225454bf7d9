import { expect, test } from "vitest";
import { ack, decode, input, resize } from "../src/terminal/protocol";

test("messages to the server are a type byte and big-endian integers", () => {
  expect([...input(new Uint8Array([104, 105]))]).toEqual([1, 104, 105]);
  expect([...resize(300, 24)]).toEqual([2, 1, 44, 0, 24]);
  expect([...ack(2 ** 40 + 5)]).toEqual([3, 0, 0, 1, 0, 0, 0, 0, 5]);
});

test("messages from the server are read back", () => {
  const bytes = (...b: number[]): ArrayBuffer => new Uint8Array(b).buffer;
  expect(decode(bytes(1, 0, 0, 0, 0, 0, 0, 1, 0, 65, 66))).toEqual({
    type: "data",
    offset: 256,
    bytes: new Uint8Array([65, 66]),
  });
  expect(decode(bytes(2, 0, 0, 0, 0, 0, 0, 0, 9))).toEqual({ type: "skipped", offset: 9 });
  expect(decode(bytes(3, 255, 255, 255, 255))).toEqual({ type: "exit", status: -1 });
  expect(decode(bytes(4, 0, 0, 0, 0, 0, 0, 0, 7))).toEqual({ type: "hello", end: 7 });
});

test("a message that is cut off or of an unknown kind is no message", () => {
  for (const bytes of [[], [1, 0], [2], [3, 0, 0], [4, 0], [99, 1, 2]]) {
    expect(decode(new Uint8Array(bytes).buffer)).toBeNull();
  }
});
