/** The board as a table: the same in words. */
import { h } from "../../lib/dom";
import { t } from "../../lib/strings";
import type { Section } from "./kind";

/** Draws the sections, touching only those that changed. */
export class Table {
  readonly element = h("div", { class: "board-tables" });
  private readonly shown = new Map<string, { text: string; table: HTMLElement }>();

  set(sections: Section[]): void {
    const wanted = new Set(sections.map((section) => section.caption));
    for (const [caption, { table }] of this.shown) {
      if (wanted.has(caption)) continue;
      table.remove();
      this.shown.delete(caption);
    }
    for (const section of sections) {
      const text = JSON.stringify(section);
      const old = this.shown.get(section.caption);
      if (old?.text === text) continue;
      const table = draw(section);
      if (old) old.table.replaceWith(table);
      else this.element.append(table);
      this.shown.set(section.caption, { text, table });
    }
  }
}

function draw({ caption, head, rows }: Section): HTMLElement {
  const cells = (row: string[]): HTMLElement[] =>
    row.map((text, at) =>
      at === 0
        ? h("th", { scope: "row" }, h("bdi", {}, text))
        : h("td", {}, text === "" ? "–" : h("bdi", {}, text)),
    );
  const body =
    rows.length === 0
      ? [h("tr", {}, h("td", { colspan: head.length, class: "quiet" }, t("board-none")))]
      : rows.map((row) => h("tr", {}, ...cells(row)));
  return h(
    "table",
    { class: "board-table" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...body),
  );
}
