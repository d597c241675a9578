// When a round is at rest: every daemon has polled and had nothing to do.
import { expect } from 'chai';
import { createRest, type RestSample } from './at-rest.ts';

const LIMITS = { stillMs: 300_000, longestMs: 900_000 };
const QUIET: RestSample = { state: 'completed', activity: '', isTracked: false, polls: [0, 0] };

function kindsOf(...samples: readonly (readonly [second: number, look: Partial<RestSample>])[]): string[] {
  const rest = createRest(0, LIMITS);
  return samples.map(([second, look]) => rest(second * 1_000, { ...QUIET, ...look }).kind);
}

describe('a chaos round', () => {
  it('ends when nothing changes any more and each daemon has polled', () => {
    expect(kindsOf([1, {}], [8, { polls: [3, 3] }], [9, { polls: [4, 3] }])).to.deep.equal([
      'pending',
      'pending',
      'at rest',
    ]);
  });

  it('continues until the slowest daemon has polled', () => {
    expect(kindsOf([1, {}], [200, { polls: [90, 2] }], [250, { polls: [95, 3] }])).to.deep.equal([
      'pending',
      'pending',
      'at rest',
    ]);
  });

  it('continues while a daemon still tracks a task', () => {
    const tracked = { isTracked: true, polls: [9, 9] };
    expect(kindsOf([1, { isTracked: true }], [20, tracked], [31, tracked])).to.deep.equal([
      'pending',
      'pending',
      'at rest',
    ]);
  });

  it('fails if nothing changes for five minutes but a task has not ended', () => {
    const active = (activity: string): Partial<RestSample> => ({ state: undefined, activity });
    expect(kindsOf([1, active('a')], [290, active('b')], [580, active('c')], [881, active('c')])).to.deep.equal([
      'pending',
      'pending',
      'pending',
      'never',
    ]);
  });

  it('fails if the same two states alternate for 15 minutes', () => {
    const samples = Array.from({ length: 10 }, (_, index) => [index * 100, { activity: String(index % 2) }] as const);
    expect(kindsOf(...samples, [901, { activity: 'x' }]).at(-1)).to.equal('never');
  });

  it('reports the time of the last change', () => {
    const rest = createRest(0, LIMITS);
    rest(5_000, QUIET);
    expect(rest(14_000, { ...QUIET, polls: [3, 3] })).to.deep.equal({ kind: 'at rest', sinceMs: 5_000 });
  });
});
