/** Bun's interface to C; it is the same on every system. */
export * from "../foreign.ts";
