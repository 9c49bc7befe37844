/** Names of variables: Windows does not tell upper from lower case in them. */

/**
 * What two names have in common that mean one variable. Windows knows a capital for each
 * unit of UTF-16 alone, and none of ASCII for what is not: "ß" and "ı" stay.
 */
export function variableKey(name: string): string {
  const ascii = /^[\0-\x7f]*$/;
  if (ascii.test(name)) return name.toUpperCase();
  const capital = (unit: string) => {
    const upper = unit.toUpperCase();
    return upper.length > 1 || (ascii.test(upper) && !ascii.test(unit)) ? unit : upper;
  };
  return name.split("").map(capital).join("");
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
