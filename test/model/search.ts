// Searches every reachable state, breadth first, so that the first counterexample is the shortest.
import { isGoodEnd, violationIn } from './invariants.ts';
import { createIncarnations } from './incarnations.ts';
import type { Program } from './program.ts';
import { canonical, createKeys, type State } from './state.ts';
import { successors, type Setting } from './successors.ts';
import { MOST_JOBS } from './slurm-rules.ts';
import { firstWorld, type Budgets } from './world.ts';

export interface Scenario extends Setting {
  readonly title: string;
  readonly budgets: Budgets;
}

export interface Bounds {
  readonly states: number;
  readonly seconds: number;
}

export interface Found {
  /** `incomplete`: the bounds were reached first, without a violation so far. */
  readonly result: 'holds' | 'wrong' | 'incomplete';
  readonly what: string | undefined;
  readonly counterexample: readonly string[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly seconds: number;
  /** States of daemons that were executed. */
  readonly moments: number;
  /** States with the maximum number of jobs: no good end is required of them. */
  readonly cutShort: number;
}

export async function search(program: Program, scenario: Scenario, bounds: Bounds): Promise<Found> {
  const begunAt = performance.now();
  const incarnations = createIncarnations(program);
  const keys = createKeys();
  const numbers = new Map<string, number>();
  const parents: number[] = [];
  const labels: string[] = [];
  const depths: number[] = [];
  const isGood: boolean[] = [];
  /** Steps that are neither faults nor user actions, as pairs: from, to. */
  const steps: number[] = [];
  let next: State[] = [];
  let transitions = 0;
  let cutShort = 0;

  const seconds = (): number => (performance.now() - begunAt) / 1000;
  const end = (result: Found['result'], what?: string, at?: number, last?: string): Found => ({
    result,
    what,
    counterexample: at === undefined ? [] : [...pathTo(at), ...(last === undefined ? [] : [last])],
    states: numbers.size,
    transitions,
    depth: depths.at(-1) ?? 0,
    seconds: seconds(),
    moments: incarnations.count,
    cutShort,
  });

  function pathTo(at: number): string[] {
    const counterexample: string[] = [];
    for (let state = at; state > 0; state = parents[state] ?? 0) counterexample.push(labels[state] ?? '');
    return counterexample.reverse();
  }

  function enter(state: State, parent: number, label: string): number {
    const key = keys.keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(key, number);
    parents.push(parent);
    labels.push(label);
    depths.push(number === 0 ? 0 : (depths[parent] ?? 0) + 1);
    const isCutShort = state.world.made >= MOST_JOBS;
    if (isCutShort) cutShort += 1;
    isGood.push(isGoodEnd(state) || isCutShort);
    next.push(state);
    return number;
  }

  enter(
    await canonical({ world: firstWorld(scenario.budgets), incarnations: initialIncarnations() }, incarnations),
    0,
    '',
  );
  for (let from = 0; next.length > 0;) {
    const level = next;
    next = [];
    for (const state of level) {
      const wrong = violationIn(state);
      if (wrong !== undefined) return end('wrong', wrong, from);
      for (const { label, kind, state: after, wrong: wrongStep } of await successors(state, incarnations, scenario)) {
        transitions += 1;
        if (wrongStep !== undefined) return end('wrong', wrongStep, from, label);
        const to = enter(await canonical(after, incarnations), from, label);
        if (kind === 'work' && to !== from) steps.push(from, to);
      }
      from += 1;
      if (numbers.size > bounds.states || (from % 256 === 0 && seconds() > bounds.seconds)) return end('incomplete');
    }
  }
  const stuck = firstStuck(isGood, steps);
  return stuck === undefined ? end('holds') : end('wrong', 'no good end is reachable', stuck);

  function initialIncarnations(): State['incarnations'] {
    return Array.from({ length: scenario.budgets.rounds > 0 ? 2 : 1 }, (_, index) => incarnations.rest(index + 1, ''));
  }
}

/** The first state from which no good one is reachable, found backwards from the good ones. */
function firstStuck(isGood: readonly boolean[], steps: readonly number[]): number | undefined {
  // The predecessors of a state are adjacent; `ends` has their upper bound.
  const ends = new Int32Array(isGood.length);
  for (let at = 1; at < steps.length; at += 2) bump(ends, steps[at] ?? 0);
  for (let state = 1; state < ends.length; state += 1) bump(ends, state, ends[state - 1]);
  const free = ends.slice();
  const before = new Int32Array(steps.length / 2);
  for (let at = 0; at < steps.length; at += 2) before[bump(free, steps[at + 1] ?? 0, -1)] = steps[at] ?? 0;

  const reaches = Uint8Array.from(isGood, Number);
  const todo = isGood.flatMap((good, state) => (good ? [state] : []));
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (const earlier of before.subarray(state === 0 ? 0 : ends[state - 1], ends[state])) {
      if (reaches[earlier] === 1) continue;
      reaches[earlier] = 1;
      todo.push(earlier);
    }
  }
  const stuck = reaches.indexOf(0);
  return stuck < 0 ? undefined : stuck;
}

function bump(counts: Int32Array, at: number, by = 1): number {
  return (counts[at] = (counts[at] ?? 0) + by);
}

/** The result of one search: a line of figures, and the counterexample if there is one. */
export function formatFound({ title }: Pick<Scenario, 'title'>, found: Found): string {
  const { states, transitions, depth, seconds, result, what, counterexample, cutShort } = found;
  const figures = `${states} states, ${transitions} steps, depth ${depth}, ${seconds.toFixed(1)} s${cutShort === 0 ? '' : `, ${cutShort} cut short at ${MOST_JOBS} jobs`}`;
  if (result === 'holds') return `${title}: holds (${figures})`;
  if (result === 'incomplete') return `${title}: no violation so far (${figures}); raise --seconds or --states`;
  const steps = counterexample.length === 0 ? ['in the initial state'] : counterexample;
  return [`${title}: ${what ?? 'wrong'} (${figures})`, ...steps.map((step, index) => `  ${index + 1}. ${step}`)].join(
    '\n',
  );
}
