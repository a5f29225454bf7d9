/** The time a sandbox has left, by the server's clock. */

export type Phase = "calm" | "soon" | "urgent" | "over";

const MINUTE = 60_000;
/** When the learner is warned, in minutes before the end. */
export const WARNINGS = [5, 1] as const;

/** How far the browser's clock is behind the server's, in milliseconds. */
export function clockOffset(serverNow: number, browserNow: number): number {
  return serverNow - browserNow;
}

export function phase(leftMs: number): Phase {
  if (leftMs <= 0) return "over";
  if (leftMs <= MINUTE) return "urgent";
  return leftMs <= 5 * MINUTE ? "soon" : "calm";
}

/** `1:05:09`, `12:03`. Rounded up, so that it says 0:00 only when time is up. */
export function clockFace(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const face = `${hours > 0 ? two(minutes) : minutes}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${face}` : face;
}

/** Which warning is due: each once for a given end, the nearest only when several are. */
export class Warnings {
  private given = new Set<number>();
  private end = 0;

  /** Minutes to warn of now, or null. */
  due(leftMs: number, expiresAt: number): number | null {
    if (expiresAt !== this.end) {
      this.end = expiresAt;
      this.given = new Set();
    }
    if (leftMs <= 0) return null;
    const passed = WARNINGS.filter((minutes) => leftMs <= minutes * MINUTE);
    const nearest = passed.at(-1);
    if (nearest === undefined || this.given.has(nearest)) return null;
    for (const minutes of passed) this.given.add(minutes);
    return nearest;
  }
}
