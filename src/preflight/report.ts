/** The findings as a table for people, or as one JSON object for programs. */
import { checkNames, type Finding, type Status } from "./finding.ts";

/** Whether a block would work, as far as the checks can tell. */
export function isGood(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "failed");
}

/** docs/sidecar-check-1.schema.json describes it. */
export function jsonReport(findings: readonly Finding[]): string {
  const report = { schema: "sidecar-check-1", ok: isGood(findings), checks: findings };
  return JSON.stringify(report, (_, value) =>
    typeof value === "string" ? value.toWellFormed() : value,
  );
}

/** Only what failed is in capitals: it is to be found without any colour. */
const words: Readonly<Record<Status, string>> = {
  ok: "ok",
  warning: "warning",
  failed: "FAILED",
  skipped: "skipped",
};
const colours: Readonly<Record<Status, string>> = {
  ok: "32",
  warning: "1;33",
  failed: "1;31",
  skipped: "2",
};
const statusWidth = 9;
const nameWidth = Math.max(...checkNames.map((name) => name.length)) + 2;

export function textReport(findings: readonly Finding[], coloured: boolean): string {
  const lines: string[] = [];
  for (const { name, status, message, hint, runenv } of findings) {
    const word = words[status].padEnd(statusWidth);
    const shown = coloured ? `\x1b[${colours[status]}m${word}\x1b[0m` : word;
    const subject = runenv === undefined ? "" : `${runenv}: `;
    lines.push(`${shown}${name.padEnd(nameWidth)}${subject}${message}`);
    if (hint !== undefined) lines.push(`${" ".repeat(statusWidth)}-> ${hint}`);
  }
  return [...lines, "", summary(findings)].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Status) => findings.filter((f) => f.status === status).length;
  const warnings = count("warning");
  const and = warnings === 0 ? "" : `, ${warnings} warning${warnings === 1 ? "" : "s"}`;
  const failures = count("failed");
  if (failures > 0) return `${failures} FAILED${and}: a block would not work here`;
  return `nothing failed${and}: a block of any user id 20000–29999 would work here`;
}
