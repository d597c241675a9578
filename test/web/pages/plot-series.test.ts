// The series of the plots: what they show of each task, and that many tasks cost little.
import { expect } from 'chai';
import { makePlots, type Plots, type TaskTimes } from '../../../src/web/pages/plot-series.ts';

const HOUR = 3_600_000;
/** Not the end of an interval. */
const NOW = Date.UTC(2026, 5, 2, 12, 10);
/** The intervals of a day. */
const STEPS = 48;

function valuesOf({ plots }: Plots, id: string, name: string): readonly (number | null)[] {
  const values = plots.find((plot) => plot.id === id)?.series.find((one) => one.name === name)?.values;
  if (values === undefined) throw new Error(`there is no series ${id}, ${name}`);
  return values;
}

describe('the plots of the status page', () => {
  it('count each task by its state at the end of each interval and at the present', () => {
    const task: TaskTimes = {
      queue: 'gpu',
      enqueuedAt: NOW - 3 * HOUR,
      submittedAt: NOW - 2 * HOUR,
      startedAt: NOW - HOUR,
    };

    const plots = makePlots([task], '24h', NOW);

    // The last intervals end at 9:30, 10:00 and so on; the last one now.
    const tail = (name: string): readonly (number | null)[] => valuesOf(plots, 'states', name).slice(-8);
    expect(tail('waiting in ClearML')).to.deep.equal([0, 1, 1, 0, 0, 0, 0, 0]);
    expect(tail('pending in Slurm')).to.deep.equal([0, 0, 0, 1, 1, 0, 0, 0]);
    expect(tail('running')).to.deep.equal([0, 0, 0, 0, 0, 1, 1, 1]);
  });

  it('ignore a task that starts and ends within one interval', () => {
    const edge = Date.UTC(2026, 5, 2, 11);
    const running = (startedAt: number, endedAt?: number): TaskTimes => ({ queue: 'gpu', startedAt, endedAt });

    const plots = makePlots(
      [
        running(NOW - 100 * HOUR, edge),
        running(edge, edge + 1),
        running(edge + 1, edge + 2),
        running(NOW),
        running(NOW + 1),
      ],
      '24h',
      NOW,
    );

    const expected = Array.from({ length: STEPS }, () => 1);
    expected.splice(-3, 2, 0, 0);
    expect(valuesOf(plots, 'states', 'running')).to.deep.equal(expected);
  });

  it('read the timestamps of a task fewer than 48 times to draw 48 intervals', () => {
    let looks = 0;
    const watched = (at: number): number =>
      ({
        valueOf() {
          looks += 1;
          return at;
        },
      }) as unknown as number;
    const task = { queue: 'gpu', startedAt: watched(NOW - HOUR), endedAt: watched(NOW), cause: 'failed' } as const;

    makePlots([task], '24h', NOW);

    expect(looks).to.be.below(STEPS);
  });
});
