// Serves the sample pages with a mock sandbox behind them, to work on the front end without a
// server or an engine. Needs the pages written by the Rust tests; see README.md beside this file.
//   node dev/server.mjs <folder with pages> [port]
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";

const [pages, port = "8090"] = process.argv.slice(2);
const statics = new URL("../../static/", import.meta.url).pathname;
const types = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const csp =
  "default-src 'none'; script-src 'self'; style-src-elem 'self' 'nonce-bm9uY2U'; " +
  "style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'self'";

const files = new Map([
  [
    "work/main.go",
    'package main\n\nimport "fmt"\n\n// main greets.\nfunc main() {\n\tfmt.Println("hello, 世界")\n}\n',
  ],
  ["work/Dockerfile", 'FROM debian:trixie-slim\nCOPY app /app\nCMD ["/app"]\n'],
  ["work/deploy/app.yaml", "name: orders\nreplicas: 3\n"],
]);
let version = 1;
const streams = new Set();
const sandbox = {
  generation: 1,
  state: "ready",
  queue_position: null,
  images: [],
  message: null,
  get now() {
    return Date.now();
  },
  ready_at: Date.now(),
  expires_at: Date.now() + 28 * 60_000,
  extensions_left: 2,
  extension_minutes: 30,
  end_reason: null,
};

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    json(response, 500, { error: { code: "mock", message: String(error), remedy: "" } });
  });
});

