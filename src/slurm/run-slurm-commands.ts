// Runs Slurm's commands, and so implements `Scheduler`: limits concurrent calls, sets a timeout for each, and maps every failure.
import type { UnixAccount } from '../base/resolve-user-map.ts';
import { CommandNotFoundError, SudoRefusedError } from '../transport/errors.ts';
import type { Transport, Command, CommandResult } from '../transport/transport.ts';
import type { Logger } from '../log/logger.ts';
import { createConcurrencyLimit, type ConcurrencyLimit } from '../base/concurrency-limit.ts';
import { failureMessage, oneLine, SlurmUnavailableError, unlessUnavailable } from './errors.ts';
import { isTransportError, parseSubmitTransportError, throwUnavailable } from './map-transport-errors.ts';
import { TIME_ENVIRONMENT } from './parse-job-row.ts';
import { logUmask, UMASK_VARIABLE, parseSubmitter, SUBMITTER_SCRIPT, type Submitter } from './log-umask.ts';
import { createJobLister } from './list-jobs.ts';
import { createUserQueries } from './query-each-user.ts';
import { parseSacctFigures, sacctFiguresArgs, sacctNamesArgs } from './sacct-history-figures.ts';
import { parseSacctRecord, sacctRecordArgs } from './sacct-forgotten-job.ts';
import { parseSacctUsage, sacctUsageArgs } from './sacct-end-details.ts';
import { parseSbatch, sbatchArgs } from './sbatch.ts';
import { parseScancel, scancelArgs } from './scancel.ts';
import type {
  ClusterFacts,
  Job,
  JobFigures,
  JobId,
  JobKey,
  JobRecord,
  RecordOptions,
  Scheduler,
  Submission,
  SubmitOutcome,
} from './scheduler.ts';
import { parseClusterFacts, SHOW_CONFIG_ARGS } from './scontrol-show-config.ts';
import { isUnknownJob, parseJobRecord, showJobArgs } from './scontrol-show-job.ts';

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
}

/** More calls are not faster: the controller processes one at a time. */
const SUBMITS_AT_ONCE = 4;

/** Ends of which accounting may know more than the controller. */
const EXPLAINED_BY_USAGE = /^(CANCELLED|OUT_OF_MEMORY)\b/;

