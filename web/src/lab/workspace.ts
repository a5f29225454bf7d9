/** The right side: tabs with terminals, the editor and previews. */
import type { Api } from "../lib/api";
import { chunk } from "../lib/chunk";
import { button, h, icon } from "../lib/dom";
import { recallJson, remember } from "../lib/storage";
import { t } from "../lib/strings";
import { arrowKeys, select } from "../lib/tabs";
import { announce } from "../lib/toast";
import type { EditorView } from "../editor/view";
import type { TerminalView } from "../terminal/view";
import type { RunTarget } from "./code-blocks";
import type { LabData, Port, Sandbox } from "./data";
import { PreviewView, portKey } from "./preview";
import { terminalTools } from "./terminal-tools";

/** How many terminals a machine can have. */
const MAX_TERMINALS = 4;

interface Pane {
  key: string;
  tab: HTMLElement;
  panel: HTMLElement;
  terminal?: TerminalView;
  loading?: Promise<TerminalView>;
  preview?: PreviewView;
}

function isTerminal(pane: Pane): boolean {
  return pane.key !== "editor" && !pane.preview;
}

export class Workspace {
  private readonly panes = new Map<string, Pane>();
  private readonly tabs = h("div", {
    class: "work-tabs",
    role: "tablist",
    "aria-label": t("work"),
  });
  private readonly panels = h("div", { class: "work-panels" });
  private readonly add: HTMLElement;
  private readonly tools: HTMLElement;
  private readonly extraKey: string;
  private readonly extraPortsKey: string;
  private offered: Port[] = [];
  private active: Pane | null = null;
  private lastTerminal: Pane | null = null;
  private editor: EditorView | null = null;
  private usable = false;
  private generation: number;

  constructor(
    private readonly root: HTMLElement,
    private readonly data: LabData,
    private readonly api: Api,
    private readonly reveal: () => void,
  ) {
    this.extraKey = `terminals:${data.attempt}`;
    this.extraPortsKey = `previews:${data.attempt}`;
    this.generation = data.sandbox.generation;
    this.add = this.addMenu();
    this.tools = terminalTools(() => this.active?.terminal ?? null);
    root.append(
      h(
        "div",
        { class: "work-bar" },
        this.tabs,
        this.add,
        h("div", { class: "board-toggle-place", "data-board-toggle": true }),
        this.tools,
      ),
      this.panels,
    );
    arrowKeys(this.tabs);
    if (data.editor) this.addEditor();
    for (const machine of data.machines) {
      for (let n = 1; n <= machine.terminals; n += 1) this.addTerminal(machine.name, n);
    }
    for (const { machine, terminal } of this.extras()) this.addTerminal(machine, terminal);
    for (const port of [...data.ports, ...this.extraPorts()]) this.addPreview(port);
    const first = this.panes.values().next().value;
    if (first) this.show(first, false);
  }

  /** Lays something over the panes. */
  cover(curtain: HTMLElement): void {
    this.root.append(curtain);
  }

  update(sandbox: Sandbox): void {
    if (sandbox.generation !== this.generation) {
      // Machines of an older generation are gone, and their terminals with them.
      this.generation = sandbox.generation;
      for (const pane of this.panes.values()) {
        pane.terminal?.dispose();
        delete pane.terminal;
        delete pane.loading;
        pane.preview?.reset();
      }
      this.editor?.machineReplaced();
    }
    this.usable = sandbox.state === "ready";
    this.root.classList.toggle("unusable", !this.usable);
    this.editor?.enable(this.usable);
    if (this.usable) {
      for (const pane of this.panes.values()) pane.terminal?.wake();
      if (this.active) this.open(this.active, false);
    }
  }

  /** Something changed in a machine's files. */
  filesChanged(machine: string): void {
    if (this.data.editor?.machine === machine) this.editor?.refresh();
  }

