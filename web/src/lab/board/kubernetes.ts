/** A cluster: deployments above, services on the left, nodes with their pods, what happened. */
import { h } from "../../lib/dom";
import { t } from "../../lib/strings";
import { Keyed, setText } from "./keyed";
import type { BoardKind, Drawing, Section } from "./kind";
import { Links, type Line } from "./links";
import type { Deployment, Happening, KubernetesPicture, Node, Pod, Service } from "./model";
import { pulse } from "./motion";

/** Colours that tell deployments apart. */
const HUES = 6;
/** What happened last, as far as the drawing shows it. */
const MOST_EVENTS = 3;

/** A node, or the place where pods wait for one. */
export interface Place {
  node: Node | null;
  pods: Pod[];
}

/** Which pods are where; those without a node, or on one that is gone, wait at the end. */
export function places(picture: KubernetesPicture): Place[] {
  const all: Place[] = picture.nodes.map((node) => ({ node, pods: [] }));
  const named = new Map(all.map((place) => [place.node?.name, place]));
  const homeless: Pod[] = [];
  for (const pod of picture.pods) {
    const place = pod.node === null ? undefined : named.get(pod.node);
    if (place) place.pods.push(pod);
    else homeless.push(pod);
  }
  return homeless.length > 0 ? [...all, { node: null, pods: homeless }] : all;
}

function key(object: { namespace: string; name: string }): string {
  return `${object.namespace}/${object.name}`;
}

/** The name with its namespace, unless that is the usual one. */
function fullName(object: { namespace: string; name: string }): string {
  return object.namespace === "default" ? object.name : key(object);
}

function ownerKey(pod: Pod): string {
  return pod.owner ? `${pod.namespace}/${pod.owner.name}` : key(pod);
}

/** What of a pod's name tells it from its sisters. */
export function shortName(pod: Pod): string {
  const owner = pod.owner?.name;
  if (owner === undefined || !pod.name.startsWith(`${owner}-`)) return pod.name;
  const rest = pod.name.slice(owner.length + 1);
  const version = pod.version === null ? "" : `${pod.version}-`;
  return `${owner}-…${rest.startsWith(version) ? rest.slice(version.length) : rest}`;
}

function imageText(image: string): string {
  return image.split("/").pop() ?? image;
}

/** Gives each deployment a colour and keeps it as long as it is there. */
class Hues {
  private readonly given = new Map<string, number>();

  update(names: string[]): void {
    const wanted = new Set(names);
    for (const name of this.given.keys()) if (!wanted.has(name)) this.given.delete(name);
    for (const name of names) {
      if (this.given.has(name)) continue;
      const taken = new Set(this.given.values());
      let hue = 0;
      while (hue < HUES - 1 && taken.has(hue)) hue += 1;
      this.given.set(name, hue);
    }
  }

  get(name: string): string {
    const hue = this.given.get(name);
    return hue === undefined ? "" : String(hue);
  }
}

class KubernetesDrawing implements Drawing<KubernetesPicture> {
  readonly element = h("div", { class: "board-kube" });
  private readonly middle = h("div", { class: "board-kube-middle" });
  private readonly links: Links;
  private readonly hues = new Hues();
  private readonly deployments: Keyed<Deployment>;
  private readonly services: Keyed<Service>;
  private readonly places: Keyed<Place>;
  private readonly pods = new WeakMap<HTMLElement, Keyed<Pod>>();
  private readonly events: Keyed<Happening>;
  private readonly serviceColumn: HTMLElement;
  private readonly deploymentRow = h("div", { class: "board-deployments" });
  private readonly log = h("ol", { class: "board-events" });
  private picture: KubernetesPicture | null = null;

  constructor() {
    const services = h("div", { class: "board-stack" });
    const nodes = h("div", { class: "board-nodes" });
    this.serviceColumn = h(
      "div",
      { class: "board-column services" },
      h("h3", {}, t("board-kube-services")),
      services,
    );
    this.middle.append(this.serviceColumn, nodes);
    this.element.append(this.deploymentRow, this.middle, this.log);
    this.links = new Links(this.middle);
    this.deployments = new Keyed<Deployment>(
      this.deploymentRow,
      key,
      makeDeployment,
      (element, deployment) => {
        updateDeployment(element, deployment);
        element.dataset["hue"] = this.hues.get(key(deployment));
      },
    );
    this.services = new Keyed<Service>(services, key, makeService, updateService);
    this.places = new Keyed(
      nodes,
      (place) => place.node?.name ?? "",
      (place) => this.makePlace(place),
      (element, place) => this.updatePlace(element, place),
    );
    this.events = new Keyed(
      this.log,
      (event) => `${event.object} ${event.reason} ${event.message}`,
      () => h("li", {}, h("b", {}), h("span", {})),
      (element, event) => {
        const [reason, rest] = element.children;
        if (reason) setText(reason, event.reason);
        const times = event.count > 1 ? ` ×${event.count}` : "";
        if (rest) setText(rest, ` ${event.object}${times} – ${event.message}`);
        element.classList.toggle("warning", event.warning);
        element.title = event.message;
      },
    );
  }

