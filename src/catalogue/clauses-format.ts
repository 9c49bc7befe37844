/**
 * Variables by which a deployment lists what it has, as they are written: the inverse of
 * what reads them (clauses.ts).
 *
 *     DA__P7__PCLUSTER__CALC_IMAGE__NX=registry.example.com/nx:7; runenv=(COBOL,42)
 *     DA__P7__PCLUSTER__EXTENSION_NODE__MYHOST=os=Linux; runenv=(PYTHON3,42)
 */
import type { Feature, OperatingSystem, Place, Runenv } from "./capability.ts";
import { namePrefix } from "./image-names.ts";
import { defaultNodeName } from "./node-variable.ts";
import { imagePrefix, nodePrefix } from "./place-variables.ts";
import { pairText } from "./words.ts";

type FormattedClauses = {
  /** What stands before all clauses: an image's reference. */
  readonly head?: string;
  readonly os?: OperatingSystem;
  readonly runenvs: readonly Runenv[];
  readonly features: readonly Feature[];
  /** A host's. */
  readonly name?: string;
};

type Offer = Pick<Place, "os" | "runenvs" | "features">;

function formatClauses(clauses: FormattedClauses): string {
  const { head, os, runenvs, features, name } = clauses;
  return [
    ...(head === undefined ? [] : [head]),
    ...(os === undefined ? [] : [`os=${os}`]),
    ...runenvs.map((runenv) => `runenv=${pairText(runenv)}`),
    ...features.map((feature) => `feature=${pairText(feature)}`),
    ...(name === undefined ? [] : [`name=${name}`]),
  ].join("; ");
}

/** The line of an extension node, whose name is that of a host, in lower case. */
export function nodeLine(host: string, { os, runenvs, features }: Offer): string {
  const key = keyOf(host);
  const name = defaultNodeName(key) === host ? {} : { name: host };
  const value = formatClauses({ os, runenvs, features, ...name });
  return `${nodePrefix}${key}=${value}`;
}

/** The line of an image; Linux is what an image is of where nothing is said. */
export function imageLine(key: string, reference: string, offer: Offer): string {
  const { os, runenvs, features } = offer;
  const value = formatClauses({ head: reference, runenvs, features });
  const end = os === "Linux" ? "" : `; os=${os}`;
  return `${imagePrefix}${key}=${value}${end}`;
}

/** What the variable of an image is called that is named like this: `NX_2020`. */
export function imageKey(repository: readonly string[]): string {
  const name = repository.at(-1) ?? "";
  const prefix = `${namePrefix}-`;
  return keyOf(name.startsWith(prefix) ? name.slice(prefix.length) : name);
}

function keyOf(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}
