// The stand-in's slurmctld: keeps the jobs in a file, starts those that fit, and ends those that must end.
import type { Clock } from '../../../src/base/clock.ts';
import { admit } from './admission.ts';
import { isOver, type EndState, type StandInJob } from './job.ts';
import { jobEnvironment } from './job-environment.ts';
import { fillOutputPath } from './output-path.ts';
import { placeJob } from './placement.ts';
import type { JobRequest } from './sbatch-options.ts';
import { startScript, type ScriptEnd, type ScriptProcess } from './script-process.ts';
import type { StandInSettings } from './settings.ts';
import type { Spool } from './spool.ts';

export interface Controller {
  /** @throws JobRejectedError */
  submit(request: JobRequest): StandInJob;
  /** The jobs in squeue: ended ones only for a while. */
  shown(): StandInJob[];
  /** The jobs in accounting: all, including ended ones that the controller forgot. */
  remembered(): StandInJob[];
  find(id: number): StandInJob | undefined;
  /** Like scancel: SIGTERM, then SIGKILL if the job still runs. */
  cancel(id: number): void;
  signal(id: number, name: NodeJS.Signals): void;
  hold(id: number): void;
  release(id: number): void;
  /** Ends the job and requeues it; false if it is not running or must not be requeued. */
  requeue(id: number): boolean;
  /** Ends it at once in this state. */
  end(id: number, state: EndState): void;
  /**
   * As a slurmctld that is killed just after it started the job: restarted, it has forgotten the start, has the script killed and
   * starts the job again in the same second, which slurmd rejects ("Killing non-startable batch job" in src/slurmctld/agent.c).
   */
  revokeStart(id: number): void;
  /** Forgets the newest jobs and reuses their ids, as after a crash before the state was saved. */
  forgetNewest(count: number): void;
  /** Ends every process. */
  close(): Promise<void>;
}

const RESTART_MS = 2_000;

interface Run {
  readonly script: ScriptProcess;
  /** Aborted when the run is over: its timers no longer fire. */
  readonly over: AbortController;
  endState: EndState | 'REQUEUE' | 'REVOKED' | undefined;
}

