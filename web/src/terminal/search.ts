/** Searching the scrollback. */
import type { SearchAddon } from "@xterm/addon-search";
import { button, h } from "../lib/dom";
import { t } from "../lib/strings";

export class SearchBar {
  readonly element: HTMLElement;
  private readonly field: HTMLInputElement;

  constructor(
    private readonly search: SearchAddon,
    private readonly leave: () => void,
  ) {
    this.field = h("input", {
      type: "search",
      "aria-label": t("terminal-search"),
      placeholder: t("terminal-search"),
      oninput: () => this.find(false, true),
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.find(!event.shiftKey);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
    });
    const tool = (label: string, icon: string, onclick: () => void): HTMLButtonElement =>
      button({ label, icon, iconOnly: true, class: "tool", onclick });
    this.element = h(
      "div",
      { class: "terminal-search", role: "search", hidden: true },
      this.field,
      tool(t("search-previous"), "up", () => this.find(true)),
      tool(t("search-next"), "down", () => this.find(false)),
      tool(t("close"), "close", () => this.close()),
    );
  }

  open(): void {
    this.element.hidden = false;
    this.field.focus();
    this.field.select();
  }

  private close(): void {
    this.element.hidden = true;
    this.search.clearDecorations();
    this.leave();
  }

  private find(backwards: boolean, incremental = false): void {
    const text = this.field.value;
    const found =
      text === "" ||
      (backwards ? this.search.findPrevious(text) : this.search.findNext(text, { incremental }));
    this.field.toggleAttribute("aria-invalid", !found);
  }
}
