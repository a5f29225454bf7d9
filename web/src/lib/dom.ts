/** Small helpers to build elements. Text is always set as text, never as markup. */

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** Makes an element. `on…` props are listeners, booleans are attributes without value. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  append(element, ...children);
  return element;
}

/** Appends what is not empty. */
export function append(element: Element, ...children: Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Code in backticks, or a few words between asterisks; what merely looks like a pattern (`*.cn`) is
 *  left alone. */
const MARKED = /(`[^`]+`|(?<![\w.*])\*\p{L}[^*`\n]*\*(?![\w.*]))/u;

/** The text of a message with its `code` and *emphasis*, as labs write them. */
export function withMarks(text: string): (string | HTMLElement)[] {
  return text
    .split(MARKED)
    .filter((part) => part !== "")
    .map((part) =>
      MARKED.test(part) ? h(part.startsWith("`") ? "code" : "em", {}, part.slice(1, -1)) : part,
    );
}

/** An icon of the sprite, for eyes only. */
export function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon, a label, or both. A label that is not shown names the button. */
export function button(options: {
  label: string;
  icon?: string;
  iconOnly?: boolean;
  class?: string;
  onclick: (event: Event) => void;
}): HTMLButtonElement {
  const hidden = options.iconOnly === true;
  return h(
    "button",
    {
      type: "button",
      class: options.class ?? "button",
      title: hidden ? options.label : undefined,
      "aria-label": hidden ? options.label : undefined,
      onclick: options.onclick,
    },
    options.icon !== undefined && icon(options.icon),
    !hidden && h("span", {}, options.label),
  );
}

/** The element that matches, or an error that names what the page lacks. */
export function need(selector: string, within: ParentNode = document): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}
