/** From an image's history back to lines of a Dockerfile. */
import type { ImageConfiguration } from "../model.ts";

/** The lines that made an image, the first one first; those of no layer too. */
export function dockerfileLines({ json }: ImageConfiguration): string[] {
  const history = json["history"];
  if (!Array.isArray(history)) return [];
  return history
    .map((entry: { created_by?: unknown }) => entry?.created_by)
    .filter((line) => typeof line === "string")
    .map(dockerfileLine);
}

/**
 * A line as it stood in the Dockerfile: BuildKit ends it with a mark, Docker before it
 * wrote every line as a command of the shell, and build arguments stand in front.
 */
export function dockerfileLine(createdBy: string): string {
  const line = createdBy
    .replace(/ # buildkit$/, "")
    .replace(/^(RUN )?(?:\|\d+ .*?)?\/bin\/sh -c #\(nop\)\s+/, "")
    .replace(/^(?:RUN )?(?:\|\d+ .*?)?\/bin\/sh -c /, "RUN ")
    .replace(/^(ADD|COPY) (?:file|dir|multi):\S+ in /, "$1 … ");
  return line.trim();
}

/** The last line with an instruction, and something in it. */
export function lastLine(
  lines: readonly string[],
  instruction: string,
  has: (rest: string) => boolean = () => true,
): string | undefined {
  return lines.findLast(
    (line) =>
      line.toUpperCase().startsWith(`${instruction} `) &&
      has(line.slice(instruction.length)),
  );
}

/** The last `ENV` that sets a variable: `ENV A=1 B=2`, `ENV [A=1]` or `ENV A 1`. */
export function environmentLine(
  lines: readonly string[],
  name: string,
): string | undefined {
  return lastLine(lines, "ENV", (rest) =>
    rest.split(/[\s[\]]+/).some((word) => word === name || word.startsWith(`${name}=`)),
  );
}