  draw(picture: KubernetesPicture): void {
    this.picture = picture;
    this.hues.update(picture.deployments.map(key));
    this.deployments.set(picture.deployments);
    this.services.set(picture.services);
    this.places.set(places(picture));
    this.events.set(picture.events.slice(0, MOST_EVENTS));
    this.deploymentRow.hidden = picture.deployments.length === 0;
    this.serviceColumn.hidden = picture.services.length === 0;
    this.log.hidden = picture.events.length === 0;
    this.relayout();
  }

  relayout(): void {
    const lines: Line[] = [];
    for (const service of this.picture?.services ?? []) {
      for (const [names, kind] of [
        [service.ready, "route"],
        [service.unready, "route off"],
      ] as const) {
        for (const name of names) {
          lines.push({
            key: `${key(service)} ${name}`,
            from: this.services.get(key(service)),
            to: this.chip(`${service.namespace}/${name}`),
            class: kind,
          });
        }
      }
    }
    this.links.set(lines);
  }

  private chip(pod: string): HTMLElement | undefined {
    for (const place of this.places.parent.children) {
      const chip = this.pods.get(place as HTMLElement)?.get(pod);
      if (chip) return chip;
    }
    return undefined;
  }

  private makePlace({ node }: Place): HTMLElement {
    const pods = h("div", { class: "board-pods" });
    const place = h(
      "div",
      { class: node === null ? "board-node homeless" : "board-node" },
      h(
        "div",
        { class: "board-card-head" },
        h("i", { class: "board-dot" }),
        h("b", {}, node?.name ?? t("board-kube-homeless")),
        h("span", { class: "board-note" }),
      ),
      pods,
    );
    this.pods.set(
      place,
      new Keyed<Pod>(pods, key, makePod, (element, pod) => {
        updatePod(element, pod);
        element.dataset["hue"] = this.hues.get(ownerKey(pod));
      }),
    );
    return place;
  }

  private updatePlace(element: HTMLElement, { node, pods }: Place): void {
    this.pods.get(element)?.set(pods);
    if (!node) return;
    const before = element.dataset["ready"];
    const ready = node.ready === null ? "unknown" : String(node.ready);
    element.dataset["ready"] = ready;
    if (before !== undefined && before !== ready) pulse(element);
    element.classList.toggle("cordoned", !node.schedulable);
    const note = element.querySelector(".board-note");
    if (note) setText(note, nodeText(node));
    element.title = [node.name, node.version, ...node.taints].join("\n");
  }
}

function nodeText(node: Node): string {
  const words = [];
  if (node.ready !== true) {
    words.push(t(node.ready === false ? "board-kube-not-ready" : "board-kube-unknown"));
  }
  if (!node.schedulable) words.push(t("board-kube-cordoned"));
  const taints = node.taints.filter((taint) => !taint.startsWith("node.kubernetes.io/"));
  return [...words, ...taints].join(" · ");
}

function makeDeployment(): HTMLElement {
  return h(
    "div",
    { class: "board-deployment" },
    h("div", { class: "board-card-head" }, h("b", {}), h("span", { class: "count" })),
    h("div", { class: "board-pips" }),
    h("div", { class: "board-note" }),
  );
}

/** Pips that can be counted at a glance. */
const MOST_PIPS = 12;

function updateDeployment(element: HTMLElement, deployment: Deployment): void {
  const { desired, ready, updated } = deployment;
  const [name, count] = element.querySelectorAll(".board-card-head > *");
  if (name) setText(name, fullName(deployment));
  if (count) setText(count, `${ready}/${desired}`);
  const note = element.querySelector(".board-note");
  const words = deployment.images.map(imageText);
  if (updated < desired) words.push(t("board-kube-rolling", { n: updated, total: desired }));
  if (deployment.paused) words.push(t("board-kube-paused"));
  if (note) setText(note, words.join(" · "));
  element.dataset["tone"] = ready >= desired ? "good" : "busy";
  const pips = element.querySelector(".board-pips");
  if (!pips) return;
  const shown = Math.min(Math.max(desired, ready), MOST_PIPS);
  while (pips.children.length > shown) pips.lastElementChild?.remove();
  while (pips.children.length < shown) pips.append(h("i", {}));
  [...pips.children].forEach((pip, at) => {
    pip.className = at >= desired ? "extra" : at < ready ? "ready" : "";
  });
}

function makeService(): HTMLElement {
  return h(
    "div",
    { class: "board-service" },
    h("b", {}),
    h("span", { class: "board-note" }),
    h("span", { class: "board-note ports" }),
  );
}

function updateService(element: HTMLElement, service: Service): void {
  const [name, kind, ports] = element.children;
  if (name) setText(name, fullName(service));
  if (kind)
    setText(kind, [service.kind, service.address ?? ""].filter((s) => s !== "").join(" · "));
  if (ports) setText(ports, service.ports.map(portText).join(", "));
  element.classList.toggle("nobody", service.ready.length === 0 && service.name !== "kubernetes");
  element.title = `${fullName(service)} – ${service.kind}`;
}

