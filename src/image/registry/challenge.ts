/** What a registry asks for: the header `WWW-Authenticate` (RFC 9110, 11.6.1). */

export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      /** Where a token is to be had. */
      readonly realm: string;
      readonly service?: string;
      readonly scope?: string;
    };

/** The strongest challenge of a header that sidecar can answer. */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = challengesOf(header);
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  const realm = bearer?.parameters.get("realm");
  if (bearer && realm !== undefined) {
    const service = bearer.parameters.get("service");
    const scope = bearer.parameters.get("scope");
    return {
      scheme: "bearer",
      realm,
      ...(service === undefined ? {} : { service }),
      ...(scope === undefined ? {} : { scope }),
    };
  }
  return challenges.some(({ scheme }) => scheme === "basic")
    ? { scheme: "basic" }
    : undefined;
}

type Parsed = {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
};

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(
  `\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?:,|$)`,
  "sy",
);
const scheme = new RegExp(`[\\s,]*(${token})(?:\\s+|,|$)`, "y");

/** As far as it can be understood: what follows an error is left out. */
function challengesOf(header: string): readonly Parsed[] {
  const found: Parsed[] = [];
  for (let at = 0; at < header.length; ) {
    scheme.lastIndex = at;
    const name = scheme.exec(header)?.[1];
    if (name === undefined) break;
    at = scheme.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      parameter.lastIndex = at;
      const match = parameter.exec(header);
      if (!match) break;
      at = parameter.lastIndex;
      const value = match[3] ?? match[2]!.replace(/\\(.)/gs, "$1");
      parameters.set(match[1]!.toLowerCase(), value);
    }
    found.push({ scheme: name.toLowerCase(), parameters });
  }
  return found;
}
