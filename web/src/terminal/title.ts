/** What a program may call its terminal. */

const MAX_TITLE = 60;

/** A title as harmless text: no control characters, no marks that turn text around, not long. */
export function cleanTitle(title: string): string {
  const plain = title.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();
  const letters = Array.from(plain);
  return letters.length > MAX_TITLE ? `${letters.slice(0, MAX_TITLE - 1).join("")}…` : plain;
}
