import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { docker, lanes, stateText, tone } from "../src/lab/board/docker";
import { etcd, role } from "../src/lab/board/etcd";
import { Keyed } from "../src/lab/board/keyed";
import { size } from "../src/lab/board/kind";
import { kubernetes, places, shortName } from "../src/lab/board/kubernetes";
import { curve } from "../src/lab/board/links";
import type {
  Container,
  DockerPicture,
  EtcdPicture,
  KubernetesPicture,
  Member,
  Pod,
  Queue,
  RabbitPicture,
} from "../src/lab/board/model";
import { News } from "../src/lab/board/news";
import { rabbitmq } from "../src/lab/board/rabbitmq";
import { arranged, direct } from "../src/lab/board/rabbitmq-order";
import { MAX, MIN, START, keyRoom } from "../src/lab/board/room";
import { Table } from "../src/lab/board/table";
import { BoardView } from "../src/lab/board/view";
import { setStrings } from "../src/lib/strings";

beforeEach(() => {
  setStrings({
    "board-docker-exited": "ended with {code}",
    "board-docker-running": "running",
    "board-docker-healthy": "healthy",
    "board-docker-news-container": "{name}: {state}.",
    "board-docker-news-removed": "{name} removed.",
    "board-docker-news-network": "network {name}.",
    "board-rabbit-news-messages": "{name}: {ready}, {unacked}.",
    "board-rabbit-news-queue": "queue {name}.",
    "board-rabbit-unacked": "{n} not acknowledged",
    "board-kube-news-deployment": "{name}: {ready}/{desired}.",
    "board-kube-news-pod": "{name}: {state}.",
    "board-etcd-news-member": "{name}: {state}.",
    "board-etcd-leader": "leader",
    "board-news-more": "{n} more.",
  });
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

function container(name: string, more: Partial<Container> = {}): Container {
  return {
    id: `id-${name}`,
    name,
    image: "nginx",
    image_id: "i1",
    state: "running",
    exit_code: null,
    health: null,
    ports: [{ public: 8080, private: 80, protocol: "tcp" }],
    networks: [{ network: "bridge", address: "172.17.0.2" }],
    mounts: [],
    created: 1,
    ...more,
  };
}

function engine(...containers: Container[]): DockerPicture {
  const network = (name: string, builtin: boolean): DockerPicture["networks"][number] => ({
    name,
    driver: "bridge",
    internal: false,
    builtin,
    subnet: "172.17.0.0/16",
  });
  return {
    kind: "docker",
    containers,
    networks: [network("bridge", true), network("host", true), network("shop", false)],
    images: [{ id: "i1", tags: ["nginx:latest"], size: 20_500_000 }],
    volumes: [{ name: "data", anonymous: false }],
    more: { containers: 0, networks: 0, images: 0, volumes: 0 },
  };
}

test("a container stands in the learner's own network, and is named in the others", () => {
  const web = container("web", {
    networks: [
      { network: "bridge", address: null },
      { network: "shop", address: null },
    ],
  });
  const found = lanes(engine(web, container("db"))).map((lane) => [
    lane.network.name,
    lane.here.map((c) => c.name),
    lane.also.map((c) => c.name),
  ]);
  expect(found).toEqual([
    ["bridge", ["db"], ["web"]],
    ["shop", ["web"], []],
  ]);
});

test("a container without a network is drawn too", () => {
  const found = lanes(engine(container("alone", { networks: [] })));
  expect(found.at(-1)?.here.map((c) => c.name)).toEqual(["alone"]);
});

test("how a container ended gives its colour and words", () => {
  expect(tone(container("a", { state: "exited", exit_code: 0 }))).toBe("idle");
  const failed = container("a", { state: "exited", exit_code: 7 });
  expect(tone(failed)).toBe("bad");
  expect(stateText(failed)).toBe("ended with 7");
  const healthy = container("a", { health: "healthy" });
  expect(stateText(healthy)).toBe("running · healthy");
  expect(tone(container("a", { health: "unhealthy" }))).toBe("bad");
});

test("names are shown as text, whatever is in them", () => {
  const view = new BoardView({ kind: "docker", machines: ["desk"] }, "Docker");
  document.body.append(view.element);
  view.take({ board: 0, link: "live", picture: engine(container("<img src=x>")) });
  expect(view.element.querySelector("img")).toBeNull();
  expect(view.element.querySelector(".board-container b")?.textContent).toBe("<img src=x>");
  view.show("table");
  expect(view.element.querySelector(".board-tables img")).toBeNull();
  expect(view.element.querySelector(".board-table tbody th")?.textContent).toBe("<img src=x>");
});

test("a container keeps its element while it changes", () => {
  const drawing = docker.drawing();
  document.body.append(drawing.element);
  drawing.draw(engine(container("web")));
  const before = drawing.element.querySelector<HTMLElement>(".board-container");
  drawing.draw(engine(container("web", { state: "exited", exit_code: 1 })));
  const after = drawing.element.querySelector<HTMLElement>(".board-container");
  expect(after).toBe(before);
  expect(after?.dataset["tone"]).toBe("bad");
  drawing.draw(engine());
  expect(drawing.element.querySelector(".board-container:not(.leaving)")).toBeNull();
});

test("screen readers hear what happened to containers", () => {
  const before = engine(container("web"), container("old"));
  const now = engine(container("web", { state: "exited", exit_code: 0 }), container("new"));
  expect(docker.news(before, now)).toEqual(["web: ended with 0.", "new: running.", "old removed."]);
  expect(docker.news(now, now)).toEqual([]);
});

test("an old picture is told from a live one, and a picture of another kind is not shown", () => {
  const view = new BoardView({ kind: "docker", machines: ["desk"] }, "Docker");
  expect(view.element.dataset["link"]).toBe("waiting");
  view.take({ board: 0, link: "silent", picture: engine(container("web")) });
  expect(view.element.dataset["link"]).toBe("silent");
  expect(view.element.querySelectorAll(".board-container")).toHaveLength(1);
  const other = { ...broker(), kind: "rabbitmq" } as RabbitPicture;
  view.take({ board: 0, link: "live", picture: other });
  expect(view.element.querySelectorAll(".board-container")).toHaveLength(1);
});

function queue(name: string, more: Partial<Queue> = {}): Queue {
  return {
    name,
    kind: "classic",
    durable: true,
    exclusive: false,
    ready: 0,
    unacknowledged: 0,
    dead_letter_exchange: null,
    ttl: null,
    max_length: null,
    ...more,
  };
}

function broker(...queues: Queue[]): RabbitPicture {
  return {
    kind: "rabbitmq",
    exchanges: [
      { name: "", kind: "direct", durable: true },
      { name: "shop", kind: "topic", durable: true },
    ],
    queues,
    bindings: [{ source: "shop", destination: "orders", to_exchange: false, key: "order.*" }],
    consumers: [],
    more: { exchanges: 0, queues: 0, bindings: 0, consumers: 0 },
  };
}

test("the default exchange is drawn only where it is the way into a queue", () => {
  const bound = broker(queue("orders"));
  expect(direct(bound)).toEqual([]);
  expect(arranged(bound).exchanges.map((e) => e.name)).toEqual(["shop"]);
  const loose = broker(queue("orders"), queue("letters"));
  expect(direct(loose).map((q) => q.name)).toEqual(["letters"]);
  expect(arranged(loose).exchanges.map((e) => e.name)).toEqual(["shop", ""]);
});

test("queues of one exchange are together, and exchanges come in the order of their queues", () => {
  const picture = broker(queue("a"), queue("b"), queue("c"), queue("d"));
  const exchange = (name: string): RabbitPicture["exchanges"][number] => ({
    name,
    kind: "topic",
    durable: true,
  });
  const bind = (source: string, destination: string): RabbitPicture["bindings"][number] => ({
    source,
    destination,
    to_exchange: false,
    key: "",
  });
  picture.exchanges = [exchange(""), exchange("late"), exchange("early")];
  picture.bindings = [bind("late", "a"), bind("early", "d"), bind("late", "c"), bind("early", "c")];
  const { exchanges, queues } = arranged(picture);
  expect(queues.map((q) => q.name)).toEqual(["c", "d", "a", "b"]);
  expect(exchanges.map((e) => e.name)).toEqual(["early", "late", ""]);
});

test("each message is a dot, in somebody's hands or waiting, up to a bound", () => {
  const drawing = rabbitmq.drawing();
  document.body.append(drawing.element);
  const states = (): (string | undefined)[] =>
    [...drawing.element.querySelectorAll<HTMLElement>(".board-message")].map(
      (dot) => dot.dataset["state"],
    );
  drawing.draw(broker(queue("orders", { ready: 2, unacknowledged: 1 })));
  expect(states()).toEqual(["ready", "ready", "taken"]);
  drawing.draw(broker(queue("orders", { ready: 1 })));
  expect(states()).toEqual(["ready"]);
  drawing.draw(broker(queue("orders", { ready: 5000 })));
  expect(states().length).toBeLessThanOrEqual(18);
  expect(drawing.element.querySelector(".board-tube span")?.textContent).toBe("+4986");
});

test("numbers that changed are told, numbers that did not are not", () => {
  const before = broker(queue("orders", { ready: 1 }));
  expect(rabbitmq.news(before, broker(queue("orders", { ready: 1 })))).toEqual([]);
  expect(rabbitmq.news(before, broker(queue("orders", { ready: 3 })))).toEqual(["orders: 3, 0."]);
});

function pod(name: string, more: Partial<Pod> = {}): Pod {
  return {
    namespace: "default",
    name,
    node: "n1",
    health: "ready",
    status: "Running",
    ready: 1,
    containers: 1,
    restarts: 0,
    address: null,
    owner: { kind: "Deployment", name: "web" },
    version: "5d4f7",
    ...more,
  };
}

function cluster(...pods: Pod[]): KubernetesPicture {
  return {
    kind: "kubernetes",
    nodes: ["n1", "n2"].map((name) => ({
      name,
      ready: true,
      schedulable: true,
      taints: [],
      version: "v1.20.5",
    })),
    pods,
    deployments: [
      {
        namespace: "default",
        name: "web",
        desired: 3,
        ready: pods.filter((p) => p.health === "ready").length,
        updated: 3,
        available: 0,
        paused: false,
        images: ["nginx"],
      },
    ],
    services: [
      {
        namespace: "default",
        name: "web",
        kind: "ClusterIP",
        address: "10.96.0.9",
        ports: [{ port: 80, target: "80", node_port: null }],
        ready: ["web-5d4f7-a"],
        unready: [],
      },
    ],
    events: [],
    more: { nodes: 0, pods: 0, deployments: 0, services: 0 },
  };
}

test("pods are on their nodes; those without one wait apart", () => {
  const picture = cluster(
    pod("web-5d4f7-a"),
    pod("web-5d4f7-b", { node: null }),
    pod("web-5d4f7-c", { node: "gone" }),
  );
  const found = places(picture).map((p) => [p.node?.name ?? null, p.pods.map((one) => one.name)]);
  expect(found).toEqual([
    ["n1", ["web-5d4f7-a"]],
    ["n2", []],
    [null, ["web-5d4f7-b", "web-5d4f7-c"]],
  ]);
});

test("of a pod's name the part is shown that is its own", () => {
  expect(shortName(pod("web-5d4f7-x2x9z"))).toBe("web-…x2x9z");
  expect(
    shortName(pod("db-0", { owner: { kind: "StatefulSet", name: "db" }, version: null })),
  ).toBe("db-…0");
  expect(shortName(pod("alone", { owner: null, version: null }))).toBe("alone");
});

test("a pod has the colour of its deployment, and of how it is", () => {
  const drawing = kubernetes.drawing();
  document.body.append(drawing.element);
  drawing.draw(cluster(pod("web-5d4f7-a"), pod("web-5d4f7-b", { health: "failing" })));
  const deployment = drawing.element.querySelector<HTMLElement>(".board-deployment");
  const pods = [...drawing.element.querySelectorAll<HTMLElement>(".board-pod")];
  expect(pods.map((p) => p.dataset["hue"])).toEqual([
    deployment?.dataset["hue"],
    deployment?.dataset["hue"],
  ]);
  expect(pods.map((p) => p.dataset["health"])).toEqual(["ready", "failing"]);
  expect(deployment?.querySelectorAll(".board-pips .ready")).toHaveLength(1);
  expect(deployment?.querySelectorAll(".board-pips i")).toHaveLength(3);
});

test("a pod that fails is told by name, pods that come and go by their deployment", () => {
  const before = cluster(pod("web-5d4f7-a"));
  const now = cluster(
    pod("web-5d4f7-a"),
    pod("web-5d4f7-b"),
    pod("web-5d4f7-c", { health: "failing", status: "CrashLoopBackOff" }),
  );
  expect(kubernetes.news(before, now)).toEqual(["web: 2/3.", "web-5d4f7-c: CrashLoopBackOff."]);
});

function member(machine: string, leader: string | null): Member {
  return {
    machine,
    name: machine,
    status: {
      id: machine,
      leads: leader === machine,
      leader,
      learner: false,
      term: 2,
      revision: 5,
      applied: 9,
      size: 20_480,
      version: "3.5.16",
      errors: [],
    },
  };
}

test("a member leads, follows, sees no leader or does not answer", () => {
  expect(role(member("etcd1", "etcd1"))).toBe("leader");
  expect(role(member("etcd1", "etcd2"))).toBe("follower");
  expect(role(member("etcd1", null))).toBe("alone");
  expect(role({ machine: "etcd1", name: null, status: null })).toBe("silent");
});

test("a new leader gets the crown, the place at the top, and a sentence", () => {
  const picture = (leader: string): EtcdPicture => ({
    kind: "etcd",
    members: ["etcd1", "etcd2", "etcd3"].map((machine) => member(machine, leader)),
    size: 3,
    quorum: true,
    alarms: [],
  });
  const drawing = etcd.drawing();
  document.body.append(drawing.element);
  drawing.draw(picture("etcd1"));
  drawing.draw(picture("etcd3"));
  const top = [...drawing.element.querySelectorAll(".board-member.top b")];
  expect(top.map((b) => b.textContent)).toEqual(["etcd3"]);
  expect(etcd.news(picture("etcd1"), picture("etcd3"))).toContain("etcd3: leader.");
});

test("announcements are seldom and short", () => {
  vi.useFakeTimers();
  const said: string[] = [];
  const news = new News((text) => said.push(text));
  news.add(["One."]);
  news.add(["Two.", "Three.", "Four.", "Five."]);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(4000);
  expect(said).toEqual(["One. Two. Three. 2 more."]);
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(1);
  news.add(["Six."]);
  news.clear();
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(1);
});

test("a list keeps its elements and their order", () => {
  const parent = document.createElement("div");
  const list = new Keyed<string>(
    parent,
    (item) => item,
    () => document.createElement("p"),
    (element, item) => (element.textContent = item),
  );
  list.set(["a", "b", "c"]);
  const b = list.get("b");
  list.set(["c", "b", "d"]);
  const shown = [...parent.children].filter((child) => !child.classList.contains("leaving"));
  expect(shown.map((child) => child.textContent)).toEqual(["c", "b", "d"]);
  expect(list.get("b")).toBe(b);
});

test("the table touches only what changed", () => {
  const table = new Table();
  const section = (rows: string[][]): Parameters<Table["set"]>[0][number] => ({
    caption: "Queues",
    head: ["Name"],
    rows,
  });
  table.set([section([["orders"]])]);
  const first = table.element.firstElementChild;
  table.set([section([["orders"]])]);
  expect(table.element.firstElementChild).toBe(first);
  table.set([section([["letters"]])]);
  expect(table.element.textContent).toContain("letters");
  expect(table.element.children).toHaveLength(1);
});

test("lines leave and arrive at the sides that are asked for", () => {
  const box = (left: number, top: number): Parameters<typeof curve>[0] => ({
    left,
    top,
    width: 10,
    height: 10,
  });
  expect(curve(box(0, 0), box(100, 50), "right-left").d).toMatch(/^M10 5C.* 100 55$/);
  expect(curve(box(100, 0), box(0, 0), "left-right").d).toMatch(/^M100 5C.* 10 5$/);
  expect(curve(box(0, 0), box(50, 100), "bottom-top").d).toMatch(/^M5 10C.* 55 100$/);
});

test("the keyboard moves the divider within its bounds", () => {
  expect(keyRoom("ArrowDown", 40)).toBe(42);
  expect(keyRoom("PageUp", MIN + 1)).toBe(MIN);
  expect(keyRoom("End", 40)).toBe(MAX);
  expect(keyRoom("Enter", 70)).toBe(START);
  expect(keyRoom("a", 40)).toBeNull();
});

test("sizes are read as people read them", () => {
  expect([0, 999, 1500, 20_500_000, 187_000_000, 1_240_000_000].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "20.5 MB",
    "187 MB",
    "1.24 GB",
  ]);
});
