/** The variables of an image's configuration, as a container would get them. */

export type Variable = { readonly name: string; readonly value: string };

/** An entry `NAME=VALUE`; nothing where it is none. */
export function readVariable(entry: string): Variable | undefined {
  const at = entry.indexOf("=");
  if (at <= 0) return undefined;
  return { name: entry.slice(0, at), value: entry.slice(at + 1) };
}

/** All variables; of a name that occurs twice the first counts, as in getenv(3). */
export function variablesOf(entries: readonly string[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of entries) {
    const variable = readVariable(entry);
    if (variable && !variables.has(variable.name))
      variables.set(variable.name, variable.value);
  }
  return variables;
}
