/** What boards show, in the server's own names. See src/boards and src/services/boards. */

/** `waiting`: no sandbox yet; `silent`: nobody answers, and the picture is how it was. */
export type Link = "waiting" | "live" | "silent";

export interface BoardState {
  board: number;
  link: Link;
  picture: Picture | null;
}

export type Picture = DockerPicture | RabbitPicture | KubernetesPicture | EtcdPicture;
export type Kind = Picture["kind"];

/** A board of the lab, as the page knows it before anything is seen. */
export interface BoardPlace {
  kind: Kind;
  machines: string[];
}

export interface DockerPicture {
  kind: "docker";
  containers: Container[];
  networks: Network[];
  images: Image[];
  volumes: Volume[];
  more: { containers: number; networks: number; images: number; volumes: number };
}

export type ContainerState =
  "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead" | "unknown";

export interface Container {
  id: string;
  name: string;
  image: string;
  image_id: string;
  state: ContainerState;
  exit_code: number | null;
  health: "starting" | "healthy" | "unhealthy" | null;
  ports: { public: number | null; private: number; protocol: string }[];
  networks: { network: string; address: string | null }[];
  mounts: { source: string; volume: boolean; target: string; read_only: boolean }[];
  created: number;
}

export interface Network {
  name: string;
  driver: string;
  internal: boolean;
  builtin: boolean;
  subnet: string | null;
}

export interface Image {
  id: string;
  tags: string[];
  size: number;
}

export interface Volume {
  name: string;
  anonymous: boolean;
}

export interface RabbitPicture {
  kind: "rabbitmq";
  exchanges: Exchange[];
  queues: Queue[];
  bindings: Binding[];
  consumers: Consumer[];
  more: { exchanges: number; queues: number; bindings: number; consumers: number };
}

export interface Exchange {
  name: string;
  kind: string;
  durable: boolean;
}

export interface Queue {
  name: string;
  kind: string;
  durable: boolean;
  exclusive: boolean;
  ready: number | null;
  unacknowledged: number | null;
  dead_letter_exchange: string | null;
  ttl: number | null;
  max_length: number | null;
}

export interface Binding {
  source: string;
  destination: string;
  to_exchange: boolean;
  key: string;
}

export interface Consumer {
  queue: string;
  tag: string;
  channel: string;
  prefetch: number;
  acknowledges: boolean;
}

export interface KubernetesPicture {
  kind: "kubernetes";
  nodes: Node[];
  pods: Pod[];
  deployments: Deployment[];
  services: Service[];
  events: Happening[];
  more: { nodes: number; pods: number; deployments: number; services: number };
}

export interface Node {
  name: string;
  ready: boolean | null;
  schedulable: boolean;
  taints: string[];
  version: string;
}

export interface Pod {
  namespace: string;
  name: string;
  node: string | null;
  health: "ready" | "unready" | "waiting" | "failing" | "ending" | "done";
  status: string;
  ready: number;
  containers: number;
  restarts: number;
  address: string | null;
  owner: { kind: string; name: string } | null;
  version: string | null;
}

export interface Deployment {
  namespace: string;
  name: string;
  desired: number;
  ready: number;
  updated: number;
  available: number;
  paused: boolean;
  images: string[];
}

export interface Service {
  namespace: string;
  name: string;
  kind: string;
  address: string | null;
  ports: { port: number; target: string; node_port: number | null }[];
  ready: string[];
  unready: string[];
}

export interface Happening {
  object: string;
  reason: string;
  message: string;
  warning: boolean;
  count: number;
  at: string;
}

export interface EtcdPicture {
  kind: "etcd";
  members: Member[];
  size: number;
  quorum: boolean;
  alarms: string[];
}

export interface Member {
  machine: string;
  name: string | null;
  status: MemberStatus | null;
}

export interface MemberStatus {
  id: string;
  leads: boolean;
  leader: string | null;
  learner: boolean;
  term: number;
  revision: number;
  applied: number;
  size: number;
  version: string;
  errors: string[];
}
