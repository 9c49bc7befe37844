/** The life of a supervised process, as a pure function. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  begin,
  type Event,
  killLimit,
  type Life,
  type Limits,
  type Send,
  step,
} from "../src/companion/lifecycle.ts";

const limits: Limits = { timeout: 1000, grace: 100 };
const TERM = 15;
const KILL = 9;

/** Lives through events at given times. */
function live(events: ReadonlyArray<readonly [number, Event]>, used = limits) {
  let life = begin(0, used);
  const sent: Array<readonly [number, Send]> = [];
  for (const [now, event] of events) {
    const [next, sends] = step(life, event, now, used);
    life = next;
    for (const send of sends) sent.push([now, send]);
  }
  return { life, sent: sent.map(([now, { to, signal }]) => `${now} ${to} ${signal}`) };
}

const signal = (number: number, ends = true): Event => ({
  kind: "signal",
  signal: number,
  ends,
});
const ended = (alone: boolean): Event => ({ kind: "ended", alone });
const stopped = (by: number): Event => ({ kind: "stopped", signal: by });
const deadline: Event = { kind: "deadline" };

describe("a process that", () => {
  it("ends alone is over at once", () => {
    const { life, sent } = live([[5, ended(true)]]);
    expect(life).toMatchObject({ phase: "over", ended: true });
    expect(life.reason).toBeUndefined();
    expect(sent).toEqual([]);
  });

  it("leaves others asks them to end, then kills them", () => {
    const { life, sent } = live([
      [5, ended(false)],
      [104, deadline],
      [105, deadline],
      [106, { kind: "alone" }],
    ]);
    expect(sent).toEqual(["5 everybody 15", "105 everybody 9"]);
    expect(life.phase).toBe("over");
    expect(life.reason).toBeUndefined();
  });

  it("takes too long gets SIGTERM, the grace, SIGKILL", () => {
    const { life, sent } = live([
      [999, deadline],
      [1000, deadline],
      [1099, deadline],
      [1100, deadline],
    ]);
    expect(sent).toEqual(["1000 process 15", "1000 process 18", "1100 everybody 9"]);
    expect(life).toMatchObject({ phase: "killed", reason: { kind: "timeout" } });
  });

  it("even SIGKILL does not end is given up in the end", () => {
    const { life } = live([
      [1000, deadline],
      [1100, deadline],
      [1100 + killLimit, deadline],
    ]);
    expect(life).toMatchObject({ phase: "over", ended: false });
  });

  it("is stopped when it is to end is continued", () => {
    const { sent } = live([
      [1, stopped(19)],
      [2, signal(TERM)],
      [3, stopped(19)],
    ]);
    expect(sent).toEqual(["2 process 15", "2 process 18", "3 process 18"]);
  });

  it("is stopped by its terminal while it ends is left alone: so it would be again", () => {
    const { sent } = live([
      [2, signal(TERM)],
      [3, stopped(21)],
      [4, stopped(22)],
    ]);
    expect(sent).toEqual(["2 process 15", "2 process 18"]);
  });

  it("has stopped others in its group, of whom nobody told, has them continued", () => {
    const { sent } = live([[2, signal(TERM)]]);
    expect(sent).toEqual(["2 process 15", "2 process 18"]);
  });
});

describe("a signal", () => {
  it("that does not end anything is only passed on", () => {
    const { life, sent } = live([[1, signal(10, false)]]);
    expect(sent).toEqual(["1 process 10"]);
    expect(life.phase).toBe("running");
  });

  it("that ends is passed on as it is, and remembered as the reason", () => {
    const { life, sent } = live([
      [1, signal(2)],
      [50, ended(true)],
    ]);
    expect(sent).toEqual(["1 process 2", "1 process 18"]);
    expect(life.reason).toEqual({ kind: "cancelled", signal: 2 });
  });

  it("SIGTERM twice means at once", () => {
    const { sent } = live([
      [1, signal(TERM)],
      [2, signal(TERM)],
    ]);
    expect(sent).toEqual(["1 process 15", "1 process 18", "2 everybody 9"]);
  });

  it.each<[string, Event, string]>([
    ["SIGINT", signal(2), "process"],
    ["the timeout", deadline, "process"],
    ["the end of the process, which has left others", ended(false), "everybody"],
  ])("SIGTERM after %s is the first; the second means at once", (_, before, to) => {
    const { sent } = live([
      [1000, before],
      [1001, signal(TERM)],
      [1002, signal(TERM)],
    ]);
    const later = sent.filter((text) => !text.startsWith("1000 "));
    expect(later).toEqual([`1001 ${to} 15`, "1002 everybody 9"]);
  });

  it("after the timeout does not change the reason", () => {
    const { life } = live([
      [1000, deadline],
      [1001, signal(TERM)],
    ]);
    expect(life).toMatchObject({ phase: "ending", reason: { kind: "timeout" } });
  });
});

it("the end of the grace is remembered where sidecar ends it, or is told to", () => {
  const graceEnd = (...events: ReadonlyArray<readonly [number, Event]>) =>
    live([...events, [500, ended(true)]]).life.graceEnd;
  const leaves = ended(false);
  expect(graceEnd()).toBeUndefined();
  expect(graceEnd([3, leaves])).toBeUndefined();
  expect(graceEnd([3, signal(10, false)])).toBeUndefined();
  expect(graceEnd([3, signal(2)])).toBe(103);
  expect(graceEnd([3, signal(2)], [4, signal(1)])).toBe(103);
  expect(graceEnd([3, signal(TERM)], [4, signal(TERM)])).toBe(4);
  expect(graceEnd([3, leaves], [4, signal(TERM)])).toBe(104);
  expect(graceEnd([1000, deadline], [1001, signal(TERM)])).toBe(1100);
});

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("signal" as const),
    signal: fc.constantFrom(1, 2, 3, 10, 12, 15, 18, 20, 28),
    ends: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("ended" as const), alone: fc.boolean() }),
  fc.constantFrom<Event>({ kind: "alone" }, stopped(19), deadline),
);

it("whatever happens, everything comes to an end, by SIGKILL at the latest", () => {
  fc.assert(
    fc.property(fc.array(event), fc.nat(50), (events, gap) => {
      let now = 0;
      let life: Life = begin(0, limits);
      const kills: Send[] = [];
      const happen = (happened: Event) => {
        if (life.phase === "over") return;
        const [next, sends] = step(life, happened, now, limits);
        life = next;
        kills.push(...sends.filter((send) => send.signal === KILL));
      };
      for (const happened of events) {
        now += gap;
        happen(happened);
      }
      // From here on only time passes, as often as a deadline is set.
      for (let tries = 0; tries < 4 && life.phase !== "over"; tries += 1) {
        expect(life.deadline).toBeDefined();
        now = Math.max(now, life.deadline!);
        happen(deadline);
      }
      expect(life.phase).toBe("over");
      expect(life.deadline).toBeUndefined();
      for (const kill of kills) expect(kill.to).toBe("everybody");
      expect(kills.length).toBeLessThanOrEqual(1);
    }),
  );
});
