/** The files of a machine, through the API. */
import type { Api } from "../lib/api";

export interface Entry {
  name: string;
  kind: "file" | "folder" | "link" | "other";
  size: number;
}

export interface FileContent {
  path: string;
  text: string | null;
  binary: boolean;
  truncated: boolean;
  version: string;
}

export class Files {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    machine: string,
  ) {
    this.base = `machines/${machine}`;
  }

  async list(path: string): Promise<Entry[]> {
    const folder = await this.api.get<{ entries: Entry[] }>(`${this.base}/folder`, { path });
    return folder.entries.sort(byKindAndName);
  }

  read(path: string): Promise<FileContent> {
    return this.api.get(`${this.base}/file`, { path });
  }

  /** Saves over `version`; null overwrites whatever is there, or makes the file. */
  write(path: string, text: string, version: string | null): Promise<{ version: string }> {
    return this.api.put(`${this.base}/file`, { path, text, version });
  }

  makeFolder(path: string): Promise<unknown> {
    return this.api.post(`${this.base}/folder`, { path });
  }

  rename(from: string, to: string): Promise<unknown> {
    return this.api.post(`${this.base}/rename`, { from, to });
  }

  remove(path: string): Promise<unknown> {
    return this.api.delete(`${this.base}/file`, { path });
  }
}

/** Folders first, then by name as people sort (`file2` before `file10`). */
export function byKindAndName(a: Entry, b: Entry): number {
  const folders = Number(b.kind === "folder") - Number(a.kind === "folder");
  return folders !== 0 ? folders : a.name.localeCompare(b.name, undefined, { numeric: true });
}
