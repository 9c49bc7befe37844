/** The variables by which an image or a host declares runenvs. */

export const runenvPrefix = "DA__P7__RUNENV__";

/** What may stand behind the name: `DA__P7__RUNENV__COBOL__ACTIVATE`. */
export const runenvSuffixes = ["ACTIVATE", "EXECUTE", "VERSION", "FROZEN"] as const;

export type RunenvSuffix = (typeof runenvSuffixes)[number];

const namePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** Whether it can be the name of a runenv. */
export function isRunenvName(name: string): boolean {
  return namePattern.test(name);
}

export function runenvVariable(name: string, suffix: RunenvSuffix): string {
  return `${runenvPrefix}${name}__${suffix}`;
}

/** The names of runenvs that variables of these names declare, in order. */
export function declaredRunenvs(variables: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const variable of variables) {
    const match = /^DA__P7__RUNENV__(.+)__(?:ACTIVATE|EXECUTE)$/.exec(variable);
    if (match && isRunenvName(match[1]!)) names.add(match[1]!);
  }
  return [...names].sort();
}

/** A version: a whole number from 0 on; nothing where it is none. */
export function parseVersion(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
