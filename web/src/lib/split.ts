/** The divider between instructions and workspace. */
import { recall, remember } from "./storage";

export const MIN = 22;
export const MAX = 72;
export const START = 40;
const KEY = "split";

/** A share in percent that leaves both sides usable. */
export function clamp(percent: number): number {
  return Math.min(MAX, Math.max(MIN, Math.round(percent * 10) / 10));
}

/** The share from the last visit. */
export function savedShare(): number {
  const saved = Number(recall(KEY) ?? Number.NaN);
  return Number.isFinite(saved) && saved > 0 ? clamp(saved) : START;
}

/** Where a key moves the divider to; null for keys that don't. */
export function keyShare(key: string, share: number): number | null {
  switch (key) {
    case "ArrowLeft":
      return clamp(share - 2);
    case "ArrowRight":
      return clamp(share + 2);
    case "PageUp":
      return clamp(share - 10);
    case "PageDown":
      return clamp(share + 10);
    case "Home":
      return MIN;
    case "End":
      return MAX;
    case "Enter":
      return START;
    default:
      return null;
  }
}

/** Makes the divider movable by pointer and keyboard, and remembers where it was left. */
export function movable(container: HTMLElement, divider: HTMLElement): void {
  let share = savedShare();
  const apply = (to: number): void => {
    share = to;
    container.style.setProperty("--guide", `${to}%`);
    divider.setAttribute("aria-valuenow", String(Math.round(to)));
  };
  const keep = (): void => void remember(KEY, String(share));
  divider.setAttribute("aria-valuemin", String(MIN));
  divider.setAttribute("aria-valuemax", String(MAX));
  apply(share);

  divider.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    divider.setPointerCapture(down.pointerId);
    container.classList.add("dragging");
    const move = (event: PointerEvent): void => {
      const box = container.getBoundingClientRect();
      apply(clamp(((event.clientX - box.left) / box.width) * 100));
    };
    const up = (): void => {
      container.classList.remove("dragging");
      divider.removeEventListener("pointermove", move);
      keep();
    };
    divider.addEventListener("pointermove", move);
    divider.addEventListener("lostpointercapture", up, { once: true });
  });
  divider.addEventListener("keydown", (event) => {
    const to = keyShare(event.key, share);
    if (to === null) return;
    event.preventDefault();
    apply(to);
    keep();
  });
  divider.addEventListener("dblclick", () => {
    apply(START);
    keep();
  });
}
