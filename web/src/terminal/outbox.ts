/** Input on its way to the server: in small messages, no faster than the network takes them. */
import { MAX_INPUT, input } from "./protocol";

/** The largest paste; beyond it a file is the right way. */
export const MAX_PASTE = 1024 * 1024;
/** How much may wait in the socket before the outbox pauses. */
const HIGH_WATER = 128 * 1024;
/** A socket has no event for "drained", so one has to look. */
const LOOK_AGAIN_MS = 15;

export interface OutSocket {
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
}

/** Whether a paste is small enough, in bytes of UTF-8. */
export function fitsPaste(text: string): boolean {
  // A UTF-16 unit never takes more than three bytes, so most pastes need no encoding.
  if (text.length * 3 <= MAX_PASTE) return true;
  return text.length <= MAX_PASTE && new TextEncoder().encode(text).length <= MAX_PASTE;
}

export class Outbox {
  private queue: Uint8Array[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private socket: OutSocket | null = null;

  /** Starts over with a new connection. What waited for the old one is dropped: half a command
   *  must not run minutes later. */
  attach(socket: OutSocket | null): void {
    this.queue = [];
    this.socket = socket;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Takes bytes; false when there is no connection to take them. */
  push(bytes: Uint8Array): boolean {
    if (!this.socket) return false;
    for (let at = 0; at < bytes.length; at += MAX_INPUT) {
      this.queue.push(bytes.subarray(at, at + MAX_INPUT));
    }
    if (this.timer === null) this.flush();
    return true;
  }

  /** Forgets what still waits: Ctrl-C must not stand behind a long paste. */
  clear(): void {
    this.queue = [];
  }

  get waiting(): number {
    return this.queue.length;
  }

  private flush(): void {
    this.timer = null;
    const socket = this.socket;
    while (socket && socket.bufferedAmount < HIGH_WATER) {
      const next = this.queue.shift();
      if (!next) return;
      socket.send(input(next));
    }
    if (this.queue.length > 0) this.timer = setTimeout(() => this.flush(), LOOK_AGAIN_MS);
  }
}
