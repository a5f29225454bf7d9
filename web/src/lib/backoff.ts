/** How long to wait before the next try: doubling, capped, with jitter so that a classroom whose
 *  server restarts does not come back in one instant. */
export class Backoff {
  private tries = 0;

  constructor(
    private readonly firstMs = 300,
    private readonly maxMs = 10_000,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const whole = Math.min(this.maxMs, this.firstMs * 2 ** Math.min(this.tries, 16));
    this.tries += 1;
    return Math.round(whole * (0.5 + this.random() / 2));
  }

  reset(): void {
    this.tries = 0;
  }
}
