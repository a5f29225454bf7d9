/** localStorage that may be full, forbidden or absent: remembering is a comfort, never a need. */

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`slipway:${key}`);
  } catch {
    return null;
  }
}

/** Whether it could be kept. */
export function remember(key: string, value: string): boolean {
  try {
    localStorage.setItem(`slipway:${key}`, value);
    return true;
  } catch {
    return false;
  }
}

export function forget(key: string): void {
  try {
    localStorage.removeItem(`slipway:${key}`);
  } catch {
    // Nothing was kept.
  }
}

export function recallJson(key: string): unknown {
  const text = recall(key);
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
