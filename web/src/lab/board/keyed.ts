/** A list of elements that follows a list of things: what is new comes in, what is gone goes out,
 *  what moved slides to its place. */
import { enter, leave, moves, slide } from "./motion";

export class Keyed<T> {
  private readonly elements = new Map<string, HTMLElement>();
  private first = true;

  constructor(
    readonly parent: HTMLElement,
    private readonly key: (item: T) => string,
    private readonly make: (item: T) => HTMLElement,
    private readonly update: (element: HTMLElement, item: T) => void,
  ) {}

  /** The element of a thing. */
  get(key: string): HTMLElement | undefined {
    return this.elements.get(key);
  }

  set(items: readonly T[]): void {
    // What is there at the first look does not arrive; it was there.
    const move = !this.first && moves() && this.parent.isConnected;
    this.first = false;
    const before = new Map<HTMLElement, DOMRect>();
    if (move) {
      for (const element of this.elements.values()) {
        before.set(element, element.getBoundingClientRect());
      }
    }
    const wanted = new Set(items.map(this.key));
    for (const [key, element] of this.elements) {
      if (wanted.has(key)) continue;
      this.elements.delete(key);
      leave(element);
    }
    let at: Element | null = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      let element = this.elements.get(key);
      if (!element) {
        element = this.make(item);
        this.elements.set(key, element);
        if (move) enter(element);
      }
      this.update(element, item);
      while (at?.classList.contains("leaving")) at = at.nextElementSibling;
      if (at === element) at = at.nextElementSibling;
      else this.parent.insertBefore(element, at);
    }
    for (const [element, from] of before) {
      if (!element.isConnected || element.classList.contains("leaving")) continue;
      const to = element.getBoundingClientRect();
      slide(element, from.left - to.left, from.top - to.top);
    }
  }
}

/** Sets a text only when it differs, so that nothing is laid out for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
