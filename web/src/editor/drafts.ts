/** Unsaved text, kept in the browser so that a reload or a crash loses nothing. */
import { forget, recallJson, remember } from "../lib/storage";

export interface Draft {
  text: string;
  /** The version of the file that the draft was made from. */
  version: string | null;
}

/** Larger texts stay unsaved: the browser's storage is small and shared. */
const MAX_DRAFT = 256 * 1024;

export class Drafts {
  constructor(private readonly prefix: string) {}

  get(path: string): Draft | null {
    const saved = recallJson(this.key(path));
    if (typeof saved !== "object" || saved === null) return null;
    const { text, version } = saved as Partial<Draft>;
    return typeof text === "string" ? { text, version: version ?? null } : null;
  }

  set(path: string, draft: Draft): void {
    if (draft.text.length <= MAX_DRAFT) remember(this.key(path), JSON.stringify(draft));
  }

  drop(path: string): void {
    forget(this.key(path));
  }

  private key(path: string): string {
    return `draft:${this.prefix}:${path}`;
  }
}
