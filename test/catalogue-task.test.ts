/** What a task of pCluster asks for, as a program has it: perhaps just from JSON. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTask, type Task } from "../src/catalogue/task.ts";

const runenv = ["PYTHON3", 42] as const;

describe("a feature is asked for", () => {
  it.each([
    ["in any version", ["nx", null], null],
    ["in any version, of which nothing is said", ["nx"], null],
    ["in a version that is a number", ["nx", 2020], "2020"],
    ["in a version", ["nx", "V42"], "v42"],
  ] as const)("%s", (_, require, version) => {
    expect(readTask({ runenv, require })).toMatchObject({
      value: { required: [{ name: "NX", version }] },
    });
  });
});

describe("what is no task is told in words", () => {
  it.each([
    [{}, "runenv: it is no [NAME,VERSION]"],
    [{ runenv: "(A,1)" }, "runenv: it is no [NAME,VERSION]"],
    [{ runenv: ["A"] }, "runenv: 'undefined' is not a whole number from 0 on"],
    [{ runenv, require: "NX" }, "require: it is no [NAME,VERSION]"],
    [{ runenv, require: [1, 2] }, "require: it is no [NAME,VERSION]"],
    [{ runenv, required_feature: "NX" }, "required_feature: it is no list"],
    [{ runenv, required_feature: [null] }, "required_feature: it is no [NAME,VERSION]"],
    [{ runenv, os: 1 }, "os: '1' is not one of Linux, Windows"],
  ])("%j", (task, problem) => {
    expect(readTask(task as unknown as Task)).toEqual({ problem });
  });

  it("whatever it is, if it is an object", () => {
    const field = fc.jsonValue();
    const tasks = fc.record(
      {
        runenv: fc.oneof(fc.constant(runenv), field),
        require: field,
        required_feature: field,
        os: field,
        extension_node: field,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(tasks, (task) => {
        const read = readTask(task as unknown as Task);
        expect("problem" in read ? typeof read.problem : "string").toBe("string");
      }),
    );
  });
});
