// The fault schedule of a round depends on the seed alone.
import { expect } from 'chai';
import { FAULT_WEIGHTS, planRound } from './schedule.ts';

const SIZE = { spanMs: 25_000, tasks: 20, faults: 30 };

describe('the fault schedule of a chaos round', () => {
  it('depends only on the seed and the number of the round', () => {
    expect(planRound(5, 3, SIZE)).to.deep.equal(planRound(5, 3, SIZE));
    expect(planRound(5, 3, SIZE)).not.to.deep.equal(planRound(5, 4, SIZE));
    expect(planRound(5, 3, SIZE)).not.to.deep.equal(planRound(6, 3, SIZE));
  });

  it('contains every permitted kind of fault at least once in 40 rounds', () => {
    const rounds = Array.from({ length: 40 }, (_, round) =>
      planRound(1, round, { ...SIZE, leftOut: ['disk is full'] }),
    );
    const happened = new Set(rounds.flatMap(({ faults }) => faults.map(({ what }) => what)));

    expect([...happened].sort()).to.deep.equal(
      Object.keys(FAULT_WEIGHTS)
        .filter((what) => what !== 'disk is full')
        .sort(),
    );
  });

  it('lists tasks and faults in the order of their times, within the span of 25 seconds', () => {
    const { tasks, faults } = planRound(9, 0, SIZE);
    for (const times of [tasks, faults].map((all) => all.map(({ atMs }) => atMs))) {
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
      expect(times.at(-1)).to.be.at.most(SIZE.spanMs);
    }
    expect(tasks).to.have.length(SIZE.tasks);
    expect(faults).to.have.length(SIZE.faults);
  });
});
