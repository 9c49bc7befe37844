/** Names of variables: Windows does not tell upper from lower case in them. */

/** What two names have in common that mean one variable. */
export function variableKey(name: string): string {
  return name.toUpperCase();
}

/** The first entry `NAME=VALUE` of this name. */
export function findEntry(
  entries: readonly string[],
  name: string,
): string | undefined {
  const { length } = name;
  const key = variableKey(name);
  return entries.find(
    (entry) => entry[length] === "=" && variableKey(entry.slice(0, length)) === key,
  );
}

/** The entries whose names begin with `prefix`. */
export function entriesFrom(entries: readonly string[], prefix: string): string[] {
  const { length } = prefix;
  const key = variableKey(prefix);
  return entries.filter((entry) => variableKey(entry.slice(0, length)) === key);
}
