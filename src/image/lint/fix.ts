/** Lines of a Dockerfile that mend something. */
import { shellWord } from "../../contract/shell-words.ts";
import { printable } from "../../system/text.ts";

/** `RUN` with words of a shell; paths among them are to be quoted by `shellWord`. */
export const run = (command: string) => `RUN ${command}`;

/** `RUN chmod CHANGE FILE…` */
export function chmod(change: string, ...paths: readonly string[]): string {
  return run(`chmod ${change} ${paths.map(shellWord).join(" ")}`);
}

/** `ENV NAME=VALUE`, with quotes where the value needs them. */
export function setVariable(name: string, value: string): string {
  const shown = printable(value);
  const isPlain = /^[\w@%+=:,./-]*$/.test(shown);
  const text = isPlain ? shown : `"${shown.replace(/[\\"$]/g, "\\$&")}"`;
  return `ENV ${printable(name)}=${text}`;
}

/** Line ends of Windows. */
export function removeCarriageReturns(path: string): string {
  return run(`sed -i 's/\\r$//' ${shellWord(path)}`);
}
