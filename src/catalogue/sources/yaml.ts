/**
 * YAML as it is written: a tree in which every scalar is the text that stands there
 * (2020.10 stays that, and is not 2020.1), knows where it stands, and whether it was
 * quoted. The parser's events give that; its constructor of values would not.
 *
 * Aliases are the same node as their anchor, so a tree is never larger than its text.
 */
import {
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from "js-yaml";

import { bracketsJoined } from "./yaml-brackets.ts";

export type YamlScalar = {
  readonly kind: "scalar";
  readonly at: number;
  readonly text: string;
  /** Not in quotes, no block, no tag: `null` means nothing, `"null"` a text. */
  readonly isPlain: boolean;
};

export type YamlList = {
  readonly kind: "list";
  readonly at: number;
  readonly items: YamlNode[];
};

export type YamlMapping = {
  readonly kind: "mapping";
  readonly at: number;
  /** As they are written: `<<` is a key like others, and a key may occur twice. */
  readonly pairs: (readonly [key: YamlNode, value: YamlNode])[];
};

export type YamlNode = YamlScalar | YamlList | YamlMapping;

/** Why a text is no YAML, and where: an offset into it. */
export class YamlMistake extends Error {
  constructor(
    readonly at: number,
    what: string,
  ) {
    super(what);
  }
}

/** Nobody writes that by hand, and no generator does. */
const deepest = 100;

/** @returns the root of each document @throws YamlMistake */
export function parseYaml(text: string): YamlNode[] {
  try {
    return treesOf(eventsOf(text), text);
  } catch (error) {
    // Helm takes it, and so does everybody who writes `env: [` as in a program.
    if (!(error instanceof YamlMistake)) throw error;
    const joined = bracketsJoined(text);
    if (joined === text) throw error;
    try {
      return treesOf(eventsOf(joined), joined);
    } catch (another) {
      // What is wrong further on is what is wrong.
      throw another instanceof YamlMistake && another.at > error.at ? another : error;
    }
  }
}

function eventsOf(text: string): Event[] {
  try {
    return parseEvents(text, { maxDepth: deepest });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const what = error.reason.startsWith("nesting exceeded")
      ? `it is nested more than ${deepest} levels deep`
      : error.reason;
    throw new YamlMistake(error.mark?.position ?? 0, what);
  }
}

type Container = YamlList | (YamlMapping & { key?: YamlNode | undefined });

function treesOf(events: readonly Event[], text: string): YamlNode[] {
  const documents: YamlNode[] = [];
  const open: (Container | undefined)[] = [];
  let anchors = new Map<string, YamlNode>();
  const add = (node: YamlNode) => {
    const container = open.at(-1);
    if (!container) documents.push(node);
    else if (container.kind === "list") container.items.push(node);
    else if (container.key === undefined) container.key = node;
    else {
      container.pairs.push([container.key, node]);
      container.key = undefined;
    }
  };
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      anchors = new Map();
      open.push(undefined);
      continue;
    }
    if (event.type === EVENT_ID.ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      const node = anchors.get(name);
      if (!node)
        throw new YamlMistake(event.anchorStart, `there is no anchor &${name} before`);
      add(node);
      continue;
    }
    if (event.type === EVENT_ID.SCALAR) {
      const node: YamlScalar = {
        kind: "scalar",
        at: event.valueStart,
        text: getScalarValue(text, event),
        isPlain: event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0,
      };
      if (event.anchorStart >= 0)
        anchors.set(text.slice(event.anchorStart, event.anchorEnd), node);
      add(node);
      continue;
    }
    if (event.type !== EVENT_ID.SEQUENCE && event.type !== EVENT_ID.MAPPING) {
      open.pop();
      continue;
    }
    const node: Container =
      event.type === EVENT_ID.SEQUENCE
        ? { kind: "list", at: event.start, items: [] }
        : { kind: "mapping", at: event.start, pairs: [], key: undefined };
    if (event.anchorStart >= 0)
      anchors.set(text.slice(event.anchorStart, event.anchorEnd), node);
    add(node);
    open.push(node);
  }
  return documents;
}

const nullForm = /^(?:|~|null|Null|NULL)$/;

/** Whether it is the absence of a value: nothing, `~` or `null`. */
export function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.isPlain && nullForm.test(node.text);
}
