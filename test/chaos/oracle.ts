/** Judges a performance: everything that the contract promises, after the fact. */
import { join } from "node:path";
import { blockRan, type ResultRecord, recordOf, wasKilled } from "./facts.ts";
import { messagesIn } from "./messages.ts";
import { judgeStreams } from "./oracle-streams.ts";
import { allowedOutcomes, type Cause, type Exit, exitCodeOf } from "./outcomes.ts";
import { type Evidence, streamFiles } from "./performance.ts";
import type { Scenario } from "./scenario.ts";

type Judge = (scenario: Scenario, evidence: Evidence) => Iterable<string>;

/** What is wrong, one line each; empty where all is well. */
export function judge(scenario: Scenario, evidence: Evidence): string[] {
  const { broken } = evidence.report;
  if (broken !== undefined) return [`stage: ${broken}`];
  const judges = {
    end,
    remains,
    processes,
    descriptors,
    streams: judgeStreams,
    messages,
  };
  return Object.entries(judges).flatMap(([name, one]: [string, Judge]) =>
    [...one(scenario, evidence)].map((problem) => `${name}: ${problem}`),
  );
}

/** Whether the kernel ended sidecar before its first instruction. */
function neverBegan({ report }: Evidence): boolean {
  return report.sent.some(
    ({ signal, kept }) => signal === report.signal && kept !== "kept",
  );
}

/** Exit code and record. */
function* end(scenario: Scenario, evidence: Evidence): Iterable<string> {
  const { report, board } = evidence;
  if (report.hangs) {
    yield "sidecar did not end";
    return;
  }
  let record: ResultRecord | undefined;
  try {
    record = recordOf(evidence);
  } catch (error) {
    yield `the record is no JSON: ${error}`;
    return;
  }
  if (record && !scenario.result) yield "there is a record that nobody wanted";
  if (record && record.schema !== "sidecar-result-1")
    yield `the record's schema is ${record.schema}`;
  const allowed = allowedOutcomes(scenario, evidence);
  const list = allowed.map((exit) => JSON.stringify(exit)).join(" or ") || "none";
  const isAllowed = (exit: Exit | undefined) =>
    exit !== undefined && allowed.some((one) => isSame(one, exit));
  if (wasKilled(evidence)) {
    const hasBegun = board.notes.some(({ node }) => node === 0);
    if (scenario.result && hasBegun && !record) yield "a block ran, without a record";
    // It is written behind the block's start, and before anything is passed on.
    const wasTold = board.notes.some(
      ({ node, kind }) => node === 0 && kind === "signal",
    );
    if (wasTold && record?.state === "activating")
      yield "a block ran and got a signal, and the record says activating";
    if (record?.state === "finished" && !isAllowed(record.exit))
      yield `the record has ${JSON.stringify(record.exit)}, allowed: ${list}`;
    return;
  }
  if (report.code === undefined) {
    if (neverBegan(evidence) && board.notes.length === 0 && !record) return;
    yield `sidecar was ended by signal ${report.signal}`;
    return;
  }
  const codes = [...new Set(allowed.map(exitCodeOf))];
  if (!codes.includes(report.code))
    yield `exit code ${report.code}, allowed: ${codes.join(" or ")} (${list})`;
  if (!scenario.result) return;
  if (!record) {
    yield "there is no record";
    return;
  }
  if (record.state !== "finished") yield `the record's state is ${record.state}`;
  else if (!isAllowed(record.exit))
    yield `the record has ${JSON.stringify(record.exit)}, allowed: ${list}`;
  else if (exitCodeOf(record.exit!) !== report.code)
    yield `the record has ${JSON.stringify(record.exit)}, ` +
      `the exit code is ${report.code}`;
}

function isSame(one: Exit, other: Exit): boolean {
  return (
    one.cause === other.cause && one.code === other.code && one.signal === other.signal
  );
}

