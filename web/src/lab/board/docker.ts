/** A Docker engine: images and volumes beside the networks, and the containers in these. */
import { h, icon } from "../../lib/dom";
import { t } from "../../lib/strings";
import { Keyed, setText } from "./keyed";
import type { BoardKind, Drawing, Section } from "./kind";
import { size } from "./kind";
import { Links } from "./links";
import type { Container, DockerPicture, Image, Network, Volume } from "./model";
import { pulse } from "./motion";

/** A network and the containers drawn in it. */
export interface Lane {
  network: Network;
  /** Containers whose place this is. */
  here: Container[];
  /** Containers that have their place in another lane, but are reachable in this one too. */
  also: Container[];
}

/** Puts each container into one lane: into the network the learner made rather than into the one
 *  that comes with the engine. Networks of the engine's that hold nothing are left out, but for
 *  the one that containers get when nothing else is said. */
export function lanes(picture: DockerPicture): Lane[] {
  const all: Lane[] = picture.networks.map((network) => ({ network, here: [], also: [] }));
  const named = new Map(all.map((lane) => [lane.network.name, lane]));
  const own = (name: string): boolean => named.get(name)?.network.builtin === false;
  const stray: Container[] = [];
  for (const container of picture.containers) {
    const names = container.networks.map((at) => at.network);
    const home = names.find(own) ?? names.find((name) => named.has(name));
    const lane = home === undefined ? undefined : named.get(home);
    if (lane) lane.here.push(container);
    else stray.push(container);
    for (const name of names) if (name !== home) named.get(name)?.also.push(container);
  }
  const shown = all.filter(
    ({ network, here, also }) =>
      !network.builtin || network.name === "bridge" || here.length + also.length > 0,
  );
  if (stray.length > 0) {
    const network = { name: "", driver: "", internal: true, builtin: true, subnet: null };
    shown.push({ network, here: stray, also: [] });
  }
  return shown;
}

/** How a container ended, or how it is, for its colour. */
export function tone(container: Container): "good" | "busy" | "warn" | "bad" | "idle" {
  switch (container.state) {
    case "running":
      if (container.health === "unhealthy") return "bad";
      return container.health === "starting" ? "busy" : "good";
    case "created":
      return "busy";
    case "paused":
    case "restarting":
    case "removing":
      return "warn";
    case "exited":
      return container.exit_code === 0 ? "idle" : "bad";
    case "dead":
      return "bad";
    case "unknown":
      return "idle";
  }
}

/** How a container is, in words. */
export function stateText(container: Container): string {
  const { state, exit_code: code, health } = container;
  if (state === "exited" && code !== null) return t("board-docker-exited", { code });
  const words = t(`board-docker-${state}`);
  return state === "running" && health !== null
    ? `${words} · ${t(`board-docker-${health}`)}`
    : words;
}

function portText(port: Container["ports"][number]): string {
  const inside =
    port.protocol === "tcp" ? String(port.private) : `${port.private}/${port.protocol}`;
  return port.public === null ? inside : `${port.public} → ${inside}`;
}

function imageName(image: Image): string {
  return image.tags[0] ?? `<none> ${image.id.slice(0, 8)}`;
}

function volumeName(volume: Volume): string {
  return volume.anonymous ? `${volume.name.slice(0, 10)}…` : volume.name;
}

class DockerDrawing implements Drawing<DockerPicture> {
  readonly element = h("div", { class: "board-docker" });
  private readonly links: Links;
  private readonly laneList: Keyed<Lane>;
  private readonly contents = new WeakMap<
    HTMLElement,
    { here: Keyed<Container>; also: Keyed<Container> }
  >();
  private readonly images: Keyed<Image>;
  private readonly volumes: Keyed<Volume>;
  private readonly volumeColumn: HTMLElement;
  private used = new Set<string>();
  private picture: DockerPicture | null = null;

