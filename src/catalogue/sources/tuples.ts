/**
 * Manifests may write pairs as Python does, which YAML does not know inside of a list:
 *
 *     required_feature: [("COBOL", "v42"), ("COBOL", null)]
 *     runenv: ("COBOL", 42)
 */

const keyForm = /(["']?)(runenv|required_feature)\1[ \t]*:(?=[\s[(])/g;
const blanksForm = /(?:\s|#.*)*/y;
const wordForm = `[^\\s"'()[\\]{},:#]+`;
const plainForm = `${wordForm}(?:[ \\t]+${wordForm})*`;
const itemForm = `\\s*(?:"[^"\\n]*"|'[^'\\n]*'|${plainForm})\\s*`;
// The blanks behind an item can be its own only: two takers would try all ways.
const tupleForm = new RegExp(`\\((${itemForm}(?:,${itemForm})*)(?:,\\s*)?\\)`, "y");
/** Behind a value: the end of the line, of what it is in, or a comment. */
const endForm = /[ \t]*(?:$|[\r\n,}]|(?<=[ \t])#)/y;
const opaqueForm = /"(?:[^"\\]|\\[\s\S])*"|'[^']*'|(?<=\s)#.*/y;

/** `text` with the tuples in the values of these two keys as YAML's lists. */
export function tuplesAsLists(text: string): string {
  let written = "";
  let done = 0;
  for (const match of text.matchAll(keyForm)) {
    const colon = match.index + match[0].length;
    if (colon < done || !beginsKey(text, match.index)) continue;
    const value = colon + matchAt(blanksForm, text, colon)![0].length;
    const tuple = matchAt(tupleForm, text, value);
    if (tuple && matchAt(endForm, text, value + tuple[0].length)) {
      const list = `[${tuple[1]}]`;
      written += text.slice(done, value) + (match[2] === "runenv" ? list : `[${list}]`);
      done = value + tuple[0].length;
    } else if (text[value] === "[") {
      const list = listWithLists(text, value);
      written += text.slice(done, value) + list.written;
      done = list.end;
    }
  }
  return written + text.slice(done);
}

/** Whether a key can begin there: at the beginning of a line, or in a flow mapping. */
function beginsKey(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === " " || text[before] === "\t") before -= 1;
  return before < 0 || "\n{,".includes(text[before]!);
}

/** The list in brackets at `start`, in which tuples become lists. */
function listWithLists(
  text: string,
  start: number,
): { readonly written: string; readonly end: number } {
  let written = "";
  let depth = 0;
  let beginsItem = false;
  let at = start;
  while (at < text.length) {
    const character = text[at]!;
    const tuple = beginsItem && character === "(" && matchAt(tupleForm, text, at);
    const whole = tuple || matchAt(opaqueForm, text, at);
    if (whole) {
      written += tuple ? `[${tuple[1]}]` : whole[0];
      at += whole[0].length;
      beginsItem &&= character === "#";
      continue;
    }
    written += character;
    at += 1;
    if (character === "[") depth += 1;
    if (character === "]") depth -= 1;
    if (depth === 0) break;
    if (character.trim() !== "") beginsItem = character === "[" || character === ",";
  }
  return { written, end: at };
}

function matchAt(form: RegExp, text: string, at: number): RegExpExecArray | null {
  form.lastIndex = at;
  return form.exec(text);
}
