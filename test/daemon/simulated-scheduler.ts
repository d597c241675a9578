// The scheduler of the program over the simulated cluster of a step fixture: every call is one of Slurm's commands.
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import type { Command } from '../../src/transport/transport.ts';
import type { PendingCalls } from '../simulation/pending-calls.ts';
import { createSlurmCommands, type SlurmBehavior } from '../simulation/slurm-commands.ts';
import { SLURM_COMMANDS } from '../support/slurm-command-names.ts';
import { silentLog } from '../support/silent-log.ts';
import type { StepFixture } from './step-fixture.ts';

/** More than a test enqueues. */
const JOB_LIMIT = 100_000;

/**
 * @param behavior may change while the test runs
 * @param before runs before each command, and may fail it
 */
export function createSimulatedScheduler(
  { clock, cluster }: StepFixture,
  behavior: Pick<SlurmBehavior, 'hasAccounting' | 'hidesJobs'>,
  before: (command: Command) => Promise<void> = () => Promise.resolve(),
): Scheduler {
  const calls: PendingCalls = { pending: new Set(), drop: () => undefined, request: async ({ effect }) => effect() };
  const commands = createSlurmCommands({ cluster, calls }, 1, {
    hasAccounting: behavior.hasAccounting,
    get hidesJobs() {
      return behavior.hidesJobs;
    },
    jobLimit: JOB_LIMIT,
    failure: () => 'refused',
    submitting: () => undefined,
    rejected: () => undefined,
    listing: () => undefined,
  });
  let tokens = 0;
  return createCommandLineScheduler({
    host: {
      ...commands,
      async run(command) {
        await before(command);
        return commands.run(command);
      },
    },
    commands: SLURM_COMMANDS,
    sbatchTimeoutMs: 180_000,
    commandTimeoutMs: 90_000,
    log: silentLog,
    randomToken: () => `mark${(tokens += 1)}`,
    now: () => clock.now(),
    clock: clock.of(1),
  });
}
