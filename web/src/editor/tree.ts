/** The file tree: folders open on demand, arrow keys as in a file manager (WAI-ARIA tree). */
import { h, icon } from "../lib/dom";
import { t } from "../lib/strings";
import { toastError } from "../lib/toast";
import type { Entry, Files } from "./files";
import { join, parent } from "./paths";

interface Node {
  path: string;
  kind: Entry["kind"];
  item: HTMLElement;
}

export interface TreeEvents {
  open(path: string): void;
  rename(path: string): void;
  remove(path: string, folder: boolean): void;
}

export class Tree {
  readonly element = h("ul", { class: "tree", role: "tree", "aria-label": t("files") });
  private readonly expanded: Set<string>;
  private nodes: Node[] = [];
  private selected: string | null = null;
  private loading = 0;

  constructor(
    private readonly files: Files,
    private readonly root: string,
    private readonly events: TreeEvents,
  ) {
    this.expanded = new Set([root]);
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** What is selected. */
  get selection(): { path: string; kind: Entry["kind"] } | null {
    return this.nodes.find((node) => node.path === this.selected) ?? null;
  }

  /** The folder in which new files go: that of the selection. */
  get folder(): string {
    const node = this.selection;
    if (!node) return this.root;
    return node.kind === "folder" ? node.path : parent(node.path);
  }

  select(path: string | null): void {
    this.selected = path;
    for (const node of this.nodes) {
      const on = node.path === path;
      node.item.setAttribute("aria-selected", String(on));
      node.item.tabIndex = on ? 0 : -1;
    }
    if (!this.nodes.some((node) => node.path === path) && this.nodes[0]) {
      this.nodes[0].item.tabIndex = 0;
    }
  }

  expand(path: string): void {
    for (let at = path; at !== "" && at !== this.root; at = parent(at)) this.expanded.add(at);
  }

  /** Reads the open folders anew. */
  async refresh(): Promise<void> {
    const ticket = ++this.loading;
    const focused = this.nodes.find((n) => n.item === document.activeElement)?.path;
    const nodes: Node[] = [];
    const list = h("ul", {});
    try {
      await this.fill(list, this.root, 1, nodes);
    } catch (error) {
      if (ticket === this.loading) toastError(error);
      return;
    }
    if (ticket !== this.loading) return;
    this.nodes = nodes;
    this.element.replaceChildren(...list.childNodes);
    if (nodes.length === 0) this.element.append(h("li", { class: "quiet" }, t("folder-empty")));
    this.select(this.selected);
    nodes.find((n) => n.path === focused)?.item.focus();
  }

  private async fill(list: Element, folder: string, depth: number, nodes: Node[]): Promise<void> {
    for (const entry of await this.files.list(folder)) {
      const path = join(folder, entry.name);
      const node = { path, kind: entry.kind, item: this.row(entry, path, depth) };
      nodes.push(node);
      list.append(node.item);
      if (entry.kind !== "folder") continue;
      const open = this.expanded.has(path);
      node.item.setAttribute("aria-expanded", String(open));
      if (open) {
        // A folder that was removed meanwhile is no reason to show nothing at all.
        await this.fill(list, path, depth + 1, nodes).catch(() => this.expanded.delete(path));
      }
    }
  }

  private row(entry: Entry, path: string, depth: number): HTMLElement {
    const open = this.expanded.has(path);
    const item = h(
      "li",
      {
        role: "treeitem",
        "aria-level": depth,
        class: `tree-item ${entry.kind}`,
        tabindex: -1,
        title: path,
      },
      icon(
        entry.kind === "folder"
          ? open
            ? "folder-open"
            : "folder"
          : entry.kind === "link"
            ? "link"
            : "file",
      ),
      h("bdi", {}, entry.name),
    );
    item.style.setProperty("--depth", String(depth));
    item.addEventListener("click", () => {
      this.select(path);
      this.activate(path, entry.kind);
    });
    return item;
  }

  private activate(path: string, kind: Entry["kind"]): void {
    if (kind === "folder") {
      if (this.expanded.has(path)) this.expanded.delete(path);
      else this.expanded.add(path);
      void this.refresh();
    } else if (kind !== "other") {
      this.events.open(path);
    }
  }

  private key(event: KeyboardEvent): void {
    const at = this.nodes.findIndex((node) => node.item === event.target);
    const node = this.nodes[at];
    if (!node) return;
    const isFolder = node.kind === "folder";
    const isOpen = isFolder && this.expanded.has(node.path);
    const go = (to: Node | undefined): void => {
      if (!to) return;
      this.select(to.path);
      to.item.focus();
    };
    switch (event.key) {
      case "ArrowDown":
        go(this.nodes[at + 1]);
        break;
      case "ArrowUp":
        go(this.nodes[at - 1]);
        break;
      case "Home":
        go(this.nodes[0]);
        break;
      case "End":
        go(this.nodes.at(-1));
        break;
      case "ArrowRight":
        if (isFolder && !isOpen) this.activate(node.path, node.kind);
        else if (isOpen) go(this.nodes[at + 1]);
        break;
      case "ArrowLeft":
        if (isOpen) this.activate(node.path, node.kind);
        else go(this.nodes.find((other) => other.path === parent(node.path)));
        break;
      case "Enter":
      case " ":
        this.activate(node.path, node.kind);
        break;
      case "F2":
        this.events.rename(node.path);
        break;
      case "Delete":
        this.events.remove(node.path, isFolder);
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
