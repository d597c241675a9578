// Implements `Scheduler` by Slurm's commands: which one runs, with which timeout and among how many others, and what each failure means.
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { Transport, CommandResult } from '../transport/transport.ts';
import type { Logger } from '../log/logger.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { CommandTimeoutError } from '../transport/errors.ts';
import { isTransportError, throwUnavailable, failureMessage, oneLine, SlurmUnavailableError } from './errors.ts';
import { TIME_ENVIRONMENT } from './parse-job-row.ts';
import { logUmask, UMASK_VARIABLE, parseSubmitter, SUBMITTER_SCRIPT, type Submitter } from './log-umask.ts';
import { createJobLister } from './list-jobs.ts';
import { parseSacctRecord, sacctRecordArgs } from './sacct-forgotten-job.ts';
import { parseSubmitTransportError, parseSbatch, sbatchArgs } from './sbatch.ts';
import { createAccountingQueries } from './query-accounting.ts';
import { CANCELS_AT_ONCE, createJobCanceller } from './cancel-jobs.ts';
import type { ClusterFacts, Job, JobRecord, RecordOptions, Scheduler, Submission, SubmitOutcome } from './scheduler.ts';
import { parseClusterFacts, SHOW_CONFIG_ARGS } from './scontrol-show-config.ts';
import { isUnknownJob, parseJobRecord, showJobArgs } from './scontrol-show-job.ts';
import { createCommandRunner, type HowToRun } from './command-runner.ts';
import { createConcurrencyLimit } from '../base/concurrency-limit.ts';

/** Names on the PATH of the host, or absolute paths. */
export interface SlurmCommands {
  readonly sbatch: string;
  readonly squeue: string;
  readonly sacct: string;
  readonly scancel: string;
  readonly scontrol: string;
}

export interface CliSchedulerDeps {
  readonly host: Transport;
  readonly commands: SlurmCommands;
  /** sbatch itself retries for two minutes while the controller accepts no job (sbatch.c, MAX_RETRIES). */
  readonly sbatchTimeoutMs: number;
  /** If a site limits the rate of calls, a command waits inside (slurm.conf(5), rl_enable). */
  readonly commandTimeoutMs: number;
  readonly log: Logger;
  /** A new random token of lower-case letters and digits, which marks the rows of one output. */
  readonly randomToken: () => string;
  /** Milliseconds, never set back; for tests. */
  readonly now?: () => number;
  readonly clock?: Pick<Clock, 'sleep'>;
}

interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly runAs?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** More calls are not faster: the controller processes one at a time. */
const SUBMITS_AT_ONCE = 4;
/** Each is as one mapped user, of which only sudo can make it slow. */
const READS_AS_USERS_AT_ONCE = 4;

