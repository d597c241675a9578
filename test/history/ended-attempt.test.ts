// Tests that a record of the history survives its line, and that no line can be mistaken for another record.
import { expect } from 'chai';
import { attemptKey, formatAttempt, KEYS, parseAttempt, type EndedAttempt } from '../../src/history/ended-attempt.ts';
import { ATTEMPT } from './attempts.ts';

describe('the record of an ended attempt', () => {
  it('is the same after it is written to a line and read back', () => {
    expect(parseAttempt(formatAttempt(ATTEMPT))).to.deep.equal(ATTEMPT);
  });

  it('omits the fields whose values are unknown', () => {
    const bare: EndedAttempt = { task: 't', recordedAt: 1_000, cluster: 'c', queue: 'q', cause: 'rejected' };

    expect(formatAttempt({ ...bare, gpuSec: undefined })).to.equal(
      '{"v":1,"t":"t","r":1,"c":"c","q":"q","e":"rejected"}',
    );
    expect(parseAttempt(formatAttempt(bare))).to.deep.equal(bare);
  });

  it('has a different JSON key for each field', () => {
    const keys = Object.values(KEYS).map(([key]) => key);
    expect(new Set([...keys, 'v']).size).to.equal(keys.length + 1);
  });

  it('is ignored if its line is damaged, has an invalid value or has a newer format version', () => {
    const line = formatAttempt(ATTEMPT);
    const lines = [
      line.slice(0, -1),
      line.replace('"v":1', '"v":2'),
      line.replace('"n":8', '"n":"8"'),
      line.replace('"e":"completed"', '"e":"toString"'),
      line.replace('"q":"gpu",', ''),
      'null',
      '[]',
    ];
    expect(lines.map(parseAttempt)).to.deep.equal(lines.map(() => undefined));
  });

  it('has a key that depends on the job id but not on the time of the record', () => {
    expect(attemptKey({ ...ATTEMPT, recordedAt: 1 })).to.equal(attemptKey(ATTEMPT));
    expect(attemptKey({ ...ATTEMPT, job: '2' })).not.to.equal(attemptKey(ATTEMPT));
  });

  it('has a different key for each rejection of the same task, even without a job id', () => {
    const rejected = { ...ATTEMPT, attempt: undefined, job: undefined };
    expect(attemptKey({ ...rejected, recordedAt: 5_000 })).not.to.equal(attemptKey({ ...rejected, recordedAt: 9_000 }));
  });
});
