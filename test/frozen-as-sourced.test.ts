/**
 * A generated activation, frozen, and the same by the shell: in any environment a block
 * sees the same, byte for byte, or is refused. Where nothing has changed since it was
 * frozen it is never refused.
 */

import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { script } from "./support/freezing.ts";
import { executable } from "./support/paths.ts";
import {
  codesBut,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const own = ["A", "B", "C", "D"];
const inherited = ["E", "F", "G"];
const name = fc.constantFrom(...own, ...inherited, "PATH", "HOME");
const target = fc.constantFrom(...own, ...inherited, "PATH");

/** Text in single quotes. */
const literal = fc
  .array(
    fc.constantFrom("x", " ", "/opt/a", ":", "\n", "$", "\\", "{", "=", '"', "ß"),
    {
      maxLength: 5,
    },
  )
  .map((parts) => `'${parts.join("")}'`);
const word = fc.constantFrom("on", "off", "1");

const value = fc
  .array(
    fc.oneof(
      literal,
      name.map((one) => `"$${one}"`),
      fc.tuple(name, literal).map(([one, text]) => `\${${one}:-${text}}`),
      fc.tuple(name, literal).map(([one, text]) => `\${${one}:+${text}}`),
      fc.tuple(name, literal).map(([one, text]) => `\${${one}-${text}}`),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(""));

const condition = fc.oneof(
  name.map((one) => `[ -n "$${one}" ]`),
  name.map((one) => `[ "\${${one}+set}" = set ]`),
  fc.tuple(name, word).map(([one, text]) => `[ "$${one}" = ${text} ]`),
  fc.tuple(name, name).map(([one, other]) => `[ -n "$${one}$${other}" ]`),
);

/** In an assignment, other than behind `export`, nothing is split. */
const assign = (one: string, text: string) => `${one}=${text}; export ${one}`;

const statement = fc.oneof(
  fc.tuple(target, value).map(([one, text]) => assign(one, text)),
  target.filter((one) => one !== "PATH").map((one) => `unset ${one}`),
  fc.tuple(target, literal).map(([one, text]) => assign(one, `${text}:"$${one}"`)),
  fc
    .tuple(condition, target, value)
    .map(([test, one, text]) => `if ${test}; then ${assign(one, text)}; fi`),
);

const activation = fc
  .tuple(fc.constantFrom("/bin/sh", "/bin/bash"), fc.array(statement, { maxLength: 6 }))
  .map(([shell, lines]) => `#!${shell}\n${lines.join("\n")}\n:\n`);

const content = fc.constantFrom("", "on", "off", "1", "/opt/a:/b", "x y\n", "$A \\ ß");
const variables = fc.dictionary(fc.constantFrom(...own, ...inherited), content);
const path = fc.constantFrom(smallEnvironment.PATH, `/mine:${smallEnvironment.PATH}`);
const home = fc.constantFrom("/root", "/home/somebody");

const image = fc.record({
  activations: fc.array(activation, { minLength: 6, maxLength: 6 }),
  built: variables,
  runs: fc.array(fc.tuple(variables, path, home), { minLength: 5, maxLength: 5 }),
});

type Variables = Record<string, string>;

async function blockOf(runenv: string, environment: Variables) {
  const result = await run(
    [executable, "--quiet", `--runenv=${runenv},1`, "--exec", "/usr/bin/env", "-0"],
    { environment },
  );
  const entries = Buffer.from(result.bytes).toString("latin1").split("\0").toSorted();
  return {
    ...result,
    entries: entries.filter((entry) => !entry.includes("__FROZEN=")),
  };
}

/** More rounds have other scripts each time. */
const rounds = process.env["SIDECAR_FREEZE_ROUNDS"];
const usual = { numRuns: 2, seed: 4 };

it("a frozen activation does what the shell does, or refuses", async () => {
  let same = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(image, async ({ activations, built, runs }) => {
      const directory = workspace();
      const declared: Variables = {};
      const unfrozen: Variables = {};
      const names = activations.map((text, index) => {
        const runenv = `R${index}`;
        const prefix = `DA__P7__RUNENV__${runenv}__`;
        declared[`${prefix}ACTIVATE`] = script(text);
        declared[`${prefix}FROZEN`] = join(directory, runenv);
        unfrozen[`${prefix}FROZEN`] = "";
        return runenv;
      });
      const asBuilt = { ...smallEnvironment, HOME: "/root", ...built, ...declared };
      const { code, stderr } = await sidecar(["freeze"], { environment: asBuilt });
      expect(code, stderr).toBe(0);
      for (const [index, runenv] of names.entries()) {
        const why = `${activations[index]}\nbuilt with ${JSON.stringify(built)}`;
        const unchanged = await blockOf(runenv, asBuilt);
        expect(unchanged.stderr, why).toBe("");
        for (const [others, PATH, HOME] of [
          [built, smallEnvironment.PATH, "/root"] as const,
          ...runs,
        ]) {
          const environment = { ...declared, ...others, PATH, HOME };
          const one = await blockOf(runenv, environment);
          if (one.code !== 0) {
            expect(codesBut(one.stderr)).toEqual(["activation-frozen-changed"]);
            refused += 1;
            continue;
          }
          const other = await blockOf(runenv, { ...environment, ...unfrozen });
          expect(other.code, other.stderr).toBe(0);
          const where = `${why}\nrun with ${JSON.stringify(environment)}`;
          expect(one.entries, where).toEqual(other.entries);
          same += 1;
        }
      }
    }),
    {
      endOnFailure: true,
      ...(rounds === undefined ? usual : { numRuns: Number(rounds) }),
    },
  );
  // That all are refused would be no news.
  expect(same).toBeGreaterThan(refused / 4);
  console.log(`${same} the same, ${refused} refused`);
});
