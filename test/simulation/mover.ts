// The mover: one move of a round, by whoever the dice choose: a daemon starts or makes its call, a job goes on, a neighbour, or time.
import { isLive } from '../../src/slurm/job-state.ts';
import { passTime, takeTurn } from './moves.ts';
import type { Turn } from './pending-calls.ts';
import type { Carrier } from './carrier.ts';
import { stepJobInWeather } from './job-step.ts';
import type { Starter } from './starter.ts';
import type { Stage } from './faults.ts';
import type { Witness } from './oracle/witness.ts';

interface Movers {
  readonly stage: Stage;
  readonly carrier: Carrier;
  readonly starter: Starter;
  readonly witness: Witness;
  /** Jobs take their time: daemons look many times before something moves. */
  readonly isLazy: boolean;
}

/** Returns what makes one move. */
export function createMover({ stage, carrier, starter, witness, isLazy }: Movers): (isCalm: boolean) => Promise<void> {
  const { world, weather, history, dice } = stage;
  const { clock, cluster, turns } = world;

  async function takeOne(turn: Turn): Promise<void> {
    const count = cluster.jobs.length;
    await takeTurn(turns, turn, (one) => carrier.take(one));
    // The server writes its queues some moments after it was asked to.
    if (turn.kind === 'server') witness.seeEntries();
    if (cluster.jobs.length > count) witness.seeJobs(cluster.jobs.slice(count));
    if (turn.task !== undefined) world.judge.look(world.server.store, [turn.task]);
  }

  async function stepNeighbour(): Promise<boolean> {
    const before = world.neighbour.running();
    const did = await world.neighbour.step();
    const running = world.neighbour.running();
    if (running !== undefined && running !== before) {
      history.begun(running);
      // Whatever its program does for us, for the neighbour every task ends well.
      history.befell(running, ['completed']);
    }
    if (did !== undefined) world.tell('neighbour', did);
    return did !== undefined;
  }

  function passUntilSomething(): void {
    const ends = [clock.nextWakeAt(), weather.nextEndAt(), ...starter.dueAt()].filter(
      (at): at is number => at !== undefined && at > world.now(),
    );
    const next = Math.min(...ends, world.now() + 60_000);
    if (next === clock.nextWakeAt()) passTime(clock);
    else clock.pass(next - world.now());
  }

  return async (isCalm) => {
    // Before anything moves, and before any time goes by: an entry was there until it was taken.
    witness.seeEntries();
    clock.pass(20);
    world.server.refusesTokens = weather.isOn('tokens expired');
    if (starter.start(isCalm)) return;

    const ready = [...turns.pending].filter((turn) => carrier.isReady(turn, isCalm));
    const turn = ready[dice.whole(0, Math.max(0, ready.length - 1))];
    const fall = dice.whole(0, 7);
    if (turn !== undefined && fall < 5) return takeOne(turn);
    if (fall < 7 && (!isLazy || dice.whole(0, 11) === 0)) {
      const jobs = cluster.jobs.filter((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten));
      const job = jobs[dice.whole(0, Math.max(0, jobs.length - 1))];
      if (job !== undefined && (await stepJobInWeather(stage, job))) {
        witness.seeJobs([job]);
        world.judge.look(world.server.store, [job.task]);
        return;
      }
    }
    if (!weather.isOn('server away') && fall === 7 && (await stepNeighbour())) return;
    if (turn !== undefined) return takeOne(turn);
    passUntilSomething();
  };
}
