/** A terminal in which a command runs, and somebody who types and reads. */
import { smallEnvironment, until, workspace } from "./sidecar.ts";

export const keys = { interrupt: "\x03", quit: "\x1c", suspend: "\x1a" } as const;

export type Session = {
  readonly type: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Waits until this was shown, behind what was waited for before. */
  readonly shows: (text: string | RegExp) => Promise<void>;
  /** All that was shown so far. */
  readonly shown: () => string;
  /** The command's exit code. */
  readonly ended: Promise<number>;
};

export function inTerminal(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = smallEnvironment,
): Session {
  let shown = "";
  let read = 0;
  const decoder = new TextDecoder();
  const child = Bun.spawn([...words], {
    cwd: workspace(),
    env: { ...environment },
    terminal: {
      cols: 80,
      rows: 24,
      data: (_, data) => {
        shown += decoder.decode(data, { stream: true });
      },
    },
  });
  const terminal = child.terminal!;
  return {
    type: (text) => terminal.write(text),
    resize: (columns, rows) => terminal.resize(columns, rows),
    shown: () => shown,
    shows: (text) =>
      until(() => {
        const rest = shown.slice(read);
        const found = typeof text === "string" ? rest.indexOf(text) : rest.search(text);
        if (found < 0) return false;
        read += found + 1;
        return true;
      }, `the terminal shows ${text}, and not:\n${shown}`),
    ended: child.exited,
  };
}
