/** Waiting until a terminal has nothing more to say. */

/** So long without output counts as quiet. */
const QUIET_MS = 200;
/** Something that never stops printing is not waited for. */
const AT_MOST_MS = 3_000;

/**
 * Calls back once nothing was printed for a moment. `onOutput` has its listener called at each
 * output, and returns what stops that.
 */
export function whenQuiet(onOutput: (listener: () => void) => () => void, then: () => void): void {
  const until = Date.now() + AT_MOST_MS;
  const wait = (): ReturnType<typeof setTimeout> =>
    setTimeout(done, Math.max(0, Math.min(QUIET_MS, until - Date.now())));
  let timer = wait();
  const stop = onOutput(() => {
    clearTimeout(timer);
    timer = wait();
  });
  function done(): void {
    stop();
    then();
  }
}
