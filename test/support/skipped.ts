/** Says at the end what was left out, and what it needs. */
import type { Reporter, TestModule } from "vitest/node";

export default class Skipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules)
      for (const test of module.children.allTests("skipped")) {
        const need =
          /\[(needs [^\]]+)\]/.exec(test.fullName)?.[1] ?? "for another reason";
        counts.set(need, (counts.get(need) ?? 0) + 1);
      }
    for (const [need, count] of counts)
      console.log(` Left out: ${count} ${count === 1 ? "test" : "tests"}, ${need}`);
  }
}
