/** What the container engine has, asked past the product. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTANCE = "io.slipway.instance";
const SANDBOX = "io.slipway.sandbox";
/** How long one call of the engine's client may take, in milliseconds. */
const CALL_TIMEOUT_MS = 60_000;

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

/** Removes everything that an installation left behind. */
export async function removeAllOf(instance: string): Promise<void> {
  const filter = ["--filter", `label=${INSTANCE}=${instance}`];
  const containers = await docker("ps", "--all", "--quiet", ...filter);
  if (containers.length > 0) await docker("rm", "--force", "--volumes", ...containers);
  const networks = await docker("network", "ls", "--quiet", ...filter);
  if (networks.length > 0) await docker("network", "rm", ...networks);
  const volumes = await docker("volume", "ls", "--quiet", ...filter);
  if (volumes.length > 0) await docker("volume", "rm", "--force", ...volumes);
}
