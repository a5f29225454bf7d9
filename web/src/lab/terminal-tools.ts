/** Buttons that hold for the terminal in view. */
import { button, h } from "../lib/dom";
import { t } from "../lib/strings";
import { preferences } from "../terminal/preferences";
import type { TerminalView } from "../terminal/view";

export function terminalTools(active: () => TerminalView | null): HTMLElement {
  const tool = (label: string, icon: string, onclick: () => void): HTMLButtonElement =>
    button({ label, icon, iconOnly: true, class: "tool", onclick });
  const reader = tool(t("terminal-reader"), "reader", () => {
    preferences.setScreenReader(!preferences.screenReader);
    reader.setAttribute("aria-pressed", String(preferences.screenReader));
  });
  reader.setAttribute("aria-pressed", String(preferences.screenReader));
  return h(
    "div",
    { class: "terminal-tools", role: "toolbar", "aria-label": t("terminal-tools") },
    tool(t("terminal-search-open"), "search", () => active()?.openSearch()),
    tool(t("font-smaller"), "font-smaller", () => preferences.zoom(-1)),
    tool(t("font-larger"), "font-larger", () => preferences.zoom(1)),
    reader,
  );
}
