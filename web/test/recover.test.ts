import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api, ApiError } from "../src/lib/api";
import { chunk } from "../src/lib/chunk";

const reload = vi.fn();

beforeEach(() => {
  sessionStorage.clear();
  reload.mockClear();
  vi.spyOn(location, "reload").mockImplementation(reload);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Opens the page anew, as far as the script is concerned. */
function open(): void {
  const script = readFileSync("../static/recover.js", "utf8");
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function(script)();
}

test("a page that misses a part of itself is loaded anew, but not for ever", async () => {
  const lost = (): Promise<never> => Promise.reject(new TypeError("Failed to fetch"));
  open();
  await expect(chunk(() => Promise.resolve(1))).resolves.toBe(1);
  expect(reload).not.toHaveBeenCalled();
  await expect(chunk(lost)).rejects.toThrow();
  await expect(chunk(lost)).rejects.toThrow();
  expect(reload, "once a page").toHaveBeenCalledTimes(1);
  for (let n = 0; n < 10; n += 1) {
    open();
    await expect(chunk(lost)).rejects.toThrow();
  }
  // Each page opened here also leaves a listener behind, none of which may exceed the count.
  expect(reload).toHaveBeenCalledTimes(3);
});

test("what only reads is asked again when the connection breaks, what writes is not", async () => {
  const answer = { ok: true, text: () => Promise.resolve("[1]") };
  const fetched = vi.fn().mockRejectedValueOnce(new TypeError("lost")).mockResolvedValue(answer);
  vi.stubGlobal("fetch", fetched);
  const api = new Api("/api", "token");
  await expect(api.get("x")).resolves.toEqual([1]);
  expect(fetched).toHaveBeenCalledTimes(2);

  fetched.mockClear().mockRejectedValueOnce(new TypeError("lost"));
  await expect(api.post("x")).rejects.toThrow("lost");
  expect(fetched).toHaveBeenCalledTimes(1);

  const refusal = { error: { code: "no", message: "No.", remedy: "" } };
  fetched.mockClear().mockResolvedValue({
    ok: false,
    status: 404,
    text: () => Promise.resolve(JSON.stringify(refusal)),
  });
  await expect(api.get("x")).rejects.toThrow(ApiError);
  expect(fetched).toHaveBeenCalledTimes(1);
});
