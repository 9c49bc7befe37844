/** A variable's value that is a JSON array of strings: one word each. */

/** @returns the words; nothing where the value is something else */
export function jsonWords(value: string): string[] | undefined {
  if (!value.trimStart().startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    const isWord = (word: unknown) => typeof word === "string" && !word.includes("\0");
    return Array.isArray(parsed) && parsed.every(isWord) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
