import { beforeEach, expect, test, vi } from "vitest";
import { lineState } from "../src/lab/checks";
import { parseTarget, typed } from "../src/lab/code-blocks";
import { Warnings, clockFace, phase } from "../src/lab/countdown";
import { Backoff } from "../src/lib/backoff";
import { askText } from "../src/lib/dialog";
import { withMarks } from "../src/lib/dom";
import { Events, type EventStream } from "../src/lib/events";
import { MAX, MIN, START, clamp, keyShare, movable, savedShare } from "../src/lib/split";
import { setStrings, t } from "../src/lib/strings";
import { targetTab } from "../src/lib/tabs";
import { isAnswer } from "../src/terminal/answers";
import { isSoftware } from "../src/terminal/gpu";
import { cleanTitle } from "../src/terminal/title";

beforeEach(() => {
  localStorage.clear();
});

test("the clock says 0:00 only when time is up", () => {
  expect(clockFace(1)).toBe("0:01");
  expect(clockFace(0)).toBe("0:00");
  expect(clockFace(-5000)).toBe("0:00");
  expect(clockFace(754_000)).toBe("12:34");
  expect(clockFace(3_909_000)).toBe("1:05:09");
});

test("code in a message is shown as code, and markup as text", () => {
  const shown = document.createElement("p");
  shown.append(...withMarks("`<b>` asked for `/?name=…`, not `/"));
  expect([...shown.querySelectorAll("code")].map((code) => code.textContent)).toEqual([
    "<b>",
    "/?name=…",
  ]);
  expect(shown.textContent).toBe("<b> asked for /?name=…, not `/");
  expect(shown.querySelector("b")).toBeNull();
});

test("words between asterisks in a message are stressed, and patterns are left alone", () => {
  const shown = document.createElement("p");
  shown.append(...withMarks("锁要在*读之前*拿; `*.cn` *before* *.*.cn or 2*3*4, order.* and *"));
  expect([...shown.querySelectorAll("em")].map((em) => em.textContent)).toEqual([
    "读之前",
    "before",
  ]);
  expect(shown.textContent).toBe("锁要在读之前拿; *.cn before *.*.cn or 2*3*4, order.* and *");
});

test("time turns soon at five minutes and urgent at one", () => {
  expect(phase(300_001)).toBe("calm");
  expect(phase(300_000)).toBe("soon");
  expect(phase(60_000)).toBe("urgent");
  expect(phase(0)).toBe("over");
});

test("each warning comes once, and again after an extension", () => {
  const warnings = new Warnings();
  expect(warnings.due(400_000, 1)).toBeNull();
  expect(warnings.due(299_000, 1)).toBe(5);
  expect(warnings.due(298_000, 1)).toBeNull();
  expect(warnings.due(59_000, 1)).toBe(1);
  expect(warnings.due(58_000, 1)).toBeNull();
  expect(warnings.due(299_000, 2)).toBe(5);
});

test("a page opened in the last minute warns of that minute alone", () => {
  const warnings = new Warnings();
  expect(warnings.due(30_000, 1)).toBe(1);
  expect(warnings.due(29_000, 1)).toBeNull();
});

test("what was earned stays earned, and a live look earns nothing", () => {
  expect(lineState("passed", "failed", "failed")).toBe("earned");
  expect(lineState(null, "passed", null)).toBe("looks-right");
  expect(lineState(null, "failed", null)).toBe("open");
  expect(lineState("failed", null, "failed")).toBe("failed");
  expect(lineState(null, null, "unstable")).toBe("warn");
});

test("a code block runs only in a terminal that can exist", () => {
  expect(parseTarget("desk:1")).toEqual({ machine: "desk", terminal: 1 });
  expect(parseTarget("")).toBe("current");
  for (const bad of [undefined, "desk", "desk:0", "desk:5", "Desk:1", "a b:1", "../x:1"]) {
    expect(parseTarget(bad)).toBeNull();
  }
  expect(typed("a\nb\r\nc")).toBe("a\rb\rc\r");
});

test("the divider leaves both sides usable and is remembered", () => {
  expect(clamp(2)).toBe(MIN);
  expect(clamp(99)).toBe(MAX);
  expect(keyShare("ArrowLeft", MIN)).toBe(MIN);
  expect(keyShare("End", 40)).toBe(MAX);
  expect(keyShare("x", 40)).toBeNull();
  expect(savedShare()).toBe(START);
  const [container, divider] = [document.createElement("div"), document.createElement("div")];
  movable(container, divider);
  divider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  expect(savedShare()).toBe(START + 2);
  expect(divider.getAttribute("aria-valuenow")).toBe(String(START + 2));
  localStorage.setItem("slipway:split", "nonsense");
  expect(savedShare()).toBe(START);
});

