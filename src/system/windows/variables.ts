/** Names of variables: Windows does not tell upper from lower case in them. */

/**
 * What two names have in common that mean one variable. Windows knows for each unit of
 * UTF-16 at most one capital, from which there is a way back: "ß", "ı" and "ς" have
 * none.
 */
export function variableKey(name: string): string {
  return /^[\0-\x7f]*$/.test(name)
    ? name.toUpperCase()
    : name.split("").map(capitalOf).join("");
}

function capitalOf(unit: string): string {
  const capital = unit.toUpperCase();
  return capital.length === 1 && capital.toLowerCase() === unit ? capital : unit;
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
