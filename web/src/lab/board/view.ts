/** One board: its picture, or the table that says the same. */
import { h } from "../../lib/dom";
import { t } from "../../lib/strings";
import { docker } from "./docker";
import { etcd } from "./etcd";
import type { BoardKind, Drawing } from "./kind";
import { kubernetes } from "./kubernetes";
import type { BoardPlace, BoardState, Kind, Picture } from "./model";
import { News } from "./news";
import { rabbitmq } from "./rabbitmq";
import { Table } from "./table";

export type Mode = "picture" | "table";

/** What belongs to a kind. The server sends a board's pictures as its lab says, so that a picture
 *  is always of the kind of its board. */
function kindOf(kind: Kind): BoardKind<Picture> {
  return { docker, rabbitmq, kubernetes, etcd }[kind];
}

export class BoardView {
  readonly element: HTMLElement;
  private readonly kind: BoardKind<Picture>;
  private readonly drawing: Drawing<Picture>;
  private readonly table = new Table();
  private readonly scroll: HTMLElement;
  private readonly note = h("p", { class: "board-link-note" });
  private readonly image: HTMLElement;
  private readonly rest = h("p", { class: "board-rest", hidden: true });
  private readonly news = new News();
  private picture: Picture | null = null;
  private mode: Mode = "picture";
  private dirty = false;

  constructor(
    private readonly place: BoardPlace,
    readonly title: string,
  ) {
    this.kind = kindOf(place.kind);
    this.drawing = this.kind.drawing();
    this.image = h("div", { class: "board-image-area", role: "img", "aria-label": title });
    this.image.append(this.drawing.element);
    this.scroll = h(
      "div",
      { class: "board-scroll", tabindex: 0, role: "group", "aria-label": title },
      this.image,
      this.table.element,
      this.rest,
    );
    this.element = h("div", { class: "board-view" }, this.note, this.scroll);
    this.link("waiting");
    this.show("picture");
  }

  /** Takes what the server says. */
  take({ link, picture }: BoardState): void {
    this.link(link);
    if (picture === null) {
      this.picture = null;
      this.news.clear();
      return;
    }
    if (picture.kind !== this.place.kind) return;
    const before = this.picture;
    this.picture = picture;
    if (before && link === "live") this.news.add(this.kind.news(before, picture));
    this.image.setAttribute("aria-label", `${this.title}: ${this.kind.summary(picture)}`);
    const more = "more" in picture ? Object.values(picture.more) : [];
    const rest = more.reduce((sum: number, n) => sum + n, 0);
    this.rest.hidden = rest === 0;
    this.rest.textContent = t("board-more", { n: rest });
    this.dirty = true;
    this.refresh();
  }

  /** Picture or table. */
  show(mode: Mode): void {
    this.mode = mode;
    this.image.hidden = mode !== "picture";
    this.table.element.hidden = mode !== "table";
    this.dirty = true;
    this.refresh();
  }

  /** Whether anybody sees it; what nobody sees is not drawn. */
  set visible(yes: boolean) {
    this.element.hidden = !yes;
    this.refresh();
  }

  /** Lines follow when the room for the board changes. */
  relayout(): void {
    if (!this.element.hidden && this.mode === "picture") this.drawing.relayout();
  }

  private refresh(): void {
    if (!this.dirty || this.element.hidden || !this.picture) return;
    this.dirty = false;
    if (this.mode === "picture") this.drawing.draw(this.picture);
    else this.table.set(this.kind.table(this.picture));
  }

  private link(link: BoardState["link"]): void {
    this.element.dataset["link"] = link;
    this.note.textContent = link === "live" ? "" : t(`board-link-${link}`);
    this.note.hidden = link === "live";
  }
}
