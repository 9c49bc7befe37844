import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Time is no criterion here (bench/ has that); this only ends what hangs.
    testTimeout: 120_000,
    hookTimeout: 600_000,
    reporters: ["default", "./test/support/skipped.ts"],
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/setup.ts",
    // Black-box tests wait for processes most of the time.
    maxWorkers: 3,
  },
});
