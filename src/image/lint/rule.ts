/** A rule: what it looks for, and how much it matters. */

import type { Fault, Finding, Severity } from "./finding.ts";
import { dockerfileLine } from "./history.ts";
import type { Subject } from "./subject.ts";

export type Rule = {
  /** Stable, and a heading of docs/image-rules.md. */
  readonly code: string;
  readonly severity: Severity;
  /** What is right, in a few words: a heading of reports. */
  readonly title: string;
  readonly check: (subject: Subject) => Iterable<Fault>;
};

export type RuleGroup = { readonly title: string; readonly rules: readonly Rule[] };

/** A rule's findings, with the layer and the line that caused each. */
export function findingsOf(rule: Rule, subject: Subject): Finding[] {
  const { code, severity } = rule;
  return [...rule.check(subject)].map(({ message, fix, node, ...fault }): Finding => {
    const layer = fault.layer ?? node?.layer;
    const path = fault.path ?? node?.path;
    const createdBy = layer?.createdBy;
    const line =
      fault.line ?? (createdBy === undefined ? undefined : dockerfileLine(createdBy));
    return {
      rule: code,
      severity,
      message,
      ...(path === undefined ? {} : { path }),
      ...(layer === undefined
        ? {}
        : {
            layer: {
              index: layer.index,
              diffId: layer.diffId,
              ...(createdBy === undefined ? {} : { createdBy }),
            },
          }),
      ...(line === undefined ? {} : { line }),
      fix,
    };
  });
}
