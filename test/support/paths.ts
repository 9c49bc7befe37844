import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const built = resolve(root, "dist/sidecar");
/** The copy of it that every user can start; setup.ts makes it. */
export const executable = process.env["SIDECAR_UNDER_TEST"] ?? built;
