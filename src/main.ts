/** The door: which command is meant; nothing else. */

import { exitNow } from "#system/process.ts";
import { readStart, type Started } from "#system/start.ts";
import { writeEnvironment } from "./command/environment.ts";
import { reportMistake } from "./command/mistake.ts";
import { run } from "./command/run.ts";

/*
 * A block's way has no await in it, from here to its end: that it could wait costs a
 * tenth of its start, and it waits in poll(2) anyway.
 */
try {
  const code = dispatch(readStart());
  if (typeof code === "number") exitNow(code);
  code.catch(reportMistake).then(exitNow);
} catch (error) {
  // Whatever goes wrong in sidecar itself is one line, and never a stack trace.
  exitNow(reportMistake(error));
}

function dispatch(started: Started): number | Promise<number> {
  const words = started.arguments;
  if (words[0] === "--internal-environment") return writeEnvironment(started);
  if (isForPeople(words))
    return import("./command/people.ts").then(({ people }) => people(started));
  return run(started);
}

/** Help, version, completion and commands: whatever does not lead to a block. */
function isForPeople(words: readonly string[]): boolean {
  const first = words[0];
  if (first === undefined) return false;
  if (!first.startsWith("-")) return true;
  for (const word of words) {
    if (word === "--exec" || word.startsWith("--exec=")) return false;
    if (["--help", "-h", "--version", "--get-yargs-completions"].includes(word))
      return true;
  }
  return false;
}
