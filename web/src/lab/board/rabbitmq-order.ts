/** In which order the parts of a RabbitMQ broker are drawn, so that few lines cross. */
import type { Consumer, Exchange, Queue, RabbitPicture } from "./model";

/** Exchanges, queues and consumers from top to bottom. */
export interface Arranged {
  exchanges: Exchange[];
  queues: Queue[];
  consumers: Consumer[];
}

/** Queues that only the default exchange leads to: publishing to their name reaches them. */
export function direct(picture: RabbitPicture): Queue[] {
  const bound = new Set(picture.bindings.filter((b) => !b.to_exchange).map((b) => b.destination));
  return picture.queues.filter((queue) => !bound.has(queue.name));
}

/** The names of the queues that an exchange leads to: the default one to those nothing else leads to. */
export function queuesOf(picture: RabbitPicture, exchange: Exchange): string[] {
  return exchange.name === ""
    ? direct(picture).map((queue) => queue.name)
    : picture.bindings
        .filter((b) => !b.to_exchange && b.source === exchange.name)
        .map((b) => b.destination);
}

/** Queues of the same exchange together, exchanges and consumers in the order of their queues. The
 *  default exchange is there only when it is some queue's only way in. */
export function arranged(picture: RabbitPicture): Arranged {
  const useful = direct(picture).length > 0 || picture.exchanges.length <= 1;
  const exchanges = picture.exchanges
    .filter((exchange) => exchange.name !== "" || useful)
    // The default exchange, which has no name, is nobody's idea: it comes last.
    .sort((a, b) => Number(a.name === "") - Number(b.name === "") || compare(a.name, b.name));

  const group = new Map<string, number>();
  exchanges.forEach((exchange, place) => {
    for (const name of queuesOf(picture, exchange)) if (!group.has(name)) group.set(name, place);
  });
  const place = (queue: Queue): number => group.get(queue.name) ?? exchanges.length;
  const queues = [...picture.queues].sort((a, b) => place(a) - place(b) || compare(a.name, b.name));

  const rows = new Map(queues.map((queue, row) => [queue.name, row]));
  const row = (name: string): number => rows.get(name) ?? queues.length;
  const first = (exchange: Exchange): number => Math.min(...queuesOf(picture, exchange).map(row));
  return {
    exchanges: exchanges.sort((a, b) => first(a) - first(b) || 0),
    queues,
    consumers: [...picture.consumers].sort((a, b) => row(a.queue) - row(b.queue)),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
