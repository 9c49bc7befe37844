/**
 * Lists and mappings that are closed as in a program:
 *
 *     env: [
 *       { name: DA__P7__…, value: … },
 *     ]
 *
 * YAML wants the last line further in than the key; Go's parser, and so Helm, does not.
 */

const closerForm = /^[ \t]*[\]}]/;
/** A quote that is not closed goes to the line's end, so that nothing is read twice. */
const partForm = /"(?:[^"\\]|\\.?)*(?:"|$)|'[^']*(?:'|$)|(?<=^|[ \t])#.*/g;

/**
 * Lines that begin with what closes are joined to the one before, by blanks: all else
 * stands where it stood. In a block of text that would be wrong, but for where it ends.
 */
export function bracketsJoined(text: string): string {
  const lines = text.split("\n");
  const isJoined: boolean[] = [];
  for (const [index, line] of lines.entries())
    if (closerForm.test(line))
      for (let before = index - 1; before >= 0; before -= 1) {
        lines[before] = withoutComment(lines[before]!);
        isJoined[before] = true;
        if (lines[before]!.trim() !== "") break;
      }
  return lines
    .map(
      (line, index) =>
        line + (index === lines.length - 1 ? "" : isJoined[index] ? " " : "\n"),
    )
    .join("");
}

/** Of the same length, and without the line's end of Windows. */
function withoutComment(line: string): string {
  return line
    .replace(/\r$/, " ")
    .replace(partForm, (part) =>
      part.startsWith("#") ? " ".repeat(part.length) : part,
    );
}
