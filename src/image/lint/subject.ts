/** What rules look at: everything of one image that they may want, read beforehand. */

import { type Build, readMark } from "../../contract/mark.ts";
import { declaredRunenvs, runenvVariable } from "../../contract/runenv-variables.ts";
import type { Image } from "../model.ts";
import type { ImageFiles, Wanted } from "../tree/read.ts";
import type { LayerProblem, Resolution, Tree, TreeNode } from "../tree/tree.ts";
import { frozenPlace, watchedFiles } from "./frozen.ts";
import { dockerfileLines } from "./history.ts";
import { findProgram } from "./programs.ts";
import { activationValues, type ImageRunenv, planOf, readRunenvs } from "./runenvs.ts";
import type { Use } from "./uses.ts";
import { variablesOf } from "./variables.ts";
import { usesOf } from "./ways.ts";

export type SidecarFile = {
  readonly node: TreeNode;
  /** Absent where it does not say so itself. */
  readonly build?: Build;
};

export type Subject = {
  readonly image: Image;
  readonly tree: Tree;
  readonly problems: readonly LayerProblem[];
  /** How many problems there are beside these. */
  readonly omittedProblems: number;
  readonly variables: ReadonlyMap<string, string>;
  /** Of the Dockerfile, as the history has them. */
  readonly lines: readonly string[];
  readonly runenvs: readonly ImageRunenv[];
  readonly uses: readonly Use[];
  /** The entrypoint first, if it is one. */
  readonly sidecars: readonly SidecarFile[];
  /** Of passwd, group and the files of activations, as far as they are there. */
  readonly content: (file: TreeNode) => Uint8Array | undefined;
};

export const passwdPath = "/etc/passwd";
export const groupPath = "/etc/group";

/** Bytes; a passwd with a line for each user of the platform is a third of it. */
const limit = 1 << 21;

/** What is to be kept while the layers are read. */
export function wantedFiles({ configuration }: Image): Wanted {
  const variables = variablesOf(configuration.environment);
  const values = activationValues(variables);
  const files = values.map((value) => baseName(value.trim())).filter((name) => name);
  const runenvs = declaredRunenvs(variables.keys());
  const frozen = runenvs.map((name) => baseName(frozenFile(name, variables) ?? ""));
  const first = configuration.entrypoint[0];
  const entrypoint = first === undefined ? [] : [baseName(first)];
  const names = new Set([
    "passwd",
    "group",
    "sidecar",
    ...entrypoint,
    ...frozen,
    ...files,
  ]);
  names.delete("");
  return { names: [...names], limit };
}

function frozenFile(
  name: string,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  const activate = variables.get(runenvVariable(name, "ACTIVATE")) ?? "";
  return frozenPlace(name, activate, variables);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** @throws Failure `image-…` where a layer cannot be read again */
export async function gather(
  image: Image,
  { tree, problems, omittedProblems }: ImageFiles,
): Promise<Subject> {
  const { configuration } = image;
  const variables = variablesOf(configuration.environment);
  const programs = sidecarCandidates(image, variables, tree);
  const found = (way: Resolution) =>
    way.kind === "found" && way.node.type === "file" ? [way.node] : [];
  const files = [
    ...[passwdPath, groupPath].flatMap((path) => found(tree.resolve(path))),
    ...activationValues(variables).flatMap((value) => {
      const { way } = planOf(value, tree);
      return way ? found(way) : [];
    }),
    ...programs,
  ];
  const contents = new Map<string, Uint8Array>();
  const read = (nodes: readonly TreeNode[]) =>
    Promise.all(
      nodes.map(async (file) =>
        contents.set(file.path, await tree.content(file, limit)),
      ),
    );
  const frozen = declaredRunenvs(variables.keys()).flatMap((name) => {
    const path = frozenFile(name, variables);
    return path === undefined ? [] : found(tree.resolve(path));
  });
  await read([...files, ...frozen]);
  // What a frozen activation watches shows only in its file.
  const watched = frozen
    .flatMap((file) => watchedFiles(contents.get(file.path)!))
    .flatMap((path) => found(tree.resolve(path)))
    .filter((file) => !contents.has(file.path));
  await read(watched);
  const content = (file: TreeNode) => contents.get(file.path);
  const lines = dockerfileLines(configuration);
  const runenvs = readRunenvs(variables, tree, content);
  const sidecars = programs.flatMap((node, index) => {
    const build = readMark(contents.get(node.path)!);
    const isNamed = baseName(node.path) === "sidecar";
    if (!isNamed && !build) return [];
    // What is named sidecar anywhere and is none says nothing of a file beside it.
    if (index > 0 && !build && tree.program(node)?.kind !== "elf") return [];
    return [{ node, ...(build ? { build } : {}) }];
  });
  const known = { image, tree, problems, omittedProblems, content };
  const parts = { ...known, variables, lines, runenvs, sidecars };
  return { ...parts, uses: usesOf(parts) };
}

/** The entrypoint, what PATH finds, and whatever else has the name. */
function sidecarCandidates(
  { configuration }: Image,
  variables: ReadonlyMap<string, string>,
  tree: Tree,
): TreeNode[] {
  const path = variables.get("PATH");
  const { entrypoint, workingDirectory } = configuration;
  const names = [...entrypoint.slice(0, 1), "sidecar"];
  const candidates = names.flatMap((name) => {
    const found = findProgram(name, path, tree, workingDirectory || "/");
    return found?.way.kind === "found" ? [found.way.node] : [];
  });
  candidates.push(...tree.nodes({ name: "sidecar" }));
  const files = candidates.filter(({ type }) => type === "file");
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
