/** A terminal in the page, read and used like a learner does. */
import { type Locator, type Page, expect } from "@playwright/test";

/** How long a command may take to print something, in milliseconds. */
const OUTPUT_TIMEOUT_MS = 60_000;

export class Terminal {
  readonly tab: Locator;
  readonly panel: Locator;
  readonly screen: Locator;
  /** What stands above the screen when something is up with it. */
  readonly banner: Locator;

  constructor(
    private readonly page: Page,
    /** As its tab is called, such as `desk 1`. */
    readonly label: string,
  ) {
    this.tab = page.getByRole("tab", { name: label, exact: true });
    this.panel = page.locator(`#work-panel-${label.replace(" ", "-")}`);
    this.screen = this.panel.locator(".xterm-screen");
    this.banner = this.panel.locator(".terminal-banner");
  }

  /** Brings it to the front, with its shell ready for typing. */
  async open(): Promise<void> {
    await this.tab.click();
    await expect(this.banner).toBeHidden();
    await expect.poll(() => this.text(), { timeout: OUTPUT_TIMEOUT_MS }).toMatch(/[$#] *$/m);
    await this.screen.click();
  }

  /** Types a line and presses Enter. */
  async run(line: string): Promise<void> {
    await this.screen.click();
    // Key by key where there is a key; the rest as an input method enters it.
    for (const part of line.split(/([^\x20-\x7e]+)/)) {
      if (/^[\x20-\x7e]*$/.test(part)) await this.page.keyboard.type(part);
      else await this.page.keyboard.insertText(part);
    }
    await this.page.keyboard.press("Enter");
  }

  /** Presses a key in it. */
  async press(key: string): Promise<void> {
    await this.screen.click();
    await this.page.keyboard.press(key);
  }

  /** The lines in view. */
  async text(): Promise<string> {
    const rows = await this.panel.locator(".xterm-rows > div").allTextContents();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
  }

  /** Waits until it shows something. */
  async shows(what: string | RegExp, timeout = OUTPUT_TIMEOUT_MS): Promise<void> {
    const poll = expect.poll(() => this.text(), { timeout, message: `terminal ${this.label}` });
    await (typeof what === "string" ? poll.toContain(what) : poll.toMatch(what));
  }

  /** Pastes text from the clipboard. */
  async paste(text: string): Promise<void> {
    await this.page.evaluate((t) => navigator.clipboard.writeText(t), text);
    await this.press("Control+Shift+KeyV");
  }
}
