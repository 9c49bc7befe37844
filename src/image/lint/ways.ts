/** The ways of a block through an image: from what its configuration names to files. */
import { defaultShell, shellOfScript } from "../../contract/activation-value.ts";
import { runenvVariable } from "../../contract/runenv-variables.ts";
import { decode } from "../../system/text.ts";
import { environmentLine, lastLine } from "./history.ts";
import { type Found, findProgram } from "./programs.ts";
import type { ImageRunenv } from "./runenvs.ts";
import type { Subject } from "./subject.ts";
import { type Use, withNeeds } from "./uses.ts";

type Known = Omit<Subject, "uses">;

/** All of them; a file may be on more than one. */
export function usesOf(subject: Known): Use[] {
  return [
    ...subject.runenvs.flatMap((runenv) => [
      ...activationUses(runenv, subject),
      ...executeUses(runenv, subject),
    ]),
    ...entrypointUses(subject),
    ...sidecarUses(subject),
  ];
}

function activationUses(runenv: ImageRunenv, subject: Known): Use[] {
  const { tree, variables, lines } = subject;
  const { activation, way, name, frozen } = runenv;
  const purpose = `ACTIVATE of ${name}`;
  const line = named(environmentLine(lines, runenvVariable(name, "ACTIVATE")));
  if (frozen) {
    const { path } = frozen;
    const use = { part: "activation", path, wish: "read", ...line } as const;
    const watched =
      activation.kind === "script" && way
        ? [{ ...use, purpose, path: activation.path, way }]
        : [];
    return [{ ...use, purpose: `the frozen ${purpose}`, way: frozen.way }, ...watched];
  }
  const uses: Use[] = [];
  if (way && (activation.kind === "variables" || activation.kind === "script")) {
    const { path } = activation;
    uses.push({ part: "activation", purpose, path, way, wish: "read", ...line });
  }
  const shell = shellOf(runenv, subject);
  if (shell === undefined) return uses;
  const path = variables.get("PATH");
  const found = findProgram(shell, path, tree) ?? nowhere(shell);
  const use = { part: "shell", purpose: `the shell of ${purpose}`, ...line } as const;
  return [...uses, ...withNeeds({ ...use, ...found }, tree, path)];
}

/** A relative path is another file for each block, and none of the image. */
function executeUses(runenv: ImageRunenv, subject: Known): Use[] {
  const { name, execute, path, isOpen } = runenv;
  const program = Array.isArray(execute) ? execute[0] : undefined;
  if (!program || (program.includes("/") && !program.startsWith("/"))) return [];
  const { tree, lines } = subject;
  const found = findProgram(program, path, tree);
  if (found === undefined) return [];
  const line = named(environmentLine(lines, runenvVariable(name, "EXECUTE")));
  const use = { purpose: `EXECUTE of ${name}`, isOpen, ...line };
  return withNeeds({ ...use, part: "execute", ...found }, tree, path);
}

function entrypointUses({ image, tree, variables, lines }: Known): Use[] {
  const { entrypoint, workingDirectory } = image.configuration;
  const [program] = entrypoint;
  if (program === undefined) return [];
  const path = variables.get("PATH");
  const found = findProgram(program, path, tree, workingDirectory || "/");
  const line = named(lastLine(lines, "ENTRYPOINT"));
  const use = { part: "entrypoint", purpose: "the entrypoint", ...line } as const;
  return withNeeds({ ...use, ...(found ?? nowhere(program)) }, tree, path);
}

/** An activation ends with a call of it, for which it must be read. */
function sidecarUses({ sidecars, tree, variables }: Known): Use[] {
  return sidecars.slice(0, 1).flatMap(({ node: { path } }) => {
    const use = { part: "sidecar", purpose: "sidecar", path, wish: "start" } as const;
    return withNeeds({ ...use, way: tree.resolve(path) }, tree, variables.get("PATH"));
  });
}

const named = (line: string | undefined) => (line === undefined ? {} : { line });

function nowhere(name: string): Found {
  return { path: name, way: { kind: "missing", path: name, steps: [] } };
}

/** The shell that an activation needs, by its path or its name. */
function shellOf(
  { activation, way }: ImageRunenv,
  { content }: Known,
): string | undefined {
  if (activation.kind === "command") return defaultShell;
  if (activation.kind !== "script" || way?.kind !== "found") return undefined;
  const shell = shellOfScript(hashBang(content(way.node)));
  return "words" in shell ? shell.words[0] : undefined;
}

/** What follows `#!` in a file's first line, where it begins so. */
export function hashBang(bytes: Uint8Array | undefined): string | undefined {
  if (bytes?.[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const end = bytes.indexOf(10);
  return decode(bytes.subarray(2, end < 0 ? undefined : end));
}
