// Detecting output to systemd's journal.
import { expect } from 'chai';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { isJournalStream } from '../../src/log/systemd-output.ts';

describe('isJournalStream', () => {
  it('returns true only if JOURNAL_STREAM names this stream', () => {
    const descriptor = openSync('/dev/null', 'w');
    try {
      const { dev, ino } = fstatSync(descriptor);

      expect(isJournalStream(`${dev}:${ino}`, descriptor)).to.equal(true);
      expect(isJournalStream(`${dev}:${ino + 1}`, descriptor)).to.equal(false);
      expect(isJournalStream(undefined, descriptor)).to.equal(false);
    } finally {
      closeSync(descriptor);
    }
  });
});
