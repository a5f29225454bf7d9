// Bundles the scripts into static/dist and reports what a browser has to load.
import { context, build } from "esbuild";
import { readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";

const outdir = new URL("../static/dist/", import.meta.url).pathname;
const options = {
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: {
    site: "src/site/main.ts",
    lab: "src/lab/main.ts",
    xterm: "@xterm/xterm/css/xterm.css",
  },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  legalComments: "none",
  chunkNames: "chunks/[name]-[hash]",
  logLevel: "warning",
};

await rm(outdir, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  const { metafile } = await build(options);
  for (const [path, { bytes, imports }] of Object.entries(metafile.outputs)) {
    const name = path.slice(path.indexOf("dist/") + 5);
    const gzipped = gzipSync(await readFile(outdir + name)).length;
    const lazy = imports.filter((i) => i.kind === "dynamic-import").map((i) => basename(i.path));
    const note = lazy.length ? `  loads later: ${lazy.join(", ")}` : "";
    console.log(
      `${name.padEnd(40)} ${kib(bytes).padStart(8)} ${kib(gzipped).padStart(8)} gzip${note}`,
    );
  }
}

function kib(n) {
  return `${(n / 1024).toFixed(1)} K`;
}
