/** The divider between boards and terminals. */
import { recall, remember } from "../../lib/storage";
import { t } from "../../lib/strings";

export const MIN = 18;
export const MAX = 80;
export const START = 46;
const KEY = "board-room";

function clamp(percent: number): number {
  return Math.min(MAX, Math.max(MIN, Math.round(percent * 10) / 10));
}

/** Where a key moves the divider to; null for keys that don't. */
export function keyRoom(key: string, share: number): number | null {
  switch (key) {
    case "ArrowUp":
      return clamp(share - 2);
    case "ArrowDown":
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
export function room(container: HTMLElement, divider: HTMLElement, moved: () => void): void {
  const saved = Number(recall(KEY) ?? Number.NaN);
  let share = saved > 0 ? clamp(saved) : START;
  const apply = (to: number): void => {
    share = to;
    container.style.setProperty("--board", `${to}%`);
    divider.setAttribute("aria-valuenow", String(Math.round(to)));
    moved();
  };
  const keep = (): void => void remember(KEY, String(share));
  for (const [name, value] of Object.entries({
    role: "separator",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-label": t("board-divider"),
    "aria-valuemin": String(MIN),
    "aria-valuemax": String(MAX),
  })) {
    divider.setAttribute(name, value);
  }
  apply(share);

  divider.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    divider.setPointerCapture(down.pointerId);
    container.classList.add("dragging");
    const move = (event: PointerEvent): void => {
      const box = container.getBoundingClientRect();
      apply(clamp(((event.clientY - box.top) / box.height) * 100));
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
    const to = keyRoom(event.key, share);
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
