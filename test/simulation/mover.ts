// Makes one move of a round: a daemon starts, a call finishes, a job or the other agent takes a step, or time passes.
import { isLive } from '../../src/slurm/job-state.ts';
import { stepJobDuringFaults } from './job.ts';
import type { PendingCall, PendingCalls } from './pending-calls.ts';
import type { TestBed } from './test-bed.ts';

const CHANGES = [
  'tasks.failed',
  'tasks.stop',
  'tasks.stopped',
  'tasks.completed',
  'tasks.dequeue',
  'tasks.started',
  'tasks.update',
  'queues.add_task',
];
const CLOSE_READS = ['tasks.get_by_id', 'tasks.started'];

export async function move(bed: TestBed): Promise<void> {
  const { world, outages, network, restarts, observer, draws, isFaultFree } = bed;
  const { clock, cluster, calls } = world;
  draws.begin();
  // Record the entries before anything changes and before time passes: an entry exists until it is removed.
  observer.seeEntries();
  clock.pass(20);
  world.server.refusesTokens = outages.isOn('tokens expired');
  if (restarts.start(isFaultFree)) return;

  const ready = [...calls.pending].filter((call) => network.isReady(call, isFaultFree));
  const call = ready[draws.call(ready.length)];
  const slot = draws.slot();
  if (call !== undefined && slot < 5) return finishCall(bed, call);
  if (slot < 7 && !draws.isJobIdle()) {
    const jobs = cluster.jobs.filter((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten));
    const job = jobs[draws.job(jobs.length)];
    if (job !== undefined && (await stepJobDuringFaults(bed, job))) {
      observer.seeJobs([job]);
      world.invariants.check(world.server.store, [job.task]);
      return;
    }
  }
  const isAgentNext = draws.isAgentNext(world.otherAgent.isDue()) && !outages.isOn('server away');
  if (isAgentNext && (await stepOtherAgent(bed))) return;
  if (call !== undefined) return finishCall(bed, call);
  passUntilNextEvent(bed);
}

/** Runs all promise callbacks until every promise waits for the simulation. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function finishCall({ world, network, observer }: TestBed, call: PendingCall): Promise<void> {
  const { calls, cluster, invariants, server } = world;
  const count = cluster.jobs.length;
  await finishWithChange(calls, call, (one) => network.finish(one));
  // The server writes its queues shortly after the request.
  if (call.kind === 'server') observer.seeEntries();
  if (cluster.jobs.length > count) observer.seeJobs(cluster.jobs.slice(count));
  if (call.task !== undefined) invariants.check(server.store, [call.task]);
}

/**
 * Finishes a daemon's call. If a read of a task is followed at once by a change of the same task, nothing else moves in between: those
 * are milliseconds, and the server has no means to prevent a change in them.
 */
async function finishWithChange(
  calls: PendingCalls,
  first: PendingCall,
  finish: (call: PendingCall) => void,
): Promise<void> {
  let current: PendingCall | undefined = first;
  for (;;) {
    finish(current);
    await settle();
    const { owner, task, endpoint }: PendingCall = current;
    if (task === undefined || !CLOSE_READS.includes(endpoint)) return;
    current = [...calls.pending].find(
      (one) => one.owner === owner && one.task === task && CHANGES.includes(one.endpoint),
    );
    if (current === undefined) return;
  }
}

async function stepOtherAgent({ world, ends }: TestBed): Promise<boolean> {
  const before = world.otherAgent.running();
  const did = await world.otherAgent.step();
  const running = world.otherAgent.running();
  if (running !== undefined && running !== before) {
    ends.ran(running);
    // With the other agent every task succeeds.
    ends.permit(running, ['completed']);
  }
  if (did !== undefined) world.note('other agent', did);
  return did !== undefined;
}

function passUntilNextEvent({ plan, world, outages, restarts }: TestBed): void {
  const now = world.now();
  const wakeAt = world.clock.nextWakeAt();
  const ends = [wakeAt, outages.nextEndAt(), ...restarts.dueAt()].filter((at) => at !== undefined && at > now);
  // In a scenario, if no daemon sleeps, an operation is pending: let little time pass.
  const longestMs = plan.isScenario === true && wakeAt === undefined ? 1_000 : 60_000;
  world.clock.pass(Math.min(...(ends as number[]), now + longestMs) - now);
}
