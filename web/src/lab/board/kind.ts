/** What each kind of board can do with its picture. */

/** A part of the table that says the same as the picture. */
export interface Section {
  caption: string;
  head: string[];
  rows: string[][];
}

/** A drawing: made once, then kept up to date. */
export interface Drawing<P> {
  readonly element: HTMLElement;
  draw(picture: P): void;
  /** Lines between things follow them when they move. */
  relayout(): void;
}

export interface BoardKind<P> {
  drawing(): Drawing<P>;
  table(picture: P): Section[];
  /** The picture in a sentence. */
  summary(picture: P): string;
  /** What a screen reader should hear of a change, the most important first. */
  news(before: P, now: P): string[];
}

/** Bytes as people read them. */
export function size(bytes: number): string {
  for (const [unit, of] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= of) {
      const n = bytes / of;
      return `${n >= 100 ? Math.round(n) : Number(n.toPrecision(3))} ${unit}`;
    }
  }
  return `${bytes} B`;
}