export function createCommandLineScheduler({
  host,
  commands,
  log,
  randomToken,
  sbatchTimeoutMs,
  commandTimeoutMs,
}: CliSchedulerDeps): Scheduler {
  // Separate, so that a poll or a scancel never waits behind a retrying sbatch or a slow database.
  const submits = createConcurrencyLimit(SUBMITS_AT_ONCE);
  const accounting = createConcurrencyLimit(1);
  const others = createConcurrencyLimit(1);
  const queryFiguresAsEach = createUserQueries<string | undefined>();
  let lastFacts: ClusterFacts | undefined;
  let submitter: Submitter | undefined;

  async function run(slots: ConcurrencyLimit, command: Command): Promise<CommandResult> {
    const result = await slots.run(() => host.run(command), command.signal);
    log.debug('Ran a Slurm command', {
      command: oneLine([command.program, ...command.args].join(' ')),
      ...(command.runAs === undefined ? {} : { as: command.runAs }),
      exit: result.exitCode ?? result.killedBy,
      stderr: oneLine(result.stderr),
    });
    return result;
  }

  /** Any command but sbatch, whose job would inherit the variable. */
  function ask(
    slots: ConcurrencyLimit,
    program: string,
    args: readonly string[],
    signal?: AbortSignal,
    runAs?: string,
  ): Promise<CommandResult> {
    const as = runAs === undefined ? {} : { runAs };
    const command = { program, args, env: TIME_ENVIRONMENT, timeoutMs: commandTimeoutMs, ...as };
    return run(slots, signal === undefined ? command : { ...command, signal });
  }

  async function facts(signal?: AbortSignal): Promise<ClusterFacts> {
    const read = await readSettings(signal);
    lastFacts = { ...read, ...(await querySubmitter(signal)) };
    return lastFacts;
  }

  /** @throws SlurmUnavailableError */
  async function readSettings(signal?: AbortSignal): Promise<ClusterFacts> {
    const result = await ask(others, commands.scontrol, SHOW_CONFIG_ARGS, signal).catch(throwUnavailable);
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
    const answer = await ask(others, '/bin/sh', ['-c', SUBMITTER_SCRIPT], signal).catch(throwUnavailable);
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
      return parseSbatch(await run(submits, signal === undefined ? command : { ...command, signal }));
    } catch (error) {
      const outcome = parseSubmitTransportError(error);
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
    return runSacct(args(owner?.uid ?? (await ourUserId(signal))), signal, owner?.name);
  }

  async function runSacct(
    args: readonly string[],
    signal: AbortSignal | undefined,
    runAs: string | undefined,
  ): Promise<CommandResult | undefined> {
    try {
      return await ask(accounting, commands.sacct, args, signal, runAs);
    } catch (error) {
      if (!(error instanceof CommandNotFoundError)) return throwUnavailable(error);
      log.warn('The cluster has accounting but the host has no sacct; jobs are looked up in squeue only', {
        err: error,
      });
      return undefined;
    }
  }

  async function record(id: Job['id'], { name, runAs, signal }: RecordOptions = {}): Promise<JobRecord | undefined> {
    const shown = await readController(id, signal, runAs);
    if (shown !== undefined && (name === undefined || shown.name === name)) return withUsage(id, shown, signal, runAs);
    const past = await askAccounting((userId) => sacctRecordArgs(id, userId), signal, runAs);
    const found = past === undefined ? undefined : parseSacctRecord(past, name);
    // If several jobs have this id, sacct reports the usage of the newest.
    return shown !== undefined || found === undefined ? found : withUsage(id, found, signal, runAs);
  }

  /** The facts that accounting adds for a job that was cancelled or ran out of memory; empty if accounting is unavailable. */
  async function withUsage(
    id: Job['id'],
    found: JobRecord,
    signal?: AbortSignal,
    owner?: UnixAccount,
  ): Promise<JobRecord> {
    if (!EXPLAINED_BY_USAGE.test(found.stateWord)) return found;
    const answer = await unlessUnavailable(askAccounting(() => sacctUsageArgs(id), signal, owner));
    const usage = answer === undefined ? undefined : parseSacctUsage(answer);
    if (usage === undefined) return found;
    const { cancelledByUid: uid, peakMemory, memoryLimit } = usage;
    const cancelledBy = uid === undefined ? undefined : await nameUser(uid, signal);
    return { ...found, memoryLimit: found.memoryLimit ?? memoryLimit, peakMemory, cancelledBy };
  }

  async function figures(jobs: readonly JobKey[], signal?: AbortSignal): Promise<ReadonlyMap<JobId, JobFigures>> {
    const { hasAccounting, accountsGpus = false } = lastFacts ?? (await facts(signal));
    const all = new Map<JobId, JobFigures>();
    if (!hasAccounting) return all;

    // Slurm may hide the jobs of one user from another (slurmdbd.conf(5), PrivateData).
    async function readAs(user: string | undefined): Promise<void> {
      const its = jobs.filter(({ unixUser }) => unixUser === user);
      const ids = its.map(({ id }) => id);
      const names = await runSacct(sacctNamesArgs(ids), signal, user);
      const runs = names === undefined ? undefined : await runSacct(sacctFiguresArgs(ids), signal, user);
      if (names === undefined || runs === undefined) return;
      for (const [id, read] of parseSacctFigures({ names, runs }, its, { accountsGpus })) all.set(id, read);
    }

    const users = new Set(jobs.map(({ unixUser }) => unixUser));
    let last: SlurmUnavailableError | undefined;
    const { failures, isDown } = await queryFiguresAsEach([...users], async (user) => {
      try {
        await readAs(user);
        return undefined;
      } catch (error) {
        if (!(error instanceof SlurmUnavailableError)) throw error;
        const isRefused = error.cause instanceof SudoRefusedError;
        if (!isRefused) last = error;
        return { message: error.message, isRefused };
      }
    });
    if (isDown && last !== undefined) throw last;
    for (const [user, slurm] of failures)
      log.warn("Could not read the usage of a user's ended jobs from accounting", { user, slurm });
    return all;
  }

  async function nameUser(uid: string, signal?: AbortSignal): Promise<string> {
    const answer = await ask(others, 'id', ['-un', uid], signal).catch((error: unknown) => {
      if (isTransportError(error)) return undefined;
      throw error;
    });
    const name = answer?.exitCode === 0 ? oneLine(answer.stdout) : '';
    return name === '' ? `uid ${uid}` : `${name} (uid ${uid})`;
  }

  async function readController(
    id: Job['id'],
    signal?: AbortSignal,
    owner?: UnixAccount,
  ): Promise<JobRecord | undefined> {
    const as = owner !== undefined && (lastFacts ?? (await facts(signal))).hidesJobs === true ? owner.name : undefined;
    const result = await ask(others, commands.scontrol, showJobArgs(id), signal, as).catch(throwUnavailable);
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

  async function cancel(jobs: readonly JobKey[], signal?: AbortSignal): Promise<void> {
    for (const user of new Set(jobs.map(({ unixUser }) => unixUser))) {
      const its = jobs.filter(({ unixUser }) => unixUser === user);
      await cancelOfUser(its, user, signal);
    }
  }

  /** A failure for one user says nothing about the jobs of the others. */
  async function cancelOfUser(jobs: readonly JobKey[], user: string | undefined, signal?: AbortSignal): Promise<void> {
    for (const [index, job] of jobs.entries()) {
      const failure = await ask(others, commands.scancel, scancelArgs(job), signal, user).then(
        parseScancel,
        (error: unknown) => {
          if (isTransportError(error)) return { words: error.message, isOfOneJob: false };
          throw error;
        },
      );
      if (failure === undefined) continue;
      const failed = failure.isOfOneJob ? [job] : jobs.slice(index);
      log.warn('Jobs could not be cancelled', { job: failed.map(({ id }) => id).join(','), slurm: failure.words });
      // Each further call would wait as long for the same failure; a later pass cancels again.
      if (!failure.isOfOneJob) return;
    }
  }

  const lister = createJobLister({
    squeue: (args, signal, runAs) => ask(others, commands.squeue, args, signal, runAs),
    sacct: askAccounting,
    ourUserId,
    hidesJobs: async (signal) => (lastFacts ?? (await facts(signal))).hidesJobs === true,
    hidesJobsNow,
    log,
    randomToken,
  });

  return { facts, submit, ...lister, record, figures, cancel };
}
