/** Gentle motion, for those who want it. */

/** Whether things may move. */
export function moves(): boolean {
  return (
    typeof matchMedia === "function" &&
    !matchMedia("(prefers-reduced-motion: reduce)").matches &&
    document.visibilityState === "visible"
  );
}

const EASE = "cubic-bezier(0.2, 0.8, 0.2, 1)";

function animate(element: Element, frames: Keyframe[], ms: number): Promise<unknown> {
  if (typeof element.animate !== "function") return Promise.resolve();
  return element.animate(frames, { duration: ms, easing: EASE }).finished.catch(() => undefined);
}

/** Something new. */
export function enter(element: Element): void {
  void animate(element, [{ opacity: 0, transform: "scale(0.86)" }, {}], 260);
}

/** Something goes; it is taken out when it has faded. */
export function leave(element: HTMLElement): void {
  element.classList.add("leaving");
  if (!moves()) {
    element.remove();
    return;
  }
  void animate(element, [{}, { opacity: 0, transform: "scale(0.9)" }], 180).then(() =>
    element.remove(),
  );
}

/** Something moved from where it was. */
export function slide(element: Element, dx: number, dy: number): void {
  if (Math.abs(dx) < 1 && Math.abs(dy) < 1) return;
  void animate(element, [{ transform: `translate(${dx}px, ${dy}px)` }, {}], 320);
}

/** Something changed where it is. */
export function pulse(element: Element): void {
  if (!moves()) return;
  void animate(
    element,
    [{ filter: "brightness(1)" }, { filter: "brightness(1.25) saturate(1.3)" }, {}],
    420,
  );
}