async function handle(request, response) {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname.startsWith("/api/")) return api(request, response, url);
  const isStatic = url.pathname.startsWith("/static/");
  const path = isStatic
    ? join(statics, normalize(url.pathname.slice(8)))
    : join(pages, `${url.pathname.slice(1) || "index"}.html`);
  try {
    const body = await readFile(path);
    const type = isStatic ? (types[extname(path)] ?? "text/plain") : "text/html";
    response.writeHead(200, {
      "Content-Type": `${type}; charset=utf-8`,
      "Content-Security-Policy": csp,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end("not found");
  }
}

async function api(request, response, url) {
  const what = url.pathname.split("/").slice(4).join("/");
  let body = "";
  for await (const chunk of request) body += chunk;
  const sent = body ? JSON.parse(body) : {};
  const path = url.searchParams.get("path") ?? sent.path ?? "";
  if (what === "events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    streams.add(response);
    request.on("close", () => streams.delete(response));
    event("sandbox", sandbox);
    return;
  }
  if (what === "mock") {
    Object.assign(sandbox, sent);
    event("sandbox", sandbox);
    return json(response, 200, sandbox);
  }
  if (what === "mock-event") {
    event(sent.name, sent.data);
    return json(response, 200, {});
  }
  if (what === "submissions") return submit(response, sent);
  if (what === "hints") {
    return json(response, 200, { index: 1, html: "<p>Try <code>help</code>.</p>", left: 0 });
  }
  if (["extend", "reset", "finish", "restart"].includes(what)) {
    if (what === "extend") {
      sandbox.expires_at += 30 * 60_000;
      sandbox.extensions_left -= 1;
    }
    if (what === "finish") Object.assign(sandbox, { state: "ended", end_reason: "finished" });
    if (what === "reset" || what === "restart") {
      Object.assign(sandbox, {
        state: "ready",
        end_reason: null,
        generation: sandbox.generation + 1,
      });
    }
    event("sandbox", sandbox);
    return json(response, 200, sandbox);
  }
  if (what.endsWith("/folder") && request.method === "GET")
    return json(response, 200, folder(path));
  if (what.endsWith("/folder")) {
    files.set(`${path}/.keep`, "");
    return json(response, 200, {});
  }
  if (what.endsWith("/rename")) {
    files.set(sent.to, files.get(sent.from));
    files.delete(sent.from);
    return json(response, 200, {});
  }
  if (request.method === "DELETE") {
    files.delete(path);
    return json(response, 200, {});
  }
  if (request.method === "PUT") {
    if (sent.version !== null && sent.version !== `v${version}`) {
      return json(response, 409, { error: { code: "conflict", message: "changed", remedy: "" } });
    }
    files.set(path, sent.text);
    version += 1;
    return json(response, 200, { version: `v${version}` });
  }
  const text = files.get(path);
  if (text === undefined) {
    return json(response, 404, {
      error: { code: "missing", message: `No ${path}`, remedy: "Refresh the list." },
    });
  }
  return json(response, 200, {
    path,
    text,
    binary: false,
    truncated: false,
    version: `v${version}`,
  });
}

function submit(response, { step, key }) {
  const submission = {
    id: key,
    step,
    state: "queued",
    score: { earned: 0, possible: 15 },
    results: [],
    lab_score: { earned: 5, possible: 45 },
  };
  json(response, 202, submission);
  setTimeout(() => event("submission", { ...submission, state: "grading" }), 300);
  setTimeout(
    () =>
      event("submission", {
        ...submission,
        state: "graded",
        score: { earned: 10, possible: 15 },
        lab_score: { earned: 10, possible: 45 },
        results: [
          { check: "queue-exists", outcome: "passed", points: 5, message: null },
          { check: "message-waits", outcome: "passed", points: 5, message: null },
          {
            check: "durable",
            outcome: "failed",
            points: 0,
            message: "The queue is gone after a restart: was it declared durable?",
          },
        ],
      }),
    900,
  );
}

function folder(path) {
  const entries = new Map();
  for (const [name, text] of files) {
    if (!name.startsWith(path ? `${path}/` : "")) continue;
    const [first, ...rest] = name.slice(path ? path.length + 1 : 0).split("/");
    entries.set(first, { name: first, kind: rest.length ? "folder" : "file", size: text.length });
  }
  return { path, entries: [...entries.values()] };
}

function event(name, data) {
  for (const stream of streams) stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

// Terminals: a shell under `script`, which gives it a PTY. The end of the output is kept and sent
// by offsets, no further ahead than the page acknowledges.
const terminals = new Map();
const WINDOW = 256 * 1024;
const KEPT = 1024 * 1024;
new WebSocketServer({ server }).on("connection", (socket, request) => {
  const url = new URL(request.url, "http://localhost");
  const terminal = terminals.get(url.pathname) ?? open(url.pathname);
  const from = url.searchParams.get("from");
  let sent = from === null ? terminal.start : Number(from);
  let acked = sent;
  const end = () => terminal.start + terminal.output.length;
  socket.send(message(4, sized(end())));
  const pump = () => {
    if (sent < terminal.start) {
      socket.send(message(2, sized(terminal.start)));
      sent = acked = terminal.start;
    }
    while (sent < end() && sent - acked < WINDOW && socket.readyState === 1) {
      const at = sent - terminal.start;
      const piece = terminal.output.subarray(at, at + 32 * 1024);
      socket.send(message(1, Buffer.concat([sized(sent), piece])));
      sent += piece.length;
    }
    if (sent - acked >= WINDOW) terminal.child.stdout.pause();
    else terminal.child.stdout.resume();
  };
  const exit = (status) => {
    const body = Buffer.alloc(4);
    body.writeInt32BE(status ?? -1);
    socket.send(message(3, body));
  };
  terminal.viewers.add(pump);
  terminal.child.on("exit", exit);
  socket.on("close", () => {
    terminal.viewers.delete(pump);
    terminal.child.off("exit", exit);
  });
  socket.on("message", (data) => {
    if (data[0] === 1) terminal.child.stdin.write(data.subarray(1));
    if (data[0] === 3) {
      acked = Number(data.readBigUInt64BE(1));
      pump();
    }
  });
  pump();
});

function open(path) {
  const child = spawn("script", ["-qefc", "bash --norc -i", "/dev/null"], {
    env: { ...process.env, TERM: "xterm-256color" },
  });
  const terminal = { child, start: 0, output: Buffer.alloc(0), viewers: new Set() };
  child.stdout.on("data", (data) => {
    terminal.output = Buffer.concat([terminal.output, data]);
    const over = terminal.output.length - KEPT;
    if (over > 0) {
      terminal.output = terminal.output.subarray(over);
      terminal.start += over;
    }
    for (const pump of terminal.viewers) pump();
  });
  child.on("exit", () => terminals.delete(path));
  terminals.set(path, terminal);
  return terminal;
}

function message(type, body) {
  return Buffer.concat([Buffer.from([type]), body]);
}

function sized(offset) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

server.listen(Number(port), "127.0.0.1", () => console.log(`http://localhost:${port}/course.en`));
