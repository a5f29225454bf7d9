/** Server-sent events that come back by themselves. */
import { Backoff } from "./backoff";

/** What of `EventSource` is used, so that tests can stand in for it. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

const CLOSED = 2;

/** Listens until closed. The browser reconnects after a lost connection, but gives up after an
 *  error answer (a proxy while the server restarts): then this starts over. */
export class Events {
  private stream: EventStream | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly backoff = new Backoff(500, 10_000);
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly handlers: Record<string, (data: unknown) => void>,
    private readonly onConnection: (connected: boolean) => void,
    private readonly open: (url: string) => EventStream = (u) => new EventSource(u),
  ) {
    this.connect();
  }

  close(): void {
    this.closed = true;
    this.stream?.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private connect(): void {
    const stream = this.open(this.url);
    this.stream = stream;
    stream.addEventListener("open", () => {
      this.backoff.reset();
      this.onConnection(true);
    });
    stream.addEventListener("error", () => {
      if (this.closed || stream !== this.stream) return;
      this.onConnection(false);
      if (stream.readyState === CLOSED) {
        this.stream = null;
        this.timer = setTimeout(() => this.connect(), this.backoff.next());
      }
    });
    for (const [name, handle] of Object.entries(this.handlers)) {
      stream.addEventListener(name, (event) => {
        let data: unknown;
        try {
          data = JSON.parse(event.data);
        } catch {
          return; // A message cut off by a dying server; the next connection starts afresh.
        }
        handle(data);
      });
    }
  }
}
