// Creates the test bed of one round: the simulated world, the outages and the oracle.
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import { parseJobName } from '../../src/slurm/job-name.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import type { Random } from '../support/random.ts';
import { silentLog } from '../support/silent-log.ts';
import { SLURM_COMMANDS } from '../support/slurm-command-names.ts';
import type { SimJob } from './simulated-slurm.ts';
import type { Draws } from './draws.ts';
import { createMalformer, type Malformer } from './malformed-output.ts';
import { createNetwork, type Network } from './network.ts';
import { createExpectedEnds, type ExpectedEnds, type Violation } from './oracle/expected-ends.ts';
import { createObserver, type Observer } from './oracle/observer.ts';
import { losesJournals, mayBeSilent, plainToSeeMs } from './oracle/permitted.ts';
import { createOutages, type Outages } from './outages.ts';
import { createRestarts, type Restarts } from './restarts.ts';
import { diceOf, type RoundPlan } from './schedule.ts';
import { createSlurmCommands, type SubmissionObserver } from './slurm-commands.ts';
import { createWorld, type TaskNature, type World } from './world.ts';

export interface TestBed {
  readonly plan: RoundPlan;
  readonly world: World;
  readonly outages: Outages;
  readonly network: Network;
  readonly restarts: Restarts;
  readonly ends: ExpectedEnds;
  readonly observer: Observer;
  readonly draws: Draws;
  /** Chooses faults and their targets. */
  readonly dice: Random;
  /** Held jobs, which do not start before they are released. */
  readonly held: Set<SimJob>;
  /** Set for the end of a round, in which no faults occur. */
  isFaultFree: boolean;
  /** The number of Slurm's outputs that were malformed. */
  malformed(): number;
  /** Creates and enqueues a task. */
  enqueueTask(nature: TaskNature): Promise<void>;
  /** The first violation that the oracle has found. */
  violation(): Violation | undefined;
}

export function createTestBed(plan: RoundPlan, dice: Random, draws: Draws): TestBed {
  let tokens = 0;
  const { malformedShare } = plan;
  const malformer: Malformer | undefined =
    malformedShare === undefined ? undefined : createMalformer(diceOf(plan, 3), malformedShare);

  const submissionsOf = (incarnation: number): SubmissionObserver => ({
    submitting(task, user) {
      ends.submitting(task);
      world.limitOracle?.submitting(task, user, incarnation);
      observer.checkEntry(task);
    },
    rejected: (task) => ends.permit(task, ['failed']),
    listing: () => world.limitOracle?.listing(incarnation),
  });
  const world = createWorld(
    plan.daemons,
    ({ cluster, calls }, incarnation) =>
      plan.isScenario === true
        ? observed(cluster.schedulerOf(incarnation), submissionsOf(incarnation))
        : createCommandLineScheduler({
            host: createSlurmCommands({ cluster, calls }, incarnation, {
              ...submissionsOf(incarnation),
              hasAccounting: plan.hasAccounting,
              hidesJobs: plan.limited?.unixUsers === 'hidden',
              jobLimit: plan.jobLimit,
              failure: (program) => network.failureOf(program),
              ...(malformer === undefined
                ? {}
                : { malform: (command, result) => malformer.malform(command, result, bed.isFaultFree) }),
            }),
            commands: SLURM_COMMANDS,
            sbatchTimeoutMs: 150_000,
            commandTimeoutMs: 60_000,
            log: silentLog,
            randomToken: () => `mark${(tokens += 1)}`,
            now: () => world.now(),
          }),
    {
      readLimits: plan.readsChanges ? { fullUpTo: 0, perSweep: 1 } : undefined,
      limited: plan.limited,
      losesJournals: losesJournals(plan),
    },
  );
  const outages = createOutages(() => world.now());
  const network = createNetwork(world, outages, plan);
  const ends = createExpectedEnds({
    jobsOf: (task) => world.cluster.jobs.filter((job) => job.task === task),
    couldPollSince,
    awakeMsSince: (from) => outages.awakeMsSince(from),
    plainToSeeMs: plainToSeeMs(plan),
    mayBeSilent: mayBeSilent(plan),
    isAbortErased: (task) => world.invariants.isAbortErased(task),
  });
  const observer = createObserver(world, outages, ends, plan);
  const restarts = createRestarts(world, dice, plan, () => observer.disturbed());

  function couldPollSince(): number | undefined {
    if (plan.daemons > 1 || outages.isOn('controller away')) return undefined;
    return Math.max(restarts.lastStartAt(), outages.lastEndAt('controller away') ?? 0);
  }

  const bed: TestBed = {
    plan,
    world,
    outages,
    network,
    restarts,
    ends,
    observer,
    draws,
    dice,
    held: new Set(),
    isFaultFree: false,
    malformed: () => malformer?.count() ?? 0,
    async enqueueTask(nature) {
      ends.enqueued(await world.enqueueTask(nature), nature);
    },
    violation: () => world.invariants.violation ?? (isEndIgnored(plan) ? undefined : ends.violation),
  };
  return bed;
}

/** In a scenario several faults affect one task, and the expected ends permit too few combinations. */
function isEndIgnored({ isScenario, checksEnds }: RoundPlan): boolean {
  return isScenario === true && checksEnds !== true;
}

function observed(scheduler: Scheduler, observer: SubmissionObserver): Scheduler {
  return {
    ...scheduler,
    async submit(submission) {
      const task = parseJobName(submission.jobName)?.taskId ?? '';
      observer.submitting(task, submission.runAs?.name);
      const outcome = await scheduler.submit(submission);
      if (outcome.kind === 'rejected') observer.rejected(task);
      return outcome;
    },
  };
}
