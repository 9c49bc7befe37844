/** A name and what goes with it, as it is written in options, variables and manifests. */

/**
 * The parts of `(COBOL,42)`, `COBOL,42` or `("COBOL", "42")`: one or two, without
 * blanks around them and without quotes; or in words why it is no pair.
 */
export function readPair(text: string): readonly [string, string?] | string {
  const trimmed = text.trim();
  const opens = trimmed.startsWith("(");
  if (opens !== trimmed.endsWith(")"))
    return opens ? "the closing ) is missing" : "the opening ( is missing";
  const parts = (opens ? trimmed.slice(1, -1) : trimmed).split(",");
  if (parts.length > 2) return "expected one name and one version";
  return parts.map(unquoted) as unknown as readonly [string, string?];
}

function unquoted(part: string): string {
  const trimmed = part.trim();
  const quote = trimmed[0];
  if (quote !== '"' && quote !== "'") return trimmed;
  return trimmed.length > 1 && trimmed.endsWith(quote) ? trimmed.slice(1, -1) : trimmed;
}
