/** Arrow keys among tabs (WAI-ARIA tabs pattern, automatic activation); the selected one stays in sight. */
export function arrowKeys(list: HTMLElement): void {
  list.addEventListener("keydown", (event) => {
    const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
    const at = tabs.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const to = targetTab(event.key, at, tabs.length);
    if (to === null) return;
    event.preventDefault();
    tabs[to]?.focus();
    tabs[to]?.click();
  });
  // A list that comes into view or gets narrower keeps the selected tab in sight.
  if (typeof ResizeObserver === "function") new ResizeObserver(() => reveal(list)).observe(list);
}

/** Scrolls a list of tabs, and nothing else, so that the selected one is in sight. */
function reveal(list: HTMLElement): void {
  const tab = list.querySelector('[role="tab"][aria-selected="true"]');
  if (!tab) return;
  const [shown, wanted] = [list.getBoundingClientRect(), tab.getBoundingClientRect()];
  if (wanted.left < shown.left) list.scrollLeft += wanted.left - shown.left;
  else if (wanted.right > shown.right) list.scrollLeft += wanted.right - shown.right;
}

/** Where a key leads from tab `at` of `count`. */
export function targetTab(key: string, at: number, count: number): number | null {
  switch (key) {
    case "ArrowRight":
    case "ArrowDown":
      return (at + 1) % count;
    case "ArrowLeft":
    case "ArrowUp":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

/** Marks one tab as selected, for eyes, keyboard and screen readers. */
export function select(tab: HTMLElement, list: HTMLElement): void {
  for (const other of list.querySelectorAll<HTMLElement>('[role="tab"]')) {
    const selected = other === tab;
    other.setAttribute("aria-selected", String(selected));
    other.tabIndex = selected ? 0 : -1;
  }
  reveal(list);
}
