/** Parts of the page that are loaded when they are needed. */

/** Loads a part. Should that fail, the page itself is loaded anew (static/recover.js): browsers may
 *  remember that a module could not be had, and not ask again. */
export async function chunk<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    dispatchEvent(new Event("slipway:load-failed"));
    throw error;
  }
}
