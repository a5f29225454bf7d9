/** Lines between elements of a drawing. */
import { moves } from "./motion";

const SVG = "http://www.w3.org/2000/svg";
const FLIGHT_MS = 620;
/** Messages under way on one line; more would be a blur. */
const MOST_FLIGHTS = 3;

export interface Line {
  key: string;
  from: HTMLElement | undefined;
  to: HTMLElement | undefined;
  class: string;
  label?: string;
  /** Where the label is: in the middle of the line, or before its end. */
  labelAt?: "end";
  /** Which sides it joins; from right to left when left out. */
  sides?: "right-left" | "left-right" | "right-right" | "bottom-top";
}

interface Drawn {
  group: SVGGElement;
  path: SVGPathElement;
  text: SVGTextElement;
  flights: number;
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Links {
  readonly element: SVGSVGElement = document.createElementNS(SVG, "svg");
  private readonly drawn = new Map<string, Drawn>();
  private lines: Line[] = [];
  private frame = 0;

  /** Lines within a container, which must be positioned. `before` puts things into place before they
   *  are measured. */
  constructor(
    private readonly container: HTMLElement,
    private readonly before?: () => void,
  ) {
    this.element.setAttribute("class", "board-links");
    this.element.setAttribute("aria-hidden", "true");
    container.prepend(this.element);
    if (typeof ResizeObserver === "function") {
      new ResizeObserver(() => this.later()).observe(container);
    }
    // A box that faded away moves those after it, which need not change the container's size.
    new MutationObserver((changes) => {
      if (changes.some(({ target }) => !this.element.contains(target))) this.later();
    }).observe(container, { childList: true, subtree: true });
  }

  set(lines: Line[]): void {
    this.lines = lines;
    this.later();
  }

  /** Draws the lines anew with the next frame. */
  later(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** Sends something along a line. */
  fly(key: string, kind: string): void {
    const drawn = this.drawn.get(key);
    if (!drawn || !moves() || drawn.flights >= MOST_FLIGHTS) return;
    drawn.flights += 1;
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("r", "4");
    dot.setAttribute("class", `board-flight ${kind}`);
    this.element.append(dot);
    const began = performance.now() + (drawn.flights - 1) * 110;
    const step = (now: number): void => {
      const share = (now - began) / FLIGHT_MS;
      if (share >= 1 || !drawn.path.isConnected) {
        drawn.flights -= 1;
        dot.remove();
        return;
      }
      const eased = share <= 0 ? 0 : 1 - (1 - share) ** 3;
      const point = drawn.path.getPointAtLength(drawn.path.getTotalLength() * eased);
      dot.setAttribute("cx", String(point.x));
      dot.setAttribute("cy", String(point.y));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  private draw(): void {
    this.before?.();
    // First everything is measured, then everything is drawn: one layout, not one a line.
    const { scrollWidth, scrollHeight } = this.container;
    const placed = this.lines.flatMap((line) => {
      const from = line.from && boxWithin(line.from, this.container);
      const to = line.to && boxWithin(line.to, this.container);
      return from && to ? [{ line, from, to }] : [];
    });
    const last = placed.reduce(
      (most, { from, to }) => ({
        x: Math.max(most.x, from.left + from.width, to.left + to.width),
        y: Math.max(most.y, from.top + from.height, to.top + to.height),
      }),
      { x: 0, y: 0 },
    );
    this.element.setAttribute("width", String(Math.min(scrollWidth, Math.ceil(last.x) + 4)));
    this.element.setAttribute("height", String(Math.min(scrollHeight, Math.ceil(last.y) + 4)));
    const wanted = new Set(placed.map(({ line }) => line.key));
    for (const [key, { group }] of this.drawn) {
      if (wanted.has(key)) continue;
      group.remove();
      this.drawn.delete(key);
    }
    for (const { line, from, to } of placed) {
      const drawn = this.drawn.get(line.key) ?? this.make(line.key);
      const { d, x, y } = curve(from, to, line.sides ?? "right-left");
      const atEnd = line.labelAt === "end" && line.sides === undefined;
      drawn.text.setAttribute("text-anchor", atEnd ? "end" : "middle");
      drawn.group.setAttribute("class", `board-link ${line.class}`);
      drawn.path.setAttribute("d", d);
      drawn.text.textContent = line.label ?? "";
      drawn.text.setAttribute("x", String(atEnd ? to.left - 8 : x));
      drawn.text.setAttribute("y", String((atEnd ? to.top + to.height / 2 : y) - 5));
    }
  }

  private make(key: string): Drawn {
    const group = document.createElementNS(SVG, "g");
    const path = document.createElementNS(SVG, "path");
    const text = document.createElementNS(SVG, "text");
    group.append(path, text);
    this.element.append(group);
    const drawn = { group, path, text, flights: 0 };
    this.drawn.set(key, drawn);
    return drawn;
  }
}

/** Where an element is laid out within a container, whatever moves it there at the moment. */
export function boxWithin(element: HTMLElement, container: HTMLElement): Box | null {
  if (!element.isConnected || element.offsetParent === null) return null;
  let [left, top] = [0, 0];
  let at: Element | null = element;
  while (at instanceof HTMLElement && at !== container) {
    left += at.offsetLeft;
    top += at.offsetTop;
    at = at.offsetParent;
  }
  return { left, top, width: element.offsetWidth, height: element.offsetHeight };
}

/** A smooth way from one box to another, and its middle. */
export function curve(
  from: Box,
  to: Box,
  sides: NonNullable<Line["sides"]>,
): { d: string; x: number; y: number } {
  if (sides === "bottom-top") {
    const [x1, y1] = [from.left + from.width / 2, from.top + from.height];
    const [x2, y2] = [to.left + to.width / 2, to.top];
    const bend = (y2 - y1) / 2;
    return {
      d: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`,
      x: (x1 + x2) / 2,
      y: (y1 + y2) / 2,
    };
  }
  const [start, end] = sides.split("-");
  const x1 = start === "right" ? from.left + from.width : from.left;
  const x2 = end === "right" ? to.left + to.width : to.left;
  const y1 = from.top + from.height / 2;
  const y2 = to.top + to.height / 2;
  const out = start === "right" ? 1 : -1;
  const back = end === "right" ? 1 : -1;
  const bend = Math.max(18, Math.abs(x2 - x1) / 2);
  return {
    d: `M${x1} ${y1}C${x1 + out * bend} ${y1} ${x2 + back * bend} ${y2} ${x2} ${y2}`,
    x: (x1 + x2) / 2 + ((out + back) * bend * 3) / 8,
    y: (y1 + y2) / 2,
  };
}
