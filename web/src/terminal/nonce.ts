/** Lets xterm add its style elements under a Content-Security-Policy with a nonce. It has no option
 *  for that, so elements made while `run` runs (synchronously) get the nonce from here. */
export function withNonce(nonce: string, run: () => void): void {
  if (nonce === "") {
    run();
    return;
  }
  const make = (name: string, options?: ElementCreationOptions): HTMLElement => {
    // Only the overload for custom elements is deprecated.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const element = Document.prototype.createElement.call(document, name, options);
    if (name === "style") element.nonce = nonce;
    return element;
  };
  Object.defineProperty(document, "createElement", { configurable: true, value: make });
  try {
    run();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}
