/** Names of variables: bytes, compared as they are. */

/** What two names have in common that mean one variable. */
export function variableKey(name: string): string {
  return name;
}

/** The first entry `NAME=VALUE` of this name. */
export function findEntry(
  entries: readonly string[],
  name: string,
): string | undefined {
  const start = `${name}=`;
  return entries.find((entry) => entry.startsWith(start));
}

/** The entries whose names begin with `prefix`. */
export function entriesFrom(entries: readonly string[], prefix: string): string[] {
  return entries.filter((entry) => entry.startsWith(prefix));
}
