// What a job does next where the server, the controller or the way between may be away.
import type { SimJob } from './cluster.ts';
import { stepJob } from './job.ts';
import { SCHEDULER_QUEUE } from './queues.ts';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { named } from './oracle/expected-ends.ts';
import type { TestBed } from './faults.ts';

/** False when it can do nothing now. */
export async function stepJobInWeather(stage: TestBed, job: SimJob): Promise<boolean> {
  // Before the agent's first report nobody can tell whose word it was that the task has stopped.
  if (job.leaving !== undefined && job.phase === 'begun') stage.history.permit(job.task, ['stopped', 'failed']);
  const did = await step(stage, job);
  if (did !== undefined) stage.world.note(`job ${job.id}`, `${did} (${named(job.task)})`);
  return did !== undefined;
}

async function step(stage: TestBed, job: SimJob): Promise<string | undefined> {
  const { world, weather, dice, held } = stage;
  if (job.isInFlight || job.state === 'PENDING') {
    if (weather.isOn('controller away') || held.has(job)) return undefined;
    if (!job.isInFlight) return stepJob(world, job);
    return land(stage, job);
  }
  const isNew = job.phase === 'new' && job.leaving === undefined;
  const isCut = weather.isOn('server away') || (isNew && weather.isOn('gate cut off'));
  if (!isCut) return stepJob(world, job);
  if (job.leaving !== undefined) return leaveUnheard(stage, job, job.leaving);
  return isNew && dice.next() < 0.2 ? failAtGate(stage, job) : undefined;
}

function land({ world, dice }: TestBed, job: SimJob): string {
  world.invariants.arrivedLate(job.task);
  const isLost = dice.next() < 0.2;
  if (isLost) world.cluster.vanish(job);
  Object.assign(job, { isInFlight: false, submittedAt: world.clock.now() });
  return isLost ? 'never reaches the controller' : 'reaches the controller';
}

function leaveUnheard({ world }: TestBed, job: SimJob, { isRequeued, state }: NonNullable<SimJob['leaving']>): string {
  if (isRequeued) world.cluster.requeue(job);
  else world.cluster.end(job, state, 15);
  return isRequeued ? 'is put back, unheard' : `ends ${state}, unheard`;
}

/** The question never arrived, or its answer never came back. */
async function failAtGate({ world, weather, history, dice }: TestBed, job: SimJob): Promise<string> {
  const isAsked = !weather.isOn('server away') && dice.next() < 0.5;
  if (isAsked)
    await world.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: job.task }).catch(() => undefined);
  history.permit(job.task, ['failed']);
  world.cluster.end(job, 'FAILED', JOB_EXIT_CODES.serverUnreachable.code);
  return `can not reach the server at the gate${isAsked ? ', which gave it the task' : ''}`;
}