export function createCommandLineScheduler({
  host,
  commands,
  log,
  randomToken,
  sbatchTimeoutMs,
  commandTimeoutMs,
  now = () => performance.now(),
  clock = systemClock,
}: CliSchedulerDeps): Scheduler {
  // Separate, so that a poll never waits behind a retrying sbatch, a hanging scancel or a slow database.
  const submits = createConcurrencyLimit(SUBMITS_AT_ONCE, { perUser: SUBMITS_AT_ONCE - 1, clock });
  const cancels = createConcurrencyLimit(CANCELS_AT_ONCE, { perUser: CANCELS_AT_ONCE - 1, clock });
  const others = createConcurrencyLimit(1);
  const readsAsUsers = createConcurrencyLimit(READS_AS_USERS_AT_ONCE, { perUser: 1, clock });
  const run = createCommandRunner({ host, scancel: commands.scancel, log, now });
  const accounting = createAccountingQueries({
    sacct: (args, { signal, runAs, detailsTimeoutMs: timeoutMs }) =>
      ask({ kind: timeoutMs === undefined ? 'sacct' : 'sacct for details' }, commands.sacct, args, {
        signal,
        runAs,
        timeoutMs,
      }),
    facts: async (signal) => lastFacts ?? facts(signal),
    nameUser,
    log,
    now,
    clock,
  });
  let lastFacts: ClusterFacts | undefined;
  let submitter: Submitter | undefined;

  /** Any command but sbatch, whose job would inherit the variable. */
  function ask(
    how: HowToRun,
    program: string,
    args: readonly string[],
    options: AskOptions = {},
  ): Promise<CommandResult> {
    const { signal, runAs, timeoutMs = commandTimeoutMs } = options;
    const as = runAs === undefined ? {} : { runAs };
    const command = { program, args, env: TIME_ENVIRONMENT, timeoutMs, ...as };
    return run(how, signal === undefined ? command : { ...command, signal });
  }

  /** As mapped users in other slots than as the user of the daemon, who must not wait for them. */
  function runRead(kind: 'squeue' | 'scontrol', args: readonly string[], options: AskOptions): Promise<CommandResult> {
    return ask({ kind, slots: options.runAs === undefined ? others : readsAsUsers }, commands[kind], args, options);
  }

  async function facts(signal?: AbortSignal): Promise<ClusterFacts> {
    const read = await readSettings(signal);
    lastFacts = { ...read, ...(await querySubmitter(signal)) };
    return lastFacts;
  }

  /** @throws SlurmUnavailableError */
  async function readSettings(signal?: AbortSignal): Promise<ClusterFacts> {
    const result = await runRead('scontrol', SHOW_CONFIG_ARGS, { signal }).catch(throwUnavailable);
    if (result.exitCode !== 0) throw new SlurmUnavailableError(failureMessage('scontrol show config', result));
    const read = parseClusterFacts(result.stdout);
    if (read === undefined) {
      throw new SlurmUnavailableError(
        `the output of scontrol show config on ${host.name} is incomplete: settings are missing`,
      );
    }
    return read;
  }

  /** Whether Slurm hides jobs at this moment: an admin may have changed that since the last facts. @throws SlurmUnavailableError */
  async function hidesJobsNow(signal?: AbortSignal): Promise<boolean> {
    lastFacts = { ...(await readSettings(signal)), ...submitter };
    return lastFacts.hidesJobs === true;
  }

  async function querySubmitter(signal?: AbortSignal): Promise<Submitter> {
    const answer = await ask({ kind: 'other', slots: others }, '/bin/sh', ['-c', SUBMITTER_SCRIPT], { signal }).catch(
      throwUnavailable,
    );
    submitter = parseSubmitter(answer.stdout);
    return submitter;
  }

  /** The uid of the Unix user whose jobs are ours. @throws SlurmUnavailableError */
  async function ourUserId(signal?: AbortSignal): Promise<number> {
    const userId = submitter?.userId ?? (await querySubmitter(signal)).userId;
    if (userId !== undefined) return userId;
    throw new SlurmUnavailableError(
      `the uid of the Unix user that runs commands on ${host.name} is unknown: run \`id -u\` there`,
    );
  }

  async function submit({ jobName, script, runAs, workDir, signal }: Submission): Promise<SubmitOutcome> {
    const command = {
      program: commands.sbatch,
      args: sbatchArgs(jobName, workDir),
      ...(runAs === undefined ? {} : { runAs: runAs.name }),
      stdin: script,
      ...(lastFacts?.umask === undefined ? {} : { env: { [UMASK_VARIABLE]: logUmask(lastFacts.umask) } }),
      timeoutMs: sbatchTimeoutMs,
    };
    try {
      return parseSbatch(
        await run({ kind: 'sbatch', slots: submits }, signal === undefined ? command : { ...command, signal }),
      );
    } catch (error) {
      const outcome = parseSubmitTransportError(error);
      if (outcome?.kind === 'unknown' && runAs !== undefined && error instanceof CommandTimeoutError)
        return { ...outcome, isStuck: true };
      if (outcome !== undefined) return outcome;
      if (signal?.aborted === true) return { kind: 'unknown', message: 'sbatch was interrupted' };
      throw error;
    }
  }

  /** The output of sacct, or undefined without accounting or sacct. @throws SlurmUnavailableError */
  async function askAccounting(
    args: (userId: number) => readonly string[],
    signal?: AbortSignal,
    owner?: UnixAccount,
  ): Promise<CommandResult | undefined> {
    const { hasAccounting } = lastFacts ?? (await facts(signal));
    if (!hasAccounting) return undefined;
    return accounting.query(args(owner?.uid ?? (await ourUserId(signal))), { signal, runAs: owner?.name });
  }

  async function record(id: Job['id'], { name, runAs, signal }: RecordOptions = {}): Promise<JobRecord | undefined> {
    const shown = await readController(id, signal, runAs);
    if (shown !== undefined && (name === undefined || shown.name === name)) return shown;
    const past = await askAccounting((userId) => sacctRecordArgs(id, userId), signal, runAs);
    return past === undefined ? undefined : parseSacctRecord(past, name);
  }

  async function nameUser(uid: string, signal?: AbortSignal): Promise<string> {
    const answer = await ask({ kind: 'other', slots: others }, 'id', ['-un', uid], { signal }).catch(
      (error: unknown) => {
        if (isTransportError(error)) return undefined;
        throw error;
      },
    );
    const name = answer?.exitCode === 0 ? oneLine(answer.stdout) : '';
    return name === '' ? `uid ${uid}` : `${name} (uid ${uid})`;
  }

  async function readController(
    id: Job['id'],
    signal?: AbortSignal,
    owner?: UnixAccount,
  ): Promise<JobRecord | undefined> {
    const as = owner !== undefined && (lastFacts ?? (await facts(signal))).hidesJobs === true ? owner.name : undefined;
    const result = await runRead('scontrol', showJobArgs(id), { signal, runAs: as }).catch(throwUnavailable);
    if (result.exitCode === 0) {
      const shown = parseJobRecord(result.stdout, id);
      // Corrupted, or forged by the job's owner: queried again until the controller forgets the job.
      if (shown === undefined) throw new SlurmUnavailableError(`scontrol shows no readable record of job ${id}`);
      const userId = owner?.uid ?? (await ourUserId(signal));
      return { ...shown, isOthers: shown.userId !== userId };
    }
    if (!isUnknownJob(result.stderr)) throw new SlurmUnavailableError(failureMessage('scontrol show job', result));
    return undefined;
  }

  const lister = createJobLister({
    squeue: (args, signal, runAs) => runRead('squeue', args, { signal, runAs }),
    sacct: askAccounting,
    ourUserId,
    hidesJobs: async (signal) => (lastFacts ?? (await facts(signal))).hidesJobs === true,
    hidesJobsNow,
    log,
    randomToken,
  });

  return {
    facts,
    submit,
    ...lister,
    record,
    endDetails: accounting.endDetails,
    figures: accounting.figures,
    cancel: createJobCanceller({
      scancel: (args, signal, runAs) =>
        ask({ kind: 'scancel', slots: cancels }, commands.scancel, args, { signal, runAs }),
      log,
    }),
  };
}
