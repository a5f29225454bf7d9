/** A RabbitMQ broker: exchanges, queues with their messages, and consumers, from left to right. */
import { h } from "../../lib/dom";
import { t } from "../../lib/strings";
import { Keyed, setText } from "./keyed";
import type { BoardKind, Drawing, Section } from "./kind";
import { Links, boxWithin, type Line } from "./links";
import type { Binding, Consumer, Exchange, Queue, RabbitPicture } from "./model";
import { type Arranged, arranged, direct, queuesOf } from "./rabbitmq-order";

/** Messages that are drawn one by one. */
const MOST_DOTS = 14;
/** Characters of binding keys that fit between an exchange and a queue. */
const LABEL_CHARS = 19;
/** Between two boxes of a column, in CSS pixels. */
const GAP = 11;
/** How far below the first of its queues an exchange may be, in CSS pixels: the first stay in view. */
const MOST_BELOW = 60;

/** The exchange's name as shown; the default one has none. */
function exchangeName(name: string): string {
  return name === "" ? t("board-rabbit-default") : name;
}

function consumerKey(consumer: Consumer): string {
  return `${consumer.channel} ${consumer.tag}`;
}

/** One line an exchange and its target, whatever the number of keys. */
function bundles(bindings: Binding[]): { binding: Binding; keys: string[] }[] {
  const found = new Map<string, { binding: Binding; keys: string[] }>();
  for (const binding of bindings) {
    const key = bindingKey(binding);
    const bundle = found.get(key);
    if (bundle) bundle.keys.push(binding.key);
    else found.set(key, { binding, keys: [binding.key] });
  }
  return [...found.values()];
}

function bindingKey(binding: Binding): string {
  return `b ${binding.source} ${binding.to_exchange ? "e" : "q"} ${binding.destination}`;
}

function keysText(keys: string[]): string {
  const named = keys.filter((key) => key !== "");
  const text =
    named.length > 2 ? `${named.slice(0, 2).join(", ")} +${named.length - 2}` : named.join(", ");
  return text.length > LABEL_CHARS ? `${text.slice(0, LABEL_CHARS - 1)}…` : text;
}

class RabbitDrawing implements Drawing<RabbitPicture> {
  readonly element = h("div", { class: "board-rabbit" });
  private readonly links: Links;
  private readonly exchanges: Keyed<Exchange>;
  private readonly queues: Keyed<Queue>;
  private readonly consumers: Keyed<Consumer>;
  private readonly noQueue = h("p", { class: "board-empty" }, t("board-rabbit-no-queue"));
  private readonly noConsumer = h("p", { class: "board-empty" }, t("board-rabbit-no-consumer"));
  private picture: RabbitPicture | null = null;
  private arranged: Arranged = { exchanges: [], queues: [], consumers: [] };

  constructor() {
    const [exchanges, queues, consumers] = [list(), list(), list()];
    this.element.append(
      column(t("board-rabbit-exchanges"), exchanges),
      column(t("board-rabbit-queues"), queues, this.noQueue),
      column(t("board-rabbit-consumers"), consumers, this.noConsumer),
    );
    this.links = new Links(this.element, () => this.align());
    this.exchanges = new Keyed(
      exchanges,
      (exchange) => exchange.name,
      () => h("div", { class: "board-exchange" }, h("b", {}), h("span", { class: "board-note" })),
      (element, exchange) => {
        const [name, kind] = element.children;
        if (name) setText(name, exchangeName(exchange.name));
        if (kind) setText(kind, exchange.kind);
        element.dataset["kind"] = exchange.kind;
        element.classList.toggle("fleeting", !exchange.durable);
        element.classList.toggle("default", exchange.name === "");
      },
    );
    this.queues = new Keyed(queues, (queue) => queue.name, makeQueue, updateQueue);
    this.consumers = new Keyed(
      consumers,
      consumerKey,
      () => h("div", { class: "board-consumer" }, h("b", {}), h("span", { class: "board-note" })),
      (element, consumer) => {
        const [name, note] = element.children;
        if (name) setText(name, tagText(consumer));
        if (note) setText(note, consumerText(consumer));
        element.title = consumer.channel;
      },
    );
  }

