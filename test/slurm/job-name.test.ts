// The name by which a job is found again.
import { expect } from 'chai';
import fc from 'fast-check';
import { formatJobName, jitterOf, newAttempt, parseJobName, parseMark } from '../../src/slurm/job-name.ts';

const TASK = '0123456789abcdef0123456789abcdef';
const DIGITS = Array.from({ length: 36 }, (_, digit) => digit.toString(36));
const taskId = fc.string({ unit: fc.constantFrom(...DIGITS.slice(0, 16)), minLength: 32, maxLength: 32 });
const token = fc.string({
  unit: fc.constantFrom(...DIGITS),
  minLength: 4,
  maxLength: 12,
});
const moment = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2059, 0) });

describe('the job name of a task', () => {
  it('contains the task id and the attempt id', () => {
    fc.assert(
      fc.property(taskId, moment, token, (id, now, random) => {
        const attempt = newAttempt(now, 'mark1', random);
        expect(parseJobName(formatJobName(id, attempt))).to.deep.equal({ taskId: id, attempt });
      }),
    );
  });

  for (const id of ['', '/../../x', `../${TASK}`, TASK.toUpperCase(), `${TASK}\n`, `${TASK}/..`]) {
    it(`cannot contain the invalid task id ${JSON.stringify(id)}`, () => {
      expect(() => formatJobName(id, 'mwudl4rwabcd')).to.throw(RangeError);
    });
  }

  it('has at most 64 characters, only letters, digits, "_" and "-" (S-07)', () => {
    const name = formatJobName(TASK, newAttempt(Date.UTC(2059, 0), 'zzzzz', 'zzzzzzzz'));

    expect(name).to.match(/^[\w-]{1,64}$/);
  });

  for (const name of [
    '',
    'clearml_task_',
    `clearml_task_${TASK}`,
    `clearml_task_${TASK}-`,
    `clearml_task_${TASK}-mwudl4rwABCD`,
    `clearml_task_${TASK.toUpperCase()}-mwudl4rwabcd`,
    `x clearml_task_${TASK}-mwudl4rwabcd`,
    `clearml_task_${TASK}-mwudl4rwabcd\n`,
    `clearml_task_${TASK}-mwudl4rwabcd extra`,
  ]) {
    it(`never has the form ${JSON.stringify(name)}`, () => {
      expect(parseJobName(name)).to.equal(undefined);
    });
  }
});

describe('the id of an attempt', () => {
  it('contains the mark of the daemon that created the attempt', () => {
    expect(parseMark(newAttempt(1_795_504_296_123, 'mark1', 'aaaa'))).to.equal('mark1');
    expect(parseMark('mwudl4rwabcd')).to.equal(undefined);
  });

  it('sorts after the ids of all earlier attempts', () => {
    fc.assert(
      fc.property(moment, moment, token, token, (one, other, first, second) => {
        fc.pre(one < other);
        expect(newAttempt(one, 'zzzzz', first) < newAttempt(other, '00000', second)).to.equal(true);
      }),
    );
  });

  it('ends with random characters that determine a jitter from 0 to 1', () => {
    expect(jitterOf(newAttempt(1_795_504_296_123, 'mark1', '0000'))).to.equal(0);
    expect(jitterOf(newAttempt(1_795_504_296_999, 'mark2', 'zzzz'))).to.equal(1);
    expect(jitterOf(newAttempt(1_795_504_296_123, 'mark1', 'i000'))).to.be.closeTo(0.5, 0.001);
    expect(jitterOf('')).to.equal(0);
  });

  it('differs from the id of another attempt in the same millisecond', () => {
    expect(newAttempt(1_795_504_296_123, 'mark1', 'aaaa')).not.to.equal(newAttempt(1_795_504_296_123, 'mark1', 'aaab'));
  });
});
