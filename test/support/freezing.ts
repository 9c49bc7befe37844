/** Images with activations, frozen and not. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "./paths.ts";
import { run, sidecar, smallEnvironment, workspace } from "./sidecar.ts";

type Variables = Readonly<Record<string, string>>;

export const nameOf = {
  activate: "DA__P7__RUNENV__T__ACTIVATE",
  frozen: "DA__P7__RUNENV__T__FROZEN",
};

/** An image in a directory: the runenv T, and where its activation is frozen. */
export class Image {
  readonly directory = workspace();
  readonly frozen = join(this.directory, "T.frozen");
  readonly environment: Variables;

  constructor(activate: string, variables: Variables = {}) {
    this.environment = {
      ...smallEnvironment,
      HOME: "/root",
      ...variables,
      [nameOf.activate]: activate,
      [nameOf.frozen]: this.frozen,
    };
  }

  freeze(...words: string[]) {
    return sidecar(["freeze", ...words], { environment: this.environment });
  }

  /** The lines of the frozen activation, less those that every one has. */
  get lines(): string[] {
    const lines = readFileSync(this.frozen, "utf8").trimEnd().split("\n");
    return lines.filter(
      (line) => !/^(sidecar|runenv|activate|file|end) /.test(line) && line !== "",
    );
  }

  /** What a block sees; `variables` are added to those of the image. */
  run(variables: Variables = {}, around: readonly string[] = []) {
    return environmentOf([...around, executable], {
      ...this.environment,
      ...variables,
    });
  }

  /** The same, activated by the shell. */
  runSourced(variables: Variables = {}, around: readonly string[] = []) {
    return this.run({ ...variables, [nameOf.frozen]: "" }, around);
  }
}

/** Runs `env -0` in a block of the runenv T; its variables, byte for byte. */
async function environmentOf(words: readonly string[], environment: Variables) {
  const result = await run(
    [...words, "--quiet", "--runenv=(T,1)", "--exec", "/usr/bin/env", "-0"],
    { environment },
  );
  const entries = Buffer.from(result.bytes).toString("latin1").split("\0").slice(0, -1);
  const variables: Record<string, string> = Object.create(null);
  for (const entry of entries) {
    const at = entry.indexOf("=");
    variables[entry.slice(0, at)] = entry.slice(at + 1);
  }
  delete variables[nameOf.frozen];
  return { ...result, variables };
}

/** A file that everybody may read. */
export function script(content: string | Uint8Array, name = "activate.sh"): string {
  const path = join(workspace(), name);
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return path;
}
