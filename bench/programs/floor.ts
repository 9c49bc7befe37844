/** The least that a Bun program can do which starts another and waits for it. */
const { exitCode } = Bun.spawnSync(["/bin/true"], {
  stdio: ["inherit", "inherit", "inherit"],
});
process.exitCode = exitCode;
