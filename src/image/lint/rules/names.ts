/** Whether an image's names are those that it is looked for by. */
import { Failure } from "../../../contract/failure.ts";
import { printable } from "../../../system/text.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";

/** The names that variables declare, without registry and tag; or what is wrong. */
export type Naming = (lines: readonly string[]) => readonly string[] | Failure;

const naming = /^pseven-calc-/;

/** A name without registry, path, tag and digest. */
function lastComponent(name: string): string {
  const whole = name.split("@", 1)[0]!;
  return whole.slice(whole.lastIndexOf("/") + 1).replace(/:.*$/, "");
}

function given({ image }: Subject): { whole: string; last: string }[] {
  return image.names
    .map((whole) => ({ whole, last: lastComponent(whole) }))
    .filter(({ last }) => naming.test(last));
}

const apply = "sidecar image names SOURCE --apply -o OUT gives it all names";

export const nameRules = (names: Naming): readonly Rule[] => [
  {
    code: "feature-variable",
    severity: "error",
    title: "Features are declared by a name and a version",
    *check({ image, lines }) {
      const found = names(image.configuration.environment);
      if (!(found instanceof Failure)) return;
      const variable = /^DA__P7__FEATURE__\S+/.exec(found.message)?.[0];
      // What is wrong with a runenv, other rules say.
      if (variable === undefined) return;
      const line = environmentLine(lines, variable);
      yield {
        message: `${found.message}: no name of the image would tell of it`,
        fix: found.hint,
        ...(line === undefined ? {} : { line }),
      };
    },
  },
  {
    code: "name-unfit",
    severity: "error",
    title: "The image has no name of what it is not",
    *check(subject) {
      const expected = names(subject.image.configuration.environment);
      if (expected instanceof Failure && expected.code !== "image-names-none") return;
      const fitting = expected instanceof Failure ? [] : expected;
      for (const { whole, last } of given(subject)) {
        if (fitting.includes(last)) continue;
        yield {
          message: `it is named ${printable(whole)}; by what it declares it is ${fitting.join(", ") || "no image with a runenv"}`,
          fix: apply,
        };
      }
    },
  },
  {
    code: "name-missing",
    severity: "warning",
    title: "The image has all names that it is looked for by",
    *check(subject) {
      const expected = names(subject.image.configuration.environment);
      const present = given(subject).map(({ last }) => last);
      if (expected instanceof Failure || present.length === 0) return;
      const missing = expected.filter((name) => !present.includes(name));
      if (missing.length === 0) return;
      yield {
        message: `it declares more than its names tell: ${missing.join(", ")} is missing`,
        fix: apply,
      };
    },
  },
];
