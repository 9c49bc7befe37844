/**
 * `DA__P7__PCLUSTER__EXTENSION_NODE__<NAME>`: a particular additional node, and what it
 * offers:
 *
 *     …__MYLINUXHOST=os=Linux; runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)
 *     …__CAD=name=cad-1.example.com; os=Windows; runenv=(PYTHON3,42)
 *
 * Without `name=` the node is called as the variable: `mylinuxhost`; a `_` is a `-`.
 * A host writes this line itself: `sidecar advertise --format=env`.
 */
import { readClauses } from "./clauses.ts";
import { nodePrefix } from "./place-variables.ts";
import { type Entry, invalid, repetition, shown } from "./problems.ts";
import { readHostName } from "./words.ts";

const example = (variable: string) =>
  `for example ${variable}=os=Linux; runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)`;

/** @returns the place, and what is wrong; without a place nothing can be said of it */
export function readNodeVariable(variable: string, value: string): Entry {
  const wrong = (what: string) => invalid(variable, what, example(variable));
  const clauses = readClauses(value);
  if ("problem" in clauses) return wrong(clauses.problem);
  const { head, os, name, runenvs, features, repeated } = clauses.value;
  if (head !== "")
    return wrong(`'${shown(head)}' is no clause, and a node has no image`);
  if (os === undefined)
    return wrong("its operating system is missing: os=Linux or os=Windows");
  if (runenvs.length === 0) return wrong("it says no runenv=(NAME,VERSION)");
  const host = readHostName(name ?? defaultNodeName(variable.slice(nodePrefix.length)));
  if ("problem" in host) return wrong(`${host.problem}; write name=…`);
  return {
    place: { os, extensionNode: host.value, runenvs, features, origin: variable },
    problems: repetition(variable, repeated),
  };
}

/** What a node is called that has no `name=`: `MY_HOST` is `my-host`. */
export function defaultNodeName(key: string): string {
  return key.toLowerCase().replaceAll("_", "-");
}
