/** The oracle about bytes: each one, where it belongs. */
import { compareStream } from "./bytes.ts";
import { type ResultRecord, recordOf, wasKilled } from "./facts.ts";
import { messagesIn } from "./messages.ts";
import { type Evidence, earlier, streamFiles } from "./performance.ts";
import type { Scenario } from "./scenario.ts";

const empty = new Uint8Array();

/** Every byte, where it belongs. */
export function* judgeStreams(
  scenario: Scenario,
  evidence: Evidence,
): Iterable<string> {
  const { files, board } = evidence;
  const killed = wasKilled(evidence);
  const paths = streamFiles(scenario);
  const consoles = ["console.out", "console.error"] as const;
  const hasBegun = board.notes.some(({ node }) => node === 0);
  for (const stream of [0, 1]) {
    const path = paths[stream];
    const raw = files.get(consoles[stream]!) ?? empty;
    const own = stream === 0 ? raw : messagesIn(raw).rest;
    if (path === undefined) {
      const wrong = compareStream(own, stream, board.notes, { demand: "all" });
      if (wrong) yield `${consoles[stream]}: ${wrong}`;
      continue;
    }
    const content = files.get(path);
    if (!content) {
      yield `${path} is missing`;
      continue;
    }
    const begins =
      Buffer.from(content.subarray(0, earlier.length)).toString() === earlier;
    if (hasBegun && begins !== scenario.append)
      yield `${path} ${begins ? "was not emptied" : "has lost what it held before"}`;
    const added = begins ? content.subarray(earlier.length) : content;
    const mine =
      paths[0] === paths[1]
        ? added.filter((byte) => byte >= 128 === (stream === 1))
        : added;
    const demand = killed && scenario.tee ? "beginning" : "all";
    const wrong = compareStream(mine, stream, board.notes, { demand });
    if (wrong) yield `${path}, stream ${stream}: ${wrong}`;
    if (!scenario.tee) {
      if (own.length > 0) yield `${consoles[stream]} has ${own.length} bytes`;
      continue;
    }
    const isCut = killed || (stream === 0 && scenario.out === "gone");
    const length = isCut ? Math.min(own.length, mine.length) : undefined;
    if (Buffer.compare(own.subarray(0, length), mine.subarray(0, length)) !== 0)
      yield `the copy of stream ${stream} has ${own.length} bytes, ` +
        `the file ${mine.length}`;
  }
  yield* recordedSizes(scenario, evidence);
  for (const { kind, b, node } of board.notes)
    if (kind === "written" && b < 0 && !(killed && scenario.tee))
      yield `a write of node ${node} failed with error ${-b}`;
}

/** The record's numbers of bytes. */
function* recordedSizes(scenario: Scenario, evidence: Evidence): Iterable<string> {
  let record: ResultRecord | undefined;
  try {
    record = recordOf(evidence);
  } catch {
    return;
  }
  if (record?.state !== "finished" || scenario.redirect === "one file") return;
  for (const { path, bytes } of Object.values(record.streams ?? {})) {
    const size = evidence.files.get(path)?.length ?? 0;
    const before = scenario.append ? earlier.length : 0;
    if (bytes !== size - before)
      yield `the record has ${bytes} bytes for ${path}, it has ${size - before} more`;
  }
}
