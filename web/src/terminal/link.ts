/** The connection of a terminal: keeps its place in the output over lost connections, so that
 *  nothing is shown twice and nothing is missed. Knows nothing of xterm. */
import { Backoff } from "../lib/backoff";
import { Outbox } from "./outbox";
import * as protocol from "./protocol";

export type LinkState =
  | "connecting"
  | "open"
  | "reconnecting"
  | "exited"
  | "signed-out"
  | "forbidden"
  | "unavailable"
  | "closed";

/** Where output goes. `write` calls back when the bytes have been drawn. */
export interface Sink {
  write(bytes: Uint8Array, consumed: () => void): void;
  /** Output is missing before what comes next (`lost`), or the terminal is a new one. */
  reset(lost: boolean): void;
  state(state: LinkState, exitStatus?: number): void;
}

/** What of `WebSocket` is used. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** Acknowledge at least this often; the server waits for it. */
const ACK_EVERY = 32 * 1024;
/** While the sandbox is not there, look again this often. */
const UNAVAILABLE_MS = 4000;

export class Link {
  private socket: Socket | null = null;
  private isOpen = false;
  /** The offset of the next byte to draw; null before the first. */
  private received: number | null = null;
  /** Up to here everything has been drawn. */
  private consumed: number | null = null;
  private acked = 0;
  /** Until here output is a replay: what it makes the terminal answer must not be sent. */
  private replayEnd = 0;
  /** Distinguishes bytes drawn for this terminal from those of one that was reset. */
  private epoch = 0;
  private size: [number, number] | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly backoff = new Backoff();
  private readonly outbox = new Outbox();
  private current: LinkState = "connecting";

  constructor(
    private readonly url: string,
    private readonly sink: Sink,
    private readonly open: (url: string) => Socket,
  ) {}

  get state(): LinkState {
    return this.current;
  }

  /** Opens the connection, or opens it anew. */
  connect(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.drop();
    // What was received will be drawn, even if xterm has not come to it yet.
    const asked = this.received;
    const socket = this.open(asked === null ? this.url : `${this.url}?from=${asked}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.isOpen = true;
      this.outbox.attach(socket);
      if (this.size) socket.send(protocol.resize(...this.size));
      this.setState("open");
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.take(data, asked);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.lost(code);
    };
  }

  /** Sends what was typed or pasted. Whether there is a shell to take it. */
  input(bytes: Uint8Array): boolean {
    if (this.current === "exited") {
      if (bytes.includes(13)) this.again();
      return true;
    }
    if (!this.isOpen) return false;
    if (bytes.length === 1 && bytes[0] === 3) this.outbox.clear();
    return this.outbox.push(bytes);
  }

  /** Sends what the terminal itself answers to a program, but not to questions of the past that a
   *  replay of the scrollback asks again: they would turn up as typed text. */
  answer(bytes: Uint8Array): boolean {
    return this.isOpen && !this.replaying && this.outbox.push(bytes);
  }

  /** Whether the shell can take input now. */
  get ready(): boolean {
    return this.isOpen && !this.replaying && this.current === "open";
  }

  resize(columns: number, rows: number): void {
    this.size = [columns, rows];
    if (this.isOpen) this.socket?.send(protocol.resize(columns, rows));
  }

  /** Tries again at once, for instance when the sandbox has become ready. */
  again(): void {
    if (this.current === "closed" || (this.isOpen && this.current === "open")) return;
    this.backoff.reset();
    this.setState("connecting");
    this.connect();
  }

  close(): void {
    this.setState("closed");
    if (this.timer !== null) clearTimeout(this.timer);
    this.drop();
  }

  private get replaying(): boolean {
    return this.consumed === null ? this.replayEnd > 0 : this.consumed < this.replayEnd;
  }

  private take(buffer: ArrayBuffer, asked: number | null): void {
    const message = protocol.decode(buffer);
    switch (message?.type) {
      case "hello":
        this.backoff.reset();
        if (asked !== null && message.end < asked) {
          // A terminal younger than the one we know: start from its beginning.
          this.startOver(false);
          this.connect();
        } else if (asked === null) {
          this.replayEnd = message.end;
        }
        break;
      case "data":
        this.data(message.offset, message.bytes);
        break;
      case "skipped":
        this.startOver(true);
        this.received = message.offset;
        this.consumed = message.offset;
        this.acked = message.offset;
        break;
      case "exit":
        this.setState("exited", message.status);
        break;
      case undefined:
        break;
    }
  }

  private data(offset: number, bytes: Uint8Array): void {
    let fresh = bytes;
    if (this.received !== null) {
      if (offset > this.received) this.startOver(true);
      else fresh = bytes.subarray(Math.min(bytes.length, this.received - offset));
    }
    const end = offset + bytes.length;
    if (fresh.length === 0) return;
    this.received = end;
    const { epoch } = this;
    this.sink.write(fresh, () => {
      if (epoch === this.epoch) this.drawn(end);
    });
  }

  private drawn(end: number): void {
    this.consumed = end;
    const idle = end === this.received;
    if (this.isOpen && (idle || end - this.acked >= ACK_EVERY)) {
      this.acked = end;
      this.socket?.send(protocol.ack(end));
    }
  }

  private startOver(lost: boolean): void {
    this.epoch += 1;
    this.received = null;
    this.consumed = null;
    this.acked = 0;
    this.replayEnd = 0;
    this.sink.reset(lost);
  }

  private lost(code: number): void {
    this.drop();
    if (this.current === "exited" || this.current === "closed") return;
    switch (code) {
      case 4401:
        this.setState("signed-out");
        return;
      case 4403:
        this.setState("forbidden");
        return;
      case 4404:
        this.setState("unavailable");
        this.later(UNAVAILABLE_MS);
        return;
      default:
        this.setState("reconnecting");
        this.later(this.backoff.next());
    }
  }

  private later(ms: number): void {
    this.timer = setTimeout(() => this.connect(), ms);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.isOpen = false;
    this.outbox.attach(null);
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private setState(state: LinkState, status?: number): void {
    this.current = state;
    this.sink.state(state, status);
  }
}
