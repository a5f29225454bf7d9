/** Light, dark, or like the system. The choice is applied before the first paint by
 *  static/theme.js; this changes it. */
import { recall, remember } from "./storage";

export type Theme = "auto" | "light" | "dark";
const ORDER: Theme[] = ["auto", "light", "dark"];
const CHANGED = "slipway:theme";

export function chosen(): Theme {
  const saved = recall("theme");
  return saved === "light" || saved === "dark" ? saved : "auto";
}

/** Whether the page is dark at the moment. */
export function isDark(): boolean {
  const theme = chosen();
  return theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

/** Calls back whenever the page turns light or dark. */
export function onThemeChange(callback: (dark: boolean) => void): void {
  const tell = (): void => callback(isDark());
  document.addEventListener(CHANGED, tell);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
}

/** Makes the page's button go round the three choices. */
export function themeButton(button: HTMLElement): void {
  const show = (theme: Theme): void => {
    const label = button.dataset[theme] ?? theme;
    button.title = label;
    button.setAttribute("aria-label", label);
    button.querySelector("use")?.setAttribute("href", `/static/icons.svg#theme-${theme}`);
  };
  show(chosen());
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length] ?? "auto";
    remember("theme", next);
    if (next === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
    show(next);
    document.dispatchEvent(new Event(CHANGED));
  });
}
