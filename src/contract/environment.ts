import { entriesFrom, findEntry, variableKey } from "#system/variables.ts";
import { printable } from "../system/text.ts";
import { isSecret } from "./secrets.ts";

/**
 * An environment as the kernel has it: `NAME=VALUE` entries in their order.
 *
 * No index is made of it: a block's start asks for a handful of names, and searching
 * for each costs less than entering all of them into a table.
 */
export class Environment {
  /** As the block gets them: also entries without "=" and names that occur twice. */
  readonly entries: readonly string[];

  constructor(entries: readonly string[]) {
    this.entries = entries;
  }

  /**
   * The value of `name`; `undefined` if there is none, which "" is not. Of a name that
   * occurs twice the first counts, as in getenv(3).
   */
  get(name: string): string | undefined {
    return findEntry(this.entries, name)?.slice(name.length + 1);
  }

  /** The names that begin with `prefix`, each once. */
  names(prefix = ""): string[] {
    const names = entriesFrom(this.entries, prefix)
      .map(nameOf)
      .filter((name) => name !== undefined);
    return [...new Set(names)];
  }

  /** This environment with other values for some names; `undefined` removes one. */
  with(changes: Readonly<Record<string, string | undefined>>): Environment {
    const changed = new Map<string, readonly [string, string | undefined]>();
    for (const [name, value] of Object.entries(changes))
      changed.set(variableKey(name), [name, value]);
    if (changed.size === 0) return this;
    const entries: string[] = [];
    for (const entry of this.entries) {
      const name = nameOf(entry);
      const key = name === undefined ? undefined : variableKey(name);
      const change = key === undefined ? undefined : changed.get(key);
      if (key === undefined || change === undefined) {
        entries.push(entry);
        continue;
      }
      const value = change[1];
      if (value !== undefined) entries.push(`${name}=${value}`);
      changed.set(key, [change[0], undefined]);
    }
    for (const [name, value] of changed.values())
      if (value !== undefined) entries.push(`${name}=${value}`);
    return new Environment(entries);
  }
}

/** The name in an entry; an entry without "=", or that begins with it, has none. */
export function nameOf(entry: string): string | undefined {
  const at = entry.indexOf("=");
  return at > 0 ? entry.slice(0, at) : undefined;
}

/** A variable's value for a message. */
export function shownValue(name: string, value: string): string {
  return isSecret(name) ? "(not shown)" : printable(value);
}
