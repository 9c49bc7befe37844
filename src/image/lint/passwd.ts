/** passwd(5) and group(5) as text: lines of fields. */

export type Account = {
  /** Of the line, from 1 on. */
  readonly line: number;
  readonly name: string;
  /** As it is written there; absent where the line is none of the form. */
  readonly number?: string;
};

/** @param fields of a line: 7 in passwd, 4 in group */
export function readAccounts(text: string, fields: 7 | 4): Account[] {
  return text.split("\n").flatMap((whole, index): Account[] => {
    const line = index + 1;
    // NIS is asked by lines that begin with + or -.
    if (/^\s*(?:#|$)|^[+-]/.test(whole)) return [];
    const parts = whole.split(":");
    const [name = "", , number = ""] = parts;
    const isWhole = parts.length === fields && name !== "" && /^\d+$/.test(number);
    return [isWhole ? { line, name, number } : { line, name }];
  });
}