  draw(picture: RabbitPicture): void {
    const before = this.picture;
    this.picture = picture;
    this.arranged = arranged(picture);
    this.exchanges.set(this.arranged.exchanges);
    this.queues.set(this.arranged.queues);
    this.consumers.set(this.arranged.consumers);
    this.noQueue.hidden = picture.queues.length > 0;
    this.noConsumer.hidden = picture.consumers.length > 0 || picture.queues.length === 0;
    this.relayout();
    if (before) this.fly(before, picture);
  }

  relayout(): void {
    const picture = this.picture;
    if (!picture) return;
    const lines: Line[] = bundles(picture.bindings).map(({ binding, keys }) => ({
      key: bindingKey(binding),
      from: this.exchanges.get(binding.source),
      to: (binding.to_exchange ? this.exchanges : this.queues).get(binding.destination),
      class: "binding",
      label: keysText(keys),
      labelAt: "end",
      ...(binding.to_exchange && { sides: "right-right" as const }),
    }));
    for (const queue of direct(picture)) {
      lines.push({
        key: `d ${queue.name}`,
        from: this.exchanges.get(""),
        to: this.queues.get(queue.name),
        class: "binding implied",
      });
    }
    for (const queue of picture.queues) {
      if (queue.dead_letter_exchange === null) continue;
      lines.push({
        key: `x ${queue.name}`,
        from: this.queues.get(queue.name),
        to: this.exchanges.get(queue.dead_letter_exchange),
        class: "dead",
        label: t("board-rabbit-dead"),
        sides: "left-right",
      });
    }
    for (const consumer of picture.consumers) {
      lines.push({
        key: `c ${consumerKey(consumer)}`,
        from: this.queues.get(consumer.queue),
        to: this.consumers.get(consumerKey(consumer)),
        class: "consuming",
      });
    }
    this.links.set(lines);
  }

  /** Puts exchanges and consumers beside their queues, as far as there is room. */
  private align(): void {
    const picture = this.picture;
    if (!picture) return;
    const middle = (queue: string): number | null => {
      const element = this.queues.get(queue);
      const box = element ? boxWithin(element, this.element) : null;
      return box && box.top + box.height / 2;
    };
    const known = (names: string[]): number[] =>
      names.map(middle).filter((y): y is number => y !== null);
    stack(
      this.element,
      this.arranged.exchanges.map((exchange) => {
        const at = known(queuesOf(picture, exchange));
        const first = Math.min(...at);
        const below = Math.min((Math.max(...at) - first) / 2, MOST_BELOW);
        return {
          element: this.exchanges.get(exchange.name),
          at: at.length > 0 ? first + below : null,
        };
      }),
    );
    stack(
      this.element,
      this.arranged.consumers.map((consumer) => ({
        element: this.consumers.get(consumerKey(consumer)),
        at: middle(consumer.queue),
      })),
    );
  }

  /** Messages that came fly in, those handed out fly on. */
  private fly(before: RabbitPicture, now: RabbitPicture): void {
    const old = new Map(before.queues.map((queue) => [queue.name, queue]));
    for (const queue of now.queues) {
      const was = old.get(queue.name);
      if (!was) continue;
      const more = total(queue) - total(was);
      const out = (queue.unacknowledged ?? 0) - (was.unacknowledged ?? 0);
      if (more > 0) {
        const way = now.bindings.find((b) => !b.to_exchange && b.destination === queue.name);
        const key = way ? bindingKey(way) : `d ${queue.name}`;
        for (let n = 0; n < Math.min(more, 3); n += 1) this.links.fly(key, "ready");
      }
      if (out > 0) {
        for (const consumer of now.consumers.filter((c) => c.queue === queue.name)) {
          this.links.fly(`c ${consumerKey(consumer)}`, "taken");
        }
      }
    }
  }
}

