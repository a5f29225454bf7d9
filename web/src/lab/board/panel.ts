/** The boards above the terminals: which one, as picture or table, how large, or not at all. */
import { button, h, icon } from "../../lib/dom";
import { Events } from "../../lib/events";
import { recall, remember } from "../../lib/storage";
import { t } from "../../lib/strings";
import { arrowKeys, select } from "../../lib/tabs";
import type { LabData } from "../data";
import type { BoardState } from "./model";
import { room } from "./room";
import { type Mode, BoardView } from "./view";

interface Tab {
  view: BoardView;
  tab: HTMLElement;
}

export class BoardPanel {
  private readonly section = h("section", { class: "boards", "aria-label": t("boards") });
  private readonly divider = h("div", { class: "board-divider" });
  private readonly toggle: HTMLButtonElement;
  private readonly modes: Record<Mode, HTMLButtonElement>;
  private readonly tabs: Tab[] = [];
  private events: Events | null = null;
  private mode: Mode;
  private open: boolean;
  private connected = true;

  /** Puts the boards above what is in `work`, and the button that shows them into `bar`. */
  constructor(
    work: HTMLElement,
    bar: HTMLElement,
    private readonly url: string,
    data: LabData,
  ) {
    this.mode = recall("board-mode") === "table" ? "table" : "picture";
    this.open = recall("board-open") !== "no";
    const list = h("div", { class: "board-tabs", role: "tablist", "aria-label": t("boards") });
    const body = h("div", { class: "boards-body" });
    data.boards.forEach((place, n) => {
      const title = [t(`board-${place.kind}`), place.machines.join(", ")]
        .filter((part) => part !== "")
        .join(" · ");
      const view = new BoardView(place, title);
      const tab = h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `board-tab-${n}`,
          class: "board-tab",
          "aria-controls": `board-panel-${n}`,
          onclick: () => this.select(n),
        },
        h("i", { class: "board-pulse" }),
        h("span", {}, title),
      );
      body.append(
        h(
          "div",
          {
            class: "board-panel",
            role: "tabpanel",
            id: `board-panel-${n}`,
            "aria-labelledby": tab.id,
          },
          view.element,
        ),
      );
      list.append(tab);
      this.tabs.push({ view, tab });
    });
    arrowKeys(list);
    this.modes = {
      picture: this.modeButton("picture", "board"),
      table: this.modeButton("table", "table"),
    };
    const modes = h(
      "div",
      { class: "board-modes", role: "group", "aria-label": t("board-as") },
      this.modes.picture,
      this.modes.table,
    );
    const hide = button({
      label: t("board-hide"),
      icon: "close",
      iconOnly: true,
      class: "tool",
      onclick: () => this.setOpen(false, true),
    });
    this.section.append(h("div", { class: "boards-bar" }, list, modes, hide), body);
    this.toggle = h(
      "button",
      {
        type: "button",
        class: "work-tab board-toggle",
        onclick: () => this.setOpen(!this.open, false),
      },
      icon("board"),
      h("span", {}, t("boards")),
    );
    bar.append(this.toggle);
    room(work, this.divider, () => this.relayout());
    work.prepend(this.section, this.divider);
    document.addEventListener("visibilitychange", () => this.follow());
    this.setMode(this.mode);
    this.select(0);
    this.setOpen(this.open, false);
  }

  private modeButton(mode: Mode, iconName: string): HTMLButtonElement {
    const label = t(`board-as-${mode}`);
    return h(
      "button",
      { type: "button", title: label, class: "board-mode", onclick: () => this.setMode(mode) },
      icon(iconName),
      h("span", {}, label),
    );
  }

  private setMode(mode: Mode): void {
    this.mode = mode;
    remember("board-mode", mode);
    for (const [name, element] of Object.entries(this.modes)) {
      element.setAttribute("aria-pressed", String(name === mode));
    }
    for (const { view } of this.tabs) view.show(mode);
  }

  private select(n: number): void {
    this.tabs.forEach(({ view, tab }, at) => {
      const panel = view.element.parentElement;
      if (panel) panel.hidden = at !== n;
      view.visible = at === n;
      const list = tab.parentElement;
      if (at === n && list) select(tab, list);
    });
    this.relayout();
  }

  private setOpen(open: boolean, byButton: boolean): void {
    this.open = open;
    remember("board-open", open ? "yes" : "no");
    this.section.hidden = !open;
    this.divider.hidden = !open;
    this.toggle.setAttribute("aria-pressed", String(open));
    this.toggle.title = t(open ? "board-hide" : "board-show");
    if (byButton) this.toggle.focus();
    this.follow();
    if (open) this.relayout();
  }

  /** Listens while somebody can see the boards. A page in the background would hold a connection,
   *  of which a browser has few, for nobody. */
  private follow(): void {
    const seen = this.open && document.visibilityState === "visible";
    if (!seen) {
      this.events?.close();
      this.events = null;
      return;
    }
    this.events ??= new Events(
      this.url,
      { board: (state) => this.take(state as BoardState) },
      (connected) => {
        this.connected = connected;
        this.section.classList.toggle("offline", !this.connected);
      },
    );
  }

  private take(state: BoardState): void {
    const tab = this.tabs[state.board];
    if (!tab) return;
    tab.tab.dataset["link"] = state.link;
    tab.view.take(state);
  }

  private relayout(): void {
    for (const { view } of this.tabs) view.relayout();
  }
}
