/**
 * The file of a frozen activation, as text that a person can read and compare:
 *
 *     sidecar frozen activation 1
 *     runenv PYTHON3
 *     activate /opt/python3/venv/bin/activate
 *     file 5b8…e1 /opt/python3/venv/bin/activate
 *     refuse PATH unset,empty
 *     set PATH filled /opt/python3/venv/bin:${PATH}
 *     unset PYTHONHOME any
 *     set VIRTUAL_ENV any /opt/python3/venv
 *     end 07f…9c
 *
 * `file` has the SHA-256 of what was read when it was frozen, `same` that of a variable
 * that the activation depends on, `end` that of all lines above. A rule holds for the
 * state in which a block's variable is before: unset, empty, filled, or any. In a value
 * `${NAME}` is what a variable was before; `\` escapes what a line cannot hold.
 */
import { decode } from "../system/text.ts";

export const firstLine = "sidecar frozen activation 1";

export type State = "unset" | "empty" | "filled";

export type Line = {
  readonly word: "file" | "same" | "set" | "unset" | "refuse";
  /** A path or a variable's name. */
  readonly name: string;
  /** States in which a rule holds, or a SHA-256. */
  readonly detail: string;
  /** Of `set`: the value, still escaped. */
  readonly value: string;
};

export type Frozen = {
  readonly runenv: string;
  readonly activate: string;
  readonly lines: readonly Line[];
};

/** The file's meaning, or in a few words why it has none. */
export function parseFrozen(content: Uint8Array): Frozen | string {
  const text = decode(content);
  if (!text.startsWith(`${firstLine}\n`))
    return text.startsWith("sidecar frozen activation ")
      ? "it is of a form that this version of sidecar does not know"
      : "it does not begin as a frozen activation does";
  const body = content.subarray(0, -lastLineSize);
  if (text.slice(-lastLineSize) !== lastLine(body))
    return "it is not whole, or was changed by hand";
  const above = text.slice(0, -lastLineSize - 1);
  const [, runenv, activate, ...rest] = above.split("\n");
  if (!runenv?.startsWith("runenv ") || !activate?.startsWith("activate "))
    return "its lines are not in order";
  const lines: Line[] = [];
  for (const line of rest) {
    const parsed = parseLine(line);
    if (parsed === undefined) return "it has a line that means nothing";
    lines.push(parsed);
  }
  return { runenv: runenv.slice(7), activate: unescaped(activate.slice(9)), lines };
}

function parseLine(line: string): Line | undefined {
  const [word, first, second] = line.split(" ", 3) as [string, string?, string?];
  if (first === undefined || second === undefined) return undefined;
  const rest = line.slice(word.length + first.length + second.length + 3);
  switch (word) {
    case "file":
    case "same":
      return { word, name: unescaped(second), detail: first, value: "" };
    case "set":
    case "unset":
    case "refuse":
      return { word, name: unescaped(first), detail: second, value: rest };
    default:
      return undefined;
  }
}

/** Bytes: "end ", a SHA-256 in hexadecimal, and the end of the line. */
const lastLineSize = 69;

/** The last line, which proves that those above are whole. */
export function lastLine(above: Uint8Array): string {
  return `end ${fingerprint(above)}\n`;
}

/** SHA-256 in hexadecimal, as sha256sum(1) prints it. */
export function fingerprint(bytes: Uint8Array): string {
  return Bun.SHA256.hash(bytes, "hex");
}

const byteBase = 0xdc00;

/**
 * A value as it is written, `${NAME}` replaced.
 * @returns the name of a variable that has no value, where one is needed
 */
export function expandValue(
  escaped: string,
  lookup: (name: string) => string | undefined,
): { readonly text: string } | { readonly missing: string } {
  if (!/[\\$]/.test(escaped)) return { text: escaped };
  let missing: string | undefined;
  const text = escaped.replace(
    /\\(?:x(..)|(.))|\$\{([^}]*)\}/gs,
    (_, hexadecimal?: string, character?: string, name?: string) => {
      if (name !== undefined) {
        const value = lookup(name);
        if (value === undefined) missing ??= name;
        return value ?? "";
      }
      if (hexadecimal === undefined) return character === "n" ? "\n" : character!;
      const code = Number.parseInt(hexadecimal, 16);
      return String.fromCharCode(code < 0x80 ? code : byteBase + code);
    },
  );
  return missing === undefined ? { text } : { missing };
}

function unescaped(text: string): string {
  const result = expandValue(text, () => "");
  return "text" in result ? result.text : "";
}