/** Moves the boxes of a column down to where their middles are wanted, one below the other. */
function stack(
  container: HTMLElement,
  boxes: { element: HTMLElement | undefined; at: number | null }[],
): void {
  const parent = boxes.find(({ element }) => element)?.element?.parentElement;
  const top = parent ? boxWithin(parent, container)?.top : undefined;
  if (top === undefined) return;
  const measured = boxes.flatMap(({ element, at }) =>
    element ? [{ element, at, height: element.offsetHeight }] : [],
  );
  let y = top;
  for (const { element, at, height } of measured) {
    const down = Math.max(0, Math.round((at ?? 0) - height / 2 - y));
    const margin = `${down}px`;
    if (element.style.marginTop !== margin) element.style.marginTop = margin;
    y += down + height + GAP;
  }
}

function total(queue: Queue): number {
  return (queue.ready ?? 0) + (queue.unacknowledged ?? 0);
}

function list(): HTMLElement {
  return h("div", { class: "board-stack" });
}

function column(title: string, ...content: HTMLElement[]): HTMLElement {
  return h("div", { class: "board-column" }, h("h3", {}, title), ...content);
}

function makeQueue(): HTMLElement {
  return h(
    "div",
    { class: "board-queue" },
    h("div", { class: "board-card-head" }, h("b", {}), h("span", { class: "board-waiting" })),
    h("div", { class: "board-tube" }),
    h(
      "div",
      { class: "board-counts" },
      h("span", { class: "board-note" }),
      h("span", { class: "board-taken" }),
    ),
  );
}

function updateQueue(element: HTMLElement, queue: Queue): void {
  const [name, waiting] = element.querySelectorAll(".board-card-head > *");
  const [note, inHand] = element.querySelectorAll(".board-counts > *");
  if (name) setText(name, queue.name);
  if (note) setText(note, queueTraits(queue));
  element.title = queue.name;
  element.classList.toggle("fleeting", !queue.durable);
  const [ready, taken] = [queue.ready ?? 0, queue.unacknowledged ?? 0];
  if (waiting) setText(waiting, t("board-rabbit-ready", { n: queue.ready ?? "…" }));
  if (inHand) setText(inHand, taken > 0 ? t("board-rabbit-unacked", { n: taken }) : "");
  const tube = element.querySelector(".board-tube");
  if (tube) dots(tube, ready, taken);
}

/** The messages of a queue: those in somebody's hands at the way out, those that wait behind. */
function dots(tube: Element, ready: number, taken: number): void {
  const shownTaken = Math.min(taken, MOST_DOTS / 2);
  const shownReady = Math.min(ready, MOST_DOTS - shownTaken);
  const wanted = [
    ...Array<string>(shownReady).fill("ready"),
    ...Array<string>(shownTaken).fill("taken"),
  ];
  const all = [...tube.querySelectorAll<HTMLElement>("i")];
  // The way out is on the right: what is new comes in on the left.
  while (all.length > wanted.length) all.shift()?.remove();
  while (all.length < wanted.length) {
    const dot = h("i", { class: "board-message" });
    tube.prepend(dot);
    all.unshift(dot);
  }
  all.forEach((dot, at) => (dot.dataset["state"] = wanted[at] ?? "ready"));
  const rest = ready + taken - wanted.length;
  const more = tube.querySelector("span") ?? tube.appendChild(h("span", {}));
  setText(more, rest > 0 ? `+${rest}` : "");
}

function queueTraits(queue: Queue): string {
  const traits = [queue.kind === "classic" ? "" : queue.kind];
  traits.push(t(queue.durable ? "board-rabbit-durable" : "board-rabbit-fleeting"));
  if (queue.exclusive) traits.push(t("board-rabbit-exclusive"));
  if (queue.ttl !== null) traits.push(t("board-rabbit-ttl", { n: queue.ttl }));
  if (queue.max_length !== null) traits.push(t("board-rabbit-max", { n: queue.max_length }));
  return traits.filter((trait) => trait !== "").join(" · ");
}