  /** What can be shown of the machines now. */
  ports(offered: Port[]): void {
    const known = new Set(this.offered.map(portKey));
    this.offered = offered;
    for (const port of offered) {
      const pane = this.panes.get(portKey(port));
      pane?.preview?.update(port.listens);
      if (pane || known.has(portKey(port))) continue;
      this.add.classList.add("news");
      announce(t("preview-new", { machine: port.machine, port: port.port }));
    }
    // A port that the lab does not name is in the list only while something listens.
    const listed = new Set(offered.map(portKey));
    for (const { key, preview } of this.panes.values()) {
      if (!listed.has(key)) preview?.update(false);
    }
  }

  /** Types text into a terminal, opening it if need be; false while there is no machine for it. */
  run(target: RunTarget | "current", text: string, interrupt: boolean): boolean {
    if (!this.usable) return false;
    const pane =
      target === "current" ? this.current() : this.addTerminal(target.machine, target.terminal);
    if (!pane) return false;
    this.reveal();
    this.show(pane, false);
    void this.terminal(pane).then((terminal) => {
      terminal.type(text, interrupt);
      terminal.focus();
    });
    return true;
  }

  /** The terminal that the learner looks at or looked at last; the first before that. */
  private current(): Pane | null {
    if (this.lastTerminal) return this.lastTerminal;
    const first = [...this.panes.values()].find(isTerminal);
    return first ?? null;
  }

  private show(pane: Pane, focus: boolean): void {
    for (const other of this.panes.values()) {
      other.panel.hidden = other !== pane;
      if (other !== pane) other.preview?.hide();
    }
    select(pane.tab, this.tabs);
    this.active = pane;
    if (isTerminal(pane)) this.lastTerminal = pane;
    // First the tools: they take room from the tabs.
    this.tools.hidden = !isTerminal(pane);
    pane.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (this.usable) this.open(pane, focus);
  }

  private open(pane: Pane, focus: boolean): void {
    if (pane.key === "editor") {
      void this.openEditor(pane);
      return;
    }
    if (pane.preview) {
      pane.preview.show();
      return;
    }
    void this.terminal(pane).then((terminal) => {
      if (pane !== this.active) return;
      terminal.show();
      if (focus) terminal.focus();
    });
  }

  private terminal(pane: Pane): Promise<TerminalView> {
    pane.loading ??= this.loadTerminal(pane);
    return pane.loading.then((terminal) => {
      terminal.show();
      return terminal;
    });
  }

  private async loadTerminal(pane: Pane): Promise<TerminalView> {
    const { generation } = this;
    const { TerminalView } = await chunk(() => import("../terminal/view"));
    const [machine = "", n = ""] = pane.key.split(":");
    const url = new URL(
      `/ws/attempts/${this.data.attempt}/machines/${machine}/terminals/${n}`,
      location.href,
    );
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const label = `${machine} ${n}`;
    const terminal = new TerminalView(url.href, label, this.data.style_nonce, (title) => {
      // As text only: a program in the sandbox chose it.
      pane.tab.title = title ? `${label} – ${title}` : label;
    });
    if (generation === this.generation) {
      pane.terminal = terminal;
      pane.panel.replaceChildren(terminal.element);
    }
    return terminal;
  }

  private addTerminal(machine: string, n: number): Pane | null {
    const known = this.data.machines.some((m) => m.name === machine && m.terminals > 0);
    if (!known || n < 1 || n > MAX_TERMINALS) return null;
    return this.addPane(`${machine}:${n}`, `${machine} ${n}`, "terminal");
  }

