/** Paths relative to the learner's home. */

export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

export function parent(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

export function base(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Where `path` is after `from` became `to`; unchanged when it is not in `from`. */
export function moved(path: string, from: string, to: string): string {
  if (path === from) return to;
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
}

/** Whether `path` is `folder` or in it. */
export function within(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** A name a learner typed, as a relative path; null when it can't be one. The server checks
 *  again. */
export function typedPath(text: string): string | null {
  const parts = text.trim().split("/");
  const fine = parts.every((part) => part !== "" && part !== "." && part !== "..");
  return fine && !text.includes("\0") ? parts.join("/") : null;
}

/** What a file is called where others are open: its last name, with its folder before it when another
 *  of `paths` ends in the same name. */
export function shortName(path: string, paths: Iterable<string>): string {
  const [name, folder] = [base(path), parent(path)];
  const alone = [...paths].every((other) => other === path || base(other) !== name);
  return alone || folder === "" ? name : join(base(folder), name);
}
