/** Accounts, made the quick way; the tests of accounts themselves go through the pages. */
import { randomBytes } from "node:crypto";
import { type APIRequestContext, expect } from "@playwright/test";

export interface Account {
  name: string;
  password: string;
}

/** An account nobody has. */
export function newAccount(role: string): Account {
  return {
    name: `${role}-${randomBytes(4).toString("hex")}`,
    password: `quay ${randomBytes(6).toString("hex")}`,
  };
}

/** The token that forms of a page carry. */
export async function csrf(request: APIRequestContext, page: string): Promise<string> {
  const html = await (await request.get(page)).text();
  const token = /name="csrf" value="([^"]+)"/.exec(html)?.[1];
  if (token === undefined) throw new Error(`${page} has no form`);
  return token;
}

/** Makes an account and signs it in, as the form at `page` would. */
export async function makeAccount(
  request: APIRequestContext,
  page: string,
  account: Account,
  more: Record<string, string> = {},
): Promise<void> {
  const { name, password } = account;
  const token = await csrf(request, page);
  const response = await request.post(page.split("?")[0] ?? page, {
    form: { csrf: token, username: name, password, repeat: password, ...more },
  });
  expect(response.ok(), `${page} answered ${response.status()}`).toBe(true);
}