test("waits grow, stay within bounds and differ", () => {
  const low = new Backoff(100, 1000, () => 0);
  const high = new Backoff(100, 1000, () => 1);
  expect([1, 2, 3, 4, 5].map(() => low.next())).toEqual([50, 100, 200, 400, 500]);
  expect([1, 2, 3, 4, 5].map(() => high.next())).toEqual([100, 200, 400, 800, 1000]);
  high.reset();
  expect(high.next()).toBe(100);
});

test("events start over when the browser has given up", () => {
  vi.useFakeTimers();
  const opened: (EventStream & { fire(type: string, data?: string): void; readyState: number })[] =
    [];
  const seen: unknown[] = [];
  const states: boolean[] = [];
  new Events(
    "/events",
    { ticks: (data) => seen.push(data) },
    (c) => states.push(c),
    () => {
      const listeners = new Map<string, (event: MessageEvent<string>) => void>();
      const stream = {
        readyState: 1,
        addEventListener: (type: string, f: (event: MessageEvent<string>) => void) =>
          void listeners.set(type, f),
        close: () => undefined,
        fire: (type: string, data = "") => listeners.get(type)?.(new MessageEvent(type, { data })),
      };
      opened.push(stream);
      return stream;
    },
  );
  opened[0]?.fire("open");
  opened[0]?.fire("ticks", '{"a":1}');
  opened[0]?.fire("ticks", '{"a":');
  expect(seen).toEqual([{ a: 1 }]);
  opened[0]?.fire("error");
  expect(opened.length).toBe(1);
  if (opened[0]) opened[0].readyState = 2;
  opened[0]?.fire("error");
  vi.advanceTimersByTime(600);
  expect(opened.length).toBe(2);
  opened[1]?.fire("open");
  expect(states).toEqual([true, false, false, true]);
});

test("arrow keys go round the tabs", () => {
  expect(targetTab("ArrowRight", 2, 3)).toBe(0);
  expect(targetTab("ArrowLeft", 0, 3)).toBe(2);
  expect(targetTab("End", 0, 3)).toBe(2);
  expect(targetTab("a", 0, 3)).toBeNull();
});

test("texts are filled in, and an unknown name stays visible", () => {
  setStrings({ hello: "{a} and {b}" });
  expect(t("hello", { a: 1 })).toBe("1 and {b}");
  expect(t("missing")).toBe("missing");
});

test("WebGL that the processor draws is told from a graphics card", () => {
  for (const name of [
    "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)",
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0, D3D11)",
    "Apple Software Renderer",
  ]) {
    expect(isSoftware(name)).toBe(true);
  }
  for (const name of [
    "ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)",
    "Apple M2",
    "ANGLE (NVIDIA, NVIDIA GeForce GTX 1050 Direct3D11 vs_5_0 ps_5_0, D3D11)",
  ]) {
    expect(isSoftware(name)).toBe(false);
  }
});

test("a program's title loses its tricks", () => {
  expect(cleanTitle("vim\u202e gnp.exe\u0007\n")).toBe("vim gnp.exe");
  expect(Array.from(cleanTitle("队".repeat(500))).length).toBe(60);
});

test("the terminal's own answers are told from keys", () => {
  for (const answer of [
    "\x1b[?1;2c",
    "\x1b[0n",
    "\x1b[3;7R",
    "\x1b]10;rgb:0\x07",
    "\x1bP1$r\x1b\\",
  ]) {
    expect(isAnswer(answer)).toBe(true);
  }
  for (const key of ["a", "\r", "\x03", "\x1b", "\x1b[A", "\x1b[200~text", "\x1bOP", "\x1bb"]) {
    expect(isAnswer(key)).toBe(false);
  }
});

test("a question stays, with what was typed, until something could be done with the answer", async () => {
  const tried: string[] = [];
  const done = askText("New file", "Name", "", (typed) => {
    tried.push(typed);
    return Promise.resolve(typed === "shop/x" ? "shop is a file" : null);
  });
  const input = document.querySelector<HTMLInputElement>("dialog input");
  const form = document.querySelector<HTMLFormElement>("dialog form");
  if (!input || !form) throw new Error("no dialog");
  input.value = "shop/x";
  form.requestSubmit();
  await vi.waitFor(() =>
    expect(document.querySelector(".dialog-problem")?.textContent).toBe("shop is a file"),
  );
  expect(input.value).toBe("shop/x");
  input.value = "x";
  form.requestSubmit();
  await done;
  expect(tried).toEqual(["shop/x", "x"]);
  expect(document.querySelector("dialog")).toBeNull();
});
