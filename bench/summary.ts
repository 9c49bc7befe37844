/** From samples to figures, and from figures to tables. */
import type { Sample } from "./process.ts";

/** Medians, and the least wall time; milliseconds, and a count of page faults. */
export type Summary = Sample & { readonly least: number };

export function summarize(samples: readonly Sample[]): Summary {
  const of = (key: keyof Sample) => samples.map((sample) => sample[key]);
  return {
    wall: median(of("wall")),
    processor: median(of("processor")),
    faults: median(of("faults")),
    least: Math.min(...of("wall")),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** Rows of text as a Markdown table: the first is the head; figures to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]) => {
    const cells = row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
    );
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(rows[0]!), line(rule), ...rows.slice(1).map(line)].join("\n");
}
