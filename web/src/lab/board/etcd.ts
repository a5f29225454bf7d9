/** An etcd cluster: its members in a ring, the leader with a crown. */
import { h, icon } from "../../lib/dom";
import { t } from "../../lib/strings";
import { Keyed, setText } from "./keyed";
import type { BoardKind, Drawing, Section } from "./kind";
import { size } from "./kind";
import { Links } from "./links";
import type { EtcdPicture, Member } from "./model";
import { pulse } from "./motion";

/** What a member is at the moment. */
export function role(member: Member): "leader" | "follower" | "learner" | "alone" | "silent" {
  const { status } = member;
  if (!status) return "silent";
  if (status.leads) return "leader";
  if (status.leader === null) return "alone";
  return status.learner ? "learner" : "follower";
}

/** The highest revision that any member knows. */
function newest(picture: EtcdPicture): number {
  return Math.max(0, ...picture.members.map((member) => member.status?.revision ?? 0));
}

class EtcdDrawing implements Drawing<EtcdPicture> {
  readonly element = h("div", { class: "board-etcd" });
  private readonly ring = h("div", { class: "board-ring" });
  private readonly links: Links;
  private readonly members: Keyed<Member>;
  private readonly quorum = h("p", { class: "board-quorum" });
  private readonly facts = h("p", { class: "board-note" });
  private readonly alarms = h("p", { class: "board-alarm", hidden: true });
  private picture: EtcdPicture | null = null;

  constructor() {
    this.element.append(
      this.ring,
      h("div", { class: "board-etcd-side" }, this.quorum, this.alarms, this.facts),
    );
    this.links = new Links(this.ring);
    this.members = new Keyed(
      this.ring,
      (member) => member.machine,
      makeMember,
      (element, member) => updateMember(element, member, this.picture),
    );
  }

  draw(picture: EtcdPicture): void {
    const before = this.picture;
    this.picture = picture;
    this.ring.dataset["size"] = String(picture.members.length);
    this.members.set(picture.members);
    const quorum = t(picture.quorum ? "board-etcd-quorum" : "board-etcd-no-quorum");
    setText(this.quorum, quorum);
    this.quorum.classList.toggle("lost", !picture.quorum);
    const answering = picture.members.filter((member) => member.status).length;
    const revision = newest(picture);
    setText(
      this.facts,
      t("board-etcd-facts", { answering, size: picture.size || picture.members.length, revision }),
    );
    this.alarms.hidden = picture.alarms.length === 0;
    setText(this.alarms, t("board-etcd-alarms", { names: picture.alarms.join(", ") }));
    this.relayout();
    if (before && newest(before) < revision) this.replicate();
  }

  relayout(): void {
    const members = this.picture?.members ?? [];
    const leader = members.find((member) => member.status?.leads);
    this.links.set(
      members
        .filter((member) => leader && member !== leader)
        .map((member) => ({
          key: member.machine,
          from: leader && this.members.get(leader.machine),
          to: this.members.get(member.machine),
          class: member.status?.leader === leader?.machine ? "follows" : "follows off",
          sides: "bottom-top" as const,
        })),
    );
  }

  /** A change goes from the leader to those that follow. */
  private replicate(): void {
    for (const member of this.picture?.members ?? []) {
      if (member.status && !member.status.leads) this.links.fly(member.machine, "ready");
    }
  }
}

function makeMember(): HTMLElement {
  return h(
    "div",
    { class: "board-member" },
    h("span", { class: "board-crown" }, icon("crown")),
    h("b", {}),
    h("span", { class: "board-role" }),
    h("span", { class: "board-note" }),
  );
}

function updateMember(element: HTMLElement, member: Member, picture: EtcdPicture | null): void {
  const now = role(member);
  const before = element.dataset["role"];
  element.dataset["role"] = now;
  if (before !== undefined && before !== now) pulse(element);
  // The leader stands above those that follow it.
  const leader = picture?.members.find((m) => m.status?.leads);
  element.classList.toggle("top", (leader ?? picture?.members[0]) === member);
  const [, name, what, note] = element.children;
  if (name) setText(name, member.machine);
  if (what) setText(what, t(`board-etcd-${now}`));
  if (note) setText(note, memberText(member, picture));
}

function memberText({ status }: Member, picture: EtcdPicture | null): string {
  if (!status) return "";
  const behind = picture ? newest(picture) - status.revision : 0;
  const words = [
    t("board-etcd-term", { n: status.term }),
    t("board-etcd-revision", { n: status.revision }),
    size(status.size),
  ];
  if (behind > 0) words.push(t("board-etcd-behind", { n: behind }));
  // A line may end between two facts, not within one.
  return words.map((word) => word.replaceAll(" ", "\u00a0")).join(" · ");
}

function table(picture: EtcdPicture): Section[] {
  return [
    {
      caption: t("board-etcd-members"),
      head: [
        "name",
        "state",
        "etcd-leader-is",
        "etcd-terms",
        "etcd-revisions",
        "size",
        "etcd-errors",
      ].map((k) => t(`board-${k}`)),
      rows: picture.members.map((member) => [
        member.machine,
        t(`board-etcd-${role(member)}`),
        member.status?.leader ?? "",
        member.status ? String(member.status.term) : "",
        member.status ? String(member.status.revision) : "",
        member.status ? size(member.status.size) : "",
        member.status?.errors.join("; ") ?? "",
      ]),
    },
  ];
}

function news(before: EtcdPicture, now: EtcdPicture): string[] {
  const said: string[] = [];
  if (before.quorum !== now.quorum) {
    said.push(t(now.quorum ? "board-etcd-quorum" : "board-etcd-no-quorum"));
  }
  const old = new Map(before.members.map((member) => [member.machine, member]));
  for (const member of now.members) {
    const was = old.get(member.machine);
    if (was && role(was) !== role(member)) {
      const state = t(`board-etcd-${role(member)}`);
      said.push(t("board-etcd-news-member", { name: member.machine, state }));
    }
  }
  return said;
}

export const etcd: BoardKind<EtcdPicture> = {
  drawing: () => new EtcdDrawing(),
  table,
  news,
  summary: (picture) =>
    t("board-etcd-summary", {
      answering: picture.members.filter((member) => member.status).length,
      members: picture.members.length,
      leader: picture.members.find((member) => member.status?.leads)?.machine ?? "–",
    }),
};
