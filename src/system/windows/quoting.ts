/**
 * Command lines: Windows hands a program one text, which its C runtime splits into
 * words. Rules: "Parsing C command-line arguments" in Microsoft's C++ reference.
 */

/** The command line that the C runtime splits into exactly these words. */
export function commandLine(words: readonly string[]): string {
  const [program = "", ...rest] = words;
  return [quotedProgram(program), ...rest.map(quotedWord)].join(" ");
}

/** The first word has rules of its own: no escapes; a quote cannot be in it. */
function quotedProgram(word: string): string {
  return `"${word.replaceAll('"', "")}"`;
}

/** Backslashes mean themselves, except in front of a quote. */
export function quotedWord(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  const escaped = word
    .replace(/(\\*)"/g, (_, backslashes: string) => `${backslashes}${backslashes}\\"`)
    .replace(/\\+$/, (backslashes) => backslashes + backslashes);
  return `"${escaped}"`;
}

/**
 * The words in `text`, as the C runtime splits it behind the program's name; nothing
 * where a quote is not closed, which it would forgive.
 */
export function runtimeWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (!quoted && (character === " " || character === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '"') {
      word ??= "";
      // Two quotes within quotes are one that means itself.
      if (quoted && text[at + 1] === '"') {
        word += '"';
        at += 1;
      } else quoted = !quoted;
    } else if (character === "\\") {
      const count = /^\\+/.exec(text.slice(at))![0].length;
      const beforeQuote = text[at + count] === '"';
      word = (word ?? "") + "\\".repeat(beforeQuote ? count >> 1 : count);
      at += count - 1;
      if (beforeQuote && count % 2 === 1) {
        word += '"';
        at += 1;
      }
    } else word = (word ?? "") + character;
  }
  if (quoted) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

/** Windows takes no notice of dots and blanks at the end of a file's name. */
const ignoredEnd = /[. ]+$/;

/** Whether Windows runs a file by cmd.exe. */
export function isBatchFile(path: string): boolean {
  return /\.(bat|cmd)$/i.test(path.replace(ignoredEnd, ""));
}

/**
 * The command line of cmd.exe that runs a batch file with exactly these arguments;
 * nothing where that cannot be said, because a line ends in the middle of a word.
 *
 * cmd.exe splits and replaces before the batch file sees anything (CVE-2024-24576): so
 * all but plain words is in quotes, in which it takes `%` alone for special. That is
 * parted from what follows by an expansion to nothing, `%cd:~,%`, which needs /e:on.
 * `!` is plain by /v:off. (The way of Rust's standard library.)
 */
export function batchCommandLine(
  path: string,
  words: readonly string[],
): string | undefined {
  if ([path, ...words].some((word) => /[\r\n\0]/.test(word))) return undefined;
  if (path.includes('"')) return undefined;
  const file = path.replace(ignoredEnd, "");
  const parts = [`"${percentSafe(file)}"`, ...words.map(batchWord)];
  return `cmd.exe /d /e:on /v:off /s /c "${parts.join(" ")}"`;
}

function batchWord(word: string): string {
  const plain = word !== "" && /^[\p{L}\p{N}#$*+\-./:?@\\_]+$/u.test(word);
  if (plain && !word.endsWith("\\")) return word;
  const escaped = word
    .replace(/(\\*)"/g, (_, backslashes: string) => `${backslashes}${backslashes}""`)
    .replace(/\\+$/, (backslashes) => backslashes + backslashes);
  return `"${percentSafe(escaped)}"`;
}

function percentSafe(text: string): string {
  return text.replaceAll("%", "%%cd:~,%");
}