export function createController(settings: StandInSettings, spool: Spool, clock: Clock): Controller {
  const state = spool.read();
  const jobs = new Map(state.jobs.map((job) => [job.id, job]));
  const runs = new Map<number, Run>();
  let nextId = state.nextId;
  const inAccountingOnly: StandInJob[] = [];
  const closed = new AbortController();

  // Their processes ended with the previous run of this cluster: for Slurm, the node failed.
  for (const job of jobs.values()) {
    if (job.state === 'RUNNING') settle(job, { exitCode: 0, exitSignal: 0 }, job.mayRequeue ? 'REQUEUE' : 'NODE_FAIL');
  }
  schedule();

  function save(): void {
    spool.write({ nextId, jobs: [...jobs.values()] });
  }

  function change(job: StandInJob, part: Partial<StandInJob>): StandInJob {
    const changed = { ...job, ...part };
    jobs.set(job.id, changed);
    return changed;
  }

  function later(ms: number, signal: AbortSignal, act: () => void): void {
    clock.sleep(ms, AbortSignal.any([signal, closed.signal])).then(act, () => undefined);
  }

  function schedule(): void {
    if (closed.signal.aborted) return;
    let isBehind = false;
    for (const job of jobs.values()) {
      if (job.state !== 'PENDING') continue;
      const running = [...jobs.values()].filter((other) => other.state === 'RUNNING');
      const placement = placeJob(job, running, settings, clock.now(), isBehind);
      if ('nodes' in placement) start(job, placement.nodes);
      else change(job, { reason: placement.reason });
      isBehind ||= 'reason' in placement && placement.reason === 'Resources';
    }
    save();
  }

  /** A timer may fire slightly early by the wall clock: then no job would be eligible yet. */
  function scheduleAt(at: number): void {
    later(at - clock.now(), closed.signal, () => (clock.now() < at ? scheduleAt(at) : schedule()));
  }

  function start(waiting: StandInJob, nodes: readonly string[]): void {
    const job = change(waiting, { state: 'RUNNING', reason: 'None', nodes: [...nodes], startedAt: clock.now() });
    const script = startScript({
      scriptPath: spool.scriptPath(job.id),
      environment: jobEnvironment(job, spool.environmentOf(job.id), settings.clusterName),
      workDir: job.workDir,
      stdoutPath: job.stdoutPath,
      stderrPath: job.stderrPath,
      appends: job.restarts > 0,
    });
    const run: Run = { script, over: new AbortController(), endState: undefined };
    runs.set(job.id, run);
    const limit = job.timeLimitMs ?? settings.partitions.find(({ name }) => name === job.partition)?.maxTimeMs ?? null;
    if (limit !== null) later(limit, run.over.signal, () => stop(job.id, 'TIMEOUT'));
    void script.ended.then((end) => {
      run.over.abort();
      runs.delete(job.id);
      const now = jobs.get(job.id);
      // Forgotten, or the whole cluster is being closed.
      if (now === undefined || closed.signal.aborted) return;
      settle(now, end, run.endState);
      schedule();
    });
  }

  /** SIGTERM, then SIGKILL; the final state is decided now. */
  function stop(id: number, endState: EndState | 'REQUEUE'): void {
    const run = runs.get(id);
    if (run === undefined) return;
    run.endState ??= endState;
    run.script.signal('SIGTERM');
    later(settings.killWaitMs, run.over.signal, () => run.script.signal('SIGKILL'));
  }

  function settle(job: StandInJob, end: ScriptEnd, endState: Run['endState']): void {
    if (endState === 'REQUEUE') {
      const eligibleAt = clock.now() + settings.requeueDelayMs;
      change(job, {
        state: 'PENDING',
        reason: 'BeginTime',
        restarts: job.restarts + 1,
        nodes: [],
        startedAt: null,
        eligibleAt,
      });
      scheduleAt(eligibleAt);
      return;
    }
    if (endState === 'REVOKED') {
      // A slurmctld takes seconds to restart.
      const at = clock.now() + RESTART_MS;
      const exit = { exitCode: 1, exitSignal: 0 };
      spool.forget(change(job, { ...ownEnd(exit), startedAt: at, endedAt: at }));
      return;
    }
    const own = ownEnd(end);
    const ended = change(job, {
      ...own,
      ...(endState === undefined ? {} : { state: endState, reason: 'None' }),
      endedAt: clock.now(),
    });
    spool.forget(ended);
  }

  function endWaiting(job: StandInJob, endState: EndState): void {
    // Slurm keeps the reason for which it waited.
    spool.forget(change(job, { state: endState, endedAt: clock.now() }));
    save();
  }

  function shown(): StandInJob[] {
    const since = clock.now() - settings.minJobAgeMs;
    return [...jobs.values()].filter((job) => !isOver(job) || (job.endedAt ?? 0) > since);
  }

  const find = (id: number): StandInJob | undefined => shown().find((job) => job.id === id);

  return {
    submit(request) {
      const partition = admit(request, settings, shown().length);
      const id = nextId;
      nextId += 1;
      const { name, user, uid, workDir } = request;
      const path = (pattern: string): string => fillOutputPath(pattern, { id, name, user, workDir });
      spool.keep(id, request.script, request.environment);
      const job: StandInJob = {
        id,
        name,
        user,
        uid,
        partition: partition.name,
        comment: request.comment,
        state: 'PENDING',
        reason: 'None',
        isHeld: request.isHeld,
        mayRequeue: request.mayRequeue,
        restarts: 0,
        nodeCount: request.nodeCount,
        taskCount: request.taskCount,
        cpusPerTask: request.cpusPerTask,
        tresPerJob: request.tresPerJob,
        tresPerNode: request.tresPerNode,
        tresPerTask: request.tresPerTask,
        nodes: [],
        workDir,
        stdoutPath: path(request.output),
        stderrPath: path(request.error ?? request.output),
        timeLimitMs: request.timeLimitMs,
        submittedAt: clock.now(),
        eligibleAt: 0,
        startedAt: null,
        endedAt: null,
        exitCode: 0,
        exitSignal: 0,
      };
      jobs.set(id, job);
      schedule();
      return job;
    },
    shown,
    remembered: () => [...inAccountingOnly, ...jobs.values()],
    find,
    cancel(id) {
      const job = find(id);
      if (job?.state === 'PENDING') endWaiting(job, 'CANCELLED');
      else stop(id, 'CANCELLED');
    },
    signal: (id, name) => runs.get(id)?.script.signal(name),
    hold(id) {
      const job = find(id);
      if (job?.state === 'PENDING') change(job, { isHeld: true });
      schedule();
    },
    release(id) {
      const job = find(id);
      if (job?.state === 'PENDING') change(job, { isHeld: false });
      schedule();
    },
    requeue(id) {
      if (find(id)?.mayRequeue !== true || !runs.has(id)) return false;
      stop(id, 'REQUEUE');
      return true;
    },
    end(id, endState) {
      const job = find(id);
      const run = runs.get(id);
      if (run !== undefined) {
        run.endState = endState;
        run.script.signal('SIGKILL');
      } else if (job?.state === 'PENDING') endWaiting(job, endState);
    },
    revokeStart(id) {
      const run = runs.get(id);
      if (run === undefined) return;
      run.endState = 'REVOKED';
      run.script.signal('SIGKILL');
    },
    forgetNewest(count) {
      for (const job of [...jobs.values()].slice(-count)) {
        const { id } = job;
        if (isOver(job)) inAccountingOnly.push(job);
        jobs.delete(id);
        runs.get(id)?.script.signal('SIGKILL');
        nextId = Math.min(nextId, id);
      }
      save();
    },
    async close() {
      closed.abort();
      for (const { script } of runs.values()) script.signal('SIGKILL');
      await Promise.all([...runs.values()].map(({ script }) => script.ended));
    },
  };
}

function ownEnd({ exitCode, exitSignal }: ScriptEnd): Pick<StandInJob, 'state' | 'reason' | 'exitCode' | 'exitSignal'> {
  if (exitSignal !== 0) return { state: 'FAILED', reason: `RaisedSignal:${exitSignal}`, exitCode, exitSignal };
  return exitCode === 0
    ? { state: 'COMPLETED', reason: 'None', exitCode, exitSignal }
    : { state: 'FAILED', reason: 'NonZeroExitCode', exitCode, exitSignal };
}
