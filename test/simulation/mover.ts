// The mover: one move of a round, by whoever the dice choose: a daemon starts or makes its call, a job goes on, a neighbour, or time.
import { isLive } from '../../src/slurm/job-state.ts';
import { passTime, takeTurn } from './moves.ts';
import type { PendingCall } from './pending-calls.ts';
import type { Network } from './carrier.ts';
import { stepJobInWeather } from './job-step.ts';
import type { Restarts } from './starter.ts';
import type { TestBed } from './faults.ts';
import type { Observer } from './oracle/witness.ts';

interface Movers {
  readonly stage: TestBed;
  readonly carrier: Network;
  readonly starter: Restarts;
  readonly witness: Observer;
  /** Jobs take their time: daemons look many times before something moves. */
  readonly isLazy: boolean;
}

/** Returns what makes one move. */
export function createMover({ stage, carrier, starter, witness, isLazy }: Movers): (isCalm: boolean) => Promise<void> {
  const { world, weather, history, dice } = stage;
  const { clock, cluster, calls } = world;

  async function takeOne(call: PendingCall): Promise<void> {
    const count = cluster.jobs.length;
    await takeTurn(calls, call, (one) => carrier.take(one));
    // The server writes its queues some moments after it was asked to.
    if (call.kind === 'server') witness.seeEntries();
    if (cluster.jobs.length > count) witness.seeJobs(cluster.jobs.slice(count));
    if (call.task !== undefined) world.invariants.check(world.server.store, [call.task]);
  }

  async function stepNeighbour(): Promise<boolean> {
    const before = world.otherAgent.running();
    const did = await world.otherAgent.step();
    const running = world.otherAgent.running();
    if (running !== undefined && running !== before) {
      history.ran(running);
      // Whatever its program does for us, for the neighbour every task ends well.
      history.permit(running, ['completed']);
    }
    if (did !== undefined) world.note('neighbour', did);
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

    const ready = [...calls.pending].filter((call) => carrier.isReady(call, isCalm));
    const call = ready[dice.whole(0, Math.max(0, ready.length - 1))];
    const fall = dice.whole(0, 7);
    if (call !== undefined && fall < 5) return takeOne(call);
    if (fall < 7 && (!isLazy || dice.whole(0, 11) === 0)) {
      const jobs = cluster.jobs.filter((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten));
      const job = jobs[dice.whole(0, Math.max(0, jobs.length - 1))];
      if (job !== undefined && (await stepJobInWeather(stage, job))) {
        witness.seeJobs([job]);
        world.invariants.check(world.server.store, [job.task]);
        return;
      }
    }
    if (!weather.isOn('server away') && fall === 7 && (await stepNeighbour())) return;
    if (call !== undefined) return takeOne(call);
    passUntilSomething();
  };
}
