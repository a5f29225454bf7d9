/** A server under test: its own data, its own port, and no mercy. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { instanceWithin, removeAllOf } from "./engine";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** How long a server may take to answer, and to end, in milliseconds. */
const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 20_000;
/** How often to ask whether it answers. */
const ASK_EVERY_MS = 50;
/** How much of its output is kept for the report of a failure. */
const KEPT_OUTPUT = 64 * 1024;

export class Server {
  private process: ChildProcess | null = null;
  private exited: Promise<void> = Promise.resolve();
  private output = "";
  private known: string | null = null;

  private constructor(
    readonly url: string,
    private readonly port: number,
    private readonly dataDir: string,
    private readonly range: string,
  ) {}

  /** A server that has never run. `slot` tells servers apart that run at the same time. */
  static async create(slot: number): Promise<Server> {
    const port = await freePort();
    const dataDir = await mkdtemp(join(tmpdir(), "slipway-e2e-"));
    return new Server(`http://localhost:${port}`, port, dataDir, `10.${230 + (slot % 16)}`);
  }

  /** Starts it, again if need be, and waits until it answers. */
  async start(): Promise<void> {
    const child = spawn(binary(), ["serve"], {
      cwd: this.dataDir,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        SLIPWAY_LISTEN: `127.0.0.1:${this.port}`,
        SLIPWAY_PUBLIC_URL: this.url,
        SLIPWAY_DATA_DIR: this.dataDir,
        SLIPWAY_LABS_DIR: join(ROOT, "labs"),
        SLIPWAY_STATIC_DIR: join(ROOT, "static"),
        SLIPWAY_SANDBOX_SUBNETS: `${this.range}.0.0/16`,
      },
    });
    this.process = child;
    const take = (bytes: Buffer): void => {
      this.output = (this.output + bytes.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    this.exited = new Promise((done) => {
      child.once("exit", () => done());
      child.once("error", (error) => {
        this.output += String(error);
        done();
      });
    });
    const until = Date.now() + START_TIMEOUT_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
        await this.kill();
        throw new Error(`The server does not answer. It said:\n${this.output}`);
      }
      await pause(ASK_EVERY_MS);
    }
  }

  /** What it printed last. */
  get log(): string {
    return this.output;
  }

  /** The link for the first administrator, as printed. */
  get setupLink(): string {
    const link = /https?:\/\/\S+\/setup\?token=\S+/.exec(this.output);
    if (!link) throw new Error(`There is no link for the first administrator in:\n${this.output}`);
    return link[0];
  }

  /** Ends it without any warning. */
  async kill(): Promise<void> {
    this.process?.kill("SIGKILL");
    await this.exited;
    this.process = null;
  }

  /** Resident memory, in bytes. */
  async residentMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.process?.pid ?? 0}/status`, "utf8");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kib === undefined) throw new Error("The server has no memory to speak of.");
    return Number(kib) * 1024;
  }

  /** The name under which the engine knows what belongs to this server; null before it had a
   *  sandbox. */
  async instance(): Promise<string | null> {
    this.known ??= await instanceWithin(this.range);
    return this.known;
  }

  /** Ends it, and everything it made. */
  async dispose(): Promise<void> {
    const instance = await this.instance();
    this.process?.kill("SIGTERM");
    const late = pause(END_TIMEOUT_MS, "late", { ref: false });
    if ((await Promise.race([this.exited, late])) === "late") await this.kill();
    if (instance !== null) await removeAllOf(instance);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok;
    } catch {
      return false;
    }
  }
}

/** The program: as named in E2E_BINARY, or the debug build. */
function binary(): string {
  const target = process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target");
  const path = process.env["E2E_BINARY"] ?? resolve(ROOT, target, "debug/slipway");
  if (!existsSync(path)) {
    throw new Error(`There is no ${path}. Build it first, or name it in E2E_BINARY.`);
  }
  return path;
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
