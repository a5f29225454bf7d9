/** Messages between a terminal in the page and its PTY: a type byte, then big-endian integers. */

/** The most input bytes in one message. The server accepts 32 KiB. */
export const MAX_INPUT = 16 * 1024;

const INPUT = 1;
const RESIZE = 2;
const ACK = 3;
const DATA = 1;
const SKIPPED = 2;
const EXIT = 3;
const HELLO = 4;

export type FromServer =
  | { type: "data"; offset: number; bytes: Uint8Array }
  | { type: "skipped"; offset: number }
  | { type: "exit"; status: number }
  | { type: "hello"; end: number };

export function input(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(1 + bytes.length);
  message[0] = INPUT;
  message.set(bytes, 1);
  return message;
}

export function resize(columns: number, rows: number): Uint8Array<ArrayBuffer> {
  const message = new DataView(new ArrayBuffer(5));
  message.setUint8(0, RESIZE);
  message.setUint16(1, Math.min(columns, 0xffff));
  message.setUint16(3, Math.min(rows, 0xffff));
  return new Uint8Array(message.buffer);
}

export function ack(offset: number): Uint8Array<ArrayBuffer> {
  const message = new DataView(new ArrayBuffer(9));
  message.setUint8(0, ACK);
  message.setBigUint64(1, BigInt(offset));
  return new Uint8Array(message.buffer);
}

/** What a message says; null for one that is none (a newer server may send more kinds). */
export function decode(buffer: ArrayBuffer): FromServer | null {
  if (buffer.byteLength < 1) return null;
  const view = new DataView(buffer);
  const u64 = (): number => Number(view.getBigUint64(1));
  switch (view.getUint8(0)) {
    case DATA:
      return buffer.byteLength < 9
        ? null
        : { type: "data", offset: u64(), bytes: new Uint8Array(buffer, 9) };
    case SKIPPED:
      return buffer.byteLength < 9 ? null : { type: "skipped", offset: u64() };
    case EXIT:
      return buffer.byteLength < 5 ? null : { type: "exit", status: view.getInt32(1) };
    case HELLO:
      return buffer.byteLength < 9 ? null : { type: "hello", end: u64() };
    default:
      return null;
  }
}
