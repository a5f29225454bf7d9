import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whenQuiet } from "../src/terminal/quiet";

/** A terminal that prints when told to. */
class Printer {
  private listeners = new Set<() => void>();

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  print(): void {
    for (const listener of this.listeners) listener();
  }

  get heard(): boolean {
    return this.listeners.size > 0;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a terminal that prints nothing is quiet after a moment", () => {
  const then = vi.fn();
  whenQuiet(new Printer().listen, then);
  vi.advanceTimersByTime(199);
  expect(then).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(then).toHaveBeenCalledOnce();
});

test("each output puts the moment off", () => {
  const terminal = new Printer();
  const then = vi.fn();
  whenQuiet(terminal.listen, then);
  vi.advanceTimersByTime(150);
  terminal.print();
  vi.advanceTimersByTime(150);
  expect(then).not.toHaveBeenCalled();
  vi.advanceTimersByTime(50);
  expect(then).toHaveBeenCalledOnce();
  expect(terminal.heard).toBe(false);
});

test("a terminal that never stops printing is not waited for", () => {
  const terminal = new Printer();
  const then = vi.fn();
  whenQuiet(terminal.listen, then);
  for (let n = 0; n < 40; n += 1) {
    vi.advanceTimersByTime(100);
    terminal.print();
  }
  expect(then).toHaveBeenCalledOnce();
});
