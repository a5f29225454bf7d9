/** What holds for every terminal of this browser. */
import { recall, remember } from "../lib/storage";

const MIN_FONT = 9;
const MAX_FONT = 28;
const FONT = 14;

class Preferences {
  private readonly listeners = new Set<() => void>();
  fontSize = clampFont(Number(recall("terminal-font") ?? FONT));
  screenReader = recall("terminal-reader") === "yes";

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  zoom(by: number): void {
    this.fontSize = clampFont(this.fontSize + by);
    remember("terminal-font", String(this.fontSize));
    this.tell();
  }

  setScreenReader(on: boolean): void {
    this.screenReader = on;
    remember("terminal-reader", on ? "yes" : "no");
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export function clampFont(size: number): number {
  return Number.isFinite(size) ? Math.min(MAX_FONT, Math.max(MIN_FONT, Math.round(size))) : FONT;
}

export const preferences = new Preferences();
