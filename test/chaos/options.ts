// The options of `npm run chaos`.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { SLURM_RELEASES, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import type { SshProvider } from './ssh-access.ts';

/** The directory of the released versions' programs. */
export const RELEASES = resolve('test/fixtures/releases');
const RELEASED = readdirSync(RELEASES).flatMap((name) => /^(.*)\.tgz$/.exec(name)?.[1] ?? []);

const VERSIONS = SLURM_RELEASES.map(({ version }) => version) as [SlurmVersion, ...SlurmVersion[]];

export const USAGE = `npm run chaos -- [options]
  --seconds N        begin no round after so long (60); the last one is played to its end
  --seed S           chooses what happens and when (by the clock)
  --round N          begin with this round of the seed (0): what a round holds depends on nothing before it
  --slurm VERSION    ${VERSIONS.join(', ')} (the one on PATH); another one than that needs root
  --agent WHICH      real or stand-in (stand-in), which is quicker
  --daemons N        1 or 2 (1), on the same queue and cluster
  --shared           a shared service: tasks of three users run as two Unix users, with limits and fairness; needs root, and the Slurm on PATH
  --over PROVIDER    ssh2 or openssh: the cluster is reached through an sshd and a link that breaks; needs root
  --upgrade-from V   each daemon is this released version until it has served and dies, then the current one; not with --stand-in
  --load             processes stand still for seconds, processors are taken, clocks jump; not with --stand-in
  --stand-in         no Slurm and no processes: a simulated cluster and clock, for hundreds of rounds a minute
  --tasks N          with --stand-in: until so many tasks were played
  --keep             leave the folders with all logs where they are
On a ClearML server of yours, where CLEARML_TEST_API_HOST and its keys name one (CONTRIBUTING.md); with a sandbox otherwise.
`;

const Options = z.object({
  seconds: z.coerce.number().positive().optional(),
  seed: z.coerce.number().int().nonnegative().optional(),
  round: z.coerce.number().int().nonnegative().default(0),
  slurm: z.enum(VERSIONS).optional(),
  agent: z.enum(['real', 'stand-in']).default('stand-in'),
  daemons: z.coerce.number().int().min(1).max(2).default(1),
  over: z.enum(['ssh2', 'openssh']).optional(),
  shared: z.boolean().default(false),
  'upgrade-from': z.enum(RELEASED as [string, ...string[]]).optional(),
  load: z.boolean().default(false),
  'stand-in': z.boolean().default(false),
  tasks: z.coerce.number().int().positive().optional(),
  keep: z.boolean().default(false),
});

export interface ChaosOptions {
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly firstRound: number;
  readonly version: SlurmVersion | undefined;
  readonly agent: 'real' | 'stand-in';
  readonly daemons: number;
  /** How the daemons reach the cluster; undefined if it is on the same machine. */
  readonly over: SshProvider | undefined;
  /** Whether the tasks belong to several users, whose jobs run as several Unix users, with limits. */
  readonly isShared: boolean;
  /** The released version as which each daemon starts first; undefined for the current one. */
  readonly upgradeFrom: string | undefined;
  readonly isUnderLoad: boolean;
  readonly isSimulated: boolean;
  readonly tasks: number | undefined;
  readonly keep: boolean;
}

/**
 * @param seed the default seed
 * @throws Error with the name of the invalid option
 */
export function parseOptions(args: readonly string[], seed: number): ChaosOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      round: { type: 'string' },
      slurm: { type: 'string' },
      agent: { type: 'string' },
      daemons: { type: 'string' },
      over: { type: 'string' },
      shared: { type: 'boolean' },
      'upgrade-from': { type: 'string' },
      load: { type: 'boolean' },
      'stand-in': { type: 'boolean' },
      tasks: { type: 'string' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const read = Options.safeParse(values);
  if (!read.success) {
    throw new Error(read.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('; '));
  }
  const {
    seconds,
    tasks,
    round: firstRound,
    slurm: version,
    agent,
    daemons,
    over,
    keep,
    shared: isShared,
    'upgrade-from': upgradeFrom,
    load: isUnderLoad,
    'stand-in': isSimulated,
  } = read.data;
  return {
    seconds,
    tasks,
    seed: read.data.seed ?? seed,
    firstRound,
    version,
    agent,
    daemons,
    over,
    isShared,
    upgradeFrom,
    isUnderLoad,
    isSimulated,
    keep,
  };
}
