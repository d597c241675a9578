// Measures what the daemon costs a real ClearML server: calls, documents and server time, by the sandbox's table of costs.
import { totalOf, type CallCount } from '../../../src/sandbox/requests/call-counts.ts';
import { createCostedWorld, type CostedWorld } from '../costed-world.ts';
import type { Figure, Result } from '../figure.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Until the longest interval is reached. */
const SETTLE_MS = 10 * MINUTE_MS;
/** After the last job was accepted, its property and its console lines are written. */
const TRAILING_MS = 2_000;
const LONG_QUEUE = 10_000;
/** Tasks that arrive one by one. The times between them spread them over the intervals of polls and readings. */
const ALONE = 40;
/** Finer than the time of an `sbatch`. */
const STEP_MS = 20;
const apartMs = (task: number): number => 4 * MINUTE_MS + ((task * 7_919) % MINUTE_MS);
const IDLE_MS = 20 * MINUTE_MS;

/**
 * The calls of a task are all calls from the arrival of the tasks to two seconds after the last accepted job, divided by the tasks: polls
 * and readings of the queues are included. At rest, they are everything from one poll to the next: the search for untracked tasks is
 * included, readings of the served queues are not.
 */
export const serverCost: Figure = {
  name: 'server-cost',
  async measure({ say }) {
    const results: Result[] = [];
    for (const measure of [
      fullQueue(1_000),
      fullQueue(100),
      arrivingAlone,
      atRest(5_000, 30),
      atRest(50_000, 10),
      longQueue,
    ]) {
      for (const result of await measure()) {
        say(`${result.what}: ${result.value.toPrecision(3)} ${result.unit}`);
        results.push(result);
      }
    }
    return results;
  },
};

function fullQueue(waiting: number): () => Promise<Result[]> {
  const what = `a task, ${waiting} of which wait`;
  return () =>
    running(createCostedWorld(), async (world) => {
      await world.measure(SETTLE_MS);
      const began = world.clock.now();
      const total = totalOf([await submitAll(world, waiting, 1_000), (await world.measure(TRAILING_MS)).total]);
      const rate = (1_000 * waiting) / (world.lastAcceptedAt() - began);
      return [
        { what: `calls, ${what}`, value: total.calls / waiting, unit: '', target: { atMost: 3.3 } },
        { what: `documents, ${what}`, value: total.documents / waiting, unit: '' },
        { what: `queue entries that the server loads, ${what}`, value: total.entries / waiting, unit: '' },
        { what: `server time, ${what}`, value: total.serverMs / waiting, unit: 'ms' },
        { what: `submitted, ${waiting} waiting`, value: rate, unit: 'tasks/s', target: { atLeast: 40 } },
      ];
    });
}

async function arrivingAlone(): Promise<Result[]> {
  return running(createCostedWorld(), async (world) => {
    await world.measure(SETTLE_MS);
    const idle = (await world.measure(IDLE_MS)).total;
    let [untilAccepted, calls] = [0, 0];
    for (let task = 0; task < ALONE; task += 1) {
      const began = world.clock.now();
      const beyondIdle = (count: number): number => count - (idle.calls * (world.clock.now() - began)) / IDLE_MS;
      const first = await submitAll(world, 1, STEP_MS);
      untilAccepted += beyondIdle(first.calls);
      const rest = await world.measure(TRAILING_MS);
      calls += beyondIdle(first.calls + rest.total.calls);
      await world.measure(apartMs(task));
    }
    const what = 'a task that arrives alone';
    return [
      {
        what: `calls until its job is accepted, ${what}`,
        value: untilAccepted / ALONE,
        unit: '',
        target: { atMost: 4 },
      },
      { what: `calls, ${what}`, value: calls / ALONE, unit: '' },
      { what: 'server time, idle', value: (idle.serverMs * MINUTE_MS) / IDLE_MS, unit: 'ms/min' },
    ];
  });
}

/** What it costs from the arrival of these tasks to their accepted jobs, polls included. */
async function submitAll(world: CostedWorld, count: number, stepMs: number): Promise<CallCount> {
  const wanted = world.accepted() + count;
  world.enqueue(count);
  const parts: CallCount[] = [];
  for (let ms = 0; world.accepted() < wanted; ms += stepMs) {
    if (ms > HOUR_MS) throw new Error(`only ${world.accepted()} of ${wanted} jobs were accepted`);
    parts.push((await world.measure(stepMs)).total);
  }
  return totalOf(parts);
}

function atRest(tracked: number, minutes: number): () => Promise<Result[]> {
  const what = `a poll with ${tracked} tracked at rest`;
  const isHuge = tracked > 10_000;
  return async () => {
    const world = createCostedWorld();
    await world.track(tracked);
    const measure = async (): Promise<Result[]> => {
      await world.measure(Math.min(SETTLE_MS, minutes * MINUTE_MS));
      const { total, polls } = await world.measure(minutes * MINUTE_MS);
      return [
        { what: `calls, ${what}`, value: total.calls / polls, unit: '' },
        {
          what: `documents, ${what}`,
          value: total.documents / polls,
          unit: '',
          ...(isHuge ? {} : { target: { atMost: 100 } }),
        },
        { what: `queue entries, ${what}`, value: total.entries / polls, unit: '' },
        {
          what: `server time, ${what}`,
          value: total.serverMs / polls,
          unit: 'ms',
          target: { atMost: isHuge ? 1_000 : 100 },
        },
      ];
    };
    return running(world, measure, { claims: false });
  };
}

async function longQueue(): Promise<Result[]> {
  const world = createCostedWorld({ isFull: true });
  await world.track(100);
  world.enqueue(LONG_QUEUE);
  return running(world, async () => {
    await world.measure(SETTLE_MS);
    const minutes = 30;
    const { total } = await world.measure(minutes * MINUTE_MS);
    return [
      {
        what: `server time, ${LONG_QUEUE} waiting for a full cluster`,
        value: total.serverMs / minutes,
        unit: 'ms/min',
        target: { atMost: 500 },
      },
      { what: `queue entries, ${LONG_QUEUE} waiting for a full cluster`, value: total.entries / minutes, unit: '/min' },
    ];
  });
}

/** Measures while the daemon runs. */
async function running(
  world: CostedWorld,
  measure: (world: CostedWorld) => Promise<Result[]>,
  options = { claims: true },
): Promise<Result[]> {
  const daemon = world.start(options);
  const results = await measure(world);
  daemon.stop();
  await world.measure(MINUTE_MS);
  await daemon.ended;
  return results;
}
