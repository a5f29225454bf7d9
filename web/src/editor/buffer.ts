/** An open file: its text, what was saved of it, and its draft. */
import { EditorState, type Extension } from "@codemirror/state";
import type { Drafts } from "./drafts";
import type { FileContent } from "./files";
import type { EditorHooks } from "./codemirror";

export class Buffer {
  state: EditorState;
  path: string;
  version: string | null;
  /** Why it can't be edited; null when it can. */
  readonly readOnly: "binary" | "too-large" | null;
  /** The draft was made from another version than the one on disk. */
  readonly staleDraft: boolean;
  private saved: string;

  constructor(
    content: FileContent,
    private readonly drafts: Drafts,
    setup: (path: string, hooks: EditorHooks) => Extension[],
    hooks: EditorHooks,
  ) {
    this.path = content.path;
    this.readOnly = content.binary ? "binary" : content.truncated ? "too-large" : null;
    this.saved = content.text ?? "";
    this.version = content.version;
    const draft = this.readOnly ? null : drafts.get(content.path);
    const text = draft?.text ?? this.saved;
    this.staleDraft = draft !== null && draft.version !== content.version && text !== this.saved;
    if (this.staleDraft && draft) this.version = draft.version;
    this.state = EditorState.create({
      doc: text,
      extensions: [setup(content.path, hooks), EditorState.readOnly.of(this.readOnly !== null)],
    });
  }

  get text(): string {
    return this.state.doc.toString();
  }

  get dirty(): boolean {
    return this.readOnly === null && this.text !== this.saved;
  }

  keepDraft(): void {
    if (this.dirty) this.drafts.set(this.path, { text: this.text, version: this.version });
    else this.drafts.drop(this.path);
  }

  markSaved(text: string, version: string): void {
    this.saved = text;
    this.version = version;
    this.keepDraft();
  }

  moveTo(path: string): void {
    this.drafts.drop(this.path);
    this.path = path;
    this.keepDraft();
  }
}