function portText(port: Service["ports"][number]): string {
  const node = port.node_port === null ? "" : `${port.node_port} → `;
  return `${node}${port.port} → ${port.target}`;
}

function makePod(): HTMLElement {
  return h(
    "div",
    { class: "board-pod" },
    h("i", { class: "board-dot" }),
    h("span", { class: "board-name" }),
    h("span", { class: "board-note" }),
  );
}

function updatePod(element: HTMLElement, pod: Pod): void {
  const before = element.dataset["health"];
  element.dataset["health"] = pod.health;
  if (before !== undefined && before !== pod.health) pulse(element);
  const [, name, note] = element.children;
  if (name) setText(name, shortName(pod));
  if (note) setText(note, podNote(pod));
  element.title = `${fullName(pod)} – ${pod.status}`;
}

function podNote(pod: Pod): string {
  const words = [];
  if (pod.health !== "ready") words.push(pod.status);
  if (pod.health === "unready" || (pod.containers > 1 && pod.health === "ready")) {
    words.push(`${pod.ready}/${pod.containers}`);
  }
  if (pod.restarts > 0) words.push(`↻${pod.restarts}`);
  return words.join(" ");
}

function table(picture: KubernetesPicture): Section[] {
  return [
    {
      caption: t("board-kube-deployments"),
      head: ["name", "kube-ready", "kube-updated", "image"].map((k) => t(`board-${k}`)),
      rows: picture.deployments.map((d) => [
        fullName(d),
        `${d.ready}/${d.desired}`,
        String(d.updated),
        d.images.join(", "),
      ]),
    },
    {
      caption: t("board-kube-pods"),
      head: ["name", "kube-ready", "state", "kube-restarts", "kube-node", "address"].map((k) =>
        t(`board-${k}`),
      ),
      rows: picture.pods.map((p) => [
        fullName(p),
        `${p.ready}/${p.containers}`,
        p.status,
        String(p.restarts),
        p.node ?? t("board-kube-homeless"),
        p.address ?? "",
      ]),
    },
    {
      caption: t("board-kube-services"),
      head: ["name", "type", "address", "ports", "kube-behind"].map((k) => t(`board-${k}`)),
      rows: picture.services.map((s) => [
        fullName(s),
        s.kind,
        s.address ?? "",
        s.ports.map(portText).join(", "),
        s.ready.join(", "),
      ]),
    },
    {
      caption: t("board-kube-nodes"),
      head: ["name", "state", "version"].map((k) => t(`board-${k}`)),
      rows: picture.nodes.map((n) => [
        n.name,
        n.ready === true && n.schedulable ? t("board-kube-is-ready") : nodeText(n),
        n.version,
      ]),
    },
    {
      caption: t("board-kube-events"),
      head: ["kube-object", "kube-reason", "kube-message"].map((k) => t(`board-${k}`)),
      rows: picture.events.map((e) => [
        e.object,
        e.count > 1 ? `${e.reason} ×${e.count}` : e.reason,
        e.message,
      ]),
    },
  ];
}

function news(before: KubernetesPicture, now: KubernetesPicture): string[] {
  const said: string[] = [];
  const nodes = new Map(before.nodes.map((node) => [node.name, node]));
  for (const node of now.nodes) {
    const was = nodes.get(node.name);
    if (was && was.ready !== node.ready) {
      const state =
        node.ready === true
          ? t("board-kube-is-ready")
          : t(node.ready === false ? "board-kube-not-ready" : "board-kube-unknown");
      said.push(t("board-kube-news-node", { name: node.name, state }));
    }
  }
  const deployments = new Map(before.deployments.map((d) => [key(d), d]));
  for (const d of now.deployments) {
    const was = deployments.get(key(d));
    deployments.delete(key(d));
    if (was?.ready === d.ready && was.desired === d.desired) continue;
    said.push(
      t("board-kube-news-deployment", { name: fullName(d), ready: d.ready, desired: d.desired }),
    );
  }
  for (const gone of deployments.values()) {
    said.push(t("board-kube-news-gone", { name: fullName(gone) }));
  }
  const pods = new Map(before.pods.map((pod) => [key(pod), pod]));
  for (const pod of now.pods) {
    if (pod.health === "failing" && pods.get(key(pod))?.status !== pod.status) {
      said.push(t("board-kube-news-pod", { name: fullName(pod), state: pod.status }));
    }
  }
  return said;
}

export const kubernetes: BoardKind<KubernetesPicture> = {
  drawing: () => new KubernetesDrawing(),
  table,
  news,
  summary: (picture) =>
    t("board-kube-summary", {
      nodes: picture.nodes.length + picture.more.nodes,
      ready: picture.pods.filter((pod) => pod.health === "ready").length,
      pods: picture.pods.length + picture.more.pods,
      deployments: picture.deployments.length + picture.more.deployments,
      services: picture.services.length + picture.more.services,
    }),
};
