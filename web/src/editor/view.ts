/** The editor pane: tree, tabs, text. Loaded only for labs that have one. */
import { EditorView as CodeMirror } from "@codemirror/view";
import type { EditorState } from "@codemirror/state";
import { ApiError, type Api } from "../lib/api";
import { ask, askText, confirm } from "../lib/dialog";
import { button, h, icon } from "../lib/dom";
import { recallJson, remember } from "../lib/storage";
import { t } from "../lib/strings";
import { arrowKeys, select } from "../lib/tabs";
import { announce, reason, toast, toastError } from "../lib/toast";
import type { EditorPlace, LabData } from "../lab/data";
import { Buffer } from "./buffer";
import { type EditorHooks, extensions, language } from "./codemirror";
import { Drafts } from "./drafts";
import { type FileContent, Files } from "./files";
import { highlighting } from "./languages";
import { base, join, moved, parent, shortName, typedPath, within } from "./paths";
import { Tree } from "./tree";

const DRAFT_DELAY_MS = 400;
const REFRESH_DELAY_MS = 300;

export class EditorView {
  private readonly files: Files;
  private readonly tree: Tree;
  private readonly drafts: Drafts;
  private readonly tabs = h("div", {
    class: "file-tabs",
    role: "tablist",
    "aria-label": t("open-files"),
  });
  private readonly host = h("div", { class: "editor-host" });
  private readonly note = h("p", { class: "editor-note", role: "status", hidden: true });
  private readonly saveButton: HTMLButtonElement;
  private readonly buffers = new Map<string, Buffer>();
  private readonly openKey: string;
  private view: CodeMirror | null = null;
  private active: Buffer | null = null;
  private usable = true;
  private started = false;
  private draftTimer: ReturnType<typeof setTimeout> | null = null;
  private refreshTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    root: HTMLElement,
    api: Api,
    private readonly place: EditorPlace,
    private readonly data: LabData,
  ) {
    this.files = new Files(api, place.machine);
    this.drafts = new Drafts(`${data.attempt}:${place.machine}`);
    this.openKey = `files:${data.attempt}`;
    this.tree = new Tree(this.files, place.folder, {
      open: (path) => void this.open(path),
      rename: (path) => void this.rename(path),
      remove: (path, folder) => void this.remove(path, folder),
    });
    this.saveButton = button({
      label: t("save"),
      icon: "save",
      class: "button small",
      onclick: () => void this.save(),
    });
    this.saveButton.title = t("save-key");
    root.append(
      h(
        "div",
        { class: "editor" },
        h("aside", { class: "editor-files" }, this.treeTools(), this.tree.element),
        h(
          "div",
          { class: "editor-main" },
          h("div", { class: "editor-bar" }, this.tabs, this.saveButton),
          this.note,
          this.host,
          h("p", { class: "editor-help quiet small", id: "editor-help" }, t("editor-help")),
        ),
      ),
    );
    arrowKeys(this.tabs);
    this.showEmpty();
    addEventListener("beforeunload", (event) => {
      this.keepDraftNow();
      if (this.dirty) event.preventDefault();
    });
  }

  /** Whether there is a machine to save to. */
  enable(usable: boolean): void {
    this.usable = usable;
    if (usable && !this.started) {
      this.started = true;
      void this.start();
    } else if (usable) {
      this.refresh();
    }
    this.showDirty();
  }

  /** Reads the tree anew, soon: a build changes many files at once. */
  refresh(): void {
    if (!this.started || this.refreshTimer !== null) return;
    this.refreshTimer = setTimeout(() => {
      this.refreshTimer = null;
      if (!this.usable) return;
      void this.tree.refresh();
      void this.reloadClean();
    }, REFRESH_DELAY_MS);
  }

  /** The machine is a new one: open files without changes are read anew. */
  machineReplaced(): void {
    this.refresh();
  }

  private get dirty(): boolean {
    return [...this.buffers.values()].some((buffer) => buffer.dirty);
  }

  private async start(): Promise<void> {
    const saved = recallJson(this.openKey);
    const paths = Array.isArray(saved)
      ? saved.filter((p): p is string => typeof p === "string")
      : [];
    if (paths.length === 0 && this.place.open !== null) paths.push(this.place.open);
    for (const path of paths) this.tree.expand(path.split("/").slice(0, -1).join("/"));
    await this.tree.refresh();
    for (const path of paths.reverse()) await this.open(path, true);
  }

  private async open(path: string, quietly = false): Promise<void> {
    const known = this.buffers.get(path);
    if (known) {
      this.show(known);
      return;
    }
    try {
      const content = await this.files.read(path);
      if (this.buffers.has(path)) return;
      const hooks: EditorHooks = { save: () => void this.save(), changed: () => this.changed() };
      const setup = (p: string, of: EditorHooks) => extensions(p, this.data.style_nonce, of);
      const buffer = new Buffer({ ...content, path }, this.drafts, setup, hooks);
      this.buffers.set(path, buffer);
      this.show(buffer);
      if (buffer.staleDraft)
        toast(t("draft-stale", { file: base(path) }), { kind: "warning", sticky: true });
      else if (buffer.dirty) toast(t("draft-restored", { file: base(path) }));
      await this.highlight(buffer);
    } catch (error) {
      if (!quietly) toastError(error);
    }
  }

  private async highlight(buffer: Buffer): Promise<void> {
    const extension = await highlighting(buffer.path);
    if (!extension) return;
    const effects = language.reconfigure(extension);
    if (buffer === this.active && this.view) this.view.dispatch({ effects });
    else buffer.state = buffer.state.update({ effects }).state;
  }

  private show(buffer: Buffer): void {
    this.stash();
    this.active = buffer;
    this.setState(buffer.state);
    this.note.hidden = buffer.readOnly === null;
    this.note.textContent = buffer.readOnly === null ? "" : t(`read-only-${buffer.readOnly}`);
    this.host.classList.toggle("binary", buffer.readOnly === "binary");
    this.tree.select(buffer.path);
    this.drawTabs();
    this.rememberOpen();
  }

  private setState(state: EditorState): void {
    if (this.view) {
      this.view.setState(state);
    } else {
      this.host.replaceChildren();
      this.view = new CodeMirror({ state, parent: this.host });
    }
  }

  /** Keeps the text that is in view with its buffer. */
  private stash(): void {
    if (this.active && this.view) this.active.state = this.view.state;
  }

  private showEmpty(): void {
    this.view?.destroy();
    this.view = null;
    this.active = null;
    this.note.hidden = true;
    this.host.replaceChildren(h("p", { class: "editor-empty quiet" }, t("editor-empty")));
    this.drawTabs();
  }

  private changed(): void {
    this.stash();
    this.showDirty();
    if (this.draftTimer !== null) clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.keepDraftNow(), DRAFT_DELAY_MS);
  }

  private keepDraftNow(): void {
    this.stash();
    for (const buffer of this.buffers.values()) buffer.keepDraft();
  }

  private async save(): Promise<void> {
    this.stash();
    const buffer = this.active;
    if (!buffer || buffer.readOnly !== null || !this.usable) return;
    const { text } = buffer;
    try {
      const { version } = await this.files.write(buffer.path, text, buffer.version);
      buffer.markSaved(text, version);
      announce(t("saved", { file: base(buffer.path) }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await this.conflict(buffer, text);
      else toastError(error);
    }
    this.showDirty();
  }

  private async conflict(buffer: Buffer, text: string): Promise<void> {
    const answer = await ask({
      title: t("conflict-title", { file: base(buffer.path) }),
      text: [t("conflict-what")],
      choices: [
        { value: "reload", label: t("conflict-reload") },
        { value: "overwrite", label: t("conflict-overwrite"), class: "button danger" },
      ],
    });
    try {
      if (answer?.choice === "overwrite") {
        const { version } = await this.files.write(buffer.path, text, null);
        buffer.markSaved(text, version);
      } else if (answer?.choice === "reload") {
        await this.replace(buffer);
      }
    } catch (error) {
      toastError(error);
    }
  }

  /** Puts what is on disk in place of the text; undo brings the text back. */
  private async replace(buffer: Buffer): Promise<void> {
    const content = await this.files.read(buffer.path);
    if (content.text === null) return;
    this.stash();
    const changes = { from: 0, to: buffer.state.doc.length, insert: content.text };
    if (buffer === this.active && this.view) {
      this.view.dispatch({ changes });
      this.stash();
    } else {
      buffer.state = buffer.state.update({ changes }).state;
    }
    buffer.markSaved(content.text, content.version);
    this.showDirty();
  }

  /** Follows changes on disk in files that have none of their own here. */
  private async reloadClean(): Promise<void> {
    for (const buffer of [...this.buffers.values()]) {
      if (buffer.readOnly !== null) continue;
      this.stash();
      if (buffer.dirty) continue;
      try {
        const content = await this.files.read(buffer.path);
        await this.follow(buffer, content);
      } catch {
        // Removed or unreadable meanwhile: its text stays until the learner closes or saves it.
      }
    }
  }

  private async follow(buffer: Buffer, { text, version }: FileContent): Promise<void> {
    // The learner may have typed while the file was being read.
    if (buffer.dirty || version === buffer.version || text === null) return;
    if (text === buffer.text) buffer.markSaved(text, version);
    else await this.replace(buffer);
  }

  private async close(buffer: Buffer): Promise<void> {
    this.stash();
    if (buffer.dirty) {
      const file = base(buffer.path);
      const yes = await confirm(
        t("close-title", { file }),
        [t("close-what")],
        t("close-yes"),
        true,
      );
      if (!yes) return;
    }
    this.discard(buffer);
  }

  private discard(buffer: Buffer): void {
    this.drafts.drop(buffer.path);
    this.buffers.delete(buffer.path);
    if (buffer === this.active) {
      this.active = null;
      const next = [...this.buffers.values()].at(-1);
      if (next) this.show(next);
      else this.showEmpty();
    } else {
      this.drawTabs();
    }
    this.rememberOpen();
  }

  private rememberOpen(): void {
    const others = [...this.buffers.keys()].filter((path) => path !== this.active?.path);
    const paths = this.active ? [this.active.path, ...others] : others;
    remember(this.openKey, JSON.stringify(paths));
  }

  private drawTabs(): void {
    const hadFocus = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren();
    for (const buffer of this.buffers.values()) {
      const tab = h(
        "button",
        {
          type: "button",
          role: "tab",
          class: "file-tab",
          title: buffer.path,
          "aria-keyshortcuts": "Delete",
          onclick: () => this.show(buffer),
        },
        icon("file"),
        h("bdi", {}, shortName(buffer.path, this.buffers.keys())),
        h("span", { class: "dirty", "data-path": buffer.path }),
      );
      const close = button({
        label: t("close-file", { file: base(buffer.path) }),
        icon: "close",
        iconOnly: true,
        class: "tool tab-close",
        onclick: () => void this.close(buffer),
      });
      // A list of tabs may hold nothing else, so this is for the pointer, and Delete for the rest.
      close.tabIndex = -1;
      close.setAttribute("aria-hidden", "true");
      tab.addEventListener("keydown", (event) => {
        if (event.key === "Delete") void this.close(buffer);
      });
      this.tabs.append(h("span", { class: "file-tab-wrap", role: "presentation" }, tab, close));
      if (buffer === this.active) {
        select(tab, this.tabs);
        if (hadFocus) tab.focus();
      }
    }
    this.showDirty();
  }

  private showDirty(): void {
    for (const mark of this.tabs.querySelectorAll<HTMLElement>(".dirty")) {
      const dirty = this.buffers.get(mark.dataset["path"] ?? "")?.dirty === true;
      mark.textContent = dirty ? "●" : "";
      mark.title = dirty ? t("unsaved") : "";
      if (dirty) mark.setAttribute("aria-label", t("unsaved"));
    }
    const canSave = this.usable && this.active?.dirty === true;
    this.saveButton.setAttribute("aria-disabled", String(!canSave));
    this.saveButton.classList.toggle("primary", canSave);
  }

  private treeTools(): HTMLElement {
    const tool = (label: string, name: string, onclick: () => void): HTMLButtonElement =>
      button({ label, icon: name, iconOnly: true, class: "tool", onclick });
    return h(
      "div",
      { class: "tree-tools", role: "toolbar", "aria-label": t("files") },
      h("span", { class: "tree-title" }, this.place.folder || "~"),
      tool(t("new-file"), "file-plus", () => void this.create(false)),
      tool(t("new-folder"), "folder-plus", () => void this.create(true)),
      tool(t("rename"), "pencil", () => {
        const { selection } = this.tree;
        if (selection) void this.rename(selection.path);
      }),
      tool(t("delete"), "trash", () => {
        const { selection } = this.tree;
        if (selection) void this.remove(selection.path, selection.kind === "folder");
      }),
      tool(t("refresh"), "reset", () => this.refresh()),
    );
  }

  private async create(folder: boolean): Promise<void> {
    const into = this.tree.folder;
    const title = t(folder ? "new-folder" : "new-file");
    await askText(title, t("name-in", { folder: into || "~" }), "", async (typed) => {
      const name = typedPath(typed);
      if (name === null) return t("bad-name");
      const path = join(into, name);
      try {
        if (folder) await this.files.makeFolder(path);
        else await this.makeFile(path);
      } catch (error) {
        return reason(error);
      }
      await this.showMade(path, folder);
      return null;
    });
  }

  private async showMade(path: string, folder: boolean): Promise<void> {
    this.tree.expand(folder ? path : parent(path));
    this.tree.select(path);
    await this.tree.refresh();
    if (!folder) await this.open(path);
  }

  /** Makes an empty file; one that is there already is opened as it is. */
  private async makeFile(path: string): Promise<void> {
    const siblings = await this.files.list(parent(path));
    if (!siblings.some((entry) => entry.name === base(path))) {
      await this.files.write(path, "", null);
    }
  }

  private async rename(path: string): Promise<void> {
    await askText(t("rename"), t("rename-label", { file: path }), path, async (typed) => {
      if (typed === path) return null;
      const to = typedPath(typed);
      if (to === null) return t("bad-name");
      try {
        await this.files.rename(path, to);
      } catch (error) {
        return reason(error);
      }
      await this.followRename(path, to);
      return null;
    });
  }

  /** What is open under a path is open under its new one. */
  private async followRename(path: string, to: string): Promise<void> {
    const entries = [...this.buffers.values()];
    this.buffers.clear();
    for (const buffer of entries) {
      const now = moved(buffer.path, path, to);
      if (now !== buffer.path) buffer.moveTo(now);
      this.buffers.set(now, buffer);
    }
    this.tree.select(to);
    await this.tree.refresh();
    this.drawTabs();
    this.rememberOpen();
  }

  private async remove(path: string, folder: boolean): Promise<void> {
    const text = [t(folder ? "delete-folder-what" : "delete-what", { file: path })];
    if (!(await confirm(t("delete-title", { file: base(path) }), text, t("delete"), true))) return;
    try {
      await this.files.remove(path);
    } catch (error) {
      toastError(error);
      return;
    }
    for (const buffer of [...this.buffers.values()]) {
      if (within(buffer.path, path)) this.discard(buffer);
    }
    this.tree.select(null);
    await this.tree.refresh();
  }
}
