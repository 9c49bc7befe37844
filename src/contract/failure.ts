/**
 * The one type of error: what is wrong, in one line; what to do, in a second; and a
 * stable word for programs. docs/messages.md explains each word.
 */

/**
 * Every refusal and the exit code that goes with it (the contract's table). It is made
 * when somebody asks: a block's start need not pay for a hundred names.
 */
export const failureExitCodes = () =>
  ({
    "activation-command-invalid": 123,
    "activation-failed": 123,
    "activation-file-invalid": 123,
    "activation-file-missing": 123,
    "activation-file-unreadable": 123,
    "activation-frozen-changed": 123,
    "activation-frozen-damaged": 123,
    "activation-frozen-unreadable": 123,
    "activation-frozen-untrusted": 123,
    "activation-incomplete": 123,
    "activation-shell-missing": 123,
    "activation-shell-unknown": 123,
    "activation-timeout": 123,
    "advertise-impossible": 125,
    "advertise-nothing": 125,
    "approval-policy-invalid": 125,
    "approval-policy-missing": 125,
    "argument-missing": 125,
    "argument-unexpected": 125,
    "catalogue-file-invalid": 125,
    "catalogue-file-unreadable": 125,
    "catalogue-nothing-fits": 1,
    "cgroup-unusable": 125,
    "command-unknown": 125,
    "directory-forbidden": 125,
    "directory-missing": 125,
    "duration-invalid": 125,
    "exec-empty": 125,
    "exec-missing": 125,
    "executable-memory-forbidden": 125,
    "executable-missing": 125,
    "freeze-differs": 125,
    "freeze-impossible": 125,
    "freeze-missing": 125,
    "freeze-unwritable": 125,
    "image-ambiguous": 125,
    "image-blob-missing": 125,
    "image-digest-mismatch": 125,
    "image-document-invalid": 125,
    "image-form-unsuitable": 125,
    "image-layer-compression": 125,
    "image-layer-diff-id": 125,
    "image-layer-digest": 125,
    "image-layer-size": 125,
    "image-media-type": 125,
    "image-name-impossible": 125,
    "image-names-ambiguous": 125,
    "image-names-none": 125,
    "image-none": 125,
    "image-output-exists": 125,
    "image-output-unwritable": 125,
    "image-path-conflict": 125,
    "image-platform-missing": 125,
    "image-sidecar-invalid": 125,
    "image-sidecar-missing": 125,
    "image-source-compressed": 125,
    "image-source-missing": 125,
    "image-source-unknown": 125,
    "image-source-unreadable": 125,
    "image-tar-invalid": 125,
    "image-tar-truncated": 125,
    "image-tar-unsupported": 125,
    "image-too-large": 125,
    "image-users-conflict": 125,
    "install-checksum": 125,
    "install-destination-invalid": 125,
    "install-directory-missing": 125,
    "install-failed": 125,
    "install-forbidden": 125,
    "install-no-space": 125,
    "install-read-only": 125,
    "internal-error": 125,
    "manifest-invalid": 125,
    "max-output-unavailable": 125,
    "memory-limited": 125,
    "open-files-limited": 125,
    "option-conflict": 125,
    "option-repeated": 125,
    "option-unknown": 125,
    "option-value-invalid": 125,
    "option-value-missing": 125,
    "output-unwritable": 125,
    "program-architecture": 126,
    "program-argument-unquotable": 126,
    "program-arguments-too-long": 126,
    "program-directory": 126,
    "program-failed-to-start": 126,
    "program-interpreter-missing": 126,
    "program-not-executable": 126,
    "program-not-found": 127,
    "program-not-recognized": 126,
    "reference-invalid": 125,
    "registry-answer-invalid": 125,
    "registry-certificate": 125,
    "registry-credentials-invalid": 125,
    "registry-insecure": 125,
    "registry-not-found": 125,
    "registry-refused": 125,
    "registry-unreachable": 125,
    "require-invalid": 125,
    "result-unwritable": 125,
    "runenv-invalid": 125,
    "runenv-too-old": 125,
    "runenv-unknown": 125,
    "runenv-version-invalid": 125,
    "size-invalid": 125,
    "storage-forbidden": 125,
    "storage-missing": 125,
    "storage-not-absolute": 125,
    "stream-directory": 125,
    "stream-unwritable": 125,
    "strict-refusal": 125,
    "temporary-failed": 125,
    "variable-unset": 125,
    "words-quote": 125,
    "words-reference": 125,
  }) as const satisfies Record<string, number>;

export type FailureCode = keyof ReturnType<typeof failureExitCodes>;

export class Failure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }

  get exitCode(): number {
    return failureExitCodes()[this.code];
  }
}

/** Warnings and notices: the block runs, and somebody should know. */
export const noticeCodes = [
  "block-cancelled",
  "block-out-of-memory",
  "block-signalled",
  "block-survivors",
  "block-timeout",
  "catalogue-ambiguous",
  "catalogue-contradiction",
  "catalogue-duplicate",
  "catalogue-invalid",
  "exposed-folders",
  "home-replaced",
  "home-unavailable",
  "output-cut",
  "process-out-of-memory",
  "result-not-written",
  "running-as-root",
  "stream-lost",
  "temporary-left",
] as const;

export type NoticeCode = (typeof noticeCodes)[number];

export type Notice = {
  readonly level: "error" | "warning";
  readonly code: NoticeCode;
  readonly message: string;
  readonly hint: string;
  /** Under `--strict` this is a refusal. */
  readonly concernsSafety?: boolean;
};
