/** The door: which command is meant; nothing else. */
import { run } from "./command/run.ts";
import { exitNow } from "./system/posix/process.ts";
import { readStart, type Started } from "./system/posix/start.ts";

exitNow(await guarded());

/** Whatever goes wrong in sidecar itself is one line, and never a stack trace. */
async function guarded(): Promise<number> {
  try {
    return await dispatch(readStart());
  } catch (error) {
    const { reportMistake } = await import("./command/mistake.ts");
    return reportMistake(error);
  }
}

async function dispatch(started: Started): Promise<number> {
  const words = started.arguments;
  const first = words[0];
  if (first === "--internal-environment") {
    const { writeEnvironment } = await import("./command/environment.ts");
    return writeEnvironment(started);
  }
  if (isForPeople(words)) {
    const { people } = await import("./command/people.ts");
    return people(started);
  }
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