  constructor() {
    const imageList = h("div", { class: "board-stack" });
    const laneBox = h("div", { class: "board-lanes" });
    const volumeList = h("div", { class: "board-stack" });
    this.volumeColumn = column(t("board-docker-volumes"), volumeList, "board-volumes");
    this.element.append(
      column(t("board-docker-images"), imageList, "board-images"),
      laneBox,
      this.volumeColumn,
    );
    this.links = new Links(this.element);
    this.laneList = new Keyed(
      laneBox,
      (lane) => lane.network.name,
      (lane) => this.makeLane(lane),
      (element, lane) => this.updateLane(element, lane),
    );
    this.images = new Keyed(
      imageList,
      (image) => image.id,
      makeImage,
      (element, image) => {
        const name = element.querySelector(".board-name");
        if (name) setText(name, imageName(image));
        const note = element.querySelector(".board-note");
        const more = image.tags.length > 1 ? ` +${image.tags.length - 1}` : "";
        if (note) setText(note, size(image.size) + more);
        element.title = image.tags.join("\n");
        element.classList.toggle("used", this.used.has(image.id));
        element.classList.toggle("nameless", image.tags.length === 0);
      },
    );
    this.volumes = new Keyed(
      volumeList,
      (volume) => volume.name,
      (volume) => h("div", { class: "board-volume", title: volume.name }, h("span", {}, "")),
      (element, volume) => {
        if (element.firstElementChild) setText(element.firstElementChild, volumeName(volume));
      },
    );
  }

  draw(picture: DockerPicture): void {
    this.picture = picture;
    this.used = new Set(picture.containers.map((container) => container.image_id));
    this.images.set(picture.images);
    this.laneList.set(lanes(picture));
    this.volumes.set(picture.volumes);
    this.volumeColumn.hidden = picture.volumes.length === 0;
    this.relayout();
  }

  relayout(): void {
    const containers = this.picture?.containers ?? [];
    this.links.set(
      containers.flatMap((container) =>
        container.mounts
          .filter((mount) => mount.volume)
          .map((mount) => ({
            key: `${container.id} ${mount.source} ${mount.target}`,
            from: this.card(container.id),
            to: this.volumes.get(mount.source),
            class: container.state === "running" ? "volume" : "volume idle",
          })),
      ),
    );
  }

  private card(id: string): HTMLElement | undefined {
    for (const lane of this.laneList.parent.children) {
      const card = this.contents.get(lane as HTMLElement)?.here.get(id);
      if (card) return card;
    }
    return undefined;
  }

  private makeLane({ network }: Lane): HTMLElement {
    const here = h("div", { class: "board-cards" });
    const also = h("div", { class: "board-ghosts" });
    const label =
      network.name === ""
        ? h("div", { class: "board-lane-name" }, h("b", {}, t("board-docker-no-network")))
        : h(
            "div",
            { class: "board-lane-name" },
            h("b", { title: network.name }, network.name),
            h("span", { class: "board-note" }),
          );
    const empty = h("p", { class: "board-empty" }, t("board-docker-empty"));
    const lane = h("div", { class: "board-lane" }, label, h("div", {}, here, also, empty));
    this.contents.set(lane, {
      here: new Keyed(here, (container) => container.id, makeCard, updateCard),
      also: new Keyed(
        also,
        (container) => container.id,
        () => h("span", { class: "board-ghost" }),
        (element, container) => setText(element, container.name),
      ),
    });
    return lane;
  }

  private updateLane(element: HTMLElement, { network, here, also }: Lane): void {
    const contents = this.contents.get(element);
    contents?.here.set(here);
    contents?.also.set(also);
    element.classList.toggle("builtin", network.builtin);
    element.classList.toggle("internal", network.internal);
    const note = element.querySelector(".board-lane-name .board-note");
    const kind = network.internal ? t("board-docker-internal") : network.driver;
    if (note) setText(note, [kind, network.subnet ?? ""].filter((s) => s !== "").join(" · "));
    const empty = element.querySelector<HTMLElement>(".board-empty");
    if (empty) empty.hidden = here.length + also.length > 0;
  }
}

function column(title: string, list: HTMLElement, kind: string): HTMLElement {
  return h("div", { class: `board-column ${kind}` }, h("h3", {}, title), list);
}

function makeImage(): HTMLElement {
  return h(
    "div",
    { class: "board-image" },
    h("span", { class: "board-name" }),
    h("span", { class: "board-note" }),
  );
}

function makeCard(): HTMLElement {
  return h(
    "div",
    { class: "board-container" },
    h("div", { class: "board-card-head" }, h("i", { class: "board-dot" }), h("b", {})),
    h("div", { class: "board-note board-from" }),
    h("div", { class: "board-note board-state" }),
    h("div", { class: "board-ports" }),
  );
}

