/** The steps: one at a time, with tabs that show how far each is. */
import { button, h, icon, need } from "../lib/dom";
import { recall, remember } from "../lib/storage";
import { t } from "../lib/strings";
import { arrowKeys, select } from "../lib/tabs";
import type { Step } from "./data";

export class Steps {
  private readonly tabs = new Map<string, HTMLElement>();
  private readonly panels = new Map<string, HTMLElement>();
  private readonly list: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly key: string;

  constructor(
    guide: HTMLElement,
    private readonly steps: Step[],
    attempt: string,
  ) {
    this.key = `step:${attempt}`;
    this.list = need("[data-step-tabs]", guide);
    this.scroll = need("[data-guide-scroll]", guide);
    this.list.setAttribute("role", "tablist");
    this.list.setAttribute("aria-label", t("steps"));
    steps.forEach((step, index) => {
      const panel = need(`[data-step="${step.id}"]`, guide);
      const tab = h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${step.id}`,
          "aria-controls": panel.id,
          class: "step-tab",
          title: step.title,
          onclick: () => this.show(step.id),
        },
        h("span", { class: "step-number" }, String(index + 1)),
        h("span", { class: "step-name" }, step.title),
        h("span", { class: "sr-only", "data-done": true }),
      );
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      need("[data-checks]", panel).before(this.neighbours(index));
      this.tabs.set(step.id, tab);
      this.panels.set(step.id, panel);
      this.list.append(tab);
    });
    arrowKeys(this.list);
    const last = recall(this.key);
    const first = last !== null && this.panels.has(last) ? last : steps[0]?.id;
    if (first !== undefined) this.show(first, false);
  }

  /** The button of a step that leads to the next one. */
  nextButton(id: string): HTMLElement | null {
    return this.panels.get(id)?.querySelector<HTMLElement>("[data-next]") ?? null;
  }

  panel(id: string): HTMLElement | undefined {
    return this.panels.get(id);
  }

  markDone(id: string, done: boolean): void {
    const tab = this.tabs.get(id);
    if (!tab) return;
    tab.classList.toggle("done", done);
    const words = tab.querySelector("[data-done]");
    if (words) words.textContent = done ? ` – ${t("step-done")}` : "";
    const number = tab.querySelector(".step-number");
    const index = this.steps.findIndex((step) => step.id === id);
    number?.replaceChildren(done ? icon("check") : String(index + 1));
  }

  private show(id: string, scroll = true): void {
    for (const [other, panel] of this.panels) panel.hidden = other !== id;
    const tab = this.tabs.get(id);
    if (tab) {
      select(tab, this.list);
      if (scroll) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    if (scroll) this.scroll.scrollTop = 0;
    remember(this.key, id);
  }

  private neighbours(index: number): HTMLElement {
    const row = h("div", { class: "step-neighbours" });
    const before = this.steps[index - 1];
    const after = this.steps[index + 1];
    const go = (step: Step): void => {
      this.show(step.id);
      this.tabs.get(step.id)?.focus({ preventScroll: true });
    };
    if (before) {
      row.append(
        button({
          label: t("step-previous"),
          icon: "left",
          class: "button small",
          onclick: () => go(before),
        }),
      );
    }
    if (after) {
      const next = button({
        label: t("step-next"),
        class: "button small on",
        onclick: () => go(after),
      });
      next.append(icon("right"));
      next.dataset["next"] = "";
      row.append(next);
    }
    return row;
  }
}
