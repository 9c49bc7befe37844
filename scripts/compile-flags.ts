/**
 * How everything is compiled: sidecar by build.ts, and what bench/ compares it with.
 */
export const compileFlags: readonly string[] = [
  "--compile",
  "--minify",
  "--format=esm",
  "--bytecode",
  // With it `await import()` is real: help and yargs are not even read for a block.
  "--splitting",
  // What is small and always needed belongs in one piece with the door.
  "--min-chunk-size=16384",
  // Nothing here runs long enough to pay for compiling it to machine code.
  "--compile-jit-policy=100",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];