function updateCard(element: HTMLElement, container: Container): void {
  const now = tone(container);
  const before = element.dataset["state"];
  element.dataset["state"] = container.state;
  element.dataset["tone"] = now;
  if (before !== undefined && before !== container.state) pulse(element);
  const [name, image, state] = ["b", ".board-from", ".board-state"].map((q) =>
    element.querySelector(q),
  );
  if (name) setText(name, container.name);
  if (image) setText(image, container.image);
  const address = container.networks.find((at) => at.address !== null)?.address;
  const words = stateText(container);
  if (state) {
    setText(state, address && container.state === "running" ? `${words} · ${address}` : words);
  }
  element.title = `${container.name} – ${container.image} – ${words}`;
  const ports = element.querySelector(".board-ports");
  const shown = container.ports.map((port) =>
    h(
      "span",
      { class: port.public === null ? "board-port" : "board-port published" },
      port.public !== null && icon("globe"),
      portText(port),
    ),
  );
  const text = container.ports.map(portText).join(" ");
  if (ports instanceof HTMLElement && ports.dataset["shown"] !== text) {
    ports.dataset["shown"] = text;
    ports.replaceChildren(...shown);
  }
}

function table(picture: DockerPicture): Section[] {
  const names = new Map<string, string[]>();
  for (const container of picture.containers) {
    for (const { network } of container.networks) {
      names.set(network, [...(names.get(network) ?? []), container.name]);
    }
  }
  const usedBy = (volume: string): string =>
    picture.containers
      .filter((c) => c.mounts.some((m) => m.volume && m.source === volume))
      .map((c) => c.name)
      .join(", ");
  return [
    {
      caption: t("board-docker-containers"),
      head: ["name", "image", "state", "ports", "networks", "mounts"].map((k) => t(`board-${k}`)),
      rows: picture.containers.map((c) => [
        c.name,
        c.image,
        stateText(c),
        c.ports.map(portText).join(", "),
        c.networks
          .map((at) => (at.address === null ? at.network : `${at.network} (${at.address})`))
          .join(", "),
        c.mounts.map((m) => `${m.source} → ${m.target}`).join(", "),
      ]),
    },
    {
      caption: t("board-docker-networks"),
      head: ["name", "driver", "addresses", "containers"].map((k) => t(`board-${k}`)),
      rows: picture.networks.map((n) => [
        n.name,
        n.internal ? `${n.driver}, ${t("board-docker-internal")}` : n.driver,
        n.subnet ?? "",
        (names.get(n.name) ?? []).join(", "),
      ]),
    },
    {
      caption: t("board-docker-images"),
      head: ["name", "size"].map((k) => t(`board-${k}`)),
      rows: picture.images.map((i) => [
        i.tags.length > 0 ? i.tags.join(", ") : imageName(i),
        size(i.size),
      ]),
    },
    {
      caption: t("board-docker-volumes"),
      head: ["name", "used-by"].map((k) => t(`board-${k}`)),
      rows: picture.volumes.map((v) => [volumeName(v), usedBy(v.name)]),
    },
  ];
}

function news(before: DockerPicture, now: DockerPicture): string[] {
  const old = new Map(before.containers.map((c) => [c.id, c]));
  const said: string[] = [];
  for (const container of now.containers) {
    const was = old.get(container.id);
    old.delete(container.id);
    const state = stateText(container);
    if (!was || stateText(was) !== state) {
      said.push(t("board-docker-news-container", { name: container.name, state }));
    }
  }
  for (const gone of old.values()) said.push(t("board-docker-news-removed", { name: gone.name }));
  const added = <T>(from: T[], to: T[], name: (item: T) => string): string[] => {
    const known = new Set(from.map(name));
    return to.map(name).filter((one) => !known.has(one));
  };
  for (const name of added(before.networks, now.networks, (n) => n.name)) {
    said.push(t("board-docker-news-network", { name }));
  }
  for (const name of added(before.volumes, now.volumes, volumeName)) {
    said.push(t("board-docker-news-volume", { name }));
  }
  for (const name of added(before.images, now.images, imageName)) {
    said.push(t("board-docker-news-image", { name }));
  }
  return said;
}

export const docker: BoardKind<DockerPicture> = {
  drawing: () => new DockerDrawing(),
  table,
  news,
  summary: (picture) =>
    t("board-docker-summary", {
      running: picture.containers.filter((c) => c.state === "running").length,
      containers: picture.containers.length + picture.more.containers,
      networks: picture.networks.length + picture.more.networks,
      images: picture.images.length + picture.more.images,
      volumes: picture.volumes.length + picture.more.volumes,
    }),
};
