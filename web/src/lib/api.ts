/** The JSON API of one attempt. */
import { t } from "./strings";

/** An answer that says no: what happened, and what can be done. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

/** What any failure comes to, in the viewer's language. */
export function explain(error: unknown): { message: string; remedy: string } {
  if (error instanceof ApiError) return { message: error.message, remedy: error.remedy };
  return { message: t("offline"), remedy: t("offline-remedy") };
}

const TIMEOUT_MS = 30_000;
/** What only reads is asked again after these pauses when the connection breaks: a browser on the
 *  machine that runs the sandboxes breaks it whenever one of their networks comes or goes. */
const READ_AGAIN_MS = [100, 500];

export class Api {
  constructor(
    private readonly base: string,
    private readonly csrf: string,
  ) {}

  async get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    for (const pause of READ_AGAIN_MS) {
      try {
        return await this.call("GET", path, query);
      } catch (error) {
        // `fetch` says so when there was no answer.
        if (!(error instanceof TypeError)) throw error;
        await new Promise((done) => setTimeout(done, pause));
      }
    }
    return this.call("GET", path, query);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.call("POST", path, {}, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.call("PUT", path, {}, body);
  }

  delete<T>(path: string, query: Record<string, string>): Promise<T> {
    return this.call("DELETE", path, query);
  }

  private async call<T>(
    method: string,
    path: string,
    query: Record<string, string>,
    body?: object,
  ): Promise<T> {
    const search = new URLSearchParams(query).toString();
    const headers = new Headers({ Accept: "application/json", "X-CSRF-Token": this.csrf });
    const init: RequestInit = {
      method,
      headers,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    if (body) {
      headers.set("Content-Type", "application/json");
      init.body = JSON.stringify(body);
    }
    const response = await fetch(`${this.base}/${path}${search ? `?${search}` : ""}`, init);
    const text = await response.text();
    if (!response.ok) throw failure(response.status, text);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

function failure(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; remedy: string };
    };
    return new ApiError(status, error.code, error.message, error.remedy);
  } catch {
    return new ApiError(status, "unknown", t("server-error", { status }), t("server-error-remedy"));
  }
}
