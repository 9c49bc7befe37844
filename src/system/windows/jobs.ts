/**
 * Job objects: each process that sidecar starts is in one of its own, and with it all
 * that it starts in turn. Nobody leaves it, and when its last handle is closed, which
 * sidecar's end does, Windows ends all who are in it.
 *
 * Windows does not let one wait for a job to be empty. So the process itself is waited
 * for, then any one of those who remain, then the next.
 */
import { checked } from "./errors.ts";
import { kernel, moreKernel } from "./kernel.ts";

export type Job = {
  /** Process id of the first process. */
  readonly leader: number;
  /** Handles. */
  readonly process: number;
  readonly job: number;
  /** The leader's end was told by nextChange. */
  told: boolean;
  /** Sidecar ended the job. */
  terminated: boolean;
  /** A handle of one who remains; 0 where none is known. */
  witness: number;
};

const jobs = new Map<number, Job>();
/** Of jobs that are gone. */
const used = new Map<number, Usage>();

const JobObjectBasicAccountingInformation = 1;
const JobObjectBasicProcessIdList = 3;
const JobObjectExtendedLimitInformation = 9;
const JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000;
/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION: flags at 16, peak memory of the job at 136. */
const extendedLimitSize = 144;

/** A job whose processes end with the last handle of it. @throws SystemError */
export function createJob(): number {
  const job = checked("CreateJobObject", kernel().CreateJobObjectW(0n, 0n));
  const limits = new Uint8Array(extendedLimitSize);
  new DataView(limits.buffer).setUint32(16, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, true);
  checked(
    "SetInformationJobObject",
    kernel().SetInformationJobObject(
      job,
      JobObjectExtendedLimitInformation,
      limits,
      limits.length,
    ),
  );
  return job;
}

export function remember(leader: number, process: number, job: number): void {
  jobs.set(leader, {
    leader,
    process,
    job,
    told: false,
    terminated: false,
    witness: 0,
  });
}

export function jobOf(leader: number): Job | undefined {
  return jobs.get(leader);
}

export function allJobs(): Iterable<Job> {
  return jobs.values();
}

/** What to wait for, to learn that the leader or one who remains has ended. */
export function waitHandles(): number[] {
  const handles: number[] = [];
  for (const job of jobs.values()) {
    const handle = job.told ? job.witness : job.process;
    if (handle !== 0) handles.push(handle);
  }
  return handles;
}

export function hasEnded(process: number): boolean {
  return kernel().WaitForSingleObject(process, 0) === 0;
}

/** Whether anybody of a job is left; where nobody is, it is forgotten. */
export function isInhabited(job: Job): boolean {
  if (!job.told && !hasEnded(job.process)) return true;
  if (job.witness !== 0 && !hasEnded(job.witness)) return true;
  if (job.witness !== 0) kernel().CloseHandle(job.witness);
  job.witness = anyMember(job.job);
  if (job.witness !== 0) return true;
  if (job.told) forget(job);
  return false;
}

function forget(job: Job): void {
  jobs.delete(job.leader);
  used.set(job.leader, accountOf(job.job));
  kernel().CloseHandle(job.process);
  kernel().CloseHandle(job.job);
}

const SYNCHRONIZE = 0x100000;

/** A handle of somebody in the job who has not ended; 0 where there is nobody. */
function anyMember(job: number): number {
  for (const process of membersOf(job)) {
    const member = kernel().OpenProcess(SYNCHRONIZE, 0, process);
    if (member === 0) continue;
    if (!hasEnded(member)) return member;
    kernel().CloseHandle(member);
  }
  return 0;
}

/** The process ids in a job. */
function membersOf(job: number): number[] {
  // Two counts of 32 bits, then ids of 64; the call fails where they do not fit, but
  // fills in as many as do, and one is enough.
  const list = new Uint32Array(2 + 2 * 1024);
  kernel().QueryInformationJobObject(
    job,
    JobObjectBasicProcessIdList,
    list,
    list.byteLength,
    null,
  );
  const ids: number[] = [];
  for (let index = 0; index < list[1]!; index += 1) ids.push(list[2 + index * 2]!);
  return ids;
}

/** Seconds of processor time of all; bytes of memory that all had at most, together. */
export type Usage = { readonly processorSeconds: number; readonly peakMemory: number };

/** What a process and all that it started used. */
export function usageOf(leader: number): Usage {
  const job = jobs.get(leader);
  const nothing = { processorSeconds: 0, peakMemory: 0 };
  return job ? accountOf(job.job) : (used.get(leader) ?? nothing);
}

function accountOf(job: number): Usage {
  // JOBOBJECT_BASIC_ACCOUNTING_INFORMATION: user time 0, kernel time 8, in 100 ns.
  const basic = new BigInt64Array(6);
  const extended = new BigUint64Array(extendedLimitSize / 8);
  kernel().QueryInformationJobObject(
    job,
    JobObjectBasicAccountingInformation,
    basic,
    basic.byteLength,
    null,
  );
  kernel().QueryInformationJobObject(
    job,
    JobObjectExtendedLimitInformation,
    extended,
    extendedLimitSize,
    null,
  );
  return {
    processorSeconds: Number(basic[0]! + basic[1]!) / 1e7,
    peakMemory: Number(extended[17]!),
  };
}

/** Ends everybody in a job; their exit code will be `code`. */
export function terminate(job: Job, code: number): void {
  if (!hasEnded(job.process)) job.terminated = true;
  moreKernel().TerminateJobObject(job.job, code);
}
