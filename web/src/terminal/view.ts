/** A terminal in the page: xterm with a link behind it. Loaded only when one is opened. */
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal } from "@xterm/xterm";
import { copyText } from "../lib/copy";
import { button, h, icon } from "../lib/dom";
import { t } from "../lib/strings";
import { isDark, onThemeChange } from "../lib/theme";
import { toast } from "../lib/toast";
import { colors } from "./colors";
import { hasGpu } from "./gpu";
import { Link, type LinkState, type Sink, type Socket } from "./link";
import { withNonce } from "./nonce";
import { MAX_PASTE, fitsPaste } from "./outbox";
import { whenQuiet } from "./quiet";
import { SearchBar } from "./search";
import { preferences } from "./preferences";
import { isAnswer } from "./answers";
import { cleanTitle } from "./title";

const SCROLLBACK_LINES = 10_000;
const FONT =
  'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "PingFang SC", "Microsoft YaHei", monospace';
/** How long to wait for a new shell before text meant for it is given up. */
const READY_TIMEOUT_MS = 20_000;

export class TerminalView {
  readonly element: HTMLElement;
  private readonly screen: HTMLElement;
  private readonly banner: HTMLElement;
  private readonly terminal: Terminal;
  private readonly fit = new FitAddon();
  private readonly link: Link;
  private readonly search: SearchBar;
  private readonly encoder = new TextEncoder();
  private pending: { bytes: Uint8Array; until: number }[] = [];
  private opened = false;

