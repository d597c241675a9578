// `npm run chaos`: injects faults and checks how every task ends.
import { parseOptions, USAGE, type ChaosOptions } from './options.ts';
import { ORDINARY_SECONDS, runReal } from './rounds-on-real-slurm.ts';
import { playRounds, type Rounds } from '../simulation/rounds.ts';
import { formatTally, isClean, type Tally } from './tally.ts';

const INTERRUPTED = 130;

const interrupted = new AbortController();
const options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);

if (options === 'help') {
  log(USAGE.trimEnd());
} else {
  await run(options).catch((error: unknown) => {
    if (!interrupted.signal.aborted) throw error;
    process.exit(INTERRUPTED);
  });
}

async function run(chosen: ChaosOptions): Promise<void> {
  log(`chaos: seed ${chosen.seed}`);
  const tally = chosen.isSimulated ? await playRounds(simulatedRounds(chosen)) : await runInterruptibly(chosen);
  log(formatTally(tally));
  process.exitCode = isClean(tally) ? 0 : 1;
}

function runInterruptibly(chosen: ChaosOptions): Promise<Tally> {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt(name));
  return runReal({ ...chosen, log, signal: interrupted.signal });
}

function interrupt(name: string): void {
  log('chaos: interrupted; stopping all processes and removing all files');
  interrupted.abort(new Error(`interrupted by ${name}`));
}

/** Without a limit of time or tasks the run would never end. */
function simulatedRounds({ seed, firstRound, seconds, tasks }: ChaosOptions): Rounds {
  const isEndless = seconds === undefined && tasks === undefined;
  return {
    seed,
    log,
    // Simulated rounds count from 1.
    firstRound: Math.max(1, firstRound),
    ...(isEndless ? { seconds: ORDINARY_SECONDS } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(tasks === undefined ? {} : { tasks }),
  };
}

function log(text: string): void {
  process.stdout.write(`${text}\n`);
}
