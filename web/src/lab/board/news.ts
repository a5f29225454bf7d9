/** Tells screen readers what changed: seldom, and not more than one can follow. */
import { t } from "../../lib/strings";
import { announce } from "../../lib/toast";

/** The shortest time between two announcements. */
const EVERY_MS = 4000;
/** Sentences of one announcement. */
const MOST = 3;

export class News {
  private waiting: string[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly say: (text: string) => void = announce) {}

  /** Takes what is new. What was said of the same thing before is still said: it happened. */
  add(sentences: string[]): void {
    if (sentences.length === 0) return;
    this.waiting.push(...sentences);
    this.timer ??= setTimeout(() => this.tell(), EVERY_MS);
  }

  /** Forgets what has not been said. */
  clear(): void {
    this.waiting = [];
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private tell(): void {
    this.timer = null;
    const said = this.waiting.slice(0, MOST);
    const rest = this.waiting.length - said.length;
    this.waiting = [];
    if (rest > 0) said.push(t("board-news-more", { n: rest }));
    if (said.length > 0) this.say(said.join(" "));
  }
}
