/**
 * cmd.exe as far as it splits and replaces: a model to hold command lines against, for
 * what Wine's does otherwise. After "How does the Windows Command Interpreter
 * (CMD.EXE) parse scripts?", phases 1 and 2, for a line that is one command.
 */
import { runtimeWords } from "../../src/system/windows/quoting.ts";

export type Variables = Readonly<Record<string, string>>;

/** cmd.exe would take a part of the line for its own language. */
export class Injection extends Error {}

const isDefined = (variables: Variables, name: string) =>
  /^cd$/i.test(name) || lookup(variables, name) !== undefined;

function lookup(variables: Variables, name: string): string | undefined {
  const found = Object.keys(variables).find(
    (key) => key.toUpperCase() === name.toUpperCase(),
  );
  if (found !== undefined) return variables[found];
  return /^cd$/i.test(name) ? "C:\\where\\it is" : undefined;
}

/** `%NAME:~FROM,LENGTH%` and `%NAME:OLD=NEW%`, with command extensions. */
function modified(value: string, modifier: string): string {
  const part = /^~(-?\d*)(?:,(-?\d*))?$/.exec(modifier);
  if (part) {
    const from = Number(part[1] || 0);
    const rest = value.slice(from);
    if (part[2] === undefined) return rest;
    return Number(part[2] || 0) < 0
      ? rest.slice(0, Number(part[2]))
      : rest.slice(0, Number(part[2] || 0));
  }
  const at = modifier.indexOf("=");
  if (at < 0) return value;
  return value.replaceAll(modifier.slice(0, at), modifier.slice(at + 1));
}

/** Phase 1 of a line that is typed, or follows /c: what is not set stays as it is. */
export function replacedOnCommandLine(line: string, variables: Variables): string {
  let result = "";
  for (let at = 0; at < line.length; ) {
    const name = line[at] === "%" ? /^[^%:]*/.exec(line.slice(at + 1))![0] : "";
    const end = at + 1 + name.length;
    if (line[at] !== "%" || name === "" || !isDefined(variables, name)) {
      result += line[at];
      at += 1;
    } else if (line[end] === "%") {
      result += lookup(variables, name);
      at = end + 1;
    } else {
      const close = line.indexOf("%", end);
      if (line[end] !== ":" || close < 0) {
        result += line[at];
        at += 1;
        continue;
      }
      result += modified(lookup(variables, name)!, line.slice(end + 1, close));
      at = close + 1;
    }
  }
  return result;
}

/** Phase 1 of a line in a batch file that holds no other variable than `%*`. */
export function replacedInBatchFile(line: string, rest: string): string {
  return line.replace("%*", () => rest);
}

/**
 * Phase 2: the one command in a line.
 * @throws Injection where something outside of quotes means more than itself
 */
export function commandIn(line: string): string {
  let quoted = false;
  for (const character of line) {
    if (character === "\n" || character === "\r" || character === "\0")
      throw new Injection(`the line ends in ${JSON.stringify(line)}`);
    if (character === '"') quoted = !quoted;
    else if (!quoted && "&|<>()^".includes(character))
      throw new Injection(`${character} is not quoted in ${line}`);
  }
  if (quoted) throw new Injection(`a quote is open in ${line}`);
  return line;
}

/** What `cmd.exe /d /e:on /v:off /s /c "LINE"` is told to run, or nothing. */
function lineBehindOptions(commandLine: string): string | undefined {
  return /^cmd\.exe \/d \/e:on \/v:off \/s \/c "(.*)"$/s.exec(commandLine)?.[1];
}

export type Call = { readonly file: string; readonly words: readonly string[] };

/**
 * What a program gets that a batch file starts with `program %*`, from the command line
 * of the cmd.exe that runs the batch file.
 * @throws Injection
 */
export function callOfBatchFile(commandLine: string, variables: Variables): Call {
  const line = lineBehindOptions(commandLine);
  if (line === undefined) throw new Injection(`unknown options in ${commandLine}`);
  const command = commandIn(replacedOnCommandLine(line, variables));
  const [, file, rest] = /^"([^"]*)"(?:$| (.*)$)/s.exec(command) ?? [];
  if (file === undefined) throw new Injection(`the file is not quoted in ${command}`);
  const inside = commandIn(replacedInBatchFile("program %*", rest ?? ""));
  const words = runtimeWords(inside.slice("program ".length));
  if (!words) throw new Injection(`a quote is open in ${inside}`);
  return { file, words };
}
