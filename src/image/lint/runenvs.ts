/** The runenvs of an image: what its variables say, as far as that can be known. */

import {
  type ActivationValue,
  readActivation,
} from "../../contract/activation-value.ts";
import { readEnvFile } from "../../contract/envfile.ts";
import { Failure } from "../../contract/failure.ts";
import { jsonWords } from "../../contract/json-words.ts";
import { declaredRunenvs, runenvVariable } from "../../contract/runenv-variables.ts";
import { splitWords } from "../../contract/shell-words.ts";
import { decode } from "../../system/text.ts";
import type { Resolution, Tree, TreeNode } from "../tree/tree.ts";
import { type ImageFrozen, lookupIn, readFrozen } from "./frozen.ts";

export type ImageRunenv = {
  readonly name: string;
  readonly activation: ActivationValue;
  /** Of the activation's file. */
  readonly way?: Resolution;
  /** Where the activation is frozen, it is not run, and no shell is needed. */
  readonly frozen?: ImageFrozen;
  /** What is wrong with the activation's `.env` file. */
  readonly problem?: Failure;
  /** The words of EXECUTE, or what is wrong with it; nothing where it is not set. */
  readonly execute?: readonly string[] | Failure;
  /** PATH as EXECUTE's program is searched in it, as far as it is known. */
  readonly path: string | undefined;
  /** Whether nothing but running the activation tells what it makes of PATH. */
  readonly isOpen: boolean;
};

type Content = (file: TreeNode) => Uint8Array | undefined;

/** The values of `…__ACTIVATE`, as they are. */
export function activationValues(variables: ReadonlyMap<string, string>): string[] {
  return declaredRunenvs(variables.keys())
    .map((name) => variables.get(runenvVariable(name, "ACTIVATE")))
    .filter((value) => value !== undefined);
}

/** What a value means in this image, and the way to its file. */
export function planOf(value: string, tree: Tree) {
  let way: Resolution | undefined;
  const activation = readActivation(value, (path) => {
    way = tree.resolve(path);
    return way.kind === "found";
  });
  return { activation, ...(way ? { way } : {}) };
}

/** @param content of activations' files */
export function readRunenvs(
  variables: ReadonlyMap<string, string>,
  tree: Tree,
  content: Content,
): ImageRunenv[] {
  return declaredRunenvs(variables.keys()).map((name) => {
    const activate = variables.get(runenvVariable(name, "ACTIVATE")) ?? "";
    const plan = planOf(activate, tree);
    const frozen = readFrozen(name, activate, variables, tree, content);
    const { kind } = plan.activation;
    const set = kind === "variables" ? valuesOf(plan, variables, content) : undefined;
    const execute = variables.get(runenvVariable(name, "EXECUTE"));
    return {
      name,
      ...plan,
      ...(frozen ? { frozen } : {}),
      ...(set instanceof Failure ? { problem: set } : {}),
      ...(execute === undefined
        ? {}
        : { execute: wordsOf(execute, runenvVariable(name, "EXECUTE")) }),
      path:
        frozen?.variable ??
        (set instanceof Failure ? undefined : set?.get("PATH")) ??
        variables.get("PATH"),
      isOpen: !frozen && (kind === "script" || kind === "command"),
    };
  });
}

/** What a `.env` file sets for a block. */
function valuesOf(
  { way }: { readonly way?: Resolution },
  variables: ReadonlyMap<string, string>,
  content: Content,
): Map<string, string> | Failure | undefined {
  const bytes = way?.kind === "found" ? content(way.node) : undefined;
  if (way?.kind !== "found" || bytes === undefined) return undefined;
  const text = decode(bytes).replace(/^\ufeff/, "");
  return attempt(() => readEnvFile(way.node.path, text, lookupIn(variables)));
}

function wordsOf(value: string, variable: string): readonly string[] | Failure {
  return attempt(() => jsonWords(value) ?? splitWords(value, variable));
}

function attempt<Result>(action: () => Result): Result | Failure {
  try {
    return action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
