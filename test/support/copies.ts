/** What `sidecar install` should have made, and an older file that it should not. */
import { lstatSync } from "node:fs";
import { expect } from "vitest";
import { executable } from "./paths.ts";
import { run } from "./sidecar.ts";

export const old = "as it was";

/** Whether it is the executable under test, and everybody may start it. */
export async function expectCopy(file: string): Promise<void> {
  expect((await run(["cmp", executable, file])).code).toBe(0);
  expect(lstatSync(file).isFile()).toBe(true);
  expect(lstatSync(file).mode & 0o7777).toBe(0o755);
}
