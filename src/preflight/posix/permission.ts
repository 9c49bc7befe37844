/** Whether everybody may do something with a file of this system, and what mends it. */
import {
  barriers,
  changeOfMode,
  describeBarrier,
  type Owned,
  type Wish,
} from "../../contract/everybody.ts";
import { shellWord } from "../../contract/shell-words.ts";
import type { FileKind } from "../../system/posix/files.ts";
import { printable } from "../../system/text.ts";
import { inDockerfile, type Problem } from "../finding.ts";

/** One directory or file on the way to a file, symbolic links resolved. */
export type Step = Owned & { readonly path: string; readonly kind: FileKind };

/** The first of the steps that keeps somebody out, if one does. */
export function barrier(steps: readonly Step[], wish: Wish): Problem | undefined {
  const isDirectory = ({ kind }: Step) => kind === "directory";
  const [found] = barriers(steps, wish, isDirectory);
  if (found === undefined) return undefined;
  const { path } = found.step;
  const mend = inDockerfile(`chmod ${changeOfMode(found)} ${shellWord(path)}`);
  const isPrivate = /^\/(?:root|home)(?:\/|$)/.test(path);
  return {
    message: `${printable(path)} ${describeBarrier(found)}`,
    hint: isPrivate ? `install it elsewhere, as in /opt; or ${mend}` : mend,
  };
}