/** Files and directories. */
function* remains(scenario: Scenario, evidence: Evidence): Iterable<string> {
  const known = ["r.json", "a.env", "a.sh", "console.out", "console.error"];
  const expected = new Set([...known, ...streamFiles(scenario)]);
  for (const name of evidence.files.keys()) {
    const isUnfinished = /^r\.json\.\d+\.new$/.test(name) && wasKilled(evidence);
    if (!expected.has(name) && !isUnfinished) yield `the file ${name} is left`;
  }
  // A guardian removes it, if there was one, and was not killed with a process 1.
  for (const name of evidence.cgroups)
    if (!wasKilled(evidence) || (!scenario.processOne && blockRan(scenario, evidence)))
      yield `the cgroup ${name} is left`;
  for (const name of evidence.temporary) {
    const isHome = name === "home" && scenario.platformUser;
    const isOwn = name.startsWith("sidecar-") && wasKilled(evidence);
    if (!isHome && !isOwn) yield `${join("/tmp", name)} is left`;
  }
}

/** Processes and zombies. */
function* processes(_: Scenario, evidence: Evidence): Iterable<string> {
  const { report, board } = evidence;
  for (const process of report.left)
    yield wasKilled(evidence)
      ? `long after sidecar was killed there is ${process}`
      : `sidecar has ended, and there is ${process}`;
  for (const { kind, node, a, process } of board.notes) {
    if (kind === "alarm") yield `process ${process} of node ${node} was never ended`;
    if (kind === "zombies") yield `${a} orphans were not reaped`;
    if (kind === "step") yield `the tree does not know the action ${a}`;
  }
  if (board.isFull) yield "the board is full";
  if (wasKilled(evidence)) return;
  const late = board.notes.find(({ time }) => time > report.ended);
  if (late) yield `node ${late.node} did something after sidecar's end: ${late.kind}`;
}

/** Those that the block was started with. */
function* descriptors(_: Scenario, { board }: Evidence): Iterable<string> {
  const start = board.notes.find(({ node, kind }) => node === 0 && kind === "start");
  if (start && start.a !== 0b111)
    yield `the block was started with the descriptors ${start.a.toString(2)}`;
}

const empty = new Uint8Array();

const codeOfCause: Partial<{ readonly [cause in Cause]: RegExp }> = {
  signalled: /^block-signalled$/,
  timeout: /^block-timeout$/,
  cancelled: /^block-cancelled$/,
  "activation-failed": /^activation-/,
  "not-found": /^program-/,
  "not-executable": /^program-/,
};

/** What sidecar said on its own standard error. */
function* messages(scenario: Scenario, evidence: Evidence): Iterable<string> {
  const text = evidence.files.get("console.error") ?? empty;
  const { codes, rest } = messagesIn(text);
  if (
    scenario.redirect !== "neither" &&
    scenario.redirect !== "stdout" &&
    !scenario.tee &&
    rest.length > 0
  )
    yield "there is more than messages: " +
      JSON.stringify(Buffer.from(rest).toString().slice(0, 300));
  const others = codes.filter((code) => code !== "running-as-root");
  const isRoot = !scenario.platformUser && process.getuid?.() === 0;
  const warned = codes.length - others.length;
  if (warned > (isRoot && !scenario.quiet ? 1 : 0)) yield "a warning about root";
  const unexpected = others.filter(
    (code) => !(code === "stream-lost" && scenario.out === "gone"),
  );
  if (wasKilled(evidence) || evidence.report.code === undefined) {
    const known = /^(block-(signalled|timeout|cancelled)|activation-.*|program-.*)$/;
    for (const code of unexpected) if (!known.test(code)) yield `an unexpected ${code}`;
    return;
  }
  const causes = new Set(
    allowedOutcomes(scenario, evidence)
      .filter((exit) => exitCodeOf(exit) === evidence.report.code)
      .map(({ cause }) => cause),
  );
  const patterns = [...causes].map((cause) => codeOfCause[cause]);
  if (unexpected.length > 1) yield `several messages: ${unexpected.join(", ")}`;
  const [code] = unexpected;
  if (code !== undefined && !patterns.some((pattern) => pattern?.test(code)))
    yield `an unexpected ${code}`;
  const isWarning = patterns.some(
    (pattern) =>
      !pattern || pattern.test("block-cancelled") || pattern.test("block-signalled"),
  );
  if (code === undefined && !isWarning) yield "no message says why";
}
