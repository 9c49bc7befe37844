/** An environment as the kernel has it: `NAME=VALUE` entries in their order. */
export class Environment {
  readonly #entries: string[];
  readonly #values = new Map<string, string>();

  constructor(entries: Iterable<string>) {
    this.#entries = [...entries];
    for (const entry of this.#entries) {
      const name = nameOf(entry);
      // With a name twice the first one counts, as in getenv(3).
      if (name !== undefined && !this.#values.has(name))
        this.#values.set(name, entry.slice(name.length + 1));
    }
  }

  /** The value of `name`; `undefined` if there is none, which "" is not. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  get names(): Iterable<string> {
    return this.#values.keys();
  }

  /** As the block gets them: also entries without "=" and names that occur twice. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  /** This environment with other values for some names; `undefined` removes one. */
  with(changes: Readonly<Record<string, string | undefined>>): Environment {
    const changed = new Map(Object.entries(changes));
    const entries: string[] = [];
    for (const entry of this.#entries) {
      const name = nameOf(entry);
      if (name === undefined || !changed.has(name)) {
        entries.push(entry);
        continue;
      }
      const value = changed.get(name);
      if (value !== undefined) entries.push(`${name}=${value}`);
      changed.set(name, undefined);
    }
    for (const [name, value] of changed)
      if (value !== undefined) entries.push(`${name}=${value}`);
    return new Environment(entries);
  }
}

/** The name in an entry; an entry without "=", or that begins with it, has none. */
export function nameOf(entry: string): string | undefined {
  const at = entry.indexOf("=");
  return at > 0 ? entry.slice(0, at) : undefined;
}

/** Whether the value of such a variable must never be shown. */
export function isSecret(name: string): boolean {
  return /PASSWORD|TOKEN|SECRET|KEY/i.test(name);
}
