/** What the container engine has, asked past the product. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTANCE = "io.slipway.instance";
const SANDBOX = "io.slipway.sandbox";
/** How long one call of the engine's client may take, in milliseconds. */
const CALL_TIMEOUT_MS = 60_000;

/** How long it may take to remove what an installation left behind. */
const REMOVAL_TIMEOUT_MS = 60_000;

/** What a call of the engine's client prints, line by line. */
export async function docker(...args: string[]): Promise<string[]> {
  const { stdout } = await run("docker", args, { timeout: CALL_TIMEOUT_MS });
  return stdout.split("\n").filter((line) => line !== "");
}

/** A running container of a sandbox. */
export interface Container {
  id: string;
  sandbox: string;
}

/** The name of the installation whose networks lie in `range` (the first two numbers of its
 *  addresses); null while it has none. */
export async function instanceWithin(range: string): Promise<string | null> {
  const ids = await docker("network", "ls", "--quiet", "--filter", `label=${INSTANCE}`);
  for (const id of ids) {
    const format = `{{index .Labels "${INSTANCE}"}} {{range .IPAM.Config}}{{.Subnet}}{{end}}`;
    // Another installation's network may be removed meanwhile.
    const [line = ""] = await docker("network", "inspect", "--format", format, id).catch(() => []);
    const [instance = "", subnet = ""] = line.split(" ");
    if (instance !== "" && subnet.startsWith(`${range}.`)) return instance;
  }
  return null;
}

/** The containers of an installation by their ids, stopped ones too. */
export async function containersOf(instance: string): Promise<Container[]> {
  const lines = await docker(
    ...["ps", "--all", "--no-trunc", "--filter", `label=${INSTANCE}=${instance}`],
    ...["--format", `{{.ID}} {{.Label "${SANDBOX}"}}`],
  );
  return lines.sort().map((line) => {
    const [id = "", sandbox = ""] = line.split(" ");
    return { id, sandbox };
  });
}

/** Removes everything that an installation left behind. Its server may have been removing some of
 *  it when it ended, and the engine refuses what it is doing already: so until nothing is left. */
export async function removeAllOf(instance: string): Promise<void> {
  const until = Date.now() + REMOVAL_TIMEOUT_MS;
  const filter = ["--all", "--quiet", "--filter", `label=${INSTANCE}=${instance}`];
  const kinds = [
    { list: ["ps", ...filter], remove: ["rm", "--force", "--volumes"] },
    { list: ["network", "ls", ...filter.slice(1)], remove: ["network", "rm"] },
    { list: ["volume", "ls", ...filter.slice(1)], remove: ["volume", "rm", "--force"] },
  ];
  for (const { list, remove } of kinds) {
    for (let ids = await docker(...list); ids.length > 0; ids = await docker(...list)) {
      const refusal = await docker(...remove, ...ids).then(
        () => null,
        (error: unknown) => error,
      );
      if (refusal !== null && Date.now() > until) throw refusal as Error;
    }
  }
}