  constructor(
    url: string,
    label: string,
    private readonly nonce: string,
    private readonly onTitle: (title: string) => void,
  ) {
    this.terminal = new Terminal({
      allowProposedApi: true, // unicode versions and search need it
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: FONT,
      fontSize: preferences.fontSize,
      // In rows as high as the letters, some fonts (DejaVu Sans Mono) draw `_` below the edge.
      lineHeight: 1.15,
      // The text of such a link may say anything, so its target is shown.
      linkHandler: {
        activate: (_event, uri) => openLink(uri),
        hover: (_event, uri) => (this.screen.title = cleanTitle(uri)),
        leave: () => this.screen.removeAttribute("title"),
      },
      macOptionIsMeta: true,
      rightClickSelectsWord: false,
      screenReaderMode: preferences.screenReader,
      scrollback: SCROLLBACK_LINES,
      theme: colors(isDark()),
    });
    this.screen = h("div", { class: "terminal-screen", role: "group", "aria-label": label });
    this.banner = h("div", { class: "terminal-banner", role: "status", hidden: true });
    const search = new SearchAddon();
    this.search = new SearchBar(search, () => this.terminal.focus());
    this.element = h(
      "div",
      { class: "terminal-pane" },
      this.search.element,
      this.screen,
      this.banner,
    );
    this.terminal.loadAddon(this.fit);
    this.terminal.loadAddon(search);
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11";
    this.terminal.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri)));
    this.guard();

    this.link = new Link(url, this.sink(), (u) => new WebSocket(u) as unknown as Socket);
    this.terminal.onData((text) => {
      const bytes = this.encoder.encode(text);
      if (isAnswer(text)) this.link.answer(bytes);
      else this.link.input(bytes);
    });
    this.terminal.onBinary((text) =>
      this.link.input(Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff)),
    );
    this.terminal.onResize(({ cols, rows }) => this.link.resize(cols, rows));
    onThemeChange((dark) => (this.terminal.options.theme = colors(dark)));
    preferences.onChange(() => {
      this.terminal.options.fontSize = preferences.fontSize;
      this.terminal.options.screenReaderMode = preferences.screenReader;
      this.refit();
    });
  }

  /** Draws and connects; the element must be in the page and visible. */
  show(): void {
    if (!this.opened) {
      this.opened = true;
      withNonce(this.nonce, () => this.terminal.open(this.screen));
      this.accelerate();
      this.screen.addEventListener("paste", (event) => this.checkPaste(event), true);
      new ResizeObserver(() => this.refit()).observe(this.screen);
      this.refit();
      this.link.resize(this.terminal.cols, this.terminal.rows);
      this.link.connect();
    }
    this.refit();
  }

  focus(): void {
    this.terminal.focus();
  }

  openSearch(): void {
    this.search.open();
  }

  /** Types text as if by hand, as soon as the shell listens. */
  type(text: string, interruptFirst: boolean): void {
    if (!interruptFirst || !this.link.ready) {
      this.send(text);
      return;
    }
    // What comes along with Ctrl-C is lost: the shell drops the first letter of it, and a program
    // that reads takes it for itself. So the text waits for the prompt.
    this.send("\x03");
    whenQuiet(
      (listener) => {
        const listening = this.terminal.onWriteParsed(listener);
        return () => listening.dispose();
      },
      () => this.send(text),
    );
  }

  private send(text: string): void {
    const bytes = this.encoder.encode(text);
    if (this.link.ready) {
      this.link.input(bytes);
    } else {
      this.pending.push({ bytes, until: Date.now() + READY_TIMEOUT_MS });
      if (this.link.state === "exited") this.link.again();
    }
  }

  /** Connects again at once if it waits to. A shell that has ended stays so. */
  wake(): void {
    const { state } = this.link;
    if (state === "unavailable" || state === "reconnecting") this.link.again();
  }

  dispose(): void {
    this.link.close();
    this.terminal.dispose();
    this.element.remove();
  }

  private sink(): Sink {
    return {
      write: (bytes, consumed) =>
        this.terminal.write(bytes, () => {
          consumed();
          this.flushPending();
        }),
      reset: (lost) => {
        // As output, so that it keeps its place among what still waits to be drawn.
        this.terminal.write(lost ? `\x1bc\x1b[2m${t("terminal-skipped")}\x1b[0m\r\n` : "\x1bc");
      },
      state: (state, status) => this.showState(state, status),
    };
  }

  private flushPending(): void {
    if (this.pending.length === 0 || !this.link.ready) return;
    const now = Date.now();
    for (const { bytes, until } of this.pending) if (now < until) this.link.input(bytes);
    this.pending = [];
  }

  private showState(state: LinkState, status?: number): void {
    const messages: Partial<Record<LinkState, string>> = {
      connecting: t("terminal-connecting"),
      reconnecting: t("terminal-reconnecting"),
      exited: t("terminal-exited", { status: status ?? 0 }),
      "signed-out": t("terminal-signed-out"),
      forbidden: t("terminal-forbidden"),
      unavailable: t("terminal-unavailable"),
    };
    const message = messages[state];
    this.element.dataset["state"] = state;
    this.banner.hidden = message === undefined;
    this.banner.replaceChildren();
    if (message === undefined) return;
    this.banner.append(icon(state === "exited" ? "terminal" : "alert"), h("span", {}, message));
    if (state === "exited" || state === "reconnecting" || state === "unavailable") {
      this.banner.append(
        button({
          label: state === "exited" ? t("terminal-new-shell") : t("terminal-reconnect-now"),
          class: "button small",
          onclick: () => {
            this.link.again();
            this.terminal.focus();
          },
        }),
      );
    } else if (state === "signed-out") {
      this.banner.append(
        button({ label: t("sign-in"), class: "button small", onclick: () => location.reload() }),
      );
    } else if (state === "forbidden") {
      this.banner.append(
        button({
          label: t("to-courses"),
          class: "button small",
          onclick: () => location.assign("/"),
        }),
      );
    }
  }

  private refit(): void {
    // A hidden pane has no size; fitting to it would tell the shell of a one-column screen.
    if (this.opened && this.screen.offsetWidth > 0 && this.screen.offsetHeight > 0) this.fit.fit();
  }

  /** Draws with WebGL where a graphics card does it; xterm's own way otherwise. */
  private accelerate(): void {
    if (!hasGpu()) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => withNonce(this.nonce, () => webgl.dispose()));
      this.terminal.loadAddon(webgl);
    } catch {
      // No WebGL: slower, but all there.
    }
  }

  /** Keys of the page's own, and sequences that must not reach beyond the terminal. */
  private guard(): void {
    this.terminal.attachCustomKeyEventHandler((event) => {
      if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey) return true;
      switch (event.code) {
        case "KeyC":
          event.preventDefault();
          if (this.terminal.hasSelection()) void copyText(this.terminal.getSelection());
          return false;
        case "KeyV":
          return false; // The browser pastes, and xterm hears of it by the paste event.
        case "KeyF":
          event.preventDefault();
          this.search.open();
          return false;
        default:
          return true;
      }
    });
    // Programs may not write the clipboard (52), nor change colours of the page's theme (4, 10–12).
    for (const code of [4, 10, 11, 12, 52, 104, 110, 111, 112]) {
      this.terminal.parser.registerOscHandler(code, () => true);
    }
    this.terminal.onTitleChange((title) => this.onTitle(cleanTitle(title)));
  }

  private checkPaste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (fitsPaste(text)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    toast(t("paste-too-large", { limit: MAX_PASTE / 1024 / 1024 }), {
      kind: "warning",
      remedy: t("paste-too-large-remedy"),
    });
  }
}

function openLink(uri: string): void {
  if (/^https?:\/\//i.test(uri)) window.open(uri, "_blank", "noopener,noreferrer");
}
