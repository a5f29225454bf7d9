/** Whether drawing with WebGL is worth it. */

/** Names of renderers that draw WebGL on the processor: there xterm's own way takes less than half
 *  of the time, and a laptop stays cool. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|paravirtual/i;

/** Whether a renderer's name is that of a program, not of a graphics card. */
export function isSoftware(renderer: string): boolean {
  return SOFTWARE.test(renderer);
}

let known: boolean | null = null;

/** Whether a graphics card draws WebGL here. Asked once: each answer costs a context. */
export function hasGpu(): boolean {
  known ??= look();
  return known;
}

function look(): boolean {
  const gl = document
    .createElement("canvas")
    .getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  // Firefox tells in RENDERER itself, the others through the extension.
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" && !isSoftware(name);
}