  private addPane(key: string, label: string, iconName: string): Pane {
    const existing = this.panes.get(key);
    if (existing) return existing;
    const id = key.replaceAll(":", "-");
    const tab = h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `work-tab-${id}`,
        "aria-controls": `work-panel-${id}`,
        class: "work-tab",
        title: label,
      },
      icon(iconName),
      h("span", {}, label),
    );
    const panel = h("div", {
      id: `work-panel-${id}`,
      role: "tabpanel",
      "aria-labelledby": tab.id,
      class: "work-panel",
      hidden: true,
    });
    const pane: Pane = { key, tab, panel };
    // A mouse click goes on to the shell; arrow keys stay among the tabs.
    tab.addEventListener("click", (event) => this.show(pane, event.detail > 0));
    this.panes.set(key, pane);
    this.tabs.append(tab);
    this.panels.append(panel);
    return pane;
  }

  private addMenu(): HTMLElement {
    const machines = this.data.machines.filter((m) => m.terminals > 0);
    const body = h("div", { class: "menu-body" });
    const details = h(
      "details",
      { class: "menu add-terminal" },
      h(
        "summary",
        { class: "tool", title: t("terminal-add"), "aria-label": t("terminal-add") },
        icon("plus"),
      ),
      body,
    );
    document.addEventListener("click", (event) => {
      if (!details.contains(event.target as Node)) details.open = false;
    });
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      details.open = false;
      details.querySelector("summary")?.focus();
    });
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      body.replaceChildren();
      details.classList.remove("news");
      for (const { name } of machines) {
        const free = this.freeNumber(name);
        const label =
          free === null
            ? t("terminal-full", { machine: name, n: MAX_TERMINALS })
            : t("terminal-add-on", { machine: name });
        const item = button({
          label,
          class: "menu-item",
          onclick: () => {
            details.open = false;
            if (free === null) return;
            remember(
              this.extraKey,
              JSON.stringify([...this.extras(), { machine: name, terminal: free }]),
            );
            const pane = this.addTerminal(name, free);
            if (pane) this.show(pane, true);
          },
        });
        item.disabled = free === null;
        body.append(item);
      }
      for (const port of this.offered.filter((port) => !this.panes.has(portKey(port)))) {
        body.append(
          button({
            label: t("preview-add", { machine: port.machine, port: port.port }),
            class: "menu-item",
            onclick: () => {
              details.open = false;
              remember(this.extraPortsKey, JSON.stringify([...this.extraPorts(), port]));
              this.show(this.addPreview(port), false);
            },
          }),
        );
      }
    });
    details.hidden = machines.length === 0;
    return details;
  }

  private freeNumber(machine: string): number | null {
    for (let n = 1; n <= MAX_TERMINALS; n += 1) {
      if (!this.panes.has(`${machine}:${n}`)) return n;
    }
    return null;
  }

  /** Terminals that the learner added, also before the last reload. */
  private extras(): RunTarget[] {
    const saved = recallJson(this.extraKey);
    if (!Array.isArray(saved)) return [];
    return saved.filter(
      (item): item is RunTarget =>
        typeof item === "object" &&
        item !== null &&
        typeof (item as RunTarget).machine === "string" &&
        typeof (item as RunTarget).terminal === "number",
    );
  }

  /** Ports whose previews the learner added, also before the last reload. */
  private extraPorts(): Port[] {
    const saved = recallJson(this.extraPortsKey);
    if (!Array.isArray(saved)) return [];
    return saved
      .filter(
        (item): item is Port =>
          typeof item === "object" &&
          item !== null &&
          typeof (item as Port).machine === "string" &&
          typeof (item as Port).port === "number",
      )
      .map(({ machine, port }) => ({ machine, port, title: null, listens: false }));
  }

  private addPreview(port: Port): Pane {
    const place = `${port.machine}:${port.port}`;
    const pane = this.addPane(portKey(port), port.title ?? place, "window");
    if (!pane.preview) {
      const hasTerminal = this.data.machines.some((m) => m.name === port.machine);
      pane.preview = new PreviewView(port, hasTerminal, this.api);
      pane.tab.title = port.title === null ? place : `${port.title} – ${place}`;
      pane.panel.replaceChildren(pane.preview.element);
    }
    return pane;
  }

  private addEditor(): void {
    this.addPane("editor", t("editor"), "file");
  }

  private async openEditor(pane: Pane): Promise<void> {
    const place = this.data.editor;
    if (!place || this.editor) return;
    const { EditorView } = await chunk(() => import("../editor/view"));
    // Two quick clicks must not make two editors.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
    if (this.editor) return;
    this.editor = new EditorView(pane.panel, this.api, place, this.data);
    this.editor.enable(this.usable);
  }
}
