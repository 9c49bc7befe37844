/**
 * Reads a Dockerfile: as much of one as images/ needs. What it does not know it refuses,
 * rather than to build something else than Docker would.
 */

export type Instruction = {
  /** As it stands there, in one line: what the history of the image tells. */
  readonly line: string;
} & (
  | { readonly kind: "run"; readonly words: readonly string[] }
  | {
      readonly kind: "copy";
      /** A stage or an image; nothing for the folder that is sent along. */
      readonly from?: string;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: "environment"; readonly variables: readonly [string, string][] }
  | { readonly kind: "entrypoint"; readonly words: readonly string[] }
  | { readonly kind: "user"; readonly user: string }
);

export type Stage = {
  readonly name?: string;
  /** An image, an earlier stage, or "scratch". */
  readonly from: string;
  readonly instructions: readonly Instruction[];
};

/** @param values of ARGs, in place of their defaults @throws Error with the line */
export function readDockerfile(
  text: string,
  values: Readonly<Record<string, string>>,
): readonly Stage[] {
  const names = new Map<string, string>();
  const stages: { name?: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of joined(text)) {
    const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? refuse(line);
    const stage = stages.at(-1);
    if (word === "ARG" && !stage) {
      const [, name, preset] = /^(\w+)=(\S*)$/.exec(rest!) ?? refuse(line);
      names.set(name!, values[name!] ?? preset!);
    } else if (word === "FROM") {
      const [, image, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest!) ?? refuse(line);
      const from = image!.replace(/\$\{(\w+)\}/g, (_, key) => names.get(key) ?? "");
      stages.push({ from, ...(name ? { name } : {}), instructions: [] });
    } else if (stage) stage.instructions.push(instruction(word!, rest!, line));
    else refuse(line);
  }
  return stages;
}

/** Lines without comments, each with those that continue it. */
function joined(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function instruction(word: string, rest: string, line: string): Instruction {
  const words = () => rest.split(/\s+/);
  if (word === "RUN")
    return {
      line,
      kind: "run",
      words: rest.startsWith("[") ? JSON.parse(rest) : ["/bin/sh", "-c", rest],
    };
  if (word === "ENTRYPOINT" && rest.startsWith("["))
    return { line, kind: "entrypoint", words: JSON.parse(rest) };
  if (word === "USER") return { line, kind: "user", user: rest };
  if (word === "ENV") return { line, kind: "environment", variables: variables(rest) };
  if (word !== "COPY") return refuse(line);
  const from = /^--from=(\S+)$/.exec(words()[0]!)?.[1];
  const paths = from ? words().slice(1) : words();
  if (paths.length < 2 || paths.some((path) => /^-|[*?[]/.test(path))) refuse(line);
  return {
    line,
    kind: "copy",
    ...(from ? { from } : {}),
    sources: paths.slice(0, -1),
    target: paths.at(-1)!,
  };
}

function variables(rest: string): [string, string][] {
  const found: [string, string][] = [];
  const pattern = /\s*([A-Za-z_]\w*)=(?:"([^"\\$]*)"|([^\s"'\\$]*))(?=\s|$)/y;
  while (pattern.lastIndex < rest.length) {
    const [, name, quoted, bare] = pattern.exec(rest) ?? refuse(`ENV ${rest}`);
    found.push([name!, quoted ?? bare ?? ""]);
  }
  return found;
}

function refuse(line: string): never {
  throw new Error(`cannot be read without Docker: ${line}`);
}
