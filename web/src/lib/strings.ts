/** The page's texts, which the server sends in the viewer's language. */

let strings: Record<string, string> = {};

export function setStrings(all: Record<string, string>): void {
  strings = all;
}

/** The text of `key` with `{name}` filled in. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const text = strings[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}
