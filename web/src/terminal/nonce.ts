/** Lets xterm add its style elements under a Content-Security-Policy with a nonce. It has no option
 *  for that, but takes another `Document` to make elements with. */
export function documentWithNonce(nonce: string): Document {
  return new Proxy(document, {
    get(target, key) {
      if (key === "createElement") {
        return (name: string): HTMLElement => {
          const element = target.createElement(name);
          if (name === "style") element.nonce = nonce;
          return element;
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