/** Tags that libraries make up are long and say nothing. */
function tagText({ tag }: Consumer): string {
  if (tag === "") return t("board-rabbit-consumer");
  // Go's library calls a consumer by the whole path of its program.
  const name = tag.replace(/^ctag-.*\//, "");
  return name.length > 20 ? `${name.slice(0, 12)}…` : name;
}

function consumerText(consumer: Consumer): string {
  const prefetch =
    consumer.prefetch > 0 ? t("board-rabbit-prefetch", { n: consumer.prefetch }) : "";
  const acks = consumer.acknowledges ? "" : t("board-rabbit-auto-ack");
  return [prefetch, acks].filter((s) => s !== "").join(" · ");
}

function table(picture: RabbitPicture): Section[] {
  return [
    {
      caption: t("board-rabbit-queues"),
      head: ["name", "rabbit-waiting", "rabbit-taken", "rabbit-consumers", "traits"].map((k) =>
        t(`board-${k}`),
      ),
      rows: picture.queues.map((queue) => [
        queue.name,
        queue.ready === null ? "" : String(queue.ready),
        queue.unacknowledged === null ? "" : String(queue.unacknowledged),
        String(picture.consumers.filter((c) => c.queue === queue.name).length),
        queue.dead_letter_exchange === null
          ? queueTraits(queue)
          : `${queueTraits(queue)} · ${t("board-rabbit-dead")} → ${exchangeName(queue.dead_letter_exchange)}`,
      ]),
    },
    {
      caption: t("board-rabbit-exchanges"),
      head: ["name", "type", "traits"].map((k) => t(`board-${k}`)),
      rows: picture.exchanges.map((exchange) => [
        exchangeName(exchange.name),
        exchange.kind,
        t(exchange.durable ? "board-rabbit-durable" : "board-rabbit-fleeting"),
      ]),
    },
    {
      caption: t("board-rabbit-bindings"),
      head: ["from", "key", "to"].map((k) => t(`board-${k}`)),
      rows: picture.bindings.map((b) => [exchangeName(b.source), b.key, b.destination]),
    },
    {
      caption: t("board-rabbit-consumers"),
      head: ["rabbit-tag", "rabbit-queue", "traits"].map((k) => t(`board-${k}`)),
      rows: picture.consumers.map((c) => [tagText(c), c.queue, consumerText(c)]),
    },
  ];
}

function news(before: RabbitPicture, now: RabbitPicture): string[] {
  const said: string[] = [];
  const old = new Map(before.queues.map((queue) => [queue.name, queue]));
  for (const queue of now.queues) {
    const was = old.get(queue.name);
    old.delete(queue.name);
    const { name } = queue;
    if (!was) said.push(t("board-rabbit-news-queue", { name }));
    else if (was.ready !== queue.ready || was.unacknowledged !== queue.unacknowledged) {
      said.push(
        t("board-rabbit-news-messages", {
          name,
          ready: queue.ready ?? 0,
          unacked: queue.unacknowledged ?? 0,
        }),
      );
    }
  }
  for (const name of old.keys()) said.push(t("board-rabbit-news-queue-gone", { name }));
  if (before.consumers.length !== now.consumers.length) {
    said.push(t("board-rabbit-news-consumers", { n: now.consumers.length }));
  }
  return said;
}

export const rabbitmq: BoardKind<RabbitPicture> = {
  drawing: () => new RabbitDrawing(),
  table,
  news,
  summary: (picture) =>
    t("board-rabbit-summary", {
      queues: picture.queues.length + picture.more.queues,
      messages: picture.queues.reduce((sum, queue) => sum + (queue.ready ?? 0), 0),
      unacked: picture.queues.reduce((sum, queue) => sum + (queue.unacknowledged ?? 0), 0),
      consumers: picture.consumers.length + picture.more.consumers,
    }),
};
